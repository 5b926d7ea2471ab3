//! File and folder names: a name that says nothing collects everything.

use super::Finding;
use super::tree::Tree;

const FORBIDDEN: &[&str] = &[
    "util", "utils", "common", "helper", "helpers", "misc", "type", "types", "manager", "handler",
    "handlers",
];

const SOURCES: &[&str] = &["rs", "js", "mjs", "py", "css"];

/// Checks every folder of a source file and the file's own name.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for path in tree.paths() {
        let mut parts = path.rsplit('/');
        let file = parts.next().unwrap_or_default();
        let Some((stem, extension)) = file.rsplit_once('.') else { continue };
        if !SOURCES.contains(&extension) {
            continue;
        }
        if file == "mod.rs" {
            findings.push(Finding::refuse(
                path,
                0,
                "write `foo.rs` beside `foo/`, not `foo/mod.rs`",
            ));
        }
        for name in std::iter::once(stem).chain(parts) {
            if FORBIDDEN.contains(&name.to_lowercase().as_str()) {
                findings.push(Finding::refuse(
                    path,
                    0,
                    format!("`{name}` says nothing: name the idea"),
                ));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_say_nothing_are_refused() {
        for path in [
            "crates/a/src/utils.rs",
            "crates/a/src/common/money.rs",
            "web/Helpers.js",
            "xtask/a/misc.py",
            "crates/a/src/b/mod.rs",
        ] {
            assert_eq!(check(&Tree::of(&[(path, "")])).len(), 1, "{path}");
        }
    }

    #[test]
    fn names_that_contain_such_a_word_are_fine() {
        assert_eq!(
            check(&Tree::of(&[("crates/a/src/types_of_fare.rs", ""), ("docs/common.md", "")])),
            []
        );
    }
}
