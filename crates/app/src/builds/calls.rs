//! The four steps of sending a binary, each one request of Apple's API, and between them the parts of the file.
//!
//! Each may come twice without harm, because Apple's lists are looked at before: a reservation without a file is no build
//! (facts D1), a part that arrives twice is the same part, and that all is there can be said twice.

use crate::{
    App, Problem,
    binaries::storage::{Kept as Bytes, StorageError},
    operations::{Answer, Call, Kept},
};
use apple::{
    AppPlatform, AssetState, BuildUploadFilter, BuildUploadState, Checksums, Error, NewBuildUpload, NewBuildUploadFile, PartError,
    PartSender, Session, UniformType, UploadAssetType, UploadOperation,
};
use async_trait::async_trait;
use domain::{
    Feature, Permit,
    operation::{FileReservation, FileUpload, UploadReservation},
};
use futures::{StreamExt, TryStreamExt, stream};
use reqwest::Method;
use std::{collections::BTreeSet, time::Duration};
use store::{KeyToUse, Tx};
use tokio::sync::Semaphore;

/// How many parts are on their way at once.
const AT_ONCE: usize = 4;
/// The waits before a part is sent again that did not arrive.
const REPETITIONS: [Duration; 4] = [
    Duration::from_millis(200),
    Duration::from_secs(1),
    Duration::from_secs(3),
    Duration::from_secs(8),
];

/// The waits between two rounds in which no part arrived.
const ROUNDS: [Duration; 5] = [
    Duration::from_secs(1),
    Duration::from_secs(5),
    Duration::from_secs(15),
    Duration::from_secs(30),
    Duration::from_secs(60),
];
/// How many files a server sends at once: others wait, and other acts go on beside them.
pub(super) static SENT_AT_ONCE: Semaphore = Semaphore::const_new(3);

/// The place for a build.
pub(crate) struct ReservingUpload(pub(crate) UploadReservation);

#[async_trait]
impl Call for ReservingUpload {
    fn thing(&self) -> &'static str {
        "the upload"
    }

    fn list(&self) -> Feature {
        Feature::UploadBinary
    }

    fn is_harmless_twice(&self) -> bool {
        true
    }

    async fn ask(&self, session: &Session) -> Result<Answer, Error> {
        let of = &self.0.of;
        let new = NewBuildUpload {
            app: of.app.clone(),
            version: of.version.clone(),
            build_number: of.build_number.clone(),
            platform: AppPlatform::from(of.platform.as_str()),
        };
        Ok(Answer::AtApple(session.build_uploads().create(&new).await?.id))
    }

    /// One that waits for its file can only be of this act: no other makes this build at the same time. Should somebody
    /// outside have reserved the same, the file goes where they wanted theirs to go, and one build comes of it.
    async fn look(&self, session: &Session) -> Result<Option<Answer>, Error> {
        let of = &self.0.of;
        let filter = BuildUploadFilter {
            versions: vec![of.version.clone()],
            build_numbers: vec![of.build_number.clone()],
            states: vec![BuildUploadState::AwaitingUpload],
            ..BuildUploadFilter::default()
        };
        let listed = session.build_uploads().list(&of.app, &filter).await?;
        let is_ours = |upload: &apple::BuildUpload| {
            let now = &upload.attributes;
            now.version.as_deref() == Some(&*of.version)
                && now.build_number.as_deref() == Some(&*of.build_number)
                && now.platform.as_ref().is_none_or(|platform| platform.as_str() == of.platform)
                && now.state.state == Some(BuildUploadState::AwaitingUpload)
        };
        let ours = listed.into_iter().map(|detail| detail.upload).find(is_ours);
        Ok(ours.map(|upload| Answer::AtApple(upload.id)))
    }

    async fn keep(&self, _app: &App, _tx: &mut Tx, _permit: &Permit, _used: &KeyToUse, answer: &Answer) -> Result<Kept, Problem> {
        answer.nothing_but_its_id()
    }
}

/// The place for its file.
pub(crate) struct ReservingFile(pub(crate) FileReservation);

