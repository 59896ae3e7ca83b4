//! One token per key until shortly before its end.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};

use apple::{Apple, Clock, Credentials, KeyKind, MintError, Token, TokenCache};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use jiff::Timestamp;

struct Mint {
    apple: Apple,
    key: Vec<u8>,
    count: AtomicUsize,
    now: Arc<AtomicI64>,
    cache: TokenCache,
}

impl Mint {
    async fn new() -> Self {
        let now = Arc::new(AtomicI64::new(crate::stage::NOW));
        let reading = now.clone();
        let clock: Clock = Arc::new(move || Timestamp::from_second(reading.load(Ordering::SeqCst)).expect("an instant"));
        let mut config = crate::stage::Stage::new(vec![]).await.config();
        config.clock = clock.clone();
        let rng = SystemRandom::new();
        let key = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &rng).expect("a key");
        Self {
            apple: Apple::new(config).expect("a client"),
            key: key.as_ref().to_vec(),
            count: AtomicUsize::new(0),
            now,
            cache: TokenCache::new(clock),
        }
    }

    fn sign(&self) -> Result<Token, MintError> {
        self.count.fetch_add(1, Ordering::SeqCst);
        self.apple.mint(&Credentials {
            kind: KeyKind::Individual,
            key_id: "ABCDE12345",
            issuer_id: None,
            private_key_pkcs8: &self.key,
        })
    }

    async fn token(&self, key: &str, renew: bool) -> Arc<Token> {
        self.cache.token(key, renew, async || self.sign()).await.expect("a token")
    }

    fn minted(&self) -> usize {
        self.count.load(Ordering::SeqCst)
    }
}

#[tokio::test]
async fn a_token_is_used_until_shortly_before_its_end() {
    let mint = Mint::new().await;
    let first = mint.token("k", false).await;
    mint.now.fetch_add(15 * 60, Ordering::SeqCst);
    assert_eq!(mint.token("k", false).await.expose(), first.expose());
    mint.now.fetch_add(60, Ordering::SeqCst);
    let second = mint.token("k", false).await;
    assert!(second.expires_at() > first.expires_at());
    assert_eq!(mint.minted(), 2);
}

#[tokio::test]
async fn keys_do_not_share_and_renewal_renews() {
    let mint = Mint::new().await;
    let a = mint.token("a", false).await;
    let b = mint.token("b", false).await;
    assert_ne!(a.expose(), b.expose());
    let renewed = mint.token("a", true).await;
    assert_ne!(a.expose(), renewed.expose());
    assert_eq!(mint.token("a", false).await.expose(), renewed.expose());
    assert_eq!(mint.token("b", false).await.expose(), b.expose());
}

#[tokio::test]
async fn invalidated_tokens_are_not_handed_out_not_even_those_being_made() {
    let mint = Mint::new().await;
    mint.token("k", false).await;
    mint.cache.invalidate("k");
    mint.token("k", false).await;
    assert_eq!(mint.minted(), 2);
    // The key is rotated while a token of the old one is being signed.
    let old = mint.cache.token("k", true, async || {
        mint.cache.invalidate("k");
        mint.sign()
    });
    let old = old.await.expect("a token");
    assert_ne!(mint.token("k", false).await.expose(), old.expose());
    mint.cache.clear();
    mint.token("k", false).await;
    assert_eq!(mint.minted(), 5);
}

#[tokio::test]
async fn a_crowd_makes_one_token_and_a_failure_is_not_kept() {
    let mint = Mint::new().await;
    let failed = mint.cache.token("k", false, async || Err::<Token, _>("sealed")).await;
    assert_eq!(failed.expect_err("sealed"), "sealed");
    let slow = || async {
        tokio::task::yield_now().await;
        mint.sign()
    };
    let (a, b, c) = tokio::join!(
        mint.cache.token("k", false, slow),
        mint.cache.token("k", false, slow),
        mint.cache.token("k", false, slow)
    );
    assert!([a, b, c].iter().all(Result::is_ok));
    assert_eq!(mint.minted(), 1);
}
