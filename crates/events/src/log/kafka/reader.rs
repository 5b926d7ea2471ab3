//! Reading records back into batches.
//!
//! Each reader is a connection of its own that fetches ahead from one place. Whoever reads on where
//! a reader stands gets that one; otherwise one is set to another place. At most
//! [`Readers::most`] are kept.

use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use rdkafka::Message;
use rdkafka::config::FromClientConfigAndContext;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{BorrowedMessage, Headers};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use runtime::now;

use super::client::{Dial, Said, is_unknown};
use super::mark::{Grouping, MARK_HEADER, Mark, Step};
use super::topics::partition_of;
use crate::log::batch::{
    Batch, BatchError, BatchHead, Compression, HEADERS_MAX, Header, Record, Stamp,
    UNPACKED_BYTES_MAX, set_base_offset,
};
use crate::log::writers::Writers;
use crate::log::{Fetched, LogError, Lost, StoredBatch, TopicPartition};

/// How long the rest of a batch is waited for at the end of the log, and records after the word that
/// there are none.
const REST: Duration = Duration::from_millis(200);
/// Reads past what was the end: whatever comes within [`REST`].
const NO_END: u64 = u64::MAX;
/// Records at the end of a partition that are looked through at first.
const TAIL_RECORDS: u64 = 64;

/// What came next.
enum Next {
    Record {
        offset: u64,
        mark: Mark,
        record: Record,
    },
    /// It cannot be one of ours; why.
    Unreadable {
        offset: u64,
        reason: &'static str,
    },
    /// Nothing more.
    End,
}

/// A connection and where it stands.
pub(super) struct Reader {
    dial: Dial,
    consumer: BaseConsumer<Said>,
    of: Option<TopicPartition>,
    /// The offset after the last record that came.
    position: u64,
    /// Nothing came yet from where it was set.
    fresh: bool,
    grouping: Grouping,
    /// Records of the batch that is begun.
    begun: Vec<Record>,
    begun_bytes: usize,
    /// A batch that came but had no room any more.
    ready: Option<StoredBatch>,
}

impl Reader {
    fn new(dial: Dial) -> Result<Self, LogError> {
        let consumer = BaseConsumer::from_config_and_context(&dial.reading(), dial.said.clone());
        let consumer = consumer.map_err(|error| dial.unreadable(&error))?;
        Ok(Self {
            dial,
            consumer,
            of: None,
            position: 0,
            fresh: true,
            grouping: Grouping::default(),
            begun: Vec::new(),
            begun_bytes: 0,
            ready: None,
        })
    }

    /// The offset whose batch comes next.
    fn stands_at(&self) -> u64 {
        let ready = self.ready.as_ref().map(|batch| batch.offsets().start);
        ready.or(self.grouping.begun()).unwrap_or(self.position)
    }

    /// Fetches from another offset; what was fetched before is thrown away.
    fn assign(&self, of: &TopicPartition, offset: u64) -> Result<(), LogError> {
        let name = self.dial.place.topic(of.topic());
        let at = Offset::Offset(i64::try_from(offset).unwrap_or(i64::MAX));
        let mut places = TopicPartitionList::new();
        let set = places
            .add_partition_offset(&name, partition_of(of), at)
            .and_then(|()| self.consumer.assign(&places));
        set.map_err(|error| self.dial.unreadable(&error))
    }

    fn go_to(&mut self, of: &TopicPartition, offset: u64) -> Result<(), LogError> {
        self.assign(of, offset)?;
        self.of = Some(of.clone());
        self.position = offset;
        self.fresh = true;
        self.forget_begun();
        self.ready = None;
        Ok(())
    }

    fn forget_begun(&mut self) {
        self.grouping.forget();
        self.begun.clear();
        self.begun_bytes = 0;
    }

    /// The next record before `end`.
    fn next(&mut self, of: &TopicPartition, end: u64) -> Result<Next, LogError> {
        let patience = if end == NO_END { REST } else { self.dial.patience() };
        let mut until = now() + patience;
        // Brokers said that there is nothing more; and said it after we went there again.
        let (mut ended, mut asked_again) = (false, false);
        while self.position < end {
            let message = match self.consumer.poll(until.saturating_duration_since(now())) {
                Some(Ok(message)) => message,
                Some(Err(KafkaError::PartitionEOF(_))) if asked_again => break,
                // Said perhaps before the last records were there.
                Some(Err(KafkaError::PartitionEOF(_))) => {
                    ended = true;
                    until = until.min(now() + REST);
                    continue;
                }
                Some(Err(error)) if is_final(&error) => return Err(self.dial.unreadable(&error)),
                Some(Err(_)) if now() < until => continue,
                Some(Err(_)) | None if end == NO_END => return Ok(Next::End),
                Some(Err(_)) | None if ended && !asked_again => {
                    // What is left are markers of transactions, or was cleaned away: if it is so,
                    // it is said again.
                    self.assign(of, self.position)?;
                    asked_again = true;
                    until = now() + patience;
                    continue;
                }
                Some(Err(_)) | None => {
                    let silent = format!("{} gives no records", self.dial.place.brokers());
                    return Err(LogError::Unreadable(self.dial.said.with(&silent)));
                }
            };
            let Ok(offset) = u64::try_from(message.offset()) else { continue };
            self.position = offset + 1;
            // The library panics on a header whose name is not UTF-8.
            let taken = catch_unwind(AssertUnwindSafe(|| take(&message)));
            return Ok(match taken {
                Ok(Ok((mark, record))) => Next::Record { offset, mark, record },
                Ok(Err(reason)) => Next::Unreadable { offset, reason },
                Err(_) => Next::Unreadable { offset, reason: "a header's name" },
            });
        }
        self.position = self.position.max(if end == NO_END { 0 } else { end });
        Ok(Next::End)
    }

