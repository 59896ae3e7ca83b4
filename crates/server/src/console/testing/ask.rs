//! Acts that are asked about first, each a page of its own: inviting again, taking somebody out, taking a build away,
//! expiring one, deleting a group. What is lost by them is said before; the last two want the name typed.

use super::{
    super::{
        filters,
        parts::{Tone, Wrong},
        shell::{Place, Shell},
        visit::{Answer, Sent, Visitor, corrects_choice, form_again, page},
    },
    Tested, begin, path_part, words,
};
use crate::State;
use app::{Problem, testing::Wish};
use askama::Template;
use axum::extract::{Path, State as Reach};
use domain::Action;

/// What is asked about. Everything is named as in the address.
#[derive(Debug, Clone)]
pub(crate) enum About {
    /// Have Apple invite somebody again.
    Invite {
        /// From which group's page.
        group: String,
        /// Whom.
        tester: String,
    },
    /// Take somebody out of a group.
    TakeOut {
        /// Out of which.
        group: String,
        /// Whom.
        tester: String,
    },
    /// Take a build from a group.
    TakeBuild {
        /// From which.
        group: String,
        /// Which.
        build: String,
    },
    /// Delete a group.
    Delete {
        /// Which.
        group: String,
    },
    /// Expire a build.
    Expire {
        /// Which.
        build: String,
    },
}

/// Something to know before.
#[derive(Debug, Clone)]
pub(crate) struct Point {
    /// How bad it is.
    pub(crate) tone: Tone,
    /// What happens.
    pub(crate) what: String,
    /// What that means.
    pub(crate) then: String,
}

impl Point {
    fn new(tone: Tone, what: impl Into<String>, then: impl Into<String>) -> Self {
        Self {
            tone,
            what: what.into(),
            then: then.into(),
        }
    }

    fn icon(&self) -> &'static str {
        match self.tone {
            Tone::Ok => "ok",
            Tone::Warn => "warn",
            Tone::Bad => "bad",
            Tone::Info | Tone::Off => "info",
        }
    }
}

/// The question.
#[derive(Template)]
#[template(path = "testing/ask.html")]
pub(crate) struct AskPage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The app.
    pub(crate) app: Tested,
    /// Where it is sent.
    pub(crate) address: String,
    /// Where it came from: words and address.
    pub(crate) back: (String, String),
    /// What is asked.
    pub(crate) question: String,
    /// What happens then.
    pub(crate) points: Vec<Point>,
    /// The button.
    pub(crate) act: &'static str,
    /// What must be typed, where something is lost for good.
    pub(crate) typed: Option<String>,
    /// What is in the way.
    pub(crate) wrong: Wrong,
}

impl AskPage {
    fn is_danger(&self) -> bool {
        self.points.iter().any(|point| point.tone == Tone::Bad)
    }
}

impl About {
    fn wish(&self) -> Wish {
        match self.clone() {
            Self::Invite { tester, .. } => Wish::Invite { tester },
            Self::TakeOut { group, tester } => Wish::RemoveTester {
                tester,
                group: Some(group),
            },
            Self::TakeBuild { group, build } => Wish::TakeBuild { group, build },
            Self::Delete { group } => Wish::DeleteGroup { group },
            Self::Expire { build } => Wish::ExpireBuild { build },
        }
    }
}

async fn question(state: &State, visitor: &Visitor, app: Tested, about: &About) -> Result<AskPage, Problem> {
    let shell = visitor.shell_for(state, app.org, Place::TestFlight, Action::EditTesting).await?;
    match about {
        About::Expire { build } => of_build(state, visitor, shell, app, build).await,
        About::Invite { group, .. } | About::TakeOut { group, .. } | About::TakeBuild { group, .. } | About::Delete { group } => {
            of_group(state, visitor, shell, app, group, about).await
        }
    }
}

