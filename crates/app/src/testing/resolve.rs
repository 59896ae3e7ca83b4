//! From what is wished to what is changed: everything is looked up in the lists of the one app, each list read once and only
//! where a wish needs it. What is so already is left out.

use super::{Wish, file};
use crate::{Problem, builds::AppleApp, problem::Kind};
use apple::{
    BetaAppLocalization, BetaBuildLocalization, BetaGroup, BetaGroupFilter, BetaTester, BetaTesterFilter, BuildDetail, BuildFilter, Error,
    Session,
};
use domain::operation::{AppTexts, BuildName, GroupName, TesterName, TestingChange};
use std::collections::BTreeMap;

/// How many of an app's latest builds can be named by their number.
const BUILDS_LOOKED_AT: u8 = 200;
/// Longest text that testers read, in characters.
const LONGEST_TEXT: usize = 4_000;
/// Longest name of a group. Apple names no limit; this is far above what its website shows.
const LONGEST_NAME: usize = 255;
/// The most that a public link lets in.
const MOST_BY_LINK: u32 = 10_000;

type Found<T> = Result<Result<T, Problem>, Error>;

/// What was read of the app.
struct Lists<'a> {
    session: &'a Session,
    app: &'a AppleApp,
    groups: Option<Vec<BetaGroup>>,
    builds: Option<Vec<BuildDetail>>,
    testers: Option<Vec<BetaTester>>,
    texts: BTreeMap<String, Vec<BetaBuildLocalization>>,
    app_texts: Option<Vec<BetaAppLocalization>>,
}

/// Unwraps what was found, or gives back the problem.
macro_rules! found {
    ($looked_up:expr) => {
        match $looked_up {
            Ok(found) => found,
            Err(problem) => return Ok(Err(problem)),
        }
    };
}

/// The changes that fulfil these wishes.
pub(super) async fn resolved(session: &Session, app: &AppleApp, wishes: &[Wish]) -> Found<Vec<TestingChange>> {
    let mut lists = Lists {
        session,
        app,
        groups: None,
        builds: None,
        testers: None,
        texts: BTreeMap::new(),
        app_texts: None,
    };
    let mut changes = Vec::new();
    for wish in wishes {
        changes.extend(found!(lists.changes(wish).await?));
    }
    Ok(Ok(changes))
}

