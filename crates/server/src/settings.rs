//! How the server is reached, checked before anything listens.

use std::{net::IpAddr, net::SocketAddr, path::PathBuf, str::FromStr};
use url::{Host, Url};

/// Certificate chain and private key of the listener, PEM files.
#[derive(Debug, Clone)]
pub struct Tls {
    /// `--tls-cert`
    pub certificate: PathBuf,
    /// `--tls-key`
    pub key: PathBuf,
}

/// The networks whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed.
#[derive(Debug, Clone, Default)]
pub struct TrustedProxies(Vec<ipnet::IpNet>);

impl TrustedProxies {
    /// Whether the address is one of them.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.iter().any(|net| net.contains(&address.to_canonical()))
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromStr for TrustedProxies {
    type Err = String;
    /// Comma-separated networks (`10.0.0.0/8`) or single addresses.
    fn from_str(text: &str) -> Result<Self, String> {
        text.split(',')
            .map(str::trim)
            .filter(|part| !part.is_empty())
            .map(|part| {
                part.parse::<ipnet::IpNet>()
                    .or_else(|_| part.parse::<IpAddr>().map(ipnet::IpNet::from))
                    .map_err(|_| format!("“{part}” is not a network like 10.0.0.0/8 nor an address"))
            })
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

/// How the server is reached.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where it listens.
    pub listen: SocketAddr,
    /// What people type: the origin of every link that is given out.
    pub public_url: Url,
    /// TLS of its own.
    pub tls: Option<Tls>,
    /// Or a proxy that does it.
    pub trusted_proxies: TrustedProxies,
}

/// Settings that do not fit together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// Plain HTTP toward the world.
    #[error(
        "Plain HTTP on {0} would send passwords and private keys in the clear. Give --tls-cert and --tls-key, or --trusted-proxy with the network of the proxy that does TLS, or listen on 127.0.0.1."
    )]
    PlainHttp(SocketAddr),
    /// Links that are given out say http, and lead over a network.
    #[error("--public-url is {0}, but passwords and private keys travel over https only. Give the https:// address that people type.")]
    PublicUrlPlain(Url),
    /// Not an origin.
    #[error("--public-url is {0}; give an http:// or https:// address without a path, such as https://russet.example.com.")]
    PublicUrlPath(Url),
}

impl Settings {
    /// Whether cookies may insist on https.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.public_url.scheme() == "https"
    }

    /// A link below the address that people type.
    #[must_use]
    pub fn link(&self, path: &str) -> String {
        format!("{}/{path}", self.public_url.as_str().trim_end_matches('/'))
    }

    /// Whether an answer to this peer would cross a network unencrypted: it came past the proxy that does TLS.
    #[must_use]
    pub fn would_be_in_the_clear(&self, peer: IpAddr) -> bool {
        self.tls.is_none() && !peer.to_canonical().is_loopback() && !self.trusted_proxies.contains(peer)
    }

    /// Whether an `Origin` header names the address that people type.
    #[must_use]
    pub fn is_public_origin(&self, origin: &str) -> bool {
        self.public_url.origin().ascii_serialization() == origin
    }

    /// Holds the parts against each other.
    ///
    /// # Errors
    /// What does not fit, and what to give instead.
    pub fn check(&self) -> Result<(), SettingsError> {
        let encrypted = self.tls.is_some() || !self.trusted_proxies.is_empty();
        if !self.listen.ip().is_loopback() && !encrypted {
            return Err(SettingsError::PlainHttp(self.listen));
        }
        if !matches!(self.public_url.scheme(), "http" | "https") || self.public_url.path() != "/" || self.public_url.query().is_some() {
            return Err(SettingsError::PublicUrlPath(self.public_url.clone()));
        }
        let local = matches!(self.public_url.host(), Some(Host::Domain("localhost")))
            || matches!(self.public_url.host(), Some(Host::Ipv4(address)) if address.is_loopback())
            || matches!(self.public_url.host(), Some(Host::Ipv6(address)) if address.is_loopback());
        if !self.is_https() && (self.tls.is_some() || !local) {
            return Err(SettingsError::PublicUrlPlain(self.public_url.clone()));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(listen: &str, public: &str, proxies: &str) -> Settings {
        Settings {
            listen: listen.parse().unwrap(),
            public_url: public.parse().unwrap(),
            tls: None,
            trusted_proxies: proxies.parse().unwrap(),
        }
    }

    #[test]
    fn plain_http_stays_on_loopback() {
        assert!(settings("127.0.0.1:7400", "http://localhost:7400", "").check().is_ok());
        let open = settings("0.0.0.0:7400", "http://russet.example.com", "");
        assert!(matches!(open.check(), Err(SettingsError::PlainHttp(_))));
        assert!(settings("0.0.0.0:7400", "https://russet.example.com", "10.0.0.0/8").check().is_ok());
    }

    #[test]
    fn links_over_a_network_are_https() {
        for public in ["http://russet.example.com", "http://10.0.0.7:7400"] {
            let plain = settings("127.0.0.1:7400", public, "10.0.0.0/8");
            assert!(matches!(plain.check(), Err(SettingsError::PublicUrlPlain(_))), "{public}");
        }
        assert!(settings("[::1]:7400", "http://[::1]:7400", "").check().is_ok());
        assert!(settings("127.0.0.1:7400", "https://russet.example.com/team", "").check().is_err());
    }

    #[test]
    fn past_the_proxy_nobody_is_answered_in_the_clear() {
        let behind = settings("0.0.0.0:7400", "https://russet.example.com", "10.0.0.0/8");
        assert!(behind.would_be_in_the_clear("203.0.113.9".parse().unwrap()));
        assert!(!behind.would_be_in_the_clear("10.0.0.1".parse().unwrap()));
        assert!(!behind.would_be_in_the_clear("::ffff:127.0.0.1".parse().unwrap()));
    }

    #[test]
    fn only_the_named_proxies_are_believed() {
        let proxies: TrustedProxies = "10.0.0.0/8, ::1".parse().unwrap();
        assert!(proxies.contains("10.1.2.3".parse().unwrap()));
        assert!(proxies.contains("::ffff:10.1.2.3".parse().unwrap()));
        assert!(!proxies.contains("11.1.2.3".parse().unwrap()));
        assert!("ten.0.0.0/8".parse::<TrustedProxies>().is_err());
    }
}
