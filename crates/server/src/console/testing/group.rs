//! A group of testers: who and what is in it; making one, and changing its name, its public link and its feedback.

use super::{
    super::{
        filters,
        parts::{Mark, Tone, Wrong},
        shell::{Place, Shell},
        visit::{Answer, Fields, Sent, Visitor, corrects_choice, form_again, page},
    },
    Tested, begin,
    standing::{Extent, Standing, standing},
    words,
};
use crate::State;
use app::{
    Problem,
    builds::AppleBuild,
    testing::{Group, GroupDetails, Tester, Wish},
};
use askama::Template;
use axum::extract::{Path, State as Reach};
use domain::Action;

/// One group.
#[derive(Template)]
#[template(path = "testing/group.html")]
pub(crate) struct GroupPage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The app.
    pub(crate) app: Tested,
    /// The group, its testers and its builds.
    pub(crate) found: GroupDetails,
}

impl GroupPage {
    fn address(&self) -> String {
        self.app.group(&self.found.group.id)
    }

    fn of_tester(&self, tester: &Tester) -> String {
        format!("{}/testers/{}", self.address(), super::path_part(&tester.id))
    }

    fn called(&self, tester: &Tester) -> String {
        words::called(tester)
    }

    fn reached(&self, tester: &Tester) -> String {
        words::address(tester)
    }

    fn state_of(&self, tester: &Tester) -> Mark {
        words::tester(tester)
    }

    fn title_of(&self, build: &AppleBuild) -> String {
        words::title(build)
    }

    fn state_of_build(&self, build: &AppleBuild) -> Mark {
        words::state(build)
    }

    fn take_build(&self, build: &AppleBuild) -> String {
        format!("{}/builds/{}/take", self.address(), super::path_part(&build.id))
    }
}

/// What is entered of a group.
#[derive(Debug, Clone, Default)]
pub(crate) struct Entered {
    /// Its name.
    pub(crate) name: String,
    /// Whether it is for members of the team.
    pub(crate) internal: bool,
    /// Whether it gets every build by itself.
    pub(crate) all_builds: bool,
    /// Whether it has a public link.
    pub(crate) public_link: bool,
    /// How many can join by it, as it was typed.
    pub(crate) limit: String,
    /// Whether its testers can send feedback.
    pub(crate) feedback: bool,
}

impl Entered {
    fn of(fields: &Fields) -> Self {
        Self {
            name: fields.text("name").to_owned(),
            internal: fields.text("sort") != "external",
            all_builds: fields.is_on("all_builds"),
            public_link: fields.is_on("public_link"),
            limit: fields.text("public_link_limit").trim().to_owned(),
            feedback: fields.is_on("feedback"),
        }
    }

    /// As it is.
    pub(crate) fn as_is(group: &Group) -> Self {
        Self {
            name: group.name.clone(),
            internal: group.internal,
            all_builds: group.all_builds,
            public_link: group.public_link.is_some(),
            limit: group.public_link_limit.map(|limit| limit.to_string()).unwrap_or_default(),
            feedback: group.feedback,
        }
    }

    /// What of a group is to be another; what is as it was is left out.
    fn change(&self, group: &Group) -> Result<Wish, Problem> {
        let was = Self::as_is(group);
        let name = self.name.trim();
        let limit = match self.limit.as_str() {
            "" => 0,
            text => text.parse::<u32>().map_err(|_| {
                Problem::field(
                    "public_link_limit_unfit",
                    "public_link_limit",
                    format!("“{text}” is no number. Write how many can join, or leave it empty."),
                )
            })?,
        };
        let is_linked = !group.internal && self.public_link;
        Ok(Wish::ChangeGroup {
            group: group.id.clone(),
            rename_to: (name != was.name).then(|| name.to_owned()),
            public_link: (!group.internal && self.public_link != was.public_link).then_some(self.public_link),
            public_link_limit: (is_linked && limit != group.public_link_limit.unwrap_or_default()).then_some(limit),
            feedback: (self.feedback != was.feedback).then_some(self.feedback),
        })
    }
}

/// A new group.
#[derive(Template)]
#[template(path = "testing/group_new.html")]
pub(crate) struct NewGroupPage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The app.
    pub(crate) app: Tested,
    /// Its key.
    pub(crate) standing: Standing,
    /// What was entered.
    pub(crate) entered: Entered,
    /// What is wrong with it.
    pub(crate) wrong: Wrong,
}

impl NewGroupPage {
    fn is_only_internal(&self) -> bool {
        self.standing.extent == Extent::Internal
    }
}

/// Changing a group.
#[derive(Template)]
#[template(path = "testing/group_edit.html")]
pub(crate) struct EditGroupPage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The app.
    pub(crate) app: Tested,
    /// The group as it is.
    pub(crate) group: Group,
    /// What was entered.
    pub(crate) entered: Entered,
    /// What is wrong with it.
    pub(crate) wrong: Wrong,
}

impl EditGroupPage {
    fn address(&self) -> String {
        self.app.group(&self.group.id)
    }
}

type Ids = Path<(String, String, String)>;
type GroupIds = Path<(String, String, String, String)>;

/// `GET …/test-flight/groups/{group}`
pub(crate) async fn show(Reach(state): Reach<State>, Path((org, key, identifier, group)): GroupIds, visitor: Visitor) -> Answer {
    let app = Tested::of(&org, &key, &identifier)?;
    let shell = visitor.shell_in(&state, app.org, Place::TestFlight).await?;
    let caller = &visitor.who.caller;
    let found = state.app.testing_group(caller, app.org, app.key, &app.identifier, &group).await?;
    page(&GroupPage { shell, app, found })
}