#[async_trait]
impl Call for ReservingFile {
    fn thing(&self) -> &'static str {
        "the file"
    }

    fn list(&self) -> Feature {
        Feature::UploadBinary
    }

    fn is_harmless_twice(&self) -> bool {
        true
    }

    async fn ask(&self, session: &Session) -> Result<Answer, Error> {
        let of = &self.0.of;
        let new = NewBuildUploadFile {
            build_upload: self.0.upload.clone(),
            file_name: of.file_name.clone(),
            file_size: of.size,
            uti: UniformType::from(of.file_type.as_str()),
            asset_type: UploadAssetType::Asset,
        };
        Ok(Answer::AtApple(session.build_upload_files().create(&new).await?.id))
    }

    async fn look(&self, session: &Session) -> Result<Option<Answer>, Error> {
        let listed = session.build_upload_files().list(&self.0.upload).await?;
        let ours = listed.into_iter().find(|file| file.attributes.file_size == Some(self.0.of.size));
        Ok(ours.map(|file| Answer::AtApple(file.id)))
    }

    async fn keep(&self, _app: &App, _tx: &mut Tx, _permit: &Permit, _used: &KeyToUse, answer: &Answer) -> Result<Kept, Problem> {
        answer.nothing_but_its_id()
    }
}

/// The parts of the file.
pub(crate) struct SendingParts(pub(crate) FileUpload);

impl SendingParts {
    async fn whole(&self, session: &Session) -> Result<Option<Answer>, Error> {
        let file = session.build_upload_files().get(&self.0.file).await?;
        let is_there = is_there(file.attributes.asset_delivery_state.state.as_ref());
        Ok(is_there.then(|| Answer::AtApple(self.0.file.clone())))
    }

    /// Sends one part, as often as that can help, and notes that it arrived.
    async fn send(&self, app: &App, permit: &Permit, sender: &PartSender, operation: &UploadOperation) -> Result<(), PartError> {
        let offset = operation.offset.unwrap_or_default();
        let length = operation.length.unwrap_or_default();
        let at = Bytes {
            organization: permit.organization(),
            binary: self.0.of.binary,
        };
        let mut pauses = REPETITIONS.iter();
        loop {
            let source = |cause: &str| PartError::Source { cause: cause.to_owned() };
            let end = offset.checked_add(length).filter(|end| *end <= self.0.of.size && length > 0);
            let Some(end) = end else {
                return Err(PartError::Unusable {
                    reason: "its part lies outside of the file".to_owned(),
                });
            };
            let bytes = match app.inner.binaries.read(at, offset..end).await {
                Ok(bytes) => bytes,
                Err(StorageError::Missing) => return Err(source("the binary was removed here")),
                // The disk or the bucket falters. What it says is for whoever keeps the server.
                Err(error) => {
                    tracing::warn!(%error, binary = %self.0.of.binary, "a binary could not be read while it was sent");
                    match pauses.next() {
                        Some(pause) => tokio::time::sleep(*pause).await,
                        None => return Err(falters()),
                    }
                    continue;
                }
            };
            match sender.send(operation, bytes).await {
                Ok(_) => break,
                Err(PartError::Source { cause }) => {
                    tracing::warn!(cause, binary = %self.0.of.binary, "a binary could not be read while it was sent");
                    match pauses.next() {
                        Some(pause) => tokio::time::sleep(*pause).await,
                        None => return Err(falters()),
                    }
                }
                Err(error) => match pauses.next().filter(|_| error.can_be_repeated()) {
                    Some(pause) => tokio::time::sleep(*pause).await,
                    None => return Err(error),
                },
            }
        }
        let noted = async {
            let mut tx = app.inner.store.begin_outcome(permit).await?;
            tx.note_part(permit, &self.0.file, offset, length).await?;
            tx.commit().await
        };
        if let Err(error) = noted.await {
            // It is sent again after an interruption, which does no harm.
            tracing::warn!(%error, "that a part arrived could not be noted");
        }
        app.inner.operation_moved.notify_waiters();
        Ok(())
    }
}

