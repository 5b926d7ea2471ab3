//! Running a program: its output is shown as it comes, its time is limited, its tests are counted.
//!
//! No standard input is given. Standard output goes through line by line; standard error goes
//! straight to the terminal. A program over its limit is killed with all its descendants.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::failures;
use crate::stopwatch::Stopwatch;
use crate::stuck::{Stuck, threads};
use crate::suites::Tally;

/// How often a running program is looked at.
const LOOK: Duration = Duration::from_millis(100);
/// How long output may still come after the program ended.
const DRAIN: Duration = Duration::from_secs(2);

/// Lines of output that are remembered; more are shown only.
const LINES_MAX: usize = 200_000;

/// A program to run.
#[derive(Debug)]
pub(crate) struct Task {
    program: OsString,
    arguments: Vec<OsString>,
    folder: PathBuf,
    environment: Vec<(String, OsString)>,
    limit: Duration,
    shown: bool,
}

/// What a program left behind.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) success: bool,
    /// Standard output, line by line.
    pub(crate) lines: Vec<String>,
}

impl Task {
    /// A program in `folder` that may take ten minutes.
    pub(crate) fn new(program: impl AsRef<OsStr>, folder: &Path) -> Self {
        Self {
            program: program.as_ref().to_owned(),
            arguments: Vec::new(),
            folder: folder.to_owned(),
            environment: Vec::new(),
            limit: Duration::from_secs(600),
            shown: true,
        }
    }

    /// `cargo` itself, as the toolchain file of the project picks it.
    pub(crate) fn cargo(folder: &Path) -> Self {
        Self::new("cargo", folder)
    }

    pub(crate) fn arguments<I: IntoIterator<Item = S>, S: AsRef<OsStr>>(mut self, more: I) -> Self {
        self.arguments.extend(more.into_iter().map(|argument| argument.as_ref().to_owned()));
        self
    }

    pub(crate) fn variable(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.environment.push((name.to_owned(), value.as_ref().to_owned()));
        self
    }

    pub(crate) fn limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Keeps standard output to itself.
    pub(crate) fn quiet(mut self) -> Self {
        self.shown = false;
        self
    }

