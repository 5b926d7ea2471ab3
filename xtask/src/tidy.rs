//! `cargo xtask tidy`: what the compiler and clippy cannot see.
//!
//! In: the files git knows (tracked, or new and not ignored), read once into a [`Tree`], and the
//! text of `cargo metadata`. Out: findings, each with its file, line and a sentence that says what
//! to do. A refusal fails the run; a remark is only printed.
//!
//! Each check is a pure function from tree to findings, with a test that shows it a bad example.
//! Takes under two seconds; nothing is built and nothing is written.

mod documents;
mod homes;
mod layers;
mod licences;
mod machine;
mod markers;
mod names;
mod numbers;
mod runbooks;
mod rust_source;
mod seams;
mod sizes;
mod source;
mod tree;

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::suites::Tally;
use tree::Tree;

/// Something a check has to say about one file.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Finding {
    weight: Weight,
    path: String,
    /// 1-based; 0 when the whole file is meant.
    line: usize,
    text: String,
}

/// Whether a finding fails the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Weight {
    Refuse,
    Remark,
}

impl Finding {
    fn refuse(path: &str, line: usize, text: impl Into<String>) -> Self {
        Self { weight: Weight::Refuse, path: path.to_owned(), line, text: text.into() }
    }

    fn remark(path: &str, text: impl Into<String>) -> Self {
        Self { weight: Weight::Remark, path: path.to_owned(), line: 0, text: text.into() }
    }
}

/// One check: a name, what it looks for, and the function.
struct Check {
    name: &'static str,
    about: &'static str,
    run: fn(&Tree) -> Vec<Finding>,
}

const CHECKS: &[Check] = &[
    Check { name: "layers", about: "a crate uses only crates of lower layers", run: layers::check },
    Check { name: "homes", about: "a heavy dependency has one home", run: homes::check },
    Check { name: "sizes", about: "files stay readable in one sitting", run: sizes::check },
    Check { name: "names", about: "files are named after their idea", run: names::check },
    Check { name: "markers", about: "no debts, debris or trailing blanks", run: markers::check },
    Check { name: "machine", about: "no path of one machine", run: machine::check },
    Check { name: "source", about: "unsafe, ignored tests, identifiers", run: source::check },
    Check { name: "seams", about: "threads, sockets and files have few homes", run: seams::check },
    Check { name: "documents", about: "the documents match the tree", run: documents::check },
    Check { name: "runbooks", about: "what is logged has a runbook", run: runbooks::check },
    Check { name: "numbers", about: "each figure is in a results file", run: numbers::check },
];

/// Runs every check, prints what they say, and counts a check without refusal as passed.
pub(crate) fn run(root: &Path) -> Result<Tally> {
    let tree = Tree::read(root)?;
    let mut tally = Tally::default();
    let mut remarks = Vec::new();
    for check in CHECKS {
        report(check.name, check.about, (check.run)(&tree), &mut remarks, &mut tally);
    }
    let licences = licences::check(&cargo_metadata(root)?)?;
    report("licences", "dependencies may be used and shipped", licences, &mut remarks, &mut tally);
    if !remarks.is_empty() {
        println!("remarks (not refused):");
        for finding in &remarks {
            println!("  {}: {}", finding.path, finding.text);
        }
    }
    Ok(tally)
}

fn report(
    name: &str,
    about: &str,
    findings: Vec<Finding>,
    remarks: &mut Vec<Finding>,
    tally: &mut Tally,
) {
    let (refused, noted): (Vec<_>, Vec<_>) =
        findings.into_iter().partition(|finding| finding.weight == Weight::Refuse);
    remarks.extend(noted);
    if refused.is_empty() {
        println!("tidy {name:<10} ok      {about}");
        tally.passed += 1;
        return;
    }
    println!("tidy {name:<10} REFUSED {about}");
    for finding in &refused {
        match finding.line {
            0 => println!("  {}: {}", finding.path, finding.text),
            line => println!("  {}:{line}: {}", finding.path, finding.text),
        }
    }
    tally.failed += 1;
}

fn cargo_metadata(root: &Path) -> Result<String> {
    let output = Command::new("cargo")
        .args(["metadata", "--format-version", "1", "--locked"])
        .current_dir(root)
        .output()
        .context("cargo metadata did not start")?;
    if !output.status.success() {
        bail!("cargo metadata failed: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    String::from_utf8(output.stdout).context("cargo metadata is not UTF-8")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_fails_its_check_and_a_remark_does_not() {
        let mut tally = Tally::default();
        let mut remarks = Vec::new();
        report("a", "", vec![Finding::remark("x.rs", "long")], &mut remarks, &mut tally);
        report("b", "", vec![Finding::refuse("x.rs", 3, "bad")], &mut remarks, &mut tally);
        assert_eq!((tally.passed, tally.failed, remarks.len()), (1, 1, 1));
    }
}