impl Lists<'_> {
    async fn changes(&mut self, wish: &Wish) -> Found<Vec<TestingChange>> {
        let change = match wish.clone() {
            Wish::CreateGroup {
                name,
                internal,
                all_builds,
            } => found!(self.new_group(&name, internal, all_builds).await?),
            Wish::ChangeGroup {
                group,
                rename_to,
                public_link,
                public_link_limit,
                feedback,
            } => {
                let group = found!(self.group(&group).await?);
                let rename_to = found!(rename_to.map(|name| group_name(&name)).transpose());
                if group.internal && (public_link == Some(true) || public_link_limit.is_some()) {
                    return Ok(Err(Problem::field(
                        "group_is_internal",
                        "public_link",
                        format!("“{}” is an internal group; only external groups have a public link.", group.name),
                    )));
                }
                if public_link_limit.is_some_and(|limit| limit > MOST_BY_LINK) {
                    return Ok(Err(Problem::field(
                        "public_link_limit_unfit",
                        "public_link_limit",
                        format!("A public link lets in at most {MOST_BY_LINK}; 0 leaves it to Apple."),
                    )));
                }
                if rename_to.is_none() && public_link.is_none() && public_link_limit.is_none() && feedback.is_none() {
                    return Ok(Ok(Vec::new()));
                }
                TestingChange::ChangeGroup {
                    group,
                    rename_to,
                    public_link,
                    public_link_limit,
                    feedback,
                }
            }
            Wish::DeleteGroup { group } => TestingChange::DeleteGroup {
                group: found!(self.group(&group).await?),
            },
            Wish::GiveBuild { group, build } => {
                let gets_all = found!(self.find_group(&group).await?).attributes.has_access_to_all_builds == Some(true);
                let group = found!(self.group(&group).await?);
                if gets_all {
                    return Ok(Err(Problem::field(
                        "group_gets_all_builds",
                        "group",
                        format!("“{}” gets every build by itself, and Apple lets nobody put one in.", group.name),
                    )));
                }
                TestingChange::GiveBuild {
                    group,
                    build: found!(self.build(&build).await?),
                }
            }
            Wish::TakeBuild { group, build } => TestingChange::TakeBuild {
                group: found!(self.group(&group).await?),
                build: found!(self.build(&build).await?),
            },
            Wish::AddTester {
                group,
                email,
                first_name,
                last_name,
            } => {
                let email = found!(file::address(&email).map_err(|why| Problem::field("email_unfit", "email", why)));
                let row = file::Row {
                    email,
                    first_name: found!(file::name(first_name.as_deref()).map_err(|why| Problem::field("name_unfit", "first_name", why))),
                    last_name: found!(file::name(last_name.as_deref()).map_err(|why| Problem::field("name_unfit", "last_name", why))),
                };
                return self.add(&group, vec![row]).await;
            }
            Wish::AddTesters {
                group,
                file,
                leave_out_faulty,
            } => {
                let rows = found!(file::read(&file, leave_out_faulty));
                return self.add(&group, rows).await;
            }
            Wish::RemoveTester { tester, group } => {
                let tester = found!(self.tester(&tester).await?);
                let group = match group {
                    Some(group) => Some(found!(self.group(&group).await?)),
                    None => None,
                };
                TestingChange::RemoveTester { tester, group }
            }
            Wish::Invite { tester } => TestingChange::Invite {
                tester: found!(self.tester(&tester).await?),
            },
            Wish::Describe { build, locale, text } => {
                let build = found!(self.build(&build).await?);
                let locale = found!(language(&locale));
                let text = found!(text_to_read("text", &text));
                let present = self
                    .texts_of(&build.id)
                    .await?
                    .iter()
                    .find(|known| is_in(known.attributes.locale.as_deref(), &locale));
                if present.is_some_and(|present| present.attributes.whats_new.as_deref() == Some(&*text)) {
                    return Ok(Ok(Vec::new()));
                }
                TestingChange::Describe {
                    present: present.map(|present| present.id.clone()),
                    build,
                    locale,
                    text,
                }
            }
            Wish::AnswerCompliance { build, uses_encryption } => {
                let answered = found!(self.find_build(&build).await?).build.attributes.uses_non_exempt_encryption;
                let build = found!(self.build(&build).await?);
                match answered {
                    Some(known) if known == uses_encryption => return Ok(Ok(Vec::new())),
                    Some(_) => {
                        return Ok(Err(Problem::new(
                            Kind::Conflict,
                            "compliance_is_answered",
                            format!(
                                "Export compliance of {} is answered already, the other way, and Apple takes one answer. Send another build.",
                                build.title
                            ),
                        )));
                    }
                    None => TestingChange::AnswerCompliance { build, uses_encryption },
                }
            }
            Wish::ExpireBuild { build } => {
                let expired = found!(self.find_build(&build).await?).build.attributes.expired == Some(true);
                let build = found!(self.build(&build).await?);
                if expired {
                    return Ok(Ok(Vec::new()));
                }
                TestingChange::ExpireBuild { build }
            }
            Wish::SubmitForReview { build } => {
                let found = found!(self.find_build(&build).await?);
                let is_expired = found.build.attributes.expired == Some(true);
                let build = found!(self.build(&build).await?);
                if is_expired {
                    return Ok(Err(Problem::new(
                        Kind::Conflict,
                        "build_expired",
                        format!(
                            "{} has expired, and an expired build reaches nobody any more. Send another one.",
                            build.title
                        ),
                    )));
                }
                let handed_in = self
                    .session
                    .beta_app_review_submissions()
                    .list(std::slice::from_ref(&build.id))
                    .await?;
                let is_of_it = |known: &apple::BetaAppReviewSubmission| {
                    known.related("build").is_none_or(|of| of.id == build.id)
                        && known.attributes.beta_review_state != Some(apple::BetaReviewState::Rejected)
                };
                if handed_in.iter().any(is_of_it) {
                    return Ok(Ok(Vec::new()));
                }
                TestingChange::SubmitForReview { build }
            }
            Wish::Notify { build } => TestingChange::Notify {
                build: found!(self.build(&build).await?),
            },
            Wish::DescribeApp { locale, texts } => {
                let locale = found!(language(&locale));
                let texts = found!(texts_to_read(texts));
                let present = self
                    .app_texts()
                    .await?
                    .iter()
                    .find(|known| is_in(known.attributes.locale.as_deref(), &locale));
                TestingChange::DescribeApp {
                    present: present.map(|present| present.id.clone()),
                    locale,
                    texts,
                }
            }
            Wish::SetLicense { text } => {
                let listed = self
                    .session
                    .beta_license_agreements()
                    .list(std::slice::from_ref(&self.app.id))
                    .await?;
                let ours = listed
                    .into_iter()
                    .find(|agreement| agreement.related("app").is_none_or(|of| of.id == self.app.id));
                let Some(agreement) = ours else {
                    return Ok(Err(Problem::new(
                        Kind::NotFound,
                        "no_license",
                        "Apple lists no beta license agreement of this app.",
                    )));
                };
                if agreement.attributes.agreement_text.unwrap_or_default() == text {
                    return Ok(Ok(Vec::new()));
                }
                TestingChange::SetLicense {
                    agreement: agreement.id,
                    text,
                }
            }
        };
        Ok(Ok(vec![change]))
    }

    async fn new_group(&mut self, name: &str, internal: bool, all_builds: bool) -> Found<TestingChange> {
        let name = found!(group_name(name));
        if all_builds && !internal {
            return Ok(Err(Problem::field(
                "group_is_external",
                "all_builds",
                "Only an internal group can get every build by itself: what goes outside of the team goes through beta review.",
            )));
        }
        let groups = self.groups().await?;
        if groups.iter().any(|known| is_called(known, &name)) {
            return Ok(Err(Problem::field(
                "group_exists",
                "name",
                format!("The app has a group “{name}” already. Choose another name."),
            )));
        }
        if !internal && !groups.iter().any(|known| known.attributes.is_internal_group == Some(true)) {
            return Ok(Err(Problem::field(
                "internal_group_first",
                "internal",
                "Apple lets an app have external groups once it has an internal one. Make an internal group first.",
            )));
        }
        Ok(Ok(TestingChange::CreateGroup {
            name,
            internal,
            all_builds,
        }))
    }

    async fn add(&mut self, group: &str, rows: Vec<file::Row>) -> Found<Vec<TestingChange>> {
        let group = found!(self.group(group).await?);
        let testers = self.testers().await?;
        let mut changes = Vec::new();
        for row in rows {
            let present = testers.iter().find(|known| has_address(known, &row.email));
            if present.is_some_and(|present| present.related_many("betaGroups").iter().any(|of| of.id == group.id)) {
                continue;
            }
            changes.push(TestingChange::AddTester {
                group: group.clone(),
                email: row.email,
                first_name: row.first_name,
                last_name: row.last_name,
                tester: present.map(|present| present.id.clone()),
            });
        }
        Ok(Ok(changes))
    }

    async fn groups(&mut self) -> Result<&[BetaGroup], Error> {
        if self.groups.is_none() {
            self.groups = Some(groups_of(self.session, &self.app.id).await?);
        }
        Ok(self.groups.as_deref().unwrap_or_default())
    }

    async fn find_group(&mut self, wanted: &str) -> Found<&BetaGroup> {
        let name = self.app.name.clone();
        let groups = self.groups().await?;
        let wanted = wanted.trim();
        let exact = groups
            .iter()
            .find(|group| group.id == wanted || group.attributes.name.as_deref() == Some(wanted));
        let mut alike = groups.iter().filter(|group| is_called(group, wanted));
        let found = match (exact, alike.next(), alike.next()) {
            (Some(exact), _, _) => Some(exact),
            (None, Some(_), Some(_)) => {
                return Ok(Err(Problem::field(
                    "group_ambiguous",
                    "group",
                    format!(
                        "Several groups are called “{wanted}” but for upper and lower case. Write it as Apple does, or give Apple's id."
                    ),
                )));
            }
            (None, one, _) => one,
        };
        Ok(found.ok_or_else(|| {
            let names: Vec<_> = groups.iter().filter_map(|group| group.attributes.name.clone()).collect();
            let has = if names.is_empty() {
                "has no group".to_owned()
            } else {
                format!("has {}", names.join(", "))
            };
            Problem::field("group_unknown", "group", format!("There is no group “{wanted}”: {name} {has}."))
        }))
    }

    async fn group(&mut self, wanted: &str) -> Found<GroupName> {
        let group = found!(self.find_group(wanted).await?);
        Ok(Ok(GroupName {
            id: group.id.clone(),
            name: group.attributes.name.clone().unwrap_or_default(),
            internal: group.attributes.is_internal_group == Some(true),
        }))
    }

    async fn builds(&mut self) -> Result<&[BuildDetail], Error> {
        if self.builds.is_none() {
            self.builds = Some(builds_of(self.session, &self.app.id).await?);
        }
        Ok(self.builds.as_deref().unwrap_or_default())
    }

    async fn find_build(&mut self, wanted: &str) -> Found<&BuildDetail> {
        let builds = self.builds().await?;
        Ok(one_build(builds, wanted))
    }

    async fn build(&mut self, wanted: &str) -> Found<BuildName> {
        let build = found!(self.find_build(wanted).await?);
        Ok(Ok(BuildName {
            id: build.build.id.clone(),
            title: title(build),
        }))
    }

    async fn testers(&mut self) -> Result<&[BetaTester], Error> {
        if self.testers.is_none() {
            self.testers = Some(testers_of(self.session, &self.app.id).await?);
        }
        Ok(self.testers.as_deref().unwrap_or_default())
    }

    async fn tester(&mut self, wanted: &str) -> Found<TesterName> {
        let name = self.app.name.clone();
        let testers = self.testers().await?;
        let wanted = wanted.trim();
        let found = testers.iter().find(|known| known.id == wanted || has_address(known, wanted));
        Ok(found
            .map(|tester| TesterName {
                id: tester.id.clone(),
                email: tester.attributes.email.clone().unwrap_or_else(|| wanted.to_owned()),
            })
            .ok_or_else(|| Problem::field("tester_unknown", "tester", format!("{name} has no tester “{wanted}”."))))
    }

    async fn texts_of(&mut self, build: &str) -> Result<&[BetaBuildLocalization], Error> {
        if !self.texts.contains_key(build) {
            let listed = self.session.beta_build_localizations().list(&[build.to_owned()]).await?;
            let ours = listed
                .into_iter()
                .filter(|text| text.related("build").is_none_or(|of| of.id == build));
            self.texts.insert(build.to_owned(), ours.collect());
        }
        Ok(self.texts.get(build).map(Vec::as_slice).unwrap_or_default())
    }

    async fn app_texts(&mut self) -> Result<&[BetaAppLocalization], Error> {
        if self.app_texts.is_none() {
            self.app_texts = Some(app_texts_of(self.session, &self.app.id).await?);
        }
        Ok(self.app_texts.as_deref().unwrap_or_default())
    }
}

