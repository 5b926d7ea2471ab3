//! Threads, sockets and files: where the outside world enters.
//!
//! `runtime`, `fareway`, `lab` and `xtask` may use them, tests too; any other file only with an
//! entry below. That keeps the rest free of I/O, so that it can be replayed and reasoned about. Sockets of
//! tasks are taken from `runtime::net` by everybody but `lab`, so that real code runs in a simulated network.

use super::rust_source::{code_only, lines_with_word};
use super::tree::Tree;
use super::{Finding, sizes};

/// What leads outside. Addresses (`std::net::IpAddr`) are values and lead nowhere.
const WORDS: &[&str] = &[
    "std::thread",
    "std::fs",
    "TcpListener",
    "TcpStream",
    "UdpSocket",
    "tokio::fs",
    "spawn_blocking",
];

/// The machine's sockets, past the seam.
const SOCKETS: &[&str] = &["tokio::net", "connect::HttpConnector"];

/// Who may go past it: the seam itself, and what works on real processes from outside.
const SOCKETS_FREE: &[&str] = &["crates/runtime/src/net.rs", "crates/lab/", "xtask/"];

/// Crates that own I/O.
const FREE: &[&str] = &["crates/runtime/", "crates/fareway/", "crates/lab/", "xtask/"];

struct Seam {
    path: &'static str,
    word: &'static str,
    reason: &'static str,
}

/// The exceptions. An entry that is not needed any more is refused.
const SEAMS: &[Seam] = &[
    Seam {
        path: "crates/edge/src/tls/handshake.rs",
        word: "TcpStream",
        reason: "a handshake begins on the bare connection that the listener gives",
    },
    Seam {
        path: "crates/edge/src/tls/identity.rs",
        word: "std::fs",
        reason: "reads the operator's certificate files, on a worker thread once it runs",
    },
    Seam {
        path: "crates/partners/src/asker/connect.rs",
        word: "TcpStream",
        reason: "the asker is where partners are reached",
    },
    Seam {
        path: "crates/partners/src/asker/limits.rs",
        word: "std::fs",
        reason: "reads the limit of open files once, at start",
    },
    Seam {
        path: "crates/partners/src/registry/scan.rs",
        word: "std::fs",
        reason: "looks for changed partner files",
    },
    Seam {
        path: "crates/partners/src/settings/parse.rs",
        word: "std::fs",
        reason: "a partner file may name a file that holds its secret",
    },
    Seam {
        path: "crates/prices/src/memory/keep.rs",
        word: "std::thread",
        reason: "who writes a snapshot rests between its pieces, on a worker that does nothing else",
    },
    Seam {
        path: "crates/sandbox/src/server.rs",
        word: "TcpListener",
        reason: "the market is served over real sockets; its listener is given to it",
    },
    Seam {
        path: "crates/sandbox/src/server.rs",
        word: "TcpStream",
        reason: "each connection can be broken, which runtime's server has no need for",
    },
    Seam {
        path: "crates/sandbox/src/server/wire_io.rs",
        word: "TcpStream",
        reason: "a partner that resets its connection must really do so",
    },
    Seam {
        path: "crates/search/src/token/keys.rs",
        word: "std::fs",
        reason: "opens the key file once, at start",
    },
    Seam {
        path: "crates/storage/src/disk/real.rs",
        word: "std::fs",
        reason: "the seam through which log and snapshot files are reached",
    },
];

/// Checks every Rust file outside the crates that own I/O.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    check_with(tree, SEAMS)
}

