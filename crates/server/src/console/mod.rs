//! The web console: server-rendered pages over the use cases of `app`. It has no powers of its own.
//!
//! A page is a struct with plain data (its file says what it shows) and a template of the same name under
//! `templates/`; handlers fill the struct. Everything works without a script: each act is a form with an address,
//! answered by a redirect; the modules under `assets/scripts` only make it faster.
//!
//! The one surprising thing: the content security policy forbids inline styles and scripts, so whatever depends on
//! data is drawn with SVG attributes or a class, and a test looks for anything else.

pub(crate) mod activity;
pub(crate) mod apple;
pub(crate) mod assets;
pub(crate) mod certificates;
pub(crate) mod filters;
pub(crate) mod gate;
pub(crate) mod keys;
pub(crate) mod listing;
pub(crate) mod me;
pub(crate) mod operation;
pub(crate) mod overview;
pub(crate) mod parts;
pub(crate) mod pictures;
pub(crate) mod shell;
pub(crate) mod when;

#[cfg(test)]
mod tests;
