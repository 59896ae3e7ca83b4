//! `russet notifications`: your inbox.

use crate::{
    Exit, Failure,
    client::Client,
    output::{Printer, date, table},
};
use clap::Subcommand;

/// `russet notifications`
#[derive(Debug, Subcommand)]
pub enum Notifications {
    /// List what you should hear of, unread first: expiries, refused keys, what was renewed
    List {
        /// Only what you have not read
        #[arg(long)]
        unread: bool,
        /// Note that you have read what is listed
        #[arg(long)]
        mark_read: bool,
    },
}

impl Notifications {
    pub(crate) async fn run(self, client: &Client, printer: &Printer) -> Result<Exit, Failure> {
        let Self::List { unread, mark_read } = self;
        let mut notices: api::Notices = client.get("/me/notices", &[]).await?;
        if unread {
            notices.items.retain(|notice| notice.unread);
        }
        printer.show(&notices, |notices| {
            let head = ["", "what", "organization", "when"];
            let row = |notice: &api::Notice| {
                let new = if notice.unread { "new" } else { "" };
                vec![
                    new.to_owned(),
                    notice.head.clone(),
                    notice.organization.name.clone(),
                    date(Some(notice.at)),
                ]
            };
            table(&head, notices.items.iter().map(row))
        });
        if notices.items.is_empty() {
            printer.hint("Nothing new: expiries, refused keys and what was renewed for you arrive here.");
        }
        if mark_read && notices.newest > 0 {
            let up_to = notices.newest;
            client.post_nothing("/me/notices/read", &api::ReadNotices { up_to }).await?;
        }
        Ok(Exit::Ok)
    }
}
