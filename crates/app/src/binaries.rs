//! Binaries: app files that are uploaded here, looked into, and kept to be sent to Apple.
//!
//! ```text
//! begin ── pieces, each where the one before ended ── complete: checksum, a look inside ── held      binaries/arrive.rs
//! ```
//!
//! What is inside is read once, when the file is whole, and kept for lists and pages. [`storage`] has the bytes.
//!
//! The surprising thing: the same bytes are held once. Who uploads what is here already gets what is here.

mod arrive;
mod compare;
mod inside;
mod retention;
pub mod storage;

pub use arrive::{Arrived, Begun, NewBinary};
pub use compare::Difference;
pub use signing::ipa::Severity;
pub use storage::{Storage, StorageError};
pub use store::BinaryFilter;

use crate::{App, Caller, Problem, activity::Names, problem::Kind};
use bytes::Bytes;
use domain::{Action, BinaryId, BinaryKind, Event, HeldBinary, OrgId};
use futures::stream::BoxStream;
use signing::ipa::Destination;
use std::io;
use storage::Kept;
use store::{Conflict, Page, Paging, StoreError};

/// A binary with names in the place of ids.
#[derive(Debug, Clone)]
pub struct BinaryView {
    /// The binary.
    pub binary: HeldBinary,
    /// Who uploaded it.
    pub uploaded_by: String,
}

/// Something that should be known before a binary is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// A stable word.
    pub code: &'static str,
    /// Whether Apple refuses it, or it may go on.
    pub severity: Severity,
    /// In which bundle, by its identifier.
    pub bundle: String,
    /// What was found and what to do.
    pub message: String,
}

/// A binary that leaves.
pub struct BinaryFile {
    /// Its name.
    pub file_name: String,
    /// How many bytes follow.
    pub size: u64,
    /// Its bytes.
    pub bytes: BoxStream<'static, io::Result<Bytes>>,
}

pub(crate) fn place(binary: &HeldBinary) -> Kept {
    Kept {
        organization: binary.organization,
        binary: binary.id,
    }
}

impl From<StorageError> for Problem {
    fn from(error: StorageError) -> Self {
        match error {
            StorageError::Full => Self::new(
                Kind::Unavailable,
                "storage_full",
                "There is no room left where binaries are kept. Remove binaries that nobody needs, or ask whoever keeps the server; then go on, what was uploaded until now is kept.",
            ),
            StorageError::Missing => {
                let mut problem = Self::new(
                    Kind::Unavailable,
                    "storage_unavailable",
                    "The file is not where it was kept. Ask whoever keeps the server to look at the storage of binaries.",
                );
                problem.inside = Some(error.to_string());
                problem
            }
            StorageError::Stopped { kept } => Self::new(
                Kind::Invalid,
                "upload_interrupted",
                format!("The connection ended in the middle. {kept} bytes are kept; go on there."),
            ),
            StorageError::TooMuch => Self::new(
                Kind::Invalid,
                "upload_too_long",
                "More bytes came than the upload was announced with. Nothing of this piece is kept. Send the rest that is missing, or begin anew with the right size.",
            ),
            StorageError::Busy => Self::new(
                Kind::Conflict,
                "upload_busy",
                "This upload is being sent at this moment by another request. Wait for that one, then ask how far it came.",
            ),
            StorageError::Other(why) => {
                let mut problem = Self::new(
                    Kind::Unavailable,
                    "storage_unavailable",
                    "The storage of binaries does not answer as it should. Try again soon; nothing that was kept is lost.",
                );
                problem.inside = Some(why);
                problem
            }
        }
    }
}

impl App {
    /// The binaries held here that fit, newest first.
    ///
    /// # Errors
    /// `not_found`, `not_allowed`; `cursor_unknown`.
    pub async fn binaries(&self, caller: &Caller, org: OrgId, filter: &BinaryFilter, paging: &Paging) -> Result<Page<BinaryView>, Problem> {
        let permit = self.permit(caller, Action::SeeBinaries, org).await?;
        let mut tx = self.inner.store.read_for(&permit).await?;
        let page = tx.binaries(&permit, filter, paging).await?;
        let mut names = Names::default();
        let mut items = Vec::with_capacity(page.items.len());
        for binary in page.items {
            items.push(BinaryView {
                uploaded_by: names.of_subject(&mut tx, binary.uploaded_by).await?,
                binary,
            });
        }
        Ok(Page {
            items,
            next: page.next,
            previous: page.previous,
            skipped: page.skipped,
        })
    }

