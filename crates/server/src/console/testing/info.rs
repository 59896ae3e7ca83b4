//! What testers read of an app in each language, what beta review needs to know, and the license agreement.
//!
//! The password of the demo account goes to Apple and never comes back: a form shows only whether Apple has one.

use super::{
    super::{
        filters,
        parts::{Tone, Wrong},
        shell::{Place, Shell},
        visit::{Answer, Fields, Sent, Visitor, corrects_choice, done, form_again, page},
    },
    Tested, begin, written,
};
use crate::State;
use app::{
    Problem,
    testing::{AppInfo, ReviewContact, ReviewDetails, Wish},
};
use askama::Template;
use axum::extract::{Path, Query, State as Reach};
use domain::{Action, operation::AppTexts};

/// All of it.
#[derive(Template)]
#[template(path = "testing/info.html")]
pub(crate) struct InfoPage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The app.
    pub(crate) app: Tested,
    /// What Apple has.
    pub(crate) info: AppInfo,
}

impl InfoPage {
    fn said<'a>(&self, text: &'a Option<String>) -> &'a str {
        text.as_deref().filter(|text| !text.is_empty()).unwrap_or("None")
    }

    fn contact(&self) -> String {
        let names = [&self.info.review.first_name, &self.info.review.last_name];
        let name = names.into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join(" ");
        if name.is_empty() { "Nobody".to_owned() } else { name }
    }
}

/// What testers read in one language, as typed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Texts {
    /// The language.
    pub(crate) locale: String,
    /// The description.
    pub(crate) description: String,
    /// Where feedback goes.
    pub(crate) feedback_email: String,
    /// The app's page.
    pub(crate) marketing_url: String,
    /// The page about privacy.
    pub(crate) privacy_policy_url: String,
}

impl Texts {
    fn of(fields: &Fields) -> Self {
        Self {
            locale: fields.text("locale").to_owned(),
            description: fields.text("description").to_owned(),
            feedback_email: fields.text("feedback_email").to_owned(),
            marketing_url: fields.text("marketing_url").to_owned(),
            privacy_policy_url: fields.text("privacy_policy_url").to_owned(),
        }
    }

    fn as_is(locale: &str, texts: Option<&AppTexts>) -> Self {
        let text = |of: fn(&AppTexts) -> &Option<String>| texts.and_then(|texts| of(texts).clone()).unwrap_or_default();
        Self {
            locale: locale.to_owned(),
            description: text(|texts| &texts.description),
            feedback_email: text(|texts| &texts.feedback_email),
            marketing_url: text(|texts| &texts.marketing_url),
            privacy_policy_url: text(|texts| &texts.privacy_policy_url),
        }
    }

    fn wish(&self) -> Wish {
        Wish::DescribeApp {
            locale: self.locale.clone(),
            texts: AppTexts {
                feedback_email: written(&self.feedback_email),
                marketing_url: written(&self.marketing_url),
                privacy_policy_url: written(&self.privacy_policy_url),
                description: written(&self.description),
            },
        }
    }
}

/// Writing what testers read.
#[derive(Template)]
#[template(path = "testing/info_texts.html")]
pub(crate) struct TextsPage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The app.
    pub(crate) app: Tested,
    /// What was entered.
    pub(crate) texts: Texts,
    /// What is wrong with it.
    pub(crate) wrong: Wrong,
}

/// Writing what beta review needs to know.
#[derive(Template)]
#[template(path = "testing/info_review.html")]
pub(crate) struct ReviewPage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The app.
    pub(crate) app: Tested,
    /// What was entered; never a password.
    pub(crate) contact: ReviewContact,
    /// What is wrong with it.
    pub(crate) wrong: Wrong,
}

impl ReviewPage {
    fn said<'a>(&self, text: &'a Option<String>) -> &'a str {
        text.as_deref().unwrap_or_default()
    }

    fn about_password(&self) -> &'static str {
        if self.contact.has_demo_password {
            "Apple has a password. It is never shown; left empty, it stays."
        } else {
            "Apple has none. It goes to Apple and is kept nowhere here."
        }
    }
}

/// Writing the license agreement.
#[derive(Template)]
#[template(path = "testing/info_license.html")]
pub(crate) struct LicensePage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The app.
    pub(crate) app: Tested,
    /// The text.
    pub(crate) text: String,
    /// What is wrong with it.
    pub(crate) wrong: Wrong,
}

/// Which language.
#[derive(serde::Deserialize, Default)]
#[serde(default)]
pub(crate) struct Asked {
    locale: String,
}

type Ids = Path<(String, String, String)>;

/// `GET …/test-flight/info`
pub(crate) async fn show(Reach(state): Reach<State>, Path((org, key, identifier)): Ids, visitor: Visitor) -> Answer {
    let app = Tested::of(&org, &key, &identifier)?;
    let shell = visitor.shell_in(&state, app.org, Place::TestFlight).await?;
    let info = info(&state, &visitor, &app).await?;
    page(&InfoPage { shell, app, info })
}

async fn info(state: &State, visitor: &Visitor, app: &Tested) -> Result<AppInfo, Problem> {
    let caller = &visitor.who.caller;
    state.app.testing_info(caller, app.org, app.key, &app.identifier).await
}

