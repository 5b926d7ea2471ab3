//! File sizes: a file is read in one sitting.
//!
//! Lines of a `#[cfg(test)] mod … { }` block at the end of a Rust file count as test lines.

use std::collections::BTreeSet;

use super::Finding;
use super::tree::Tree;

const AIM: usize = 250;
const SPLIT: usize = 500;
const REFUSE: usize = 800;
const TEST_REFUSE: usize = 1_500;
const ARCHITECTURE_MAX: usize = 300;

const SOURCES: &[&str] = &[".rs", ".js", ".mjs", ".py", ".css", ".html"];

/// Files that may be longer, with the reason. An entry for a file that is short again is refused.
const EXCEPTIONS: &[(&str, &str)] = &[];

/// Counts lines; remarks above 500 and one summary above 250, refusals above 800.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    check_with(tree, EXCEPTIONS)
}

fn check_with(tree: &Tree, exceptions: &[(&str, &str)]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut above_aim = 0;
    let test_files = test_files(tree);
    for (path, text) in tree.texts() {
        if !SOURCES.iter().any(|ending| path.ends_with(ending)) {
            continue;
        }
        let (lines, test_lines) = count(path, text, &test_files);
        let excepted = exceptions.iter().any(|&(name, _)| name == path);
        if test_lines > TEST_REFUSE {
            findings.push(Finding::refuse(
                path,
                0,
                format!("{test_lines} test lines; at most {TEST_REFUSE}"),
            ));
        }
        match lines {
            0..=REFUSE if excepted => {
                findings.push(Finding::refuse(
                    path,
                    0,
                    "no longer needs its exception in sizes.rs",
                ));
            }
            0..=AIM => {}
            251..=SPLIT => above_aim += 1,
            501..=REFUSE => {
                findings.push(Finding::remark(path, format!("{lines} lines: split it")))
            }
            _ if excepted => {}
            _ => {
                findings.push(Finding::refuse(path, 0, format!("{lines} lines; at most {REFUSE}")))
            }
        }
    }
    if above_aim > 0 {
        let text = format!("{above_aim} files between {AIM} and {SPLIT} lines; the aim is {AIM}");
        findings.push(Finding::remark("sizes", text));
    }
    if let Some(text) = tree.text("ARCHITECTURE.md")
        && text.lines().count() > ARCHITECTURE_MAX
    {
        findings.push(Finding::refuse(
            "ARCHITECTURE.md",
            0,
            format!("at most {ARCHITECTURE_MAX} lines"),
        ));
    }
    findings
}

/// Lines outside tests, lines of tests.
fn count(path: &str, text: &str, test_files: &BTreeSet<String>) -> (usize, usize) {
    let total = text.lines().count();
    if test_files.contains(path) {
        return (0, total);
    }
    if !path.ends_with(".rs") {
        return (total, 0);
    }
    let tests = test_lines(text).iter().filter(|&&test| test).count();
    (total - tests, tests)
}

/// Whether the whole file is tests, by its place.
fn is_test_path(path: &str) -> bool {
    path.starts_with("tests/")
        || path.ends_with("/tests.rs")
        || ["/tests/", "/benches/", "/examples/"].iter().any(|folder| path.contains(folder))
}

/// The files that are no part of the product: tests by their place, and modules that their parent
/// declares under `#[cfg(test)]`.
pub(super) fn test_files(tree: &Tree) -> BTreeSet<String> {
    let mut found: BTreeSet<String> =
        tree.paths().filter(|path| is_test_path(path)).map(str::to_owned).collect();
    for (path, text) in tree.rust() {
        let folder = match path.strip_suffix("/lib.rs").or_else(|| path.strip_suffix("/main.rs")) {
            Some(folder) => folder,
            None => path.trim_end_matches(".rs"),
        };
        let mut lines = text.lines();
        while lines.by_ref().any(|line| line == "#[cfg(test)]") {
            let module = lines.next().and_then(|line| line.split_once("mod ")?.1.strip_suffix(';'));
            found.extend(module.map(|name| format!("{folder}/{name}.rs")));
        }
    }
    // The modules of a test module.
    let below: Vec<String> =
        found.iter().filter_map(|path| Some(format!("{}/", path.strip_suffix(".rs")?))).collect();
    let is_below = |path: &&str| below.iter().any(|folder| path.starts_with(folder.as_str()));
    found.extend(tree.paths().filter(is_below).map(str::to_owned));
    found
}

/// For each line of a Rust file, whether it belongs to a test module written in place.
pub(super) fn test_lines(text: &str) -> Vec<bool> {
    let mut marks = Vec::new();
    let mut pending = false;
    let mut inside = false;
    for line in text.lines() {
        if line.starts_with("#[cfg(test)]") {
            pending = true;
        }
        let mark = pending || inside;
        if pending && !line.starts_with('#') {
            pending = false;
            inside = line.starts_with("mod ") && line.ends_with('{');
        }
        if inside && line == "}" {
            inside = false;
        }
        marks.push(mark);
    }
    marks
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(lines: usize) -> String {
        "let a = 1;\n".repeat(lines)
    }

    #[test]
    fn a_long_file_is_listed_and_a_very_long_one_refused() {
        let long = check(&Tree::of(&[("a/src/a.rs", &file(501))]));
        assert_eq!(long, [Finding::remark("a/src/a.rs", "501 lines: split it")]);
        let refused = check(&Tree::of(&[("web/a.js", &file(801))]));
        assert_eq!(refused, [Finding::refuse("web/a.js", 0, "801 lines; at most 800")]);
        assert_eq!(check(&Tree::of(&[("a/src/a.rs", &file(250))])), []);
    }

    #[test]
    fn lines_of_test_modules_do_not_count_but_have_their_own_limit() {
        let text =
            format!("{}#[cfg(test)]\nmod tests {{\n{}}}\n", file(200), "    a();\n".repeat(700));
        assert_eq!(check(&Tree::of(&[("a/src/a.rs", &text)])), []);
        assert_eq!(check(&Tree::of(&[("a/src/a/tests.rs", &file(1_501))])).len(), 1);
    }

    #[test]
    fn a_module_declared_for_tests_is_a_test_file() {
        let tree = Tree::of(&[
            ("crates/a/src/lib.rs", "#[cfg(test)]\nmod only;\nmod always;\n"),
            ("crates/a/src/b.rs", "#[cfg(test)]\npub(crate) mod proving;\n"),
            ("crates/a/src/b/proving.rs", ""),
            ("crates/a/examples/speed.rs", ""),
        ]);
        let expected =
            ["crates/a/examples/speed.rs", "crates/a/src/b/proving.rs", "crates/a/src/only.rs"];
        assert_eq!(test_files(&tree).into_iter().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn code_after_a_test_module_counts_again() {
        let text = "a\n#[cfg(test)]\nmod tests {\n    b\n}\nc\n#[cfg(test)]\nmod tests;\nd\n";
        let marks = test_lines(text);
        assert_eq!(marks, [false, true, true, true, true, false, true, true, false]);
    }

    #[test]
    fn an_exception_no_longer_needed_is_refused() {
        let exceptions = [("a/src/a.rs", "a table")];
        assert_eq!(check_with(&Tree::of(&[("a/src/a.rs", &file(900))]), &exceptions), []);
        assert_eq!(check_with(&Tree::of(&[("a/src/a.rs", &file(9))]), &exceptions).len(), 1);
    }

    #[test]
    fn an_architecture_beyond_300_lines_is_refused() {
        assert_eq!(check(&Tree::of(&[("ARCHITECTURE.md", &file(301))])).len(), 1);
    }
}
