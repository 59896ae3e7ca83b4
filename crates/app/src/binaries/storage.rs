//! Where the bytes of binaries lie: a directory, or a bucket of anything that speaks S3.
//!
//! ```text
//! <spool>/<upload>                            a file on its way here, appended to piece by piece, always on this machine
//! <root>/<instance>/<organization>/<binary>   a file that is whole
//! ```
//!
//! A file is kept under its place first and named in the database afterwards, and it is taken out of the database first and
//! out of its place afterwards. So what a crash leaves behind is a file that nothing names; [`Storage::sweep`] finds those.
//!
//! Nothing here takes the last of a disk: the database and the log of the instance may lie on the same one.
//!
//! The surprising thing: in a directory a whole file is the same file under a second name, so that keeping 2 GB costs what
//! keeping 2 bytes costs. Spool and root therefore lie on one file system.

use bytes::Bytes;
use domain::{BinaryId, BinaryUploadId, OrgId};
use futures::{Stream, StreamExt, TryStreamExt, stream::BoxStream};
use object_store::{
    GetOptions, GetRange, ObjectStore, ObjectStoreExt, WriteMultipart,
    aws::{AmazonS3Builder, AmazonS3ConfigKey},
    local::LocalFileSystem,
    path::Path as Place,
};
use std::{
    collections::HashSet,
    io::{self, Read, Seek, SeekFrom},
    ops::Range,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};
use tokio::{
    io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt, BufWriter},
    runtime::Handle,
};
use url::Url;

/// How much is written to a disk, or read from it, at once.
const PIECE: usize = 1 << 20;
/// So much of a disk is left free for others, in bytes: what is recorded has to be recorded.
const LEFT_FREE: u64 = 1 << 30;
/// After how many bytes it is looked whether there is still room.
const LOOK_FOR_ROOM: u64 = 64 << 20;
/// How long a file may lie under its place before the database names it.
const UNNAMED_FOR: Duration = Duration::from_secs(6 * 3600);

/// What went wrong with bytes that are kept.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// There is no room.
    #[error("there is no room left")]
    Full,
    /// What should be there is not.
    #[error("the file is not where it was kept")]
    Missing,
    /// Whoever sends it stopped in the middle; so many bytes are kept.
    #[error("the sender stopped after {kept} bytes")]
    Stopped {
        /// How many bytes there are now.
        kept: u64,
    },
    /// More came than was announced.
    #[error("more came than was announced")]
    TooMuch,
    /// Somebody else is sending the same.
    #[error("the same upload is being sent by somebody else")]
    Busy,
    /// What the disk or the bucket says.
    #[error("{0}")]
    Other(String),
}

impl From<io::Error> for StorageError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::Full,
            io::ErrorKind::NotFound => Self::Missing,
            _ => Self::Other(error.to_string()),
        }
    }
}

impl From<object_store::Error> for StorageError {
    fn from(error: object_store::Error) -> Self {
        let full = |error: &(dyn std::error::Error + 'static)| {
            let is_full = |io: &io::Error| matches!(io.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded);
            std::iter::successors(Some(error), |error| error.source()).any(|error| error.downcast_ref::<io::Error>().is_some_and(is_full))
        };
        match &error {
            object_store::Error::NotFound { .. } => Self::Missing,
            other if full(other) => Self::Full,
            other => Self::Other(other.to_string()),
        }
    }
}

/// The storage. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Storage {
    spool: PathBuf,
    /// In a directory: where whole files get their second name.
    root: Option<PathBuf>,
    kept: Arc<dyn ObjectStore>,
    below: Place,
    sending: Arc<Mutex<HashSet<BinaryUploadId>>>,
}

/// A place in the storage: of a whole binary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Kept {
    pub(crate) organization: OrgId,
    pub(crate) binary: BinaryId,
}

impl Storage {
    /// In a directory, which is made if it is not there.
    ///
    /// # Errors
    /// What the file system says.
    pub fn in_directory(root: &Path) -> Result<Self, StorageError> {
        let spool = root.join("arriving");
        let whole = root.join("kept");
        private_folder(&spool)?;
        private_folder(&whole)?;
        Ok(Self {
            spool,
            kept: Arc::new(LocalFileSystem::new_with_prefix(&whole)?),
            root: Some(whole),
            below: Place::default(),
            sending: Arc::default(),
        })
    }

