//! A long act that is one writing request to Apple: what differs from kind to kind.
//!
//! [`super::carry_on`] knows the order of things (written down, asked once, kept or looked for); a [`Call`] knows what is
//! asked, by what Apple's answer is recognized, and what is kept of it. A new kind of act is a variant of
//! [`domain::OperationKind`] and a `Call`.

use crate::{App, Problem, apple_webhooks, builds, bundle_ids, certificates, devices, profiles, signing_sets, testing};
use apple::{Error, Session};
use async_trait::async_trait;
use domain::{Event, Feature, HeldPlace, Made, OperationKind, OperationState, Permit, TeamId};
use jiff::Timestamp;
use store::{KeyToUse, Tx};

/// What Apple answered, or what its lists show of it.
pub(crate) enum Answer {
    /// A certificate.
    Certificate(Box<apple::Certificate>),
    /// A profile, with its file.
    Profile(Box<apple::Profile>),
    /// What an account has.
    Survey(Box<signing_sets::Survey>),
    /// A bundle ID, a capability or a device, by Apple's id.
    AtApple(String),
}

impl Answer {
    /// For what has no row of its own here.
    pub(crate) fn nothing_but_its_id(&self) -> Result<Kept, Problem> {
        match self {
            Self::AtApple(id) => Ok(Kept::Now(Made::AtApple(id.clone()))),
            Self::Certificate(_) | Self::Profile(_) | Self::Survey(_) => {
                Err(Problem::internal("what is kept was taken for something that is not"))
            }
        }
    }
}

/// What became of an answer.
pub(crate) enum Kept {
    /// It is kept, in the transaction that was given.
    Now(Made),
    /// The same, and something else has changed by it that is to be told.
    WithNews(Made, Box<Event>),
    /// Another server took the act over and was faster; it has written the end, too.
    ByAnother,
}

/// What a kind of act knows.
#[async_trait]
pub(crate) trait Call: Send + Sync {
    /// What it is about, for a sentence: "the certificate".
    fn thing(&self) -> &'static str;

    /// The list that shows what Apple did.
    fn list(&self) -> Feature;

    /// Whether the same request twice does what it does once. Then a lost answer may be followed by another request, where
    /// Apple's list shows nothing; otherwise there is one request in the life of an act.
    fn is_harmless_twice(&self) -> bool;

    /// Whether the act may end while nobody can read what Apple lists. Not where that would lose what was made for it.
    fn may_end_unread(&self) -> bool {
        true
    }

    /// Asks Apple to do it.
    async fn ask(&self, session: &Session) -> Result<Answer, Error>;

    /// The same where more is sent than a question: the bytes of a file lie here.
    async fn carry_out(&self, _app: &App, _permit: &Permit, session: &Session) -> Result<Answer, Error> {
        self.ask(session).await
    }

    /// What Apple's list shows of it; none when it is not there.
    async fn look(&self, session: &Session) -> Result<Option<Answer>, Error>;

    /// Whether an answer is about what was asked for.
    fn fits(&self, _answer: &Answer) -> bool {
        true
    }

    /// Keeps what Apple did.
    async fn keep(&self, app: &App, tx: &mut Tx, permit: &Permit, used: &KeyToUse, answer: &Answer) -> Result<Kept, Problem>;

    /// Clears up what was made for an act of which Apple surely made nothing, and which ends like this.
    async fn give_up(&self, _tx: &mut Tx, _permit: &Permit, _end: &OperationState) -> Result<(), Problem> {
        Ok(())
    }

    /// Who holds the places, where Apple refused because they are taken.
    async fn places(&self, _session: &Session, _refused: &Error, _now: Timestamp) -> Vec<HeldPlace> {
        Vec::new()
    }

    /// The account's team, where the answer tells it.
    fn team(&self, _answer: &Answer) -> Option<TeamId> {
        None
    }
}

/// How an act is carried out.
pub(crate) enum Work {
    /// By one request.
    Call(Box<dyn Call>),
    /// By acts of its own, one after the other.
    Plan(Box<dyn super::plan::Plan>),
}

/// How an act of this kind is carried out.
pub(crate) fn work(kind: &OperationKind) -> Work {
    match kind.clone() {
        OperationKind::CreateCertificate {
            certificate_type,
            private_key,
            csr,
            public_key_fingerprint,
            request,
            ..
        } => Work::Call(Box::new(certificates::Creation {
            certificate_type,
            private_key,
            csr,
            fingerprint: public_key_fingerprint,
            is_of_request: request.is_some(),
        })),
        OperationKind::RevokeCertificate(of) => Work::Call(Box::new(certificates::Revoking(of))),
        OperationKind::RegisterBundleId(of) => Work::Call(Box::new(bundle_ids::Registering(of))),
        OperationKind::SetCapability(of) => Work::Call(Box::new(bundle_ids::Setting(of))),
        OperationKind::RemoveCapability(of) => Work::Call(Box::new(bundle_ids::Taking(of))),
        OperationKind::RegisterDevice(of) => Work::Call(Box::new(devices::Registering(of))),
        OperationKind::ChangeDevice(of) => Work::Call(Box::new(devices::Changing(of))),
        OperationKind::CreateProfile(of) => Work::Call(Box::new(profiles::Creating(of))),
        OperationKind::DeleteProfile(of) => Work::Call(Box::new(profiles::Deleting(of))),
        OperationKind::RebuildProfile(of) => Work::Plan(Box::new(of)),
        OperationKind::RebuildProfiles(of) => Work::Plan(Box::new(of)),
        OperationKind::RenewCertificate(of) => Work::Plan(Box::new(of)),
        OperationKind::EditBundleId(of) => Work::Plan(Box::new(of)),
        OperationKind::EnsureSigningSet(of) => Work::Plan(Box::new(of)),
        OperationKind::SurveyForSet(of) => Work::Call(Box::new(signing_sets::Surveying(of))),
        OperationKind::RegisterDevices(of) => Work::Plan(Box::new(of)),
        OperationKind::SendBuild(of) => Work::Plan(Box::new(of)),
        OperationKind::ChangeTesting(of) => Work::Call(Box::new(testing::Changing(of))),
        OperationKind::ChangeTestings(of) => Work::Plan(Box::new(of)),
        OperationKind::ReserveUpload(of) => Work::Call(Box::new(builds::ReservingUpload(of))),
        OperationKind::ReserveFile(of) => Work::Call(Box::new(builds::ReservingFile(of))),
        OperationKind::SendParts(of) => Work::Call(Box::new(builds::SendingParts(of))),
        OperationKind::CommitUpload(of) => Work::Call(Box::new(builds::Committing(of))),
        OperationKind::RegisterWebhook(of) => Work::Call(Box::new(apple_webhooks::Registering(of))),
        OperationKind::RemoveWebhook(of) => Work::Call(Box::new(apple_webhooks::Removing(of))),
        OperationKind::AnswerCompliance(of) => Work::Call(Box::new(builds::Answering(of))),
    }
}

/// Taking away is done when it is gone, whoever did it.
pub(crate) fn gone(answer: Result<(), Error>, id: &str) -> Result<Answer, Error> {
    match answer {
        Ok(()) | Err(Error::NotFound { .. }) => Ok(Answer::AtApple(id.to_owned())),
        Err(error) => Err(error),
    }
}
