//! The thread that hands batches to librdkafka, in the order in which they came.
//!
//! librdkafka groups them into requests and sends them; its answers come on a thread of its own.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rdkafka::ClientContext;
use rdkafka::Message;
use rdkafka::config::{FromClientConfigAndContext, RDKafkaLogLevel};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{DeliveryResult, Header, OwnedHeaders};
use rdkafka::producer::{
    BaseRecord, Producer as _, ProducerContext, PurgeConfig, ThreadedProducer,
};
use runtime::{Moment, now};

use super::client::{Dial, is_unknown};
use super::flights::{Flight, Flights, Judged, Reply, refusal};
use super::mark::{MARK_HEADER, Mark};
use super::reader::Readers;
use super::topics::{Topics, partition_of};
use crate::log::batch::{Batch, Record};
use crate::log::{LogError, TopicPartition};

/// How often late flights are looked for.
const TICK: Duration = Duration::from_millis(50);
/// Pause while librdkafka has no room.
const FULL: Duration = Duration::from_millis(5);

/// A batch in front of the thread.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) of: TopicPartition,
    pub(super) batch: Batch,
    pub(super) bytes: usize,
    pub(super) since: Moment,
    pub(super) reply: Reply,
}

/// What the thread, the readers and whoever appends share.
pub(super) struct Shared {
    pub(super) dial: Dial,
    pub(super) topics: Topics,
    pub(super) readers: Readers,
    pub(super) flights: Flights,
    /// Batches are under way for too long.
    pub(super) late: AtomicBool,
    /// Nothing is tried until then.
    pause: Mutex<Option<(LogError, Moment)>>,
}

impl Shared {
    pub(super) fn new(dial: Dial) -> Result<Self, LogError> {
        Ok(Self {
            topics: Topics::new(dial.clone())?,
            readers: Readers::new(dial.clone()),
            flights: Flights::default(),
            late: AtomicBool::new(false),
            pause: Mutex::default(),
            dial,
        })
    }

    /// Why nothing can be appended at present.
    pub(super) fn refuses(&self) -> Option<LogError> {
        if self.late.load(Ordering::Relaxed) {
            return Some(self.unacknowledged());
        }
        let pause = self.pause.lock().unwrap_or_else(PoisonError::into_inner);
        pause.as_ref().filter(|(_, until)| now() < *until).map(|(error, _)| error.clone())
    }

    fn unacknowledged(&self) -> LogError {
        let patience = self.dial.settings.kafka.answer_ms.get();
        self.dial.stopped(&format!("no broker acknowledges within {patience} ms"))
    }

    fn pause(&self, error: &LogError) {
        let until = now() + self.dial.settings.retry_ms.ms();
        let mut pause = self.pause.lock().unwrap_or_else(PoisonError::into_inner);
        *pause = Some((error.clone(), until));
    }

    /// The first offset that is kept and the next one; 0 and 0 if there is no such partition. What was
    /// seen to be there does not go away: whoever says so does not know yet.
    pub(super) fn bounds(&self, of: &TopicPartition) -> Result<Range<u64>, LogError> {
        let partition = self.flights.partition(of);
        let seen = *partition.watch_end().borrow();
        let bounds = self.topics.bounds(of)?.unwrap_or(0..0);
        if bounds.end < seen {
            let end = bounds.end;
            let told = format!("{of} ends at {end} and not at {seen}, where it ended before");
            return Err(LogError::Unreadable(self.dial.said.with(&told)));
        }
        partition.saw_end(bounds.end);
        Ok(bounds)
    }

    /// Learns the stamps on a partition that are not known yet. `open`: batches will be sent to it, so
    /// it is made if it is missing.
    pub(super) fn look(&self, of: &TopicPartition, open: bool) -> Result<(), LogError> {
        let partition = self.flights.partition(of);
        let _looking = partition.looking.lock().unwrap_or_else(PoisonError::into_inner);
        if open {
            self.topics.ensure(of)?;
        }
        let mut looked = partition.looked();
        let bounds = self.bounds(of)?;
        let start = looked.to.unwrap_or(0).max(bounds.start);
        if start < bounds.end {
            self.readers.note_tail(of, &(start..bounds.end), &mut looked.writers)?;
        }
        partition.note_looked(&looked, bounds.end, open);
        Ok(())
    }
}

