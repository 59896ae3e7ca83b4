//! Checks of keys: the health probe and the feature probes, and the daily plan.
