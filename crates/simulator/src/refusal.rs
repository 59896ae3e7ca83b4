//! Apple's error documents, word for word where they are known (facts B4, B5, E6).
//!
//! Texts that nobody has seen are marked with an entry of [`crate::invented`], so that no test takes them for Apple's.
//! The one surprising thing: all causes of a 401 give the same bytes, without `id`, exactly as Apple does.

use crate::entropy::Entropy;
use serde_json::{Map, Value, json};

/// A refused request: the HTTP status and the errors of its body.
#[derive(Debug, Clone)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    errors: Vec<Problem>,
}

#[derive(Debug, Clone)]
struct Problem {
    code: String,
    title: String,
    detail: Option<String>,
    source: Option<(&'static str, String)>,
    see: Option<&'static str>,
    meta: Option<Value>,
    id: Id,
}

#[derive(Debug, Clone, Copy)]
enum Id {
    /// Most errors carry a UUID.
    Uuid,
    /// Agreement errors carry 26 base32 characters.
    Agreement,
    /// 401 and 500 come from the gateway without one.
    Absent,
}

const BAD_ATTRIBUTE: &str = "An attribute in the provided entity has invalid value";
const BAD_REQUEST_ENTITY: &str = "There is a problem with the request entity";

impl Refusal {
    /// The status of [`Refusal::not_simulated`], which Apple never gives.
    pub(crate) const NOT_SIMULATED: u16 = 501;

    /// One error with a status, a code, a title and a detail.
    pub(crate) fn new(status: u16, code: impl Into<String>, title: impl Into<String>, detail: impl Into<String>) -> Refusal {
        Refusal {
            status,
            errors: vec![Problem {
                code: code.into(),
                title: title.into(),
                detail: Some(detail.into()),
                source: None,
                see: None,
                meta: None,
                id: Id::Uuid,
            }],
        }
    }

    /// 401 for every cause (B5).
    pub(crate) fn not_authorized() -> Refusal {
        Refusal::new(
            401,
            "NOT_AUTHORIZED",
            "Authentication credentials are missing or invalid.",
            "Provide a properly configured and signed bearer token, and make sure that it has not expired. Learn more about Generating Tokens for API Requests https://developer.apple.com/go/?id=api-generating-tokens",
        )
        .with_id(Id::Absent)
    }

    /// 403: the key's role does not reach (B5).
    pub(crate) fn forbidden() -> Refusal {
        Refusal::new(
            403,
            "FORBIDDEN_ERROR",
            "This request is forbidden for security reasons",
            "The API key in use does not allow this request",
        )
    }

    /// 403 with an empty detail, as seen when a Developer key asks for an external beta group (B3).
    pub(crate) fn unable_to_process() -> Refusal {
        Refusal::new(403, "FORBIDDEN_ERROR", "Unable to process request.", "")
    }

    /// 403: Apple does not offer the operation to anybody (B5).
    pub(crate) fn not_offered(kind: &str, wanted: &str, allowed: &[&str]) -> Refusal {
        let allowed = match allowed {
            [] => "It has no allowed operations defined".to_owned(),
            [one] => format!("Allowed operation is: {one}"),
            many => format!("Allowed operations are: {}", many.join(", ")),
        };
        Refusal::new(
            403,
            "FORBIDDEN_ERROR",
            "The given operation is not allowed",
            format!("The resource '{kind}' does not allow '{wanted}'. {allowed}"),
        )
    }

    /// 403: Apple does not offer the operation on this relationship (B5 for the words).
    pub(crate) fn relationship_not_offered(name: &str, wanted: &str, allowed: &[&str]) -> Refusal {
        let mut refusal = Refusal::not_offered(name, wanted, allowed);
        for problem in &mut refusal.errors {
            problem.detail = problem
                .detail
                .take()
                .map(|detail| detail.replace("The resource", "The relationship"));
        }
        refusal
    }

    /// 403: the membership has lapsed (B5).
    pub(crate) fn membership_lapsed(team_id: &str) -> Refusal {
        Refusal::new(
            403,
            "FORBIDDEN_ERROR",
            "This request is forbidden for security reasons",
            format!(
                "Team ID: '{team_id}' is not associated with an active membership. To check your teams membership status, sign in your account on the developer website. https://developer.apple.com/account/"
            ),
        )
    }

