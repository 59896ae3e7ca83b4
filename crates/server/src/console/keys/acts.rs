//! Acts on a key that have a page of their own: rename, Apple roles, rotate, remove. Each is also shown as a dialog.

use super::{
    super::{
        filters,
        parts::{Tone, Wrong},
        shell::{Place, Shell},
        visit::{Answer, Sent, SentFile, Visitor, belongs_in_form, done, form_again, id, page},
    },
    KeyForm, RoleRow,
};
use crate::State;
use app::{
    Problem,
    keys::{Dependents, OwnersAct},
};
use askama::Template;
use axum::extract::{Path, State as Reach};
use domain::{Action, ApiKey, OrgId};

/// Another name.
#[derive(Template)]
#[template(path = "keys/rename.html")]
pub(crate) struct RenamePage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The organization.
    pub(crate) org: OrgId,
    /// The key.
    pub(crate) key: ApiKey,
    /// The name entered.
    pub(crate) name: String,
    /// What is wrong with it.
    pub(crate) wrong: Wrong,
}

/// The roles it was given at Apple.
#[derive(Template)]
#[template(path = "keys/roles.html")]
pub(crate) struct RolesPage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The organization.
    pub(crate) org: OrgId,
    /// The key.
    pub(crate) key: ApiKey,
    /// What is wrong.
    pub(crate) wrong: Wrong,
}

impl RolesPage {
    fn role_table(&self) -> Vec<RoleRow> {
        super::role_table()
    }
}

/// Another private key under the same item.
#[derive(Template)]
#[template(path = "keys/rotate.html")]
pub(crate) struct RotatePage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The organization.
    pub(crate) org: OrgId,
    /// The key.
    pub(crate) key: ApiKey,
    /// What was entered.
    pub(crate) form: KeyForm,
    /// What is wrong with it.
    pub(crate) wrong: Wrong,
}

/// Taking it away, with what depends on it.
#[derive(Template)]
#[template(path = "keys/remove.html")]
pub(crate) struct RemovePage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The organization.
    pub(crate) org: OrgId,
    /// The key.
    pub(crate) key: ApiKey,
    /// What depends on it.
    pub(crate) dependents: Dependents,
    /// What is wrong.
    pub(crate) wrong: Wrong,
}

type Ids = Path<(String, String)>;

/// The key that an act of its owner is about, and what stands around its page.
async fn about(state: &State, visitor: &Visitor, act: OwnersAct, org: &str, key: &str) -> Result<(Shell, OrgId, ApiKey), Problem> {
    let to = match act {
        OwnersAct::Rotate => Action::RotateKey,
        OwnersAct::Remove => Action::RemoveKey,
        _ => Action::EditKey,
    };
    let (org, key) = (id(org)?, id(key)?);
    let key = state.app.key_for(&visitor.who.caller, org, key, to, act).await?;
    Ok((visitor.shell_in(state, org, Place::Keys).await?, org, key))
}

/// `GET /o/{org}/keys/{key}/rename`
pub(crate) async fn rename_form(Reach(state): Reach<State>, Path((org, key)): Ids, visitor: Visitor) -> Answer {
    let (shell, org, key) = about(&state, &visitor, OwnersAct::Rename, &org, &key).await?;
    let name = key.name.to_string();
    page(&RenamePage {
        shell,
        org,
        key,
        name,
        wrong: Wrong::default(),
    })
}

/// `POST /o/{org}/keys/{key}/rename`
pub(crate) async fn rename(Reach(state): Reach<State>, Path((org, key)): Ids, sent: Sent) -> Answer {
    let name = sent.fields.text("name");
    match state.app.rename_key(&sent.visitor.who.caller, id(&org)?, id(&key)?, name).await {
        Ok(_) => Ok(done(&state, &format!("/o/{org}/keys/{key}"), "key-renamed")),
        Err(problem) if belongs_in_form(&problem) => {
            let (shell, org, key) = about(&state, &sent.visitor, OwnersAct::Rename, &org, &key).await?;
            form_again(
                &problem,
                &RenamePage {
                    shell,
                    org,
                    key,
                    name: name.to_owned(),
                    wrong: Wrong::from(&problem),
                },
            )
        }
        Err(problem) => Err(problem.into()),
    }
}