    /// One of them.
    ///
    /// # Errors
    /// `not_found`, `not_allowed`.
    pub async fn binary(&self, caller: &Caller, org: OrgId, id: BinaryId) -> Result<BinaryView, Problem> {
        let permit = self.permit(caller, Action::SeeBinaries, org).await?;
        let mut tx = self.inner.store.read_for(&permit).await?;
        let binary = tx.binary(&permit, id).await?;
        Ok(BinaryView {
            uploaded_by: Names::default().of_subject(&mut tx, binary.uploaded_by).await?,
            binary,
        })
    }

    /// The icon of the app inside, a PNG.
    ///
    /// # Errors
    /// `not_found`, also where it has none; `not_allowed`.
    pub async fn icon_of_binary(&self, caller: &Caller, org: OrgId, id: BinaryId) -> Result<Vec<u8>, Problem> {
        let permit = self.permit(caller, Action::SeeBinaries, org).await?;
        let mut tx = self.inner.store.read_for(&permit).await?;
        tx.icon_of_binary(&permit, id).await?.ok_or_else(Problem::not_found)
    }

    /// What differs between two binaries, from the first to the second.
    ///
    /// # Errors
    /// `not_found`, `not_allowed`; `not_inspected` for one that nobody looked into.
    pub async fn compare_binaries(&self, caller: &Caller, org: OrgId, from: BinaryId, to: BinaryId) -> Result<Vec<Difference>, Problem> {
        let permit = self.permit(caller, Action::SeeBinaries, org).await?;
        let mut tx = self.inner.store.read_for(&permit).await?;
        let (before, after) = (tx.binary(&permit, from).await?, tx.binary(&permit, to).await?);
        match (&before.contents, &after.contents) {
            (Some(one), Some(other)) => Ok(compare::differences((&before, one), (&after, other))),
            _ => Err(Problem::new(
                Kind::Invalid,
                "not_inspected",
                "Only .ipa files are looked into, and one of these is another kind of file. Compare two .ipa files.",
            )),
        }
    }

    /// What would make Apple refuse the binary, or should be known before it is sent, as far as the file alone tells: the
    /// worst first. Looked up anew each time, because profiles and certificates end.
    ///
    /// # Errors
    /// `not_found`, `not_allowed`; `storage_unavailable`.
    pub async fn findings_of_binary(&self, caller: &Caller, org: OrgId, id: BinaryId) -> Result<Vec<Finding>, Problem> {
        let permit = self.permit(caller, Action::SeeBinaries, org).await?;
        let binary = self.inner.store.read_for(&permit).await?.binary(&permit, id).await?;
        self.findings(&binary).await
    }

    pub(crate) async fn findings(&self, binary: &HeldBinary) -> Result<Vec<Finding>, Problem> {
        if binary.kind == BinaryKind::Pkg {
            return Ok(Vec::new());
        }
        let _turn = arrive::CHECKED_AT_ONCE.acquire().await.map_err(Problem::internal)?;
        let reader = self.inner.binaries.reader(place(binary), binary.size)?;
        let (roots, now) = (self.inner.roots.clone(), self.now());
        let found = tokio::task::spawn_blocking(move || {
            let found = signing::ipa::inspect(reader, &roots).map_err(inside::refusal)?;
            let mut findings = signing::ipa::findings(&found, now, Destination::AppStoreConnect);
            findings.sort_by_key(|finding| finding.severity);
            let findings = findings.into_iter().map(|finding| Finding {
                code: finding.code.code(),
                severity: finding.severity,
                bundle: finding.bundle_id,
                message: finding.message,
            });
            Ok::<_, Problem>(findings.collect())
        });
        found.await.map_err(Problem::internal)?
    }

    /// Takes a binary away. The use is written down before the first byte leaves.
    ///
    /// # Errors
    /// `not_found`, `not_allowed`; `storage_unavailable`.
    pub async fn download_binary(&self, caller: &Caller, org: OrgId, id: BinaryId) -> Result<BinaryFile, Problem> {
        let permit = self.permit(caller, Action::DownloadBinary, org).await?;
        let mut tx = self.begin_for(caller, &permit).await?;
        let binary = tx.binary(&permit, id).await?;
        let event = Event::BinaryDownloaded {
            binary: id,
            name: binary.title(),
        };
        self.record_done(&mut tx, caller, org, event).await?;
        tx.commit().await?;
        Ok(BinaryFile {
            bytes: self.inner.binaries.read(place(&binary), 0..binary.size).await?,
            file_name: binary.file_name,
            size: binary.size,
        })
    }

