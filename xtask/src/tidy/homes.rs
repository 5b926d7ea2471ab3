//! One home for each heavy dependency.
//!
//! A dependency that costs build time, or that would spread a decision over many crates, may be a
//! normal dependency only of the crates named here. Dev-dependencies are free.

use super::tree::Tree;
use super::{Finding, layers};

struct Home {
    dependency: &'static str,
    crates: &'static [&'static str],
    reason: &'static str,
}

const HOMES: &[Home] = &[
    Home {
        dependency: "anyhow",
        crates: &["fareway", "lab"],
        reason: "libraries have typed errors",
    },
    Home {
        dependency: "axum",
        crates: &["cell", "edge", "fareway"],
        reason: "routing belongs to the boundary",
    },
    Home {
        dependency: "tower-http",
        crates: &["cell", "edge"],
        reason: "compression belongs to the boundary",
    },
    Home {
        dependency: "clap",
        crates: &["fareway", "lab"],
        reason: "only binaries have a command line",
    },
    Home {
        dependency: "tracing-subscriber",
        crates: &["fareway", "lab"],
        reason: "only binaries choose where logs go",
    },
    Home {
        dependency: "mimalloc",
        crates: &["fareway", "lab"],
        reason: "only binaries choose an allocator",
    },
    Home {
        dependency: "rdkafka",
        crates: &["events"],
        reason: "brokers are reached through the contract of the log",
    },
    Home {
        dependency: "arrow-ipc",
        crates: &["events"],
        reason: "facts become bytes in one place",
    },
    Home {
        dependency: "rustls",
        crates: &["partners", "edge"],
        reason: "TLS belongs to the sockets that face outside",
    },
    Home {
        dependency: "tokio-rustls",
        crates: &["edge"],
        reason: "TLS belongs to the sockets that face outside",
    },
    Home {
        dependency: "hyper-rustls",
        crates: &["partners", "edge"],
        reason: "TLS belongs to the sockets that face outside",
    },
    Home {
        dependency: "rcgen",
        crates: &["edge"],
        reason: "certificates of our own are made in one place",
    },
    Home {
        dependency: "x509-parser",
        crates: &["edge"],
        reason: "what a certificate says is read in one place",
    },
    Home {
        dependency: "sonic-rs",
        crates: &["lab"],
        reason: "the benchmark compares our reader with it",
    },
    Home { dependency: "jiff", crates: &["atlas"], reason: "time zones are reference data" },
    Home { dependency: "fst", crates: &["atlas"], reason: "autosuggest is reference data" },
    Home { dependency: "deunicode", crates: &["atlas"], reason: "autosuggest is reference data" },
    Home {
        dependency: "bzip2-rs",
        crates: &["lab", "sandbox"],
        reason: "only a schedule file of the simulator and its benchmark is packed so",
    },
    Home {
        dependency: "lz4_flex",
        crates: &["events", "prices"],
        reason: "bytes are packed where the log's records are made",
    },
    Home {
        dependency: "hmac",
        crates: &["search"],
        reason: "tokens and links are signed in one place",
    },
    Home {
        dependency: "redis",
        crates: &["storage"],
        reason: "servers stand behind the seams of storage, each behind a feature",
    },
    Home {
        dependency: "turmoil",
        crates: &["runtime"],
        reason: "hosts are simulated behind the seam of sockets",
    },
    Home {
        dependency: "rustix",
        crates: &["storage"],
        reason: "the disk is asked how full it is in one place",
    },
];

/// Checks the manifests in `crates/`.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for name in tree.crates() {
        let path = format!("crates/{name}/Cargo.toml");
        let used = layers::normal_dependencies(tree.text(&path).unwrap_or_default());
        for home in HOMES {
            if used.iter().any(|used| used == home.dependency) && !home.crates.contains(&name) {
                let homes = home.crates.join(", ");
                findings.push(Finding::refuse(
                    &path,
                    0,
                    format!("`{}` has its home in {homes}: {}", home.dependency, home.reason),
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
    fn a_heavy_dependency_outside_its_home_is_refused() {
        let found =
            check(&Tree::of(&[("crates/search/Cargo.toml", "[dependencies]\naxum = \"0.8\"")]));
        assert_eq!(found.len(), 1);
        assert!(found[0].text.contains("`axum` has its home in cell"), "{found:?}");
    }

    #[test]
    fn at_home_and_in_tests_it_is_welcome() {
        let tree = Tree::of(&[
            ("crates/cell/Cargo.toml", "[dependencies]\naxum = \"0.8\""),
            ("crates/domain/Cargo.toml", "[dev-dependencies]\njiff = \"0.2\""),
        ]);
        assert_eq!(check(&tree), []);
    }
}
