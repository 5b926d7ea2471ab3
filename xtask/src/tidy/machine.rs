//! Paths of one machine: they work for their author only.

use super::Finding;
use super::tree::Tree;

// Put together here so that this file passes its own check.
const FOLDERS: &[&str] = &[concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("/ho", "me/")];

/// Looks for an absolute path below such a folder in every text, data included.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.texts() {
        for (index, line) in text.lines().enumerate() {
            if let Some(folder) = FOLDERS.iter().find(|folder| names_path(line, folder)) {
                let text = format!("a path below {folder} exists on one machine only");
                findings.push(Finding::refuse(path, index + 1, text));
            }
        }
    }
    findings
}

/// Whether `folder` starts a path here; inside a longer path or URL it means something else.
fn names_path(line: &str, folder: &str) -> bool {
    line.match_indices(folder).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        !before
            .is_some_and(|c| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '}' | '*' | '/'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_of_one_machine_is_refused_in_any_text() {
        for folder in FOLDERS {
            let line = format!("path = \"{folder}a/b\"");
            assert_eq!(check(&Tree::of(&[("bench/results/a.json", &line)])).len(), 1, "{line}");
        }
    }

    #[test]
    fn the_same_word_inside_a_url_or_relative_path_is_fine() {
        let line = concat!("https://a.example/flights/ho", "me/ and a/wo", "rk/b");
        assert_eq!(check(&Tree::of(&[("docs/a.md", line)])), []);
    }
}
