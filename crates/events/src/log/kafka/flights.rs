//! Batches on their way to the brokers, and what is known of each partition.
//!
//! A flight is one attempt to append one batch. It ends when the brokers have answered for each of
//! its records, however long that takes; whoever waits is answered earlier if it takes too long, and
//! is answered by the same flight when asking again. So a batch is never sent twice while it might
//! still arrive.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use runtime::{FixedMap, Moment};
use tokio::sync::{Notify, oneshot, watch};

use super::client::Dial;
use crate::log::batch::{BatchError, Stamp};
use crate::log::writers::{Verdict, Writers};
use crate::log::{Appended, LogError, TopicPartition};

pub(super) type Reply = oneshot::Sender<Result<Appended, LogError>>;

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One attempt to append one batch.
#[derive(Debug)]
pub(super) struct Flight {
    pub(super) of: TopicPartition,
    pub(super) attempt: u64,
    pub(super) stamp: Option<Stamp>,
    /// What it is counted as in the queue.
    pub(super) bytes: usize,
    pub(super) since: Moment,
    progress: Mutex<Progress>,
}

#[derive(Debug)]
struct Progress {
    /// Records without an answer.
    left: u64,
    count: u64,
    /// Lowest and highest offset of the answered ones.
    reached: Option<(u64, u64)>,
    failed: Option<LogError>,
    /// Who waits; whether it asked again for what was under way.
    replies: Vec<(Reply, bool)>,
}

impl Flight {
    pub(super) fn new(
        (of, stamp): (TopicPartition, Option<Stamp>),
        attempt: u64,
        (count, bytes): (u64, usize),
        since: Moment,
        reply: Reply,
    ) -> Self {
        let progress = Progress {
            left: count,
            count,
            reached: None,
            failed: None,
            replies: vec![(reply, false)],
        };
        Self { of, attempt, stamp, bytes, since, progress: Mutex::new(progress) }
    }

    /// Takes the answer for so many records; true if it was the last one.
    fn record(&self, records: u64, answer: Result<u64, LogError>) -> bool {
        let mut progress = locked(&self.progress);
        match answer {
            Ok(offset) => {
                let (low, high) = progress.reached.unwrap_or((offset, offset));
                progress.reached = Some((low.min(offset), high.max(offset)));
            }
            Err(error) => {
                progress.failed.get_or_insert(error);
            }
        }
        progress.left = progress.left.saturating_sub(records);
        progress.left == 0
    }

    /// Answers all who wait and lets the flight go on.
    fn answer(&self, result: &Result<Range<u64>, LogError>) {
        for (reply, repeated) in std::mem::take(&mut locked(&self.progress).replies) {
            let result = result.clone().map(|offsets| Appended { offsets, repeated });
            // Whoever waited may have left.
            let _ = reply.send(result);
        }
    }
}

/// What is known of a partition.
#[derive(Debug)]
pub(super) struct Partition {
    known: Mutex<Known>,
    /// The offset after the last record that is known to be there.
    end: watch::Sender<u64>,
    /// Held while the brokers are asked for the stamps.
    pub(super) looking: Mutex<()>,
}

#[derive(Debug, Default)]
struct Known {
    writers: Writers,
    /// Stamps before this offset are in `writers`, as far back as was looked.
    looked_to: Option<u64>,
    /// How often something was sent of which it is not known whether it arrived.
    doubts: u64,
    /// As many of them as were there when the stamps were looked at last.
    resolved: u64,
    /// The partition is there, and the stamps on it have been looked at, for this producer.
    open: bool,
    flying: FixedMap<Stamp, Arc<Flight>>,
}

/// What was known of a partition when its stamps began to be looked at.
#[derive(Debug)]
pub(super) struct Looked {
    /// Up to where stamps are known.
    pub(super) to: Option<u64>,
    doubts: u64,
    pub(super) writers: Writers,
}

/// What is to be done with a batch.
pub(super) enum Judged {
    /// It is to be sent.
    Fly(Arc<Flight>),
    /// It has its answer, or will have it.
    Answered,
}

impl Partition {
    fn new() -> Self {
        Self { known: Mutex::default(), end: watch::Sender::new(0), looking: Mutex::new(()) }
    }

    pub(super) fn watch_end(&self) -> watch::Receiver<u64> {
        self.end.subscribe()
    }

    pub(super) fn saw_end(&self, end: u64) {
        self.end.send_if_modified(|known| {
            let more = end > *known;
            *known = end.max(*known);
            more
        });
    }

    /// Whether batches can be sent without asking the brokers anything.
    pub(super) fn is_open(&self) -> bool {
        let known = locked(&self.known);
        known.open && known.doubts == known.resolved
    }

    pub(super) fn close(&self) {
        locked(&self.known).open = false;
    }

    /// What is known before the stamps are looked at anew.
    pub(super) fn looked(&self) -> Looked {
        let known = locked(&self.known);
        Looked { to: known.looked_to, doubts: known.doubts, writers: known.writers.clone() }
    }

    /// Stamps were looked at up to an offset. What came in doubt meanwhile may stand behind it, and
    /// is looked for the next time.
    pub(super) fn note_looked(&self, looked: &Looked, to: u64, open: bool) {
        let mut known = locked(&self.known);
        let Looked { writers, doubts, .. } = looked;
        for (stamp, offsets) in writers.stamps() {
            known.writers.note(stamp, offsets);
        }
        known.looked_to = Some(to);
        known.resolved = *doubts;
        known.open |= open;
        drop(known);
        self.saw_end(to);
    }

