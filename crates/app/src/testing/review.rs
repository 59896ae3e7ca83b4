//! What beta review needs to know of an app. It holds the password of a demo account, which Apple gives back to whoever reads
//! it; here it passes through on its way to Apple and is kept nowhere, not shown and not logged.

use super::{app_of, file};
use crate::{App, Caller, Problem, builds::app_unknown, problem::Kind};
use apple::{BetaAppReviewDetailPatch, Error, Withheld};
use domain::{Action, ApiKeyId, Event, Need, OrgId};

/// What to write; none leaves something as it is.
#[derive(Debug, Default)]
pub struct ReviewDetails {
    /// Given name of whom to ask.
    pub first_name: Option<String>,
    /// Family name.
    pub last_name: Option<String>,
    /// Telephone number, with `+` and country.
    pub phone: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
    /// Whether one must sign in to review the app.
    pub sign_in_required: Option<bool>,
    /// The account to sign in with.
    pub demo_account: Option<String>,
    /// Its password.
    pub demo_password: Option<Withheld>,
    /// What else there is to know.
    pub notes: Option<String>,
}

impl App {
    /// Writes what beta review needs to know of an app, at once. The same twice does no harm.
    ///
    /// # Errors
    /// `nothing_to_change`, `email_unfit`, `phone_unfit`; `app_unknown`, `app_not_shared`; `key_not_usable`; Apple's. After
    /// an answer that was lost it may have been written, or not: do it again.
    pub async fn write_review_details(
        &self,
        caller: &Caller,
        org: OrgId,
        key: ApiKeyId,
        identifier: &str,
        details: ReviewDetails,
    ) -> Result<(), Problem> {
        let permit = self.permit(caller, Action::EditTestingTexts, org).await?;
        self.refuse_beyond_apps(caller, &permit, key, identifier).await?;
        let patch = details.patch()?;
        let need = Need::ManageTesting { internal_only: false };
        let (_, written) = self
            .use_key(caller, &permit, key, need, async |apple| {
                let Some(app) = app_of(apple, identifier).await? else {
                    return Ok(Err(app_unknown(identifier)));
                };
                let listed = apple.beta_app_review_details().list(std::slice::from_ref(&app.id)).await?;
                let ours = listed
                    .into_iter()
                    .find(|details| details.related("app").is_none_or(|of| of.id == app.id));
                let Some(ours) = ours else {
                    return Ok(Err(Problem::new(
                        Kind::NotFound,
                        "no_review_details",
                        "Apple lists no beta review details of this app.",
                    )));
                };
                match apple.beta_app_review_details().patch(&ours.id, &patch).await {
                    // It does no harm twice, so once more says what is so.
                    Err(Error::LostAnswer { .. }) => apple.beta_app_review_details().patch(&ours.id, &patch).await?,
                    answer => answer?,
                };
                Ok(Ok(()))
            })
            .await?;
        written?;
        let event = Event::BetaReviewDetailsWritten {
            key,
            identifier: identifier.to_owned(),
        };
        let mut tx = self.begin_for(caller, &permit).await?;
        self.record_done(&mut tx, caller, org, event).await?;
        Ok(tx.commit().await?)
    }
}

impl ReviewDetails {
    /// Nothing to write but this password, if there is one.
    #[must_use]
    pub fn new(demo_password: Option<String>) -> Self {
        Self {
            demo_password: demo_password.map(Withheld::new),
            ..Self::default()
        }
    }

    fn patch(self) -> Result<BetaAppReviewDetailPatch, Problem> {
        let patch = BetaAppReviewDetailPatch {
            contact_first_name: self.first_name,
            contact_last_name: self.last_name,
            contact_phone: self.phone.map(|phone| telephone(&phone)).transpose()?,
            contact_email: self
                .email
                .map(|email| file::address(&email).map_err(|why| Problem::field("email_unfit", "email", why)))
                .transpose()?,
            demo_account_name: self.demo_account,
            demo_account_password: self.demo_password,
            demo_account_required: self.sign_in_required,
            notes: self.notes,
        };
        if patch == BetaAppReviewDetailPatch::default() {
            return Err(Problem::field("nothing_to_change", "changes", "Name at least one detail to write."));
        }
        Ok(patch)
    }
}

/// A number with its country, as Apple wants it.
fn telephone(text: &str) -> Result<String, Problem> {
    let text = text.trim();
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let is_of_it = |letter: char| letter.is_ascii_digit() || matches!(letter, '+' | ' ' | '-' | '(' | ')' | '.');
    if text.starts_with('+') && (6..=15).contains(&digits) && text.chars().all(is_of_it) {
        return Ok(text.to_owned());
    }
    Err(Problem::field(
        "phone_unfit",
        "phone",
        format!("“{text}” is no telephone number with its country; write it as +47 69 00 00 00."),
    ))
}
