//! A file comes here in pieces, and is held once it is whole.
//!
//! Each piece says where it begins. One that does not begin where the last one ended is refused with the place to go on
//! at, so whoever was interrupted asks, or just sends, and goes on. A file that turns out to be damaged, or no app, is not kept.

use super::{BinaryView, Kept, StorageError, inside};
use crate::{App, Caller, Problem, acting::fresh, problem::Kind};
use aws_lc_rs::digest;
use bytes::Bytes;
use domain::{
    Action, BinaryId, BinaryKind, BinaryUpload, BinaryUploadId, Event, HeldBinary, OrgId, Permit,
    binary::{FILE_NAME_CHARACTERS, MOST_BYTES},
};
use futures::Stream;
use std::io::Read;
use tokio::sync::Semaphore;

/// How many bytes of uploads that are not whole yet an organization may have announced.
const MOST_ON_THEIR_WAY: u64 = 10 * MOST_BYTES;

/// How many such uploads it may have.
const MOST_AT_ONCE: u32 = 100;

/// How many files are read at once to be checked: each takes a thread for seconds.
pub(super) static CHECKED_AT_ONCE: Semaphore = Semaphore::const_new(2);

/// A file that somebody wants to upload.
#[derive(Debug, Clone, Default)]
pub struct NewBinary {
    /// Its name; what stands before the last slash is left out.
    pub file_name: String,
    /// How many bytes it has.
    pub size: u64,
    /// SHA-256 in hex, if the sender knows it. What arrives is held against it.
    pub sha256: Option<String>,
}

/// What became of an announcement.
#[derive(Debug, Clone)]
pub enum Begun {
    /// An upload to go on with: new, or begun before by the same sender for the same bytes.
    Upload(BinaryUpload),
    /// These very bytes are here already.
    Held(Box<BinaryView>),
}

/// What a whole upload became.
#[derive(Debug, Clone)]
pub struct Arrived {
    /// The binary.
    pub binary: HeldBinary,
    /// Whether the same bytes were here already.
    pub was_here: bool,
}

impl App {
    /// Announces a file. Pieces follow, unless its bytes are here already.
    ///
    /// # Errors
    /// Problems at `file_name`, `size` and `sha256`; `too_many_uploads`; `not_found`, `not_allowed`.
    pub async fn begin_binary_upload(&self, caller: &Caller, org: OrgId, new: NewBinary) -> Result<Begun, Problem> {
        let permit = self.permit(caller, Action::UploadBinary, org).await?;
        let file_name = file_name(&new.file_name)?;
        if new.size == 0 {
            return Err(Problem::field(
                "file_empty",
                "size",
                "The file is empty. Choose the .ipa or .pkg that the build made.",
            ));
        }
        if new.size > MOST_BYTES {
            return Err(Problem::field(
                "file_too_large",
                "size",
                format!(
                    "The file has {:.1} GB; at most {} GB are taken. Apple takes apps of up to 4 GB.",
                    new.size as f64 / 1e9,
                    MOST_BYTES / 1_000_000_000
                ),
            ));
        }
        let sha256 = new.sha256.map(|text| text.trim().to_ascii_lowercase());
        if sha256
            .as_ref()
            .is_some_and(|text| text.len() != 64 || !text.bytes().all(|b| b.is_ascii_hexdigit()))
        {
            return Err(Problem::field(
                "sha256_malformed",
                "sha256",
                "A SHA-256 is written as 64 hexadecimal digits. Send it so, or leave it out.",
            ));
        }
        let created_by = caller
            .principal
            .actor()
            .subject()
            .ok_or_else(|| Problem::internal("a binary was uploaded by nobody"))?;
        let upload = BinaryUpload {
            id: fresh!(self, BinaryUploadId),
            organization: org,
            file_name,
            size: new.size,
            received: 0,
            sha256,
            created_by,
            created_at: self.now(),
            touched_at: self.now(),
        };
        let mut tx = self.begin_for(caller, &permit).await?;
        if let Some(sha256) = &upload.sha256 {
            if let Some(held) = tx.binary_with(&permit, sha256).await? {
                // Added once more, it is kept from now on.
                tx.note_binary_sent(&permit, held.id, self.now()).await?;
                tx.commit().await?;
                return Ok(Begun::Held(Box::new(self.binary(caller, org, held.id).await?)));
            }
            if let Some(begun) = tx.binary_upload_with(&permit, sha256, upload.size, created_by).await? {
                return Ok(Begun::Upload(begun));
            }
        }
        let (number, bytes) = tx.uploads_on_their_way(&permit).await?;
        if number >= MOST_AT_ONCE || bytes.saturating_add(new.size) > MOST_ON_THEIR_WAY {
            return Err(Problem::new(
                Kind::Conflict,
                "too_many_uploads",
                "Too many uploads of this organization were begun and are not whole. Go on with those or give them up, then begin this one.",
            ));
        }
        tx.begin_binary_upload(&permit, &upload).await?;
        tx.commit().await?;
        Ok(Begun::Upload(upload))
    }

