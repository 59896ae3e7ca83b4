//! The one client for addresses that people of an organization chose, such as those of webhooks.
//!
//! Whoever may enter an address must not reach through this server what only the server reaches: itself, its neighbors, the
//! cloud's metadata. So each request goes this way, and no other code calls such an address:
//!
//! 1. https only, no user or password in the address;
//! 2. the host's name is looked up once, and **every** address that it has must be a public one;
//! 3. the connection goes to those very addresses: a name that answers otherwise a moment later changes nothing;
//! 4. no redirect is followed, no proxy of the environment is used, everything ends in time;
//! 5. of the answer only the status is looked at, and its body is not read.
//!
//! The operator may allow networks (`--allow-webhook-network`); there, and only there, plain http is allowed, too. What is
//! told of a refusal never says which address a name has, nor whether it has one that is not public or none at all: that would
//! be a map of the server's network.

use async_trait::async_trait;
use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use reqwest::{
    dns::{Addrs, Name, Resolve, Resolving},
    header::HeaderMap,
    redirect,
};
use std::{
    fmt, io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};
use tokio::time::timeout;
use url::{Host, Url};

/// How long a name may take to be looked up, and a connection to be made.
const CONNECT_WITHIN: Duration = Duration::from_secs(5);
/// How long all of a request may take.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);
/// Longest address, in characters.
const URL_CHARACTERS: usize = 2048;

/// Looks names up.
#[async_trait]
pub trait Names: Send + Sync {
    /// All addresses of a name.
    ///
    /// # Errors
    /// When there are none, or nobody knows.
    async fn look_up(&self, name: &str) -> io::Result<Vec<IpAddr>>;
}

/// As the host system does.
struct SystemNames;

#[async_trait]
impl Names for SystemNames {
    async fn look_up(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        Ok(tokio::net::lookup_host((name, 0)).await?.map(|address| address.ip()).collect())
    }
}

/// Why a request was not answered. For people; says nothing of the server's own network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum NotReached {
    /// It is not to go there; a second attempt would not, either.
    Forbidden(&'static str),
    /// Nobody answered; perhaps later.
    NoAnswer(String),
}

const NOT_PUBLIC: &str = "The address leads to a network that is not public. Choose one that the internet reaches, or ask whoever keeps the server to allow the network with --allow-webhook-network.";
/// The same of a name, and of one that has no address: who asks for names inside of the server's network learns nothing.
const NOT_FOUND: &str = "The name could not be looked up, or it leads to a network that is not public. Choose an address that the internet reaches, or ask whoever keeps the server to allow the network with --allow-webhook-network.";
const NOT_HTTPS: &str = "The address is not an https:// one. Use https, so that nobody on the way reads along.";

/// The client.
pub struct Outgoing {
    allowed: Vec<IpNet>,
    names: Arc<dyn Names>,
}

impl Outgoing {
    /// A client that reaches the public internet, and these networks.
    #[must_use]
    pub fn new(allowed: Vec<IpNet>) -> Self {
        Self::with_names(allowed, Arc::new(SystemNames))
    }

    /// The same with another way to look names up.
    #[must_use]
    pub fn with_names(allowed: Vec<IpNet>, names: Arc<dyn Names>) -> Self {
        Self { allowed, names }
    }

    /// Reads an address as somebody entered it, and refuses what could never be reached. A name is not looked up yet.
    ///
    /// # Errors
    /// What was found and what to do.
    pub(crate) fn read(&self, text: &str) -> Result<Url, String> {
        let text = text.trim();
        if text.chars().count() > URL_CHARACTERS {
            return Err(format!("The address has more than {URL_CHARACTERS} characters. Use a shorter one."));
        }
        let url = Url::parse(text)
            .map_err(|error| format!("This is not an address ({error}). Use one like https://hooks.example.com/russet."))?;
        if !matches!(url.scheme(), "https" | "http") || url.host().is_none() {
            return Err("This is not an address of the web. Use one like https://hooks.example.com/russet.".to_owned());
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(
                "The address has a user name or a password in it. Leave them out: what is sent is signed, and that is how the other side knows who sends."
                    .to_owned(),
            );
        }
        // Where plain http is allowed is seen when the name is looked up.
        if url.scheme() == "http" && self.allowed.is_empty() {
            return Err(NOT_HTTPS.to_owned());
        }
        let literal = match url.host() {
            Some(Host::Ipv4(address)) => Some(IpAddr::V4(address)),
            Some(Host::Ipv6(address)) => Some(IpAddr::V6(address)),
            _ => None,
        };
        match literal.map(|address| self.permits(&url, &[address])) {
            Some(Err(why)) => Err(why.to_owned()),
            _ => Ok(url),
        }
    }

