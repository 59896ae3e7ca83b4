//! Every address of the server with what it demands, in one table that the router, the documents and the tests read.
//!
//! A route is added here or nowhere: `rest::table()` and `console::table()` build [`Doors`], which hide axum's own `route`
//! and take no handler without a [`Demand`].
//!
//! ```text
//! .operation(In(SeeKeys), routes!(keys::list))                     REST; method and path stand at the handler
//! .page("/o/{org}/keys", In(SeeKeys), keys::list::show)            console, GET
//! .act("/o/{org}/keys/{key}/check", In(CheckKey), keys::check)     console, POST
//! .form("/o/{org}/keys/{key}/rename", In(EditKey), keys::rename_form, keys::rename)    both at one address
//! ```
//!
//! An address with `{org}` demands an action there, any other a sign-in, a person or nothing. The matrix
//! in `tests/matrix` asks every door as everybody, from everywhere, and fails for a door that it has no sample request for.
//!
//! The surprising thing: nothing is enforced here. The use case asks for its permit, because it is also reached by other
//! ways than a door; what is written here is what it must turn out to have asked for.

use crate::{MostBytes, State};
use axum::{
    Extension, Router,
    extract::{DefaultBodyLimit, Request},
    handler::Handler,
    http::Method,
    response::IntoResponse,
    routing::{MethodRouter, Route, any, get, post},
};
use domain::Action;
use std::{collections::BTreeMap, convert::Infallible};
use tower::{Layer, Service};
use utoipa::openapi::{self, OpenApi};
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter};

/// Beside a request for what a person confirms who they are for, if they did not lately: by the password, at `/confirm`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WantsConfirmation;

/// What somebody must be to get past a door.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Demand {
    /// Anybody, also without an account.
    Public,
    /// A person, or a token of an organization.
    SignedIn,
    /// A person, by session or by personal token; what they reach is their own.
    Person,
    /// A role in the organization of the address that allows this.
    In(Action),
    /// The same for one of these; which one depends on what the request asks for.
    InOneOf(&'static [Action]),
}

impl Demand {
    /// The actions that the organization's roles are asked for.
    #[must_use]
    pub fn actions(&self) -> &[Action] {
        match self {
            Self::Public | Self::SignedIn | Self::Person => &[],
            Self::In(action) => std::slice::from_ref(action),
            Self::InOneOf(actions) => actions,
        }
    }

    /// In words, as the printed policy has them.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Public => "nothing".to_owned(),
            Self::SignedIn => "to be signed in".to_owned(),
            Self::Person => "to be signed in as a person".to_owned(),
            Self::In(_) | Self::InOneOf(_) => {
                let words: Vec<_> = self.actions().iter().map(|action| action.words()).collect();
                words.join(", or ")
            }
        }
    }
}

/// One method of one address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Door {
    /// The method.
    pub method: Method,
    /// The address, with its parameters in braces.
    pub path: String,
    /// What it demands.
    pub demand: Demand,
}

/// The table while it is built, and the router that grows with it.
pub(crate) struct Doors {
    below: &'static str,
    router: Router<State>,
    document: OpenApi,
    table: Vec<Door>,
    larger: BTreeMap<String, usize>,
}

impl Doors {
    /// An empty table of pages and forms.
    pub(crate) fn new() -> Self {
        Self::of_operations("", OpenApiRouter::<State>::default().into_openapi())
    }

    /// An empty table of REST operations, all below one path, that completes a document with them.
    pub(crate) fn of_operations(below: &'static str, document: OpenApi) -> Self {
        Self {
            below,
            router: Router::new(),
            document,
            table: Vec::new(),
            larger: BTreeMap::new(),
        }
    }

    /// An operation of the REST API. Handlers of one address may share one entry where they demand the same.
    pub(crate) fn operation(mut self, demand: Demand, route: UtoipaMethodRouter<State>) -> Self {
        let mut operations = OpenApiRouter::new().nest(self.below, OpenApiRouter::new().routes(route));
        for (path, item) in &mut operations.get_openapi_mut().paths.paths {
            for (method, operation) in methods(item) {
                tell(operation, demand);
                self.table.push(Door {
                    method,
                    path: path.clone(),
                    demand,
                });
            }
        }
        let (router, document) = operations.split_for_parts();
        self.router = self.router.merge(router);
        self.document.merge(document);
        self
    }

