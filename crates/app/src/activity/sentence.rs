//! Records as sentences without their subject: "added the key “CI uploads”".
//!
//! Outcomes other than done are said, never hidden: an intent "is about to", a refusal names who refused.

use domain::{AppPattern, Event, ExportCompliance, ItemName, ItemOrigin, Outcome, Role, ShareLimits, activity::ExportForm};
use std::collections::BTreeSet;

/// The sentence of a record. `whom` is what the other party is called: with whom something is shared, whose roles changed.
pub(crate) fn sentence(event: &Event, outcome: Outcome, whom: &str) -> String {
    let (done, plain) = words(event, whom);
    // What failed was the attempt, and the event says so already.
    if matches!(event, Event::SignInFailed { .. } | Event::CertificateRenewalNotBegun { .. }) {
        return done;
    }
    match outcome {
        Outcome::Done => done,
        Outcome::Intent => format!("began to {plain}"),
        Outcome::Denied => format!("was not allowed to {plain}"),
        Outcome::Refused => format!("tried to {plain}; Apple refused"),
        Outcome::Failed => format!("tried to {plain}; it failed"),
        Outcome::Unknown => format!("tried to {plain}; the answer was lost"),
    }
}

/// The act as done ("added the key") and as a plain verb ("add the key").
fn words(event: &Event, whom: &str) -> (String, String) {
    let both = |done: &str, plain: &str, rest: String| (format!("{done} {rest}"), format!("{plain} {rest}"));
    match event {
        Event::AccessDenied { what } => (what.clone(), what.clone()),
        Event::SetupCompleted { .. } => both("set", "set", "this server up".to_owned()),
        Event::SignedIn { .. } => ("signed in".to_owned(), "sign in".to_owned()),
        Event::SignInFailed { .. } => ("failed to sign in".to_owned(), "sign in".to_owned()),
        Event::SignedOut { .. } => ("signed out".to_owned(), "sign out".to_owned()),
        Event::PasswordChanged { sessions_ended, .. } => (
            match sessions_ended {
                0 => "changed the password".to_owned(),
                1 => "changed the password, which ended 1 other session".to_owned(),
                n => format!("changed the password, which ended {n} other sessions"),
            },
            "change the password".to_owned(),
        ),
        Event::CalendarLinkMade { .. } => both("made", "make", "a calendar link for themselves".to_owned()),
        Event::CalendarLinkEnded { .. } => both("ended", "end", "their calendar link".to_owned()),
        Event::TokenCreated { name, .. } => both("made", "make", format!("the token “{name}”")),
        Event::TokenRevoked { name, .. } => both("revoked", "revoke", format!("the token “{name}”")),
        Event::OrganizationCreated { name, parent: None, .. } => both("created", "create", format!("the organization “{name}”")),
        Event::OrganizationCreated { name, .. } => both("created", "create", format!("the sub-organization “{name}”")),
        Event::OrganizationRenamed { from, to, .. } => both("renamed", "rename", format!("the organization “{from}” to “{to}”")),
        Event::OrganizationDeleted { name, .. } => both("deleted", "delete", format!("the organization “{name}”")),
        Event::MemberInvited { email, roles, .. } => both("invited", "invite", format!("{email} as {}", titles(roles))),
        Event::InvitationSentAgain { email, .. } => both("sent", "send", format!("the invitation of {email} again")),
        Event::InvitationRevoked { email, .. } => both("revoked", "revoke", format!("the invitation of {email}")),
        Event::MemberJoined { roles, .. } => both("joined", "join", format!("as {}", titles(roles))),
        Event::MemberRolesChanged { from, to, .. } => both(
            "changed",
            "change",
            format!("the roles of {whom} from {} to {}", titles(from), titles(to)),
        ),
        Event::MemberRemoved { email, .. } => both("removed", "remove", format!("the member {email}")),
        Event::MemberLeft { .. } => both("left", "leave", "the organization".to_owned()),
        Event::ServiceTokenCreated { name, roles, .. } => both("made", "make", format!("the API token “{name}” as {}", titles(roles))),
        Event::ServiceTokenChanged { name, .. } => both("changed", "change", format!("the API token “{name}”")),
        Event::ServiceTokenRotated { name, .. } => both("rotated", "rotate", format!("the API token “{name}”")),
        Event::ServiceTokenRevoked { name, .. } => both("revoked", "revoke", format!("the API token “{name}”")),
        Event::KeyShared { name, limits, .. } => both("shared", "share", format!("the key “{name}” with {whom}{}", narrowed(limits))),
        Event::KeyUnshared { name, .. } => both("stopped sharing", "stop sharing", format!("the key “{name}” with {whom}")),
        Event::KeyShareEnded { name, ended_at, .. } => both(
            "noticed",
            "notice",
            format!(
                "that the key “{name}” is not shared with {whom} any more: that was until {}",
                ended_at.strftime("%-d %b %Y, %H:%M UTC")
            ),
        ),
        Event::KeyAdded { name, key_id, kind, .. } => both("added", "add", format!("the {kind} key “{name}” ({key_id})")),
        Event::KeyRenamed { from, to, .. } => both("renamed", "rename", format!("the key “{from}” to “{to}”")),
        Event::KeyRolesChanged { name, .. } => both("changed", "change", format!("the roles of the key “{name}”")),
        Event::KeyRotated {
            name,
            from_key_id,
            to_key_id,
            ..
        } => both("rotated", "rotate", format!("the key “{name}” from {from_key_id} to {to_key_id}")),
        Event::KeyRemoved { name, key_id, .. } => both("removed", "remove", format!("the key “{name}” ({key_id})")),
        Event::KeyChecked { name, health, was, .. } => {
            let was = was.as_ref().map_or_else(String::new, |was| format!(", before: {was}"));
            (
                format!("checked the key “{name}”: {health}{was}"),
                format!("check the key “{name}”"),
            )
        }
        Event::KeyUsed { name, need, .. } => both("used", "use", format!("the key “{name}”: {need}")),
        Event::FeatureOverridden { name, feature, on, .. } => {
            let title = feature.title();
            if *on {
                both("let", "let", format!("the key “{name}” try “{title}” despite its role"))
            } else {
                both(
                    "stopped",
                    "stop",
                    format!("letting the key “{name}” try “{title}” despite its role"),
                )
            }
        }
        Event::ChannelCreated { name, target, .. } => both("made", "make", format!("the notification channel “{name}” to {target}")),
        Event::ChannelChanged { name, target, .. } => both("changed", "change", format!("the notification channel “{name}” to {target}")),
        Event::ChannelSecretRotated { name, .. } => both("rotated", "rotate", format!("the secret of the notification channel “{name}”")),
        Event::ChannelTested { name, .. } => both("tested", "test", format!("the notification channel “{name}”")),
        Event::ChannelRemoved { name, .. } => both("removed", "remove", format!("the notification channel “{name}”")),
        Event::ChannelFailing { name, why, .. } => {
            both("noticed", "notice", format!("that the notification channel “{name}” fails: {why}"))
        }
        Event::ChannelRecovered { name, .. } => both("noticed", "notice", format!("that the notification channel “{name}” works again")),
        Event::CertificateWillExpire { name, days, .. } => will_expire(format!("the certificate “{name}”"), *days),
        Event::CertificateRenewalSet { name, days_before, .. } => match days_before {
            Some(days) => both(
                "had",
                "have",
                format!("the certificate “{name}” renewed by itself {days} days before its end"),
            ),
            None => both("stopped", "stop", format!("the automatic renewal of the certificate “{name}”")),
        },
        Event::CertificateRenewalNotBegun { name, why, .. } => {
            let plain = format!("renew the certificate “{name}” by itself");
            (format!("could not {plain}: {why}"), plain)
        }
        Event::ProfileWillExpire { name, days, .. } => will_expire(format!("the profile “{name}”"), *days),
        Event::TokenWillExpire { name, days, .. } => will_expire(format!("the token “{name}”"), *days),
        Event::ServiceTokenWillExpire { name, days, .. } => will_expire(format!("the API token “{name}”"), *days),
        Event::ActivityExported { form, .. } => both("exported", "export", format!("the activity log as {form}")),
        Event::ActivityVerified { records, findings, .. } => {
            let found = match findings {
                0 => "whole".to_owned(),
                1 => "1 finding".to_owned(),
                n => format!("{n} findings"),
            };
            (
                format!("verified the activity log: {records} records of this organization, {found}"),
                "verify the activity log".to_owned(),
            )
        }
        Event::CertificateRevoked { name, .. } => both("revoked", "revoke", format!("the certificate “{name}” at Apple")),
        Event::BundleIdRegistered { identifier, .. } => both("registered", "register", format!("the bundle ID {identifier}")),
        Event::CapabilitySet {
            identifier, capability, ..
        } => both("set", "set", format!("the capability {capability} of {identifier}")),
        Event::CapabilityRemoved {
            identifier, capability, ..
        } => both("took", "take", format!("the capability {capability} from {identifier}")),
        Event::BundleIdEdited { identifier, .. } => both("changed", "change", format!("the bundle ID {identifier}")),
        Event::MembershipYearSet {
            name, ends_on: Some(day), ..
        } => both("entered", "enter", format!("{day} as the end of the membership year of “{name}”")),
        Event::MembershipYearSet { name, ends_on: None, .. } => {
            both("cleared", "clear", format!("the end of the membership year of “{name}”"))
        }
        Event::DevicesRegistered { number, .. } => both("registered", "register", format!("{number} devices")),
        Event::DeviceRegistered { name, udid, .. } => both("registered", "register", format!("the device “{name}” ({udid})")),
        Event::DeviceChanged {
            name, renamed_to, enabled, ..
        } => match (renamed_to, enabled) {
            (Some(to), None) => both("renamed", "rename", format!("the device “{name}” to “{to}”")),
            (None, Some(true)) => both("enabled", "enable", format!("the device “{name}”")),
            (None, Some(false)) => both("disabled", "disable", format!("the device “{name}”")),
            _ => both("changed", "change", format!("the device “{name}”")),
        },
        Event::DeviceInvited { name, uses: 1, .. } => both("invited", "invite", format!("the device of “{name}”")),
        Event::DeviceInvited { name, uses, .. } => both("invited", "invite", format!("up to {uses} devices of “{name}”")),
        Event::DeviceInvitationSentAgain { name, .. } => both("sent", "send", format!("the device invitation of “{name}” again")),
        Event::DeviceInvitationRevoked { name, .. } => both("revoked", "revoke", format!("the device invitation of “{name}”")),
        Event::DeviceArrived {
            name, udid, invitation, ..
        } => match invitation {
            Some(_) => both("answered", "answer", format!("an invitation with the device “{name}” ({udid})")),
            None => both("added", "add", format!("the device “{name}” ({udid}) to those not yet registered")),
        },
        Event::DeviceAnswerRefused { name, why, .. } => both("answered", "answer", format!("the device invitation of “{name}”: {why}")),
        Event::DeviceApproved { name, .. } => both("approved", "approve", format!("the device “{name}”")),
        Event::DeviceRejected { name, .. } => both("rejected", "reject", format!("the device “{name}”")),
        Event::CertificateCreated { certificate_type, .. } => {
            let title = certificate_type.title();
            let article = if title.starts_with(['A', 'E', 'I', 'O', 'i']) { "an" } else { "a" };
            both("created", "create", format!("{article} {title} certificate"))
        }
        Event::CertificateDownloaded { name, form, set, .. } => {
            let what = match form {
                ExportForm::P12Compatible => "as .p12, compatible, with its private key",
                ExportForm::P12Modern => "as .p12, modern, with its private key",
                ExportForm::Pem => "as PEM, with its private key",
                ExportForm::Cer => "without its private key",
            };
            both(
                "downloaded",
                "download",
                format!("the certificate “{name}” {what}{}", in_set(set.as_ref())),
            )
        }
        Event::CertificateTakenIn {
            name, origin, key_held, ..
        } => {
            let key = if *key_held { "with" } else { "without" };
            let rest = format!("the certificate “{name}”, {key} its private key");
            match origin {
                ItemOrigin::Uploaded => both("uploaded", "upload", rest),
                ItemOrigin::Fetched => both("fetched", "fetch", rest),
                ItemOrigin::Created => both("kept", "keep", rest),
            }
        }
        Event::CertificateKeyJoined { name, .. } => both("added", "add", format!("the private key of the certificate “{name}”")),
        Event::CertificateShared { name, limits, .. } => both(
            "shared",
            "share",
            format!("the certificate “{name}” with {whom}{}", narrowed(limits)),
        ),
        Event::CertificateUnshared { name, .. } => both("stopped sharing", "stop sharing", format!("the certificate “{name}” with {whom}")),
        Event::LentCertificateUsed { name, .. } => both(
            "took",
            "take",
            format!("the certificate “{name}” with its private key, in the files of a signing set of {whom}"),
        ),
        Event::CertificateRenamed { from, to, .. } => both("renamed", "rename", format!("the certificate “{from}” to “{to}”")),
        Event::CertificateRemoved { name, key_destroyed, .. } => {
            let key = if *key_destroyed { "with" } else { "without" };
            both("removed", "remove", format!("the certificate “{name}” here, {key} its private key"))
        }
        Event::BinaryUploaded { name, .. } => both("uploaded", "upload", format!("the binary “{name}”")),
        Event::BinaryDownloaded { name, .. } => both("downloaded", "download", format!("the binary “{name}”")),
        Event::BinaryMarked {
            name,
            release_candidate: true,
            ..
        } => both("marked", "mark", format!("the binary “{name}” as a release candidate")),
        Event::BinaryMarked { name, .. } => both("took", "take", format!("the mark of a release candidate from the binary “{name}”")),
        Event::BinaryRemoved {
            name,
            kept_days: Some(days),
            ..
        } => both(
            "removed",
            "remove",
            format!("the binary “{name}”, which was kept for {}", of_days(*days)),
        ),
        Event::BinaryRetentionSet { days: 0 } => both("set", "set", "that binaries are kept for ever".to_owned()),
        Event::BinaryRetentionSet { days } => both(
            "set",
            "set",
            format!("that binaries are kept for {} after they were last sent or added", of_days(*days)),
        ),
        Event::BinaryRemoved { name, .. } => both("removed", "remove", format!("the binary “{name}”")),
        Event::ExportComplianceSet {
            identifier,
            answer: ExportCompliance::Ask,
        } => both(
            "set",
            "set",
            format!("that builds of {identifier} are asked about export compliance"),
        ),
        Event::ExportComplianceSet { identifier, answer } => both(
            "set",
            "set",
            format!("the answer about export compliance for builds of {identifier} to “{answer}”"),
        ),
        Event::BuildNumberReserved { identifier, number, .. } => {
            both("reserved", "reserve", format!("the build number {number} of {identifier}"))
        }
        Event::BuildSent { title, .. } => both("sent", "send", format!("{title} to Apple")),
        Event::TestingChanged { identifier, what, .. } => both("changed", "change", format!("TestFlight of {identifier}: {what}")),
        Event::BetaReviewDetailsWritten { identifier, .. } => both("wrote", "write", format!("the beta review details of {identifier}")),
        Event::BuildUploadReserved { title, .. } => both("announced", "announce", format!("the build {title} to Apple")),
        Event::BuildFileReserved { title, .. } => both("announced", "announce", format!("the file of {title} to Apple")),
        Event::BuildPartsSent { title, .. } => both("sent", "send", format!("the file of {title} to Apple")),
        Event::BuildUploadCommitted { title, .. } => both("told", "tell", format!("Apple that {title} is whole")),
        Event::AppleWebhookRegistered { identifier, .. } => both("registered", "register", format!("a webhook of {identifier} at Apple")),
        Event::AppleWebhookRemoved { identifier, .. } => both("removed", "remove", format!("the webhook of {identifier} at Apple")),
        Event::AppleWebhookForgotten { identifier, .. } => both("forgot", "forget", format!("the webhook of {identifier} here")),
        Event::BuildComplianceAnswered { title, answer, .. } => {
            both("answered", "answer", format!("export compliance for {title} with “{answer}”"))
        }
        Event::CsrCreated { name, .. } => both("made", "make", format!("the signing request “{name}”")),
        Event::CsrCompleted { name, .. } => both(
            "completed",
            "complete",
            format!("the signing request “{name}” with its certificate"),
        ),
        Event::CsrRemoved { name, key_destroyed, .. } => {
            let key = if *key_destroyed { "with" } else { "without" };
            both("removed", "remove", format!("the signing request “{name}”, {key} its private key"))
        }
        Event::CertificateRenewed { name, .. } => both("renewed", "renew", format!("the certificate “{name}”")),
        Event::ProfileCreated { name, identifier, .. } => both("created", "create", format!("the profile “{name}” for {identifier}")),
        Event::ProfileDeleted { name, .. } => both("deleted", "delete", format!("the profile “{name}” at Apple")),
        Event::ProfileRebuilt { name, .. } => both("rebuilt", "rebuild", format!("the profile “{name}”")),
        Event::ProfilesRebuilt { number: 1, devices, .. } => both("put", "put", format!("{} into 1 profile", list(devices))),
        Event::ProfilesRebuilt { number, devices, .. } => both("put", "put", format!("{} into {number} profiles", list(devices))),
        Event::ProfileUuidChanged { name, from, to, .. } => {
            both("changed", "change", format!("the UUID of the profile “{name}” from {from} to {to}"))
        }
        Event::ProfileLeftBehind { name, why, .. } => both("put", "put", format!("new devices into the profile “{name}”: {why}")),
        Event::ProfileFetched { name, reference: true, .. } => both(
            "fetched",
            "fetch",
            format!("the profile “{name}” from Apple as a reference, without its file"),
        ),
        Event::ProfileFetched { name, .. } => both("fetched", "fetch", format!("the profile “{name}” from Apple")),
        Event::ProfileImported { name, .. } => both("took in", "take in", format!("the profile “{name}” from a file")),
        Event::ProfileShared { name, limits, .. } => {
            both("shared", "share", format!("the profile “{name}” with {whom}{}", narrowed(limits)))
        }
        Event::ProfileUnshared { name, .. } => both("stopped sharing", "stop sharing", format!("the profile “{name}” with {whom}")),
        Event::ProfileRemoved { name, .. } => both("removed", "remove", format!("the profile “{name}” here")),
        Event::HeldProfileDownloaded { name, set: Some(set), .. } => {
            both("downloaded", "download", format!("the profile “{name}”{}", in_set(Some(set))))
        }
        Event::HeldProfileDownloaded { name, .. } | Event::ProfileDownloaded { name, .. } => {
            both("downloaded", "download", format!("the profile “{name}”"))
        }
        Event::SigningSetCreated { name, .. } => both("made", "make", format!("the signing set “{name}”")),
        Event::SigningSetEnsured { name, .. } => both("ensured", "ensure", format!("the signing set “{name}”")),
        Event::SigningSetSurveyed { name, .. } => both("looked", "look", format!("at Apple for what the signing set “{name}” needs")),
        Event::SigningSetUsed { name, .. } => both("used", "use", format!("the signing set “{name}”, with its private keys")),
        Event::SigningSetRemoved { name, .. } => both("removed", "remove", format!("the signing set “{name}”")),
        Event::AppleTokenMinted { name, scoped, .. } => both(
            "took",
            "take",
            format!("a {}token for Apple from the key “{name}”", if *scoped { "scoped " } else { "" }),
        ),
    }
}