async fn writer(state: &State, visitor: &Visitor, app: &Tested) -> Result<Shell, Problem> {
    visitor.shell_for(state, app.org, Place::TestFlight, Action::EditTestingTexts).await
}

/// `GET …/test-flight/info/texts?locale=`
pub(crate) async fn texts_form(
    Reach(state): Reach<State>,
    Path((org, key, identifier)): Ids,
    Query(asked): Query<Asked>,
    visitor: Visitor,
) -> Answer {
    let app = Tested::of(&org, &key, &identifier)?;
    let shell = writer(&state, &visitor, &app).await?;
    let info = info(&state, &visitor, &app).await?;
    let present = info.texts.iter().find(|(locale, _)| *locale == asked.locale);
    page(&TextsPage {
        shell,
        app,
        texts: Texts::as_is(&asked.locale, present.map(|(_, texts)| texts)),
        wrong: Wrong::default(),
    })
}

/// `POST …/test-flight/info/texts`
pub(crate) async fn write_texts(Reach(state): Reach<State>, Path((org, key, identifier)): Ids, sent: Sent) -> Answer {
    let app = Tested::of(&org, &key, &identifier)?;
    let texts = Texts::of(&sent.fields);
    match begin(&state, &sent.visitor, &app, &[texts.wish()]).await {
        Ok(leads_on) => Ok(leads_on),
        Err(problem) if corrects_choice(&problem) => {
            let shell = writer(&state, &sent.visitor, &app).await?;
            let wrong = Wrong::with_choice(&problem);
            form_again(&problem, &TextsPage { shell, app, texts, wrong })
        }
        Err(problem) => Err(problem.into()),
    }
}

/// `GET …/test-flight/info/review`
pub(crate) async fn review_form(Reach(state): Reach<State>, Path((org, key, identifier)): Ids, visitor: Visitor) -> Answer {
    let app = Tested::of(&org, &key, &identifier)?;
    let shell = writer(&state, &visitor, &app).await?;
    let contact = info(&state, &visitor, &app).await?.review;
    page(&ReviewPage {
        shell,
        app,
        contact,
        wrong: Wrong::default(),
    })
}

/// `POST …/test-flight/info/review`: written at once, so there is no act to follow.
pub(crate) async fn write_review(Reach(state): Reach<State>, Path((org, key, identifier)): Ids, sent: Sent) -> Answer {
    let app = Tested::of(&org, &key, &identifier)?;
    let field = |name| written(sent.fields.text(name));
    let contact = ReviewContact {
        first_name: field("first_name"),
        last_name: field("last_name"),
        phone: field("phone"),
        email: field("email"),
        sign_in_required: sent.fields.is_on("sign_in_required"),
        demo_account: field("demo_account"),
        has_demo_password: sent.fields.text("has_password") == "yes",
        notes: field("notes"),
    };
    let password = Some(sent.fields.text("demo_password").to_owned()).filter(|password| !password.is_empty());
    let details = ReviewDetails {
        first_name: contact.first_name.clone(),
        last_name: contact.last_name.clone(),
        phone: contact.phone.clone(),
        email: contact.email.clone(),
        sign_in_required: Some(contact.sign_in_required),
        demo_account: contact.demo_account.clone(),
        notes: contact.notes.clone(),
        ..ReviewDetails::new(password)
    };
    let caller = &sent.visitor.who.caller;
    let written = state
        .app
        .write_review_details(caller, app.org, app.key, &app.identifier, details)
        .await;
    match written {
        Ok(()) => Ok(done(&state, &format!("{}/info", app.address()), "review-details-written")),
        Err(problem) if corrects_choice(&problem) => {
            let shell = writer(&state, &sent.visitor, &app).await?;
            let wrong = Wrong::with_choice(&problem);
            form_again(
                &problem,
                &ReviewPage {
                    shell,
                    app,
                    contact,
                    wrong,
                },
            )
        }
        Err(problem) => Err(problem.into()),
    }
}

/// `GET …/test-flight/info/license`
pub(crate) async fn license_form(Reach(state): Reach<State>, Path((org, key, identifier)): Ids, visitor: Visitor) -> Answer {
    let app = Tested::of(&org, &key, &identifier)?;
    let shell = writer(&state, &visitor, &app).await?;
    let text = info(&state, &visitor, &app).await?.license;
    page(&LicensePage {
        shell,
        app,
        text,
        wrong: Wrong::default(),
    })
}

/// `POST …/test-flight/info/license`
pub(crate) async fn write_license(Reach(state): Reach<State>, Path((org, key, identifier)): Ids, sent: Sent) -> Answer {
    let app = Tested::of(&org, &key, &identifier)?;
    let text = sent.fields.text("license").trim().replace("\r\n", "\n");
    match begin(&state, &sent.visitor, &app, &[Wish::SetLicense { text: text.clone() }]).await {
        Ok(leads_on) => Ok(leads_on),
        Err(problem) if corrects_choice(&problem) => {
            let shell = writer(&state, &sent.visitor, &app).await?;
            let wrong = Wrong::with_choice(&problem);
            form_again(&problem, &LicensePage { shell, app, text, wrong })
        }
        Err(problem) => Err(problem.into()),
    }
}
