//! What is printed for people and programs on the terminal.
//!
//! A reader that has seen enough (`fareway … | head`) stops nothing: what nobody reads is dropped, and
//! whoever speaks goes on to its end. Anything else that refuses a line is kept for [`check`].

use std::fmt::Arguments;
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::sync::OnceLock;

use anyhow::{Result, bail};

/// Why standard output took no more.
static REFUSED: OnceLock<io::Error> = OnceLock::new();

/// Prints a line for whoever reads standard output.
pub(crate) fn say(line: &str) {
    is_read(line);
}

/// The same; returns whether there is somebody to read the next one.
pub(crate) fn is_read(line: &str) -> bool {
    let mut out = io::stdout().lock();
    let Err(error) = writeln!(out, "{line}").and_then(|()| out.flush()) else { return true };
    if error.kind() != ErrorKind::BrokenPipe {
        let _ = REFUSED.set(error);
    }
    false
}

/// Whether everything that was said could be written for those who read it.
///
/// # Errors
/// If standard output refused a line, as on a full disk.
pub(crate) fn check() -> Result<()> {
    match REFUSED.get() {
        Some(error) => bail!("standard output cannot be written: {error}"),
        None => Ok(()),
    }
}

/// Prints an error as one sentence.
pub(crate) fn complain(error: &anyhow::Error) {
    to_people(format_args!("fareway: {error:#}\n"));
}

/// Shows progress in place on a terminal; elsewhere says nothing.
pub(crate) fn progress(line: &str) {
    if io::stderr().is_terminal() {
        to_people(format_args!("\r\x1b[2K{line}"));
    }
}

/// Removes the progress line.
pub(crate) fn progress_done() {
    progress("");
}

/// There is nowhere left to say that this cannot be said.
fn to_people(text: Arguments<'_>) {
    let mut out = io::stderr().lock();
    let _ = out.write_fmt(text).and_then(|()| out.flush());
}
