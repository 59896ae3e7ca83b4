//! Pages of certificates and signing requests for the gallery.

use super::{
    super::{
        certificates::{
            acts::{RemoveCertificatePage, RenameCertificatePage},
            add::{AddPage, FetchPage, ImportedPage, UploadPage},
        },
        csrs::{
            acts::{CompleteCsrPage, NewCsrPage, RemoveCsrPage},
            list::{CsrPage, CsrsPage},
        },
        parts::Wrong,
        shell::{Place, Theme},
    },
    samples::{self, at, id},
};
use app::{
    Problem,
    apple_account::AppleCertificate,
    certificates::{CertificateDependents, CertificateDetails, Imported, LeftOut, Taken, TakenIn},
    csrs::NewCsr,
};
use domain::HeldCertificate;

/// What stands on a certificate's page.
pub(super) fn details(held: HeldCertificate) -> CertificateDetails {
    CertificateDetails {
        sets: super::signing_sets::names(),
        common_name: Some(format!("{} (7K3XQ9W2LM)", held.name)),
        issuer: Some("Apple Worldwide Developer Relations Certification Authority".into()),
        valid_from: at("2025-12-06T14:08:00Z"),
        sha256: "5E884898DA28047151D0E56F8DC6292773603D0D6AABBDD62A11EF721D1542D8".into(),
        is_verified: true,
        lent_by: None,
        sharing: None,
        held,
    }
}

fn dependents(key_destroyed: bool) -> CertificateDependents {
    CertificateDependents {
        sets: super::signing_sets::names(),
        certificate: samples::certificate(1, "Apple Distribution: Halden Mobile AS", "2026-12-06T14:08:00Z"),
        key_destroyed,
        valid_at_apple: true,
        sharing: None,
    }
}

fn imported() -> Imported {
    let taken = |number, name: &str, how, warnings: &[&str]| TakenIn {
        certificate: samples::certificate(number, name, "2027-06-18T14:08:00Z"),
        how,
        warnings: warnings.iter().map(|&warning| warning.to_owned()).collect(),
    };
    Imported {
        taken: vec![
            taken(1, "Apple Distribution: Halden Mobile AS", Taken::New, &[]),
            taken(2, "Apple Development: CI", Taken::Joined, &[]),
            taken(
                3,
                "Apple Distribution: last year",
                Taken::Held,
                &["It expired on 6 Dec 2025: nothing new can be signed with it."],
            ),
        ],
        left_out: vec![LeftOut {
            name: "Apple Worldwide Developer Relations Certification Authority".into(),
            why: "It is the certificate of an authority. Russet finds those by itself when a certificate is downloaded.".into(),
        }],
        warnings: vec![],
    }
}

fn at_apple(number: u32, name: &str, held: bool) -> AppleCertificate {
    AppleCertificate {
        id: format!("A1B2C3D4E{number}"),
        name: name.into(),
        certificate_type: "DISTRIBUTION".into(),
        serial: format!("7A1F20C499D1C09{number}"),
        team_id: None,
        expires_at: Some(at("2027-03-02T10:00:00Z")),
        held: held.then(|| id("cert", number)),
        origin: None,
        key_held: held,
    }
}

/// Name and markup of each.
pub(super) fn pages(theme: Theme) -> Vec<(&'static str, String)> {
    let org = id("org", 1);
    let shell = || samples::shell(Place::Certificates, theme);
    let mut pages = Vec::new();
    let mut add = |name, page: &dyn askama::DynTemplate| pages.push((name, page.dyn_render().expect("a page")));

    let requests = [samples::csr(1, "Developer ID 2027", 0), samples::csr(2, "Build machine", 2)];
    for (name, csrs) in [("csrs", requests.to_vec()), ("csrs-empty", vec![])] {
        let (shell, next) = (shell(), None);
        add(name, &CsrsPage { shell, org, csrs, next });
    }
    for (name, view) in ["csr", "csr-completed"].into_iter().zip(requests.clone()) {
        let certificates = match view.csr.is_open() {
            true => vec![],
            false => vec![samples::certificate(
                1,
                "Developer ID Application: Halden Mobile AS",
                "2031-12-06T14:08:00Z",
            )],
        };
        let shell = shell();
        let page = CsrPage {
            shell,
            org,
            view,
            certificates,
        };
        add(name, &page);
    }
    add(
        "csr-new",
        &NewCsrPage {
            shell: shell(),
            org,
            once: "once".into(),
            form: NewCsr {
                name: "Developer ID 2027".into(),
                email: String::new(),
                country: "Norway".into(),
            },
            wrong: Wrong::from(&Problem::field(
                "country_unfit",
                "country",
                "The country is not a two-letter code. Enter two letters, as in US, or nothing.",
            )),
        },
    );
    for (name, view) in ["csr-remove", "csr-remove-completed"].into_iter().zip(requests.clone()) {
        let (shell, csr, wrong) = (shell(), view.csr, Wrong::default());
        add(name, &RemoveCsrPage { shell, org, csr, wrong });
    }
    let another = "This certificate (“Apple Distribution: Halden Mobile AS”, serial 7A1F20C499D1C091) was not made of the request “Developer ID 2027”: it has another public key.";
    add(
        "csr-complete",
        &CompleteCsrPage {
            shell: shell(),
            org,
            csr: requests[0].csr.clone(),
            wrong: Wrong::from(&Problem::field("certificate_of_another_key", "certificate", another)),
        },
    );

    add("certificate-new", &AddPage { shell: shell(), org });
    let wrong_password = Problem::field(
        "password_wrong",
        "password",
        "The password does not open the .p12. Enter the password that was set when it was exported.",
    );
    for (name, cer, wrong) in [
        ("certificate-upload", false, Wrong::default()),
        ("certificate-upload-wrong", false, Wrong::from(&wrong_password)),
        ("certificate-upload-cer", true, Wrong::default()),
    ] {
        let shell = shell();
        add(name, &UploadPage { shell, org, cer, wrong });
    }
    add(
        "certificates-imported",
        &ImportedPage {
            shell: shell(),
            org,
            imported: imported(),
        },
    );
    let choices = samples::choices();
    add(
        "certificates-fetch",
        &FetchPage {
            shell: shell(),
            org,
            key: Some(choices[0].key.id),
            keys: choices,
            items: vec![
                at_apple(1, "Apple Distribution: Halden Mobile AS", true),
                at_apple(2, "Apple Distribution: old build box", false),
            ],
            trouble: None,
            wrong: Wrong::default(),
        },
    );
    let of = samples::certificate(1, "Apple Distribution: Halden Mobile AS", "2026-12-06T14:08:00Z");
    add(
        "certificate-rename",
        &RenameCertificatePage {
            shell: shell(),
            org,
            name: of.name.clone(),
            of,
            wrong: Wrong::default(),
        },
    );
    for (name, key_destroyed) in [("certificate-remove", true), ("certificate-remove-key-stays", false)] {
        let (shell, wrong) = (shell(), Wrong::default());
        let dependents = dependents(key_destroyed);
        let page = RemoveCertificatePage {
            shell,
            org,
            dependents,
            wrong,
        };
        add(name, &page);
    }
    pages
}
