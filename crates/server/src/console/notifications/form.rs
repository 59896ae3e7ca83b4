//! Making a channel and changing one: one form. A channel that is there keeps its kind.

use super::{
    super::{
        filters, once,
        parts::{Notice, Tone, Wrong},
        shell::{Place, Shell},
        visit::{Answer, Fields, Sent, Visitor, belongs_in_form, done, form_again, id, page},
    },
    acts::SecretPage,
};
use crate::State;
use app::{
    Problem,
    channels::{ChannelChange, EnteredTarget, NewChannel},
};
use askama::Template;
use axum::{
    extract::{Path, State as Reach},
    response::{IntoResponse, Redirect},
};
use domain::{Action, Channel, ChannelId, ChannelTarget, OrgId, activity::NoticeKind};

/// What was entered.
#[derive(Debug, Clone)]
pub(crate) struct ChannelForm {
    /// Name.
    pub(crate) name: String,
    /// Whether it is a webhook, or sends mail.
    pub(crate) is_webhook: bool,
    /// Mail addresses, one on a line.
    pub(crate) to: String,
    /// The webhook's address.
    pub(crate) url: String,
    /// Whether it gets all kinds, whatever is ticked.
    pub(crate) all: bool,
    /// Words of kinds.
    pub(crate) kinds: Vec<String>,
}

impl ChannelForm {
    fn read(fields: &Fields) -> Self {
        let text = |name| fields.text(name).to_owned();
        Self {
            name: text("name"),
            is_webhook: fields.text("kind") == "webhook",
            to: text("to"),
            url: text("url"),
            all: fields.text("gets") != "chosen",
            kinds: fields.all("notice"),
        }
    }

    fn of(channel: &Channel) -> Self {
        let (is_webhook, to, url) = match &channel.target {
            ChannelTarget::Mail { to } => {
                let lines: Vec<_> = to.iter().map(ToString::to_string).collect();
                (false, lines.join("\n"), String::new())
            }
            ChannelTarget::Webhook { url, .. } => (true, String::new(), url.clone()),
        };
        Self {
            name: channel.name.to_string(),
            is_webhook,
            to,
            url,
            all: channel.kinds.is_none(),
            kinds: channel.kinds.iter().flatten().map(|kind| kind.as_str().to_owned()).collect(),
        }
    }

    fn empty(sends_mail: bool) -> Self {
        Self {
            name: String::new(),
            is_webhook: !sends_mail,
            to: String::new(),
            url: String::new(),
            all: true,
            kinds: Vec::new(),
        }
    }

    fn target(&self) -> EnteredTarget {
        if self.is_webhook {
            return EnteredTarget::Webhook { url: self.url.clone() };
        }
        let parts = self.to.split(|c: char| c == ',' || c.is_whitespace());
        EnteredTarget::Mail {
            to: parts.filter(|part| !part.is_empty()).map(str::to_owned).collect(),
        }
    }

    fn chosen(&self) -> Option<Vec<String>> {
        (!self.all).then(|| self.kinds.clone())
    }
}

/// Whether a refusal stands in the form: that of kinds does too, where other ticks would pass.
fn told_in_form(problem: &Problem) -> bool {
    belongs_in_form(problem) || problem.code == "kind_beyond_rights"
}

/// The form.
#[derive(Template)]
#[template(path = "notifications/form.html")]
pub(crate) struct ChannelFormPage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The organization.
    pub(crate) org: OrgId,
    /// The channel that is changed; none for a new one.
    pub(crate) channel: Option<Channel>,
    /// Whether this server sends mail.
    pub(crate) sends_mail: bool,
    /// What was entered.
    pub(crate) form: ChannelForm,
    /// Makes a form that is sent twice act once.
    pub(crate) once: String,
    /// What is wrong.
    pub(crate) wrong: Wrong,
}

impl ChannelFormPage {
    fn address(&self) -> String {
        match &self.channel {
            Some(channel) => format!("/o/{}/notifications/{}/edit", self.org, channel.id),
            None => format!("/o/{}/notifications/new", self.org),
        }
    }

    /// The kinds, each with whether it is ticked, and whether whoever looks may choose it.
    fn kinds(&self) -> Vec<(NoticeKind, bool, bool)> {
        let ticked = |kind: NoticeKind| self.form.kinds.iter().any(|word| word == kind.as_str());
        NoticeKind::ALL
            .into_iter()
            .map(|kind| (kind, ticked(kind), self.shell.may(kind.needs())))
            .collect()
    }

    fn sees_all(&self) -> bool {
        NoticeKind::ALL.into_iter().all(|kind| self.shell.may(kind.needs()))
    }

