//! The file outside of the database that checkpoints are appended to, and the thread that does so.
//!
//! It is opened anew for each checkpoint, so that it may be moved away at any time, and synced before the checkpoint
//! counts. A line that a crash left half-written is taken away before the next one is added.
//!
//! The surprising thing: the writing has a thread of its own, which nobody waits for at the end. A file on a dead network
//! drive blocks in the system without end, and must block neither the runtime nor its stop.

use super::checkpoint;
use std::{
    fs::{File, OpenOptions},
    io::{self, BufRead, BufReader, ErrorKind, Read, Seek, SeekFrom, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::mpsc,
};
use tokio::sync::oneshot;

/// Longest line that is looked for at the end of the file, in bytes; a checkpoint has about 400.
const LINE_BYTES: u64 = 4096;

/// The file, through its thread.
pub(crate) struct Outside {
    pub(super) path: PathBuf,
    lines: mpsc::Sender<(String, oneshot::Sender<io::Result<()>>)>,
}

impl Outside {
    /// Starts the thread; the file is not touched yet.
    ///
    /// # Errors
    /// When the system has no thread for it.
    pub(crate) fn open(path: PathBuf) -> io::Result<Self> {
        let (lines, asked) = mpsc::channel::<(String, oneshot::Sender<io::Result<()>>)>();
        let file = path.clone();
        std::thread::Builder::new().name("activity copy".to_owned()).spawn(move || {
            for (line, done) in asked {
                // Whoever asked may have given up.
                let _ = done.send(append(&file, &line));
            }
        })?;
        Ok(Self { path, lines })
    }

    /// Adds a line, or only mends the end of the file when the line is empty. Ends when it lies on the disk.
    ///
    /// # Errors
    /// What the system says.
    pub(crate) async fn append(&self, line: String) -> io::Result<()> {
        let (done, ended) = oneshot::channel();
        let gone = |_| io::Error::other("the thread that copies checkpoints ended");
        self.lines
            .send((line, done))
            .map_err(|_| io::Error::other("the thread that copies checkpoints ended"))?;
        ended.await.map_err(gone)?
    }
}

fn append(path: &Path, line: &str) -> io::Result<()> {
    // Something that is no file, such as a pipe to a collector, cannot be read and has no end to mend.
    let is_file = std::fs::metadata(path).map_or(true, |found| found.is_file());
    let is_new = !path.exists();
    let mut file = OpenOptions::new().append(true).read(is_file).create(true).mode(0o600).open(path)?;
    if is_file {
        mend(&mut file)?;
    }
    file.write_all(line.as_bytes())?;
    if is_file {
        file.sync_data()?;
    }
    if is_new && let Some(directory) = path.parent().filter(|directory| !directory.as_os_str().is_empty()) {
        File::open(directory)?.sync_all()?;
    }
    Ok(())
}

/// Takes away what stands behind the last line break. Where a file may only grow, the torn line gets one instead, and
/// stays to be told of.
fn mend(file: &mut File) -> io::Result<()> {
    let length = file.metadata()?.len();
    let begin = length.saturating_sub(LINE_BYTES);
    let mut tail = Vec::new();
    file.seek(SeekFrom::Start(begin))?;
    Read::by_ref(file).take(LINE_BYTES).read_to_end(&mut tail)?;
    if tail.last().is_none_or(|byte| *byte == b'\n') {
        return Ok(());
    }
    let whole = tail.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    match file.set_len(begin + whole as u64) {
        Err(cause) if cause.kind() == ErrorKind::PermissionDenied => file.write_all(b"\n"),
        other => other,
    }
}

/// Each line of the file to a closure, with whether a line break ended it. Answers how many there were.
///
/// # Errors
/// When the file cannot be read.
pub(super) fn each_line(path: &Path, mut tell: impl FnMut(&str)) -> io::Result<i64> {
    let mut reader = BufReader::new(File::open(path)?);
    let (mut line, mut count) = (Vec::new(), 0);
    loop {
        line.clear();
        if reader.read_until(b'\n', &mut line)? == 0 {
            return Ok(count);
        }
        count += 1;
        tell(String::from_utf8_lossy(&line).trim_end());
    }
}

/// The number of the last whole checkpoint in the file; none when there is no file or nothing in it.
pub(super) fn last_number(path: &Path) -> Option<i64> {
    let mut file = File::open(path)
        .ok()
        .filter(|file| file.metadata().is_ok_and(|found| found.is_file()))?;
    let length = file.metadata().ok()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(2 * LINE_BYTES))).ok()?;
    let mut tail = Vec::new();
    file.read_to_end(&mut tail).ok()?;
    String::from_utf8_lossy(&tail).lines().rev().find_map(checkpoint::number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_was_torn_by_a_crash_is_taken_away_before_the_next() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("copy.jsonl");
        append(&path, "one\n").unwrap();
        for torn in ["t", "two without its end"] {
            OpenOptions::new()
                .append(true)
                .open(&path)
                .unwrap()
                .write_all(torn.as_bytes())
                .unwrap();
            append(&path, "").unwrap();
            assert_eq!(std::fs::read_to_string(&path).unwrap(), "one\n");
        }
        append(&path, "two\n").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "one\ntwo\n");
        std::fs::write(&path, "only a torn line").unwrap();
        append(&path, "one\n").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "one\n");
    }

    #[test]
    fn only_its_owner_reads_the_file() {
        use std::os::unix::fs::PermissionsExt as _;
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("copy.jsonl");
        append(&path, "one\n").unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_place_without_room_is_an_error() {
        assert!(append(Path::new("/dev/full"), "one\n").is_err());
        assert!(append(Path::new("/nowhere/at/all"), "one\n").is_err());
    }
}
