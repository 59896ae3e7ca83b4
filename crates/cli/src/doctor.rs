//! `russet doctor`: everything that could break the next build, looked at in one go.

use crate::{
    Exit, Failure,
    client::Client,
    output::{Printer, expiry, plain},
};
use serde::Serialize;

/// Days before an expiry that doctor speaks of it.
const SOON_DAYS: i64 = 30;

#[derive(Serialize)]
struct Finding {
    /// `ok`, `warn` or `bad`.
    state: &'static str,
    what: String,
    note: String,
}

pub(crate) async fn run(client: &Client, printer: &Printer) -> Result<Exit, Failure> {
    let status: api::Status = client.get("/status", &[]).await?;
    let mut findings = vec![finding(
        "ok",
        "Server",
        format!("{} answers, version {}, {}", client.url(), status.version, status.state),
    )];
    findings.push(clock(&status));
    let home = client.home().await?;
    let keys: api::Keys = client.get(&format!("{home}/keys"), &[]).await?;
    if keys.items.is_empty() {
        findings.push(finding(
            "warn",
            "Keys",
            "No API key is linked. Add one with “russet keys add”.".to_owned(),
        ));
    }
    for key in &keys.items {
        let state = match key.health.as_str() {
            "working" if key.trouble.is_none() => "ok",
            "working" | "unverified" => "warn",
            _ => "bad",
        };
        findings.push(finding(
            state,
            &format!("Key “{}”", key.name),
            key.trouble.clone().unwrap_or_else(|| key.next_step.clone()),
        ));
    }
    let certificates: api::Certificates = client.get(&format!("{home}/certificates"), &[]).await?;
    for certificate in certificates.items.iter().filter(|c| c.days_left <= SOON_DAYS) {
        let state = if certificate.days_left < 0 { "bad" } else { "warn" };
        findings.push(finding(
            state,
            &format!("Certificate “{}”", certificate.name),
            expiry(Some(certificate.expires_at), Some(certificate.days_left)),
        ));
    }
    let tokens: api::Tokens = client.get("/me/tokens", &[]).await?;
    for token in &tokens.items {
        let days = (token.expires_at.as_second() - status.time.as_second()).div_euclid(24 * 3600);
        if days <= SOON_DAYS {
            findings.push(finding(
                "warn",
                &format!("Your token “{}”", token.name),
                expiry(Some(token.expires_at), Some(days)),
            ));
        }
    }
    printer.show(&findings, |findings| findings.iter().map(line).collect::<Vec<_>>().join("\n"));
    Ok(if findings.iter().any(|f| f.state == "bad") {
        Exit::AppleRefused
    } else {
        Exit::Ok
    })
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
