//! Each line of level WARN or ERROR that the product can log is in `docs/operate/runbooks.md`, so that
//! whoever reads one finds what to do. Parts that are filled in are left out of the comparison.

use super::Finding;
use super::tree::Tree;

const DOCUMENT: &str = "docs/operate/runbooks.md";
/// Crates whose logs an operator does not read.
const NOT_OPERATED: &[&str] = &["crates/lab/", "crates/sandbox/"];
const LOGS: &[&str] = &["tracing::warn!(", "tracing::error!("];

/// Looks for every such line in the document.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let Some(document) = tree.text(DOCUMENT) else {
        return vec![Finding::refuse(DOCUMENT, 0, "is missing")];
    };
    let mut findings = Vec::new();
    for (path, text) in tree.rust().filter(|(path, _)| is_product(path)) {
        for (line, said) in logged(text) {
            if !pieces(&said).all(|piece| document.contains(piece)) {
                let text = format!("{DOCUMENT} has no runbook for {said:?}");
                findings.push(Finding::refuse(path, line, text));
            }
        }
    }
    findings
}

fn is_product(path: &str) -> bool {
    path.starts_with("crates/")
        && path.contains("/src/")
        && !path.contains("/tests")
        && !NOT_OPERATED.iter().any(|folder| path.starts_with(folder))
}

/// The sentences that are logged, with their lines.
fn logged(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for log in LOGS {
        for (at, _) in text.match_indices(log) {
            let line = text[..at].matches('\n').count() + 1;
            found.extend(last_text(&text[at + log.len()..]).map(|said| (line, said)));
        }
    }
    found.sort();
    found
}

/// The last text between here and the end of the call: fields come before the sentence.
fn last_text(call: &str) -> Option<String> {
    let (mut depth, mut last, mut open) = (1, None, None::<usize>);
    let mut escaped = false;
    for (at, c) in call.char_indices() {
        match (c, open) {
            ('"', Some(start)) if !escaped => {
                last = Some(call[start..at].to_owned());
                open = None;
            }
            ('"', None) => open = Some(at + 1),
            ('(', None) => depth += 1,
            (')', None) => depth -= 1,
            _ => {}
        }
        escaped = c == '\\' && !escaped;
        if depth == 0 {
            return last;
        }
    }
    None
}

/// What stands between the parts that are filled in.
fn pieces(said: &str) -> impl Iterator<Item = &str> {
    said.split('{').map(|part| part.split_once('}').map_or(part, |(_, rest)| rest).trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(path: &str, source: &str) -> Vec<(usize, String)> {
        let document = "| `a cell is silent`; `is damaged: start anew` | [a](b.md) |\n";
        let tree = Tree::of(&[(DOCUMENT, document), (path, source)]);
        check(&tree).into_iter().map(|finding| (finding.line, finding.text)).collect()
    }

    #[test]
    fn a_line_without_a_runbook_is_refused_with_its_place() {
        let source = "fn a() {\n    tracing::error!(why = f(\"x\"), \"all is lost\");\n}\n";
        let expected = "docs/operate/runbooks.md has no runbook for \"all is lost\"".to_owned();
        assert_eq!(findings("crates/cell/src/a.rs", source), [(2, expected)]);
        for path in ["crates/lab/src/a.rs", "crates/cell/tests/it/a.rs", "xtask/src/a.rs"] {
            assert_eq!(findings(path, source), [], "{path}");
        }
    }

    #[test]
    fn lines_with_a_runbook_are_fine_whatever_is_filled_in_and_so_are_those_of_lower_levels() {
        for call in [
            "tracing::warn!(%error, n = of(1), \"a cell is silent\");",
            "tracing::error!(\n    path,\n    \"{FILE} is damaged: start anew\"\n);",
            "tracing::warn!(%error, \"{what}\");",
            "tracing::info!(\"all is well\");",
        ] {
            assert_eq!(findings("crates/cell/src/a.rs", call), [], "{call}");
        }
    }

    #[test]
    fn a_missing_document_is_refused() {
        assert_eq!(check(&Tree::default()).len(), 1);
    }
}
