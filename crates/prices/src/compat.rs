//! What is remembered, as every released version wrote it: batches and forgetting on the log, snapshots
//! on disk. What processes share is in `shared/compat.rs`.

#[path = "../../../tests/compat/fixtures.rs"]
pub(crate) mod fixtures;

use std::sync::Arc;

use domain::answer::Limits;
use domain::{
    AgentId, AirportCode, Answer, AnswerBuilder, BagAllowance, Cabin, CarrierCode, CountryCode,
    CurrencyCode, Date, FlightNumber, Money, Offer, PartnerId, Place, PlaceSet, Question,
    QuestionLeg, Segment, Text, Transfer, Travellers,
};
use events::log::{FileLog, Log, LogSettings};
use fixtures::of_every_version_alike;
use runtime::Workers;
use storage::disk::{Disk, FaultDisk};

use crate::codec;
use crate::follow::{Follower, FollowerParts, write_snapshot};
use crate::freshness::Freshness;
use crate::history::{History, HistorySettings};
use crate::indicative::{Digest, EuroRates, Indicative, IndicativeSettings};
use crate::memory::{Kept, KeptParts, Memory};
use crate::seen::{Seen, remembered};
use crate::store::{Invalidation, PriceStore, StoreSettings};

/// When all of it was seen, milliseconds since 1970.
pub(crate) const AT_MS: i64 = 1_795_000_000_000;
const DAY_MS: i64 = 86_400_000;

/// A return for three, and a way out alone.
fn questions() -> [Question; 2] {
    let airport = AirportCode::literal;
    let edinburgh =
        PlaceSet { asked: Place::Airport(airport("EDI")), airports: vec![airport("EDI")] };
    let london = PlaceSet {
        asked: Place::City("LON".parse().unwrap()),
        airports: vec![airport("LGW"), airport("LHR")],
    };
    let leg = |origin: &PlaceSet, destination: &PlaceSet, day| QuestionLeg {
        origin: origin.clone(),
        destination: destination.clone(),
        date: Date::from_days(day),
    };
    let back = Question {
        legs: vec![leg(&edinburgh, &london, 20_880), leg(&london, &edinburgh, 20_887)],
        cabin: Cabin::Business,
        travellers: Travellers::new(2, &[1, 7]).unwrap(),
        market: CountryCode::literal("GB"),
    };
    let alone = Question {
        legs: vec![leg(&edinburgh, &london, 20_880)],
        cabin: Cabin::Economy,
        travellers: Travellers::one_adult(),
        market: CountryCode::literal("DE"),
    };
    [back, alone]
}

fn flight(number: u16, from: &'static str, to: &'static str, day: i32) -> Segment {
    let departs = Date::from_days(day).at_minute(600);
    Segment {
        departs,
        arrives: departs.plus_minutes(85),
        number: FlightNumber::new(number),
        origin: AirportCode::literal(from),
        destination: AirportCode::literal(to),
        carrier: CarrierCode::literal("BA"),
        operating: CarrierCode::literal("U2"),
    }
}

/// Every field of an offer has two values at least.
fn answer(legs: &[&[Segment]], minor: i64) -> Answer {
    let mut builder = AnswerBuilder::new(Limits::default());
    let rows: Vec<u32> = legs
        .iter()
        .map(|leg| {
            let row: Vec<u32> = leg.iter().map(|&segment| builder.segment(segment)).collect();
            builder.leg(&row).unwrap()
        })
        .collect();
    let itinerary = builder.itinerary(&rows).unwrap();
    let light = builder.text("LIGHT").unwrap();
    let offers = [
        Offer {
            price: Some(Money::new(minor, CurrencyCode::literal("GBP"))),
            agent: AgentId::literal("ba__"),
            itinerary,
            fares_start: 0,
            fares_len: 0,
            transfer: Transfer::Managed,
            cabin_bags: BagAllowance::Included(1),
            checked_bags: BagAllowance::Unknown,
            brand: light,
            link: Text::default(),
            emissions_grams: 120_000,
        },
        Offer {
            price: None,
            agent: AgentId::literal("a_seller"),
            itinerary,
            fares_start: 0,
            fares_len: 0,
            transfer: Transfer::SelfTransfer,
            cabin_bags: BagAllowance::Unknown,
            checked_bags: BagAllowance::Included(2),
            brand: Text::default(),
            link: Text::default(),
            emissions_grams: 0,
        },
    ];
    for offer in offers {
        builder.offer(offer, &[]).unwrap();
    }
    remembered(&builder.finish()).unwrap()
}

