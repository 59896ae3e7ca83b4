//! Checks of keys: the health probe and the feature probes, and the daily plan.

impl crate::App {
    /// How far this machine's clock is ahead of Apple's, in seconds, as last measured.
    #[must_use]
    pub fn apple_clock_skew_seconds(&self) -> Option<i64> {
        todo!()
    }
}
