use domain::{Date, PartnerId};
use events::log::{FileLog, LogSettings};
use storage::disk::FaultDisk;

use super::*;
use crate::Seen;
use crate::fixture::{World, question};
use crate::freshness::Freshness;
use crate::history::Trip;
use crate::indicative::{Indicative, IndicativeSettings};
use crate::memory::Memory;
use crate::store::{Invalidation, PriceStore, StoreSettings};

const PATH: &str = "history.snap";

fn rates() -> Arc<EuroRates> {
    Arc::new(EuroRates::from(atlas::atlas().rates()))
}

fn log_on(disk: &Arc<FaultDisk>) -> Arc<FileLog> {
    let disk: Arc<dyn Disk> = Arc::clone(disk) as _;
    Arc::new(FileLog::open_inline(disk, "log", LogSettings::default()).unwrap())
}

fn follower(disk: &Arc<FaultDisk>, log: &Arc<FileLog>) -> Follower {
    Follower::open(FollowerParts {
        log: Arc::clone(log) as _,
        disk: Arc::clone(disk) as _,
        path: PATH.to_owned(),
        rates: rates(),
        settings: HistorySettings::default(),
    })
    .unwrap()
}

async fn remember(log: &Arc<FileLog>, writer: u64, answers: Vec<Seen>) {
    let store = Arc::new(PriceStore::new(StoreSettings::default(), Freshness::default()));
    let indicative = Arc::new(Indicative::new(IndicativeSettings::default(), rates()));
    let memory = Memory::open(Arc::clone(log) as _, writer, store, indicative, None).await.unwrap();
    memory.remember(answers).await.unwrap();
}

fn seen(partner: &'static str) -> Vec<Seen> {
    let mut asked = question(1);
    let today = (runtime::unix_ms() / 86_400_000) as i32;
    for (leg, days) in asked.legs.iter_mut().zip([60, 67]) {
        leg.date = Date::from_days(today + days);
    }
    let world = World::new(asked, 20);
    vec![world.seen(PartnerId::literal(partner), runtime::unix_ms(), 1, 30)]
}

/// Days that are known of the trip of `seen`.
fn days(history: &History) -> usize {
    let one = &seen("p0")[0];
    let [out, back] = &one.question.legs[..] else { panic!("a return trip") };
    let trip = Trip {
        market: one.question.market,
        origins: &out.origin.airports,
        destinations: &out.destination.airports,
        departs: out.date,
        returns: Some(back.date),
    };
    history.daily(&trip, runtime::unix_ms()).len()
}

/// Runs a follower until it has everything, then stops it.
async fn run_until(follower: Follower, offset: u64) -> Arc<History> {
    let (workers, shutdown) = (Workers::start("test", 1, 8).unwrap(), Shutdown::default());
    let (history, log) = (Arc::clone(follower.history()), Arc::clone(&follower.log));
    let partition = follower.partition.clone();
    let task = follower.run(workers, shutdown.clone(), Duration::from_secs(3_600));
    let stop = async {
        log.reaches(&partition, offset - 1).await.unwrap();
        // The follower is told at the same moment.
        tokio::time::sleep(Duration::from_millis(300)).await;
        shutdown.begin();
    };
    tokio::join!(task, stop);
    history
}

#[tokio::test]
async fn the_history_follows_the_log_and_goes_on_from_its_snapshot() {
    let disk = Arc::new(FaultDisk::from_seed(1));
    let log = log_on(&disk);
    remember(&log, 1, seen("p0")).await;
    let first = follower(&disk, &log);
    assert_eq!((first.offset(), days(first.history())), (0, 0));
    let history = run_until(first, 1).await;
    assert_eq!(days(&history), 1);

    disk.crash();
    disk.reboot();
    let log = log_on(&disk);
    let again = follower(&disk, &log);
    assert_eq!((again.offset(), days(again.history())), (1, 1));
    assert_eq!(again.history().size(), history.size());
    remember(&log, 2, seen("p1")).await;
    run_until(again, 2).await;
    assert_eq!(follower(&disk, &log).offset(), 2);
}

#[tokio::test]
async fn a_route_that_was_forgotten_has_no_history_and_stays_without_after_a_restart() {
    let disk = Arc::new(FaultDisk::from_seed(4));
    let log = log_on(&disk);
    let told = seen("p0");
    remember(&log, 1, told.clone()).await;
    let [out, back] = &told[0].question.legs[..] else { panic!("a return trip") };
    let ends = (out.origin.airports[0], out.destination.airports[0]);
    assert_eq!((back.origin.airports[0], back.destination.airports[0]), (ends.1, ends.0));
    let forget = |writer, origin, destination| {
        let log = Arc::clone(&log);
        async move {
            let store = Arc::new(PriceStore::new(StoreSettings::default(), Freshness::default()));
            let indicative = Arc::new(Indicative::new(IndicativeSettings::default(), rates()));
            let memory = Memory::open(log as _, writer, store, indicative, None).await.unwrap();
            memory.forget(Invalidation::Route { origin, destination }).await.unwrap();
        }
    };
    forget(2, ends.1, ends.0).await;
    let history = run_until(follower(&disk, &log), 2).await;
    assert_eq!(days(&history), 1, "the way back is another route");
    forget(3, ends.0, ends.1).await;
    let history = run_until(follower(&disk, &log), 3).await;
    assert_eq!(days(&history), 0);
    assert_eq!(days(follower(&disk, &log).history()), 0);
    // Without its snapshot all comes from the log, and the record that forgets with it.
    disk.put(PATH, b"");
    let history = run_until(follower(&disk, &log), 3).await;
    assert_eq!(days(&history), 0);
    remember(&log, 4, seen("p1")).await;
    let history = run_until(follower(&disk, &log), 4).await;
    assert_eq!(days(&history), 1);
}

#[tokio::test]
async fn a_snapshot_that_cannot_be_read_costs_only_what_the_log_has_forgotten() {
    let disk = Arc::new(FaultDisk::from_seed(2));
    let log = log_on(&disk);
    remember(&log, 1, seen("p0")).await;
    run_until(follower(&disk, &log), 1).await;
    let whole = disk.bytes(PATH).unwrap();
    for damaged in [&whole[..whole.len() - 1], &whole[..3], b"another file of some other kind"] {
        disk.put(PATH, damaged);
        let opened = follower(&disk, &log);
        assert_eq!((opened.offset(), days(opened.history())), (0, 0));
    }
    let history = run_until(follower(&disk, &log), 1).await;
    assert_eq!(days(&history), 1);
}

#[tokio::test]
async fn a_fault_while_a_snapshot_is_written_leaves_the_one_before() {
    let disk = Arc::new(FaultDisk::from_seed(3));
    let log = log_on(&disk);
    remember(&log, 1, seen("p0")).await;
    let history = run_until(follower(&disk, &log), 1).await;
    let mut failures = 0;
    for n in 1.. {
        disk.fail_at(n, disk::DiskFault::Error);
        let written = write_snapshot(&*disk, PATH, 1, &history);
        disk.crash();
        disk.reboot();
        let opened = follower(&disk, &log_on(&disk));
        assert_eq!((opened.offset(), days(opened.history())), (1, 1), "fault {n}");
        if written.is_ok() {
            break;
        }
        failures += 1;
    }
    assert!(failures >= 4, "creating, writing, syncing, renaming: {failures}");
}