/// Two partners' answers to one question, one of them empty; one to another, a day later.
pub(crate) fn seen() -> Vec<Seen> {
    let [back, alone] = questions().map(Arc::new);
    let out = [flight(1_431, "EDI", "LHR", 20_880)];
    let home = [flight(12, "LHR", "AMS", 20_887), flight(1_442, "AMS", "EDI", 20_887)];
    let of = |partner, question: &Arc<Question>, at_ms, answer| Seen {
        partner: PartnerId::literal(partner),
        question: Arc::clone(question),
        at_ms,
        answer: Arc::new(answer),
    };
    let nothing = AnswerBuilder::new(Limits::default()).finish();
    vec![
        of("acme", &back, AT_MS, answer(&[&out, &home], 45_678)),
        of("none", &back, AT_MS + 1, nothing),
        of("acme", &alone, AT_MS + DAY_MS, answer(&[&out], 9_999)),
    ]
}

fn rates() -> Arc<EuroRates> {
    let rates = [("GBP", 0.0115), ("EUR", 0.01)];
    Arc::new(EuroRates::new(rates.map(|(code, rate)| (code.parse().unwrap(), rate))))
}

#[test]
fn compat_batches_of_every_version_are_read_whole() {
    let now = codec::encode(&seen()).unwrap();
    for (version, bytes) in of_every_version_alike("price-batch.bin", &now) {
        assert_eq!(codec::decode(&bytes).unwrap(), seen(), "{version}");
    }
}

#[test]
fn compat_what_was_forgotten_in_every_version_stays_forgotten() {
    let (origin, destination) = (AirportCode::literal("EDI"), AirportCode::literal("SIN"));
    let all = [
        Invalidation::Partner(PartnerId::literal("acme")),
        Invalidation::Route { origin, destination },
        Invalidation::Carrier(CarrierCode::literal("BA")),
    ];
    for (what, name) in all.into_iter().zip(["partner", "route", "carrier"]) {
        let name = format!("price-forget-{name}.bin");
        for (version, bytes) in of_every_version_alike(&name, &what.to_bytes(AT_MS)) {
            assert_eq!(Invalidation::from_bytes(&bytes), Ok((what, AT_MS)), "{version}");
        }
    }
}

#[test]
fn compat_price_digests_of_every_version_are_understood() {
    let indicative = Indicative::new(IndicativeSettings::default(), rates());
    let (_, digests) = indicative.take_and_digest(&seen(), AT_MS + DAY_MS);
    assert!(!digests.is_empty());
    let now = Digest::to_bytes(&digests);
    for (version, bytes) in of_every_version_alike("price-digests.bin", &now) {
        assert_eq!(Digest::from_bytes(&bytes).as_ref(), Ok(&digests), "{version}");
    }
}

const PRICES: &str = "prices.snapshot";
const HISTORY: &str = "history.snapshot";

fn log_on(disk: &Arc<FaultDisk>) -> Arc<FileLog> {
    let disk = Arc::clone(disk) as Arc<dyn Disk>;
    Arc::new(FileLog::open_inline(disk, "log", LogSettings::default()).unwrap())
}

fn indexes() -> (Arc<PriceStore>, Arc<Indicative>) {
    let store = PriceStore::new(StoreSettings::default(), Freshness::default());
    store.take(&seen()).unwrap();
    let indicative = Indicative::new(IndicativeSettings::default(), rates());
    indicative.take(&seen(), AT_MS + DAY_MS);
    assert!(indicative.size().entries > 0);
    (Arc::new(store), Arc::new(indicative))
}

