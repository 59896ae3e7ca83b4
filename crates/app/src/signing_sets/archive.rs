//! The files of a set in one `.zip`, for a browser, which saves one file at a time. Nothing in it is compressed, so that the
//! keys pass through no more memory than their copies; only the owner of what is unpacked may read it.

use super::SetFiles;
use crate::{
    Problem,
    apple_account::{Download, file_name},
};
use std::io::{Cursor, Write};
use zeroize::Zeroizing;
use zip::{CompressionMethod, ZipWriter, result::ZipError, write::SimpleFileOptions};

/// Room for the headers of one file, in bytes: two of them, each with its name.
const HEADERS: usize = 512;

impl SetFiles {
    /// All files in one.
    ///
    /// # Errors
    /// `internal`.
    pub fn archive(&self) -> Result<Download, Problem> {
        Ok(Download {
            file_name: file_name(self.view.set.name.as_str(), "zip"),
            media_type: "application/zip",
            bytes: Zeroizing::new(self.zipped().map_err(Problem::internal)?),
        })
    }

    fn zipped(&self) -> Result<Vec<u8>, ZipError> {
        // One piece of memory from the beginning: what grows leaves copies behind that nobody wipes.
        let room = self.files.iter().map(|file| file.download.bytes.len() + HEADERS).sum();
        let mut zip = ZipWriter::new(Cursor::new(Vec::with_capacity(room)));
        let private = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Stored)
            .unix_permissions(0o600);
        for file in &self.files {
            zip.start_file(file.download.file_name.as_str(), private)?;
            zip.write_all(&file.download.bytes)?;
        }
        Ok(zip.finish()?.into_inner())
    }
}
