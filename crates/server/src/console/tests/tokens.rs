//! The pages about API tokens of an organization, for the gallery.

use super::{
    super::{
        parts::Wrong,
        shell::{Place, Theme},
        tokens,
    },
    samples::{self, id},
};

/// Name and markup of each.
pub(super) fn pages(theme: Theme) -> Vec<(&'static str, String)> {
    let org: domain::OrgId = id("org", 1);
    let shell = |here| samples::shell(here, theme);
    let mut pages = Vec::new();
    let mut add = |name, page: &dyn askama::DynTemplate| pages.push((name, page.dyn_render().expect("a page")));

    let token = samples::service_token();
    let view = app::service_tokens::ServiceTokenView {
        token: token.clone(),
        made_by: "Elin Vestergaard".into(),
    };
    let options = app::service_tokens::ServiceTokenOptions {
        organizations: vec![samples::organization()],
        roles: domain::Role::ALL
            .into_iter()
            .skip(1)
            .map(|role| (role, role.as_str() != "publish-manager"))
            .collect(),
    };
    let form = tokens::form::TokenForm {
        name: "nightly build".into(),
        roles: vec!["signing-manager".into()],
        everywhere: false,
        organizations: vec![org.to_string()],
        ranges: "203.0.113.0/24".into(),
        days: 183,
    };
    let new_form = tokens::form::TokenFormPage {
        shell: shell(Place::Tokens),
        org,
        token: None,
        grid: tokens::form::grid(&options, &form),
        options,
        form,
        once: "once".into(),
        lifetimes: vec![(30, "In 30 days"), (183, "In six months")],
        wrong: Wrong::default(),
    };
    add("tokens-new", &new_form);
    add(
        "tokens",
        &tokens::list::TokensPage {
            shell: shell(Place::Tokens),
            org,
            tokens: vec![view.clone()],
            next: Some("svc_1".into()),
            further: true,
        },
    );
    add(
        "tokens-none",
        &tokens::list::TokensPage {
            shell: shell(Place::Tokens),
            org,
            tokens: Vec::new(),
            next: None,
            further: false,
        },
    );
    add(
        "token",
        &tokens::list::TokenPage {
            shell: shell(Place::Tokens),
            org,
            view,
            organizations: None,
        },
    );
    add(
        "token-value",
        &tokens::acts::ValuePage {
            shell: shell(Place::Tokens),
            org,
            token: token.clone(),
            secret: "russet_4mQ8vZr2LkTn7XsB1cYd9HwE3aJfx7Kq".into(),
            url: "https://russet.halden.example".into(),
        },
    );
    add(
        "token-rotate",
        &tokens::acts::RotateTokenPage {
            shell: shell(Place::Tokens),
            org,
            token: token.clone(),
            once: "once".into(),
            chosen_days: 183,
            lifetimes: vec![(30, "In 30 days"), (183, "In six months")],
            wrong: Wrong::default(),
        },
    );
    add(
        "token-revoke",
        &tokens::acts::RevokeTokenPage {
            shell: shell(Place::Tokens),
            org,
            token,
            wrong: Wrong::default(),
        },
    );
    pages
}