fn check_with(tree: &Tree, seams: &[Seam]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut needed = vec![false; seams.len()];
    let test_files = sizes::test_files(tree);
    for (path, text) in tree.rust() {
        if test_files.contains(path) {
            continue;
        }
        let among = |homes: &[&str]| homes.iter().any(|home| path.starts_with(home));
        let code = ungrouped(&code_only(text));
        let test_lines = sizes::test_lines(text);
        let first = |word: &str| {
            let lines = lines_with_word(&code, word);
            lines.into_iter().find(|line| !test_lines.get(line - 1).copied().unwrap_or(false))
        };
        let sockets = SOCKETS.iter().filter(|_| !among(SOCKETS_FREE));
        for (word, line) in sockets.filter_map(|word| Some((word, first(word)?))) {
            let text = format!("`{word}` goes past the simulator: take sockets from runtime::net");
            findings.push(Finding::refuse(path, line, text));
        }
        if among(FREE) || path.ends_with("/build.rs") {
            continue;
        }
        for (word, line) in WORDS.iter().filter_map(|word| Some((word, first(word)?))) {
            let entry = seams.iter().position(|seam| seam.path == path && seam.word == *word);
            match entry {
                Some(entry) => needed[entry] = true,
                None => findings.push(Finding::refuse(
                    path,
                    line,
                    format!("`{word}` leads outside: take what you need as an argument, or add an entry with a reason to xtask/src/tidy/seams.rs"),
                )),
            }
        }
    }
    for (seam, needed) in seams.iter().zip(needed) {
        if !needed {
            let text = format!("no longer needs its entry for `{}` ({})", seam.word, seam.reason);
            findings.push(Finding::refuse(seam.path, 0, text));
        }
    }
    findings
}

/// Writes `use std::{fs, thread};` so that each path is seen: ` std::fs std::thread` is added to
/// its line.
fn ungrouped(code: &str) -> String {
    let mut result = String::with_capacity(code.len());
    for line in code.lines() {
        result.push_str(line);
        for root in ["std", "tokio"] {
            let Some((_, group)) = line.split_once(&format!("use {root}::{{")) else { continue };
            for name in
                group.split(['{', '}', ',', ';']).map(str::trim).filter(|name| !name.is_empty())
            {
                result.push_str(&format!(" {root}::{name}"));
            }
        }
        result.push('\n');
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    const READS_FILES: &str = "use std::fs;\nfn f() {}\n";

    #[test]
    fn input_and_output_outside_their_homes_need_a_reason() {
        let tree = Tree::of(&[("crates/search/src/merge.rs", READS_FILES)]);
        let found = check_with(&tree, &[]);
        assert_eq!(found.len(), 1);
        assert!(found[0].text.contains("`std::fs` leads outside"), "{found:?}");
        let seam = Seam { path: "crates/search/src/merge.rs", word: "std::fs", reason: "it must" };
        assert_eq!(check_with(&tree, &[seam]), []);
    }

    #[test]
    fn the_crates_that_own_it_and_tests_are_free() {
        let in_test = "fn f() {}\n#[cfg(test)]\nmod tests {\n    use std::thread;\n}\n";
        let tree = Tree::of(&[
            ("crates/runtime/src/serve.rs", "use crate::net::TcpListener;\n"),
            ("crates/search/src/a.rs", in_test),
            ("crates/search/src/a/tests.rs", READS_FILES),
            ("crates/search/src/b.rs", "// std::fs in words\n"),
        ]);
        assert_eq!(check_with(&tree, &[]), []);
    }

    #[test]
    fn sockets_are_taken_from_the_seam() {
        for line in [
            "use tokio::net::TcpListener;\n",
            "use tokio::{net::TcpStream, sync::mpsc};\n",
            "use hyper_util::client::legacy::connect::HttpConnector;\n",
        ] {
            for path in ["crates/fareway/src/platform.rs", "crates/runtime/src/serve.rs"] {
                let found = check_with(&Tree::of(&[(path, line)]), &[]);
                assert!(found[0].text.contains("past the simulator"), "{line}{found:?}");
            }
            let lab = Tree::of(&[("crates/lab/src/http1.rs", line)]);
            assert_eq!(check_with(&lab, &[]), []);
        }
    }

    #[test]
    fn a_grouped_import_hides_nothing() {
        let tree = Tree::of(&[("crates/search/src/a.rs", "use std::{fs, net::IpAddr};\n")]);
        assert_eq!(check_with(&tree, &[]).len(), 1);
        let tree = Tree::of(&[("crates/search/src/a.rs", "use std::{fmt, net::IpAddr};\n")]);
        assert_eq!(check_with(&tree, &[]), []);
    }

    #[test]
    fn a_stale_entry_is_refused() {
        let seam = Seam { path: "crates/search/src/a.rs", word: "std::fs", reason: "it must" };
        let found = check_with(&Tree::of(&[("crates/search/src/a.rs", "fn f() {}\n")]), &[seam]);
        assert!(found[0].text.contains("no longer needs"), "{found:?}");
    }
}
