//! Long acts: begun at the server, waited for here, told by how they ended.

use crate::{
    Exit, Failure,
    client::Client,
    output::{Printer, place_line},
};
use clap::Args;

/// How long to wait for an act.
#[derive(Debug, Clone, Copy, Args)]
pub struct Wait {
    /// Minutes to wait for Apple; the act goes on at the server after that
    #[arg(long = "wait", value_name = "MINUTES", default_value_t = 10)]
    minutes: u64,
}

impl Wait {
    /// Waits for the end, whatever it is.
    ///
    /// # Errors
    /// Waiting took too long: the act goes on at the server.
    pub(crate) async fn until_over(
        self,
        client: &Client,
        printer: &Printer,
        home: &str,
        operation: api::Operation,
    ) -> Result<api::Operation, Failure> {
        self.until_over_at(client, printer, &format!("{home}/operations"), operation).await
    }

    /// The same for acts that are asked for elsewhere.
    ///
    /// # Errors
    /// As [`Wait::until_over`].
    pub(crate) async fn until_over_at(
        self,
        client: &Client,
        printer: &Printer,
        address: &str,
        mut operation: api::Operation,
    ) -> Result<api::Operation, Failure> {
        let bar = printer.progress(&operation.message);
        let mut waits_told = false;
        // The server holds each question for up to 20 seconds, so counting questions counts time.
        for asked in 0..self.minutes.max(1) * 3 {
            if operation.over {
                break;
            }
            bar.set_message(operation.message.clone());
            if asked > 0 && operation.state == "started" && !waits_told {
                waits_told = true;
                printer.hint(&format!(
                    "russet: {} has not begun yet: another act for the same account has to be over first. Waiting for its turn, up to {} minutes.",
                    operation.id, self.minutes
                ));
            }
            operation = client
                .get(&format!("{address}/{}", operation.id), &[("wait", "20".to_owned())])
                .await?;
        }
        bar.finish_and_clear();
        if operation.over {
            return Ok(operation);
        }
        Err(Failure::new(
            Exit::AppleTimedOut,
            format!(
                "{} It goes on at the server as {}; the list shows what came of it when it is over.",
                operation.message, operation.id
            ),
        ))
    }

    /// Waits for the end and tells it; an end that is none is a failure.
    ///
    /// # Errors
    /// As [`Wait::until_over`]; what Apple refused.
    pub(crate) async fn and_tell(
        self,
        client: &Client,
        printer: &Printer,
        home: &str,
        begun: api::Operation,
        done: impl FnOnce(&api::Operation) -> String,
    ) -> Result<Exit, Failure> {
        let over = self.until_over(client, printer, home, begun).await?;
        if over.state != "done" {
            return Err(refused(over));
        }
        printer.show(&over, done);
        Ok(Exit::Ok)
    }
}

/// An act that ended otherwise than wished.
pub(crate) fn refused(operation: api::Operation) -> Failure {
    // What failed was not carried out because something stood in the way, which the message names.
    let exit = if operation.state == "refused" {
        Exit::AppleRefused
    } else {
        Exit::Conflict
    };
    let mut message = operation.message;
    if !operation.places.is_empty() {
        message.push_str("\nThese certificates hold the places at Apple:");
        for place in &operation.places {
            message.push_str(&format!("\n  {}", place_line(place)));
        }
    }
    if let (Some(status), Some(code)) = (operation.apple_status, operation.apple_code) {
        message.push_str(&format!("\nApple answered {status} {code}."));
    }
    Failure::new(exit, message)
}
