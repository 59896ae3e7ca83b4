//! The console as a browser without a script meets it: addresses, forms, cookies, and who gets past the door.
//!
//! The whole system runs in this process, with a simulated Apple behind it; requests go to the router, not over a
//! socket.

mod browser;
mod doors;
mod forms;
mod imports;
mod notifications;
mod once;
mod organizations;
mod signing_sets;
mod tokens;
