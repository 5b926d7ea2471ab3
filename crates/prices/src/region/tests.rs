use domain::AgentId;
use events::log::{FileLog, LogSettings, ReadLog};
use runtime::{Shutdown, TaskSet, Workers};
use std::sync::Arc;
use storage::disk::{Disk, FaultDisk};

use super::*;
use crate::Seen;
use crate::freshness::Freshness;
use crate::indicative::{Ask, Indicative, IndicativeSettings, Places, When, tests::world};
use crate::memory::Memory;
use crate::store::{Invalidation, PriceStore, StoreSettings};

/// A cell: its log, and what it shows.
struct Cell {
    memory: Arc<Memory>,
    log: Arc<FileLog>,
}

async fn cell(number: u64, disk: &Arc<FaultDisk>) -> Cell {
    let settings = LogSettings { retry_ms: runtime::Limited::literal(1), ..LogSettings::default() };
    let disk: Arc<dyn Disk> = Arc::clone(disk) as _;
    let log = Arc::new(FileLog::open_inline(disk, "log", settings).unwrap());
    let indicative = Arc::new(Indicative::new(IndicativeSettings::default(), world::rates()));
    let store = Arc::new(PriceStore::new(StoreSettings::default(), Freshness::default()));
    let memory = Memory::open(Arc::clone(&log) as _, number, store, indicative, None).await;
    let memory = Arc::new(memory.unwrap().telling().await.unwrap());
    Cell { memory, log }
}

/// An answer that was seen just now, for a trip in two months.
fn seen(route: &str, minor: i64) -> Vec<Seen> {
    let today = (runtime::unix_ms() / 86_400_000) as i32;
    let offers = vec![world::Offered::new(route, minor)];
    let told = world::Told::new(domain::Date::from_days(today + 60), offers);
    vec![told.at(runtime::unix_ms()).seen()]
}

/// `EDI-BCN 120`, as a cell shows it.
fn shown(cell: &Cell) -> Vec<String> {
    let ask = Ask {
        market: domain::CountryCode::literal("DE"),
        origin: Places::Anywhere,
        destination: Places::Anywhere,
        out: When::Anytime,
        back: None,
    };
    let index = cell.memory.indicative();
    let groups = index.by_route(&ask, Some, Some, runtime::unix_ms());
    let lines = groups.iter().flat_map(|group| group.quotes.iter()).map(|quote| {
        assert_eq!(quote.agent, AgentId::literal("seller"));
        format!("{}-{} {}", quote.origin, quote.destination, quote.price.minor)
    });
    lines.collect()
}

/// Lets a cell follow another until the test ends.
fn following(reader: &Cell, name: &str, log: Arc<dyn ReadLog>, place: Option<u64>) -> Arc<Region> {
    let region = Arc::new(Region::new([(name.to_owned(), place)]));
    let beside = Beside { cell: name.to_owned(), log };
    let parts = (Arc::clone(&region), Arc::clone(reader.memory.indicative()));
    let workers = Workers::start("test", 1, 4).unwrap();
    TaskSet::default().spawn(follow(beside, parts, workers, Shutdown::default()));
    region
}

async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    for _ in 0..2_000 {
        if is_so() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("never: {what}");
}

#[tokio::test]
async fn what_one_cell_sees_another_shows_and_forgets() {
    let (one, two) = (
        cell(1, &Arc::new(FaultDisk::from_seed(1))).await,
        cell(2, &Arc::new(FaultDisk::from_seed(2))).await,
    );
    one.memory.remember(seen("VIE-BCN", 90)).await.unwrap();
    let region = following(&two, "cell-1", Arc::clone(&one.log) as _, None);
    assert_eq!(region.missing(), ["cell-1"], "nothing has been read yet");
    assert_eq!(region.places().len(), 0, "where to begin is not known yet");
    until("the first price", || shown(&two) == ["VIE-BCN 90"]).await;
    one.memory.remember(seen("VIE-MAD", 70)).await.unwrap();
    until("the next price", || shown(&two) == ["VIE-MAD 70", "VIE-BCN 90"]).await;
    until("all is read", || region.missing().is_empty()).await;
    assert_eq!(region.cells()[0].taken, 2);
    let until_then = region.places();
    assert_eq!(until_then["cell-1"], 2);
    // Only what changed is told: the same answer again is, for it is younger; a dearer one is not.
    let gone =
        Invalidation::Route { origin: world::airport("VIE"), destination: world::airport("BCN") };
    one.memory.forget(gone).await.unwrap();
    until("it is forgotten", || shown(&two) == ["VIE-MAD 70"]).await;
    assert_eq!(one.memory.untold(), 0);
    // The other cell's own log has nothing of it.
    assert_eq!(two.log.partitions(), []);
}

#[tokio::test]
async fn a_cell_that_starts_again_goes_on_where_it_was_and_without_a_place_reads_what_counts() {
    let disk = Arc::new(FaultDisk::from_seed(1));
    let one = cell(1, &disk).await;
    for (route, minor) in [("VIE-BCN", 90), ("VIE-MAD", 70), ("VIE-LHR", 50)] {
        one.memory.remember(seen(route, minor)).await.unwrap();
    }
    let two = cell(2, &Arc::new(FaultDisk::from_seed(2))).await;
    let region = following(&two, "cell-1", Arc::clone(&one.log) as _, Some(2));
    until("the last one", || shown(&two) == ["VIE-LHR 50"]).await;
    assert_eq!(region.cells()[0].taken, 1);
    let three = cell(3, &Arc::new(FaultDisk::from_seed(3))).await;
    following(&three, "cell-1", Arc::clone(&one.log) as _, None);
    until("all", || shown(&three).len() == 3).await;
    // A place beyond the end: the log was begun anew, so all of it is read.
    let four = cell(4, &Arc::new(FaultDisk::from_seed(4))).await;
    following(&four, "cell-1", Arc::clone(&one.log) as _, Some(40));
    until("all again", || shown(&four).len() == 3).await;
}

#[tokio::test]
async fn a_cell_whose_log_cannot_be_read_is_named_and_its_prices_stay() {
    let disk = Arc::new(FaultDisk::from_seed(1));
    let one = cell(1, &disk).await;
    one.memory.remember(seen("VIE-BCN", 90)).await.unwrap();
    let two = cell(2, &Arc::new(FaultDisk::from_seed(2))).await;
    let region = following(&two, "cell-1", Arc::clone(&one.log) as _, None);
    until("it is read", || region.missing().is_empty()).await;
    let path = "log/price-digests-0/00000000000000000000.log";
    disk.set_unreadable(path, 0..1 << 20);
    one.memory.remember(seen("VIE-MAD", 70)).await.unwrap();
    until("it is missed", || region.missing() == ["cell-1"]).await;
    assert_eq!(shown(&two), ["VIE-BCN 90"]);
    disk.set_unreadable(path, 0..0);
    until("it comes again", || shown(&two) == ["VIE-MAD 70", "VIE-BCN 90"]).await;
    until("it is whole again", || region.missing().is_empty()).await;
}

#[tokio::test]
async fn what_cannot_be_told_is_counted_and_remembered_all_the_same() {
    let disk = Arc::new(FaultDisk::from_seed(1));
    let one = cell(1, &disk).await;
    disk.set_read_only(true);
    one.memory.remember(seen("VIE-BCN", 90)).await.unwrap_err();
    assert_eq!(shown(&one), ["VIE-BCN 90"]);
    assert_eq!(one.memory.untold(), 1);
}
