//! Plain functions that read hostile bytes: none may panic, hang or grow without bound.
//!
//! A fuzzer's driver mutates the documents under `tests/corpus/` and calls these.

use domain::{
    AirportCode, Cabin, CityCode, CountryCode, CurrencyCode, Date, Place, PlaceSet, Question,
    QuestionLeg, Travellers,
};

use crate::protocol::fareway::{Ask, Feed, LINE_BYTES_MAX, decode_line};
use crate::protocol::{DecodeContext, OFFERS_MAX, amadeus, duffel};
use crate::settings::PartnerSettings;

const SETTINGS: &str = r#"
id = "fuzz"
name = "Fuzz"
protocol = "fareway"
endpoint = "http://127.0.0.1:1"
link = "https://shop.example/{offer_id}?d={date}"
[[agents]]
id = "klm1"
name = "KLM"
kind = "airline"
carriers = ["KL"]
"#;

/// The question the committed corpus answers: Edinburgh to Singapore and back, two adults, a child.
#[must_use]
pub fn question() -> Question {
    let set = |asked: Place, codes: &[&str]| PlaceSet {
        asked,
        airports: codes.iter().filter_map(|code| code.parse().ok()).collect(),
    };
    let edinburgh = || set(Place::City(CityCode::literal("EDI")), &["EDI"]);
    let singapore = || set(Place::Airport(AirportCode::literal("SIN")), &["SIN"]);
    let out = Date::from_ymd(2027, 3, 3).unwrap_or(Date::from_days(20_880));
    Question {
        legs: vec![
            QuestionLeg { origin: edinburgh(), destination: singapore(), date: out },
            QuestionLeg { origin: singapore(), destination: edinburgh(), date: out.plus_days(14) },
        ],
        cabin: Cabin::Economy,
        travellers: Travellers::new(2, &[4]).unwrap_or(Travellers::one_adult()),
        market: CountryCode::literal("GB"),
    }
}

/// The partner the committed corpus belongs to.
#[must_use]
pub fn settings() -> Option<PartnerSettings> {
    PartnerSettings::parse("fuzz", SETTINGS, None).ok()
}

/// Minor digits of a few currencies; the others are unknown.
#[must_use]
pub fn decimals(currency: CurrencyCode) -> Option<u8> {
    match &currency.to_bytes() {
        b"EUR" | b"GBP" | b"USD" | b"SGD" => Some(2),
        b"JPY" => Some(0),
        b"KWD" => Some(3),
        _ => None,
    }
}

fn with_context(run: impl FnOnce(DecodeContext<'_>)) {
    let question = question();
    if let Some(settings) = settings() {
        run(DecodeContext {
            question: &question,
            settings: &settings,
            decimals,
            offers_max: OFFERS_MAX,
        });
    }
}

/// Reads bytes as a Duffel answer.
pub fn duffel(bytes: &[u8]) {
    with_context(|context| drop(duffel::decode(bytes, context)));
}

/// Reads bytes as an Amadeus answer and as an Amadeus token.
pub fn amadeus(bytes: &[u8]) {
    with_context(|context| drop(amadeus::decode(bytes, context)));
    drop(amadeus::read_token(bytes));
}

/// Reads bytes as an answer of the own protocol, in chunks, and as a request.
pub fn fareway(bytes: &[u8]) {
    with_context(|context| {
        let mut feed = Feed::default();
        for chunk in bytes.chunks(1 + bytes.first().copied().map_or(0, usize::from)) {
            if feed.lines.push(chunk).is_err() {
                return;
            }
            while let Some(line) = feed.lines.next_line() {
                debug_assert!(line.len() <= LINE_BYTES_MAX + chunk.len(), "lines are limited");
                let taken = decode_line(&line, context).and_then(|line| feed.on_line(line));
                if taken.is_err() {
                    return;
                }
            }
        }
        if let Some(line) = feed.lines.rest() {
            drop(decode_line(&line, context));
        }
    });
    if let Ok(ask) = Ask::parse(bytes) {
        drop(ask.to_question());
    }
}

/// Reads bytes as a partner file.
pub fn partner_file(bytes: &[u8]) {
    if let Ok(text) = str::from_utf8(bytes) {
        drop(PartnerSettings::parse("fuzz", text, None));
    }
}