    /// How far an upload came.
    ///
    /// # Errors
    /// `not_found`, `not_allowed`.
    pub async fn binary_upload(&self, caller: &Caller, org: OrgId, id: BinaryUploadId) -> Result<BinaryUpload, Problem> {
        let permit = self.permit(caller, Action::UploadBinary, org).await?;
        Ok(self.inner.store.read_for(&permit).await?.binary_upload(&permit, id).await?)
    }

    /// Takes a piece that begins at `offset`. What came of an interrupted one is kept, too.
    ///
    /// # Errors
    /// `offset_unexpected` with the place to go on at; `upload_busy`, `upload_too_long`, `upload_interrupted`,
    /// `storage_full`; `not_found`, `not_allowed`.
    pub async fn append_to_binary<E>(
        &self,
        caller: &Caller,
        org: OrgId,
        id: BinaryUploadId,
        offset: u64,
        pieces: impl Stream<Item = Result<Bytes, E>> + Unpin,
    ) -> Result<BinaryUpload, Problem> {
        let permit = self.permit(caller, Action::UploadBinary, org).await?;
        let mut upload = self.inner.store.read_for(&permit).await?.binary_upload(&permit, id).await?;
        let here = self.inner.binaries.arrived(id).await?.min(upload.received);
        if here < upload.received {
            // Another server of the same database has the rest, or the disk was exchanged: what is here is what counts.
            self.note_received(&permit, id, here).await?;
        }
        if offset != here {
            return Err(Problem::new(
                Kind::Conflict,
                "offset_unexpected",
                format!("Of this upload {here} bytes are kept, and the piece begins at {offset}. Go on at {here}."),
            ));
        }
        let taken = self.inner.binaries.append(id, here, upload.size, pieces).await;
        let kept = match &taken {
            Ok(kept) | Err(StorageError::Stopped { kept }) => *kept,
            Err(_) => here,
        };
        if kept != here {
            self.note_received(&permit, id, kept).await?;
        }
        taken?;
        upload.received = kept;
        upload.touched_at = self.now();
        Ok(upload)
    }

    /// Takes a file whole, of at most so many bytes, from a sender who cannot go on with it: a form of a browser. What is
    /// not whole is not kept.
    ///
    /// # Errors
    /// As of the three acts that it is made of.
    pub async fn take_binary<E>(
        &self,
        caller: &Caller,
        org: OrgId,
        file_name: String,
        most: u64,
        pieces: impl Stream<Item = Result<Bytes, E>> + Unpin,
    ) -> Result<Arrived, Problem> {
        let new = NewBinary {
            file_name,
            size: most,
            sha256: None,
        };
        let Begun::Upload(upload) = self.begin_binary_upload(caller, org, new).await? else {
            return Err(Problem::internal("a file was here whose bytes nobody knew"));
        };
        let taken: Result<Arrived, Problem> = async {
            let kept = self.append_to_binary(caller, org, upload.id, 0, pieces).await?;
            if kept.received == 0 {
                return Err(Problem::field(
                    "file_empty",
                    "file",
                    "The file is empty. Choose the .ipa or .pkg that the build made.",
                ));
            }
            let permit = self.permit(caller, Action::UploadBinary, org).await?;
            let mut tx = self.begin_for(caller, &permit).await?;
            tx.cut_binary_upload(&permit, upload.id).await?;
            tx.commit().await?;
            self.complete_binary_upload(caller, org, upload.id).await
        }
        .await;
        if taken.is_err()
            && let Err(problem) = self.give_up_binary_upload(caller, org, upload.id).await
            && problem.kind != Kind::NotFound
        {
            tracing::warn!(upload = %upload.id, cause = problem.inside, "an upload that broke off could not be cleared up; that is tried again daily");
        }
        taken
    }

    async fn note_received(&self, permit: &Permit, id: BinaryUploadId, received: u64) -> Result<(), Problem> {
        let mut tx = self.inner.store.begin_outcome(permit).await?;
        tx.note_received(permit, id, received, self.now()).await?;
        Ok(tx.commit().await?)
    }

