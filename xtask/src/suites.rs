//! The suites of `cargo xtask test`, in the order in which a failure is cheapest to learn.
//!
//! Each suite sets up what it needs, runs, and counts. A failing suite does not stop the next one.
//! The report gives the seconds of each and ends with the plain line `N passed, N failed`.

mod browser;
mod end_to_end;
mod h2;
mod http_cache;
mod kafka;
mod proofs;
mod python;
mod rust;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Result, bail};

use crate::arguments::{self, Arguments};
use crate::stopwatch::Stopwatch;
use crate::{atlas, failures, tidy, workspace};

pub(crate) use browser::{OUTPUT as BROWSER_OUTPUT, run as run_browser};
pub(crate) use rust::release as build_release;

/// Tests counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
}

impl Tally {
    pub(crate) fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }

    /// Reads a closing line: cargo's `test result: …`, or the plain `N passed, N failed`.
    pub(crate) fn parse(line: &str) -> Option<Self> {
        let (rest, separator) = match line.strip_prefix("test result: ") {
            Some(rest) => (rest.split_once(". ")?.1, "; "),
            None => (line, ", "),
        };
        let mut parts = rest.split(separator);
        let passed = parts.next()?.strip_suffix(" passed")?.parse().ok()?;
        let failed = parts.next()?.strip_suffix(" failed")?.parse().ok()?;
        Some(Self { passed, failed })
    }
}

/// What every suite is given.
#[derive(Debug)]
pub(crate) struct Ground {
    pub(crate) root: PathBuf,
    pub(crate) target: PathBuf,
}

impl Ground {
    pub(crate) fn find() -> Result<Self> {
        let root = workspace::root()?;
        let target = workspace::target(&root);
        Ok(Self { root, target })
    }
}

/// When a suite runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum When {
    /// With `check` and `test`.
    Always,
    /// With `test`.
    Test,
    /// With `test --all`.
    Long,
}

struct Suite {
    name: &'static str,
    about: &'static str,
    when: When,
    run: fn(&Ground) -> Result<Tally>,
}

const SUITES: &[Suite] = &[
    Suite { name: "fmt", about: "formatting", when: When::Always, run: rust::fmt },
    Suite {
        name: "tidy",
        about: "what the compiler cannot see",
        when: When::Always,
        run: |ground| tidy::run(&ground.root),
    },
    Suite { name: "clippy", about: "lints, none left", when: When::Always, run: rust::clippy },
    Suite {
        name: "doc",
        about: "documentation builds without warnings",
        when: When::Always,
        run: rust::doc,
    },
    Suite {
        name: "crates",
        about: "unit, property and crate tests",
        when: When::Always,
        run: rust::tests,
    },
    Suite {
        name: "http-cache",
        about: "the public tests of HTTP caches through the edge",
        when: When::Test,
        run: http_cache::run,
    },
    Suite { name: "build", about: "the release binaries", when: When::Test, run: rust::build },
    Suite {
        name: "h2",
        about: "the public tests of HTTP/2 against a cell and an edge",
        when: When::Test,
        run: h2::run,
    },
    Suite {
        name: "end-to-end",
        about: "the real binary over HTTP and from the terminal",
        when: When::Test,
        run: end_to_end::run,
    },
    Suite {
        name: "truth",
        about: "the binary's own tests; 200 random queries against the known answer, with faults too",
        when: When::Test,
        run: rust::binaries,
    },
    Suite {
        name: "python",
        about: "clients written by others, unmodified",
        when: When::Test,
        run: python::run,
    },
    Suite {
        name: "browser",
        about: "the page in Chromium, desktop and phone",
        when: When::Test,
        run: run_browser,
    },
    Suite {
        name: "fuzz",
        about: "codecs and parsers on arbitrary bytes, 60 s",
        when: When::Test,
        run: proofs::fuzz,
    },
    Suite {
        name: "kill",
        about: "kill -9 while prices are remembered, 200 times",
        when: When::Test,
        run: proofs::kill,
    },
    Suite {
        name: "simulation",
        about: "200 worlds of 24 cells for 10 minutes in which things go wrong",
        when: When::Test,
        run: proofs::simulation,
    },
    Suite {
        name: "chaos",
        about: "three cells as processes at 60% of capacity in which everything goes wrong once",
        when: When::Test,
        run: proofs::chaos,
    },
    Suite {
        name: "features",
        about: "the optional features switched off",
        when: When::Long,
        run: rust::features,
    },
    Suite {
        name: "hosts",
        about: "real edge, cells and market on simulated hosts, 50 worlds in which things go wrong",
        when: When::Long,
        run: rust::hosts,
    },
    Suite {
        name: "redis",
        about: "what pods share, on a real Redis server that hangs, dies and comes back",
        when: When::Long,
        run: rust::redis,
    },
    Suite {
        name: "kafka",
        about: "the log on a real Apache Kafka broker that hangs, dies and comes back",
        when: When::Long,
        run: kafka::run,
    },
    Suite {
        name: "atlas",
        about: "the sources give exactly what data/ holds",
        when: When::Long,
        run: atlas::compare,
    },
    Suite {
        name: "kill-long",
        about: "the same 1,000 times",
        when: When::Long,
        run: proofs::kill_long,
    },
    Suite {
        name: "chaos-long",
        about: "the same for 10 minutes, a fault every 20 s",
        when: When::Long,
        run: proofs::chaos_long,
    },
    Suite {
        name: "overload",
        about: "2, 5 and 10 times what the cells can do",
        when: When::Long,
        run: proofs::overload,
    },
    Suite {
        name: "soak-short",
        about: "a minute of remembering at a tenth of the mean load",
        when: When::Long,
        run: proofs::soak_short,
    },
    Suite {
        name: "fuzz-long",
        about: "the same for 20 minutes",
        when: When::Long,
        run: proofs::fuzz_long,
    },
];

