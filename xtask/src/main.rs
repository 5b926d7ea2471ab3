//! The project's automation: `cargo xtask <command>`.
//!
//! One folder of commands, no dependency on the crates it checks, so that it builds when they do
//! not. Everything else runs as a process: cargo, `lab`, the real binary, Python, npm. Start
//! reading at [`suites`] (what `test` runs) or [`tidy`] (what the compiler cannot see).

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command line tool speaks through its output"
)]

mod arguments;
mod atlas;
mod bench;
mod failures;
mod http;
mod process;
mod provision;
mod screenshot;
mod server;
mod sim;
mod stopwatch;
mod stuck;
mod suites;
mod tidy;
mod workspace;

use std::process::ExitCode;

use anyhow::{Result, bail};

use suites::Tally;

/// One word after `cargo xtask`.
struct Verb {
    name: &'static str,
    about: &'static str,
    help: &'static str,
    run: fn(&[String]) -> Result<Tally>,
}

const VERBS: &[Verb] = &[
    Verb {
        name: "check",
        about: "before a commit: fmt, clippy, tidy, tests",
        help: CHECK_HELP,
        run: suites::check,
    },
    Verb {
        name: "test",
        about: "what CI runs: every suite, with times",
        help: TEST_HELP,
        run: suites::test,
    },
    Verb {
        name: "tidy",
        about: "layers, sizes, names, documents, licences",
        help: TIDY_HELP,
        run: tidy_verb,
    },
    Verb { name: "bench", about: "measure and keep the result", help: BENCH_HELP, run: bench::run },
    Verb {
        name: "soak",
        about: "run for hours and keep the result",
        help: SOAK_HELP,
        run: bench::soak,
    },
    Verb { name: "sim", about: "simulate worlds, or one again", help: SIM_HELP, run: sim::run },
    Verb {
        name: "chaos",
        about: "disturb a running fleet and judge every answer",
        help: CHAOS_HELP,
        run: sim::chaos,
    },
    Verb {
        name: "overload",
        about: "ask a running fleet for more than it can",
        help: OVERLOAD_HELP,
        run: sim::overload,
    },
    Verb { name: "atlas", about: "make data/ from its sources", help: ATLAS_HELP, run: atlas::run },
    Verb {
        name: "screenshot",
        about: "renew the pictures in the README",
        help: SCREENSHOT_HELP,
        run: screenshot::run,
    },
];

const CHECK_HELP: &str = "\
cargo xtask check
  Formatting, clippy without warnings, tidy, documentation, and the tests of all crates.
  Needs no browser, no Python and no release build.
";

const TEST_HELP: &str = "\
cargo xtask test [--only NAME,NAME] [--skip NAME,NAME] [--all] [--list]
  Sets up what the suites need, runs them one after the other, goes on after a failure, prints the
  seconds each took, and ends with `N passed, N failed`. Fails if anything failed.
  --only   run these suites
  --skip   leave these out
  --all    the long ones too
  --list   print the names and what they do
";

const TIDY_HELP: &str = "\
cargo xtask tidy
  Checks what the compiler cannot see. Each refusal says what to do. Builds nothing.
";

const BENCH_HELP: &str = "\
cargo xtask bench NAME [--release] [OPTIONS OF lab bench]
  Builds `lab` in the profile dist for x86-64-v3 (with --release: as `cargo run --release` does),
  in a target folder of its own, and runs `lab bench NAME`. The result is a file in bench/results/.
";

const SOAK_HELP: &str = "\
cargo xtask soak prices [--minutes 60] [--release] [OPTIONS OF lab soak prices]
  Builds `lab` as `bench` does, remembers 1.157 million prices a second for an hour, prints a line a
  minute, and fails if memory grew after warming up, a commit was lost or the rate was not held. Needs
  30 GiB free; the log stays within 10 GiB. The result is a file in bench/results/.
";

const SIM_HELP: &str = "\
cargo xtask sim [--seed 1] [--hours 24 | --minutes M] [--cells 24] [--regions 4] [--seeds 1]
  Simulates regions, cells, edges, partners and travellers in virtual time, in which things go wrong
  as the seed says, and prints what happened and the hash of the trace. The same seed is the same
  world. A world that breaks a rule is printed as the command that shows it again.
  --seeds  that many worlds, from --seed on, two at a time (--threads); a night is worth 10,000 of
           ten minutes: --seeds 10000 --minutes 10
";

const CHAOS_HELP: &str = "\
cargo xtask chaos [--minutes 10] [--seed 1] [--fault-every 20] [--step 9] [--without-disk] [--unkept]
  Starts `fareway serve --cells 3`, finds out how many searches a second it completes, and asks for 60%
  of that while cells are killed, stopped, cut off, slowed down, reset and get a full disk, and the
  control plane is killed and stopped. Fails below 99.95% of right answers, at the first wrong one, or
  if somebody is not well 30 s after a fault. The result is a file in bench/results/ (--unkept: none).
  Full disks need `mount` as root or in a user name space; --without-disk leaves them out.
";

const OVERLOAD_HELP: &str = "\
cargo xtask overload [--times 2,5,10] [--seconds 30] [--seed 1] [--step 9] [--unkept]
  Starts `fareway serve --cells 3`, finds its capacity, and asks for that many times as much. Fails if
  less than 90% of the capacity is completed in time, if more than 1% of the work is for searches whose
  time is over or whose travellers left, or if not all is as before 30 s later. The result is a file in
  bench/results/.
";

const ATLAS_HELP: &str = "\
cargo xtask atlas [OPTIONS OF convert.py]
  Installs the pinned packages of xtask/atlas/requirements.txt into target/ and runs
  xtask/atlas/convert.py, which rewrites the files in data/, and xtask/atlas/world.py, which draws
  the page's map from them. Needs Python 3.11 and PyPI.
";

const SCREENSHOT_HELP: &str = "\
cargo xtask screenshot
  Starts the release binary, drives the page in Chromium with the browser suite, and copies the
  pictures of the results and the map to docs/images/.
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(tally) if tally.failed == 0 => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String]) -> Result<Tally> {
    let name = arguments.first().map_or("--help", String::as_str);
    if matches!(name, "--help" | "-h" | "help") {
        println!("cargo xtask <command>; each has --help\n");
        for verb in VERBS {
            println!("  {:<11} {}", verb.name, verb.about);
        }
        return Ok(Tally::default());
    }
    let Some(verb) = VERBS.iter().find(|verb| verb.name == name) else {
        bail!("no command `{name}`; `cargo xtask --help` lists them");
    };
    let rest = &arguments[1..];
    if rest.iter().any(|argument| argument == "--help" || argument == "-h") {
        print!("{}", verb.help);
        return Ok(Tally::default());
    }
    (verb.run)(rest)
}

fn tidy_verb(arguments: &[String]) -> Result<Tally> {
    arguments::none(arguments)?;
    tidy::run(&workspace::root()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn every_command_says_what_it_does() {
        for verb in VERBS {
            assert!(verb.help.contains(&format!("cargo xtask {}", verb.name)), "{}", verb.name);
            run(&words(&format!("{} --help", verb.name))).unwrap();
        }
    }

    #[test]
    fn an_unknown_command_or_argument_is_refused() {
        assert!(run(&words("tidi")).unwrap_err().to_string().contains("no command `tidi`"));
        assert!(run(&words("tidy now")).unwrap_err().to_string().contains("`now`"));
    }
}
