//! Asking a device for its UDID by a link: the enrollment profile that it installs, and the signed answer that it sends.
//!
//! [`profile`] is the payload of Apple's Profile Service: it names the attributes that are wanted, where to send them, and a
//! challenge; [`ProfileSigner`] signs it. [`read_answer`] opens what the device posts there: CMS SignedData around a property list.
//!
//! **What is verified**: the answer's signature over its content, by the key of the certificate inside; its size, shape and
//! UDID. **What is not**: that certificate comes from the sender. Genuine devices carry one of *Apple iPhone Device CA*, which is
//! recognized ([`Sender::AppleDevice`]) only where the trusted root leads to it; Apple publishes no list of them and states
//! no rules, so anybody with any key can make an answer of [`Sender::Unknown`]. What says that the answer belongs to an
//! invitation is its challenge alone: it must be unguessable, used once and compared by the caller in constant time.
//!
//! A device opens whatever page it is sent to by the response to its answer (301 is what others use; Apple states none).
//!
//! This module must not look at the clock: an expired device certificate still answers. The surprising thing: a profile that
//! is signed by nobody installs as well, the device only shows it as *not signed*.

mod signer;

use std::fmt;

use plist::{Dictionary, Value};
use zeroize::Zeroizing;

use crate::Explanation;
use crate::chain::TrustRoot;
use crate::cms_signed::{self, CmsError, SignedBy};
use crate::explanation::explained;
use crate::property_list::{self, PropertyListError, text};
use crate::udid::{Udid, UdidError};

pub use signer::{ProfileSigner, SignerError};

/// The most that is read as an answer. Real ones have about 4 KB, most of it certificates.
pub const MAX_ANSWER_BYTES: usize = 64 * 1024;
/// The longest value of an attribute, in characters.
const MAX_VALUE: usize = 200;
/// Who issues the certificates that devices sign their answers with.
const DEVICE_CA: &str = "Apple iPhone Device CA";

/// What a device may be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeviceAttribute {
    /// Its identifier.
    Udid,
    /// Its model, as in `iPhone15,2`.
    Product,
    /// The build of its system, as in `22A3354`.
    Version,
    /// Its serial number.
    Serial,
    /// Its IMEI, where it has one. Personal data that registering does not need.
    Imei,
}

impl DeviceAttribute {
    /// What registering needs.
    pub const NEEDED: [Self; 3] = [Self::Udid, Self::Product, Self::Version];

    fn key(self) -> &'static str {
        match self {
            Self::Udid => "UDID",
            Self::Product => "PRODUCT",
            Self::Version => "VERSION",
            Self::Serial => "SERIAL",
            Self::Imei => "IMEI",
        }
    }
}

/// What an enrollment profile says.
#[derive(Clone, Copy)]
pub struct Enrollment<'a> {
    /// Where the device posts its answer: `https://`, or `http://` on this very machine, for trials.
    pub answer_url: &'a str,
    /// What the answer has to repeat.
    pub challenge: &'a str,
    /// Which attributes are asked for.
    pub attributes: &'a [DeviceAttribute],
    /// Who asks; the device shows it.
    pub organization: &'a str,
    /// What the profile is called on the device.
    pub display_name: &'a str,
    /// Why it asks; the device shows it.
    pub description: &'a str,
    /// A reverse domain name: a profile of the same identifier replaces an older one on the device.
    pub identifier: &'a str,
    /// A UUID of this very profile.
    pub uuid: &'a str,
}

/// The answer's address is not `https://`, nor of this machine: a device would send its identifier in the clear, and refuses to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotHttps;

impl NotHttps {
    /// What was found, why it does not fit, what to do.
    pub fn explain(&self) -> Explanation {
        Explanation::new(
            "The address for the device's answer does not begin with https://.",
            "A device sends its identifier only over TLS.",
            "Set the public address of this server to its https:// address.",
        )
    }
}

explained!(NotHttps);

/// The `.mobileconfig` that a device installs to answer, not signed. Its media type is `application/x-apple-aspen-config`.
///
/// # Errors
/// [`NotHttps`].
pub fn profile(enrollment: &Enrollment<'_>) -> Result<Vec<u8>, NotHttps> {
    if !enrollment.answer_url.starts_with("https://") && !stays_on_this_machine(enrollment.answer_url) {
        return Err(NotHttps);
    }
    let wanted = enrollment.attributes.iter().map(|attribute| Value::from(attribute.key()));
    let content = dictionary([
        ("URL", enrollment.answer_url.into()),
        ("DeviceAttributes", Value::Array(wanted.collect())),
        ("Challenge", enrollment.challenge.into()),
    ]);
    Ok(property_list::write(dictionary([
        ("PayloadContent", Value::Dictionary(content)),
        ("PayloadOrganization", enrollment.organization.into()),
        ("PayloadDisplayName", enrollment.display_name.into()),
        ("PayloadDescription", enrollment.description.into()),
        ("PayloadIdentifier", enrollment.identifier.into()),
        ("PayloadUUID", enrollment.uuid.into()),
        ("PayloadType", "Profile Service".into()),
        ("PayloadVersion", 1.into()),
    ])))
}

