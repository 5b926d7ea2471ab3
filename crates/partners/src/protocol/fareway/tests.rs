use domain::{
    Answer, AnswerBuilder, BagAllowance, CurrencyCode, FareDetail, FlightNumber, Money, Offer,
    Segment, Text, Transfer,
};
use proptest::prelude::{any, prop, proptest};

use super::*;
use crate::fuzz;
use crate::protocol::proving::{World, document, folder, mutate, show};
use crate::protocol::read::ObjectSeed;
use crate::protocol::{DecodeError, Decoded, json};

/// Reads a whole answer, cut into chunks; each part, and whether the end came.
fn read(bytes: &[u8], chunk: usize) -> Result<(Vec<Decoded>, bool), DecodeError> {
    let world = World::new();
    let mut feed = Feed::default();
    let mut parts = Vec::new();
    for chunk in bytes.chunks(chunk) {
        feed.lines.push(chunk)?;
        while let Some(line) = feed.lines.next_line() {
            parts.extend(feed.on_line(decode_line(&line, world.context())?)?);
        }
    }
    if let Some(line) = feed.lines.rest() {
        parts.extend(feed.on_line(decode_line(&line, world.context())?)?);
    }
    Ok((parts, feed.ended()))
}

fn check(file: &str, ended: bool, expected: &str) {
    for chunk in [1, 100, usize::MAX] {
        let (parts, end) = read(&document(file), chunk).unwrap();
        let shown: String = parts.iter().map(|part| show(part) + "part\n").collect();
        assert_eq!(shown, expected.trim_start(), "{file} in chunks of {chunk}");
        assert_eq!(end, ended, "{file}");
    }
}

const FIRST_PART: &str = "
KL930+KL/SQ4005 KL836+KL931 | 118430 EUR-minor klm1 Managed bags 1+0 brand \"LIGHT\" 1710000 g | V:VNL6AAUK V:VNL6AAUK | https://kl.example/book?o=17
KL930+KL/SQ4005 KL836+KL931 | 130430 EUR-minor klm1 Managed bags ?+? brand \"\" 0 g |  | https://kl.example/book?o=18
part
";

const BOTH_PARTS: &str = "
KL930+KL/SQ4005 KL836+KL931 | 118430 EUR-minor klm1 Managed bags 1+0 brand \"LIGHT\" 1710000 g | V:VNL6AAUK V:VNL6AAUK | https://kl.example/book?o=17
KL930+KL/SQ4005 KL836+KL931 | 130430 EUR-minor klm1 Managed bags ?+? brand \"\" 0 g |  | https://kl.example/book?o=18
part
BA1431+BA11 BA12+BA1440 | 109900 GBP-minor klm1 SelfTransfer bags ?+? brand \"\" 0 g |  | http://ba.example/x
BA1431+BA11 BA12+BA1440 | 201300 JPY-minor klm1 ProtectedSelfTransfer bags ?+? brand \"\" 0 g |  | https://ba.example/y
part
";

#[test]
fn parts_are_read_as_they_come_whatever_the_chunks_and_the_order_of_keys() {
    check("fareway/two_parts.ndjson", true, BOTH_PARTS);
    check("fareway/other_order.ndjson", true, BOTH_PARTS);
    check("fareway/no_offers.ndjson", true, "");
}

#[test]
fn a_missing_end_is_noticed_and_what_came_counts() {
    check("fareway/no_end.ndjson", false, FIRST_PART);
}

#[test]
fn blank_lines_and_unknown_lines_are_passed_over_and_nothing_counts_after_the_end() {
    check("fareway/blank_lines_and_notes.ndjson", true, FIRST_PART);
}

#[test]
fn bad_offers_are_left_out_with_place_and_reason_and_the_good_one_stays() {
    let good = FIRST_PART.trim_start().split_inclusive('\n').next().unwrap();
    check(
        "fareway/one_good_many_bad.ndjson",
        true,
        &format!(
            "{good}left out 12
offers[0].itinerary dangling
offers[1].link bad_link
offers[2].link bad_link
offers[3].price malformed
offers[4].price missing
offers[5].currency unknown_currency
offers[6].agent unknown_agent
offers[7].transfer malformed
offers[8].itinerary other_legs
offers[9].itinerary malformed
part
"
        ),
    );
}