    /// The same for one that takes files: with a body of at most so many bytes.
    pub(crate) fn operation_with_files(self, demand: Demand, most: usize, route: UtoipaMethodRouter<State>) -> Self {
        let (schemas, paths, methods) = route;
        let methods = methods.layer((Extension(MostBytes(most)), DefaultBodyLimit::max(most)));
        let before = self.table.len();
        let mut doors = self.operation(demand, (schemas, paths, methods));
        let added = doors.table.get(before..).unwrap_or_default();
        doors.larger.extend(added.iter().map(|door| (door.path.clone(), most)));
        doors
    }

    /// The addresses that take a larger body, each with its most bytes: for a layer that reads bodies before their handler.
    pub(crate) fn larger_bodies(&self) -> BTreeMap<String, usize> {
        self.larger.clone()
    }

    /// A page.
    pub(crate) fn page<H: Handler<T, State>, T: 'static>(self, path: &str, demand: Demand, show: H) -> Self {
        self.at(path, demand, &[Method::GET], get(show))
    }

    /// What a form without a page of its own is sent to.
    pub(crate) fn act<H: Handler<T, State>, T: 'static>(self, path: &str, demand: Demand, act: H) -> Self {
        self.at(path, demand, &[Method::POST], post(act))
    }

    /// The same for what is no form, with a body of at most so many bytes.
    pub(crate) fn act_with_body<H: Handler<T, State>, T: 'static>(self, path: &str, demand: Demand, most: usize, act: H) -> Self {
        self.at(path, demand, &[Method::POST], post(act).layer(DefaultBodyLimit::max(most)))
    }

    /// A form and what it is sent to. Who may not send it is not shown it.
    pub(crate) fn form<G, T, P, U>(self, path: &str, demand: Demand, show: G, act: P) -> Self
    where
        G: Handler<T, State>,
        T: 'static,
        P: Handler<U, State>,
        U: 'static,
    {
        self.at(path, demand, &[Method::GET, Method::POST], get(show).post(act))
    }

    /// The same where only what is sent wants a confirmation, whatever it demands.
    pub(crate) fn form_confirmed_when_sent<G, T, P, U>(self, path: &str, demand: Demand, show: G, act: P) -> Self
    where
        G: Handler<T, State>,
        T: 'static,
        P: Handler<U, State>,
        U: 'static,
    {
        let route = get(show).merge(post(act).layer(Extension(WantsConfirmation)));
        self.at(path, demand, &[Method::GET, Method::POST], route)
    }

    /// The same for a form with a file of at most so many bytes.
    pub(crate) fn form_with_file<G, T, P, U>(self, path: &str, demand: Demand, most: usize, show: G, act: P) -> Self
    where
        G: Handler<T, State>,
        T: 'static,
        P: Handler<U, State>,
        U: 'static,
    {
        let route = get(show).post(act).layer((Extension(MostBytes(most)), DefaultBodyLimit::max(most)));
        self.at(path, demand, &[Method::GET, Method::POST], route)
    }

    fn at(mut self, path: &str, demand: Demand, methods: &[Method], route: MethodRouter<State>) -> Self {
        let route = if demand.actions().iter().any(|action| action.wants_confirmation()) {
            route.layer(Extension(WantsConfirmation))
        } else {
            route
        };
        self.table.extend(methods.iter().map(|method| Door {
            method: method.clone(),
            path: path.to_owned(),
            demand,
        }));
        self.router = self.router.route(path, route);
        self
    }

    /// Addresses without anything behind them: the answer is the same for every method and everybody, so it reads nothing.
    pub(crate) fn nothing_at<A: IntoResponse + 'static>(mut self, path: &str, answer: fn() -> A) -> Self {
        self.router = self.router.route(path, any(move || async move { answer() }));
        self
    }

    /// What answers where there is no door.
    pub(crate) fn nowhere<H: Handler<T, State>, T: 'static>(mut self, answer: H) -> Self {
        self.router = self.router.fallback(answer);
        self
    }

    /// What answers a method that an address does not have.
    pub(crate) fn wrong_method<H: Handler<T, State>, T: 'static>(mut self, answer: H) -> Self {
        self.router = self.router.method_not_allowed_fallback(answer);
        self
    }

    /// Both tables in one.
    pub(crate) fn and(mut self, other: Self) -> Self {
        self.router = self.router.merge(other.router);
        self.document.merge(other.document);
        self.table.extend(other.table);
        self
    }

    /// A layer around all that is in the table so far.
    pub(crate) fn layer<L>(mut self, layer: L) -> Self
    where
        L: Layer<Route> + Clone + Send + Sync + 'static,
        L::Service: Service<Request> + Clone + Send + Sync + 'static,
        <L::Service as Service<Request>>::Response: IntoResponse + 'static,
        <L::Service as Service<Request>>::Error: Into<Infallible> + 'static,
        <L::Service as Service<Request>>::Future: Send + 'static,
    {
        self.router = self.router.layer(layer);
        self
    }

    /// The table.
    pub(crate) fn table(self) -> Vec<Door> {
        self.table
    }

    /// The document, as far as the operations tell.
    pub(crate) fn document(self) -> OpenApi {
        self.document
    }

    /// Opens the doors: no more can be added.
    pub(crate) fn open(self, state: &State) -> Router {
        self.router.with_state(state.clone())
    }
}

