//! Licences of everything we build with.
//!
//! In: the JSON of `cargo metadata`. A crate passes when its SPDX expression can be met from
//! [`ALLOWED`]: one side of an `OR`, both sides of an `AND`.

use anyhow::{Context, Result};
use serde_json::Value;

use super::Finding;

const ALLOWED: &[&str] = &[
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "MIT",
    "MIT-0",
    "BSD-1-Clause",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "ISC",
    "Zlib",
    "0BSD",
    "CC0-1.0",
    "Unicode-3.0",
    "Unlicense",
    "BSL-1.0",
    "CDLA-Permissive-2.0",
];

/// Checks every package, ours included.
pub(super) fn check(metadata: &str) -> Result<Vec<Finding>> {
    let metadata: Value = serde_json::from_str(metadata).context("cargo metadata is not JSON")?;
    let packages = metadata.get("packages").and_then(Value::as_array);
    let mut findings = Vec::new();
    for package in packages.context("cargo metadata lists no packages")? {
        let text = |key: &str| package.get(key).and_then(Value::as_str).unwrap_or_default();
        if !is_allowed(text("license")) {
            let name = format!("{} {}", text("name"), text("version"));
            let said = format!("licence `{}` is not among those we may ship", text("license"));
            findings.push(Finding::refuse(&name, 0, said));
        }
    }
    Ok(findings)
}

fn is_allowed(expression: &str) -> bool {
    // Older manifests write `MIT/Apache-2.0` for `MIT OR Apache-2.0`.
    let expression = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = expression.split_whitespace().collect();
    let mut at = 0;
    let allowed = any_of(&words, &mut at);
    allowed && at == words.len()
}

/// `a OR b`; evaluates all of it so that `at` ends behind it.
fn any_of(words: &[&str], at: &mut usize) -> bool {
    let mut allowed = all_of(words, at);
    while words.get(*at) == Some(&"OR") {
        *at += 1;
        allowed |= all_of(words, at);
    }
    allowed
}

fn all_of(words: &[&str], at: &mut usize) -> bool {
    let mut allowed = one(words, at);
    while words.get(*at) == Some(&"AND") {
        *at += 1;
        allowed &= one(words, at);
    }
    allowed
}

fn one(words: &[&str], at: &mut usize) -> bool {
    if words.get(*at) == Some(&"(") {
        *at += 1;
        let allowed = any_of(words, at);
        *at += 1;
        return allowed;
    }
    let Some(word) = words.get(*at) else {
        // Beyond the end on purpose: an operand is missing, so the expression is not valid.
        *at += 1;
        return false;
    };
    let mut name = (*word).to_owned();
    *at += 1;
    if words.get(*at) == Some(&"WITH") {
        name = format!("{name} WITH {}", words.get(*at + 1).unwrap_or(&""));
        *at += 2;
    }
    ALLOWED.contains(&name.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expression_passes_when_one_alternative_is_allowed() {
        for good in [
            "MIT",
            "MIT OR GPL-3.0",
            "GPL-3.0/Apache-2.0",
            "(MIT OR GPL-2.0) AND Unicode-3.0",
            "Apache-2.0 WITH LLVM-exception OR GPL-3.0",
        ] {
            assert!(is_allowed(good), "{good}");
        }
        for bad in
            ["GPL-3.0", "MIT AND GPL-3.0", "", "MIT OR", "MIT MIT", "(GPL-2.0 OR MIT) AND AGPL-3.0"]
        {
            assert!(!is_allowed(bad), "{bad}");
        }
    }

    #[test]
    fn a_package_under_another_licence_is_refused_by_name() {
        let metadata = r#"{"packages":[{"name":"a","version":"1.0.0","license":"AGPL-3.0"},
            {"name":"b","version":"1.0.0","license":"MIT"},{"name":"c","version":"2.0.0"}]}"#;
        let found = check(metadata).unwrap();
        let names: Vec<&str> = found.iter().map(|finding| finding.path.as_str()).collect();
        assert_eq!(names, ["a 1.0.0", "c 2.0.0"]);
        assert!(check("{}").is_err());
    }
}
