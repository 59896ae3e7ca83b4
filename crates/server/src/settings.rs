//! How the server is reached, checked before anything listens.

use std::{net::IpAddr, net::SocketAddr, path::PathBuf, str::FromStr};
use url::Url;

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
    /// TLS is done, and the links that are given out say http.
    #[error("--public-url is {0}, but people reach this server by https. Give an https:// address.")]
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
        if self.tls.is_some() && !self.is_https() {
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
    fn only_the_named_proxies_are_believed() {
        let proxies: TrustedProxies = "10.0.0.0/8, ::1".parse().unwrap();
        assert!(proxies.contains("10.1.2.3".parse().unwrap()));
        assert!(proxies.contains("::ffff:10.1.2.3".parse().unwrap()));
        assert!(!proxies.contains("11.1.2.3".parse().unwrap()));
        assert!("ten.0.0.0/8".parse::<TrustedProxies>().is_err());
    }
}
