//! Prints `docs/policy.md`: who may do what, as the code decides it.
#![expect(clippy::print_stdout, reason = "a program whose product is what it prints")]

fn main() {
    println!(
        "# Who may do what\n\n\
         Printed by `cargo xtask generate` from `domain::policy`; not to be edited. A role that is not listed may do nothing yet.\n\
         A role held in a root organization holds in its sub-organizations; several roles add up.\n"
    );
    print!("{}", domain::policy::as_markdown());
}
