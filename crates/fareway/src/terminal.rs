//! What is printed for people and programs on the terminal.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "the terminal is this module's room"
)]

use std::io::{IsTerminal, Write};

/// Prints a line for whoever reads standard output.
pub(crate) fn say(line: &str) {
    println!("{line}");
    let _ = std::io::stdout().flush();
}

/// Prints an error as one sentence.
pub(crate) fn complain(error: &anyhow::Error) {
    eprintln!("fareway: {error:#}");
}

/// Shows progress in place on a terminal; elsewhere says nothing.
pub(crate) fn progress(line: &str) {
    if std::io::stderr().is_terminal() {
        eprint!("\r\x1b[2K{line}");
        let _ = std::io::stderr().flush();
    }
}

/// Removes the progress line.
pub(crate) fn progress_done() {
    progress("");
}