fn titles(roles: &BTreeSet<Role>) -> String {
    if roles.is_empty() {
        return "nothing".to_owned();
    }
    roles.iter().map(|role| role.title()).collect::<Vec<_>>().join(", ")
}

fn of_days(days: u16) -> String {
    if days == 1 { "1 day".to_owned() } else { format!("{days} days") }
}

/// Names of devices, the first few of many.
fn list(devices: &[String]) -> String {
    match devices {
        [] => "new devices".to_owned(),
        [one] => format!("the device “{one}”"),
        [first, rest @ ..] => format!("the device “{first}” and {} more", rest.len()),
    }
}

/// How far a share goes, where it does not go all the way.
fn narrowed(limits: &ShareLimits) -> String {
    let mut words = String::new();
    if let Some(features) = &limits.features {
        let titles: Vec<_> = features.iter().map(|feature| feature.title()).collect();
        words += &format!(", only for {}", titles.join(", "));
    }
    if let Some(apps) = &limits.apps {
        let apps: Vec<_> = apps.iter().map(AppPattern::as_str).collect();
        words += &format!(", only for the apps {}", apps.join(", "));
    }
    if let Some(end) = limits.stops_at {
        words += &format!(", until {}", end.strftime("%-d %b %Y, %H:%M UTC"));
    }
    words
}

