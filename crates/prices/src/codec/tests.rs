use proptest::collection::vec;
use proptest::prelude::{Strategy, any, prop_assert, prop_assert_eq, proptest};
use std::sync::Arc;

use domain::{
    AgentId, AirportCode, AnswerBuilder, BagAllowance, Cabin, CarrierCode, CityCode, CurrencyCode,
    Date, FlightNumber, LocalTime, Money, Offer, Place, Segment, Transfer, Travellers,
};

use super::*;
use crate::fixture::{World, partner, question};
use crate::seen::remembered;

/// What must come back: grouped by question, each answer as memory keeps it.
fn expected(seen: &[Seen]) -> Vec<Seen> {
    let mut questions: Vec<&Arc<Question>> = Vec::new();
    for one in seen {
        if !questions.contains(&&one.question) {
            questions.push(&one.question);
        }
    }
    let of = |question: &Arc<Question>| {
        seen.iter().filter(move |one| one.question == *question).collect::<Vec<_>>()
    };
    let kept =
        |one: &Seen| Seen { answer: Arc::new(remembered(&one.answer).unwrap()), ..one.clone() };
    questions.into_iter().flat_map(of).map(kept).collect()
}

fn check(seen: &[Seen]) {
    let bytes = encode(seen).unwrap();
    assert_eq!(decode(&bytes).unwrap(), expected(seen));
    let batch = Batch::from_bytes(&bytes).unwrap();
    assert_eq!(batch.seen().unwrap(), expected(seen));
    assert_eq!(batch.to_bytes().unwrap(), bytes);
}

#[test]
fn a_search_comes_back_as_it_is_remembered() {
    let world = World::new(question(1), 60);
    check(&world.search(1_700_000_000_000, 8, 40));
}

#[test]
fn nothing_and_no_flights_come_back_too() {
    check(&[]);
    let world = World::new(question(1), 5);
    check(&[Seen { answer: Arc::default(), ..world.seen(partner(1), -5, 1, 5) }]);
}

#[test]
fn questions_of_one_batch_are_kept_apart() {
    let worlds = [World::new(question(1), 20), World::new(question(301), 20)];
    let mut seen = Vec::new();
    for n in 0..6 {
        seen.push(worlds[n % 2].seen(partner(n / 3), n as i64, 9, 10));
    }
    check(&seen);
}

#[test]
fn a_question_asked_by_city_for_a_family_comes_back_as_asked() {
    let mut asked = question(1);
    asked.legs[0].origin.asked = Place::City(CityCode::literal("LON"));
    asked.legs[0].origin.airports = ["LGW", "LHR", "STN"].map(AirportCode::literal).to_vec();
    asked.travellers = Travellers::new(3, &[0, 1, 2, 17]).unwrap();
    asked.cabin = Cabin::First;
    check(&World::new(asked, 5).search(3, 2, 4));
}

#[test]
fn remembering_twice_changes_nothing() {
    let world = World::new(question(7), 40);
    let once = remembered(&world.answer(partner(3), 5, 30)).unwrap();
    assert_eq!(remembered(&once).unwrap(), once);
    assert!(!once.offers().is_empty());
    assert!(once.offers().iter().all(|offer| offer.fares_len == 0 && offer.link.len == 0));
}

