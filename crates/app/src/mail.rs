//! Mail to people: one plain message at a time, handed to the operator's mail server.
//!
//! Whoever sends gets to know whether a server has taken the message, and if not, whether to try again. Nothing is sent in
//! the clear over a network unless the operator asked for that by name (`?tls=none`).
//!
//! Header fields are made by the mail library from typed values; a name with a line break in it cannot come here, because
//! [`domain::ItemName`] has none.

use domain::{Clock, Email, Entropy};
use lettre::{
    AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    message::{Mailbox, header::ContentType},
    transport::smtp::{
        authentication::Credentials,
        client::{Tls, TlsParameters},
    },
};
use std::{fmt, net::IpAddr, time::Duration};
use url::Url;

/// How long a mail server may take for one answer.
const PATIENCE: Duration = Duration::from_secs(20);
/// Longest reason that is kept of a mail server's refusal, in characters.
const WHY_CHARACTERS: usize = 200;

/// The way to people's mailboxes.
pub struct Mailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    public_url: Url,
}

/// Why no server took a message.
#[derive(Debug)]
pub(crate) struct NotSent {
    /// For people: what was seen.
    pub(crate) why: String,
    /// Whether it may go better later.
    pub(crate) try_again: bool,
}

impl Mailer {
    /// From the settings: the mail server (`smtps://user:password@host`, or `smtp://` with STARTTLS; `?tls=none` and
    /// loopback go without), who mails are from, and the address that their links begin with. The credentials are
    /// percent-encoded where they hold `@`, `:` or `/`.
    ///
    /// # Errors
    /// What does not fit, without the password.
    pub fn new(smtp: &str, from: &str, public_url: Url) -> Result<Self, String> {
        let form = "give one like smtps://user:password@mail.example.com, or smtp://mail.example.com";
        let url = Url::parse(smtp).map_err(|error| format!("the mail server's address cannot be read ({error}); {form}"))?;
        // An address of another scheme than the web's is not looked into by the parser; brackets are the URL's.
        let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        if host.is_empty() {
            return Err(format!("the mail server's address has no host; {form}"));
        }
        let loopback = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
        let asked = url
            .query_pairs()
            .find(|(name, _)| name == "tls")
            .map(|(_, value)| value.into_owned());
        let certificate =
            || TlsParameters::new(host.clone()).map_err(|error| format!("TLS toward the mail server cannot be set up: {error}"));
        let (tls, port) = match (url.scheme(), asked.as_deref()) {
            ("smtps", None) => (Tls::Wrapper(certificate()?), 465),
            ("smtp", Some("none")) => (Tls::None, 25),
            ("smtp", None) if loopback => (Tls::None, 25),
            ("smtp", None | Some("required")) => (Tls::Required(certificate()?), 587),
            _ => {
                return Err(format!(
                    "the mail server's address is neither smtps:// nor smtp:// with ?tls=required or ?tls=none; {form}"
                ));
            }
        };
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&host)
            .port(url.port().unwrap_or(port))
            .tls(tls)
            .timeout(Some(PATIENCE));
        if let Some(password) = url.password() {
            builder = builder.credentials(Credentials::new(plain(url.username())?, plain(password)?));
        }
        let from = from
            .parse()
            .map_err(|_| format!("“{from}” is not a sender; give one like russet@example.com or Russet <russet@example.com>"))?;
        Ok(Self {
            transport: builder.build(),
            from,
            public_url,
        })
    }

    /// The host that people type, for the text of a mail.
    pub(crate) fn host(&self) -> &str {
        self.public_url.host_str().unwrap_or_default()
    }

    /// A link below the public address.
    pub(crate) fn link(&self, path: &str) -> String {
        format!("{}/{path}", self.public_url.as_str().trim_end_matches('/'))
    }

    /// Hands a message to the mail server.
    pub(crate) async fn send(
        &self,
        to: &Email,
        subject: &str,
        text: String,
        clock: &dyn Clock,
        entropy: &dyn Entropy,
    ) -> Result<(), NotSent> {
        let mut random = [0; 16];
        entropy.fill(&mut random);
        self.send_as(&hex::encode(random), to, subject, text, clock).await
    }

    /// The same under an id of whoever sends: a mailbox that gets the message twice can tell.
    pub(crate) async fn send_as(&self, id: &str, to: &Email, subject: &str, text: String, clock: &dyn Clock) -> Result<(), NotSent> {
        let forever = |why: String| NotSent { why, try_again: false };
        let address = to
            .as_str()
            .parse()
            .map_err(|_| forever("mail servers do not know such an address".to_owned()))?;
        let message = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, address))
            .subject(subject)
            .date(clock.now().into())
            .message_id(Some(format!("<{id}@{}>", self.from.email.domain())))
            .header(ContentType::TEXT_PLAIN)
            .body(text)
            .map_err(|error| forever(error.to_string()))?;
        match self.transport.send(message).await {
            Ok(_) => Ok(()),
            Err(error) => Err(NotSent {
                try_again: !error.is_permanent(),
                why: innermost(&error).chars().filter(|c| !c.is_control()).take(WHY_CHARACTERS).collect(),
            }),
        }
    }
}

/// A part of the address as it was meant, without percent signs.
fn plain(part: &str) -> Result<String, String> {
    let mut bytes = Vec::with_capacity(part.len());
    let mut rest = part.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digits: Vec<_> = rest.by_ref().take(2).collect();
        bytes.extend(hex::decode(digits).map_err(|_| "the credentials of the mail server's address are not percent-encoded".to_owned())?);
    }
    String::from_utf8(bytes).map_err(|_| "the credentials of the mail server's address are not UTF-8".to_owned())
}

/// What really happened; the outer errors say only that it did.
fn innermost(error: &(dyn std::error::Error + 'static)) -> String {
    let mut cause = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}

impl fmt::Debug for Mailer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Mailer(from {})", self.from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mailer(smtp: &str, from: &str) -> Result<Mailer, String> {
        Mailer::new(smtp, from, "https://russet.example.com".parse().unwrap())
    }

    #[test]
    fn a_setting_that_does_not_fit_is_told_without_the_password() {
        for smtp in [
            "smtps://u:s3cret@mail.example.com",
            "smtp://127.0.0.1:2525",
            "smtp://mail.example.com?tls=none",
        ] {
            assert!(mailer(smtp, "Russet <russet@example.com>").is_ok(), "{smtp}");
        }
        for smtp in [
            "mail.example.com",
            "http://u:s3cret@mail.example.com",
            "smtp://u:s3cret@mail.example.com?tls=perhaps",
            "smtps://u:s3cret%zz@mail.example.com",
            "smtps://",
        ] {
            let why = mailer(smtp, "russet@example.com").unwrap_err();
            assert!(!why.contains("s3cret"), "{why}");
        }
        let why = mailer("smtps://mail.example.com", "Russet").unwrap_err();
        assert!(why.contains("is not a sender"), "{why}");
        let shown = format!("{:?}", mailer("smtps://u:s3cret@mail.example.com", "russet@example.com").unwrap());
        assert!(!shown.contains("s3cret"), "{shown}");
    }

    #[test]
    fn links_begin_at_the_public_address() {
        let mailer = mailer("smtp://localhost", "russet@example.com").unwrap();
        assert_eq!(mailer.link("invitations/x"), "https://russet.example.com/invitations/x");
        assert_eq!(plain("a%40b%2Fc").unwrap(), "a@b/c");
    }
}