    /// In a bucket, `s3://bucket/prefix`, with credentials, region and endpoint as the usual `AWS_…` variables name them. Files on
    /// their way here lie in a directory until they are whole.
    ///
    /// # Errors
    /// What is wrong with the address or the variables.
    pub fn in_bucket(url: &Url, variables: &[(String, String)], spool: &Path) -> Result<Self, StorageError> {
        private_folder(spool)?;
        let known = variables
            .iter()
            .filter_map(|(name, value)| Some((name.to_ascii_lowercase().parse::<AmazonS3ConfigKey>().ok()?, value)));
        let mut bucket = AmazonS3Builder::new().with_url(url.as_str());
        let mut is_loopback = false;
        for (key, value) in known {
            if key == AmazonS3ConfigKey::Endpoint {
                is_loopback = Url::parse(value).is_ok_and(|endpoint| match endpoint.host() {
                    Some(url::Host::Domain(name)) => name == "localhost",
                    Some(url::Host::Ipv4(address)) => address.is_loopback(),
                    Some(url::Host::Ipv6(address)) => address.is_loopback(),
                    None => false,
                });
            }
            bucket = bucket.with_config(key, value);
        }
        // A bucket of one's own on the same machine may be without TLS: a loopback address is no network.
        let bucket = bucket.with_allow_http(is_loopback).build()?;
        Ok(Self {
            spool: spool.to_owned(),
            root: None,
            kept: Arc::new(bucket),
            below: Place::from(url.path()),
            sending: Arc::default(),
        })
    }

    /// The same for one instance: what others keep in the same place is none of its business, above all not to clear up.
    #[must_use]
    pub(crate) fn of_instance(mut self, instance: &str) -> Self {
        self.below = self.below.join(instance);
        self.root = self.root.map(|root| root.join(instance));
        self
    }

    fn place(&self, at: Kept) -> Place {
        self.below.clone().join(at.organization.to_string()).join(at.binary.to_string())
    }

    fn arriving(&self, upload: BinaryUploadId) -> PathBuf {
        self.spool.join(upload.to_string())
    }

    /// Appends what comes to an upload of which `at` bytes are kept, up to `most` bytes in all. Answers how many bytes are
    /// kept then; they are on the disk.
    pub(crate) async fn append<E>(
        &self,
        upload: BinaryUploadId,
        at: u64,
        most: u64,
        mut pieces: impl Stream<Item = Result<Bytes, E>> + Unpin,
    ) -> Result<u64, StorageError> {
        let _alone = self.alone(upload)?;
        let path = self.arriving(upload);
        let mut file = tokio::fs::OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .mode(0o600)
            .open(&path)
            .await?;
        if file.metadata().await?.len() < at {
            return Err(StorageError::Missing);
        }
        // What came after the last note was never promised to be here.
        file.set_len(at).await?;
        file.seek(SeekFrom::Start(at)).await?;
        let mut file = BufWriter::with_capacity(PIECE, file);
        let written = self.write(&mut file, at, most, &mut pieces).await;
        let file = file.into_inner();
        match written {
            Ok((kept, is_whole)) => {
                file.sync_data().await?;
                if is_whole { Ok(kept) } else { Err(StorageError::Stopped { kept }) }
            }
            // What nobody was promised takes no room.
            Err(error) => {
                file.set_len(at).await?;
                Err(error)
            }
        }
    }

    /// Writes what comes. Answers how many bytes there are then, and whether the sender came to the end.
    async fn write<E>(
        &self,
        file: &mut BufWriter<tokio::fs::File>,
        at: u64,
        most: u64,
        pieces: &mut (impl Stream<Item = Result<Bytes, E>> + Unpin),
    ) -> Result<(u64, bool), StorageError> {
        self.look_for_room()?;
        let (mut kept, mut looked_at) = (at, at);
        while let Some(piece) = pieces.next().await {
            let Ok(piece) = piece else {
                file.flush().await?;
                return Ok((kept, false));
            };
            if kept + piece.len() as u64 > most {
                return Err(StorageError::TooMuch);
            }
            file.write_all(&piece).await?;
            kept += piece.len() as u64;
            if kept - looked_at > LOOK_FOR_ROOM {
                self.look_for_room()?;
                looked_at = kept;
            }
        }
        file.flush().await?;
        Ok((kept, true))
    }

    fn look_for_room(&self) -> Result<(), StorageError> {
        let disk = rustix::fs::statvfs(&self.spool).map_err(io::Error::from)?;
        match disk.f_bavail.saturating_mul(disk.f_frsize) {
            0..LEFT_FREE => Err(StorageError::Full),
            _ => Ok(()),
        }
    }

    /// The right to do something with an upload that one at a time may do, until it is dropped. Of this process: behind
    /// several servers, an upload goes to one of them.
    pub(crate) fn alone(&self, upload: BinaryUploadId) -> Result<Alone, StorageError> {
        Alone::with(&self.sending, upload).ok_or(StorageError::Busy)
    }

