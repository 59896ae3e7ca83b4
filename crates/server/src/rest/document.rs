//! The OpenAPI 3.1 document: what the handlers say of themselves, and here, once, what is true of all of them.
//!
//! A handler names its address, its body and its answer. That a token is needed, that what may not be seen is not found,
//! that a body can be too large, that a POST takes an `Idempotency-Key`: these follow from method and address, and a
//! test holds the running server against every one of them.

use std::collections::BTreeMap;
use utoipa::{
    IntoResponses, Modify, OpenApi,
    openapi::{
        self, Content, Ref, RefOr, Response, ResponseBuilder, Schema, Type,
        path::{HttpMethod, Operation, Parameter, ParameterBuilder, ParameterIn, PathItem},
        schema::ObjectBuilder,
        security::{Http, HttpAuthScheme, SecurityScheme},
    },
};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Russet",
        description = "Use an organization's App Store Connect API keys without holding one. Problems are RFC 9457 documents with a stable `code`; lists are whole unless they have `next`; every POST with effects takes an `Idempotency-Key`.",
        license(name = "Apache-2.0 OR MIT", identifier = "Apache-2.0 OR MIT")
    ),
    components(schemas(api::Problem)),
    modifiers(&BearerScheme),
    security(("bearer" = [])),
    tags(
        (name = "account", description = "Signing in, personal tokens"),
        (name = "organizations", description = "Root organizations and sub-organizations"),
        (name = "tokens", description = "API tokens of an organization"),
        (name = "keys", description = "App Store Connect API keys"),
        (name = "apple", description = "The Apple account, read through a key"),
        (name = "bundle_ids", description = "Bundle IDs of the Apple account"),
        (name = "devices", description = "Devices of the Apple account"),
        (name = "certificates", description = "Certificates held here, and long acts"),
        (name = "profiles", description = "Provisioning profiles held here"),
        (name = "signing_sets", description = "What a build needs, by name"),
        (name = "binaries", description = "App files: uploaded in pieces, looked into, kept"),
        (name = "apps", description = "What is set for an app at Apple, and build numbers for its builds"),
        (name = "builds", description = "Binaries are sent to Apple and become builds; apps and builds at Apple"),
        (name = "csrs", description = "Certificate signing requests made here"),
        (name = "members", description = "People and their roles"),
        (name = "invitations", description = "Offers to join"),
        (name = "notifications", description = "Where notices are sent besides inboxes"),
        (name = "activity", description = "What was done, by whom")
    )
)]
struct Frame;

struct BearerScheme;

impl Modify for BearerScheme {
    fn modify(&self, document: &mut openapi::OpenApi) {
        let scheme = SecurityScheme::Http(
            Http::builder()
                .scheme(HttpAuthScheme::Bearer)
                .description(Some("A personal token of Russet's, `russet_…`"))
                .build(),
        );
        document.components.get_or_insert_default().add_security_scheme("bearer", scheme);
    }
}

/// The document without its operations.
pub(super) fn frame() -> openapi::OpenApi {
    Frame::openapi()
}

/// The answers of an operation that asks Apple.
pub(super) struct AppleMayRefuse;

impl IntoResponses for AppleMayRefuse {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        [
            ("429", "Apple's hourly budget of the key is used up"),
            ("502", "Apple refused; `apple` has its answer"),
            ("503", "Apple gave no usable answer"),
        ]
        .map(|(status, why)| (status.to_owned(), refusal(why)))
        .into()
    }
}

/// Completes the operations that the handlers declared.
pub(super) fn whole(mut document: openapi::OpenApi) -> openapi::OpenApi {
    for (path, item) in &mut document.paths.paths {
        for method in [
            HttpMethod::Get,
            HttpMethod::Put,
            HttpMethod::Post,
            HttpMethod::Patch,
            HttpMethod::Delete,
        ] {
            if let Some(operation) = operation(item, &method) {
                complete(operation, path, &method);
            }
        }
    }
    document
}

