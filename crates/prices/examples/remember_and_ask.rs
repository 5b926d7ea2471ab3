//! Remembers one answer on disk, forgets everything, and asks the log again: what does the question
//! cost, and when in the month is it cheapest?
//!
//! `cargo run -p prices --example remember_and_ask`

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;
use std::path::Path;
use std::sync::Arc;

use domain::answer::Limits;
use domain::{
    AgentId, AirportCode, AnswerBuilder, Cabin, CarrierCode, CountryCode, CurrencyCode, Date,
    FlightNumber, Money, Offer, PartnerId, Place, PlaceSet, Question, QuestionLeg, Segment,
    Travellers,
};
use events::log::{FileLog, LogSettings};
use prices::Seen;
use prices::freshness::Freshness;
use prices::indicative::{Ask, DateUnit, EuroRates, Indicative, IndicativeSettings, Places, When};
use prices::memory::Memory;
use prices::store::{PriceStore, StoreSettings, Wanted};
use runtime::unix_ms;
use storage::disk::RealDisk;

const FROM: AirportCode = AirportCode::literal("EDI");
const TO: AirportCode = AirportCode::literal("SIN");
const MARKET: CountryCode = CountryCode::literal("GB");

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::temp_dir().join(format!("fareway-prices-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let (day, now_ms) = (Date::from_days((unix_ms() / 86_400_000) as i32 + 60), unix_ms());
    let asked = Arc::new(question(day));

    let memory = open(&folder).await?;
    let answer = Arc::new(answer(day)?);
    let partner = PartnerId::literal("one");
    let seen = Seen { partner, question: Arc::clone(&asked), at_ms: now_ms, answer };
    memory.remember(vec![seen]).await?;
    println!("acknowledged: it is on the disk");
    drop(memory);

    let memory = open(&folder).await?;
    let replayed = memory.replay().await?;
    println!("a new process read {} prices back", replayed.prices);
    for remembered in memory.store().recall(asked.key(), unix_ms(), Wanted::Fresh) {
        for offer in remembered.answer.offers() {
            println!("{} sells it for {:?}", offer.agent, offer.price);
        }
    }
    let ask = Ask {
        market: MARKET,
        origin: Places::Airports(&[FROM]),
        destination: Places::Airports(&[TO]),
        out: When::Anytime,
        back: None,
    };
    for group in memory.indicative().by_date(&ask, DateUnit::Day, unix_ms()).outbound {
        println!("{}: from {:?}", group.date, group.quotes.cheapest().map(|quote| quote.price));
    }
    drop(memory);
    std::fs::remove_dir_all(&folder)?;
    Ok(())
}

async fn open(folder: &Path) -> Result<Memory, Box<dyn Error>> {
    let log = FileLog::open(Arc::new(RealDisk::open(folder)?), "log", LogSettings::default())?;
    let store = Arc::new(PriceStore::new(StoreSettings::default(), Freshness::default()));
    let rates = Arc::new(EuroRates::from(atlas::atlas().rates()));
    let indicative = Arc::new(Indicative::new(IndicativeSettings::default(), rates));
    Ok(Memory::open(Arc::new(log), 1, store, indicative, None).await?)
}

fn question(day: Date) -> Question {
    let only = |code| PlaceSet { asked: Place::Airport(code), airports: vec![code] };
    Question {
        legs: vec![QuestionLeg { origin: only(FROM), destination: only(TO), date: day }],
        cabin: Cabin::Economy,
        travellers: Travellers::one_adult(),
        market: MARKET,
    }
}

/// One direct flight, sold by two agents.
fn answer(day: Date) -> Result<domain::Answer, Box<dyn Error>> {
    let mut builder = AnswerBuilder::new(Limits::default());
    let segment = builder.segment(Segment {
        departs: day.at_minute(600),
        arrives: day.plus_days(1).at_minute(420),
        number: FlightNumber::new(7),
        origin: FROM,
        destination: TO,
        carrier: CarrierCode::literal("SQ"),
        operating: CarrierCode::literal("SQ"),
    });
    let leg = builder.leg(&[segment])?;
    let itinerary = builder.itinerary(&[leg])?;
    for (agent, pounds) in [("one", 431), ("two", 428)] {
        let price = Money::new(pounds * 100, CurrencyCode::literal("GBP"));
        let offer = Offer::plain(AgentId::literal(agent), itinerary, Some(price));
        builder.offer(offer, &[])?;
    }
    Ok(builder.finish())
}