/// Whether an address in the clear leads to this very machine, where nobody listens on the way.
fn stays_on_this_machine(url: &str) -> bool {
    let authority = url.strip_prefix("http://").and_then(|rest| rest.split(['/', '?', '#']).next());
    authority.is_some_and(|authority| {
        ["localhost", "127.0.0.1", "[::1]"]
            .iter()
            .any(|host| match authority.strip_prefix(host) {
                Some("") => true,
                Some(rest) => rest.strip_prefix(':').is_some_and(|port| port.parse::<u16>().is_ok()),
                None => false,
            })
    })
}

fn dictionary<const N: usize>(entries: [(&str, Value); N]) -> Dictionary {
    entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

/// What a device answered.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The device.
    pub udid: Udid,
    /// Its model, as in `iPhone15,2`.
    pub product: Option<String>,
    /// The build of its system.
    pub version: Option<String>,
    /// Its serial number, where asked for.
    pub serial: Option<String>,
    /// Its IMEI, where asked for.
    pub imei: Option<String>,
    /// What it repeats of the profile.
    pub challenge: Challenge,
    /// Who signed.
    pub sender: Sender,
}

/// A challenge: whoever knows it can answer an invitation. Wiped on drop; prints nothing of itself.
#[derive(Clone)]
pub struct Challenge(Zeroizing<String>);

impl Challenge {
    /// The text, to be compared in constant time.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Challenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Challenge(…)")
    }
}

/// Who signed an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sender {
    /// A key whose certificate is of Apple's device authority, and leads to the trusted root.
    AppleDevice,
    /// Any key: nothing but the challenge speaks for the answer.
    Unknown,
}

/// Why an answer is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnswerError {
    /// Above 64 KB.
    TooLarge {
        /// Size of what was given, in bytes.
        bytes: usize,
    },
    /// The envelope cannot be read.
    Envelope(CmsError),
    /// The signature does not fit the content, or its certificate is missing.
    BadSignature,
    /// The content cannot be read.
    Content(PropertyListError),
    /// An attribute is missing, longer than 200 characters, or holds control characters.
    Attribute {
        /// Which, as in `CHALLENGE`.
        name: &'static str,
    },
    /// The identifier is none.
    Udid(UdidError),
}

impl AnswerError {
    /// What was found, why it does not fit, what to do.
    pub fn explain(&self) -> Explanation {
        const AGAIN: &str = "Open the invitation on the device again.";
        match self {
            Self::TooLarge { bytes } => Explanation::new(
                format!("The device's answer has {bytes} bytes."),
                format!("The limit is {MAX_ANSWER_BYTES} bytes; genuine ones have about 4,000."),
                AGAIN,
            ),
            Self::Envelope(cause) => {
                let cause = cause.explain();
                Explanation::new(cause.found, cause.why, AGAIN)
            }
            Self::BadSignature => Explanation::new(
                "The signature of the device's answer is wrong.",
                "It does not fit the content, or the certificate that it was made with is missing.",
                AGAIN,
            ),
            Self::Content(cause) => cause.explain(AGAIN),
            Self::Attribute { name } => Explanation::new(
                format!("The device's answer has no usable {name}."),
                format!("It is missing, longer than {MAX_VALUE} characters, or holds control characters."),
                AGAIN,
            ),
            Self::Udid(cause) => {
                let cause = cause.explain();
                Explanation::new(cause.found, cause.why, AGAIN)
            }
        }
    }
}

explained!(AnswerError);

/// Opens a device's answer and checks its signature.
///
/// # Errors
/// [`AnswerError`], each cause by itself.
pub fn read_answer(bytes: &[u8], trusted: &TrustRoot) -> Result<Answer, AnswerError> {
    if bytes.len() > MAX_ANSWER_BYTES {
        return Err(AnswerError::TooLarge { bytes: bytes.len() });
    }
    let message = cms_signed::read(bytes).map_err(AnswerError::Envelope)?;
    let signer = message.signer.as_ref().ok_or(AnswerError::BadSignature)?;
    let of_device = signer.info().issuer_cn.as_deref() == Some(DEVICE_CA);
    let sender = match message.signed_by(trusted) {
        SignedBy::Trusted if of_device => Sender::AppleDevice,
        _ => Sender::Unknown,
    };
    let entries = property_list::read(&message.content).map_err(AnswerError::Content)?;
    let optional = |name: &'static str| attribute(&entries, name);
    let needed = |name: &'static str| optional(name)?.ok_or(AnswerError::Attribute { name });
    Ok(Answer {
        udid: Udid::parse(&needed("UDID")?).map_err(AnswerError::Udid)?,
        product: optional("PRODUCT")?,
        version: optional("VERSION")?,
        serial: optional("SERIAL")?,
        imei: optional("IMEI")?,
        challenge: Challenge(Zeroizing::new(needed("CHALLENGE")?)),
        sender,
    })
}

fn attribute(entries: &Dictionary, name: &'static str) -> Result<Option<String>, AnswerError> {
    let Some(value) = text(entries, name) else { return Ok(None) };
    if value.is_empty() || value.chars().count() > MAX_VALUE || value.chars().any(char::is_control) {
        return Err(AnswerError::Attribute { name });
    }
    Ok(Some(value))
}
