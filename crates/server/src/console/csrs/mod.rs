//! Certificate signing requests: the list, one of them, and the acts on it. They stand beside the certificates.

pub(crate) mod acts;
pub(crate) mod list;

use super::parts::{Mark, Tone};
use domain::HeldCsr;

/// Open, or completed with so many.
pub(crate) fn state(csr: &HeldCsr) -> Mark {
    match csr.certificates {
        0 => Mark::new(Tone::Info, "half", "Waiting for its certificate"),
        1 => Mark::new(Tone::Ok, "ok", "Completed"),
        many => Mark::new(Tone::Ok, "ok", format!("Completed, {many} certificates")),
    }
}
