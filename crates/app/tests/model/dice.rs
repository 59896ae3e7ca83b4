//! Numbers that look random and are the same for the same seed (SplitMix64).

pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.roll() % bound as u64).unwrap()
    }

    pub(crate) fn seconds(&mut self, bound: u32) -> i64 {
        i64::try_from(self.roll() % u64::from(bound)).unwrap()
    }

    pub(crate) fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }

    /// One of so many numbered things, of which the latest are the likeliest to be alive.
    pub(crate) fn late(&mut self, many: usize) -> usize {
        many - 1 - self.below(many.min(25))
    }

    pub(crate) fn in_ten(&mut self, times: usize) -> bool {
        self.below(10) < times
    }
}
