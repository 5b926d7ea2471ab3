//! Facts that others send, a line of JSON each: browsers what they saw, servers what happened there.
//!
//! ```text
//! body ─ lines ─▶ kind and values ─▶ columns of its kind ─ keep ─▶ gold, silver: durable when acknowledged
//!                    │ wrong                                    └▶ bronze: in memory first, dropped if it is full
//!                    └▶ a fact `fact_refused`: what was said, the field, and why
//! ```
//!
//! A line has `kind` and the fields of that kind. `id` is 32 hexadecimal digits: whoever sends a fact again gives it
//! the same, and tables count it once; without one it gets one here. `happened` is in Unix milliseconds, now if it is
//! absent. A server may name the `visit`, by its keyed hash; that of a browser is known from its cookie.
//! Of two fields with one name the last counts.
//!
//! Nothing wrong holds up what is right. Limits: a fact's bytes of texts, how old it may be, facts that wait in
//! memory, refusals of one body that are kept (of a browser's [`BROWSER_REFUSALS`]); the caller bounds bodies: at most
//! 4 MiB, so that what comes of one fits into a batch of the log.

mod line;

use std::sync::atomic::Ordering;

use futures_util::future::try_join_all;

use self::line::{Head, KIND};
use super::column::Value;
use super::kind::{Kind, Privacy, Profile};
use super::kinds::{self, FactRefused};
use super::lines::Unfit;
use super::recorder::{Gathered, Inner, RecordError, Recorder};
use super::rows::{Fact, Rows, Stamped};
use crate::log::Compression;

/// Refused lines that an answer names.
pub const NAMED_REFUSALS: usize = 20;
/// Refused lines of one body of a browser that are kept; all are counted.
pub const BROWSER_REFUSALS: u64 = 8;
/// Bytes of the refused lines of one body that are kept: a short line that is refused takes a hundred times its own,
/// and all of a body must fit into one batch of the log.
const REFUSALS_BYTES: usize = 4 << 20;
/// Bytes of a refused line that are kept.
const SAID_BYTES: usize = 4_096;
/// How long ago a fact may have happened, milliseconds.
const PAST_MS: i64 = 7 * 24 * 3_600_000;
/// How far ahead another clock may be.
const AHEAD_MS: i64 = 600_000;

/// Who sends facts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sender {
    /// A browser, in a visit if that is known: it may tell bronze facts only.
    Browser(Option<u128>),
    /// A server that is trusted: it may tell all but what is refused here.
    Server,
}

/// A line that was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedLine {
    /// Its number in the body, from 1.
    pub line: u64,
    /// The field, and what is wrong.
    pub unfit: Unfit,
}

/// What became of a body.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TakenIn {
    /// Facts that are durable.
    pub durable: u64,
    /// Bronze facts that wait to be written.
    pub waiting: u64,
    /// Bronze facts that were dropped because too many waited.
    pub dropped: u64,
    /// Lines that were refused.
    pub refused: u64,
    /// Of them, those that do not stand aside as facts because there were too many.
    pub unkept: u64,
    /// The first [`NAMED_REFUSALS`] of them.
    pub first_refused: Vec<RefusedLine>,
}

/// Facts of one body, by kind.
#[derive(Debug)]
pub struct Sorted {
    sender: Sender,
    /// By the order of [`kinds::ALL`].
    rows: Vec<Option<Rows>>,
    taken: TakenIn,
}

impl Recorder {
    /// Reads a body, and puts its facts into columns: work for a processor, about 300 ns a fact. `None` if
    /// nothing is recorded here.
    #[must_use]
    pub fn sort(&self, sender: Sender, body: &[u8]) -> Option<Sorted> {
        let inner = self.inner()?;
        let rows = kinds::ALL.iter().map(|_| None).collect();
        let mut sorting = Sorting {
            inner,
            now_ms: runtime::unix_ms(),
            last: None,
            sorted: Sorted { sender, rows, taken: TakenIn::default() },
        };
        // Most bodies are text from end to end; if one is not, only the lines that are none are refused.
        match std::str::from_utf8(body) {
            Ok(body) => sorting.read(body.split('\n').map(Ok)),
            Err(_) => sorting.read(body.split(|&byte| byte == b'\n').map(|line| {
                std::str::from_utf8(line).map_err(|_| String::from_utf8_lossy(line).into_owned())
            })),
        }
        Some(sorting.sorted)
    }

