use events::log::FileLog;
use storage::disk::{DiskFault, FaultDisk};

use super::*;
use crate::memory::Replayed;
use crate::memory::tests::{log_on, rates, seen};
use crate::store::Invalidation;

const PATH: &str = "prices.snapshot";
const FAST: u64 = 1 << 40;

struct Cell {
    disk: Arc<FaultDisk>,
    memory: Memory,
    refused: Option<String>,
    workers: Workers,
}

impl Cell {
    /// Starts as a process does, up to the replay; the one before, if any, is killed.
    async fn start(disk: &Arc<FaultDisk>) -> (Self, Replayed) {
        disk.reboot();
        let workers = Workers::start("test", 1, 4).unwrap();
        let log: Arc<FileLog> = log_on(disk);
        let parts = KeptParts {
            log: Arc::clone(&log) as _,
            disk: Arc::clone(disk) as _,
            path: PATH.to_owned(),
            store: StoreSettings::default(),
            freshness: Freshness::default(),
            indicative: IndicativeSettings::default(),
            rates: rates(),
        };
        let kept = Kept::read(parts, &workers).await.unwrap();
        let memory = Memory::open(log, 1, kept.store, kept.indicative, None).await.unwrap();
        let memory = memory.since(kept.since);
        let replayed = memory.replay().await.unwrap();
        let disk = Arc::clone(disk);
        (Self { disk, memory, refused: kept.refused, workers }, replayed)
    }

    async fn keep(&self) -> Result<u64, KeepError> {
        let disk: Arc<dyn Disk> = Arc::clone(&self.disk) as _;
        self.memory.keep(&disk, PATH, FAST, &self.workers).await
    }

    fn assert_same(&self, before: &Self, story: &str) {
        assert!(self.memory.store().same_as(before.memory.store()), "{story}");
        let bytes = |cell: &Self| {
            let mut bytes = Vec::new();
            cell.memory.indicative().snapshot(&mut bytes).unwrap();
            bytes
        };
        assert_eq!(bytes(self), bytes(before), "{story}");
    }
}

#[tokio::test]
async fn a_start_reads_the_snapshot_and_of_the_log_only_what_came_later() {
    let disk = Arc::new(FaultDisk::from_seed(1));
    let (before, _) = Cell::start(&disk).await;
    for number in 0..20 {
        before.memory.remember(seen(number, 50_000)).await.unwrap();
    }
    assert_eq!(before.keep().await.unwrap(), 20);
    before.memory.remember(seen(3, 10_000)).await.unwrap();
    before.memory.remember(seen(30, 9_000)).await.unwrap();
    let (after, replayed) = Cell::start(&disk).await;
    assert_eq!((after.refused.as_deref(), replayed.batches), (None, 2));
    after.assert_same(&before, "snapshot and rest");
}

#[tokio::test]
async fn what_was_forgotten_before_or_after_a_snapshot_stays_forgotten() {
    let disk = Arc::new(FaultDisk::from_seed(2));
    let (before, _) = Cell::start(&disk).await;
    before.memory.remember(seen(1, 50_000)).await.unwrap();
    let partner = |id| Invalidation::Partner(domain::PartnerId::literal(id));
    assert_eq!(before.memory.forget(partner("p0")).await.unwrap(), 1);
    before.keep().await.unwrap();
    assert_eq!(before.memory.forget(partner("p1")).await.unwrap(), 1);
    let (after, replayed) = Cell::start(&disk).await;
    assert_eq!((after.memory.store().size().answers, replayed.forgotten), (1, 1));
    after.assert_same(&before, "after forgetting");
}