    /// The file of an upload, to be read.
    pub(crate) fn open_arrived(&self, upload: BinaryUploadId) -> Result<std::fs::File, StorageError> {
        Ok(std::fs::File::open(self.arriving(upload))?)
    }

    /// How many bytes of an upload lie here.
    pub(crate) async fn arrived(&self, upload: BinaryUploadId) -> Result<u64, StorageError> {
        match tokio::fs::metadata(self.arriving(upload)).await {
            Ok(found) => Ok(found.len()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
            Err(error) => Err(error.into()),
        }
    }

    /// Keeps an upload under its place. It stays where it arrived until [`Storage::clear_arrived`].
    pub(crate) async fn keep(&self, upload: BinaryUploadId, at: Kept, now: SystemTime) -> Result<(), StorageError> {
        let from = self.arriving(upload);
        if let Some(root) = &self.root {
            let folder = root.join(at.organization.to_string());
            let linked = tokio::task::spawn_blocking(move || link(&from, &folder, &at.binary.to_string(), now));
            return Ok(linked.await.map_err(|error| StorageError::Other(error.to_string()))??);
        }
        let mut file = tokio::fs::File::open(&from).await?;
        let mut upload = WriteMultipart::new(self.kept.put_multipart(&self.place(at)).await?);
        let sent: Result<(), StorageError> = async {
            loop {
                let mut piece = Vec::with_capacity(PIECE);
                if (&mut file).take(PIECE as u64).read_to_end(&mut piece).await? == 0 {
                    return Ok(());
                }
                upload.wait_for_capacity(4).await?;
                upload.put(Bytes::from(piece));
            }
        }
        .await;
        match sent {
            Ok(()) => upload.finish().await.map(|_| ()).map_err(StorageError::from),
            // Parts of what was not ended lie in the bucket unseen, and cost.
            Err(error) => {
                if let Err(left) = upload.abort().await {
                    tracing::warn!(%left, "an upload to the bucket could not be given up; its life cycle has to clear it up");
                }
                Err(error)
            }
        }
    }

    /// Takes away what arrived.
    pub(crate) async fn clear_arrived(&self, upload: BinaryUploadId) {
        if let Err(error) = tokio::fs::remove_file(self.arriving(upload)).await
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!(%upload, %error, "an upload that is over could not be cleared up; that is tried again daily");
        }
    }

    /// These bytes of a binary, piece by piece.
    pub(crate) async fn read(&self, at: Kept, range: Range<u64>) -> Result<BoxStream<'static, io::Result<Bytes>>, StorageError> {
        if let Some(root) = &self.root {
            let path = root.join(at.organization.to_string()).join(at.binary.to_string());
            let mut file = tokio::fs::File::open(path).await?;
            file.seek(SeekFrom::Start(range.start)).await?;
            let rest = range.end.saturating_sub(range.start);
            let pieces = futures::stream::try_unfold((file, rest), |(mut file, rest)| async move {
                if rest == 0 {
                    return Ok(None);
                }
                let wanted = rest.min(PIECE as u64);
                let mut piece = Vec::with_capacity(usize::try_from(wanted).unwrap_or(PIECE));
                let read = (&mut file).take(wanted).read_to_end(&mut piece).await? as u64;
                if read == 0 {
                    return Err(io::Error::from(io::ErrorKind::UnexpectedEof));
                }
                Ok(Some((Bytes::from(piece), (file, rest - read))))
            });
            return Ok(pieces.boxed());
        }
        let options = GetOptions::new().with_range(Some(GetRange::Bounded(range)));
        let found = self.kept.get_opts(&self.place(at), options).await?;
        Ok(found.into_stream().map_err(io::Error::other).boxed())
    }

    /// A binary as something that is read and sought in, for a thread that may block.
    pub(crate) fn reader(&self, at: Kept, size: u64) -> Result<Reader, StorageError> {
        if let Some(root) = &self.root {
            let path = root.join(at.organization.to_string()).join(at.binary.to_string());
            return Ok(Reader::File(std::fs::File::open(path)?));
        }
        Ok(Reader::Ranges(Ranges {
            storage: self.clone(),
            runtime: Handle::current(),
            at,
            size,
            position: 0,
            piece: Bytes::new(),
            piece_at: 0,
        }))
    }

    /// Takes a binary's bytes away.
    pub(crate) async fn remove(&self, at: Kept) -> Result<(), StorageError> {
        match self.kept.delete(&self.place(at)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// The binaries whose bytes have been here for a while. What is here by another name is left alone.
    pub(crate) async fn kept_for_a_while(&self, now: SystemTime) -> Result<Vec<Kept>, StorageError> {
        let prefix = (self.below != Place::default()).then_some(&self.below);
        let mut found = Vec::new();
        let mut listed = self.kept.list(prefix);
        while let Some(object) = listed.try_next().await? {
            let age = now.duration_since(object.last_modified.into()).unwrap_or_default();
            let mut parts = object.location.parts().collect::<Vec<_>>();
            let names = (parts.pop(), parts.pop());
            if let (Some(binary), Some(organization)) = names
                && let (Ok(binary), Ok(organization)) = (binary.as_ref().parse(), organization.as_ref().parse())
                && age > UNNAMED_FOR
            {
                found.push(Kept { organization, binary });
            }
        }
        Ok(found)
    }

    /// The uploads of which something lies here.
    pub(crate) async fn all_arriving(&self) -> Result<Vec<BinaryUploadId>, StorageError> {
        let mut found = Vec::new();
        let mut files = tokio::fs::read_dir(&self.spool).await?;
        while let Some(file) = files.next_entry().await? {
            if let Some(upload) = file.file_name().to_str().and_then(|name| name.parse().ok()) {
                found.push(upload);
            }
        }
        Ok(found)
    }
}

/// See [`Storage::alone`].
pub(crate) struct Alone {
    sending: Arc<Mutex<HashSet<BinaryUploadId>>>,
    upload: BinaryUploadId,
}

impl Alone {
    fn with(sending: &Arc<Mutex<HashSet<BinaryUploadId>>>, upload: BinaryUploadId) -> Option<Self> {
        let is_new = sending.lock().unwrap_or_else(PoisonError::into_inner).insert(upload);
        is_new.then(|| Self {
            sending: sending.clone(),
            upload,
        })
    }
}

impl Drop for Alone {
    fn drop(&mut self) {
        self.sending.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.upload);
    }
}