    pub(super) fn last(&self, writer: u64) -> Option<Stamp> {
        locked(&self.known).writers.last(writer)
    }

    /// Decides what is to be done with a batch, by its stamp.
    pub(super) fn judge(&self, flight: Flight) -> Judged {
        let mut known = locked(&self.known);
        let Some(stamp) = flight.stamp else { return Judged::Fly(Arc::new(flight)) };
        if let Some(flying) = known.flying.get(&stamp) {
            let waiting = std::mem::take(&mut locked(&flight.progress).replies);
            let again = waiting.into_iter().map(|(reply, _)| (reply, true));
            locked(&flying.progress).replies.extend(again);
            return Judged::Answered;
        }
        match known.writers.judge(stamp) {
            Verdict::New => {
                let flight = Arc::new(flight);
                known.flying.insert(stamp, Arc::clone(&flight));
                return Judged::Fly(flight);
            }
            Verdict::Repeated(offsets) => {
                locked(&flight.progress).replies.iter_mut().for_each(|(_, again)| *again = true);
                flight.answer(&Ok(offsets));
            }
            Verdict::Fenced { epoch } => {
                flight.answer(&Err(LogError::Fenced { writer: stamp.writer(), epoch }));
            }
            Verdict::TooOld => flight.answer(&Err(LogError::TooOld {
                writer: stamp.writer(),
                sequence: stamp.sequence(),
            })),
        }
        Judged::Answered
    }

    /// The brokers have answered for all of it.
    fn landed(&self, flight: &Flight, dial: &Dial) {
        let mut known = locked(&self.known);
        let result = {
            let progress = locked(&flight.progress);
            match (&progress.failed, progress.reached) {
                (Some(error), _) => Err(error.clone()),
                (None, Some((low, high))) if high - low + 1 == progress.count => Ok(low..high + 1),
                // Others came between its records: readers do not see it.
                _ => Err(dial.stopped("the records of a batch do not stand together")),
            }
        };
        if let Some(stamp) = flight.stamp {
            known.flying.remove(&stamp);
        }
        match &result {
            Ok(offsets) => {
                if let Some(stamp) = flight.stamp {
                    known.writers.note(stamp, offsets.clone());
                }
            }
            Err(error) => {
                tracing::warn!(of = %flight.of, %error, "a batch may not have arrived");
                known.doubts += 1;
            }
        }
        flight.answer(&result);
        drop(known);
        if let Ok(offsets) = result {
            self.saw_end(offsets.end);
        }
    }
}

/// All partitions and flights of a log.
#[derive(Debug, Default)]
pub(super) struct Flights {
    partitions: Mutex<BTreeMap<TopicPartition, Arc<Partition>>>,
    /// By attempt: the one under way for longest comes first.
    flying: Mutex<BTreeMap<u64, Arc<Flight>>>,
    /// Bytes waiting and flying.
    queued: AtomicUsize,
    /// Rung when a flight lands.
    pub(super) landed: Notify,
}

impl Flights {
    pub(super) fn partition(&self, of: &TopicPartition) -> Arc<Partition> {
        let mut partitions = locked(&self.partitions);
        let entry = partitions.entry(of.clone()).or_insert_with(|| Arc::new(Partition::new()));
        Arc::clone(entry)
    }

    /// All have to be looked at again before anything is sent.
    pub(super) fn close_partitions(&self) {
        locked(&self.partitions).values().for_each(|partition| partition.close());
    }

    /// Takes room in the queue, if there is some.
    pub(super) fn enter(&self, bytes: usize, bytes_max: usize) -> bool {
        let fits = |queued: usize| {
            (queued == 0 || queued.saturating_add(bytes) <= bytes_max).then(|| queued + bytes)
        };
        self.queued.fetch_update(Ordering::Relaxed, Ordering::Relaxed, fits).is_ok()
    }

    pub(super) fn leave(&self, bytes: usize) {
        self.queued.fetch_sub(bytes, Ordering::Relaxed);
    }

    pub(super) fn take_off(&self, flight: &Arc<Flight>) {
        locked(&self.flying).insert(flight.attempt, Arc::clone(flight));
    }

    /// Takes the brokers' answer for so many records of a flight.
    pub(super) fn answered(
        &self,
        flight: &Flight,
        records: u64,
        answer: Result<u64, LogError>,
        dial: &Dial,
    ) {
        if records > 0 && !flight.record(records, answer) {
            return;
        }
        self.partition(&flight.of).landed(flight, dial);
        locked(&self.flying).remove(&flight.attempt);
        self.leave(flight.bytes);
        self.landed.notify_waiters();
    }

    /// Answers everybody whose batch took off before a time, but lets the batches fly on. Gives
    /// whether there are such flights.
    pub(super) fn give_up_waiting(&self, before: Moment, error: &LogError) -> bool {
        let flying = locked(&self.flying);
        let late = flying.values().take_while(|flight| flight.since < before);
        let mut some = false;
        for flight in late {
            flight.answer(&Err(error.clone()));
            some = true;
        }
        some
    }

    pub(super) fn is_empty(&self) -> bool {
        locked(&self.flying).is_empty()
    }
}

/// What an answer of the brokers means to whoever appends.
pub(super) fn refusal(error: &KafkaError, dial: &Dial) -> LogError {
    match error.rdkafka_error_code() {
        Some(RDKafkaErrorCode::MessageSizeTooLarge | RDKafkaErrorCode::InvalidMessageSize) => {
            LogError::Batch(BatchError::TooLarge)
        }
        _ => dial.stopped(&format!("the brokers refuse: {error}")),
    }
}
