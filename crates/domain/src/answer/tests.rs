use super::*;
use crate::civil::LocalTime;
use crate::code::{AgentId, AirportCode, CarrierCode, CurrencyCode};
use crate::itinerary::FlightNumber;
use crate::money::Money;
use crate::offer::BagAllowance;

fn segment(number: u16) -> Segment {
    Segment {
        departs: LocalTime::from_minutes(30_000_000 + i32::from(number)),
        arrives: LocalTime::from_minutes(30_000_105 + i32::from(number)),
        number: FlightNumber::new(number),
        origin: AirportCode::literal("GLA"),
        destination: AirportCode::literal("AMS"),
        carrier: CarrierCode::literal("KL"),
        operating: CarrierCode::literal("KL"),
    }
}

fn offer(itinerary: u32, minor: i64) -> Offer {
    let price = Money::new(minor, CurrencyCode::literal("EUR"));
    let plain = Offer::plain(AgentId::literal("klm1"), itinerary, Some(price));
    Offer { cabin_bags: BagAllowance::Included(1), ..plain }
}

#[test]
fn a_repeated_segment_leg_or_itinerary_is_kept_once() {
    let mut builder = AnswerBuilder::default();
    let one = builder.segment(segment(1));
    assert_eq!(builder.segment(segment(1)), one);
    let two = builder.segment(segment(2));
    let leg = builder.leg(&[one, two]).unwrap();
    assert_eq!(builder.leg(&[one, two]), Ok(leg));
    assert_ne!(builder.leg(&[two, one]), Ok(leg));
    let itinerary = builder.itinerary(&[leg]).unwrap();
    assert_eq!(builder.itinerary(&[leg]), Ok(itinerary));
    builder.offer(offer(itinerary, 100), &[]).unwrap();
    builder.offer(offer(itinerary, 200), &[]).unwrap();
    let answer = builder.finish();
    assert_eq!((answer.segments().len(), answer.keys().len(), answer.offers().len()), (2, 1, 2));
    let flown: Vec<u32> =
        answer.legs_of(itinerary).flatten().map(|segment| segment.number.number()).collect();
    assert_eq!(flown, [1, 2]);
}

#[test]
fn a_full_answer_refuses_more_and_keeps_what_it_has() {
    let mut builder = AnswerBuilder::new(Limits { offers: 1, text_bytes: 4 });
    let segment = builder.segment(segment(1));
    let leg = builder.leg(&[segment]).unwrap();
    let itinerary = builder.itinerary(&[leg]).unwrap();
    builder.offer(offer(itinerary, 1), &[]).unwrap();
    assert_eq!(builder.offer(offer(itinerary, 2), &[]), Err(AnswerFull::Offers(1)));
    let text = builder.text("1234").unwrap();
    assert_eq!(builder.text("5"), Err(AnswerFull::Text(4)));
    let answer = builder.finish();
    assert_eq!(answer.offers().len(), 1);
    assert_eq!(answer.text(text), "1234");
}

#[test]
fn indexes_that_do_not_exist_are_refused() {
    let mut builder = AnswerBuilder::default();
    assert_eq!(builder.leg(&[0]), Err(AnswerFull::Dangling));
    assert_eq!(builder.leg(&[]), Err(AnswerFull::Shape));
    assert_eq!(builder.itinerary(&[0]), Err(AnswerFull::Dangling));
    assert_eq!(builder.offer(offer(0, 1), &[]), Err(AnswerFull::Dangling));
    let fare = FareDetail { segment: 9, booking_class: b'K', basis: Text::default() };
    let segment = builder.segment(segment(1));
    let leg = builder.leg(&[segment]).unwrap();
    let itinerary = builder.itinerary(&[leg]).unwrap();
    assert_eq!(builder.offer(offer(itinerary, 1), &[fare]), Err(AnswerFull::Dangling));
}

#[test]
fn equal_brands_have_equal_marks_wherever_their_texts_lie() {
    let mut builder = AnswerBuilder::default();
    let segment = builder.segment(segment(1));
    let leg = builder.leg(&[segment]).unwrap();
    let itinerary = builder.itinerary(&[leg]).unwrap();
    for brand in ["LIGHT", "FLEX", "LIGHT", ""] {
        let brand = builder.text(brand).unwrap();
        builder.offer(Offer { brand, ..offer(itinerary, 1) }, &[]).unwrap();
    }
    let answer = builder.finish();
    let [light, flex, again, none] = answer.brand_marks() else { panic!("four offers") };
    assert_eq!(light, again);
    assert!(light != flex && flex != none && none != light);
}

#[test]
fn answers_in_parts_become_one_that_says_the_same() {
    let part = |numbers: &[u16], minor: i64| {
        let mut builder = AnswerBuilder::default();
        for &number in numbers {
            let one = builder.segment(segment(number));
            let leg = builder.leg(&[one]).unwrap();
            let itinerary = builder.itinerary(&[leg]).unwrap();
            let brand = builder.text(&format!("B{number}")).unwrap();
            let link = builder.text("https://a.example").unwrap();
            let basis = builder.text("YOW").unwrap();
            let fare = FareDetail { segment: one, booking_class: b'Y', basis };
            let offer = Offer { brand, link, ..offer(itinerary, minor + i64::from(number)) };
            builder.offer(offer, &[fare]).unwrap();
        }
        builder.finish()
    };
    let mut joined = AnswerBuilder::default();
    joined.append(&part(&[1, 2], 100)).unwrap();
    joined.append(&part(&[2, 3], 200)).unwrap();
    let joined = joined.finish();
    assert_eq!((joined.segments().len(), joined.keys().len()), (3, 3));
    let said: Vec<_> = joined
        .offers()
        .iter()
        .map(|offer| {
            let number = joined.legs_of(offer.itinerary).flatten().next().unwrap().number.number();
            let fare = joined.fares_of(offer)[0];
            let flown = joined.segments()[fare.segment as usize].number.number();
            assert_eq!((flown, joined.text(fare.basis)), (number, "YOW"));
            assert_eq!(joined.text(offer.link), "https://a.example");
            (number, joined.text(offer.brand), offer.price.unwrap().minor)
        })
        .collect();
    assert_eq!(said, [(1, "B1", 101), (2, "B2", 102), (2, "B2", 202), (3, "B3", 203)]);
    let mut full = AnswerBuilder::new(Limits { offers: 1, ..Limits::default() });
    assert_eq!(full.append(&part(&[1, 2], 0)), Err(AnswerFull::Offers(1)));
}
