//! What Rust code may not contain: `unsafe` outside its list, ignored tests, identifiers that
//! cannot be typed.

use super::Finding;
use super::rust_source::{code_only, lines_with_word};
use super::tree::Tree;

/// Files that may hold `unsafe` blocks, with the reason. A stale entry is refused.
const UNSAFE_HOMES: &[(&str, &str)] = &[];

/// Checks every Rust file.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    check_with(tree, UNSAFE_HOMES)
}

fn check_with(tree: &Tree, homes: &[(&str, &str)]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut used = Vec::new();
    for (path, text) in tree.rust() {
        let code = code_only(text);
        let lines = lines_with_word(&code, "unsafe");
        let home = homes.iter().find(|&&(home, _)| home == path);
        match home {
            Some(home) if !lines.is_empty() => used.push(home.0),
            Some(_) => {}
            None => findings.extend(lines.into_iter().map(|line| {
                Finding::refuse(path, line, "`unsafe` needs an entry with a reason in source.rs")
            })),
        }
        for (index, line) in code.lines().enumerate() {
            let line_number = index + 1;
            let start = line.trim_start();
            if start.starts_with("#[ignore") {
                let text = "an ignored test proves nothing: fix it, or move it to a long suite";
                findings.push(Finding::refuse(path, line_number, text));
            }
            if let Some(c) = line.chars().find(|c| !c.is_ascii()) {
                let text = format!("`{c}` in code: identifiers are ASCII");
                findings.push(Finding::refuse(path, line_number, text));
            }
        }
    }
    for (home, _) in homes.iter().filter(|(home, _)| !used.contains(home)) {
        findings.push(Finding::refuse(home, 0, "no longer needs its entry in source.rs"));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unsafe_is_refused_outside_its_homes() {
        let tree = Tree::of(&[("a.rs", "// unsafe in words is fine\nfn f() { unsafe { g() } }\n")]);
        let found = check_with(&tree, &[]);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].line, 2);
        assert_eq!(check_with(&tree, &[("a.rs", "a reason")]), []);
    }

    #[test]
    fn a_home_without_unsafe_is_refused() {
        let found = check_with(&Tree::of(&[("a.rs", "fn f() {}\n")]), &[("a.rs", "a reason")]);
        assert!(found[0].text.contains("no longer needs"), "{found:?}");
    }

    #[test]
    fn ignored_tests_are_refused() {
        for attribute in ["#[ignore]", "    #[ignore = \"slow\"]"] {
            let text = format!("#[test]\n{attribute}\nfn t() {{}}\n");
            assert_eq!(check(&Tree::of(&[("a.rs", &text)])).len(), 1, "{attribute}");
        }
    }

    #[test]
    fn letters_beyond_ascii_are_for_texts_only() {
        assert_eq!(check(&Tree::of(&[("a.rs", "let größe = 1;\n")])).len(), 1);
        assert_eq!(check(&Tree::of(&[("a.rs", "let a = \"größe\"; // größe\n")])), []);
    }
}