fn operation<'i>(item: &'i mut PathItem, method: &HttpMethod) -> Option<&'i mut Operation> {
    match method {
        HttpMethod::Get => item.get.as_mut(),
        HttpMethod::Put => item.put.as_mut(),
        HttpMethod::Post => item.post.as_mut(),
        HttpMethod::Patch => item.patch.as_mut(),
        HttpMethod::Delete => item.delete.as_mut(),
        _ => None,
    }
}

fn complete(operation: &mut Operation, path: &str, method: &HttpMethod) {
    // Handlers of several subjects are called `list`; the document wants each name once.
    if let (Some(name), Some([subject])) = (&operation.operation_id, operation.tags.as_deref()) {
        operation.operation_id = Some(format!("{subject}_{name}"));
    }
    let reads = *method == HttpMethod::Get;
    let needs_token = operation.security.is_none();
    let parameters = operation.parameters.get_or_insert_default();
    let narrowed = !parameters.is_empty();
    for name in path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')) {
        parameters.push(parameter(name, ParameterIn::Path, in_path(name)).into());
    }
    let takes_key = *method == HttpMethod::Post && needs_token;
    if takes_key {
        let what = "A text of your choice, such as a random UUID. The same request under the same key does its work once.";
        parameters.push(parameter("Idempotency-Key", ParameterIn::Header, what).into());
    }
    let has_body = operation.request_body.is_some();
    let refusals = [
        (needs_token, "401", "The token is missing, ended or revoked"),
        (
            needs_token || !reads,
            "403",
            "Your role or the token's address ranges do not allow it, or it came from another site",
        ),
        (path.contains('{'), "404", "It does not exist, or you may not see it"),
        (!reads || path.contains("{key}"), "409", "It stands in the way of something"),
        (
            has_body || takes_key,
            "413",
            "The body is larger than fits here: 1 MB, and more where files are sent",
        ),
        (has_body || takes_key || narrowed, "422", "The input does not fit"),
    ];
    for (applies, status, why) in refusals {
        if applies {
            operation.responses.responses.insert(status.to_owned(), refusal(why));
        }
    }
    // What a handler named without a body is a refusal too.
    for (status, response) in &mut operation.responses.responses {
        if let RefOr::T(response) = response
            && status.starts_with(['4', '5'])
            && response.content.is_empty()
        {
            response.content.insert("application/problem+json".to_owned(), problem().into());
        }
    }
}

fn in_path(name: &str) -> &'static str {
    match name {
        "org" => "The organization's id",
        "sub" => "The sub-organization's id",
        "key" => "The key's id; for reading, its name or Key ID does too",
        "certificate" => "The certificate's id",
        "csr" => "The signing request's id",
        "profile" => "Apple's id of the profile",
        "held_profile" => "The profile's id",
        "signing_set" => "The signing set's id or its name",
        "operation" => "The act's id",
        "identifier" => "The app's bundle identifier",
        "feature" => "The feature's word, such as `upload-binary`",
        "token" => "The token's id, or `current`",
        "service_token" => "The token's id",
        "channel" => "The notification channel's id",
        "delivery" => "The delivery's id",
        "user" => "The person's id",
        "invitation" => "The invitation's id",
        _ => "",
    }
}

fn parameter(name: &str, place: ParameterIn, what: &str) -> Parameter {
    let required = if place == ParameterIn::Path {
        openapi::Required::True
    } else {
        openapi::Required::False
    };
    let text = ObjectBuilder::new().schema_type(Type::String);
    ParameterBuilder::new()
        .name(name)
        .parameter_in(place)
        .required(required)
        .description(Some(what))
        .schema(Some(Schema::Object(text.build())))
        .build()
}

fn problem() -> Content {
    Content::new(Some(Ref::from_schema_name("Problem")))
}

fn refusal(why: &str) -> RefOr<Response> {
    ResponseBuilder::new()
        .description(why)
        .content("application/problem+json", problem())
        .build()
        .into()
}
