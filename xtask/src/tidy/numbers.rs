//! Figures in `docs/numbers.md` against the results they come from.
//!
//! A table row with a cell of the form `` `bench/results/FILE.json#/a/b` `` claims the figure in
//! the cell before it. The file must exist, the JSON pointer must lead to a number, and the figure
//! must be that number, rounded at will to within 1%. A row without such a source may only say
//! `not measured`. A table counts when its heading has the columns `Measured` and `Source`.

use serde_json::Value;

use super::Finding;
use super::tree::Tree;

const DOCUMENT: &str = "docs/numbers.md";
const TOLERANCE: f64 = 0.01;

/// Checks each row of each table of measured figures.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let Some(text) = tree.text(DOCUMENT) else {
        return vec![Finding::refuse(DOCUMENT, 0, "is missing")];
    };
    let mut findings = Vec::new();
    let mut columns: Option<(usize, usize)> = None;
    for (index, line) in text.lines().enumerate() {
        let Some(cells) = cells(line) else {
            columns = None;
            continue;
        };
        let position = |name: &str| cells.iter().position(|&cell| cell == name);
        if let (Some(measured), Some(source)) = (position("Measured"), position("Source")) {
            columns = Some((measured, source));
            continue;
        }
        let Some((measured, source)) = columns else { continue };
        if line.contains("---") {
            continue;
        }
        let cell = |at: usize| cells.get(at).copied().unwrap_or_default();
        if let Err(text) = check_row(cell(measured), cell(source), tree) {
            findings.push(Finding::refuse(DOCUMENT, index + 1, text));
        }
    }
    findings
}

fn cells(line: &str) -> Option<Vec<&str>> {
    let inner = line.trim().strip_prefix('|')?.strip_suffix('|')?;
    Some(inner.split('|').map(str::trim).collect())
}

fn check_row(measured: &str, source: &str, tree: &Tree) -> Result<(), String> {
    if source.is_empty() && measured == "not measured" {
        return Ok(());
    }
    let figure = leading_number(measured)
        .ok_or_else(|| format!("`{measured}` does not start with a figure"))?;
    let (file, pointer) = source
        .trim_matches('`')
        .split_once('#')
        .ok_or("the source must be `bench/results/FILE.json#/pointer`")?;
    let text = tree
        .text(file)
        .filter(|_| file.starts_with("bench/results/"))
        .ok_or_else(|| format!("{file} is no file in bench/results"))?;
    let json: Value = serde_json::from_str(text).map_err(|error| format!("{file}: {error}"))?;
    let actual = json
        .pointer(pointer)
        .and_then(Value::as_f64)
        .ok_or_else(|| format!("{file} has no number at {pointer}"))?;
    if (figure - actual).abs() > TOLERANCE * actual.abs() {
        return Err(format!("says {figure}, but {file}{pointer} is {actual}"));
    }
    Ok(())
}

/// `12,345/s` is 12345; `0.82 ms` is 0.82.
fn leading_number(text: &str) -> Option<f64> {
    let (sign, digits) = text.strip_prefix('-').map_or((1.0, text), |digits| (-1.0, digits));
    let end = digits.find(|c: char| !(c.is_ascii_digit() || c == ',' || c == '.'));
    let digits = &digits[..end.unwrap_or(digits.len())];
    let figure: f64 = digits.trim_end_matches([',', '.']).replace(',', "").parse().ok()?;
    Some(sign * figure)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusals(row: &str) -> Vec<String> {
        let text = format!("| What | Measured | Source |\n|---|---|---|\n{row}\n");
        let results = r#"{"page": {"per_second": 12345.6, "growth": -0.0023, "machine": "x"}}"#;
        let tree = Tree::of(&[(DOCUMENT, &text), ("bench/results/a.json", results)]);
        check(&tree).into_iter().map(|finding| finding.text).collect()
    }

    #[test]
    fn a_figure_that_its_results_file_holds_is_accepted() {
        assert_eq!(refusals("| a | 12,300/s | `bench/results/a.json#/page/per_second` |"), [""; 0]);
        assert_eq!(refusals("| a | -0.0023 | `bench/results/a.json#/page/growth` |"), [""; 0]);
        assert_eq!(refusals("| a | not measured | |"), [""; 0]);
    }

    #[test]
    fn a_figure_that_differs_or_has_no_source_is_refused() {
        for row in [
            "| a | 13,000/s | `bench/results/a.json#/page/per_second` |",
            "| a | 12,300/s | `bench/results/b.json#/page/per_second` |",
            "| a | 12,300/s | `bench/results/a.json#/page/machine` |",
            "| a | 12,300/s | `bench/results/a.json` |",
            "| a | 0.0023 | `bench/results/a.json#/page/growth` |",
            "| a | 12,300/s | |",
            "| a | fast | `bench/results/a.json#/page/per_second` |",
            "| a | not measured | soon |",
        ] {
            assert_eq!(refusals(row).len(), 1, "{row}");
        }
    }

    #[test]
    fn tables_without_measurements_are_left_alone() {
        let tree = Tree::of(&[(DOCUMENT, "| Load | Figure |\n|---|---|\n| searches | 424/s |\n")]);
        assert_eq!(check(&tree), []);
    }

    #[test]
    fn a_missing_document_is_refused() {
        assert_eq!(check(&Tree::default()).len(), 1);
    }
}