    /// Runs it to its end or its limit.
    pub(crate) fn run(&self) -> Result<Finished> {
        let line = self.command_line();
        if self.shown {
            println!("$ {line}");
        }
        let mut child = Command::new(&self.program)
            .args(&self.arguments)
            .current_dir(&self.folder)
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("`{line}` did not start"))?;
        let output = child.stdout.take().context("no standard output")?;
        let (sender, lines) = mpsc::sync_channel(1_024);
        thread::spawn(move || {
            let mut reader = BufReader::new(output);
            let mut bytes = Vec::new();
            while reader.read_until(b'\n', &mut bytes).is_ok_and(|read| read > 0) {
                let line = String::from_utf8_lossy(&bytes).trim_end().to_owned();
                bytes.clear();
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        self.wait(&mut child, &lines, &line)
    }

    fn wait(
        &self,
        child: &mut Child,
        lines: &mpsc::Receiver<String>,
        command_line: &str,
    ) -> Result<Finished> {
        let started = Stopwatch::start();
        let mut stuck = Stuck::default();
        let mut ended: Option<(bool, Stopwatch)> = None;
        let mut kept = Vec::new();
        loop {
            match lines.recv_timeout(LOOK) {
                Ok(line) => {
                    if self.shown {
                        println!("{line}");
                    }
                    stuck.on_line(&line);
                    if kept.len() < LINES_MAX {
                        kept.push(line);
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    if ended.is_some() {
                        break;
                    }
                    crate::stopwatch::pause(LOOK);
                }
            }
            match ended {
                Some((_, since)) if since.elapsed() > DRAIN => break,
                Some(_) => {}
                None => {
                    ended = child.try_wait()?.map(|status| (status.success(), Stopwatch::start()));
                    let names = stuck.take();
                    if !names.is_empty() {
                        end_stuck(child.id(), &names);
                    }
                    if ended.is_none() && started.elapsed() > self.limit {
                        kill_tree(child.id());
                        child.wait()?;
                        bail!("`{command_line}` took more than {:?} and was ended", self.limit);
                    }
                }
            }
        }
        Ok(Finished { success: ended.is_some_and(|(success, _)| success), lines: kept })
    }

    /// Runs it and fails with its command line if it fails.
    pub(crate) fn must(&self) -> Result<Finished> {
        let finished = self.run()?;
        if !finished.success {
            bail!("`{}` failed", self.command_line());
        }
        Ok(finished)
    }

    /// Runs it as a suite: the tests it counted, or itself as one test.
    pub(crate) fn tally(&self) -> Result<Tally> {
        Ok(self.run()?.tally())
    }

    fn command_line(&self) -> String {
        let mut line = Path::new(&self.program)
            .file_name()
            .unwrap_or(&self.program)
            .to_string_lossy()
            .into_owned();
        for argument in &self.arguments {
            line.push(' ');
            line.push_str(&argument.to_string_lossy());
        }
        line
    }
}

impl Finished {
    /// The tests that were counted in the output. A failure that counted none is one itself.
    pub(crate) fn tally(&self) -> Tally {
        let failed = |line: &String| {
            line.strip_prefix("test ")?.strip_suffix(" ... FAILED").map(str::to_owned)
        };
        self.lines.iter().filter_map(failed).for_each(failures::note);
        let mut tally = Tally::default();
        for counted in self.lines.iter().filter_map(|line| Tally::parse(line)) {
            tally.add(counted);
        }
        match (self.success, tally.failed, tally.passed) {
            (false, 0, _) => tally.failed = 1,
            (true, 0, 0) => tally.passed = 1,
            _ => {}
        }
        tally
    }
}

/// Asks a process to stop, as Ctrl-C does.
pub(crate) fn interrupt(id: u32) {
    signal("INT", &[id]);
}

/// Names stuck tests and ends the programs that a runner started, not the runner: it goes on with the
/// next one.
fn end_stuck(runner: u32, names: &[String]) {
    for name in names {
        println!("stuck: {name}");
        failures::note(format!("{name} (stuck)"));
    }
    for program in family(runner).into_iter().skip(1) {
        for thread in threads(program) {
            println!("  {thread}");
        }
    }
    signal("KILL", &family(runner)[1..]);
}

/// Kills a process and everything it started.
pub(crate) fn kill_tree(id: u32) {
    signal("KILL", &family(id));
}

/// A process and everything it started.
fn family(id: u32) -> Vec<u32> {
    let mut family = vec![id];
    let parents = parents();
    let mut at = 0;
    while at < family.len() {
        let parent = family[at];
        family
            .extend(parents.iter().filter(|&(_, &above)| above == parent).map(|(&child, _)| child));
        at += 1;
    }
    family
}

fn signal(name: &str, ids: &[u32]) {
    // `kill` is part of every shell; as a program of its own it is not everywhere.
    let ids: Vec<String> = ids.iter().map(u32::to_string).collect();
    let script = format!("kill -{name} {} 2>/dev/null", ids.join(" "));
    // A process that ended meanwhile needs no signal.
    drop(Command::new("sh").args(["-c", &script]).status());
}

/// Parent of each process, from `/proc`; empty where there is none.
fn parents() -> BTreeMap<u32, u32> {
    let mut parents = BTreeMap::new();
    let Ok(processes) = fs::read_dir("/proc") else { return parents };
    for entry in processes.flatten() {
        let Some(id) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else {
            continue;
        };
        let Ok(stat) = fs::read_to_string(entry.path().join("stat")) else { continue };
        // The name in parentheses may itself hold blanks and parentheses.
        let after_name = stat.rsplit_once(')').map_or("", |(_, after)| after);
        if let Some(parent) =
            after_name.split_whitespace().nth(1).and_then(|text| text.parse().ok())
        {
            parents.insert(id, parent);
        }
    }
    parents
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Task {
        Task::new("sh", Path::new("/")).arguments(["-c", script]).quiet()
    }

    #[test]
    fn output_comes_back_line_by_line_with_the_verdict() {
        let finished = shell("echo one; echo two; exit 3").run().unwrap();
        assert_eq!(finished.lines, ["one", "two"]);
        assert!(!finished.success);
        assert_eq!(finished.tally(), Tally { passed: 0, failed: 1 });
    }

    #[test]
    fn a_program_over_its_limit_is_ended_with_its_children() {
        let watch = Stopwatch::start();
        let error =
            shell("sleep 30 & sleep 30").limit(Duration::from_millis(300)).run().unwrap_err();
        assert!(error.to_string().contains("took more than"), "{error}");
        assert!(watch.elapsed() < Duration::from_secs(10));
    }

    #[test]
    fn a_child_that_keeps_the_output_open_does_not_hold_up_the_verdict() {
        let watch = Stopwatch::start();
        assert!(shell("sleep 20 & echo done").run().unwrap().success);
        assert!(watch.elapsed() < Duration::from_secs(10));
    }

    #[test]
    fn counted_tests_are_the_tally_and_a_silent_failure_is_one() {
        let counted = "echo 'test result: ok. 5 passed; 0 failed; 0 ignored; 0 measured'";
        assert_eq!(shell(counted).tally().unwrap(), Tally { passed: 5, failed: 0 });
        let then_fails = format!("{counted}; exit 1");
        assert_eq!(shell(&then_fails).tally().unwrap(), Tally { passed: 5, failed: 1 });
        assert_eq!(shell("true").tally().unwrap(), Tally { passed: 1, failed: 0 });
    }

    #[test]
    fn a_program_that_does_not_exist_is_named() {
        let error = Task::new("no-such-program", Path::new("/")).quiet().run().unwrap_err();
        assert!(error.to_string().contains("no-such-program"), "{error}");
    }
}
