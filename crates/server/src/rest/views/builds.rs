//! Builds, as the API says them.

use super::{binaries, operation};
use app::builds::{AppleApp, AppleBuild, Checked, Sending};
use domain::{Made, OperationState};

pub(crate) fn check(checked: Checked) -> api::BuildCheck {
    let findings: Vec<_> = checked.findings.into_iter().map(binaries::finding).collect();
    let (app, app_name) = checked.app.unzip();
    api::BuildCheck {
        app,
        app_name,
        can_be_sent: findings.iter().all(|found| found.severity != "refused"),
        findings,
    }
}

pub(crate) fn sending(sending: &Sending) -> api::BuildSending {
    let act = &sending.view.operation;
    let (build, warnings) = match &act.state {
        OperationState::Done {
            made: Made::Build { apple_id, warnings },
        } => (Some(apple_id.clone()), warnings.clone()),
        _ => (None, Vec::new()),
    };
    let of = act.kind.build();
    api::BuildSending {
        operation: operation(&sending.view),
        binary: of.map(|of| of.binary.to_string()).unwrap_or_default(),
        identifier: of.map(|of| of.identifier.clone()).unwrap_or_default(),
        version: of.map(|of| of.version.clone()).unwrap_or_default(),
        build_number: of.map(|of| of.build_number.clone()).unwrap_or_default(),
        arrived: sending.arrived,
        size: of.map(|of| of.size).unwrap_or_default(),
        waits_for: sending.waits_for.map(str::to_owned),
        build,
        warnings,
    }
}

pub(crate) fn app(app: AppleApp) -> api::App {
    api::App {
        id: app.id,
        name: app.name,
        identifier: app.identifier,
        sku: app.sku,
        primary_locale: app.primary_locale,
    }
}

pub(crate) fn build(build: AppleBuild) -> api::Build {
    api::Build {
        id: build.id,
        version: build.version,
        build_number: build.build_number,
        platform: build.platform,
        processing: build.processing,
        internal: build.internal,
        external: build.external,
        state: build.state.to_owned(),
        uses_non_exempt_encryption: build.uses_non_exempt_encryption,
        minimum_os: build.minimum_os,
        uploaded_at: build.uploaded_at,
        expires_at: build.expires_at,
        expired: build.expired,
    }
}
