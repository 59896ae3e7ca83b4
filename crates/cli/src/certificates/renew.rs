//! `russet certificates renew`: what it would do comes first.

use super::find;
use crate::{
    Exit, Failure,
    client::{Client, segment},
    operation::Wait,
    output::{Printer, confirmed, date, expiry, named, place_line, plain},
};
use clap::Args;

/// Which certificate, and how.
#[derive(Debug, Args)]
pub struct Renew {
    /// Id, serial number or name
    certificate: String,
    /// Through which key, by id or name
    #[arg(long, required_unless_present = "automatic")]
    key: Option<String>,
    /// Revoke it at Apple before the new one is made, which cannot be undone; otherwise it stays valid
    #[arg(long)]
    revoke: bool,
    /// Instead of now, have it renewed by itself so many days before its end, 1 to 90, or “off”
    #[arg(long, value_name = "DAYS|off", value_parser = read_days, conflicts_with_all = ["revoke", "yes"])]
    automatic: Option<Days>,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    /// Say what would be done, without doing it
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    wait: Wait,
}

/// How many days before its end; none for not by itself.
#[derive(Debug, Clone, Copy)]
struct Days(Option<u16>);

fn read_days(text: &str) -> Result<Days, String> {
    match text {
        "off" => Ok(Days(None)),
        days => days
            .trim_end_matches('d')
            .parse()
            .map(|days| Days(Some(days)))
            .map_err(|_| "write a number of days such as 30, or off".to_owned()),
    }
}

impl Renew {
    pub(crate) async fn run(self, client: &Client, printer: &Printer) -> Result<Exit, Failure> {
        let home = client.home().await?;
        let chosen = find(client, &home, &self.certificate).await?;
        let path = format!("{home}/certificates/{}", segment(&chosen.id));
        if let Some(Days(days_before)) = self.automatic {
            let name = plain(&chosen.name);
            if self.dry_run {
                printer.hint("Nothing was done.");
                return Ok(Exit::Ok);
            }
            let wish = api::SetAutomaticRenewal {
                days_before,
                key: self.key,
            };
            let set: api::AutomaticRenewal = client.put(&format!("{path}/automatic-renewal"), &wish).await?;
            printer.show(&set, |set| match (set.days_before, set.begins_at) {
                (Some(days), begins) => format!("“{name}” is renewed by itself {days} days before its end, on {}.", date(begins)),
                (None, _) => format!("“{name}” is not renewed by itself."),
            });
            return Ok(Exit::Ok);
        }
        let key = self.key.clone().unwrap_or_default();
        let query = [("key", key.clone())];
        let preview: api::RenewalPreview = client.get(&format!("{path}/renewal"), &query).await?;
        if self.dry_run {
            printer.show(&preview, |preview| format!("{}\nNothing was done.", self.words(preview)));
            return Ok(Exit::Ok);
        }
        printer.hint(&self.words(&preview));
        let is_sure = self.yes
            || if self.revoke {
                named("Type its name to revoke and renew it", &chosen.name)?
            } else {
                confirmed("Renew it?")?
            };
        if !is_sure {
            return Err(Failure::new(
                Exit::Usage,
                "Nothing was done. Give --yes to renew without being asked.",
            ));
        }
        let request = api::RenewCertificate {
            key,
            revoke: self.revoke.then(|| chosen.name.clone()),
        };
        let begun: api::Operation = client.post_once(&format!("{path}/renew"), &request).await?;
        let done = |over: &api::Operation| {
            let id = over.certificate.as_deref().unwrap_or_default();
            format!(
                "“{}” is renewed. Download the new one with: russet certificates download {id}",
                plain(&chosen.name)
            )
        };
        self.wait.and_tell(client, printer, &home, begun, done).await
    }

    fn words(&self, preview: &api::RenewalPreview) -> String {
        let old = &preview.existing;
        let fate = match (self.revoke, preview.at_apple) {
            // Revoking it first frees its place, whether it has ended or not.
            (true, _) => "is revoked at Apple first, which cannot be undone",
            _ if old.days_left < 0 => "has expired",
            (false, true) => "stays valid until then",
            (false, false) => "is not listed by Apple",
        };
        let mut lines = vec![
            format!(
                "Existing: “{}” ({}), which ends {}; it {fate}.",
                plain(&old.name),
                old.serial,
                expiry(Some(old.expires_at), Some(old.days_left))
            ),
            match &preview.created {
                Some(created) => format!(
                    "Replacement: “{}” ({}), which an earlier attempt created.",
                    plain(&created.name),
                    created.serial
                ),
                None => format!("Replacement: a new {} with a new private key.", preview.replacement),
            },
        ];
        if preview.profiles.is_empty() {
            lines.push("No profile has it.".to_owned());
        } else {
            lines.push("Rebuilt under their names:".to_owned());
        }
        lines.extend(preview.profiles.iter().map(|profile| {
            let held = if profile.held.is_some() { "" } else { ", taken in first" };
            format!(
                "  {} ({}, {}{held})",
                plain(&profile.name),
                profile.profile_type,
                plain(&profile.bundle_identifier)
            )
        }));
        lines.push(format!("Places taken at Apple: {}", preview.places.len()));
        lines.extend(preview.places.iter().map(|place| format!("  {}", place_line(place))));
        if !self.revoke && preview.created.is_none() && !preview.places.is_empty() {
            lines.push(
                "How many places there are only Apple knows. If all are taken, Apple refuses the new one and nothing is changed: revoke one first, or renew with --revoke."
                    .to_owned(),
            );
        }
        if let Some(why) = &preview.refused {
            lines.push(format!("This cannot be done through this key: {}", plain(why)));
        }
        lines.join("\n")
    }
}
