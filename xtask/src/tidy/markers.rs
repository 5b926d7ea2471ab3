//! Debts and debris: notes to self, debug prints, conflict markers, trailing blanks.

use super::Finding;
use super::tree::Tree;

/// Texts written by people. Data, corpora and recorded answers are not ours to reformat.
const WRITTEN: &[&str] =
    &[".rs", ".toml", ".md", ".js", ".mjs", ".css", ".html", ".py", ".sh", ".svg", ".ci/run"];

// Put together here so that this file passes its own check.
const DEBTS: &[&str] = &[concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X:")];
const DEBUG_PRINT: &str = concat!("dbg", "!(");

/// Checks every written text, line by line.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.texts() {
        if path.contains("/fixtures/") || !WRITTEN.iter().any(|ending| path.ends_with(ending)) {
            continue;
        }
        for (index, line) in text.lines().enumerate() {
            for problem in problems(line) {
                findings.push(Finding::refuse(path, index + 1, problem));
            }
        }
        if !text.is_empty() && !text.ends_with('\n') {
            findings.push(Finding::refuse(path, 0, "the last line has no end"));
        }
    }
    findings
}

fn problems(line: &str) -> Vec<String> {
    let mut found = Vec::new();
    for debt in DEBTS {
        let is_word = |at: usize| {
            let before = line[..at].chars().next_back();
            let after = line[at + debt.len()..].chars().next();
            !before.is_some_and(char::is_alphanumeric) && !after.is_some_and(char::is_alphanumeric)
        };
        if line.match_indices(debt).any(|(at, _)| is_word(at)) {
            found.push(format!("`{debt}`: do it now, or write it down where it is read"));
        }
    }
    if line.contains(DEBUG_PRINT) {
        found.push("a debug print was left behind".to_owned());
    }
    if ["<<<<<<< ", ">>>>>>> ", "||||||| "].iter().any(|marker| line.starts_with(marker)) {
        found.push("a conflict marker was left behind".to_owned());
    }
    if line.ends_with([' ', '\t']) {
        found.push("the line ends in blanks".to_owned());
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debts_and_debris_are_refused_with_their_line() {
        for line in [
            concat!("// TO", "DO: later"),
            concat!("let a = db", "g!(b);"),
            "<<<<<<< HEAD",
            "let a = 1; ",
            "\t",
        ] {
            let found = check(&Tree::of(&[("a/b.rs", &format!("fine\n{line}\n"))]));
            assert_eq!(found.len(), 1, "{line:?}");
            assert_eq!(found[0].line, 2);
        }
    }

    #[test]
    fn a_missing_end_of_line_is_refused() {
        assert_eq!(check(&Tree::of(&[("README.md", "hello")])).len(), 1);
    }

    #[test]
    fn words_that_contain_a_marker_and_recorded_data_are_left_alone() {
        let tree = Tree::of(&[
            ("a.rs", concat!("let m = \"MAS", "TO", "DON\";\n")),
            ("crates/a/tests/fixtures/x.md", "a \n"),
            ("data/x.csv", "a \n"),
        ]);
        assert_eq!(check(&tree), []);
    }
}