#[async_trait]
impl Call for SendingParts {
    fn thing(&self) -> &'static str {
        "the file's parts"
    }

    fn list(&self) -> Feature {
        Feature::UploadBinary
    }

    fn is_harmless_twice(&self) -> bool {
        true
    }

    async fn ask(&self, session: &Session) -> Result<Answer, Error> {
        self.look(session)
            .await?
            .ok_or_else(|| lost("the parts of the file are not there".to_owned()))
    }

    /// Sends the parts that did not arrive yet, several at once. The addresses are read anew each time: they end. As long as
    /// parts arrive now and then it goes on; without that it is left for later.
    async fn carry_out(&self, app: &App, permit: &Permit, session: &Session) -> Result<Answer, Error> {
        let sender = app.inner.apple.part_sender();
        let _turn = SENT_AT_ONCE.acquire().await.map_err(|error| lost(error.to_string()))?;
        let mut rounds = ROUNDS.iter();
        let mut arrived_before = None;
        loop {
            let file = session.build_upload_files().get(&self.0.file).await?;
            if is_there(file.attributes.asset_delivery_state.state.as_ref()) {
                return Ok(Answer::AtApple(self.0.file.clone()));
            }
            let operations = &file.attributes.upload_operations;
            if !covers(operations, self.0.of.size) {
                return Err(lost("Apple does not say where each part of the file is to go".to_owned()));
            }
            let arrived: BTreeSet<(u64, u64)> = arrived(app, permit, &self.0.file).await?.into_iter().collect();
            if arrived_before.replace(arrived.len()).is_some_and(|before| before < arrived.len()) {
                rounds = ROUNDS.iter();
            }
            let is_missing = |operation: &&UploadOperation| !part(operation).is_some_and(|part| arrived.contains(&part));
            let missing = operations.iter().filter(is_missing);
            let sends: Vec<_> = missing.map(|operation| self.send(app, permit, &sender, operation)).collect();
            let sent: Result<(), PartError> = stream::iter(sends).buffer_unordered(AT_ONCE).try_collect().await;
            match sent {
                Ok(()) => return Ok(Answer::AtApple(self.0.file.clone())),
                Err(error @ (PartError::Source { .. } | PartError::Unusable { .. })) => {
                    return Err(Error::NotSent { cause: error.to_string() });
                }
                Err(error) => match rounds.next() {
                    Some(pause) => tokio::time::sleep(*pause).await,
                    None => return Err(lost(error.to_string())),
                },
            }
        }
    }

    async fn look(&self, session: &Session) -> Result<Option<Answer>, Error> {
        self.whole(session).await
    }

    async fn keep(&self, _app: &App, _tx: &mut Tx, _permit: &Permit, _used: &KeyToUse, answer: &Answer) -> Result<Kept, Problem> {
        answer.nothing_but_its_id()
    }
}

/// The storage of binaries gives no bytes now.
fn falters() -> PartError {
    PartError::Again {
        host: "the storage of binaries".to_owned(),
        status: None,
        retry_after: None,
        cause: "it does not answer as it should".to_owned(),
    }
}

/// Where a part begins, and its length.
fn part(operation: &UploadOperation) -> Option<(u64, u64)> {
    operation.offset.zip(operation.length)
}

/// Whether these are parts that make up a file of this size, without a gap.
fn covers(operations: &[UploadOperation], size: u64) -> bool {
    let mut parts: Vec<_> = operations.iter().filter_map(part).collect();
    parts.sort_unstable();
    let reaches = parts.iter().try_fold(0_u64, |to, (offset, length)| {
        (*offset <= to).then(|| to.max(offset.saturating_add(*length)))
    });
    reaches.is_some_and(|to| to >= size)
}

/// What did not arrive is sent again later, as after any answer that was lost.
fn lost(cause: String) -> Error {
    Error::LostAnswer {
        method: Method::PUT,
        status: None,
        cause,
        errors: Default::default(),
    }
}

async fn arrived(app: &App, permit: &Permit, file: &str) -> Result<Vec<(u64, u64)>, Error> {
    let read = async { app.inner.store.read_for(permit).await?.parts_of(permit, file).await };
    read.await.map_err(|error| lost(error.to_string()))
}

fn is_there(state: Option<&AssetState>) -> bool {
    matches!(state, Some(AssetState::UploadComplete | AssetState::Complete))
}

/// Apple is told that all parts are there.
pub(crate) struct Committing(pub(crate) FileUpload);

#[async_trait]
impl Call for Committing {
    fn thing(&self) -> &'static str {
        "the whole file"
    }

    fn list(&self) -> Feature {
        Feature::UploadBinary
    }

    fn is_harmless_twice(&self) -> bool {
        true
    }

    async fn ask(&self, session: &Session) -> Result<Answer, Error> {
        let checksums = Checksums::of_file_sha256(self.0.of.sha256.clone());
        let file = session.build_upload_files().commit(&self.0.file, Some(&checksums)).await?;
        Ok(Answer::AtApple(file.id))
    }

    async fn look(&self, session: &Session) -> Result<Option<Answer>, Error> {
        let file = session.build_upload_files().get(&self.0.file).await?;
        let is_there = is_there(file.attributes.asset_delivery_state.state.as_ref());
        Ok(is_there.then_some(Answer::AtApple(file.id)))
    }

    async fn keep(&self, _app: &App, tx: &mut Tx, permit: &Permit, _used: &KeyToUse, answer: &Answer) -> Result<Kept, Problem> {
        tx.forget_parts(permit, &self.0.file).await?;
        answer.nothing_but_its_id()
    }
}
