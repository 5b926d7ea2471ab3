//! Facts and the durable log they stand in.
//!
//! ```text
//! writers ─ Batch ─▶ log::Log ─▶ FileLog: segments of Kafka record batches on a Disk
//!                      │         KafkaLog: topics on brokers (feature `kafka`)
//! readers ◀─ Fetched ──┘  from an offset, from a time, or waiting at the end
//! facts   ─ Recorder ─▶ records in Arrow, by what their stream promises   (`fact`)
//! ```
//!
//! Acknowledged means durable. The log knows nothing of what the records mean. Usable by itself: see the
//! example at [`log::FileLog`] and `examples/append_and_read.rs`. Start reading at [`mod@log`] and [`mod@fact`].

#[cfg(test)]
mod compat;
pub mod fact;
pub mod fuzz;
pub mod log;