/// The groups of an app. Filters are hints: what says that it is another app's is left out, here and below.
pub(super) async fn groups_of(session: &Session, app: &str) -> Result<Vec<BetaGroup>, Error> {
    let filter = BetaGroupFilter {
        apps: vec![app.to_owned()],
        ..BetaGroupFilter::default()
    };
    let mut groups = session.beta_groups().list(&filter).await?;
    groups.retain(|group| group.related("app").is_none_or(|of| of.id == app));
    Ok(groups)
}

/// Its latest builds.
pub(super) async fn builds_of(session: &Session, app: &str) -> Result<Vec<BuildDetail>, Error> {
    let filter = BuildFilter {
        apps: vec![app.to_owned()],
        at_most: Some(BUILDS_LOOKED_AT),
        ..BuildFilter::default()
    };
    let mut builds = session.builds().list(&filter).await?;
    builds.retain(|build| build.app.as_deref().is_none_or(|of| of == app));
    Ok(builds)
}

/// Its testers, with their groups.
pub(super) async fn testers_of(session: &Session, app: &str) -> Result<Vec<BetaTester>, Error> {
    let filter = BetaTesterFilter {
        apps: vec![app.to_owned()],
        with_groups: true,
        ..BetaTesterFilter::default()
    };
    session.beta_testers().list(&filter).await
}