    /// 403: the Account Holder has an agreement to sign (B5).
    pub(crate) fn agreement_missing() -> Refusal {
        let mut refusal = Refusal::new(
            403,
            "FORBIDDEN.REQUIRED_AGREEMENTS_MISSING_OR_EXPIRED",
            "A required agreement is missing or has expired.",
            "This request requires an in-effect agreement that has not been signed or has expired.",
        )
        .with_id(Id::Agreement);
        refusal.errors[0].see = Some("/agreements");
        refusal
    }

    /// 404: no such object in this team (B5).
    pub(crate) fn not_found(kind: &str, id: &str) -> Refusal {
        Refusal::new(
            404,
            "NOT_FOUND",
            "The specified resource does not exist",
            format!("There is no resource of type '{kind}' with id '{id}'"),
        )
    }

    /// 404: no resource type of that name (B5; the title is invented).
    pub(crate) fn no_such_type() -> Refusal {
        Refusal::new(
            404,
            "NOT_FOUND",
            "The specified resource does not exist",
            "The path provided does not match a defined resource type.",
        )
    }

    /// 404: the path is not exposed (B5; which field carries the text is not known).
    pub(crate) fn no_such_path(path: &str) -> Refusal {
        Refusal::new(
            404,
            "PATH_ERROR",
            "The URL path is not valid",
            format!("The relationship or resource at '{path}' is not available."),
        )
    }

    /// 405: a method that the API does not speak (B4; the texts are invented).
    pub(crate) fn no_such_method(method: &str) -> Refusal {
        Refusal::new(
            405,
            "METHOD_NOT_ALLOWED",
            "The request method is not valid for the resource path.",
            format!("The request method '{method}' is not valid for this resource path."),
        )
    }

    /// 501: Apple offers it, this simulator does not play it. Said openly instead of pretending.
    pub(crate) fn not_simulated(operation: &str) -> Refusal {
        Refusal::new(
            Refusal::NOT_SIMULATED,
            "SIMULATOR.NOT_SIMULATED",
            "Apple offers this operation, the simulator does not play it.",
            format!("'{operation}' is in Apple's document. This simulator has no state for it."),
        )
    }

    /// 400: the parameter is not one of this request (B5; the title is uncertain).
    pub(crate) fn parameter_illegal(name: &str) -> Refusal {
        Refusal::new(
            400,
            "PARAMETER_ERROR.ILLEGAL",
            "A parameter is not allowed",
            format!("The parameter '{name}' can not be used with this request"),
        )
        .at_parameter(name)
    }

    /// 400: the value does not fit the parameter (B5 for the cursor; other details are invented).
    pub(crate) fn parameter_invalid(name: &str, detail: impl Into<String>) -> Refusal {
        Refusal::new(400, "PARAMETER_ERROR.INVALID", "A parameter has an invalid value", detail).at_parameter(name)
    }

    /// 400: the page cannot be reached by this cursor (B5).
    pub(crate) fn no_cursor(cursor: &str) -> Refusal {
        Refusal::parameter_invalid("cursor", format!("'{cursor}' is not a valid cursor for this request"))
    }

    /// 400: the request needs the parameter (B4 for the code; the texts are invented).
    pub(crate) fn parameter_required(name: &str) -> Refusal {
        Refusal::new(
            400,
            "PARAMETER_ERROR.REQUIRED",
            "A required parameter is missing",
            format!("The parameter '{name}' is required but was not provided"),
        )
        .at_parameter(name)
    }

    /// 400: not JSON (B4 for the code; the texts are invented).
    pub(crate) fn not_json() -> Refusal {
        Refusal::new(
            400,
            "ENTITY_INVALID",
            "JSON processing failed",
            "The request entity is not a valid JSON document",
        )
    }

    /// 422: JSON of another structure (B4 for the code; the texts are invented).
    pub(crate) fn unprocessable(detail: impl Into<String>) -> Refusal {
        Refusal::new(422, "ENTITY_UNPROCESSABLE", "The request entity could not be processed", detail)
    }

