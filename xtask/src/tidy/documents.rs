//! The documents against the tree.
//!
//! Each crate is in `ARCHITECTURE.md` and each crate named there exists; each file that a document
//! names in back quotes exists; each link that stays inside the project leads somewhere.

use super::Finding;
use super::tree::Tree;

/// Folders whose files documents name. A path that starts otherwise is somebody else's.
const ROOTS: &[&str] =
    &["crates/", "docs/", "config/", "xtask/", "tests/", "api/", "bench/", "data/", "web/", ".ci/"];

/// Checks `ARCHITECTURE.md` against `crates/`, and every Markdown file's paths and links.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    match tree.text("ARCHITECTURE.md") {
        None => findings.push(Finding::refuse("ARCHITECTURE.md", 0, "is missing")),
        Some(text) => {
            for name in tree.crates() {
                if !text.contains(&format!("`crates/{name}`")) {
                    let text = format!("says nothing about `crates/{name}`");
                    findings.push(Finding::refuse("ARCHITECTURE.md", 0, text));
                }
            }
        }
    }
    for (path, text) in tree.texts().filter(|(path, _)| path.ends_with(".md")) {
        let mut in_code = false;
        for (index, line) in text.lines().enumerate() {
            if line.trim_start().starts_with("```") {
                in_code = !in_code;
            } else if !in_code {
                let missing =
                    missing_paths(line, tree).into_iter().chain(dead_links(path, line, tree));
                findings.extend(missing.map(|text| Finding::refuse(path, index + 1, text)));
            }
        }
    }
    findings
}

/// Paths in back quotes that do not exist. Placeholders (`<…>`, `*`, `{…}`, NAME) are not paths.
fn missing_paths(line: &str, tree: &Tree) -> Vec<String> {
    let quoted = line.split('`').skip(1).step_by(2);
    let is_path = |text: &&str| {
        ROOTS.iter().any(|root| text.starts_with(root))
            && text
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "/._-".contains(c))
    };
    quoted
        .filter(is_path)
        .filter(|path| !tree.has(path))
        .map(|path| format!("`{path}` does not exist"))
        .collect()
}

/// Relative Markdown links whose file does not exist.
fn dead_links(document: &str, line: &str, tree: &Tree) -> Vec<String> {
    let folder = document.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut dead = Vec::new();
    for (at, _) in line.match_indices("](") {
        let Some((target, _)) = line[at + 2..].split_once(')') else { continue };
        let target = target.split('#').next().unwrap_or_default();
        if target.is_empty() || target.contains(':') {
            continue;
        }
        if join(folder, target).is_none_or(|path| !tree.has(&path)) {
            dead.push(format!("the link to {target} leads nowhere"));
        }
    }
    dead
}

fn join(folder: &str, target: &str) -> Option<String> {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusals(files: &[(&str, &str)]) -> Vec<String> {
        check(&Tree::of(files)).into_iter().map(|finding| finding.text).collect()
    }

    #[test]
    fn a_crate_missing_from_the_map_is_refused_and_so_is_one_that_is_gone() {
        let found =
            refusals(&[("crates/a/Cargo.toml", ""), ("ARCHITECTURE.md", "`crates/b` does b")]);
        assert_eq!(found, ["says nothing about `crates/a`", "`crates/b` does not exist"]);
    }

    #[test]
    fn a_missing_map_is_refused() {
        assert_eq!(refusals(&[("README.md", "")]), ["is missing"]);
    }

    #[test]
    fn files_named_in_documents_exist() {
        let map = ("ARCHITECTURE.md", "");
        let text = "see `docs/gone.md`, `docs/{name}.md`, `config/*.toml` and `docs/here.md`";
        let found = refusals(&[map, ("README.md", text), ("docs/here.md", "")]);
        assert_eq!(found, ["`docs/gone.md` does not exist"]);
    }

    #[test]
    fn links_inside_the_project_lead_somewhere() {
        let map = ("ARCHITECTURE.md", "");
        let text = "[a](../README.md#top) [b](https://example.org) [c](gone.md) [d](../../x.md)";
        let found = refusals(&[map, ("docs/a.md", text), ("README.md", "")]);
        assert_eq!(
            found,
            ["the link to gone.md leads nowhere", "the link to ../../x.md leads nowhere"]
        );
    }

    #[test]
    fn examples_in_code_blocks_are_not_paths() {
        let text = "```\n`docs/gone.md`\n```\n";
        assert_eq!(refusals(&[("ARCHITECTURE.md", text)]), [""; 0]);
    }
}