    fn asks_for_mail(&self) -> bool {
        self.channel.as_ref().map_or(self.sends_mail, |_| !self.form.is_webhook)
    }

    fn asks_for_url(&self) -> bool {
        self.channel.is_none() || self.form.is_webhook
    }
}

async fn form_page(
    state: &State,
    visitor: &Visitor,
    org: OrgId,
    channel: Option<Channel>,
    form: Option<ChannelForm>,
    wrong: Wrong,
) -> Result<ChannelFormPage, Problem> {
    let sends_mail = state.app.sends_mail();
    let is_fresh = form.is_none();
    let mut page = ChannelFormPage {
        shell: visitor.shell_for(state, org, Place::Notifications, Action::ManageChannels).await?,
        org,
        channel,
        sends_mail,
        form: form.unwrap_or_else(|| ChannelForm::empty(sends_mail)),
        once: once::fresh(state),
        wrong,
    };
    if is_fresh {
        page.form.all = page.sees_all();
    }
    Ok(page)
}

/// `GET /o/{org}/notifications/new`
pub(crate) async fn new_form(Reach(state): Reach<State>, Path(org): Path<String>, visitor: Visitor) -> Answer {
    page(&form_page(&state, &visitor, id(&org)?, None, None, Wrong::default()).await?)
}

/// `POST /o/{org}/notifications/new`: for a webhook the one answer that carries its secret.
pub(crate) async fn create(Reach(state): Reach<State>, Path(org): Path<String>, sent: Sent) -> Answer {
    let org = id(&org)?;
    let form = ChannelForm::read(&sent.fields);
    let new = NewChannel {
        name: form.name.clone(),
        target: form.target(),
        kinds: form.chosen(),
    };
    let visitor = &sent.visitor;
    let make = state.app.create_channel(&visitor.who.caller, org, new);
    match once::once(&state, &visitor.who.caller, org, sent.fields.text("once"), make).await {
        Ok((view, Some(secret))) => page(&SecretPage::of(&state, visitor, org, view.channel, secret.expose()).await?),
        Ok((view, None)) => Ok(done(&state, &format!("/o/{org}/notifications/{}", view.channel.id), "channel-made")),
        Err(problem) if problem.code == once::DONE_BEFORE => Ok(Redirect::to(&format!("/o/{org}/notifications")).into_response()),
        Err(problem) if told_in_form(&problem) => {
            let wrong = Wrong::from(&problem);
            form_again(&problem, &form_page(&state, visitor, org, None, Some(form), wrong).await?)
        }
        Err(problem) => Err(problem.into()),
    }
}

/// `GET /o/{org}/notifications/{channel}/edit`
pub(crate) async fn edit_form(Reach(state): Reach<State>, Path((org, channel)): Path<(String, String)>, visitor: Visitor) -> Answer {
    let (org, channel) = (id(&org)?, id::<ChannelId>(&channel)?);
    state.app.may(&visitor.who.caller, Action::ManageChannels, org).await?;
    let channel = state.app.channel(&visitor.who.caller, org, channel).await?.channel;
    let form = ChannelForm::of(&channel);
    page(&form_page(&state, &visitor, org, Some(channel), Some(form), Wrong::default()).await?)
}

/// `POST /o/{org}/notifications/{channel}/edit`
pub(crate) async fn edit(Reach(state): Reach<State>, Path((org, channel)): Path<(String, String)>, sent: Sent) -> Answer {
    let (org, channel) = (id(&org)?, id::<ChannelId>(&channel)?);
    let caller = &sent.visitor.who.caller;
    state.app.may(caller, Action::ManageChannels, org).await?;
    let before = state.app.channel(caller, org, channel).await?.channel;
    let form = ChannelForm {
        is_webhook: matches!(before.target, ChannelTarget::Webhook { .. }),
        ..ChannelForm::read(&sent.fields)
    };
    let change = ChannelChange {
        name: Some(form.name.clone()),
        target: Some(form.target()),
        kinds: Some(form.chosen()),
    };
    match state.app.change_channel(caller, org, channel, change).await {
        Ok(_) => Ok(done(&state, &format!("/o/{org}/notifications/{channel}"), "channel-changed")),
        Err(problem) if told_in_form(&problem) => {
            let wrong = Wrong::from(&problem);
            form_again(
                &problem,
                &form_page(&state, &sent.visitor, org, Some(before), Some(form), wrong).await?,
            )
        }
        Err(problem) => Err(problem.into()),
    }
}

/// What a form that was sent twice says of the secret.
pub(super) fn shown_before() -> Notice {
    Notice::new(
        Tone::Info,
        "The secret was shown once, and that was before",
        "It cannot be shown again. If you do not have it, rotate it once more.",
    )
}
