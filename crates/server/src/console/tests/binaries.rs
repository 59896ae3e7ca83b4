//! Pages of binaries for the gallery.

use super::{
    super::{
        binaries::{
            acts::{RemoveBinaryPage, UploadPage},
            list::{BinariesPage, BinaryPage},
            send::{SendPage, SendingPage},
        },
        operation::steps,
        parts::Wrong,
        shell::{Place, Theme},
    },
    samples::{self, at, id},
};
use app::{
    Problem,
    binaries::{BinaryView, Finding, Severity},
    builds::{NewBuild, Sending},
    operations::OperationView,
};
use domain::{
    Actor, BinaryKind, HeldBinary, Made, Operation, OperationKind, OperationState, StepOf, Subject,
    binary::{BundleInside, Contents, ProfileInside},
    operation::{BuildToSend, FileReservation, FileUpload, UploadReservation},
};

fn bundle(kind: &str, place: &str, identifier: &str, name: &str) -> BundleInside {
    BundleInside {
        kind: kind.into(),
        path: format!("Payload/Tickets.app{place}"),
        bundle_id: identifier.into(),
        name: name.into(),
        version: "2.4.0".into(),
        build_number: "47".into(),
        platform: Some("IOS".into()),
        minimum_os: Some("16.0".into()),
        architectures: vec!["arm64".into()],
        uses_non_exempt_encryption: None,
        purposes: [("NSCameraUsageDescription".into(), "To scan tickets.".into())].into(),
        profile: Some(Ok(ProfileInside {
            name: format!("{name} App Store"),
            uuid: "9f0c1b5e-7a26-4a7e-9a41-0a5b3c2d1e0f".into(),
            method: "App Store".into(),
            team: Some("HLD4MOB1LE".into()),
            expires_at: Some(at("2027-03-02T10:00:00Z")),
            certificates: vec![("Apple Distribution: Halden Mobile AS".into(), at("2027-03-02T10:00:00Z"))],
            entitlements: [("aps-environment".into(), "production".into())].into(),
        })),
    }
}

fn binary(number: u32, file_name: &str, is_release_candidate: bool) -> BinaryView {
    let is_package = file_name.ends_with(".pkg");
    let contents = Contents {
        app: bundle("app", "", "com.halden.tickets", "Tickets"),
        nested: vec![bundle(
            "app extension",
            "/PlugIns/Widget.appex",
            "com.halden.tickets.widget",
            "Tickets Widget",
        )],
    };
    BinaryView {
        binary: HeldBinary {
            id: id("bin", number),
            organization: id("org", 1),
            file_name: file_name.into(),
            kind: if is_package { BinaryKind::Pkg } else { BinaryKind::Ipa },
            size: 184_320_000,
            sha256: "5d41402abc4b2a76b9719d911017c592ae41e4649b934ca495991b7852b855cd".into(),
            contents: (!is_package).then_some(contents),
            has_icon: false,
            is_release_candidate,
            uploaded_by: Subject::User(id("user", 1)),
            uploaded_at: at("2026-11-23T08:12:00Z"),
        },
        uploaded_by: "Elin Strand".into(),
    }
}

fn findings() -> Vec<Finding> {
    let finding = |code, severity, message: &str| Finding {
        code,
        severity,
        bundle: "com.halden.tickets".into(),
        message: message.into(),
    };
    vec![
        finding(
            "profile_not_for_store",
            Severity::Refused,
            "The profile inside is for Ad Hoc distribution. Export the app for App Store Connect.",
        ),
        finding(
            "compliance_missing",
            Severity::Warning,
            "The app does not answer the question of export compliance, so TestFlight waits for an answer. Put ITSAppUsesNonExemptEncryption into Info.plist.",
        ),
    ]
}

