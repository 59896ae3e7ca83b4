//! Putting testers into a group: one by their address, or many by a list.

use super::{
    super::{
        filters,
        parts::{Notice, Tone, Wrong},
        shell::{Place, Shell},
        visit::{Answer, Fields, Sent, SentFile, Visitor, corrects_choice, form_again, page},
    },
    Tested, begin, written,
};
use crate::State;
use app::{
    Problem,
    testing::{Group, Wish},
};
use askama::Template;
use axum::extract::{Path, State as Reach};
use domain::Action;

/// Largest form: a list, once as a file and once as text, and what stands around it.
pub(crate) const FORM_BYTES: usize = 2 * app::testing::MAX_BYTES + 100_000;

/// One tester, as typed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Entered {
    /// E-mail address.
    pub(crate) email: String,
    /// Given name.
    pub(crate) first_name: String,
    /// Family name.
    pub(crate) last_name: String,
}

/// One more tester.
#[derive(Template)]
#[template(path = "testing/tester_new.html")]
pub(crate) struct NewTesterPage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The app.
    pub(crate) app: Tested,
    /// The group.
    pub(crate) group: Group,
    /// What was entered.
    pub(crate) entered: Entered,
    /// What is wrong with it.
    pub(crate) wrong: Wrong,
}

impl NewTesterPage {
    fn address(&self) -> String {
        self.app.group(&self.group.id)
    }
}

/// Many testers.
#[derive(Template)]
#[template(path = "testing/testers_list.html")]
pub(crate) struct ListPage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The app.
    pub(crate) app: Tested,
    /// The group.
    pub(crate) group: Group,
    /// The list, as it was read or pasted.
    pub(crate) list: String,
    /// Whether lines that do not fit are left out.
    pub(crate) leave_out: bool,
    /// The lines that do not fit, each with why.
    pub(crate) unfit: Vec<String>,
    /// What is wrong with it.
    pub(crate) wrong: Wrong,
}

impl ListPage {
    fn address(&self) -> String {
        self.app.group(&self.group.id)
    }

    /// With what was wrong with the list.
    fn refused(self, problem: &Problem) -> Self {
        if problem.code != "testers_unfit" {
            return Self {
                wrong: Wrong::with_choice(problem),
                ..self
            };
        }
        // The first tells of all of them, the others of one line each.
        let unfit: Vec<_> = problem.fields.iter().skip(1).map(|line| line.message.clone()).collect();
        let body = "Correct them in the list below, or have them left out. The first 20 are named.";
        Self {
            unfit,
            wrong: Wrong::told(Notice::new(Tone::Bad, "Nobody was invited: lines of the list do not fit", body)),
            ..self
        }
    }
}

type Ids = Path<(String, String, String, String)>;

/// The group that they are put into, for whoever may.
async fn group_of(state: &State, visitor: &Visitor, app: &Tested, group: &str) -> Result<(Shell, Group), Problem> {
    let shell = visitor.shell_for(state, app.org, Place::TestFlight, Action::EditTesting).await?;
    let caller = &visitor.who.caller;
    let found = state.app.testing_group(caller, app.org, app.key, &app.identifier, group).await?;
    Ok((shell, found.group))
}

/// `GET …/test-flight/groups/{group}/testers/new`
pub(crate) async fn new_form(Reach(state): Reach<State>, Path((org, key, identifier, group)): Ids, visitor: Visitor) -> Answer {
    let app = Tested::of(&org, &key, &identifier)?;
    let (shell, group) = group_of(&state, &visitor, &app, &group).await?;
    page(&NewTesterPage {
        shell,
        app,
        group,
        entered: Entered::default(),
        wrong: Wrong::default(),
    })
}

impl Entered {
    fn of(fields: &Fields) -> Self {
        Self {
            email: fields.text("email").to_owned(),
            first_name: fields.text("first_name").to_owned(),
            last_name: fields.text("last_name").to_owned(),
        }
    }
}

/// `POST …/test-flight/groups/{group}/testers/new`
pub(crate) async fn add(Reach(state): Reach<State>, Path((org, key, identifier, group)): Ids, sent: Sent) -> Answer {
    let app = Tested::of(&org, &key, &identifier)?;
    let entered = Entered::of(&sent.fields);
    let wish = Wish::AddTester {
        group: group.clone(),
        email: entered.email.clone(),
        first_name: written(&entered.first_name),
        last_name: written(&entered.last_name),
    };
    match begin(&state, &sent.visitor, &app, &[wish]).await {
        Ok(leads_on) => Ok(leads_on),
        Err(problem) if corrects_choice(&problem) => {
            let (shell, group) = group_of(&state, &sent.visitor, &app, &group).await?;
            let again = NewTesterPage {
                shell,
                app,
                group,
                entered,
                wrong: Wrong::with_choice(&problem),
            };
            form_again(&problem, &again)
        }
        Err(problem) => Err(problem.into()),
    }
}

/// `GET …/test-flight/groups/{group}/testers/list`
pub(crate) async fn list_form(Reach(state): Reach<State>, Path((org, key, identifier, group)): Ids, visitor: Visitor) -> Answer {
    let app = Tested::of(&org, &key, &identifier)?;
    let (shell, group) = group_of(&state, &visitor, &app, &group).await?;
    page(&ListPage {
        shell,
        app,
        group,
        list: String::new(),
        leave_out: false,
        unfit: Vec::new(),
        wrong: Wrong::default(),
    })
}

/// The list that was sent: the file, where one was chosen, else the text.
fn list_of(sent: &SentFile) -> Result<String, Problem> {
    if sent.file_name.is_none() {
        return Ok(sent.fields.text("list").to_owned());
    }
    String::from_utf8(sent.file.to_vec()).map_err(|_| {
        let why = "The file is no text in UTF-8. Save the list as CSV in UTF-8, and choose it again.";
        Problem::field("not_text", "file", why)
    })
}

/// `POST …/test-flight/groups/{group}/testers/list`
pub(crate) async fn add_list(Reach(state): Reach<State>, Path((org, key, identifier, group)): Ids, sent: SentFile) -> Answer {
    let app = Tested::of(&org, &key, &identifier)?;
    let leave_out = sent.fields.is_on("leave_out");
    let (list, unread) = match list_of(&sent) {
        Ok(list) => (list, None),
        Err(problem) => (String::new(), Some(problem)),
    };
    let begun = match unread {
        Some(problem) => Err(problem),
        None => {
            let wish = Wish::AddTesters {
                group: group.clone(),
                file: list.clone(),
                leave_out_faulty: leave_out,
            };
            begin(&state, &sent.visitor, &app, &[wish]).await
        }
    };
    match begun {
        Ok(leads_on) => Ok(leads_on),
        Err(problem) if corrects_choice(&problem) => {
            let (shell, group) = group_of(&state, &sent.visitor, &app, &group).await?;
            let again = ListPage {
                shell,
                app,
                group,
                // A file comes back as text, so that a line can be corrected on the spot.
                list,
                leave_out,
                unfit: Vec::new(),
                wrong: Wrong::default(),
            };
            form_again(&problem, &again.refused(&problem))
        }
        Err(problem) => Err(problem.into()),
    }
}
