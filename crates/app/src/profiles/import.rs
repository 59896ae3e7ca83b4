//! Taking profiles in from files, several at once. One that does not fit does not keep the others out.

use super::{ProfileRow, file};
use crate::{App, Caller, Problem, acting::fresh};
use domain::{Action, Event, OrgId, Permit, ProfileId, ProfileType};
use jiff::Timestamp;
use signing::{
    chain::TrustRoot,
    profile::{Profile, SignedBy},
};
use store::{Conflict, StoreError};

/// How many files are taken in at once.
const AT_ONCE: usize = 100;

/// What came of one file.
#[derive(Debug, Clone)]
pub struct Imported {
    /// What the file was called.
    pub file_name: String,
    /// The profile, or why it was refused.
    pub profile: Result<ProfileRow, String>,
    /// What to know of one that was taken in.
    pub warning: Option<&'static str>,
}

impl App {
    /// Takes `.mobileprovision` and `.provisionprofile` files in: each with its name and its bytes.
    ///
    /// # Errors
    /// `no_files`, `too_many_files`; `not_found`, `not_allowed`. A file that does not fit is no error of the whole.
    pub async fn import_profiles(&self, caller: &Caller, org: OrgId, files: Vec<(String, Vec<u8>)>) -> Result<Vec<Imported>, Problem> {
        let permit = self.permit(caller, Action::EditProfiles, org).await?;
        if files.is_empty() {
            return Err(Problem::field(
                "no_files",
                "files",
                "There is no file. Choose at least one profile.",
            ));
        }
        if files.len() > AT_ONCE {
            let message = format!("{} files are too many. Take in at most {AT_ONCE} at once.", files.len());
            return Err(Problem::field("too_many_files", "files", message));
        }
        let mut imported = Vec::with_capacity(files.len());
        for (file_name, bytes) in files {
            let (profile, warning) = match self.import(caller, &permit, &bytes).await? {
                Ok((held, warning)) => (Ok(held), warning),
                Err(why) => (Err(why), None),
            };
            imported.push(Imported {
                file_name,
                profile,
                warning,
            });
        }
        Ok(imported)
    }

    async fn import(
        &self,
        caller: &Caller,
        permit: &Permit,
        bytes: &[u8],
    ) -> Result<Result<(ProfileRow, Option<&'static str>), String>, Problem> {
        let now = self.now();
        let (purpose, read) = match checked(bytes, &self.inner.roots, now) {
            Ok(checked) => checked,
            Err(why) => return Ok(Err(why)),
        };
        let held = file::held(fresh!(self, ProfileId), permit.organization(), &read.info, purpose, now);
        let mut tx = self.begin_for(caller, permit).await?;
        match tx.insert_profile(permit, &held, bytes).await {
            Ok(()) => {}
            Err(StoreError::Conflict(Conflict::Profile)) => {
                return Ok(Err(format!("The profile “{}” is held here already.", held.name)));
            }
            Err(error) => return Err(error.into()),
        }
        let event = Event::ProfileImported {
            profile: held.id,
            name: held.name.clone(),
        };
        self.record_done(&mut tx, caller, permit.organization(), event).await?;
        tx.commit().await?;
        let warning = (read.signed_by != SignedBy::Trusted).then_some(file::UNVERIFIED);
        let mut rows = self.rows_of(permit, vec![held]).await?;
        let row = rows.pop().ok_or_else(|| Problem::internal("a profile was kept and is not there"))?;
        Ok(Ok((row, warning)))
    }
}

/// A file as it is read, and what it is for; or why it is not taken in.
fn checked(bytes: &[u8], roots: &TrustRoot, now: Timestamp) -> Result<((ProfileType, String), Profile), String> {
    let read = file::read(bytes, roots)?;
    let purpose = file::purpose(&read.info)?;
    if read.info.is_expired(now) {
        return Err(format!(
            "The profile “{}” has expired. Rebuild it at Apple, or download the present one.",
            read.info.name
        ));
    }
    Ok((purpose, read))
}

/// Why a file would not be taken in, if so.
pub(crate) fn refused_file(bytes: &[u8], roots: &TrustRoot, now: Timestamp) -> Option<String> {
    checked(bytes, roots, now).err()
}