    /// 409: a required attribute is missing (B5).
    pub(crate) fn attribute_required(name: &str) -> Refusal {
        Refusal::new(
            409,
            "ENTITY_ERROR.ATTRIBUTE.REQUIRED",
            "The provided entity is missing a required attribute",
            format!("You must provide a value for the attribute '{name}' with this request"),
        )
        .at_attribute(name)
    }

    /// 409: a word outside the enum (B5). `name` may be a path such as `settings/0/key`.
    pub(crate) fn attribute_word(name: &str, value: &str, words: &[&str]) -> Refusal {
        let words: Vec<_> = words.iter().map(|word| format!("'{word}'")).collect();
        Refusal::attribute_type(
            name,
            format!(
                "'{value}' is not a valid value for the attribute '{name}'. Expected one of: {}",
                words.join(", ")
            ),
        )
    }

    /// 409: a value of another type (B5; the detail for plain types is invented).
    pub(crate) fn attribute_type(name: &str, detail: impl Into<String>) -> Refusal {
        Refusal::new(
            409,
            "ENTITY_ERROR.ATTRIBUTE.TYPE",
            "An attribute in the provided entity has the wrong type",
            detail,
        )
        .at_attribute(name)
    }

    /// 409: an attribute that the resource does not have (invented).
    pub(crate) fn attribute_unknown(name: &str) -> Refusal {
        Refusal::new(
            409,
            "ENTITY_ERROR.ATTRIBUTE.UNKNOWN",
            "The provided entity includes an unknown attribute",
            format!("The attribute '{name}' can not be used with this request"),
        )
        .at_attribute(name)
    }

    /// 409: a value that the attribute does not take (B5, provisioning side).
    pub(crate) fn attribute_invalid(name: &str, detail: impl Into<String>) -> Refusal {
        Refusal::new(409, "ENTITY_ERROR.ATTRIBUTE.INVALID", BAD_ATTRIBUTE, detail).at_attribute(name)
    }

    /// 409: the parameter pattern of bad UDIDs (E6).
    pub(crate) fn value_invalid(name: &str, value: &str) -> Refusal {
        Refusal::attribute_invalid(name, format!("An invalid value '{value}' was provided for the parameter '{name}'."))
    }

    /// 409: a relationship is missing (B5).
    pub(crate) fn relationship_required(name: &str) -> Refusal {
        Refusal::new(
            409,
            "ENTITY_ERROR.RELATIONSHIP.REQUIRED",
            "Relationship is required but was not provided.",
            format!("The relationship '{name}' is required but was not provided with this request."),
        )
        .at_relationship(name)
    }

    /// 409: a relationship that does not fit (B5; the details are invented).
    pub(crate) fn relationship_invalid(name: &str, detail: impl Into<String>) -> Refusal {
        Refusal::new(
            409,
            "ENTITY_ERROR.RELATIONSHIP.INVALID",
            "The provided entity includes a relationship with an invalid value",
            detail,
        )
        .at_relationship(name)
    }

    /// 409: a business rule of the developer portal (E6).
    pub(crate) fn entity(detail: impl Into<String>) -> Refusal {
        Refusal::new(409, "ENTITY_ERROR", BAD_REQUEST_ENTITY, detail)
    }

    /// 409: a value that is taken (B5).
    pub(crate) fn duplicate(name: &str, detail: impl Into<String>) -> Refusal {
        Refusal::new(
            409,
            "ENTITY_ERROR.ATTRIBUTE.INVALID.DUPLICATE",
            "The provided entity includes an attribute with a value that has already been used",
            detail,
        )
        .at_attribute(name)
    }

    /// 409: the build number is not above the last one (D1, as altool got it).
    pub(crate) fn build_number(previous: &str) -> Refusal {
        let mut refusal = Refusal::duplicate(
            "cfBundleVersion",
            "The bundle version must be higher than the previously uploaded version.",
        );
        refusal.errors[0].meta = Some(json!({ "previousBundleVersion": previous }));
        refusal
    }