fn sending(state: OperationState) -> Sending {
    let of = BuildToSend {
        key: id("key", 1),
        binary: id("bin", 1),
        title: "Tickets 2.4.0 (47)".into(),
        app: "6448311069".into(),
        identifier: "com.halden.tickets".into(),
        version: "2.4.0".into(),
        build_number: "47".into(),
        platform: "IOS".into(),
        file_type: "com.apple.ipa".into(),
        file_name: "Tickets.ipa".into(),
        size: 184_320_000,
        sha256: String::new(),
        subject: String::new(),
    };
    let act = |number, kind, state, step| Operation {
        id: id("op", number),
        organization: id("org", 1),
        started_by: Actor::Person { user: id("user", 1) },
        kind,
        step_of: step,
        state,
        started_at: at("2026-11-23T09:58:00Z"),
        updated_at: at("2026-11-23T09:59:00Z"),
    };
    let step = |step| Some(StepOf { plan: id("op", 1), step });
    let done = |what: &str| OperationState::Done {
        made: Made::AtApple(what.into()),
    };
    let whole = Box::new(of.clone());
    let (upload, file) = ("upload".to_owned(), "file".to_owned());
    let is_over = state.is_over();
    let last = FileUpload {
        of: whole.clone(),
        upload: upload.clone(),
        file,
    };
    let mut steps = vec![
        act(
            2,
            OperationKind::ReserveUpload(UploadReservation { of: whole.clone() }),
            done("upload"),
            step(1),
        ),
        act(
            3,
            OperationKind::ReserveFile(FileReservation { of: whole, upload }),
            done("file"),
            step(2),
        ),
    ];
    let calling = OperationState::Calling {
        since: at("2026-11-23T09:59:00Z"),
    };
    let sent = if is_over { done("file") } else { calling };
    steps.push(act(4, OperationKind::SendParts(last.clone()), sent, step(3)));
    if is_over {
        steps.push(act(5, OperationKind::CommitUpload(last), done("file"), step(4)));
    }
    Sending {
        view: OperationView {
            operation: act(1, OperationKind::SendBuild(of), state, None),
            places: vec![],
            steps,
        },
        arrived: if is_over { 184_320_000 } else { 100_663_296 },
        waits_for: (!is_over).then_some("The file is on its way to Apple."),
    }
}

/// All of them.
pub(super) fn pages(theme: Theme) -> Vec<(&'static str, String)> {
    let shell = || samples::shell(Place::Binaries, theme);
    let org = id("org", 1);
    let mut pages = Vec::new();
    let mut add = |name, page: &dyn askama::DynTemplate| pages.push((name, page.dyn_render().expect("a page")));
    let list = |binaries, search: &str| BinariesPage {
        shell: shell(),
        org,
        search: search.into(),
        binaries,
        next: None,
    };
    let some = vec![
        binary(1, "Tickets.ipa", true),
        binary(2, "Tickets-2026-11-20-with-a-rather-long-name.ipa", false),
        binary(3, "Harbor Console.pkg", false),
    ];
    add("binaries", &list(some, ""));
    add("binaries-empty", &list(vec![], ""));
    add("binaries-nothing-fits", &list(vec![], "Ferry"));
    for (name, findings) in [("binary", findings()), ("binary-clean", vec![])] {
        add(
            name,
            &BinaryPage {
                shell: shell(),
                org,
                view: binary(1, "Tickets.ipa", name == "binary"),
                findings,
            },
        );
    }
    let not_an_app = Problem::field(
        "not_an_app",
        "file",
        "This is a web page. An .ipa is a zip archive with the folder Payload in it. Choose the .ipa that the build made. Nothing of it is kept.",
    );
    for (name, wrong) in [
        ("binary-upload", Wrong::default()),
        ("binary-upload-wrong", Wrong::from(&not_an_app)),
    ] {
        add(
            name,
            &UploadPage {
                shell: shell(),
                org,
                wrong,
            },
        );
    }
    add(
        "binary-remove",
        &RemoveBinaryPage {
            shell: shell(),
            org,
            view: binary(1, "Tickets.ipa", false),
            wrong: Wrong::default(),
        },
    );
    let refused = Problem::field(
        "apple_would_refuse",
        "binary",
        "Apple has a build 47 of version 2.4.0 already. Raise the build number (CFBundleVersion), and build anew.",
    );
    for (name, file, problem) in [
        ("binary-send", "Tickets.ipa", None),
        ("binary-send-refused", "Tickets.ipa", Some(&refused)),
        ("binary-send-package", "Harbor Console.pkg", None),
    ] {
        add(
            name,
            &SendPage {
                shell: shell(),
                org,
                view: binary(1, file, false),
                keys: samples::choices(),
                chosen: Some(id("key", 1)),
                entered: NewBuild::default(),
                wrong: problem.map(Wrong::from).unwrap_or_default(),
                is_refused: problem.is_some(),
            },
        );
    }
    let built = OperationState::Done {
        made: Made::Build {
            apple_id: "build".into(),
            warnings: vec!["CFBundleVersion Mismatch. An extension has another version than the app. Give both the same. (90473)".into()],
        },
    };
    let refused = OperationState::Refused {
        status: 200,
        code: "90062".into(),
        why: "Apple refused the file: The version is not above the one that is approved already. Raise the version (CFBundleShortVersionString), and build anew. (90062)".into(),
        places: vec![],
    };
    for (name, state) in [
        ("sending", OperationState::Working { step: 3 }),
        ("sending-done", built),
        ("sending-refused", refused),
    ] {
        let sending = sending(state);
        let steps = steps(&sending.view);
        add(
            name,
            &SendingPage {
                shell: shell(),
                org,
                sending,
                steps,
            },
        );
    }
    pages
}