/// `GET /o/{org}/keys/{key}/roles`
pub(crate) async fn roles_form(Reach(state): Reach<State>, Path((org, key)): Ids, visitor: Visitor) -> Answer {
    let (shell, org, key) = about(&state, &visitor, OwnersAct::SetRoles, &org, &key).await?;
    page(&RolesPage {
        shell,
        org,
        key,
        wrong: Wrong::default(),
    })
}

/// `POST /o/{org}/keys/{key}/roles`
pub(crate) async fn roles(Reach(state): Reach<State>, Path((org, key)): Ids, sent: Sent) -> Answer {
    let roles = sent.fields.all("role");
    match state
        .app
        .set_key_roles(&sent.visitor.who.caller, id(&org)?, id(&key)?, &roles)
        .await
    {
        Ok(_) => Ok(done(&state, &format!("/o/{org}/keys/{key}"), "key-roles")),
        Err(problem) if belongs_in_form(&problem) => {
            let (shell, org, key) = about(&state, &sent.visitor, OwnersAct::SetRoles, &org, &key).await?;
            form_again(
                &problem,
                &RolesPage {
                    shell,
                    org,
                    key,
                    wrong: Wrong::from(&problem),
                },
            )
        }
        Err(problem) => Err(problem.into()),
    }
}

/// `GET /o/{org}/keys/{key}/rotate`
pub(crate) async fn rotate_form(Reach(state): Reach<State>, Path((org, key)): Ids, visitor: Visitor) -> Answer {
    let (shell, org, key) = about(&state, &visitor, OwnersAct::Rotate, &org, &key).await?;
    let form = KeyForm {
        issuer_id: key.issuer_id.as_ref().map(ToString::to_string).unwrap_or_default(),
        ..KeyForm::default()
    };
    page(&RotatePage {
        shell,
        org,
        key,
        form,
        wrong: Wrong::default(),
    })
}

/// `POST /o/{org}/keys/{key}/rotate`
pub(crate) async fn rotate(Reach(state): Reach<State>, Path((org, key)): Ids, sent: SentFile) -> Answer {
    let form = KeyForm::read(&sent);
    match state
        .app
        .rotate_key(&sent.visitor.who.caller, id(&org)?, id(&key)?, form.with_file(&sent))
        .await
    {
        Ok(_) => Ok(done(&state, &format!("/o/{org}/keys/{key}"), "key-rotated")),
        Err(problem) if belongs_in_form(&problem) => {
            let (shell, org, key) = about(&state, &sent.visitor, OwnersAct::Rotate, &org, &key).await?;
            form_again(
                &problem,
                &RotatePage {
                    shell,
                    org,
                    key,
                    form,
                    wrong: Wrong::from(&problem),
                },
            )
        }
        Err(problem) => Err(problem.into()),
    }
}

/// `GET /o/{org}/keys/{key}/remove`
pub(crate) async fn remove_form(Reach(state): Reach<State>, Path((org, key)): Ids, visitor: Visitor) -> Answer {
    let (shell, org, key) = about(&state, &visitor, OwnersAct::Remove, &org, &key).await?;
    let dependents = state.app.key_dependents(&visitor.who.caller, org, key.id).await?;
    page(&RemovePage {
        shell,
        org,
        key,
        dependents,
        wrong: Wrong::default(),
    })
}

/// `POST /o/{org}/keys/{key}/remove`
pub(crate) async fn remove(Reach(state): Reach<State>, Path((org, key)): Ids, sent: Sent) -> Answer {
    let caller = &sent.visitor.who.caller;
    match state.app.remove_key(caller, id(&org)?, id(&key)?, sent.fields.text("name")).await {
        Ok(()) => Ok(done(&state, &format!("/o/{org}/keys"), "key-removed")),
        Err(problem) if belongs_in_form(&problem) => {
            let (shell, org, key) = about(&state, &sent.visitor, OwnersAct::Remove, &org, &key).await?;
            let dependents = state.app.key_dependents(caller, org, key.id).await?;
            form_again(
                &problem,
                &RemovePage {
                    shell,
                    org,
                    key,
                    dependents,
                    wrong: Wrong::from(&problem),
                },
            )
        }
        Err(problem) => Err(problem.into()),
    }
}