fn methods(item: &mut openapi::PathItem) -> impl Iterator<Item = (Method, &mut openapi::path::Operation)> {
    [
        (Method::GET, item.get.as_mut()),
        (Method::POST, item.post.as_mut()),
        (Method::PUT, item.put.as_mut()),
        (Method::PATCH, item.patch.as_mut()),
        (Method::DELETE, item.delete.as_mut()),
    ]
    .into_iter()
    .filter_map(|(method, operation)| Some((method, operation?)))
}

/// Tells the demand in the document.
fn tell(operation: &mut openapi::path::Operation, demand: Demand) {
    let actions: Vec<_> = demand.actions().iter().map(|action| action.as_str()).collect();
    let told = match actions.as_slice() {
        [] => return,
        [action] => serde_json::json!(action),
        several => serde_json::json!(several),
    };
    operation
        .extensions
        .get_or_insert_default()
        .insert("x-russet-action".to_owned(), told);
}

/// Every door of the server.
#[must_use]
pub fn doors() -> Vec<Door> {
    crate::rest::table().and(crate::console::table()).table()
}

/// The doors as a table in Markdown: the second half of `docs/policy.md`.
#[must_use]
pub fn as_markdown() -> String {
    let mut text = "| address | demands |\n|---|---|\n".to_owned();
    for door in doors() {
        let Door { method, path, demand } = door;
        text.push_str(&format!("| `{method} {path}` | {} |\n", demand.words()));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn an_address_in_an_organization_demands_a_role_there_and_no_other_does() {
        for door in doors() {
            let asks_there = matches!(door.demand, Demand::In(_) | Demand::InOneOf(_));
            assert_eq!(door.path.contains("{org}"), asks_there, "{door:?}");
        }
    }

    #[test]
    fn every_operation_of_the_document_is_in_the_table_with_its_action() {
        let document = serde_json::to_value(crate::rest::openapi()).unwrap();
        let mut told = BTreeSet::new();
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                told.insert((path.clone(), method.to_uppercase()));
                let action = &operation["x-russet-action"];
                assert_eq!(path.contains("{org}"), !action.is_null(), "{method} {path}: {action}");
            }
        }
        let table: BTreeSet<_> = crate::rest::table()
            .table()
            .into_iter()
            .map(|door| (door.path, door.method.to_string()))
            .filter(|(path, _)| path != crate::rest::DOCUMENT)
            .collect();
        assert_eq!(told, table);
    }
}