/// What testers read of it.
pub(super) async fn app_texts_of(session: &Session, app: &str) -> Result<Vec<BetaAppLocalization>, Error> {
    let mut texts = session.beta_app_localizations().list(&[app.to_owned()]).await?;
    texts.retain(|text| text.related("app").is_none_or(|of| of.id == app));
    Ok(texts)
}

/// The build that is meant by Apple's id, by `1.0 (42)`, or by a build number that only one has.
pub(super) fn one_build<'b>(builds: &'b [BuildDetail], wanted: &str) -> Result<&'b BuildDetail, Problem> {
    let wanted = wanted.trim();
    if let Some(build) = builds.iter().find(|build| build.build.id == wanted) {
        return Ok(build);
    }
    let is_meant = |build: &&BuildDetail| build.build.attributes.version.as_deref() == Some(wanted) || title(build) == wanted;
    let fitting: Vec<_> = builds.iter().filter(is_meant).collect();
    match fitting.as_slice() {
        [one] => Ok(*one),
        [] => {
            let newest: Vec<_> = builds.iter().take(5).map(title).collect();
            let has = if newest.is_empty() {
                "The app has no build yet.".to_owned()
            } else {
                format!("The newest are {}.", newest.join(", "))
            };
            Err(Problem::field(
                "build_unknown",
                "build",
                format!("There is no build “{wanted}”. {has}"),
            ))
        }
        several => {
            // The same number of two platforms has one title.
            let told = several.iter().map(|build| {
                let platform = build.version.as_ref().and_then(|version| version.attributes.platform.as_ref());
                let platform = platform.map_or("no platform", apple::AppPlatform::as_str);
                format!("{} for {platform}, {}", title(build), build.build.id)
            });
            Err(Problem::field(
                "build_ambiguous",
                "build",
                format!(
                    "“{wanted}” fits several builds: {}. Name one by its version and number, or by Apple's id.",
                    told.collect::<Vec<_>>().join("; ")
                ),
            ))
        }
    }
}

