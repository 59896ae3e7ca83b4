//! Randomness that can be replayed: SHA-256 over a seed and a counter.

use aws_lc_rs::digest::{Context, SHA256};
use domain::Entropy;
use std::sync::atomic::{AtomicU64, Ordering};

/// The same bytes in the same order for the same seed. For tests and for nothing else.
pub(crate) struct Seeded {
    seed: u64,
    counter: AtomicU64,
}

impl Seeded {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            seed,
            counter: AtomicU64::new(0),
        }
    }
}

impl Entropy for Seeded {
    fn fill(&self, out: &mut [u8]) {
        for chunk in out.chunks_mut(32) {
            let mut context = Context::new(&SHA256);
            context.update(&self.seed.to_le_bytes());
            context.update(&self.counter.fetch_add(1, Ordering::Relaxed).to_le_bytes());
            chunk.copy_from_slice(&context.finish().as_ref()[..chunk.len()]);
        }
    }
}