    /// The next whole batch before `end`, of a log that begins at `start`.
    fn next_batch(
        &mut self,
        of: &TopicPartition,
        start: u64,
        end: u64,
    ) -> Result<Option<StoredBatch>, LogError> {
        if let Some(batch) = self.ready.take() {
            return Ok(Some(batch));
        }
        loop {
            let (offset, mark, record) = match self.next(of, end)? {
                Next::Record { offset, mark, record } => (offset, mark, record),
                Next::Unreadable { offset, reason } => {
                    self.forget_begun();
                    return Err(lost(of, offset..offset + 1, reason));
                }
                Next::End => return Ok(None),
            };
            let first = std::mem::take(&mut self.fresh);
            let bytes = record.value.len() + record.key.as_ref().map_or(0, Bytes::len);
            match self.grouping.take(offset, mark) {
                Step::Begun => {
                    self.begun = vec![record];
                    self.begun_bytes = bytes;
                }
                Step::More => {
                    self.begun_bytes += bytes;
                    self.begun.push(record);
                    if self.begun_bytes > UNPACKED_BYTES_MAX {
                        self.forget_begun();
                        return Err(lost(of, offset..offset + 1, "a batch beyond its limit"));
                    }
                }
                Step::Whole(offsets) => {
                    let mut records = std::mem::take(&mut self.begun);
                    if mark.count == 1 {
                        records.clear();
                    }
                    records.push(record);
                    self.begun_bytes = 0;
                    return stored(records, mark.stamp, offsets.start)
                        .map(Some)
                        .map_err(|_| lost(of, offsets, "a batch beyond its limit"));
                }
                // In the middle of a batch: it begins before.
                Step::Stray if first && offset >= start + u64::from(mark.index) => {
                    self.go_to(of, offset - u64::from(mark.index))?;
                    self.fresh = false;
                }
                Step::Stray => self.begun.clear(),
            }
        }
    }

    /// Reads as [`crate::log::ReadLog::read`] says, from an offset that is there.
    fn read(
        &mut self,
        of: &TopicPartition,
        offset: u64,
        bounds: &Range<u64>,
        bytes_max: usize,
    ) -> Result<Fetched, LogError> {
        if self.of.as_ref() != Some(of) || self.stands_at() != offset {
            self.go_to(of, offset)?;
        }
        let mut fetched = Fetched { batches: Vec::new(), next: offset };
        let (mut bytes, mut end) = (0, bounds.end);
        loop {
            let batch = match self.next_batch(of, bounds.start, end) {
                Ok(Some(batch)) => batch,
                // The rest of a batch that is under way.
                Ok(None)
                    if fetched.batches.is_empty()
                        && self.grouping.begun().is_some()
                        && end != NO_END =>
                {
                    end = NO_END;
                    continue;
                }
                Ok(None) => break,
                // Told when it is the next thing to be read.
                Err(LogError::Lost(_)) if !fetched.batches.is_empty() => break,
                Err(error) => return Err(error),
            };
            if batch.offsets().end <= offset {
                continue;
            }
            bytes += batch.bytes().len();
            if bytes > bytes_max && !fetched.batches.is_empty() {
                self.ready = Some(batch);
                break;
            }
            fetched.next = batch.offsets().end;
            fetched.batches.push(batch);
        }
        if fetched.batches.is_empty() {
            // Only strays stood there, or a batch that is not whole yet.
            fetched.next = self.stands_at().max(offset);
        }
        Ok(fetched)
    }

    /// Notes the stamps of the batches in a range; gives the bytes that were read.
    fn note_stamps(
        &mut self,
        of: &TopicPartition,
        range: &Range<u64>,
        writers: &mut Writers,
    ) -> Result<u64, LogError> {
        self.go_to(of, range.start)?;
        let mut bytes = 0;
        loop {
            match self.next(of, range.end)? {
                Next::Record { offset, mark, record } => {
                    bytes += record.value.len() as u64;
                    if let Step::Whole(offsets) = self.grouping.take(offset, mark)
                        && let Some(stamp) = mark.stamp
                    {
                        writers.note(stamp, offsets);
                    }
                }
                Next::Unreadable { .. } => self.grouping.forget(),
                Next::End => return Ok(bytes),
            }
        }
    }
}