    /// Keeps what was sorted. When this returns without an error, gold and silver facts are durable, and
    /// so are the refusals of what a server sent.
    ///
    /// # Errors
    /// [`RecordError`] if the log refuses; some facts may be there all the same: sent again with the same
    /// ids they are counted once.
    pub async fn keep(&self, sorted: Sorted) -> Result<TakenIn, RecordError> {
        let Sorted { sender, rows, mut taken } = sorted;
        let Some(inner) = self.inner() else { return Ok(taken) };
        let mut awaited = Vec::new();
        for rows in rows.into_iter().flatten().filter(|rows| !rows.is_empty()) {
            let Some(gathered) = inner.of(rows.kind()) else { continue };
            let ours = rows.kind().number == FactRefused::KIND.number;
            match (rows.kind().profile, sender) {
                (Profile::Gold | Profile::Silver, Sender::Server) => {
                    awaited.push(append(inner, gathered, rows, !ours));
                }
                _ => {
                    let (facts, fits) = (rows.len() as u64, inner.gather(gathered, rows));
                    let counter = if fits { &mut taken.waiting } else { &mut taken.dropped };
                    *counter += if ours { 0 } else { facts };
                }
            }
        }
        taken.durable = try_join_all(awaited).await?.into_iter().sum();
        Ok(taken)
    }
}

/// Appends facts at once; gives how many of them count as told.
async fn append(
    inner: &Inner,
    gathered: &Gathered,
    mut rows: Rows,
    told: bool,
) -> Result<u64, RecordError> {
    let facts = rows.len() as u64;
    let record = rows.take(inner.origin().clone()).to_record(runtime::unix_ms())?;
    match inner.topic(rows.kind().profile).append(record, Compression::Lz4).await {
        Ok(()) => {
            gathered.written.fetch_add(facts, Ordering::Relaxed);
            Ok(if told { facts } else { 0 })
        }
        Err(error) => {
            gathered.dropped.fetch_add(facts, Ordering::Relaxed);
            Err(error.into())
        }
    }
}

struct Sorting<'r> {
    inner: &'r Inner,
    now_ms: i64,
    /// The kind of the line before: most often that of the next one.
    last: Option<usize>,
    sorted: Sorted,
}