#[test]
fn what_is_not_the_format_is_an_error() {
    let fails = |text: &str| read(text.as_bytes(), 7).unwrap_err();
    assert!(matches!(fails("{\"type\":\"part\""), DecodeError::NotJson { .. }));
    assert!(matches!(fails("{}\n"), DecodeError::NotADocument { path: "type", .. }));
    assert!(matches!(fails("{\"type\":\"end\"}\n"), DecodeError::NotADocument { .. }));
    let missing = DecodeError::PartsMissing { announced: 2, received: 0 };
    assert_eq!(fails("{\"type\":\"end\",\"parts\":2}\n"), missing);
    let many = "{\"type\":\"part\"}\n".repeat(1_001);
    assert_eq!(fails(&many), DecodeError::TooManyParts(1_000));
}

#[test]
fn a_line_without_end_is_refused_at_the_limit() {
    let mut lines = Lines::default();
    let chunk = vec![b' '; 1 << 20];
    let refused = (0..64).find_map(|_| lines.push(&chunk).err());
    assert_eq!(refused, Some(DecodeError::LineTooLong(LINE_BYTES_MAX)));
}

/// Expects both readers to understand every line alike.
fn assert_understood_alike(bytes: &[u8]) {
    let world = World::new();
    for line in bytes.split(|&byte| byte == b'\n').filter(|line| str::from_utf8(line).is_ok()) {
        let ours =
            line::decode_by(world.context(), |root| json::read_scanner(line, ObjectSeed(root)));
        let theirs =
            line::decode_by(world.context(), |root| json::read_serde(line, ObjectSeed(root)));
        match (ours, theirs) {
            (Ok(Line::Part(ours)), Ok(Line::Part(theirs))) => assert_eq!(ours, theirs),
            (Ok(Line::End { parts: ours }), Ok(Line::End { parts: theirs })) => {
                assert_eq!(ours, theirs);
            }
            (Ok(Line::Other), Ok(Line::Other)) | (Err(_), Err(_)) => {}
            (ours, theirs) => panic!("{ours:?} {theirs:?}"),
        }
    }
}

#[test]
fn both_readers_understand_the_corpus_alike() {
    for bytes in folder("fareway").into_values() {
        assert_understood_alike(&bytes);
    }
}

#[test]
fn a_request_reads_back_as_the_question() {
    let world = World::new();
    let outgoing = request(&world.question, &world.settings).unwrap();
    assert_eq!(outgoing.url, "http://127.0.0.1:1/offers");
    let read = Ask::parse(&outgoing.body).unwrap().to_question().unwrap();
    assert_eq!(read.key(), world.question.key());
    let corpus = Ask::parse(&document("fareway/ask.json")).unwrap().to_question().unwrap();
    assert_eq!(corpus.key(), world.question.key());
}

#[test]
fn requests_that_cannot_be_answered_are_refused_with_the_reason() {
    let ask = Ask::of(&World::new().question, None);
    let refused = |change: &dyn Fn(&mut Ask)| {
        let mut ask = ask.clone();
        change(&mut ask);
        ask.to_question().unwrap_err()
    };
    assert_eq!(refused(&|ask| ask.version = 9), AskError::Version(9));
    assert_eq!(refused(&|ask| ask.legs.clear()), AskError::Legs);
    assert_eq!(refused(&|ask| ask.legs[0].origins.clear()), AskError::Legs);
    assert!(matches!(refused(&|ask| ask.infants = 200), AskError::Travellers(_)));
    assert!(matches!(Ask::parse(b"{}"), Err(AskError::Malformed(_))));
}

