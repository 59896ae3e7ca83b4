//! A build in TestFlight, and bringing it to its testers: who gets it, what they read, what Apple asks.

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
    testing::{BuildInTesting, Group, Wish},
};
use askama::Template;
use axum::extract::{Path, Query, State as Reach};
use domain::Action;

/// Most characters of "What to Test".
const MOST_CHARACTERS: usize = 4_000;

/// One build.
#[derive(Template)]
#[template(path = "testing/build.html")]
pub(crate) struct BuildPage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The app.
    pub(crate) app: Tested,
    /// What is known.
    pub(crate) found: BuildInTesting,
}

impl BuildPage {
    fn address(&self) -> String {
        self.app.build(&self.found.build.id)
    }

    fn title(&self) -> String {
        words::title(&self.found.build)
    }

    fn state(&self) -> Mark {
        words::state(&self.found.build)
    }

    fn internal(&self) -> Mark {
        words::beta_state(self.found.build.internal.as_deref())
    }

    fn external(&self) -> Mark {
        words::beta_state(self.found.build.external.as_deref())
    }

    fn review(&self) -> Mark {
        words::review(self.found.review.as_deref())
    }

    fn compliance(&self) -> Mark {
        words::compliance(&self.found.build)
    }
}

/// What was entered.
#[derive(Debug, Clone, Default)]
pub(crate) struct Entered {
    /// The groups that get it, by Apple's id.
    pub(crate) groups: Vec<String>,
    /// The language of the text.
    pub(crate) locale: String,
    /// "What to Test".
    pub(crate) text: String,
    /// The answer about encryption: `yes`, `no` or none.
    pub(crate) encryption: String,
    /// Whether it is handed in for beta review.
    pub(crate) review: bool,
}

/// A group that is offered, or why it is not.
#[derive(Debug, Clone)]
pub(crate) struct Offer {
    /// The group.
    pub(crate) group: Group,
    /// Whether it has the build.
    pub(crate) has_it: bool,
    /// Why it cannot be chosen.
    pub(crate) refused: Option<&'static str>,
}

/// Bringing a build to its testers.
#[derive(Template)]
#[template(path = "testing/bring.html")]
pub(crate) struct BringPage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The app.
    pub(crate) app: Tested,
    /// Its key.
    pub(crate) standing: Standing,
    /// The build.
    pub(crate) found: BuildInTesting,
    /// The groups of the app.
    pub(crate) groups: Vec<Group>,
    /// What was entered.
    pub(crate) entered: Entered,
    /// What is wrong with it.
    pub(crate) wrong: Wrong,
}

impl BringPage {
    fn address(&self) -> String {
        self.app.build(&self.found.build.id)
    }

    fn title(&self) -> String {
        words::title(&self.found.build)
    }

    /// Internal groups first, as Apple's own site has them.
    fn offers(&self) -> Vec<Offer> {
        let mut offers: Vec<_> = self.groups.iter().map(|group| self.offer(group)).collect();
        offers.sort_by_key(|offer| !offer.group.internal);
        offers
    }

    fn offer(&self, group: &Group) -> Offer {
        let has_it = self.found.groups.iter().any(|one| one.id == group.id);
        let refused = if group.all_builds {
            Some("Gets every build by itself; Apple lets nobody put one in.")
        } else if has_it {
            Some("Has it already.")
        } else if !self.shell.may(Action::EditTesting) {
            Some("Giving builds to groups needs Publish Operator.")
        } else if self.standing.extent == Extent::Reading {
            Some("This key manages no testers.")
        } else if !group.internal && self.standing.extent == Extent::Internal {
            Some("This key manages internal testers only.")
        } else {
            None
        };
        Offer {
            group: group.clone(),
            has_it,
            refused,
        }
    }

    fn is_chosen(&self, offer: &Offer) -> bool {
        offer.has_it || self.entered.groups.contains(&offer.group.id)
    }

    /// Why texts, compliance and review cannot be sent with this key.
    fn is_only_internal(&self) -> bool {
        self.standing.extent != Extent::All
    }

    fn asks_for_compliance(&self) -> bool {
        self.found.build.uses_non_exempt_encryption.is_none() && self.shell.may(Action::EditTesting)
    }

    /// Why it cannot be handed in for review.
    fn review_refused(&self) -> Option<&'static str> {
        match self.found.review.as_deref() {
            Some("WAITING_FOR_REVIEW" | "IN_REVIEW") => Some("It is in review already."),
            Some("APPROVED") => Some("It is approved already."),
            _ if !self.shell.may(Action::SubmitForBetaReview) => Some("Handing in needs Publish Manager. An Owner can give it to you."),
            _ if self.is_only_internal() => Some("This key may not: Apple asks for the role Admin or App Manager."),
            _ => None,
        }
    }

    fn characters(&self) -> String {
        let count = self.entered.text.trim().chars().count();
        let count = filters::digits_grouped(count);
        let most = filters::digits_grouped(MOST_CHARACTERS);
        format!("{count} of at most {most} characters, without emoji. Left empty, nothing is written.")
    }
}

/// Which language is begun with.
#[derive(serde::Deserialize, Default)]
#[serde(default)]
pub(crate) struct Asked {
    locale: String,
}

type Ids = Path<(String, String, String, String)>;

