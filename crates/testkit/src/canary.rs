//! A secret that is hunted: its bytes, and every way they could have been written down.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// Shortest piece of a secret that counts as found, in bytes of the secret.
const PIECE: usize = 24;

/// A secret with its traces.
pub struct Canary {
    name: String,
    traces: Vec<Vec<u8>>,
}

impl Canary {
    /// A secret that is text, such as a password or a token.
    #[must_use]
    pub fn text(name: impl Into<String>, secret: &str) -> Self {
        Self::bytes(name, secret.as_bytes())
    }

    /// A secret that is bytes. Pieces from its middle are hunted as they are, in hexadecimal, as a list of numbers, and in
    /// base64 of both alphabets at each of the three alignments.
    #[must_use]
    pub fn bytes(name: impl Into<String>, secret: &[u8]) -> Self {
        // The middle: the beginning of a key file is the same for every key.
        let begin = secret.len().saturating_sub(PIECE) / 2;
        let piece = &secret[begin..(begin + PIECE).min(secret.len())];
        let mut traces = vec![
            piece.to_vec(),
            hex::encode(piece).into_bytes(),
            hex::encode_upper(piece).into_bytes(),
        ];
        let numbers: Vec<_> = piece.iter().map(u8::to_string).collect();
        traces.push(numbers.join(", ").into_bytes());
        traces.push(numbers.join(",").into_bytes());
        for shift in 0..3.min(piece.len()) {
            // What stands before shifts the groups of three; whole groups in the middle read the same.
            let whole = &piece[shift..];
            let whole = &whole[..whole.len() / 3 * 3];
            traces.push(STANDARD_NO_PAD.encode(whole).into_bytes());
            traces.push(URL_SAFE_NO_PAD.encode(whole).into_bytes());
        }
        traces.retain(|trace| !trace.is_empty());
        traces.dedup();
        Self { name: name.into(), traces }
    }

    /// A private key in PEM: the bytes behind it, and its lines.
    ///
    /// # Panics
    /// When it is no PEM.
    #[must_use]
    pub fn pem(name: impl Into<String>, pem: &str) -> Vec<Self> {
        let name = name.into();
        let lines: Vec<_> = pem.lines().filter(|line| !line.starts_with("-----")).collect();
        let der = base64::engine::general_purpose::STANDARD.decode(lines.concat()).expect("PEM");
        let mut canaries = vec![Self::bytes(format!("{name}, its bytes"), &der)];
        // A key begins with what is public: an RSA modulus stands in the certificate too. A P-256 key is short, and its
        // private number always stands at the same place.
        let is_rsa = der.len() > 200;
        if let Some(number) = der.get(36..68).filter(|_| !is_rsa) {
            canaries.push(Self::bytes(format!("{name}, its private number"), number));
        }
        let private_lines = if is_rsa { &lines[lines.len() / 2..] } else { &lines[..] };
        let of_line = |line: &&str| Self::text(format!("{name}, a line of its file"), line);
        canaries.extend(private_lines.iter().map(of_line));
        canaries
    }

    /// Whether any trace of it is in there; says which secret it was.
    #[must_use]
    pub fn found_in(&self, place: &str, haystack: &[u8]) -> Option<String> {
        let found = self.traces.iter().find(|trace| memchr::memmem::find(haystack, trace).is_some())?;
        Some(format!("{} is in {place}, as {} bytes", self.name, found.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::engine::general_purpose::STANDARD;

    #[test]
    fn a_secret_is_found_however_it_was_written_down() {
        let secret: Vec<u8> = (40..104).collect();
        let canary = Canary::bytes("the key", &secret);
        for shift in 0..3 {
            let shifted = [vec![0; shift], secret.clone()].concat();
            assert!(canary.found_in("log", STANDARD.encode(shifted).as_bytes()).is_some());
        }
        assert!(canary.found_in("log", hex::encode(&secret).as_bytes()).is_some());
        assert!(canary.found_in("log", format!("{secret:?}").as_bytes()).is_some());
        assert!(canary.found_in("file", &[b"..".to_vec(), secret].concat()).is_some());
        assert!(canary.found_in("log", b"nothing of it").is_none());
    }
}