/// An answer to the corpus question with some of everything a partner can say.
fn answer(prices: &[(i64, u8)]) -> Answer {
    let question = fuzz::question();
    let mut builder = AnswerBuilder::default();
    let leg = |builder: &mut AnswerBuilder, index: usize, number: u16| {
        let asked = &question.legs[index];
        let departs = asked.date.at_minute(400);
        let segment = Segment {
            departs,
            arrives: departs.plus_minutes(900),
            number: FlightNumber::new(number % 10_000),
            origin: asked.origin.airports[0],
            destination: asked.destination.airports[0],
            carrier: "KL".parse().unwrap(),
            operating: if number.is_multiple_of(2) { "KL" } else { "SQ" }.parse().unwrap(),
        };
        let segment = builder.segment(segment);
        (segment, builder.leg(&[segment]).unwrap())
    };
    for &(minor, kind) in prices {
        let currency = ["EUR", "JPY", "KWD"].map(CurrencyCode::literal)[kind as usize % 3];
        let (segment, out) = leg(&mut builder, 0, u16::from(kind));
        let (_, back) = leg(&mut builder, 1, u16::from(kind) + 1);
        let itinerary = builder.itinerary(&[out, back]).unwrap();
        let text = |builder: &mut AnswerBuilder, text: &str| builder.text(text).unwrap();
        // Texts in the order the reader meets them, so that the answers are equal byte by byte.
        let basis = text(&mut builder, "V\"é\\6");
        let brand =
            if kind.is_multiple_of(5) { Text::default() } else { text(&mut builder, "LIGHT") };
        let link = text(&mut builder, &format!("https://kl.example/{minor}"));
        let offer = Offer {
            price: Some(Money::new(minor, currency)),
            agent: "klm1".parse().unwrap(),
            itinerary,
            fares_start: 0,
            fares_len: 0,
            transfer: [Transfer::Managed, Transfer::SelfTransfer, Transfer::ProtectedSelfTransfer]
                [kind as usize % 3],
            cabin_bags: if kind.is_multiple_of(2) {
                BagAllowance::Unknown
            } else {
                BagAllowance::Included(1)
            },
            checked_bags: BagAllowance::Included(kind % 3),
            brand,
            link,
            emissions_grams: u32::from(kind) * 1_000,
        };
        let class = if kind.is_multiple_of(7) { 0 } else { b'V' };
        builder.offer(offer, &[FareDetail { segment, booking_class: class, basis }]).unwrap();
    }
    builder.finish()
}

proptest! {
    #[test]
    fn a_written_answer_reads_back_as_itself(
        prices in prop::collection::vec((1_i64..1_000_000_000_000, any::<u8>()), 0..40),
    ) {
        let world = World::new();
        let answer = answer(&prices);
        let mut bytes = Vec::new();
        write_part(&answer, fuzz::decimals, &mut bytes);
        write_end(1, &mut bytes);
        let mut lines = Lines::default();
        lines.push(&bytes).unwrap();
        let part = decode_line(&lines.next_line().unwrap(), world.context()).unwrap();
        let Line::Part(decoded) = part else { panic!("not a part") };
        assert_eq!(decoded.unread.count, 0, "{}", show(&decoded));
        assert_eq!(decoded.answer, answer);
        let end = decode_line(&lines.next_line().unwrap(), world.context()).unwrap();
        assert!(matches!(end, Line::End { parts: 1 }));
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in any::<Vec<u8>>()) {
        fuzz::fareway(&bytes);
    }

    #[test]
    fn damaged_documents_are_understood_alike_and_never_panic(
        changes in prop::collection::vec((any::<usize>(), any::<u8>(), any::<u8>()), 1..6),
        which in any::<prop::sample::Index>(),
    ) {
        let files = folder("fareway");
        let bytes = which.get(&files.values().collect::<Vec<_>>()).to_vec();
        let bytes = mutate(&bytes, &changes);
        fuzz::fareway(&bytes);
        assert_understood_alike(&bytes);
    }

    #[test]
    fn no_damage_to_a_partner_file_makes_it_panic(
        changes in prop::collection::vec((any::<usize>(), any::<u8>(), any::<u8>()), 1..6),
        which in any::<prop::sample::Index>(),
    ) {
        let files = folder("partner_file");
        let bytes = which.get(&files.values().collect::<Vec<_>>()).to_vec();
        fuzz::partner_file(&mutate(&bytes, &changes));
    }
}