async fn of_build(state: &State, visitor: &Visitor, shell: Shell, app: Tested, build: &str) -> Result<AskPage, Problem> {
    let caller = &visitor.who.caller;
    let found = state.app.testing_build(caller, app.org, app.key, &app.identifier, build).await?;
    let title = words::title(&found.build);
    let address = app.build(&found.build.id);
    let groups = match found.groups.len() {
        0 => "No group has it".to_owned(),
        1 => "One group loses it".to_owned(),
        many => format!("{many} groups lose it"),
    };
    let names: Vec<_> = found.groups.iter().map(|group| group.name.as_str()).collect();
    Ok(AskPage {
        shell,
        address: format!("{address}/expire"),
        back: (title.clone(), address),
        app,
        question: format!("Expire {title}?"),
        points: vec![
            Point::new(Tone::Bad, groups, names.join(", ")),
            Point::new(
                Tone::Bad,
                "It cannot be undone",
                "An expired build never comes back, and its build number stays used.",
            ),
            Point::new(
                Tone::Bad,
                "Nobody can install it any more",
                "Testers get the next build that their group is given.",
            ),
        ],
        act: "Expire build",
        typed: Some(found.build.build_number),
        wrong: Wrong::default(),
    })
}

async fn of_group(state: &State, visitor: &Visitor, shell: Shell, app: Tested, group: &str, about: &About) -> Result<AskPage, Problem> {
    let caller = &visitor.who.caller;
    let found = state.app.testing_group(caller, app.org, app.key, &app.identifier, group).await?;
    let name = &found.group.name;
    let address = app.group(&found.group.id);
    let back = (name.clone(), address.clone());
    let tester = |tester: &str| {
        let mut all = found.testers.iter();
        let known = all.find(|known| known.id == tester || known.email.as_deref() == Some(tester));
        known.map(words::called).ok_or_else(Problem::not_found)
    };
    let (address, question, points, act, typed) = match about {
        About::Invite { tester: id, .. } => (
            format!("{address}/testers/{}/invite", path_part(id)),
            format!("Invite {} again?", tester(id)?),
            vec![Point::new(
                Tone::Info,
                "Apple sends the e-mail once more",
                "The one before it ends. Who has accepted already needs none.",
            )],
            "Invite again",
            None,
        ),
        About::TakeOut { tester: id, .. } => (
            format!("{address}/testers/{}/remove", path_part(id)),
            format!("Take {} out of “{name}”?", tester(id)?),
            vec![
                Point::new(
                    Tone::Bad,
                    "They lose the builds that they get through this group",
                    "Those of their other groups stay.",
                ),
                Point::new(Tone::Ok, "They can be added again", ""),
            ],
            "Take out of the group",
            None,
        ),
        About::TakeBuild { build, .. } => {
            let known = found.builds.iter().find(|known| known.id == *build || known.build_number == *build);
            let known = known.ok_or_else(Problem::not_found)?;
            (
                format!("{address}/builds/{}/take", path_part(build)),
                format!("Take {} from “{name}”?", words::title(known)),
                vec![
                    Point::new(
                        Tone::Bad,
                        format!("{} testers get it no more", found.testers.len()),
                        "Unless another of their groups has it.",
                    ),
                    Point::new(Tone::Ok, "It can be given again", ""),
                ],
                "Take it away",
                None,
            )
        }
        About::Delete { .. } | About::Expire { .. } => (
            format!("{address}/delete"),
            format!("Delete the group “{name}”?"),
            vec![
                Point::new(
                    Tone::Bad,
                    format!("{} testers lose what they have through it", found.testers.len()),
                    "Testers of no other group are no testers of the app any more.",
                ),
                Point::new(Tone::Bad, "Its public link ends", "A new group gets another link."),
                Point::new(Tone::Ok, "Builds stay at Apple", ""),
            ],
            "Delete group",
            Some(name.clone()),
        ),
    };
    Ok(AskPage {
        shell,
        app,
        address,
        back,
        question,
        points,
        act,
        typed,
        wrong: Wrong::default(),
    })
}

async fn ask(state: &State, visitor: &Visitor, app: Tested, about: &About) -> Answer {
    page(&question(state, visitor, app, about).await?)
}

