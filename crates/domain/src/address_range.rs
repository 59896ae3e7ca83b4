//! The networks that a token of an organization may be used from.

use crate::membership::ADDRESS_RANGES_MOST;
use ipnet::{IpNet, Ipv4Net};
use std::{collections::BTreeSet, net::IpAddr};

/// Address ranges that cannot be taken as they are.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressRangeError {
    /// Neither an address nor a network.
    #[error("“{found}” is not an address range. Write a network like 203.0.113.0/24 or 2001:db8::/32, or a single address.")]
    Malformed {
        /// What was given, shortened.
        found: String,
    },
    /// More than [`ADDRESS_RANGES_MOST`].
    #[error("These are {found} address ranges; at most {ADDRESS_RANGES_MOST} fit. Join neighbors into larger networks.")]
    TooMany {
        /// How many were given.
        found: usize,
    },
}

/// Reads ranges as people write them: each canonical, none twice. A host's bits are cleared, a single address is a range
/// of one, and an IPv4 network written as IPv6 becomes what it is.
///
/// # Errors
/// The first that is none, or how many are too many.
pub fn address_ranges<S: AsRef<str>>(texts: impl IntoIterator<Item = S>) -> Result<Vec<IpNet>, AddressRangeError> {
    let ranges = texts
        .into_iter()
        .map(|text| read(text.as_ref().trim()))
        .collect::<Result<BTreeSet<_>, _>>()?;
    if ranges.len() > ADDRESS_RANGES_MOST {
        return Err(AddressRangeError::TooMany { found: ranges.len() });
    }
    Ok(ranges.into_iter().collect())
}

fn read(text: &str) -> Result<IpNet, AddressRangeError> {
    let net = text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
    let net = net.map_err(|_| AddressRangeError::Malformed {
        found: text.chars().filter(|c| !c.is_control()).take(60).collect(),
    })?;
    Ok(plain(net).trunc())
}

/// The IPv4 network within ::ffff:0:0/96, which requests never come from under that name.
fn plain(net: IpNet) -> IpNet {
    let IpNet::V6(six) = net else { return net };
    let length = six.prefix_len().checked_sub(96);
    six.addr()
        .to_ipv4_mapped()
        .zip(length)
        .and_then(|(address, length)| Ipv4Net::new(address, length).ok())
        .map_or(net, IpNet::V4)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> String {
        match address_ranges([text]) {
            Ok(ranges) => ranges.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn a_range_has_one_spelling() {
        assert_eq!(told(" 203.0.113.77/24 "), "203.0.113.0/24");
        assert_eq!(told("203.0.113.7"), "203.0.113.7/32");
        assert_eq!(told("2001:DB8::1/32"), "2001:db8::/32");
        assert_eq!(told("2001:db8::1"), "2001:db8::1/128");
        assert_eq!(told("::ffff:203.0.113.7"), "203.0.113.7/32");
        assert_eq!(told("::ffff:203.0.113.0/120"), "203.0.113.0/24");
        assert_eq!(told("::/0"), "::/0");
        let twice = address_ranges(["10.0.0.1/8", "10.9.9.9/8", "::ffff:10.0.0.0/104"]).unwrap();
        assert_eq!(twice.len(), 1);
    }

    #[test]
    fn what_is_no_range_is_told_as_it_was_found() {
        for wrong in [
            "",
            "office",
            "10.0.0.0/33",
            "10.0.0",
            "2001:db8::/129",
            "10.0.0.0/-1",
            "10.0.0.1-10.0.0.9",
            "*",
        ] {
            assert!(told(wrong).contains("is not an address range"), "{wrong}");
        }
        let many: Vec<_> = (0..21).map(|n| format!("10.{n}.0.0/16")).collect();
        assert_eq!(address_ranges(&many), Err(AddressRangeError::TooMany { found: 21 }));
        assert_eq!(address_ranges(&many[..20]).unwrap().len(), 20);
    }
}