    /// Posts a document, and answers the status of the answer.
    pub(crate) async fn post(&self, url: &Url, headers: HeaderMap, body: Vec<u8>) -> Result<u16, NotReached> {
        let addresses = self.addresses(url).await?;
        match self.permits(url, &addresses) {
            Err(NOT_PUBLIC) if matches!(url.host(), Some(Host::Domain(_))) => return Err(NotReached::NoAnswer(NOT_FOUND.to_owned())),
            permitted => permitted.map_err(NotReached::Forbidden)?,
        }
        let client = reqwest::Client::builder()
            .dns_resolver(Arc::new(Pinned(addresses)))
            .https_only(url.scheme() == "https")
            .redirect(redirect::Policy::none())
            .no_proxy()
            .referer(false)
            .pool_max_idle_per_host(0)
            .connect_timeout(CONNECT_WITHIN)
            .timeout(ANSWER_WITHIN)
            .user_agent(concat!("Russet/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| NotReached::NoAnswer(innermost(&error)))?;
        let answer = client.post(url.clone()).headers(headers).body(body).send().await;
        match answer {
            // Dropped with its body unread.
            Ok(answer) => Ok(answer.status().as_u16()),
            Err(error) if error.is_timeout() => Err(NotReached::NoAnswer(format!(
                "There was no answer within {} seconds.",
                ANSWER_WITHIN.as_secs()
            ))),
            Err(error) if error.is_connect() => Err(NotReached::NoAnswer(format!("No connection could be made: {}.", innermost(&error)))),
            Err(error) => Err(NotReached::NoAnswer(format!("The connection broke: {}.", innermost(&error)))),
        }
    }

    async fn addresses(&self, url: &Url) -> Result<Vec<IpAddr>, NotReached> {
        let name = match url.host() {
            Some(Host::Ipv4(address)) => return Ok(vec![IpAddr::V4(address)]),
            Some(Host::Ipv6(address)) => return Ok(vec![IpAddr::V6(address)]),
            Some(Host::Domain(name)) => name,
            None => return Err(NotReached::Forbidden("The address names no host.")),
        };
        let found = timeout(CONNECT_WITHIN, self.names.look_up(name)).await;
        match found {
            Ok(Ok(addresses)) if !addresses.is_empty() => Ok(addresses),
            _ => Err(NotReached::NoAnswer(NOT_FOUND.to_owned())),
        }
    }

    /// Whether a request may go to each of these.
    fn permits(&self, url: &Url, addresses: &[IpAddr]) -> Result<(), &'static str> {
        let allowed = |address: &IpAddr| {
            let plain = address.to_canonical();
            self.allowed.iter().any(|network| network.contains(&plain))
        };
        if !addresses.iter().all(|address| allowed(address) || is_public(*address)) {
            return Err(NOT_PUBLIC);
        }
        if url.scheme() != "https" && !addresses.iter().all(allowed) {
            return Err(NOT_HTTPS);
        }
        Ok(())
    }
}

impl fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Outgoing(also to {:?})", self.allowed)
    }
}

/// Whatever name is asked for, these addresses are the answer.
struct Pinned(Vec<IpAddr>);

impl Resolve for Pinned {
    fn resolve(&self, _: Name) -> Resolving {
        // The port is the URL's.
        let addresses: Vec<_> = self.0.iter().map(|address| SocketAddr::new(*address, 0)).collect();
        Box::pin(std::future::ready(Ok(Box::new(addresses.into_iter()) as Addrs)))
    }
}

/// What IPv4 keeps for special ends (IANA's registry).
const SPECIAL_V4: [Ipv4Net; 15] = [
    v4(0, 0, 0, 0, 8),       // this network
    v4(10, 0, 0, 0, 8),      // private
    v4(100, 64, 0, 0, 10),   // shared by carriers
    v4(127, 0, 0, 0, 8),     // loopback
    v4(169, 254, 0, 0, 16),  // link-local, with the metadata of clouds
    v4(172, 16, 0, 0, 12),   // private
    v4(192, 0, 0, 0, 24),    // protocol assignments
    v4(192, 0, 2, 0, 24),    // documentation
    v4(192, 88, 99, 0, 24),  // relays of 6to4
    v4(192, 168, 0, 0, 16),  // private
    v4(198, 18, 0, 0, 15),   // benchmarks
    v4(198, 51, 100, 0, 24), // documentation
    v4(203, 0, 113, 0, 24),  // documentation
    v4(224, 0, 0, 0, 4),     // multicast
    v4(240, 0, 0, 0, 4),     // reserved, with broadcast
];