fn bytes_of(indicative: &Indicative) -> Vec<u8> {
    let mut bytes = Vec::new();
    indicative.snapshot(&mut bytes).unwrap();
    bytes
}

#[tokio::test]
async fn compat_a_start_reads_the_snapshot_of_prices_of_every_version() {
    let (disk, workers) =
        (Arc::new(FaultDisk::from_seed(1)), Workers::start("test", 1, 4).unwrap());
    let (store, indicative) = indexes();
    let (of_store, of_indicative) = (Arc::clone(&store), Arc::clone(&indicative));
    let memory = Memory::open(log_on(&disk), 1, of_store, of_indicative, None).await.unwrap();
    memory.replay().await.unwrap();
    let to = Arc::clone(&disk) as Arc<dyn Disk>;
    assert_eq!(memory.keep(&to, PRICES, 1 << 40, &workers).await.unwrap(), 2);
    for (version, bytes) in of_every_version_alike(PRICES, &disk.bytes(PRICES).unwrap()) {
        let disk = Arc::new(FaultDisk::from_seed(2));
        disk.put(PRICES, &bytes);
        let parts = KeptParts {
            log: log_on(&disk) as Arc<dyn Log>,
            disk: Arc::clone(&disk) as Arc<dyn Disk>,
            path: PRICES.to_owned(),
            store: StoreSettings::default(),
            freshness: Freshness::default(),
            indicative: IndicativeSettings::default(),
            rates: rates(),
        };
        let kept = Kept::read(parts, &workers).await.unwrap();
        assert_eq!((kept.refused, kept.since), (None, 0), "{version}");
        assert!(kept.store.same_as(&store), "{version}");
        assert_eq!(bytes_of(&kept.indicative), bytes_of(&indicative), "{version}");
    }
}

fn follower_on(disk: &Arc<FaultDisk>) -> Follower {
    let parts = FollowerParts {
        log: log_on(disk) as Arc<dyn Log>,
        disk: Arc::clone(disk) as Arc<dyn Disk>,
        path: HISTORY.to_owned(),
        rates: rates(),
        settings: HistorySettings::default(),
    };
    Follower::open(parts).unwrap()
}

fn history_bytes(history: &History) -> Vec<u8> {
    let mut bytes = Vec::new();
    history.snapshot(&mut bytes).unwrap();
    bytes
}

#[test]
fn compat_a_start_reads_the_history_of_every_version() {
    let history = History::new(HistorySettings::default());
    let mut one = seen().split_off(2);
    // The first two days are closed by what is seen on the next; the last is open.
    for day in 0..3 {
        one[0].at_ms = AT_MS + day * DAY_MS;
        history.take(&one, &rates(), AT_MS + day * DAY_MS);
    }
    assert_eq!((history.size().trips, history.size().days), (1, 3));
    let disk = Arc::new(FaultDisk::from_seed(1));
    write_snapshot(&*disk, HISTORY, 7, &history).unwrap();
    for (version, bytes) in of_every_version_alike(HISTORY, &disk.bytes(HISTORY).unwrap()) {
        let disk = Arc::new(FaultDisk::from_seed(2));
        disk.put(HISTORY, &bytes);
        let follower = follower_on(&disk);
        assert_eq!(follower.offset(), 7, "{version}");
        assert_eq!(history_bytes(follower.history()), history_bytes(&history), "{version}");
    }
}

#[test]
fn a_history_of_a_later_version_is_put_aside_and_not_written_over() {
    let disk = Arc::new(FaultDisk::from_seed(1));
    disk.put(HISTORY, b"fwhist99 and what only a later release can read");
    let follower = follower_on(&disk);
    assert_eq!((follower.offset(), follower.history().size().trips), (0, 0));
    write_snapshot(&*disk, HISTORY, 1, follower.history()).unwrap();
    let aside = disk.bytes("history.snapshot.refused").unwrap();
    assert_eq!(aside, b"fwhist99 and what only a later release can read");
}
