//! Apple's App Store Connect and Enterprise Program APIs, simulated: state, clock, quotas, faults.
//!
//! Apple cannot be reached from a test, so this is the project's eyes; and it is a product of its own, because any App
//! Store Connect client can be pointed at it. It is stateful and lives in memory. Tokens are really verified,
//! certificates really signed, profiles really sealed, by an authority that is plainly not Apple's.
//!
//! ```no_run
//! # async fn run() -> Result<(), simulator::StartError> {
//! use simulator::{Effect, Fault, Options, Simulator};
//! let apple = Simulator::start(Options::default()).await?;
//! println!("{} {}", apple.url(), apple.enterprise_url());
//! apple.control().add_fault(Fault::next("POST", "/v1/certificates", Effect::LoseAnswer));
//! # Ok(()) }
//! ```
//!
//! It must not know the `apple` crate: shared types would share our misunderstandings. What it answers is held against
//! Apple's published documents instead; what nobody has seen Apple answer stands in [`INVENTED`].

mod api;
mod artefacts;
mod clock;
mod control;
mod control_port;
mod deliveries;
mod desk;
mod document;
mod entity;
mod entropy;
mod faults;
mod handle;
mod http;
mod invented;
mod journal;
mod keys;
mod offered;
mod options;
mod post;
mod query;
mod refusal;
mod resources;
mod roles;
mod seed;
mod team;
mod token;
mod world;

pub use api::Api;
pub use clock::Clock;
pub use control::{Control, ControlError};
pub use deliveries::{PartCount, ProcessingIssue, Severity, Stage};
pub use faults::{AppleError, Effect, Fault};
pub use handle::{Handle, Simulator, StartError};
pub use invented::{INVENTED, Invention, inventions_as_markdown};
pub use journal::Exchange;
pub use keys::{KeyError, KeyFile, KeyKind, KeyListing, Role};
pub use options::{JOURNAL_VARIABLE, Limits, Options, Seed, Uploads};
pub use post::DeliveryTrouble;
pub use resources::Decision;
pub use team::{Settling, Standing, Zombie};