async fn act(state: &State, sent: &Sent, app: Tested, about: &About) -> Answer {
    let asked = question(state, &sent.visitor, app, about).await?;
    let begun = match &asked.typed {
        Some(name) if sent.fields.text("name").trim() != name.trim() => {
            let why = format!("Type {name} exactly, so that nothing else is meant.");
            Err(Problem::field("name_differs", "name", why))
        }
        _ => begin(state, &sent.visitor, &asked.app, &[about.wish()]).await,
    };
    match begun {
        Ok(leads_on) => Ok(leads_on),
        Err(problem) if corrects_choice(&problem) => {
            let wrong = Wrong::with_choice(&problem);
            form_again(&problem, &AskPage { wrong, ..asked })
        }
        Err(problem) => Err(problem.into()),
    }
}

type Four = Path<(String, String, String, String)>;
type Five = Path<(String, String, String, String, String)>;

/// `GET …/groups/{group}/testers/{tester}/invite`
pub(crate) async fn invite_form(Reach(state): Reach<State>, Path((org, key, app, group, tester)): Five, visitor: Visitor) -> Answer {
    ask(&state, &visitor, Tested::of(&org, &key, &app)?, &About::Invite { group, tester }).await
}

/// `POST …/groups/{group}/testers/{tester}/invite`
pub(crate) async fn invite(Reach(state): Reach<State>, Path((org, key, app, group, tester)): Five, sent: Sent) -> Answer {
    act(&state, &sent, Tested::of(&org, &key, &app)?, &About::Invite { group, tester }).await
}

/// `GET …/groups/{group}/testers/{tester}/remove`
pub(crate) async fn take_out_form(Reach(state): Reach<State>, Path((org, key, app, group, tester)): Five, visitor: Visitor) -> Answer {
    ask(&state, &visitor, Tested::of(&org, &key, &app)?, &About::TakeOut { group, tester }).await
}

/// `POST …/groups/{group}/testers/{tester}/remove`
pub(crate) async fn take_out(Reach(state): Reach<State>, Path((org, key, app, group, tester)): Five, sent: Sent) -> Answer {
    act(&state, &sent, Tested::of(&org, &key, &app)?, &About::TakeOut { group, tester }).await
}

/// `GET …/groups/{group}/builds/{build}/take`
pub(crate) async fn take_build_form(Reach(state): Reach<State>, Path((org, key, app, group, build)): Five, visitor: Visitor) -> Answer {
    ask(&state, &visitor, Tested::of(&org, &key, &app)?, &About::TakeBuild { group, build }).await
}

/// `POST …/groups/{group}/builds/{build}/take`
pub(crate) async fn take_build(Reach(state): Reach<State>, Path((org, key, app, group, build)): Five, sent: Sent) -> Answer {
    act(&state, &sent, Tested::of(&org, &key, &app)?, &About::TakeBuild { group, build }).await
}

/// `GET …/groups/{group}/delete`
pub(crate) async fn delete_form(Reach(state): Reach<State>, Path((org, key, app, group)): Four, visitor: Visitor) -> Answer {
    ask(&state, &visitor, Tested::of(&org, &key, &app)?, &About::Delete { group }).await
}

/// `POST …/groups/{group}/delete`
pub(crate) async fn delete(Reach(state): Reach<State>, Path((org, key, app, group)): Four, sent: Sent) -> Answer {
    act(&state, &sent, Tested::of(&org, &key, &app)?, &About::Delete { group }).await
}

/// `GET …/builds/{build}/expire`
pub(crate) async fn expire_form(Reach(state): Reach<State>, Path((org, key, app, build)): Four, visitor: Visitor) -> Answer {
    ask(&state, &visitor, Tested::of(&org, &key, &app)?, &About::Expire { build }).await
}

/// `POST …/builds/{build}/expire`
pub(crate) async fn expire(Reach(state): Reach<State>, Path((org, key, app, build)): Four, sent: Sent) -> Answer {
    act(&state, &sent, Tested::of(&org, &key, &app)?, &About::Expire { build }).await
}