    /// Looks into a whole upload, and holds it. One that is not what it was announced as is not kept.
    ///
    /// # Errors
    /// `upload_incomplete`; `checksum_wrong`, `not_an_app`; `storage_full`; `not_found`, `not_allowed`.
    pub async fn complete_binary_upload(&self, caller: &Caller, org: OrgId, id: BinaryUploadId) -> Result<Arrived, Problem> {
        let permit = self.permit(caller, Action::UploadBinary, org).await?;
        let upload = self.inner.store.read_for(&permit).await?.binary_upload(&permit, id).await?;
        let _alone = self.inner.binaries.alone(id)?;
        let here = self.inner.binaries.arrived(id).await?.min(upload.received);
        if here != upload.size {
            return Err(Problem::new(
                Kind::Conflict,
                "upload_incomplete",
                format!(
                    "Of this upload {here} of {} bytes are kept. Send the rest, beginning at {here}.",
                    upload.size
                ),
            ));
        }
        let looked = self.look_at_arrived(&upload).await;
        let found = match looked {
            Ok(found) => found,
            // Sent again it would be the same: it is of no use to anybody.
            Err(problem) if problem.kind == Kind::Invalid => {
                self.end_upload(caller, &permit, &upload).await?;
                return Err(problem);
            }
            Err(problem) => return Err(problem),
        };
        let held = self
            .inner
            .store
            .read_for(&permit)
            .await?
            .binary_with(&permit, &found.sha256)
            .await?;
        if let Some(binary) = held {
            self.end_upload(caller, &permit, &upload).await?;
            let mut tx = self.begin_for(caller, &permit).await?;
            tx.note_binary_sent(&permit, binary.id, self.now()).await?;
            tx.commit().await?;
            return Ok(Arrived { binary, was_here: true });
        }
        let binary = HeldBinary {
            id: fresh!(self, BinaryId),
            organization: org,
            file_name: upload.file_name.clone(),
            kind: found.kind,
            size: upload.size,
            sha256: found.sha256,
            has_icon: found.inside.as_ref().is_some_and(|inside| inside.icon.is_some()),
            contents: found.inside.as_ref().map(|inside| inside.contents.clone()),
            is_release_candidate: false,
            uploaded_by: upload.created_by,
            uploaded_at: self.now(),
        };
        let kept = Kept {
            organization: org,
            binary: binary.id,
        };
        self.inner.binaries.keep(id, kept, self.now().into()).await?;
        let mut tx = self.begin_for(caller, &permit).await?;
        let icon = found.inside.as_ref().and_then(|inside| inside.icon.as_deref());
        tx.insert_binary(&permit, &binary, icon).await?;
        tx.end_binary_upload(&permit, id).await?;
        let event = Event::BinaryUploaded {
            binary: binary.id,
            name: binary.title(),
            sha256: binary.sha256.clone(),
        };
        self.record_done(&mut tx, caller, org, event).await?;
        tx.commit().await?;
        self.inner.binaries.clear_arrived(id).await;
        Ok(Arrived { binary, was_here: false })
    }

    /// Gives an upload up.
    ///
    /// # Errors
    /// `not_found`, `not_allowed`.
    pub async fn give_up_binary_upload(&self, caller: &Caller, org: OrgId, id: BinaryUploadId) -> Result<(), Problem> {
        let permit = self.permit(caller, Action::UploadBinary, org).await?;
        let upload = self.inner.store.read_for(&permit).await?.binary_upload(&permit, id).await?;
        self.end_upload(caller, &permit, &upload).await
    }

    async fn end_upload(&self, caller: &Caller, permit: &Permit, upload: &BinaryUpload) -> Result<(), Problem> {
        let mut tx = self.begin_for(caller, permit).await?;
        tx.end_binary_upload(permit, upload.id).await?;
        tx.commit().await?;
        self.inner.binaries.clear_arrived(upload.id).await;
        Ok(())
    }

    async fn look_at_arrived(&self, upload: &BinaryUpload) -> Result<Found, Problem> {
        let _turn = CHECKED_AT_ONCE.acquire().await.map_err(Problem::internal)?;
        let (storage, upload, roots) = (self.inner.binaries.clone(), upload.clone(), self.inner.roots.clone());
        tokio::task::spawn_blocking(move || look(&mut storage.open_arrived(upload.id)?, &upload, &roots))
            .await
            .map_err(Problem::internal)?
    }
}

/// What a whole file turned out to be.
struct Found {
    kind: BinaryKind,
    sha256: String,
    inside: Option<inside::Inside>,
}

fn look(file: &mut std::fs::File, upload: &BinaryUpload, roots: &signing::chain::TrustRoot) -> Result<Found, Problem> {
    // The look is quick and says more than a checksum, which takes its time.
    let (kind, inside) = inside::look(&mut *file, roots)?;
    std::io::Seek::rewind(file).map_err(StorageError::from)?;
    let mut hash = digest::Context::new(&digest::SHA256);
    let mut piece = vec![0; 1 << 20];
    loop {
        let read = file.read(&mut piece).map_err(StorageError::from)?;
        match piece.get(..read) {
            Some([]) | None => break,
            Some(bytes) => hash.update(bytes),
        }
    }
    let sha256 = hex::encode(hash.finish());
    if upload.sha256.as_ref().is_some_and(|announced| *announced != sha256) {
        return Err(Problem::new(
            Kind::Invalid,
            "checksum_wrong",
            "What arrived has another SHA-256 than the file that was announced, so it was changed on the way and is not kept. Upload it again.",
        ));
    }
    Ok(Found { kind, sha256, inside })
}

/// The name alone, as it may stand in a header and on a page.
fn file_name(text: &str) -> Result<String, Problem> {
    let name = text.rsplit(['/', '\\']).next().unwrap_or_default().trim();
    if name.is_empty() || name.chars().any(char::is_control) {
        return Err(Problem::field(
            "file_name_missing",
            "file_name",
            "Say what the file is called, as Tern.ipa.",
        ));
    }
    if name.chars().count() > FILE_NAME_CHARACTERS {
        return Err(Problem::field(
            "file_name_too_long",
            "file_name",
            format!("The file's name is longer than {FILE_NAME_CHARACTERS} characters. Give it a shorter one."),
        ));
    }
    Ok(name.to_owned())
}