#[tokio::test]
async fn a_damaged_snapshot_is_told_and_everything_comes_from_the_log() {
    let disk = Arc::new(FaultDisk::from_seed(3));
    let (before, _) = Cell::start(&disk).await;
    for number in 0..5 {
        before.memory.remember(seen(number, 50_000)).await.unwrap();
    }
    before.keep().await.unwrap();
    let whole = disk.bytes(PATH).unwrap();
    // The offset and the mark have no checksum of their own: they are compared with the log.
    let regions = (0..HEAD).chain((HEAD..whole.len()).step_by(97));
    for at in regions.filter(|&at| at != MAGIC.len() + 8) {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x10;
        disk.put(PATH, &bytes);
        let (after, replayed) = Cell::start(&disk).await;
        assert!(after.refused.is_some(), "byte {at} of {}", whole.len());
        assert_eq!(replayed.batches, 5, "byte {at}");
        after.assert_same(&before, "from the log");
    }
    for length in [0, 7, HEAD, whole.len() / 2, whole.len() - 1] {
        disk.put(PATH, &whole[..length]);
        let (after, replayed) = Cell::start(&disk).await;
        assert_eq!((after.refused.is_some(), replayed.batches), (true, 5), "{length} bytes");
    }
    // The next snapshot replaces it.
    let (after, _) = Cell::start(&disk).await;
    after.keep().await.unwrap();
    assert_eq!(Cell::start(&disk).await.0.refused, None);
}

#[tokio::test]
async fn a_snapshot_of_another_log_is_not_used() {
    let (one, other) = (Arc::new(FaultDisk::from_seed(4)), Arc::new(FaultDisk::from_seed(5)));
    let (cell, _) = Cell::start(&one).await;
    for number in 0..5 {
        cell.memory.remember(seen(number, 50_000)).await.unwrap();
    }
    cell.keep().await.unwrap();
    other.put(PATH, &one.bytes(PATH).unwrap());
    let (empty, _) = Cell::start(&other).await;
    assert!(empty.refused.unwrap().contains("it stands at offset 5, the log ends at 0"));
    for number in 10..16 {
        empty.memory.remember(seen(number, 40_000)).await.unwrap();
    }
    let (cell, replayed) = Cell::start(&other).await;
    assert!(cell.refused.unwrap().contains("another log"));
    assert_eq!((replayed.batches, cell.memory.store().size().questions), (6, 6));
}

#[tokio::test]
async fn there_is_no_snapshot_before_the_log_has_been_read_and_none_that_fills_the_disk() {
    let disk = Arc::new(FaultDisk::from_seed(6));
    let (cell, _) = Cell::start(&disk).await;
    cell.memory.remember(seen(1, 50_000)).await.unwrap();
    let (store, indicative) = (cell.memory.store(), cell.memory.indicative());
    let (log, store, indicative) =
        (Arc::clone(&cell.memory.log), Arc::clone(store), Arc::clone(indicative));
    let early = Memory::open(log, 2, store, indicative, None).await.unwrap();
    let early = Cell { memory: early, ..cell };
    assert!(matches!(early.keep().await, Err(KeepError::NotYet)));
    early.memory.replay().await.unwrap();
    disk.set_capacity(FREE_MIN);
    assert!(matches!(early.keep().await, Err(KeepError::Room { .. })));
    assert_eq!(disk.bytes(PATH), None);
}

/// The disk fails at every single change while a second snapshot replaces the first.
#[tokio::test]
async fn whatever_fails_while_a_snapshot_is_written_a_restart_equals_what_was() {
    for fault in [DiskFault::Error, DiskFault::Full, DiskFault::Crash] {
        for n in 1.. {
            let disk = Arc::new(FaultDisk::from_seed(n * 31 + fault as u64));
            let (before, _) = Cell::start(&disk).await;
            before.memory.remember(seen(1, 50_000)).await.unwrap();
            before.keep().await.unwrap();
            before.memory.remember(seen(2, 40_000)).await.unwrap();
            disk.fail_at(n, fault);
            let kept = before.keep().await;
            let story = format!("{fault:?} at change {n}");
            if disk.is_armed() {
                assert!(kept.is_ok() && n > 3, "{story}: {kept:?}");
                break;
            }
            let (after, replayed) = Cell::start(&disk).await;
            assert_eq!(after.refused, None, "{story}");
            assert!(replayed.batches <= 1, "{story}: {replayed:?}");
            after.assert_same(&before, &story);
        }
    }
}
