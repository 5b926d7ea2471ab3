//! What the log costs on this disk, beside the same bytes written and synced by hand.
//!
//! `cargo run --release -p events --example log_speed [folder [URL]]`. One batch is 12,000 bytes, what
//! about 2,700 prices need. Prints, for each load: batches/s, MB/s, latency of acknowledgement. With
//! the URL of a log on Kafka (`--features kafka`) it runs the same there; its topic must be new.

#![expect(clippy::print_stdout, reason = "it is a measurement")]

use std::collections::VecDeque;
use std::error::Error;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use events::log::{self, Appending, Batch, Log, LogSettings, Record, Stamp, TopicPartition};
use hdrhistogram::Histogram;
use runtime::{Random, now, unix_ms};
use storage::disk::{Disk, RealDisk};

const BATCH_BYTES: usize = 12_000;
const PRICES: f64 = 2_700.0;

fn value() -> Bytes {
    let mut random = Random::from_seed(1);
    (0..BATCH_BYTES).map(|_| random.bits() as u8).collect::<Vec<_>>().into()
}

/// Writes and syncs groups, one every `every`, and prints the rate and how long each took: the wall.
fn by_hand(disk: &dyn Disk, bytes: usize, every: Duration) -> Result<(), Box<dyn Error>> {
    let file = disk.create("by-hand")?;
    let group = value().repeat(bytes / BATCH_BYTES);
    let mut took = Histogram::<u64>::new(3)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    let started = now();
    let mut position = 0;
    while started.elapsed() < Duration::from_secs(4) {
        let begun = now();
        file.write_at(position, &group)?;
        file.sync()?;
        took.record(begun.elapsed().as_micros() as u64)?;
        position += group.len() as u64;
        // A timer takes a millisecond at least: none where none is wanted.
        if !every.is_zero() {
            runtime.block_on(async { tokio::time::sleep_until(begun + every).await });
        }
    }
    let rate = position as f64 / started.elapsed().as_secs_f64() / 1e6;
    let [p50, p99] = [0.5, 0.99].map(|q| took.value_at_quantile(q) as f64 / 1e3);
    println!(
        "by hand, {:>9} B every {every:>4?}: {rate:>7.1} MB/s, one write + sync p50 {p50:.2} p99 {p99:.2} ms",
        group.len()
    );
    drop(file);
    disk.remove("by-hand")?;
    Ok(())
}

struct Load {
    name: &'static str,
    /// None: as fast as it goes.
    per_second: Option<f64>,
    in_flight: usize,
    seconds: u64,
}

fn run(log: &dyn Log, load: &Load, sequence: &mut u32) -> Result<(), Box<dyn Error>> {
    let to = TopicPartition::new("prices", 0)?;
    let value = value();
    let mut latency = Histogram::<u64>::new(3)?;
    let mut waiting: VecDeque<(Appending, runtime::Moment)> = VecDeque::new();
    let started = now();
    let mut sent = 0_u64;
    let lasting = Duration::from_secs(load.seconds);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    runtime.block_on(async {
        while started.elapsed() < lasting {
            let due = match load.per_second {
                Some(rate) => (started.elapsed().as_secs_f64() * rate) as u64,
                None => u64::MAX,
            };
            while sent < due && waiting.len() < load.in_flight {
                let stamp = Stamp::new(1, 0, *sequence).ok_or("no more stamps")?;
                *sequence += 1;
                let batch = Batch::one(Record::of(value.clone(), unix_ms())).stamped(stamp);
                let begun = now();
                waiting.push_back((log.append(&to, &batch), begun));
                sent += 1;
            }
            let Some((appending, begun)) = waiting.front_mut() else {
                tokio::time::sleep(Duration::from_millis(1)).await;
                continue;
            };
            let soon = tokio::time::timeout(Duration::from_micros(500), appending).await;
            if let Ok(appended) = soon {
                appended?;
                latency.record(begun.elapsed().as_micros() as u64)?;
                waiting.pop_front();
            }
        }
        for (appending, begun) in waiting {
            appending.await?;
            latency.record(begun.elapsed().as_micros() as u64)?;
        }
        Ok::<(), Box<dyn Error>>(())
    })?;
    let seconds = started.elapsed().as_secs_f64();
    let rate = sent as f64 / seconds;
    println!(
        "{:<28} {rate:>9.0} batches/s {:>7.1} MB/s {:>7.2} M prices/s  ack p50 {:>6.2} p99 {:>6.2} max {:>6.2} ms",
        load.name,
        rate * BATCH_BYTES as f64 / 1e6,
        rate * PRICES / 1e6,
        latency.value_at_quantile(0.5) as f64 / 1e3,
        latency.value_at_quantile(0.99) as f64 / 1e3,
        latency.max() as f64 / 1e3,
    );
    Ok(())
}

/// All loads, then everything read again by a log that is opened anew.
fn measure(open: &dyn Fn() -> Result<Arc<dyn Log>, Box<dyn Error>>) -> Result<(), Box<dyn Error>> {
    let log = open()?;
    let load = |name, per_second, in_flight, seconds| Load { name, per_second, in_flight, seconds };
    let mut sequence = 0;
    for load in [
        load("mean of a day", Some(430.0), 200, 5),
        load("peak", Some(5_000.0), 200, 5),
        load("30 M prices/s", Some(11_111.0), 200, 5),
        load("all it takes, 128 in flight", None, 128, 5),
        load("all it takes, 512 in flight", None, 512, 5),
    ] {
        run(&*log, &load, &mut sequence)?;
    }
    drop(log);

    let started = now();
    let log = open()?;
    let of = TopicPartition::new("prices", 0)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    let start = runtime.block_on(log.bounds(&of))?.start;
    println!("opened again in {:.0} ms", started.elapsed().as_secs_f64() * 1e3);
    let (started, mut bytes, mut records, mut next) = (now(), 0, 0, start);
    loop {
        let fetched = runtime.block_on(log.read(&of, next, 4 << 20))?;
        if fetched.batches.is_empty() {
            break;
        }
        next = fetched.next;
        for batch in &fetched.batches {
            bytes += batch.bytes().len();
            records += batch.records()?.len();
        }
    }
    let seconds = started.elapsed().as_secs_f64();
    println!(
        "read again, checksums compared: {:.0} MB/s, {:.1} M prices/s ({records} batches)",
        bytes as f64 / 1e6 / seconds,
        records as f64 * PRICES / 1e6 / seconds
    );
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let parent = std::env::args().nth(1).map_or_else(std::env::temp_dir, PathBuf::from);
    let folder = parent.join(format!("fareway-log-speed-{}", std::process::id()));
    let disk = Arc::new(RealDisk::open(&folder)?);
    for (bytes, every_ms) in [(24_000, 4), (240_000, 4), (48_000, 0), (1_536_000, 0)] {
        by_hand(&*disk, bytes, Duration::from_millis(every_ms))?;
    }
    for url in std::iter::once(String::new()).chain(std::env::args().nth(2)) {
        println!("{}", if url.is_empty() { "in files" } else { "on Kafka" });
        measure(&|| {
            let disk = Arc::clone(&disk) as Arc<dyn Disk>;
            Ok(log::open(&url, disk, "log", LogSettings::default())?)
        })?;
    }
    std::fs::remove_dir_all(&folder)?;
    Ok(())
}