/// `1.0 (42)`.
pub(super) fn title(build: &BuildDetail) -> String {
    let version = build.version.as_ref().and_then(|version| version.attributes.version.as_deref());
    let number = build.build.attributes.version.as_deref().unwrap_or_default();
    match version {
        Some(version) => format!("{version} ({number})"),
        None => number.to_owned(),
    }
}

fn is_called(group: &BetaGroup, name: &str) -> bool {
    group
        .attributes
        .name
        .as_deref()
        .is_some_and(|known| known.trim().to_lowercase() == name.to_lowercase())
}

fn has_address(tester: &BetaTester, email: &str) -> bool {
    tester
        .attributes
        .email
        .as_deref()
        .is_some_and(|known| known.eq_ignore_ascii_case(email))
}

fn is_in(known: Option<&str>, locale: &str) -> bool {
    known.is_some_and(|known| known.eq_ignore_ascii_case(locale))
}

fn group_name(text: &str) -> Result<String, Problem> {
    let text = text.trim();
    let why = match text.chars().count() {
        0 => "A group needs a name.".to_owned(),
        many if many > LONGEST_NAME => format!("The name has {many} characters; at most {LONGEST_NAME} are taken."),
        _ if text.chars().any(char::is_control) => "The name holds a control character.".to_owned(),
        _ => return Ok(text.to_owned()),
    };
    Err(Problem::field("name_unfit", "name", why))
}