/// All of IPv6 that is given out to the public. What is not in it is none: loopback, link-local, unique local, multicast,
/// IPv4 in its mapped, compatible and translated (NAT64) forms, segment routing.
const GLOBAL_V6: Ipv6Net = v6([0x2000, 0], 3);

/// What lies inside of that and is special all the same.
const SPECIAL_V6: [Ipv6Net; 4] = [
    v6([0x2001, 0], 23),      // protocol assignments, with Teredo, ORCHID and benchmarks
    v6([0x2001, 0x0db8], 32), // documentation
    v6([0x2002, 0], 16),      // 6to4: an IPv4 address in disguise
    v6([0x3fff, 0], 20),      // documentation
];

const fn v4(a: u8, b: u8, c: u8, d: u8, bits: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), bits)
}

const fn v6(start: [u16; 2], bits: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(start[0], start[1], 0, 0, 0, 0, 0, 0), bits)
}

/// Whether an address is one of the public internet.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => !SPECIAL_V4.iter().any(|special| special.contains(&address)),
        IpAddr::V6(address) => GLOBAL_V6.contains(&address) && !SPECIAL_V6.iter().any(|special| special.contains(&address)),
    }
}

/// What really happened. The outer errors name the whole address, which may be a secret of its owner's.
fn innermost(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    if std::ptr::eq(std::ptr::from_ref(cause).cast::<()>(), std::ptr::from_ref(error).cast::<()>()) {
        return "it is not known why".to_owned();
    }
    cause.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
    };

    /// A name server under somebody's control.
    struct Told(Vec<&'static str>, AtomicU32);

    #[async_trait]
    impl Names for Told {
        async fn look_up(&self, _: &str) -> io::Result<Vec<IpAddr>> {
            self.1.fetch_add(1, Ordering::Relaxed);
            Ok(self.0.iter().map(|address| address.parse().unwrap()).collect())
        }
    }

    fn told(addresses: &[&'static str], allowed: &str) -> Outgoing {
        let allowed = allowed.split_whitespace().map(|network| network.parse().unwrap()).collect();
        Outgoing::with_names(allowed, Arc::new(Told(addresses.to_vec(), AtomicU32::new(0))))
    }

    async fn sent(outgoing: &Outgoing, url: &str) -> Result<u16, NotReached> {
        outgoing.post(&url.parse().unwrap(), HeaderMap::new(), b"{}".to_vec()).await
    }

    #[test]
    fn only_public_addresses_are_public() {
        for special in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.255.254",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.7",
            "203.0.113.9",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:8.8.8.8",
            "::127.0.0.1",
            "64:ff9b::a00:1",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:2::1",
            "2001:10::1",
            "2001:20::1",
            "2001:db8::1",
            "2002:7f00:1::1",
            "3fff::1",
            "5f00::1",
            "fc00::1",
            "fd12:3456::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(!is_public(special.parse().unwrap()), "{special}");
        }
        for public in [
            "1.1.1.1",
            "8.8.8.8",
            "100.63.255.255",
            "100.128.0.1",
            "172.32.0.1",
            "198.20.0.1",
            "223.255.255.255",
        ] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
        for public in ["2606:4700::1111", "2a00:1450:4001::200e", "2001:4860:4860::8888", "2001:200::1"] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
    }

    #[test]
    fn what_could_never_be_reached_is_not_taken() {
        let outgoing = told(&[], "");
        for url in [
            "",
            "hooks.example.com",
            "ftp://hooks.example.com/",
            "file:///etc/passwd",
            "http://hooks.example.com/",
            "https://me:pw@hooks.example.com/",
            "https://127.0.0.1/",
            "https://127.1/",
            "https://2130706433/",
            "https://0x7f.1/",
            "https://0177.0.0.1/",
            "https://[::1]/",
            "https://[::ffff:127.0.0.1]/",
            "https://[::ffff:a9fe:a9fe]/",
            "https://169.254.169.254/latest",
            "https://[fd00::1]:8443/x",
            "https://[64:ff9b::7f00:1]/",
            "https://0/",
            "gopher://x/",
            "data:text/plain,x",
        ] {
            assert!(outgoing.read(url).is_err(), "{url}");
        }
        for url in [
            "https://hooks.example.com/a?b=c",
            "https://1.1.1.1:8443/x",
            " https://bücher.example/ ",
        ] {
            assert!(outgoing.read(url).is_ok(), "{url}");
        }
        assert!(told(&[], "10.0.0.0/8").read("http://10.1.2.3:8080/").is_ok());
        assert!(told(&[], "10.0.0.0/8").read("https://[::ffff:10.1.2.3]/").is_ok());
        assert!(told(&[], "10.0.0.0/8").read("https://192.168.0.1/").is_err());
    }

    #[tokio::test]
    async fn a_name_is_reached_only_when_all_its_addresses_are_public() {
        let not_found = Err(NotReached::NoAnswer(NOT_FOUND.to_owned()));
        for addresses in [
            &["127.0.0.1"][..],
            &["1.1.1.1", "10.0.0.1"],
            &["169.254.169.254"],
            &["::1"],
            &["2606:4700::1111", "fd00::1"],
        ] {
            let refused = sent(&told(addresses, ""), "https://hooks.example.com/").await;
            assert_eq!(refused, not_found, "{addresses:?}");
        }
        // The name of the machine itself, as the system looks it up.
        let refused = sent(&Outgoing::new(Vec::new()), "https://localhost:1/").await;
        assert_eq!(refused, not_found);
        let nowhere = sent(&told(&[], ""), "https://hooks.example.com/").await;
        assert_eq!(
            nowhere, not_found,
            "a name that has no address is answered like one that leads inside"
        );
        let literal = sent(&told(&[], ""), "https://10.0.0.1/").await;
        assert_eq!(literal, Err(NotReached::Forbidden(NOT_PUBLIC)));
        // Plain http only where the operator said so, name by name.
        for (addresses, allowed) in [(&["1.1.1.1"][..], "127.0.0.0/8"), (&["127.0.0.1", "1.1.1.1"], "127.0.0.0/8")] {
            let refused = sent(&told(addresses, allowed), "http://hooks.example.com/").await;
            assert_eq!(refused, Err(NotReached::Forbidden(NOT_HTTPS)), "{addresses:?}");
        }
    }

    /// Answers one request with this, and gives what came.
    async fn answering(answer: &'static str) -> (u16, tokio::task::JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut seen = vec![0; 4096];
            let read = stream.read(&mut seen).await.unwrap();
            seen.truncate(read);
            stream.write_all(answer.as_bytes()).await.unwrap();
            String::from_utf8_lossy(&seen).into_owned()
        });
        (port, seen)
    }

    #[tokio::test]
    async fn the_connection_goes_where_the_look_up_said_and_no_redirect_is_followed() {
        let (port, seen) = answering("HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n").await;
        let names = Arc::new(Told(vec!["127.0.0.1"], AtomicU32::new(0)));
        let outgoing = Outgoing::with_names(vec!["127.0.0.0/8".parse().unwrap()], names.clone());
        // A name that exists nowhere: only the pinned address can be what was reached.
        assert_eq!(sent(&outgoing, &format!("http://hooks.invalid:{port}/x")).await, Ok(302));
        let seen = seen.await.unwrap().to_lowercase();
        assert!(
            seen.starts_with("post /x http/1.1\r\n") && seen.contains(&format!("host: hooks.invalid:{port}\r\n")),
            "{seen}"
        );
        assert_eq!(names.1.load(Ordering::Relaxed), 1, "looked up once");
    }

    #[tokio::test]
    async fn an_endless_answer_is_not_read() {
        let (port, _seen) = answering("HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\nx").await;
        let outgoing = told(&["127.0.0.1"], "127.0.0.0/8");
        assert_eq!(sent(&outgoing, &format!("http://hooks.invalid:{port}/")).await, Ok(200));
    }

    #[tokio::test]
    async fn what_went_wrong_is_told_without_the_address() {
        let outgoing = told(&["127.0.0.1"], "127.0.0.0/8");
        let Err(NotReached::NoAnswer(why)) = sent(&outgoing, "http://hooks.invalid:1/s3cret").await else {
            panic!("something listens on port 1");
        };
        assert!(!why.contains("s3cret") && !why.contains("127.0.0.1"), "{why}");
    }
}