#[test]
fn extreme_values_come_back() {
    let segment = |minute: i32| Segment {
        departs: LocalTime::from_minutes(minute),
        arrives: LocalTime::from_minutes(minute.wrapping_neg()),
        number: FlightNumber::new(u16::MAX),
        origin: AirportCode::literal("AAA"),
        destination: AirportCode::literal("ZZZ"),
        carrier: CarrierCode::literal("00"),
        operating: CarrierCode::literal("ZZ"),
    };
    let mut builder = AnswerBuilder::default();
    let legs: Vec<u32> = [i32::MIN, i32::MAX, 0]
        .map(|minute| {
            let row = [builder.segment(segment(minute)); 8];
            builder.leg(&row).unwrap()
        })
        .to_vec();
    let itinerary = builder.itinerary(&[legs[0], legs[1], legs[2], legs[0], legs[1], legs[2]]);
    let itinerary = itinerary.unwrap();
    for (minor, bags) in [(i64::MIN, 255), (i64::MAX, 0), (0, 1)] {
        let price = Some(Money::new(minor, CurrencyCode::literal("AAA")));
        let brand = builder.text(&"é".repeat(300)).unwrap();
        let offer = Offer {
            price,
            agent: AgentId::literal("zzzzzzzz"),
            itinerary,
            fares_start: 0,
            fares_len: 0,
            transfer: Transfer::ProtectedSelfTransfer,
            cabin_bags: BagAllowance::Included(bags),
            checked_bags: BagAllowance::Unknown,
            brand,
            link: brand,
            emissions_grams: u32::MAX - u32::from(bags),
        };
        builder.offer(offer, &[]).unwrap();
    }
    let mut asked = question(1);
    asked.legs[0].date = Date::from_days(i32::MIN);
    let answer = Arc::new(builder.finish());
    let seen = |at_ms| Seen {
        partner: partner(1),
        question: Arc::new(asked.clone()),
        at_ms,
        answer: Arc::clone(&answer),
    };
    check(&[seen(i64::MIN), seen(i64::MAX)]);
}

#[test]
fn another_version_is_refused_by_its_number() {
    assert_eq!(decode(&[9, 0]), Err(CodecError::Version(9)));
    assert_eq!(decode(&[]), Err(CodecError::CutShort));
}

#[test]
fn few_bytes_cannot_ask_for_much_memory() {
    let mut bytes = vec![VERSION];
    put_number(&mut bytes, 1);
    put_number(&mut bytes, 60 << 20);
    bytes.extend([0; 40]);
    assert_eq!(decode(&bytes), Err(CodecError::CutShort));
    put_number(&mut bytes, u64::MAX);
    assert!(decode(&bytes).is_err());
}

/// A batch from a few numbers.
fn batch() -> impl Strategy<Value = Vec<Seen>> {
    vec((0_u64..3, 0_usize..4, any::<i64>(), any::<u64>(), 0_usize..25), 0..8).prop_map(|rows| {
        rows.into_iter()
            .map(|(number, who, at_ms, seed, offers)| {
                let world = World::new(question(number * 300), 1 + (number as usize) * 15);
                world.seen(partner(who), at_ms, seed, offers)
            })
            .collect()
    })
}

proptest! {
    #[test]
    fn any_batch_comes_back(seen in batch()) {
        prop_assert_eq!(decode(&encode(&seen).unwrap()).unwrap(), expected(&seen));
    }

    #[test]
    fn no_bytes_make_reading_panic(bytes in any::<Vec<u8>>()) {
        let _ = decode(&bytes);
        let mut versioned = vec![VERSION];
        versioned.extend(bytes);
        let _ = decode(&versioned);
    }

    /// The blocks themselves are changed, not the packed bytes: so that each check is reached.
    #[test]
    fn a_changed_block_gives_answers_or_an_error(
        seen in batch(),
        changes in vec((any::<usize>(), any::<u8>()), 1..4),
        cut in 0_usize..3,
    ) {
        for (_, block) in blocks_of(&seen).unwrap() {
            let mut bytes = block.bytes().to_vec();
            for &(at, value) in &changes {
                let at = at % bytes.len();
                bytes[at] = value;
            }
            bytes.truncate(bytes.len() - cut.min(bytes.len()));
            if let Ok(changed) = Block::from_bytes(bytes.into()) {
                // what the check lets through can be read
                let heads = changed.heads().unwrap();
                let answers = changed.answers(heads.iter().map(|head| head.offers.clone()));
                prop_assert!(answers.is_ok(), "{answers:?}");
                prop_assert!(changed.question().is_ok() && changed.carriers().is_ok());
            }
        }
    }
}
