use std::time::Duration;

use domain::CurrencyCode;
use events::log::{FileLog, LogSettings};
use storage::disk::{Disk, FaultDisk};

use super::*;
use crate::fixture::{World, question};
use crate::freshness::Freshness;
use crate::indicative::{EuroRates, IndicativeSettings};
use crate::store::{StoreSettings, Wanted};

pub(super) fn log_on(disk: &Arc<FaultDisk>) -> Arc<FileLog> {
    let settings = LogSettings { retry_ms: runtime::Limited::literal(1), ..LogSettings::default() };
    let disk: Arc<dyn Disk> = Arc::clone(disk) as _;
    Arc::new(FileLog::open_inline(disk, "log", settings).unwrap())
}

pub(super) fn rates() -> Arc<EuroRates> {
    let rates = ["GBP", "EUR", "USD"].map(|code| (code.parse::<CurrencyCode>().unwrap(), 0.01));
    Arc::new(EuroRates::new(rates))
}

async fn memory_on(disk: &Arc<FaultDisk>) -> Memory {
    let indicative = Arc::new(Indicative::new(IndicativeSettings::default(), rates()));
    let store = Arc::new(PriceStore::new(StoreSettings::default(), Freshness::default()));
    Memory::open(log_on(disk), 1, store, indicative, None).await.unwrap()
}

/// Answers of three partners to a question that is still ahead, seen so many milliseconds ago.
pub(super) fn seen(number: u64, age_ms: i64) -> Vec<Seen> {
    let mut asked = question(number);
    let today = (runtime::unix_ms() / 86_400_000) as i32;
    for (leg, days) in asked.legs.iter_mut().zip([60, 67]) {
        leg.date = domain::Date::from_days(today + days + (number % 20) as i32);
    }
    let world = World::new(asked, 12);
    let at_ms = runtime::unix_ms() - age_ms;
    let partners = ["p0", "p1", "p2"].map(domain::PartnerId::literal);
    partners.iter().map(|&partner| world.seen(partner, at_ms, number, 20)).collect()
}

fn recalled(memory: &Memory, seen: &[Seen]) -> usize {
    memory.store().recall(seen[0].question.key(), runtime::unix_ms(), Wanted::Fresh).len()
}

#[tokio::test]
async fn after_a_restart_everything_that_was_acknowledged_is_there_again() {
    let disk = Arc::new(FaultDisk::from_seed(1));
    let before = memory_on(&disk).await;
    for number in 0..20 {
        before.remember(seen(number, 5_000)).await.unwrap();
    }
    // The same question again, later: the newer answers stay.
    before.remember(seen(3, 1_000)).await.unwrap();
    disk.crash();
    disk.reboot();
    let after = memory_on(&disk).await;
    assert_eq!(after.store().size().answers, 0, "nothing is read before it is asked for");
    let replayed = after.replay().await.unwrap();
    assert_eq!((replayed.batches, replayed.answers, replayed.lost.len()), (21, 63, 0));
    assert!(replayed.prices > 500, "{replayed:?}");
    assert!(after.store().same_as(before.store()));
    assert!(before.indicative().size().entries > 0);
    assert_eq!(after.indicative().size().entries, before.indicative().size().entries);
}

#[tokio::test]
async fn prices_are_used_although_the_disk_refuses_and_the_caller_is_told() {
    let disk = Arc::new(FaultDisk::from_seed(2));
    let memory = memory_on(&disk).await;
    memory.remember(seen(1, 0)).await.unwrap();
    disk.set_read_only(true);
    let refused = seen(2, 0);
    let told = memory.remember(refused.clone()).await;
    assert!(matches!(told, Err(MemoryError::Log(LogError::Stopped { .. }))), "{told:?}");
    assert_eq!(recalled(&memory, &refused), 3);
    disk.set_read_only(false);
    tokio::time::sleep(Duration::from_millis(5)).await;
    memory.remember(seen(4, 0)).await.unwrap();

    let after = memory_on_again(&disk, memory).await;
    after.replay().await.unwrap();
    assert_eq!(recalled(&after, &seen(1, 0)), 3);
    assert_eq!(recalled(&after, &refused), 0, "it was said that they are not durable");
    assert_eq!(recalled(&after, &seen(4, 0)), 3);
}

#[tokio::test]
async fn damage_costs_the_damaged_batch_and_is_told() {
    let disk = Arc::new(FaultDisk::from_seed(3));
    let memory = memory_on(&disk).await;
    for number in 0..3 {
        memory.remember(seen(number, 0)).await.unwrap();
    }
    let folder = format!("log/{TOPIC}-0");
    let names = disk.list(&folder).unwrap();
    let segment = names.iter().find(|entry| entry.name.ends_with(".log")).unwrap();
    let path = format!("{folder}/{}", segment.name);
    let length = disk.bytes(&path).unwrap().len() as u64;
    assert!(disk.flip(&path, length / 2, 3));
    let after = memory_on_again(&disk, memory).await;
    let replayed = after.replay().await.unwrap();
    assert_eq!((replayed.batches, replayed.lost.len()), (2, 1), "{replayed:?}");
    assert!(replayed.lost[0].contains("lost"), "{}", replayed.lost[0]);
    assert_eq!(recalled(&after, &seen(0, 0)) + recalled(&after, &seen(2, 0)), 6);
}

#[tokio::test]
async fn a_second_writer_of_the_same_number_ends_the_first() {
    let disk = Arc::new(FaultDisk::from_seed(4));
    let log = log_on(&disk);
    let open = async || {
        let store = Arc::new(PriceStore::new(StoreSettings::default(), Freshness::default()));
        let indicative = Arc::new(Indicative::new(IndicativeSettings::default(), Arc::default()));
        Memory::open(Arc::clone(&log) as _, 7, store, indicative, None).await.unwrap()
    };
    let first = open().await;
    first.remember(seen(1, 0)).await.unwrap();
    let second = open().await;
    second.remember(seen(2, 0)).await.unwrap();
    let told = first.remember(seen(3, 0)).await;
    assert!(matches!(told, Err(MemoryError::Log(LogError::Fenced { writer: 7, .. }))), "{told:?}");
}

async fn memory_on_again(disk: &Arc<FaultDisk>, before: Memory) -> Memory {
    // The lock goes with the log.
    drop(before);
    memory_on(disk).await
}

#[tokio::test]
async fn what_was_forgotten_stays_forgotten_after_a_restart_and_can_be_learnt_again() {
    let disk = Arc::new(FaultDisk::from_seed(5));
    let memory = memory_on(&disk).await;
    memory.remember(seen(1, 1_000)).await.unwrap();
    memory.remember(seen(2, 1_000)).await.unwrap();
    let partner = domain::PartnerId::literal("p1");
    assert_eq!(memory.forget(Invalidation::Partner(partner)).await, Ok(2));
    assert_eq!(recalled(&memory, &seen(1, 0)), 2);
    // Seen after it was forgotten.
    memory.remember(seen(2, -1_000)).await.unwrap();
    let entries = memory.indicative().size().entries;
    let after = memory_on_again(&disk, memory).await;
    let replayed = after.replay().await.unwrap();
    assert_eq!((replayed.forgotten, replayed.lost.len()), (1, 0));
    assert_eq!((recalled(&after, &seen(1, 0)), recalled(&after, &seen(2, 0))), (2, 3));
    assert_eq!(after.indicative().size().entries, entries);
}
