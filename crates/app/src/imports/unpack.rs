//! What was chosen, as files with paths: an archive becomes the files in it. Bounds before anything is read, since an archive
//! may hold a thousand times what it weighs.

use super::Files;
use crate::Problem;
use signing::import::{inner_path, sources::is_hidden};
use std::io::{Cursor, Read};
use zeroize::Zeroizing;
use zip::ZipArchive;

/// The most files at once, those in archives counted one by one.
pub const FILES_MOST: usize = 1_000;
/// The most bytes of all of them together, unpacked.
pub const WHOLE_BYTES: usize = 16_000_000;

/// Every file by its path, in the order of the paths.
///
/// # Errors
/// `no_files`, `too_many_files`, `files_too_large`, `archive_unfit`.
pub(super) fn all(chosen: Files) -> Result<Files, Problem> {
    if chosen.is_empty() {
        return Err(unfit("no_files", "There is no file. Choose files, a folder or a .zip."));
    }
    let mut files = Files::new();
    let mut room = WHOLE_BYTES;
    for (name, bytes) in chosen {
        if name.to_lowercase().ends_with(".zip") {
            unzip(&name, bytes, &mut files, &mut room)?;
        } else if let Some(path) = of_use(&name) {
            take_room(&mut room, bytes.len())?;
            files.push((path, bytes));
        }
        if files.len() > FILES_MOST {
            return Err(too_many());
        }
    }
    files.sort_by(|one, other| one.0.cmp(&other.0));
    Ok(files)
}

/// A path within what was chosen, cleaned. What leads out of it, and what lies in a hidden folder such as `.git`, is passed over.
fn of_use(path: &str) -> Option<String> {
    inner_path(path).filter(|path| !is_hidden(path))
}

fn unzip(name: &str, bytes: Zeroizing<Vec<u8>>, files: &mut Files, room: &mut usize) -> Result<(), Problem> {
    let damaged = || {
        unfit(
            "archive_unfit",
            format!("{name} is no .zip, or it is damaged or under a password. Unpack it and choose the folder."),
        )
    };
    let mut archive = ZipArchive::new(Cursor::new(bytes.as_slice())).map_err(|_| damaged())?;
    if archive.len() > FILES_MOST {
        return Err(too_many());
    }
    for index in 0..archive.len() {
        let entry = archive.by_index(index).map_err(|_| damaged())?;
        let name = entry.name().map_err(|_| damaged())?.into_owned();
        // A link could lead anywhere.
        let Some(path) = of_use(&name).filter(|_| entry.is_file() && !entry.is_symlink()) else {
            continue;
        };
        let mut content = Zeroizing::new(Vec::new());
        // One byte more than fits tells what is too large, whatever the archive claims.
        entry.take(*room as u64 + 1).read_to_end(&mut content).map_err(|_| damaged())?;
        take_room(room, content.len())?;
        files.push((path, content));
    }
    Ok(())
}

fn take_room(room: &mut usize, bytes: usize) -> Result<(), Problem> {
    *room = room.checked_sub(bytes).ok_or_else(|| {
        unfit(
            "files_too_large",
            format!(
                "The files are larger than {} MB together. Signing files are small: choose the folders certs and profiles alone, or use `russet import` on the terminal.",
                WHOLE_BYTES / 1_000_000
            ),
        )
    })?;
    Ok(())
}

fn too_many() -> Problem {
    unfit(
        "too_many_files",
        format!(
            "These are more than {FILES_MOST} files. Choose the folders certs and profiles alone, or use `russet import` on the terminal."
        ),
    )
}

fn unfit(code: &'static str, message: impl Into<String>) -> Problem {
    Problem::field(code, "files", message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use zip::{ZipWriter, write::SimpleFileOptions};

    fn zipped(files: &[(&str, &[u8])]) -> Zeroizing<Vec<u8>> {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, content) in files {
            zip.start_file(*name, SimpleFileOptions::default()).expect("begun");
            zip.write_all(content).expect("written");
        }
        Zeroizing::new(zip.finish().expect("ended").into_inner())
    }

    fn one(name: &str, bytes: Zeroizing<Vec<u8>>) -> Result<Files, Problem> {
        all(vec![(name.to_owned(), bytes)])
    }

    #[test]
    fn an_archive_is_the_files_in_it_and_none_outside_of_it() {
        let files = one(
            "store.zip",
            zipped(&[
                ("store/profiles/a.mobileprovision", b"p"),
                ("../../etc/passwd", b"x"),
                ("store/.git/objects/a.cer", b"x"),
                ("store/certs/a.cer", b"c"),
            ]),
        );
        let paths: Vec<String> = files.expect("read").into_iter().map(|(path, _)| path).collect();
        assert_eq!(paths, ["store/certs/a.cer", "store/profiles/a.mobileprovision"]);
    }

    #[test]
    fn what_is_too_much_is_refused_by_name() {
        let code = |files: Result<Files, Problem>| files.expect_err("refused").code;
        assert_eq!(code(all(vec![])), "no_files");
        assert_eq!(code(one("a.zip", Zeroizing::new(b"PK no".to_vec()))), "archive_unfit");
        let small = Zeroizing::new(Vec::new());
        let many = (0..=FILES_MOST).map(|number| (format!("{number}.cer"), small.clone())).collect();
        assert_eq!(code(all(many)), "too_many_files");
        // Zeros shrink to a thousandth.
        let bomb = zipped(&[("a.cer", vec![0; WHOLE_BYTES + 1].as_slice())]);
        assert!(bomb.len() < WHOLE_BYTES / 100);
        assert_eq!(code(one("bomb.zip", bomb)), "files_too_large");
        assert_eq!(code(one("big.cer", Zeroizing::new(vec![0; WHOLE_BYTES + 1]))), "files_too_large");
    }
}