/// A language as Apple writes it: `de`, `en-US`, `zh-Hans`.
fn language(text: &str) -> Result<String, Problem> {
    let text = text.trim();
    let is_word = |part: &str| (2..=4).contains(&part.len()) && part.bytes().all(|letter| letter.is_ascii_alphanumeric());
    if text.split('-').count() <= 3 && text.split('-').all(is_word) {
        return Ok(text.to_owned());
    }
    Err(Problem::field(
        "locale_unfit",
        "locale",
        format!("“{text}” is no language as Apple writes it, such as en-US, de-DE or zh-Hans."),
    ))
}

/// A text as Apple takes it: not too long, and without emoji, which Apple refuses as "invalid characters" (facts F3).
fn text_to_read(field: &'static str, text: &str) -> Result<String, Problem> {
    let text = text.trim().replace("\r\n", "\n");
    let unfit = |why: String| Err(Problem::field("text_unfit", field, why));
    if text.is_empty() {
        return unfit("There is no text.".to_owned());
    }
    let count = text.chars().count();
    if count > LONGEST_TEXT {
        return unfit(format!(
            "The text has {count} characters; Apple takes at most {LONGEST_TEXT}. Shorten it by {}.",
            count - LONGEST_TEXT
        ));
    }
    if let Some(letter) = text.chars().find(|letter| is_emoji(*letter)) {
        return unfit(format!("The text holds “{letter}”, and Apple refuses emoji here. Take it out."));
    }
    Ok(text)
}

/// The planes that emoji live in. Apple's own list is not known; what is let through here Apple may still refuse.
fn is_emoji(letter: char) -> bool {
    matches!(u32::from(letter), 0x1F000..=0x1FAFF | 0xFE0F)
}

fn texts_to_read(texts: AppTexts) -> Result<AppTexts, Problem> {
    if texts == AppTexts::default() {
        return Err(Problem::field("nothing_to_change", "changes", "Name at least one text to write."));
    }
    let page = |field: &'static str, url: Option<String>| match url {
        Some(url) if !url.is_empty() && !url.starts_with("https://") && !url.starts_with("http://") => Err(Problem::field(
            "url_unfit",
            field,
            format!("“{url}” is no address of a page; it begins with https://."),
        )),
        url => Ok(url),
    };
    Ok(AppTexts {
        feedback_email: texts
            .feedback_email
            .map(|email| file::address(&email).map_err(|why| Problem::field("email_unfit", "feedback_email", why)))
            .transpose()?,
        marketing_url: page("marketing_url", texts.marketing_url)?,
        privacy_policy_url: page("privacy_policy_url", texts.privacy_policy_url)?,
        description: texts.description.map(|text| text_to_read("description", &text)).transpose()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_counted_and_emoji_told_before_apple_is_asked() {
        assert_eq!(text_to_read("text", " Try\r\nit. ").unwrap(), "Try\nit.");
        let long = text_to_read("text", &"ä".repeat(4_003)).unwrap_err();
        assert!(long.message.ends_with("Shorten it by 3."), "{}", long.message);
        assert_eq!(text_to_read("text", "Go 🚢").unwrap_err().code, "text_unfit");
        assert!(text_to_read("text", "  ").is_err());
    }

    #[test]
    fn a_language_is_written_as_apple_writes_it() {
        assert!(["de", "en-US", "zh-Hans", "es-419"].iter().all(|text| language(text).is_ok()));
        assert!(["", "english", "en_US", "en-"].iter().all(|text| language(text).is_err()));
    }
}