/// `GET …/test-flight/builds/{build}`
pub(crate) async fn show(Reach(state): Reach<State>, Path((org, key, identifier, build)): Ids, visitor: Visitor) -> Answer {
    let app = Tested::of(&org, &key, &identifier)?;
    let shell = visitor.shell_in(&state, app.org, Place::TestFlight).await?;
    let caller = &visitor.who.caller;
    let found = state.app.testing_build(caller, app.org, app.key, &app.identifier, &build).await?;
    page(&BuildPage { shell, app, found })
}

async fn bring_page(
    state: &State,
    visitor: &Visitor,
    app: &Tested,
    build: &str,
    entered: Entered,
    wrong: Wrong,
) -> Result<BringPage, Problem> {
    // Whoever may do one of these acts may write texts.
    let shell = visitor
        .shell_for(state, app.org, Place::TestFlight, Action::EditTestingTexts)
        .await?;
    let caller = &visitor.who.caller;
    let standing = standing(state, visitor, app).await?;
    let found = state.app.testing_build(caller, app.org, app.key, &app.identifier, build).await?;
    let groups = state.app.testing_groups(caller, app.org, app.key, &app.identifier).await?;
    Ok(BringPage {
        shell,
        app: app.clone(),
        standing,
        found,
        groups,
        entered,
        wrong,
    })
}

/// `GET …/test-flight/builds/{build}/bring?locale=`
pub(crate) async fn bring_form(
    Reach(state): Reach<State>,
    Path((org, key, identifier, build)): Ids,
    Query(asked): Query<Asked>,
    visitor: Visitor,
) -> Answer {
    let app = Tested::of(&org, &key, &identifier)?;
    let mut form = bring_page(&state, &visitor, &app, &build, Entered::default(), Wrong::default()).await?;
    let texts = &form.found.texts;
    let present = texts.iter().find(|(locale, _)| *locale == asked.locale);
    let shown = present.or_else(|| texts.first().filter(|_| asked.locale.is_empty()));
    (form.entered.locale, form.entered.text) = shown.cloned().unwrap_or_else(|| ("en-US".to_owned(), String::new()));
    page(&form)
}

impl Entered {
    fn of(fields: &Fields) -> Self {
        Self {
            groups: fields.all("group"),
            locale: fields.text("locale").to_owned(),
            text: fields.text("text").to_owned(),
            encryption: fields.text("encryption").to_owned(),
            review: fields.is_on("review"),
        }
    }

    /// In Apple's order: a build without an answer about encryption reaches nobody, and beta review wants the group first.
    fn wishes(&self, build: &str) -> Vec<Wish> {
        let build = || build.to_owned();
        let mut wishes = Vec::new();
        if let "yes" | "no" = self.encryption.as_str() {
            wishes.push(Wish::AnswerCompliance {
                build: build(),
                uses_encryption: self.encryption == "yes",
            });
        }
        if !self.text.trim().is_empty() {
            wishes.push(Wish::Describe {
                build: build(),
                locale: self.locale.clone(),
                text: self.text.clone(),
            });
        }
        wishes.extend(self.groups.iter().map(|group| Wish::GiveBuild {
            group: group.clone(),
            build: build(),
        }));
        if self.review {
            wishes.push(Wish::SubmitForReview { build: build() });
        }
        wishes
    }
}

/// `POST …/test-flight/builds/{build}/bring`
pub(crate) async fn bring(Reach(state): Reach<State>, Path((org, key, identifier, build)): Ids, sent: Sent) -> Answer {
    let app = Tested::of(&org, &key, &identifier)?;
    let entered = Entered::of(&sent.fields);
    let wishes = entered.wishes(&build);
    let begun = if wishes.is_empty() {
        let why = "Nothing is chosen. Tick a group, write a text, or hand it in for beta review.";
        Err(Problem::field("nothing_chosen", "changes", why))
    } else {
        begin(&state, &sent.visitor, &app, &wishes).await
    };
    match begun {
        Ok(leads_on) => Ok(leads_on),
        Err(problem) if corrects_choice(&problem) => {
            let wrong = Wrong::with_choice(&problem);
            form_again(&problem, &bring_page(&state, &sent.visitor, &app, &build, entered, wrong).await?)
        }
        Err(problem) => Err(problem.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_becomes_wishes_in_the_order_that_apple_needs() {
        let entered = Entered {
            groups: vec!["1".to_owned(), "2".to_owned()],
            locale: "en-US".to_owned(),
            text: "Try the tickets.".to_owned(),
            encryption: "no".to_owned(),
            review: true,
        };
        let wishes = entered.wishes("9");
        let sorts: Vec<_> = wishes
            .iter()
            .map(|wish| match wish {
                Wish::AnswerCompliance { uses_encryption, .. } => format!("compliance {uses_encryption}"),
                Wish::Describe { locale, .. } => format!("text {locale}"),
                Wish::GiveBuild { group, build } => format!("{build} to {group}"),
                Wish::SubmitForReview { .. } => "review".to_owned(),
                _ => "another".to_owned(),
            })
            .collect();
        assert_eq!(sorts, ["compliance false", "text en-US", "9 to 1", "9 to 2", "review"]);
        let nothing = Entered {
            locale: "en-US".to_owned(),
            text: "  ".to_owned(),
            ..Entered::default()
        };
        assert!(nothing.wishes("9").is_empty());
    }
}
