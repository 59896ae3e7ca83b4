//! What `russet testflight` shows people.

use crate::output::{date, plain, table};

pub(super) fn told_testers(testers: &[api::Tester]) -> String {
    table(
        &["e-mail", "name", "state", "groups", "id"],
        testers.iter().map(|tester| {
            vec![
                tester.email.clone().unwrap_or_else(|| "hidden, came by the public link".to_owned()),
                tester.name.clone(),
                tester.state.clone().unwrap_or_default().to_lowercase().replace('_', " "),
                tester.groups.join(", "),
                tester.id.clone(),
            ]
        }),
    )
}

pub(super) fn told_group(found: &api::TestingGroupDetails) -> String {
    let group = &found.group;
    let kind = if group.internal { "internal" } else { "external" };
    let mut text = format!("“{}”, {kind}, {}", plain(&group.name), group.id);
    if group.all_builds {
        text.push_str("\nIt gets every build by itself.");
    }
    if let Some(link) = &group.public_link {
        let limit = group.public_link_limit.map(|limit| format!(", for {limit}")).unwrap_or_default();
        text.push_str(&format!("\nPublic link: {link}{limit}"));
    }
    text.push_str(&format!("\n\nTesters: {}\n{}", found.testers.len(), told_testers(&found.testers)));
    let builds = found.builds.iter().map(|build| {
        vec![
            build.version.clone().unwrap_or_default(),
            build.build_number.clone(),
            build.state.clone(),
            date(build.expires_at),
        ]
    });
    text.push_str(&format!(
        "\n\nBuilds: {}\n{}",
        found.builds.len(),
        table(&["version", "build", "state", "ends"], builds)
    ));
    text
}

pub(super) fn told_build(found: &api::BuildInTesting) -> String {
    let build = &found.build;
    let mut text = format!(
        "{} ({}): {}",
        plain(build.version.as_deref().unwrap_or_default()),
        plain(&build.build_number),
        build.state
    );
    let compliance = match build.uses_non_exempt_encryption {
        None => "not answered",
        Some(true) => "non-exempt encryption",
        Some(false) => "exempt",
    };
    text.push_str(&format!("\nExport compliance: {compliance}"));
    if let Some(review) = &found.review {
        text.push_str(&format!("\nBeta review: {}", plain(review).to_lowercase().replace('_', " ")));
    }
    let groups: Vec<_> = found.groups.iter().map(|group| plain(&group.name)).collect();
    text.push_str(&match groups.is_empty() {
        true => "\nGroups: none was given it".to_owned(),
        false => format!("\nGroups: {}", groups.join(", ")),
    });
    for what in &found.what_to_test {
        text.push_str(&format!("\nWhat to Test, {}: {}", plain(&what.locale), plain(&what.text)));
    }
    text
}

pub(super) fn told_info(found: &api::BetaInfo) -> String {
    let mut lines = Vec::new();
    let mut line = |name: &str, value: &Option<String>| {
        if let Some(value) = value.as_deref().filter(|value| !value.is_empty()) {
            lines.push(format!("{name}: {}", plain(value)));
        }
    };
    for texts in &found.texts {
        let of = |name: &str| format!("{name}, {}", plain(&texts.locale));
        line(&of("Description"), &texts.description);
        line(&of("Feedback goes to"), &texts.feedback_email);
        line(&of("Page"), &texts.marketing_url);
        line(&of("Privacy"), &texts.privacy_policy_url);
    }
    let review = &found.review;
    let name = [&review.first_name, &review.last_name]
        .into_iter()
        .flatten()
        .cloned()
        .collect::<Vec<_>>()
        .join(" ");
    line("Beta review asks", &Some(name));
    line("Telephone", &review.phone);
    line("E-mail", &review.email);
    line("Demo account", &review.demo_account);
    line("Notes", &review.notes);
    if review.sign_in_required {
        let password = if review.has_demo_password {
            "with a password"
        } else {
            "without a password"
        };
        lines.push(format!("Beta review signs in, {password}."));
    }
    lines.push(match found.license.is_empty() {
        true => "License agreement: Apple's own".to_owned(),
        false => format!("License agreement: {} characters of your own", found.license.chars().count()),
    });
    lines.join("\n")
}
