//! When Apple frees the places of disabled devices: a day that a person enters, since no API tells it.

use super::super::{
    filters,
    parts::{Tone, Wrong},
    shell::{Place, Shell},
    visit::{Answer, Sent, Visitor, belongs_in_form, form_again, id, page},
};
use crate::State;
use app::Problem;
use askama::Template;
use axum::{
    extract::{Path, Query, State as Reach},
    response::{IntoResponse, Redirect},
};
use domain::{Action, ApiKey, OrgId};

/// The page.
#[derive(Template)]
#[template(path = "devices/membership_year.html")]
pub(crate) struct MembershipYearPage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The organization.
    pub(crate) org: OrgId,
    /// The key of the account.
    pub(crate) key: ApiKey,
    /// What is entered.
    pub(crate) ends_on: String,
    /// What is wrong with it.
    pub(crate) wrong: Wrong,
}

/// What the address asks for.
#[derive(serde::Deserialize, Default)]
#[serde(default)]
pub(crate) struct Asked {
    key: String,
}

async fn year_page(
    state: &State,
    visitor: &Visitor,
    org: &str,
    asked: &Asked,
    entered: Option<&str>,
    wrong: Wrong,
) -> Result<MembershipYearPage, Problem> {
    let (org, caller) = (id(org)?, &visitor.who.caller);
    let shell = visitor.shell_for(state, org, Place::Devices, Action::EditDevices).await?;
    let key = state.app.find_key(caller, Action::EditDevices, org, &asked.key).await?;
    let ends_on = match entered {
        Some(text) => text.to_owned(),
        None => {
            let known = state.app.membership_year_end(caller, org, key.id).await?;
            known.map(|day| day.to_string()).unwrap_or_default()
        }
    };
    Ok(MembershipYearPage {
        shell,
        org,
        key,
        ends_on,
        wrong,
    })
}

/// `GET /o/{org}/devices/membership-year?key=`
pub(crate) async fn form(Reach(state): Reach<State>, Path(org): Path<String>, Query(asked): Query<Asked>, visitor: Visitor) -> Answer {
    page(&year_page(&state, &visitor, &org, &asked, None, Wrong::default()).await?)
}

/// `POST /o/{org}/devices/membership-year?key=`; an empty field forgets the day.
pub(crate) async fn set(Reach(state): Reach<State>, Path(org): Path<String>, Query(asked): Query<Asked>, sent: Sent) -> Answer {
    match keep(&state, &sent, &org, &asked).await {
        Ok(place) => Ok(Redirect::to(&place).into_response()),
        Err(problem) if belongs_in_form(&problem) => {
            let entered = sent.fields.text("ends_on");
            let again = year_page(&state, &sent.visitor, &org, &asked, Some(entered), Wrong::from(&problem)).await?;
            form_again(&problem, &again)
        }
        Err(problem) => Err(problem.into()),
    }
}

async fn keep(state: &State, sent: &Sent, org: &str, asked: &Asked) -> Result<String, Problem> {
    let (org, caller) = (id(org)?, &sent.visitor.who.caller);
    let key = state.app.find_key(caller, Action::EditDevices, org, &asked.key).await?;
    let day = match sent.fields.text("ends_on").trim() {
        "" => None,
        text => Some(text.parse().map_err(|_| {
            let shown: String = text.chars().filter(|c| !c.is_control()).take(40).collect();
            Problem::field("day_unfit", "ends_on", format!("“{shown}” is no day. Write it as 2027-03-01."))
        })?),
    };
    state.app.set_membership_year_end(caller, org, key.id, day).await?;
    Ok(format!("/o/{org}/devices?key={}", key.id))
}
