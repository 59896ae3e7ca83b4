//! The whole system in one process, for tests: a simulated Apple, a database, the vault, the application.
//!
//! ```no_run
//! # async fn story() {
//! let world = testkit::World::on_sqlite().await;
//! let key = world.link(testkit::Role::Admin).await;
//! world.advance_days(1);
//! world.app().run_due_jobs().await.expect("the daily check");
//! # let _ = key; }
//! ```
//!
//! The same constructor as in production is used. What differs: clocks that stand still until they are stepped, randomness
//! from a seed, and Apple's addresses.
//!
//! The surprising thing: there is no fake database. [`on_both_databases`] runs a story on SQLite in a temporary directory
//! and, where there is one, on PostgreSQL.

mod canary;
mod entropy;
pub mod ipa;
mod logs;
mod mailbox;
pub mod postgres;
mod receiver;
mod world;

pub use canary::Canary;
pub use logs::Logs;
pub use mailbox::{Mail, Mailbox};
pub use receiver::{Posted, Receiver};
pub use simulator::{
    AppleError, Decision, DeliveryTrouble, Effect, Fault, KeyFile, KeyKind, PartCount, ProcessingIssue, Role, Severity, Stage, Uploads,
};
pub use world::{PASSWORD, Person, World};

/// Makes of each story a test on SQLite and one on PostgreSQL. The latter is skipped, loudly, where there is none.
#[macro_export]
macro_rules! on_both_databases {
    ($($(#[$meta:meta])* async fn $name:ident($world:ident: $kind:ty) $story:block)*) => {
        $($(#[$meta])* async fn $name($world: $kind) $story)*

        mod on_sqlite {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $name() {
                    super::$name($crate::World::on_sqlite().await).await;
                }
            )*
        }

        mod on_postgres {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $name() {
                    if let Some(world) = $crate::World::on_postgres().await {
                        super::$name(world).await;
                    }
                }
            )*
        }
    };
}