impl Sorting<'_> {
    fn read<'b>(&mut self, lines: impl Iterator<Item = Result<&'b str, String>>) {
        let mut values = Vec::new();
        for (number, line) in (1..).zip(lines) {
            let (said, unfit) = match line {
                Ok(line) => {
                    let line = line.trim_ascii();
                    if line.is_empty() {
                        continue;
                    }
                    match self.take(line, &mut values) {
                        Ok(()) => continue,
                        Err(unfit) => (line.to_owned(), unfit),
                    }
                }
                Err(said) => (said, Unfit::new("line", "must be UTF-8")),
            };
            self.refuse(number, &said, unfit);
        }
    }

    /// Takes a line; most are read straight into values, the others by a reader that knows all of JSON.
    fn take<'b>(&mut self, line: &'b str, values: &mut Vec<Value<'b>>) -> Result<(), Unfit> {
        if let Some(head) = line::read(line, self.last, values) {
            let stamped = self.admit(head.at, &head)?;
            return match stamped {
                Some(stamped) => self.rows(head.at).push_values(stamped, values),
                None => Ok(()),
            };
        }
        let (head, says) = line::read_slowly(line)?;
        match self.admit(head.at, &head)? {
            Some(stamped) => self.rows(head.at).push_json(stamped, &says),
            None => Ok(()),
        }
    }

    /// What every fact has, of one that may be told; `None` if it is dropped.
    fn admit(&mut self, at: usize, head: &Head) -> Result<Option<Stamped>, Unfit> {
        let kind = kinds::ALL[at];
        self.last = Some(at);
        if kind.privacy == Privacy::Unchecked {
            return Err(Unfit::new(KIND, format!("{} is not told by others", kind.name)));
        }
        let visit = match self.sorted.sender {
            Sender::Browser(_) if kind.profile != Profile::Bronze => {
                return Err(Unfit::new(KIND, format!("{} is not told by browsers", kind.name)));
            }
            Sender::Browser(_) if head.visit.is_some() => {
                return Err(Unfit::new("visit", "is not told by browsers"));
            }
            Sender::Browser(visit) => visit,
            Sender::Server => head.visit,
        };
        let happened_ms = head.happened_ms.unwrap_or(self.now_ms);
        if !(self.now_ms - PAST_MS..=self.now_ms + AHEAD_MS).contains(&happened_ms) {
            let sentence = "must be within the last 7 days, in milliseconds since 1970";
            return Err(Unfit::new("happened", sentence));
        }
        if kind.profile == Profile::Bronze && !self.inner.samples(kind) {
            self.sorted.taken.dropped += 1;
            return Ok(None);
        }
        let stamped = self.inner.stamp(visit);
        let id = head.id.map_or(stamped.id, super::FactId);
        Ok(Some(Stamped { id, happened_ms, received_ms: self.now_ms, visit }))
    }

    fn rows(&mut self, at: usize) -> &mut Rows {
        self.sorted.rows[at].get_or_insert_with(|| Rows::new(kinds::ALL[at]))
    }

    fn refuse(&mut self, line: u64, said: &str, unfit: Unfit) {
        let taken = &mut self.sorted.taken;
        taken.refused += 1;
        self.inner.refused_one.fetch_add(1, Ordering::Relaxed);
        let sender = match self.sorted.sender {
            Sender::Browser(_) => "browser",
            Sender::Server => "server",
        };
        let at = kinds::ALL.iter().position(|kind| kind.number == FactRefused::KIND.number);
        let held = at.and_then(|at| self.sorted.rows[at].as_ref()).map_or(0, Rows::bytes);
        let keeps = sender == "server" || taken.refused <= BROWSER_REFUSALS;
        if keeps && held < REFUSALS_BYTES {
            let fact = FactRefused {
                sender,
                field: cut(&unfit.field, 64),
                sentence: cut(&unfit.sentence, 256),
                said: cut(said, SAID_BYTES),
            };
            let stamped = self.inner.stamp(None);
            // All its texts were cut to fit.
            let pushed = at.map(|at| self.rows(at).push(stamped, &fact));
            debug_assert_eq!(pushed, Some(Ok(())));
        } else {
            taken.unkept += 1;
        }
        let taken = &mut self.sorted.taken;
        if taken.first_refused.len() < NAMED_REFUSALS {
            taken.first_refused.push(RefusedLine { line, unfit });
        }
    }
}

/// Holds both readers of lines against each other.
///
/// # Panics
/// If a line that is read quickly is no JSON, or says something else in JSON.
pub(crate) fn check_line(line: &str) {
    let mut values = Vec::new();
    let Some(head) = line::read(line, None, &mut values) else {
        drop(line::read_slowly(line));
        return;
    };
    let slow = line::read_slowly(line);
    assert!(slow.is_ok(), "no JSON: {line}");
    let Ok((slow_head, says)) = slow else { return };
    assert_eq!(head, slow_head, "{line}");
    let stamped = Stamped { id: super::FactId(0), happened_ms: 0, received_ms: 0, visit: None };
    let [mut quick, mut slow] = [(); 2].map(|()| Rows::new(kinds::ALL[head.at]));
    let pushed = quick.push_values(stamped, &values);
    assert_eq!(pushed, slow.push_json(stamped, &says), "{line}");
    let [quick, slow] = [quick, slow].map(|mut rows| rows.take(Default::default()));
    assert_eq!(quick, slow, "{line}");
}

/// The front of a text.
fn cut(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}

impl Kind {
    /// Its place in [`kinds::ALL`], by name.
    fn place_of(name: &str) -> Option<usize> {
        kinds::ALL.iter().position(|kind| kind.name == name)
    }
}

#[cfg(test)]
mod tests;