/// `cargo xtask test`.
pub(crate) fn test(flags: &[String]) -> Result<Tally> {
    let flags = arguments::parse(flags)?;
    if flags.list {
        for suite in SUITES {
            let long = if suite.when == When::Long { " (with --all)" } else { "" };
            println!("{:<11} {}{long}", suite.name, suite.about);
        }
        return Ok(Tally::default());
    }
    run(&chosen(&flags)?)
}

/// `cargo xtask check`.
pub(crate) fn check(flags: &[String]) -> Result<Tally> {
    arguments::none(flags)?;
    run(&SUITES.iter().filter(|suite| suite.when == When::Always).collect::<Vec<_>>())
}

fn chosen(flags: &Arguments) -> Result<Vec<&'static Suite>> {
    for name in flags.only.iter().chain(&flags.skip) {
        if !SUITES.iter().any(|suite| suite.name == name) {
            bail!("no suite `{name}`; --list names them");
        }
    }
    let wanted = |suite: &&Suite| {
        let named = flags.only.iter().any(|name| name == suite.name);
        let usual = flags.only.is_empty() && (flags.all || suite.when != When::Long);
        (named || usual) && !flags.skip.iter().any(|name| name == suite.name)
    };
    let chosen: Vec<&Suite> = SUITES.iter().filter(wanted).collect();
    if chosen.is_empty() {
        bail!("no suite is left to run");
    }
    Ok(chosen)
}

fn run(suites: &[&Suite]) -> Result<Tally> {
    let ground = Ground::find()?;
    let mut report: Vec<(&str, Duration, Tally)> = Vec::new();
    for suite in suites {
        println!("\n== {}: {}", suite.name, suite.about);
        let watch = Stopwatch::start();
        let tally = (suite.run)(&ground).unwrap_or_else(|error| {
            println!("{} could not run: {error:#}", suite.name);
            failures::note(format!("{}: {error:#}", suite.name));
            Tally { passed: 0, failed: 1 }
        });
        report.push((suite.name, watch.elapsed(), tally));
    }
    println!("\n{:<11} {:>8} {:>8} {:>8}", "suite", "seconds", "passed", "failed");
    let mut total = Tally::default();
    for (name, time, tally) in report {
        total.add(tally);
        println!("{name:<11} {:>8.1} {:>8} {:>8}", time.as_secs_f64(), tally.passed, tally.failed);
    }
    println!();
    failures::show();
    println!("{} passed, {} failed", total.passed, total.failed);
    Ok(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(line: &str) -> Vec<&'static str> {
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        let chosen = chosen(&arguments::parse(&words).unwrap()).unwrap();
        chosen.iter().map(|suite| suite.name).collect()
    }

    #[test]
    fn closing_lines_of_cargo_and_plain_ones_are_counted() {
        for (line, expected) in [
            (
                "test result: ok. 12 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out",
                Some((12, 0)),
            ),
            ("test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured", Some((3, 2))),
            ("7 passed, 1 failed", Some((7, 1))),
            ("7 passed, 1 failed, 2 skipped", Some((7, 1))),
            ("all 7 passed", None),
            ("passed, failed", None),
        ] {
            let tally = expected.map(|(passed, failed)| Tally { passed, failed });
            assert_eq!(Tally::parse(line), tally, "{line}");
        }
    }

    #[test]
    fn long_suites_run_only_when_asked() {
        assert!(!names("").contains(&"fuzz-long"));
        assert!(names("--all").contains(&"fuzz-long"));
        assert_eq!(names("--only fuzz-long,fmt"), ["fmt", "fuzz-long"]);
        assert!(!names("--skip browser").contains(&"browser"));
    }

    #[test]
    fn an_unknown_suite_or_an_empty_choice_is_refused() {
        let flags = Arguments { only: vec!["fnt".to_owned()], ..Arguments::default() };
        assert!(chosen(&flags).is_err());
        let both = vec!["fmt".to_owned()];
        let flags = Arguments { only: both.clone(), skip: both, ..Arguments::default() };
        assert!(chosen(&flags).is_err());
    }
}
