//! The inbox: what the person should hear of, of all their organizations, unread ones first.

use super::{
    filters,
    parts::Tone,
    shell::Shell,
    visit::{Answer, Sent, Visitor, done, page},
};
use crate::State;
use app::inbox::{About, Inbox, NoticeView, Weight};
use askama::Template;
use axum::extract::State as Reach;

/// The page.
#[derive(Template)]
#[template(path = "inbox.html")]
pub(crate) struct InboxPage {
    /// Around it.
    pub(crate) shell: Shell,
    /// What is in it.
    pub(crate) inbox: Inbox,
}

impl InboxPage {
    fn tone(&self, notice: &NoticeView) -> Tone {
        match notice.weight {
            Weight::Bad => Tone::Bad,
            Weight::Warning => Tone::Warn,
            Weight::News => Tone::Info,
        }
    }

    fn icon(&self, notice: &NoticeView) -> &'static str {
        match (notice.weight, notice.about) {
            (Weight::Bad, _) => "bad",
            (Weight::Warning, About::PendingDevices) => "device",
            (Weight::Warning, _) => "clock",
            (Weight::News, _) => "info",
        }
    }

    fn address(&self, notice: &NoticeView) -> String {
        notice.about.path(notice.organization)
    }
}

/// `GET /inbox`
pub(crate) async fn show(Reach(state): Reach<State>, visitor: Visitor) -> Answer {
    let shell = visitor.shell(&state).await?;
    let inbox = state.app.inbox(&visitor.who).await?;
    page(&InboxPage { shell, inbox })
}

/// `POST /inbox/read`: up to the newest notice of the page that it was sent from.
pub(crate) async fn read(Reach(state): Reach<State>, sent: Sent) -> Answer {
    let up_to = sent.fields.text("up_to").parse().unwrap_or_default();
    state.app.read_inbox(&sent.visitor.who, up_to).await?;
    Ok(done(&state, "/inbox", "inbox-read"))
}
