//! Appends three facts to a log in a temporary folder, closes it, opens it again and reads them.
//!
//! `cargo run -p events --example append_and_read`

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;
use std::sync::Arc;

use events::log::{Batch, FileLog, LogSettings, Record, Stamp, TopicPartition};
use runtime::unix_ms;
use storage::disk::RealDisk;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::temp_dir().join(format!("fareway-example-{}", std::process::id()));
    let prices = TopicPartition::new("prices", 0)?;

    let log = FileLog::open(Arc::new(RealDisk::open(&folder)?), "log", LogSettings::default())?;
    // A writer that starts again goes on in its next epoch.
    let last = log.last_stamp_now(&prices, 1).and_then(Stamp::next_epoch);
    let mut stamp = last.or(Stamp::new(1, 0, 0));
    for price in ["EDI-SIN 431.20 GBP", "EDI-SIN 428.00 GBP", "LHR-JFK 310.50 GBP"] {
        let Some(now) = stamp else { break };
        let batch = Batch::one(Record::of(price, unix_ms())).stamped(now);
        let appended = log.append_now(&prices, &batch).wait()?;
        println!("on disk at offset {}: {price}", appended.offsets.start);
        stamp = now.next();
    }
    drop(log);

    let log = FileLog::open(Arc::new(RealDisk::open(&folder)?), "log", LogSettings::default())?;
    println!("opened again: {:?}, {:?}", log.bounds_now(&prices), log.report());
    let mut next = 0;
    loop {
        let fetched = log.read_now(&prices, next, 1 << 20)?;
        if fetched.batches.is_empty() {
            break;
        }
        next = fetched.next;
        for batch in fetched.batches {
            for (offset, record) in batch.offsets().zip(batch.records()?) {
                println!("read {offset}: {}", String::from_utf8_lossy(&record.value));
            }
        }
    }
    drop(log);
    std::fs::remove_dir_all(&folder)?;
    Ok(())
}