fn will_expire(what: String, days: u16) -> (String, String) {
    let when = match days {
        0 => "today".to_owned(),
        1 => "within a day".to_owned(),
        days => format!("within {days} days"),
    };
    (
        format!("noticed that {what} expires {when}"),
        format!("notice that {what} expires {when}"),
    )
}

/// What a file left with, where that was a signing set.
fn in_set(set: Option<&ItemName>) -> String {
    set.map_or_else(String::new, |set| format!(", with the signing set “{set}”"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{ApiKeyId, CertificateType, Feature, KeyKind, OperationId, ShareTarget};

    fn key() -> ApiKeyId {
        format!("key_{:032x}", 1).parse().unwrap()
    }

    #[test]
    fn a_record_reads_as_a_sentence_in_each_outcome() {
        let added = Event::KeyAdded {
            key: key(),
            name: "CI uploads".to_owned(),
            key_id: "ABC123DEFG".to_owned(),
            kind: KeyKind::Team,
        };
        assert_eq!(sentence(&added, Outcome::Done, ""), "added the team key “CI uploads” (ABC123DEFG)");
        assert_eq!(
            sentence(&added, Outcome::Denied, ""),
            "was not allowed to add the team key “CI uploads” (ABC123DEFG)"
        );
        let operation: OperationId = format!("op_{:032x}", 1).parse().unwrap();
        let created = Event::CertificateCreated {
            operation,
            key: key(),
            certificate_type: CertificateType::of_apple("DISTRIBUTION"),
            certificate: None,
        };
        assert_eq!(
            sentence(&created, Outcome::Intent, ""),
            "began to create an Apple Distribution certificate"
        );
        assert_eq!(
            sentence(&created, Outcome::Refused, ""),
            "tried to create an Apple Distribution certificate; Apple refused"
        );
    }

    #[test]
    fn a_share_says_with_whom_and_how_far() {
        let shared = |limits| {
            let name = "CI uploads".to_owned();
            let event = Event::KeyShared {
                key: key(),
                name,
                target: ShareTarget::All,
                limits,
            };
            sentence(&event, Outcome::Done, "“Halden Transit”")
        };
        assert_eq!(shared(ShareLimits::default()), "shared the key “CI uploads” with “Halden Transit”");
        let limits = ShareLimits {
            features: Some([Feature::Certificates].into()),
            apps: Some(["com.example.*".parse().unwrap()].into()),
            stops_at: Some("2027-01-31T23:59:59Z".parse().unwrap()),
        };
        let expected = format!(
            "shared the key “CI uploads” with “Halden Transit”, only for {}, only for the apps com.example.*, until 31 Jan 2027, 23:59 UTC",
            Feature::Certificates.title()
        );
        assert_eq!(shared(limits), expected);
    }
}
