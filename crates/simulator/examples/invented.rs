//! Prints `docs/simulator-invented.md`: what the simulator answers although nobody has seen Apple answer it.
#![expect(clippy::print_stdout, reason = "a document is what this program makes")]

fn main() {
    println!("# Answers that the simulator invents");
    println!();
    println!("Printed by `cargo xtask generate` from `crates/simulator/src/invented.rs`; do not edit by hand.");
    println!();
    println!("A test that depends on one of these proves something of the simulator, not of Apple.");
    println!();
    println!("| case | answer | why |");
    println!("|---|---|---|");
    for invention in simulator::INVENTED {
        let cells = [invention.case, invention.answer, invention.reason];
        println!("| {} |", cells.map(|cell| cell.replace('|', "\\|")).join(" | "));
    }
}
