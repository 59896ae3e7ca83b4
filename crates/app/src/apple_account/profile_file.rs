//! A profile as a file.

use super::{Download, lists::is_lent_for};
use crate::{App, Caller, Problem, acting::in_time, key_use::reading, problem::Kind};
use domain::{Action, ApiKeyId, Event, Feature, OrgId};
use signing::profile::{Profile, SignedBy};
use zeroize::Zeroizing;

/// Longest stem of a file name, in characters.
const STEM_CHARACTERS: usize = 80;

impl App {
    /// A profile as `.mobileprovision`, its signature checked against the trust root; by Apple's id. Also answers in words
    /// what the check said.
    ///
    /// # Errors
    /// `not_found_at_apple`; `profile_damaged` when what came is no profile or was changed; what Apple answers.
    pub async fn download_profile(&self, caller: &Caller, org: OrgId, key: ApiKeyId, profile: &str) -> Result<(Download, String), Problem> {
        let permit = self.permit(caller, Action::DownloadProfile, org).await?;
        let unknown = || {
            Problem::new(
                Kind::NotFound,
                "not_found_at_apple",
                "Apple has no profile with this id that this key may read. List the profiles to see them.",
            )
        };
        if !profile.bytes().all(|b| b.is_ascii_alphanumeric()) {
            return Err(unknown());
        }
        let (used, detail) = match self
            .use_key(caller, &permit, key, reading(Feature::Profiles), async |apple| {
                apple.profiles().get(profile).await
            })
            .await
        {
            // The same words as for a profile of an app that is not shared.
            Err(problem) if problem.code == "not_found_at_apple" => return Err(unknown()),
            found => found?,
        };
        let identifier = detail
            .bundle_id
            .as_ref()
            .and_then(|bundle_id| bundle_id.attributes.identifier.as_deref());
        if !is_lent_for(&used, identifier) {
            return Err(unknown());
        }
        let damaged = |why: String| Problem::new(Kind::AppleRefused, "profile_damaged", format!("{why} It was not handed out."));
        let bytes = detail
            .profile
            .attributes
            .content()
            .ok_or_else(|| damaged("Apple sent this profile without its file.".to_owned()))?;
        let read = Profile::read(&bytes, &self.inner.roots).map_err(|error| damaged(error.to_string()))?;
        let checked = match read.signed_by {
            SignedBy::Trusted => "Verified: the signature leads to the root that this server trusts as Apple's.",
            SignedBy::UnverifiedRoot => {
                "Unverified: the signature is right, but its signer does not lead to a root that this server trusts."
            }
            SignedBy::BadSignature => return Err(damaged("The profile's signature does not fit its content.".to_owned())),
        };
        let event = Event::ProfileDownloaded {
            key,
            profile: profile.to_owned(),
            name: read.info.name.clone(),
        };
        in_time(async {
            let mut tx = self.begin_for(caller, &permit).await?;
            self.record_done(&mut tx, caller, org, event).await?;
            Ok(tx.commit().await?)
        })
        .await?;
        // Xcode's own suffixes: profiles for macOS have another one.
        let is_mac = read.info.platforms.iter().all(|platform| platform == "OSX") && !read.info.platforms.is_empty();
        let download = Download {
            file_name: file_name(&read.info.name, if is_mac { "provisionprofile" } else { "mobileprovision" }),
            media_type: "application/x-apple-aspen-mobileprovision",
            bytes: Zeroizing::new(bytes),
        };
        Ok((download, checked.to_owned()))
    }
}

/// A file name out of a name that anybody may have chosen: no separators, no controls, no leading dots, and short.
pub(crate) fn file_name(name: &str, extension: &str) -> String {
    let plain: String = name
        .chars()
        .map(|c| {
            if c.is_alphanumeric() || matches!(c, ' ' | '-' | '_' | '.' | '(' | ')') {
                c
            } else {
                '_'
            }
        })
        .take(STEM_CHARACTERS)
        .collect();
    let stem = plain.trim_matches(|c: char| c == '.' || c == ' ');
    format!("{}.{extension}", if stem.is_empty() { "download" } else { stem })
}

#[cfg(test)]
mod tests {
    use super::file_name;

    #[test]
    fn a_file_name_is_safe_whatever_the_item_is_called() {
        assert_eq!(
            file_name("Apple Distribution: Example (ABCDE12345)", "p12"),
            "Apple Distribution_ Example (ABCDE12345).p12"
        );
        assert_eq!(file_name("../../etc/passwd", "cer"), "_.._etc_passwd.cer");
        assert_eq!(file_name("a\"\r\nb", "pem"), "a___b.pem");
        assert_eq!(file_name(" ... ", "pem"), "download.pem");
        assert_eq!(file_name(&"x".repeat(500), "p12").len(), 84);
    }
}
