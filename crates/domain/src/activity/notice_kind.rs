//! The kinds of notices that concern an organization, for who chooses what to hear of: one for each event that may be told.

use super::Event;
use crate::policy::Action;
use serde::{Deserialize, Serialize};

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $word:literal, $title:literal, $needs:ident;)*) => {
        /// A kind of notice.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum NoticeKind {
            $($(#[$doc])* #[serde(rename = $word)] $name,)*
        }

        impl NoticeKind {
            /// Every kind, in the order of forms.
            pub const ALL: [Self; [$(Self::$name),*].len()] = [$(Self::$name),*];

            /// The word of its event in the database and the API.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }

            /// What people read in a form.
            #[must_use]
            pub fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)* }
            }

            /// What somebody must be allowed to hear of it.
            #[must_use]
            pub fn needs(self) -> Action {
                match self { $(Self::$name => Action::$needs,)* }
            }
        }
    };
}

kinds! {
    /// A certificate ends soon, or has ended.
    CertificateWillExpire = "certificate.will-expire", "A certificate expires", SeeSigning;
    /// An automatic renewal that could not be begun.
    CertificateRenewalNotBegun = "certificate.renewal-not-begun", "A certificate could not be renewed by itself", SeeSigning;
    /// A renewal that came to its end.
    CertificateRenewed = "certificate.renew", "A certificate was renewed, or that failed", SeeSigning;
    /// A profile ends soon, or has ended.
    ProfileWillExpire = "profile.will-expire", "A profile expires", SeeSigning;
    /// A rebuild that came to nothing.
    ProfileRebuilt = "profile.rebuild", "A profile could not be built anew", SeeSigning;
    /// Builds that name the old UUID need the new file.
    ProfileUuidChanged = "profile.change-uuid", "A profile has another UUID", SeeSigning;
    /// New devices that could not be put in.
    ProfileLeftBehind = "profile.leave-behind", "New devices are not in a profile", SeeSigning;
    /// A device that waits for approval.
    DeviceArrived = "device.arrive", "A device waits for approval", EditDevices;
    /// A key that was well before.
    KeyChecked = "key.check", "A key does not work as before", SeeKeys;
    /// A share that ended by its date.
    KeyShareEnded = "key.share-ended", "A share of a key has ended", SeeKeys;
    /// A token of the organization ends soon.
    ServiceTokenWillExpire = "service-token.will-expire", "An API token expires", SeeTokens;
    /// A channel by which nothing arrives; never told by that channel.
    ChannelFailing = "notification-channel.fail", "Another notification channel fails", SeeChannels;
}

impl NoticeKind {
    /// Reads [`NoticeKind::as_str`] back.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }

    /// The kind of an event, if it is one that organizations hear of.
    #[must_use]
    pub fn of(event: &Event) -> Option<Self> {
        Self::parse(event.action())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::activity::ACTIONS;

    #[test]
    fn every_kind_is_the_word_of_an_event_and_reads_back() {
        for kind in NoticeKind::ALL {
            assert!(ACTIONS.contains(&kind.as_str()), "{}", kind.as_str());
            assert_eq!(NoticeKind::parse(kind.as_str()), Some(kind));
        }
    }
}
