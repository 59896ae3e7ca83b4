//! Every page rendered from a believable sample, and what must hold of all of them.

mod account;
mod binaries;
mod contrast;
mod enrollment;
mod gallery;
mod import;
mod notifications;
mod organizations;
mod pages;
mod people;
mod profiles;
mod samples;
mod signing;
mod signing_sets;
mod testing;
mod tokens;
