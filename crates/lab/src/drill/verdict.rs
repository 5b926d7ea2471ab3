//! What must hold at the end of a run, said line by line, in the words of a test runner at the end.

use anyhow::{Result, bail};

/// Conditions that held and that did not.
#[derive(Debug, Default)]
pub(crate) struct Verdict {
    held: u32,
    broken: Vec<String>,
}

impl Verdict {
    /// Notes a condition and prints it.
    pub(crate) fn must(&mut self, holds: bool, what: impl Into<String>) {
        let what = what.into();
        say!("{} {what}", if holds { "holds: " } else { "BROKEN:" });
        if holds {
            self.held += 1;
        } else {
            self.broken.push(what);
        }
    }

    /// Whether all held.
    pub(crate) fn holds(&self) -> bool {
        self.broken.is_empty()
    }

    /// Prints the count.
    ///
    /// # Errors
    /// If a condition did not hold.
    pub(crate) fn end(self) -> Result<()> {
        let ok = if self.holds() { "ok" } else { "FAILED" };
        say!("test result: {ok}. {} passed; {} failed", self.held, self.broken.len());
        if !self.holds() {
            bail!("{}", self.broken.join("; "));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_condition_that_does_not_hold_fails_the_run_and_is_named() {
        let mut verdict = Verdict::default();
        verdict.must(true, "this");
        assert!(verdict.holds());
        verdict.must(false, "that");
        assert_eq!(verdict.end().unwrap_err().to_string(), "that");
    }
}
