//! What Rust code may not contain: `unsafe` outside its list, tests that are ignored, that panic
//! on purpose or whose name is no sentence, identifiers that cannot be typed.

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
        findings.extend(test_problems(&code).map(|(line, text)| Finding::refuse(path, line, text)));
        for (index, line) in code.lines().enumerate() {
            let line_number = index + 1;
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

/// Lines of tests that prove nothing or do not say what they prove.
fn test_problems(code: &str) -> impl Iterator<Item = (usize, String)> {
    let mut problems = Vec::new();
    let mut is_test = false;
    for (index, line) in code.lines().enumerate() {
        let start = line.trim_start();
        if start.starts_with("#[ignore") {
            let text = "an ignored test proves nothing: fix it, or move it to a long suite";
            problems.push((index + 1, text.to_owned()));
        }
        if start.starts_with("#[should_panic") {
            let text = "assert on a value: a panic elsewhere in the test would pass, too";
            problems.push((index + 1, text.to_owned()));
        }
        if start.starts_with("#[test]") || start.starts_with("#[tokio::test") {
            is_test = true;
        } else if let Some(rest) = start.trim_start_matches("async ").strip_prefix("fn ") {
            let name = rest.split(['(', '<']).next().unwrap_or_default();
            let is_sentence = name.contains('_') && !name.starts_with("test_");
            if is_test && !is_sentence {
                problems.push((index + 1, format!("`{name}` is no sentence that could be true")));
            }
            is_test = false;
        }
    }
    problems.into_iter()
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
            let text = format!("#[test]\n{attribute}\nfn a_b_c() {{}}\n");
            assert_eq!(check(&Tree::of(&[("a.rs", &text)])).len(), 1, "{attribute}");
        }
    }

    #[test]
    fn tests_that_panic_on_purpose_or_have_no_sentence_are_refused() {
        for text in [
            "#[test]\n#[should_panic]\nfn a_b_c() {}\n",
            "#[test]\nfn merging() {}\n",
            "#[tokio::test]\nasync fn test_that_it_works() {}\n",
        ] {
            assert_eq!(check(&Tree::of(&[("a.rs", text)])).len(), 1, "{text}");
        }
        let fine = "#[test]\nfn merging_is_order_independent() {}\nfn check() {}\n";
        assert_eq!(check(&Tree::of(&[("a.rs", fine)])), []);
    }

    #[test]
    fn letters_beyond_ascii_are_for_texts_only() {
        assert_eq!(check(&Tree::of(&[("a.rs", "let größe = 1;\n")])).len(), 1);
        assert_eq!(check(&Tree::of(&[("a.rs", "let a = \"größe\"; // größe\n")])), []);
    }
}