/// The readers that are kept.
pub(super) struct Readers {
    dial: Dial,
    most: usize,
    idle: Mutex<Vec<Reader>>,
}

impl Readers {
    pub(super) fn new(dial: Dial) -> Self {
        let most = dial.settings.readers.size() + 1;
        Self { dial, most, idle: Mutex::default() }
    }

    /// Lends a reader, best one that stands where it is needed. After an error it is not kept.
    fn lend<T>(
        &self,
        place: Option<(&TopicPartition, u64)>,
        run: impl FnOnce(&mut Reader) -> Result<T, LogError>,
    ) -> Result<T, LogError> {
        let found = {
            let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
            let there = |reader: &Reader| {
                place.is_some_and(|(of, offset)| {
                    reader.of.as_ref() == Some(of) && reader.stands_at() == offset
                })
            };
            match idle.iter().position(there) {
                Some(at) => Some(idle.remove(at)),
                // The one not used for longest.
                None if idle.len() >= self.most => Some(idle.remove(0)),
                None => None,
            }
        };
        let mut reader = match found {
            Some(reader) => reader,
            None => Reader::new(self.dial.clone())?,
        };
        let result = run(&mut reader);
        if matches!(result, Ok(_) | Err(LogError::Lost(_))) {
            let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
            if idle.len() < self.most {
                idle.push(reader);
            }
        }
        result
    }

    /// Reads as [`crate::log::ReadLog::read`] says, from an offset within the bounds.
    pub(super) fn read(
        &self,
        of: &TopicPartition,
        offset: u64,
        bounds: &Range<u64>,
        bytes_max: usize,
    ) -> Result<Fetched, LogError> {
        self.lend(Some((of, offset)), |reader| reader.read(of, offset, bounds, bytes_max))
    }

    /// Notes the stamps of the newest batches in a range: at least [`TAIL_RECORDS`] records, and more
    /// until `tail_bytes` were read.
    pub(super) fn note_tail(
        &self,
        of: &TopicPartition,
        range: &Range<u64>,
        writers: &mut Writers,
    ) -> Result<(), LogError> {
        let bytes_max = self.dial.settings.kafka.tail_bytes.get();
        let mut records = TAIL_RECORDS;
        self.lend(None, |reader| {
            loop {
                let start = range.end.saturating_sub(records).max(range.start);
                // From farther back each time, so that no batch is cut.
                let bytes = reader.note_stamps(of, &(start..range.end), writers)?;
                if start == range.start || bytes >= bytes_max {
                    return Ok(());
                }
                let fits = records.saturating_mul(bytes_max) / bytes.max(1);
                records = fits.clamp(records + TAIL_RECORDS, records * 8);
            }
        })
    }
}

/// Reading cannot go on from there.
fn is_final(error: &KafkaError) -> bool {
    let code = error.rdkafka_error_code();
    is_unknown(error)
        || matches!(
            code,
            Some(RDKafkaErrorCode::AutoOffsetReset | RDKafkaErrorCode::OffsetOutOfRange)
        )
}

fn lost(of: &TopicPartition, offsets: Range<u64>, reason: &str) -> LogError {
    let file = format!("{of} on the brokers: {reason}");
    LogError::Lost(Lost { offsets, file, bytes: 0..0 })
}

/// A record and its mark.
fn take(message: &BorrowedMessage<'_>) -> Result<(Mark, Record), &'static str> {
    let at_ms = message.timestamp().to_millis().unwrap_or(0);
    let mut mark = Mark { stamp: None, attempt: 0, index: 0, count: 1, at_ms };
    let count = message.headers().map_or(0, Headers::count);
    if count > HEADERS_MAX + 1 {
        return Err("too many headers");
    }
    let mut headers = Vec::with_capacity(count);
    for header in message.headers().into_iter().flat_map(Headers::iter) {
        let value = Bytes::copy_from_slice(header.value.unwrap_or_default());
        headers.push(Header { name: header.key.to_owned(), value });
    }
    if let Some(last) = headers.last()
        && last.name == MARK_HEADER
        && let Some(read) = Mark::read(&last.value)
    {
        mark = read;
        headers.pop();
    }
    let record = Record {
        at_ms: mark.at_ms,
        key: message.key().map(Bytes::copy_from_slice),
        value: Bytes::copy_from_slice(message.payload().unwrap_or_default()),
        headers,
    };
    Ok((mark, record))
}

/// Records as the log gives them; packed only if they are beyond the limit otherwise.
fn stored(
    records: Vec<Record>,
    stamp: Option<Stamp>,
    base: u64,
) -> Result<StoredBatch, BatchError> {
    let mut batch = Batch { records, stamp, compression: Compression::None };
    let mut bytes = match batch.encode() {
        Err(BatchError::TooLarge) => {
            batch.compression = Compression::Lz4;
            batch.encode()?
        }
        encoded => encoded?,
    };
    set_base_offset(&mut bytes, base);
    Ok(StoredBatch::new(BatchHead::read(&bytes)?, bytes.into()))
}