/// Gives a file a second name, or copies it where a file system knows no second names. Both names are on the disk then.
fn link(from: &Path, folder: &Path, name: &str, now: SystemTime) -> io::Result<()> {
    private_folder(folder)?;
    let to = folder.join(name);
    if std::fs::hard_link(from, &to).is_err() {
        std::fs::copy(from, &to)?;
    }
    let file = std::fs::File::options().write(true).open(&to)?;
    // The time of its keeping, not of its coming: what is named soon is not cleared up before.
    file.set_modified(now)?;
    file.sync_all()?;
    std::fs::File::open(folder)?.sync_all()?;
    match folder.parent() {
        Some(parent) => std::fs::File::open(parent)?.sync_all(),
        None => Ok(()),
    }
}

/// A folder that nobody else reads.
fn private_folder(folder: &Path) -> io::Result<()> {
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// A binary that is read and sought in. Blocks.
pub(crate) enum Reader {
    File(std::fs::File),
    Ranges(Ranges),
}

/// A binary in a bucket, read piece by piece wherever somebody looks.
pub(crate) struct Ranges {
    storage: Storage,
    runtime: Handle,
    at: Kept,
    size: u64,
    position: u64,
    piece: Bytes,
    piece_at: u64,
}

/// What is read of a bucket at once, where somebody looks around.
const LOOK: u64 = 256 << 10;

impl Ranges {
    async fn fetch(&self, range: Range<u64>) -> io::Result<Bytes> {
        let pieces = self.storage.read(self.at, range).await.map_err(io::Error::other)?;
        let whole: Vec<Bytes> = pieces.try_collect().await?;
        Ok(whole.concat().into())
    }
}

impl Read for Ranges {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.position >= self.size || out.is_empty() {
            return Ok(0);
        }
        let end = self.piece_at + self.piece.len() as u64;
        if !(self.piece_at..end).contains(&self.position) {
            let range = self.position..(self.position + LOOK).min(self.size);
            self.piece = self.runtime.block_on(self.fetch(range))?;
            self.piece_at = self.position;
        }
        let from = usize::try_from(self.position - self.piece_at).unwrap_or(usize::MAX);
        let rest = self.piece.get(from..).unwrap_or_default();
        let read = rest.len().min(out.len());
        for (to, byte) in out.iter_mut().zip(rest) {
            *to = *byte;
        }
        self.position += read as u64;
        Ok(read)
    }
}

impl Seek for Ranges {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let position = match to {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::End(by) => self.size.checked_add_signed(by),
            SeekFrom::Current(by) => self.position.checked_add_signed(by),
        };
        self.position = position.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        Ok(self.position)
    }
}

impl Read for Reader {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::File(file) => file.read(out),
            Self::Ranges(ranges) => ranges.read(out),
        }
    }
}

impl Seek for Reader {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        match self {
            Self::File(file) => file.seek(to),
            Self::Ranges(ranges) => ranges.seek(to),
        }
    }
}
