//! Dependency direction, computed from the manifests.
//!
//! A crate uses only crates of an earlier line of [`LAYERS`]: never a sibling, never a crate
//! above. Dev-dependencies follow the same rule. The simulated market is a dev-dependency
//! everywhere but in [`SIMULATOR_USERS`]: production code must not lean on it. `xtask` uses none
//! of our crates, so that it builds when they do not.

use toml::Table;

use super::Finding;
use super::tree::Tree;

/// Crates from the ground up.
const LAYERS: &[&[&str]] = &[
    &["domain", "runtime"],
    &["atlas", "storage"],
    &["partners", "events", "fleet", "connections"],
    &["sandbox", "search", "prices", "accounts", "lake", "edge"],
    &["cell", "observe"],
    &["fareway"],
    &["lab"],
];

/// Who may use `sandbox` outside tests: the binary that starts it, and the proofs.
const SIMULATOR_USERS: &[&str] = &["fareway", "lab"];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Normal,
    Dev,
}

/// Checks every manifest in `crates/` and that of `xtask`.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for name in tree.crates() {
        let path = format!("crates/{name}/Cargo.toml");
        let Some(depth) = layer_of(name) else {
            findings.push(Finding::refuse(
                &path,
                0,
                format!("crate `{name}` has no layer; give it one in xtask/src/tidy/layers.rs"),
            ));
            continue;
        };
        for (used, kind) in our_dependencies(&path, tree, &mut findings) {
            if layer_of(&used).is_none_or(|below| below >= depth) {
                findings.push(Finding::refuse(&path, 0, format!("`{name}` (layer {depth}) must not depend on `{used}`: only lower layers may be used")));
            } else if used == "sandbox" && kind == Kind::Normal && !SIMULATOR_USERS.contains(&name)
            {
                findings.push(Finding::refuse(
                    &path,
                    0,
                    format!("`{name}` may use `sandbox` as a dev-dependency only"),
                ));
            }
        }
    }
    for (used, _) in our_dependencies("xtask/Cargo.toml", tree, &mut findings) {
        findings.push(Finding::refuse(
            "xtask/Cargo.toml",
            0,
            format!("xtask must not depend on `{used}`: it starts `lab` as a process"),
        ));
    }
    findings
}

fn layer_of(name: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| layer.contains(&name))
}

/// The dependencies of a manifest that are crates of ours.
fn our_dependencies(path: &str, tree: &Tree, findings: &mut Vec<Finding>) -> Vec<(String, Kind)> {
    let Some(text) = tree.text(path) else { return Vec::new() };
    let manifest: Table = match text.parse() {
        Ok(manifest) => manifest,
        Err(error) => {
            findings.push(Finding::refuse(path, 0, format!("not readable as TOML: {error}")));
            return Vec::new();
        }
    };
    let ours =
        |name: &str| layer_of(name).is_some() || tree.has(&format!("crates/{name}/Cargo.toml"));
    dependencies(&manifest).into_iter().filter(|(name, _)| ours(name)).collect()
}

/// All dependencies of a manifest by package name, those for one target included.
fn dependencies(manifest: &Table) -> Vec<(String, Kind)> {
    let mut found = Vec::new();
    let targets = manifest.get("target").and_then(|value| value.as_table());
    let of_targets = targets
        .into_iter()
        .flat_map(|targets| targets.values())
        .filter_map(|value| value.as_table());
    for table in std::iter::once(manifest).chain(of_targets) {
        for (key, kind) in [
            ("dependencies", Kind::Normal),
            ("build-dependencies", Kind::Normal),
            ("dev-dependencies", Kind::Dev),
        ] {
            let Some(section) = table.get(key).and_then(|value| value.as_table()) else { continue };
            for (name, value) in section {
                let package = value.get("package").and_then(|value| value.as_str());
                found.push((package.unwrap_or(name).to_owned(), kind));
            }
        }
    }
    found
}

/// The names of all normal dependencies of a manifest; empty if it cannot be read.
pub(super) fn normal_dependencies(manifest: &str) -> Vec<String> {
    let Ok(manifest) = manifest.parse::<Table>() else { return Vec::new() };
    let normal = dependencies(&manifest).into_iter().filter(|&(_, kind)| kind == Kind::Normal);
    normal.map(|(name, _)| name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusals(files: &[(&str, &str)]) -> Vec<String> {
        check(&Tree::of(files)).into_iter().map(|finding| finding.text).collect()
    }

    #[test]
    fn a_crate_may_use_lower_layers() {
        let files = [
            ("crates/domain/Cargo.toml", ""),
            (
                "crates/search/Cargo.toml",
                "[dependencies]\ndomain = { workspace = true }\nserde = \"1\"",
            ),
        ];
        assert_eq!(refusals(&files), [""; 0]);
    }

    #[test]
    fn an_edge_upwards_or_sideways_is_refused() {
        for used in ["cell", "prices", "search"] {
            let manifest = format!("[dependencies]\n{used}.workspace = true");
            let found = refusals(&[("crates/search/Cargo.toml", &manifest)]);
            assert_eq!(found.len(), 1, "search -> {used}");
            assert!(found[0].contains(&format!("must not depend on `{used}`")), "{found:?}");
        }
    }

    #[test]
    fn edges_hidden_in_dev_build_target_and_renamed_dependencies_are_seen() {
        for manifest in [
            "[dev-dependencies]\nlab = {}",
            "[build-dependencies]\nlab = {}",
            "[target.'cfg(unix)'.dependencies]\nlab = {}",
            "[dependencies]\nproof = { package = \"lab\" }",
        ] {
            assert_eq!(refusals(&[("crates/search/Cargo.toml", manifest)]).len(), 1, "{manifest}");
        }
    }

    #[test]
    fn the_simulator_is_for_tests_only() {
        let normal = refusals(&[("crates/cell/Cargo.toml", "[dependencies]\nsandbox = {}")]);
        assert!(normal[0].contains("dev-dependency only"), "{normal:?}");
        assert_eq!(
            refusals(&[("crates/cell/Cargo.toml", "[dev-dependencies]\nsandbox = {}")]),
            [""; 0]
        );
        assert_eq!(
            refusals(&[("crates/fareway/Cargo.toml", "[dependencies]\nsandbox = {}")]),
            [""; 0]
        );
    }

    #[test]
    fn a_crate_without_a_layer_and_a_broken_manifest_are_refused() {
        assert!(refusals(&[("crates/novel/Cargo.toml", "")])[0].contains("no layer"));
        assert!(refusals(&[("crates/search/Cargo.toml", "[")])[0].contains("not readable"));
    }

    #[test]
    fn xtask_uses_none_of_our_crates() {
        let found =
            refusals(&[("xtask/Cargo.toml", "[dependencies]\ndomain = {}\nanyhow = \"1\"")]);
        assert_eq!(found.len(), 1);
        assert!(found[0].contains("must not depend on `domain`"));
    }
}
