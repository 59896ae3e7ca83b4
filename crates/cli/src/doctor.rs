//! `russet doctor`: everything that could break the next build, looked at in one go.

use crate::{
    Exit, Failure, account,
    client::Client,
    output::{Printer, expiry, plain},
};
use serde::Serialize;

/// Days before an expiry that doctor speaks of it.
const SOON_DAYS: i64 = 30;
/// Certificates that are named, of those that have ended and of those that end soon.
const MOST_CERTIFICATES: usize = 50;

#[derive(Serialize)]
struct Finding {
    /// `ok`, `warn` or `bad`.
    state: &'static str,
    what: String,
    note: String,
}

#[derive(Serialize)]
struct Findings {
    items: Vec<Finding>,
}

/// Looks at one thing after the other, tells what it found also when it cannot go on, and ends with the code of the
/// worst: 0 when nothing is wrong, 7 when a key or a certificate is, or what kept it from looking.
pub(crate) async fn run(client: &Client, printer: &Printer) -> Result<Exit, Failure> {
    let mut findings = Findings { items: Vec::new() };
    let stopped = look(client, &mut findings.items).await.err();
    if let Some(failure) = &stopped {
        let what = match failure.exit {
            Exit::Unreachable => "Server",
            Exit::NotAllowed => "Sign-in",
            _ => "Cannot look further",
        };
        findings.items.push(finding("bad", what, failure.message.clone()));
    }
    printer.show(&findings, |findings| findings.items.iter().map(line).collect::<Vec<_>>().join("\n"));
    Ok(match stopped {
        Some(failure) => failure.exit,
        None if findings.items.iter().any(|f| f.state == "bad") => Exit::AppleRefused,
        None => Exit::Ok,
    })
}

async fn look(client: &Client, findings: &mut Vec<Finding>) -> Result<(), Failure> {
    let status: api::Status = client.get("/status", &[]).await?;
    findings.push(finding(
        "ok",
        "Server",
        format!("{} answers, version {}, {}", client.url(), status.version, status.state),
    ));
    findings.push(clock(&status));
    let me = client.me().await?;
    findings.push(finding("ok", "Sign-in", account::in_full(&me)));
    let home = client.home().await?;
    let keys: api::Keys = client.get(&format!("{home}/keys"), &[]).await?;
    if keys.items.is_empty() {
        findings.push(finding(
            "warn",
            "Keys",
            "No API key is linked. Add one with “russet keys add”.".to_owned(),
        ));
    }
    findings.extend(keys.items.iter().map(health));
    let ended = certificates(client, &home, "expired").await?;
    let ending = certificates(client, &home, "expiring").await?;
    for certificate in ended.iter().chain(&ending) {
        let state = if certificate.days_left < 0 { "bad" } else { "warn" };
        findings.push(finding(
            state,
            &format!("Certificate “{}”", certificate.name),
            expiry(Some(certificate.expires_at), Some(certificate.days_left)),
        ));
    }
    let tokens: api::Tokens = client.get("/me/tokens", &[]).await?;
    for token in &tokens.items {
        let days = api::days_left(token.expires_at, status.time);
        if days <= SOON_DAYS {
            findings.push(finding(
                "warn",
                &format!("Your token “{}”", token.name),
                expiry(Some(token.expires_at), Some(days)),
            ));
        }
    }
    Ok(())
}

/// The first of the certificates in this state; who has more of them knows what to look for.
async fn certificates(client: &Client, home: &str, state: &str) -> Result<Vec<api::Certificate>, Failure> {
    let query = [("state", state.to_owned())];
    client.list(&format!("{home}/certificates"), &query, Some(MOST_CERTIFICATES)).await
}

fn health(key: &api::Key) -> Finding {
    let state = match key.health.as_str() {
        "working" if key.trouble.is_none() => "ok",
        "working" | "unverified" => "warn",
        _ => "bad",
    };
    finding(
        state,
        &format!("Key “{}”", key.name),
        key.trouble.clone().unwrap_or_else(|| key.next_step.clone()),
    )
}

/// The server measures its clock against Apple's `Date` whenever it talks to Apple.
fn clock(status: &api::Status) -> Finding {
    match status.apple_clock_skew_seconds {
        None => finding(
            "ok",
            "Clock",
            "Not compared with Apple's yet; the first check of a key does.".to_owned(),
        ),
        Some(skew) if skew.abs() <= 60 => finding(
            "ok",
            "Clock",
            format!("The server's clock is within {} s of Apple's.", skew.abs().max(1)),
        ),
        Some(skew) => {
            let way = if skew > 0 { "ahead of" } else { "behind" };
            finding(
                "bad",
                "Clock",
                format!(
                    "The server's clock is {} s {way} Apple's, and Apple refuses such tokens. Set it, with NTP for instance.",
                    skew.abs()
                ),
            )
        }
    }
}

fn finding(state: &'static str, what: &str, note: String) -> Finding {
    Finding {
        state,
        what: what.to_owned(),
        note,
    }
}

fn line(finding: &Finding) -> String {
    let mark = match finding.state {
        "ok" => "✓",
        "warn" => "!",
        _ => "✗",
    };
    format!("{mark} {}: {}", plain(&finding.what), plain(&finding.note))
}