    /// Marks a binary as a release candidate, or takes the mark away. What is so already stays so, without a record.
    ///
    /// # Errors
    /// `not_found`, `not_allowed`.
    pub async fn mark_binary(&self, caller: &Caller, org: OrgId, id: BinaryId, release_candidate: bool) -> Result<HeldBinary, Problem> {
        let permit = self.permit(caller, Action::MarkReleaseCandidate, org).await?;
        let mut tx = self.begin_for(caller, &permit).await?;
        let mut binary = tx.binary(&permit, id).await?;
        if binary.is_release_candidate == release_candidate {
            return Ok(binary);
        }
        tx.mark_binary(&permit, id, release_candidate).await?;
        let event = Event::BinaryMarked {
            binary: id,
            name: binary.title(),
            release_candidate,
        };
        self.record_done(&mut tx, caller, org, event).await?;
        tx.commit().await?;
        binary.is_release_candidate = release_candidate;
        Ok(binary)
    }

    /// Removes a binary here. What was sent to Apple of it stays there.
    ///
    /// # Errors
    /// `another_is_running` while it is being sent; `not_found`, `not_allowed`, also for a release candidate where the caller
    /// may not mark those.
    pub async fn remove_binary(&self, caller: &Caller, org: OrgId, id: BinaryId) -> Result<(), Problem> {
        let permit = self.permit(caller, Action::UploadBinary, org).await?;
        let was_candidate = self
            .inner
            .store
            .read_for(&permit)
            .await?
            .binary(&permit, id)
            .await?
            .is_release_candidate;
        if was_candidate {
            // Who may not take the mark away does not take the file away either.
            self.permit(caller, Action::MarkReleaseCandidate, org).await?;
        }
        let mut tx = self.begin_for(caller, &permit).await?;
        let binary = tx.binary(&permit, id).await?;
        if binary.is_release_candidate && !was_candidate {
            return Err(StoreError::Conflict(Conflict::Stale).into());
        }
        let acts = tx.unfinished_operations(&permit).await?;
        let sends = |act: &&domain::Operation| act.step_of.is_none() && act.kind.build().is_some_and(|of| of.binary == id);
        if let Some(act) = acts.iter().find(sends) {
            return Err(Problem::new(
                Kind::Conflict,
                "another_is_running",
                format!("It is being sent to Apple ({}). Wait until that is over, then remove it.", act.id),
            ));
        }
        tx.delete_binary(&permit, id).await?;
        let event = Event::BinaryRemoved {
            binary: id,
            name: binary.title(),
            kept_days: None,
        };
        self.record_done(&mut tx, caller, org, event).await?;
        tx.commit().await?;
        if let Err(error) = self.inner.binaries.remove(place(&binary)).await {
            tracing::warn!(binary = %id, %error, "the bytes of a binary that was removed could not be cleared up; that is tried again daily");
        }
        Ok(())
    }

    /// Gives up uploads that nobody goes on with, and clears up bytes that nothing names. The server does this once a day.
    ///
    /// # Errors
    /// When the database or the storage does not answer.
    pub async fn sweep_binaries(&self) -> Result<(), Problem> {
        let before = self
            .now()
            .saturating_sub(domain::binary::UPLOAD_PATIENCE)
            .unwrap_or(jiff::Timestamp::MIN);
        let mut tx = self.inner.store.begin_over_all().await?;
        tx.forget_binary_uploads(before).await?;
        tx.commit().await?;
        let storage = &self.inner.binaries;
        for upload in storage.all_arriving().await? {
            if !self.inner.store.read_over_all().await?.is_binary_upload(upload).await? {
                storage.clear_arrived(upload).await;
            }
        }
        for kept in storage.kept_for_a_while(self.now().into()).await? {
            if !self
                .inner
                .store
                .read_over_all()
                .await?
                .is_held_binary(kept.organization, kept.binary)
                .await?
            {
                storage.remove(kept).await?;
            }
        }
        Ok(())
    }
}
