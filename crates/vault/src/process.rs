//! The process itself: memory that holds keys shall not end in a file.

use rustix::process::{Resource, Rlimit, setrlimit};

/// Turns core dumps off for this process and its children. Call it first in `main`.
///
/// # Errors
/// The operating system's refusal; the caller may warn and go on.
pub fn forbid_core_dumps() -> std::io::Result<()> {
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    Ok(setrlimit(Resource::Core, none)?)
}
