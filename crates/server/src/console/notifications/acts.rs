//! A webhook's secret, shown once; testing, rotating and removing.

use super::{
    super::{
        filters, once,
        parts::{Tone, Wrong},
        shell::{Place, Shell},
        visit::{Answer, Sent, Visitor, done, form_again, id, page},
    },
    form::shown_before,
};
use crate::State;
use app::Problem;
use askama::Template;
use axum::extract::{Path, State as Reach};
use domain::{Action, Channel, ChannelId, OrgId};

/// The one answer that carries a secret.
#[derive(Template)]
#[template(path = "notifications/secret.html")]
pub(crate) struct SecretPage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The organization.
    pub(crate) org: OrgId,
    /// The channel.
    pub(crate) channel: Channel,
    /// Its secret.
    pub(crate) secret: String,
}

impl SecretPage {
    /// The page of a channel that was just made, or whose secret was rotated.
    pub(super) async fn of(state: &State, visitor: &Visitor, org: OrgId, channel: Channel, secret: &str) -> Result<Self, Problem> {
        Ok(Self {
            shell: visitor.shell_for(state, org, Place::Notifications, Action::ManageChannels).await?,
            org,
            channel,
            secret: secret.to_owned(),
        })
    }
}

/// Asking before a rotation.
#[derive(Template)]
#[template(path = "notifications/rotate.html")]
pub(crate) struct RotateSecretPage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The organization.
    pub(crate) org: OrgId,
    /// The channel.
    pub(crate) channel: Channel,
    /// Makes a form that is sent twice act once.
    pub(crate) once: String,
    /// What is wrong.
    pub(crate) wrong: Wrong,
}

/// Asking before a removal.
#[derive(Template)]
#[template(path = "notifications/remove.html")]
pub(crate) struct RemoveChannelPage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The organization.
    pub(crate) org: OrgId,
    /// The channel.
    pub(crate) channel: Channel,
    /// What is wrong.
    pub(crate) wrong: Wrong,
}

type Ids = Path<(String, String)>;

async fn about(state: &State, visitor: &Visitor, org: &str, channel: &str) -> Result<(Shell, OrgId, Channel), Problem> {
    let (org, channel) = (id(org)?, id::<ChannelId>(channel)?);
    let shell = visitor.shell_for(state, org, Place::Notifications, Action::ManageChannels).await?;
    let view = state.app.channel(&visitor.who.caller, org, channel).await?;
    Ok((shell, org, view.channel))
}

/// `POST /o/{org}/notifications/{channel}/test`
pub(crate) async fn test(Reach(state): Reach<State>, Path((org, channel)): Ids, sent: Sent) -> Answer {
    let (org, channel) = (id::<OrgId>(&org)?, id::<ChannelId>(&channel)?);
    state.app.test_channel(&sent.visitor.who.caller, org, channel).await?;
    Ok(done(&state, &format!("/o/{org}/notifications/{channel}"), "channel-tested"))
}

async fn rotate_page(state: &State, visitor: &Visitor, (org, channel): (&str, &str), wrong: Wrong) -> Result<RotateSecretPage, Problem> {
    let (shell, org, channel) = about(state, visitor, org, channel).await?;
    Ok(RotateSecretPage {
        shell,
        org,
        channel,
        once: once::fresh(state),
        wrong,
    })
}

/// `GET /o/{org}/notifications/{channel}/rotate`
pub(crate) async fn rotate_form(Reach(state): Reach<State>, Path((org, channel)): Ids, visitor: Visitor) -> Answer {
    page(&rotate_page(&state, &visitor, (&org, &channel), Wrong::default()).await?)
}

/// `POST /o/{org}/notifications/{channel}/rotate`: the one answer that carries the fresh secret.
pub(crate) async fn rotate(Reach(state): Reach<State>, Path(ids): Ids, sent: Sent) -> Answer {
    let (org, channel) = (id::<OrgId>(&ids.0)?, id::<ChannelId>(&ids.1)?);
    let visitor = &sent.visitor;
    let rotate = state.app.rotate_channel_secret(&visitor.who.caller, org, channel);
    match once::once(&state, &visitor.who.caller, org, sent.fields.text("once"), rotate).await {
        Ok((view, secret)) => page(&SecretPage::of(&state, visitor, org, view.channel, secret.expose()).await?),
        Err(problem) if problem.code == once::DONE_BEFORE => {
            page(&rotate_page(&state, visitor, (&ids.0, &ids.1), Wrong::told(shown_before())).await?)
        }
        Err(problem) => Err(problem.into()),
    }
}

/// `GET /o/{org}/notifications/{channel}/remove`
pub(crate) async fn remove_form(Reach(state): Reach<State>, Path((org, channel)): Ids, visitor: Visitor) -> Answer {
    let (shell, org, channel) = about(&state, &visitor, &org, &channel).await?;
    page(&RemoveChannelPage {
        shell,
        org,
        channel,
        wrong: Wrong::default(),
    })
}

/// `POST /o/{org}/notifications/{channel}/remove`
pub(crate) async fn remove(Reach(state): Reach<State>, Path((org, channel)): Ids, sent: Sent) -> Answer {
    let (shell, org, channel) = about(&state, &sent.visitor, &org, &channel).await?;
    if let Err(problem) = sent.fields.confirms("remove this channel", &channel.name) {
        let wrong = Wrong::from(&problem);
        return form_again(
            &problem,
            &RemoveChannelPage {
                shell,
                org,
                channel,
                wrong,
            },
        );
    }
    let typed = sent.fields.text("name");
    state.app.remove_channel(&sent.visitor.who.caller, org, channel.id, typed).await?;
    Ok(done(&state, &format!("/o/{org}/notifications"), "channel-removed"))
}