async fn new_page(state: &State, visitor: &Visitor, app: Tested, entered: Entered, wrong: Wrong) -> Result<NewGroupPage, Problem> {
    let shell = visitor.shell_for(state, app.org, Place::TestFlight, Action::EditTesting).await?;
    let standing = standing(state, visitor, &app).await?;
    Ok(NewGroupPage {
        shell,
        app,
        standing,
        entered,
        wrong,
    })
}

/// `GET …/test-flight/groups/new`
pub(crate) async fn new_form(Reach(state): Reach<State>, Path((org, key, identifier)): Ids, visitor: Visitor) -> Answer {
    let app = Tested::of(&org, &key, &identifier)?;
    let entered = Entered {
        internal: true,
        ..Entered::default()
    };
    page(&new_page(&state, &visitor, app, entered, Wrong::default()).await?)
}

/// `POST …/test-flight/groups/new`
pub(crate) async fn make(Reach(state): Reach<State>, Path((org, key, identifier)): Ids, sent: Sent) -> Answer {
    let app = Tested::of(&org, &key, &identifier)?;
    let entered = Entered::of(&sent.fields);
    let wish = Wish::CreateGroup {
        name: entered.name.clone(),
        internal: entered.internal,
        all_builds: entered.all_builds,
    };
    match begin(&state, &sent.visitor, &app, &[wish]).await {
        Ok(leads_on) => Ok(leads_on),
        Err(problem) if corrects_choice(&problem) => {
            let wrong = Wrong::with_choice(&problem);
            form_again(&problem, &new_page(&state, &sent.visitor, app, entered, wrong).await?)
        }
        Err(problem) => Err(problem.into()),
    }
}

async fn edit_page(state: &State, visitor: &Visitor, app: Tested, group: &str) -> Result<EditGroupPage, Problem> {
    let shell = visitor.shell_for(state, app.org, Place::TestFlight, Action::EditTesting).await?;
    let caller = &visitor.who.caller;
    let found = state.app.testing_group(caller, app.org, app.key, &app.identifier, group).await?;
    Ok(EditGroupPage {
        shell,
        app,
        entered: Entered::as_is(&found.group),
        group: found.group,
        wrong: Wrong::default(),
    })
}

/// `GET …/test-flight/groups/{group}/edit`
pub(crate) async fn edit_form(Reach(state): Reach<State>, Path((org, key, identifier, group)): GroupIds, visitor: Visitor) -> Answer {
    let app = Tested::of(&org, &key, &identifier)?;
    page(&edit_page(&state, &visitor, app, &group).await?)
}

/// `POST …/test-flight/groups/{group}/edit`
pub(crate) async fn edit(Reach(state): Reach<State>, Path((org, key, identifier, group)): GroupIds, sent: Sent) -> Answer {
    let app = Tested::of(&org, &key, &identifier)?;
    let form = edit_page(&state, &sent.visitor, app, &group).await?;
    let entered = Entered::of(&sent.fields);
    let begun = match entered.change(&form.group) {
        Ok(wish) => begin(&state, &sent.visitor, &form.app, &[wish]).await,
        Err(problem) => Err(problem),
    };
    match begun {
        Ok(leads_on) => Ok(leads_on),
        Err(problem) if corrects_choice(&problem) => form_again(
            &problem,
            &EditGroupPage {
                entered,
                wrong: Wrong::with_choice(&problem),
                ..form
            },
        ),
        Err(problem) => Err(problem.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(internal: bool, limit: Option<u32>) -> Group {
        Group {
            id: "1".to_owned(),
            name: "Passengers".to_owned(),
            internal,
            all_builds: false,
            public_link: limit.map(|_| "https://testflight.apple.com/join/abc".to_owned()),
            public_link_limit: limit,
            feedback: true,
            created_at: None,
        }
    }

    #[test]
    fn only_what_differs_is_wished() {
        let group = group(false, Some(200));
        let same = Entered::as_is(&group);
        let change = |entered: &Entered| match entered.change(&group) {
            Ok(Wish::ChangeGroup {
                rename_to,
                public_link,
                public_link_limit,
                feedback,
                ..
            }) => (rename_to, public_link, public_link_limit, feedback),
            other => panic!("{other:?}"),
        };
        assert_eq!(change(&same), (None, None, None, None));
        let other = Entered {
            name: " Guests ".to_owned(),
            limit: String::new(),
            feedback: false,
            ..same.clone()
        };
        assert_eq!(change(&other), (Some("Guests".to_owned()), None, Some(0), Some(false)));
        let without = Entered {
            public_link: false,
            ..same.clone()
        };
        assert_eq!(change(&without), (None, Some(false), None, None));
        let unfit = Entered {
            limit: "many".to_owned(),
            ..same
        };
        assert_eq!(unfit.change(&group).unwrap_err().code, "public_link_limit_unfit");
    }

    #[test]
    fn an_internal_group_is_asked_for_no_link() {
        let group = group(true, None);
        let entered = Entered {
            public_link: true,
            limit: "9".to_owned(),
            ..Entered::as_is(&group)
        };
        let Ok(Wish::ChangeGroup {
            public_link,
            public_link_limit,
            ..
        }) = entered.change(&group)
        else {
            panic!("it is a change");
        };
        assert_eq!((public_link, public_link_limit), (None, None));
    }
}
