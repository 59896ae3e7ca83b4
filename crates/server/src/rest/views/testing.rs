//! TestFlight, as the API says it.

use super::builds;
use app::testing::{AppInfo, BuildInTesting, Group, GroupDetails, ReviewContact, Tester};

pub(crate) fn group(group: Group) -> api::TestingGroup {
    api::TestingGroup {
        id: group.id,
        name: group.name,
        internal: group.internal,
        all_builds: group.all_builds,
        public_link: group.public_link,
        public_link_limit: group.public_link_limit,
        feedback: group.feedback,
        created_at: group.created_at,
    }
}

pub(crate) fn group_details(found: GroupDetails) -> api::TestingGroupDetails {
    api::TestingGroupDetails {
        group: group(found.group),
        testers: found.testers.into_iter().map(tester).collect(),
        builds: found.builds.into_iter().map(builds::build).collect(),
    }
}

pub(crate) fn tester(tester: Tester) -> api::Tester {
    api::Tester {
        id: tester.id,
        email: tester.email,
        name: tester.name,
        invited_by: tester.invited_by,
        state: tester.state,
        groups: tester.groups,
    }
}

pub(crate) fn build(found: BuildInTesting) -> api::BuildInTesting {
    api::BuildInTesting {
        build: builds::build(found.build),
        groups: found.groups.into_iter().map(group).collect(),
        what_to_test: found.texts.into_iter().map(|(locale, text)| api::TextIn { locale, text }).collect(),
        review: found.review,
        submitted_at: found.submitted_at,
        is_complete: found.is_complete,
    }
}

pub(crate) fn info(found: AppInfo) -> api::BetaInfo {
    let texts = found.texts.into_iter().map(|(locale, texts)| api::BetaAppTexts {
        locale,
        feedback_email: texts.feedback_email,
        marketing_url: texts.marketing_url,
        privacy_policy_url: texts.privacy_policy_url,
        description: texts.description,
    });
    api::BetaInfo {
        texts: texts.collect(),
        review: contact(found.review),
        license: found.license,
    }
}

fn contact(of: ReviewContact) -> api::BetaReviewContact {
    api::BetaReviewContact {
        first_name: of.first_name,
        last_name: of.last_name,
        phone: of.phone,
        email: of.email,
        sign_in_required: of.sign_in_required,
        demo_account: of.demo_account,
        has_demo_password: of.has_demo_password,
        notes: of.notes,
    }
}