    /// 409: the attribute can be set once (F2 for the words).
    pub(crate) fn already_set(name: &str) -> Refusal {
        Refusal::new(
            409,
            "ENTITY_ERROR.ATTRIBUTE.INVALID",
            "The provided entity includes an attribute with an invalid value",
            "You cannot update when the value is already set.",
        )
        .at_attribute(name)
    }

    /// 409: what the request is about is not in the state for it (B5).
    pub(crate) fn state(detail: impl Into<String>) -> Refusal {
        Refusal::new(
            409,
            "STATE_ERROR",
            "The request cannot be fulfilled because of the state of another resource.",
            detail,
        )
    }

    /// 409: the resource itself is not in the state for it (F2, F3).
    pub(crate) fn state_invalid(detail: impl Into<String>) -> Refusal {
        let mut refusal = Refusal::state(detail);
        refusal.errors[0].code = "STATE_ERROR.ENTITY_STATE_INVALID".to_owned();
        refusal
    }

    /// 422: a business rule of TestFlight (F3). `leaf` is the end of the code, empty where none is known.
    pub(crate) fn not_processable(leaf: &str, detail: impl Into<String>) -> Refusal {
        let mut refusal = Refusal::unprocessable(detail);
        if !leaf.is_empty() {
            refusal.errors[0].code = format!("ENTITY_UNPROCESSABLE.{leaf}");
        }
        refusal
    }

    /// 429 (B5).
    pub(crate) fn rate_limited() -> Refusal {
        Refusal::new(
            429,
            "RATE_LIMIT_EXCEEDED",
            "The request rate limit has been reached.",
            "We've received too many requests for this API. Please wait and try again or slow down your request rate.",
        )
    }

    /// 500 (B5).
    pub(crate) fn unexpected() -> Refusal {
        Refusal::new(
            500,
            "UNEXPECTED_ERROR",
            "An unexpected error occurred.",
            "An unexpected error occurred on the server side. If this issue continues, contact us at https://developer.apple.com/contact/.",
        )
        .with_id(Id::Absent)
    }

    /// Several refusals of one request in one document; the status is the first one's.
    pub(crate) fn together(refusals: Vec<Refusal>) -> Option<Refusal> {
        let mut refusals = refusals.into_iter();
        let mut first = refusals.next()?;
        for other in refusals {
            first.errors.extend(other.errors);
        }
        Some(first)
    }

    /// The JSON document. `entropy` gives the error ids.
    pub(crate) fn document(&self, entropy: &mut Entropy) -> Value {
        let errors: Vec<Value> = self.errors.iter().map(|problem| problem.render(self.status, entropy)).collect();
        json!({ "errors": errors })
    }

    fn with_id(mut self, id: Id) -> Refusal {
        for problem in &mut self.errors {
            problem.id = id;
        }
        self
    }

    fn at(mut self, source: (&'static str, String)) -> Refusal {
        for problem in &mut self.errors {
            problem.source = Some(source.clone());
        }
        self
    }

    fn at_parameter(self, name: &str) -> Refusal {
        self.at(("parameter", name.to_owned()))
    }

    fn at_attribute(self, name: &str) -> Refusal {
        self.at(("pointer", format!("/data/attributes/{name}")))
    }

    fn at_relationship(self, name: &str) -> Refusal {
        self.at(("pointer", format!("/data/relationships/{name}")))
    }
}

impl Problem {
    fn render(&self, status: u16, entropy: &mut Entropy) -> Value {
        let mut error = Map::new();
        match self.id {
            Id::Uuid => drop(error.insert("id".into(), entropy.uuid().into())),
            Id::Agreement => drop(error.insert("id".into(), entropy.agreement_id().into())),
            Id::Absent => {}
        }
        error.insert("status".into(), status.to_string().into());
        error.insert("code".into(), self.code.clone().into());
        error.insert("title".into(), self.title.clone().into());
        if let Some(detail) = &self.detail {
            error.insert("detail".into(), detail.clone().into());
        }
        if let Some((kind, place)) = &self.source {
            error.insert("source".into(), json!({ *kind: place }));
        }
        if let Some(meta) = &self.meta {
            error.insert("meta".into(), meta.clone());
        }
        if let Some(see) = self.see {
            error.insert("links".into(), json!({ "see": see }));
        }
        Value::Object(error)
    }
}