/// Hears from librdkafka what became of each record.
struct Deliveries(Arc<Shared>);

impl ClientContext for Deliveries {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        self.0.dial.said.log(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.0.dial.said.error(error, reason);
    }
}

impl ProducerContext for Deliveries {
    type DeliveryOpaque = Arc<Flight>;

    fn delivery(&self, result: &DeliveryResult<'_>, flight: Self::DeliveryOpaque) {
        let dial = &self.0.dial;
        let answer = match result {
            // Acknowledged without a place when it was repeated long ago.
            Ok(message) => u64::try_from(message.offset())
                .map_err(|_| dial.stopped("a record is there, but where was not said")),
            Err((error, _)) => Err(refusal(error, dial)),
        };
        self.0.flights.answered(&flight, 1, answer, dial);
    }
}

type Producer = ThreadedProducer<Deliveries>;

/// What the thread owns.
pub(super) struct Writer {
    shared: Arc<Shared>,
    producer: Option<Producer>,
    next_attempt: u64,
}

impl Writer {
    pub(super) fn new(shared: Arc<Shared>, first_attempt: u64) -> Self {
        Self { shared, producer: None, next_attempt: first_attempt }
    }

    /// The life of the thread: until whoever appends is gone.
    pub(super) fn run(mut self, waiting: &Receiver<Waiting>) {
        let mut looked = now();
        loop {
            match waiting.recv_timeout(TICK) {
                Ok(waiting) => self.append(waiting),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            if now().saturating_duration_since(looked) >= TICK {
                looked = now();
                self.look_after();
            }
        }
        self.close();
    }

    /// Answers who waited for too long, and replaces a librdkafka that gave up.
    fn look_after(&mut self) {
        let shared = &self.shared;
        let fatal = self.producer.as_ref().and_then(|producer| producer.client().fatal_error());
        if let Some((code, reason)) = fatal {
            tracing::error!(?code, reason, "appending to Kafka begins anew");
            self.let_go(Duration::ZERO);
            return;
        }
        let before = now().checked_sub(shared.dial.patience());
        let late = before
            .is_some_and(|before| shared.flights.give_up_waiting(before, &shared.unacknowledged()));
        if shared.late.swap(late, Ordering::Relaxed) != late {
            let brokers = shared.dial.place.brokers();
            match late {
                true => tracing::error!(brokers, "the brokers acknowledge nothing"),
                false => tracing::info!(brokers, "the brokers acknowledge batches again"),
            }
        }
    }

    fn append(&mut self, waiting: Waiting) {
        let shared = Arc::clone(&self.shared);
        let Waiting { of, batch, bytes, since, reply } = waiting;
        let refuse = |reply: Reply, error: LogError| {
            shared.flights.leave(bytes);
            // Whoever waited may have left.
            let _ = reply.send(Err(error));
        };
        if let Some(error) = shared.refuses() {
            return refuse(reply, error);
        }
        let partition = shared.flights.partition(&of);
        let opened = if partition.is_open() { Ok(()) } else { shared.look(&of, true) };
        if let Err(error) = opened {
            // Reading failed, but it is appending that is refused.
            let error = match error {
                LogError::Unreadable(reason) => shared.dial.stopped(&reason),
                error => error,
            };
            if matches!(error, LogError::Stopped { .. }) {
                shared.pause(&error);
            }
            return refuse(reply, error);
        }
        let attempt = self.next_attempt;
        self.next_attempt = attempt.wrapping_add(1);
        let count = batch.records.len() as u64;
        let flight = Flight::new((of, batch.stamp), attempt, (count, bytes), since, reply);
        match partition.judge(flight) {
            Judged::Answered => shared.flights.leave(bytes),
            Judged::Fly(flight) => {
                shared.flights.take_off(&flight);
                self.send(&flight, &batch);
            }
        }
    }

    /// Hands the records to librdkafka, all or as many as it takes.
    fn send(&mut self, flight: &Arc<Flight>, batch: &Batch) {
        let shared = Arc::clone(&self.shared);
        let name = shared.dial.place.topic(flight.of.topic());
        let until = now() + shared.dial.patience();
        let count = batch.records.len() as u32;
        let failed = |from: usize, error: LogError| {
            let left = batch.records.len() - from;
            shared.flights.answered(flight, left as u64, Err(error), &shared.dial);
        };
        let producer = match self.producer() {
            Ok(producer) => producer,
            Err(error) => return failed(0, refusal(&error, &shared.dial)),
        };
        for (index, record) in batch.records.iter().enumerate() {
            let mark = Mark {
                stamp: batch.stamp,
                attempt: flight.attempt,
                index: index as u32,
                count,
                at_ms: record.at_ms,
            };
            let mut one = kafka_record(&name, record, mark, Arc::clone(flight));
            one = one.partition(partition_of(&flight.of));
            while let Err((error, back)) = producer.send(one) {
                let full = error.rdkafka_error_code() == Some(RDKafkaErrorCode::QueueFull);
                if !(full || is_unknown(&error)) || now() >= until {
                    return failed(index, refusal(&error, &shared.dial));
                }
                if !full {
                    // Made a moment ago, and librdkafka has not heard of it: let it ask.
                    drop(producer.client().fetch_metadata(Some(&name), shared.dial.patience()));
                }
                producer.poll(FULL);
                one = back;
            }
        }
    }

    fn producer(&mut self) -> Result<&Producer, KafkaError> {
        let producer = match self.producer.take() {
            Some(producer) => producer,
            None => Producer::from_config_and_context(
                &self.shared.dial.writing(),
                Deliveries(Arc::clone(&self.shared)),
            )?,
        };
        Ok(self.producer.insert(producer))
    }

    /// Waits for what is under way and lets go of librdkafka; what is left then is answered.
    fn let_go(&mut self, patience: Duration) {
        let Some(producer) = self.producer.take() else { return };
        // What did not arrive in time is answered below.
        let _ = producer.flush(patience);
        producer.purge(PurgeConfig::default().queue().inflight());
        let until = now() + TICK * 20;
        while !self.shared.flights.is_empty() && now() < until {
            producer.poll(FULL);
        }
        drop(producer);
        self.shared.flights.close_partitions();
    }

    fn close(mut self) {
        self.let_go(self.shared.dial.settings.kafka.close_ms.ms());
    }
}

/// A record as Kafka gets it. Kafka has no times before 1970 and takes 0 for "now": the mark has the
/// time as it is.
fn kafka_record<'a>(
    topic: &'a str,
    record: &'a Record,
    mark: Mark,
    flight: Arc<Flight>,
) -> BaseRecord<'a, [u8], [u8], Arc<Flight>> {
    let mut headers = OwnedHeaders::new_with_capacity(record.headers.len() + 1);
    for header in &record.headers {
        headers = headers.insert(Header { key: &header.name, value: Some(&header.value[..]) });
    }
    let plain = mark.stamp.is_none() && mark.count == 1 && mark.at_ms > 0;
    if !plain || record.headers.iter().any(|header| header.name == MARK_HEADER) {
        headers = headers.insert(Header { key: MARK_HEADER, value: Some(&mark.to_bytes()[..]) });
    }
    let made = BaseRecord::with_opaque_to(topic, flight)
        .payload(&record.value[..])
        .timestamp(record.at_ms.max(1))
        .headers(headers);
    match &record.key {
        Some(key) => made.key(&key[..]),
        None => made,
    }
}
