//! How fast the market answers, by protocol, on one core: distinct questions, base included.
//!
//! `cargo run --release -p sandbox --example answer_speed`
#![expect(clippy::print_stdout, clippy::expect_used, reason = "an example talks to the terminal")]

use domain::{Cabin, CountryCode, LegRequest, Place, Question, SearchRequest, Travellers};
use partners::ProtocolKind;
use runtime::Random;
use sandbox::{Market, MarketSettings, Seller, asked, wire};

/// Questions asked; each of thirty partners.
const QUESTIONS: usize = 600;
const PARTNERS: usize = 30;

/// One question and the partners it is put to.
struct Search<'m> {
    question: Question,
    sellers: Vec<&'m Seller>,
}

fn main() {
    let market = Market::generate(1, MarketSettings::fast()).expect("a market");
    let mut random = Random::from_seed(3);
    let searches: Vec<Search<'_>> = (0..QUESTIONS).map(|_| search(&market, &mut random)).collect();
    let start = cpu_seconds();
    let (mut boards, mut candidates) = (0, 0);
    for search in &searches {
        if let Some(seen) = asked::as_seen(search.sellers[0], &search.question) {
            let shelf = market.shelf(search.sellers[0], &seen);
            boards += shelf.boards.len();
            candidates += shelf.boards.iter().map(|board| board.candidates.len()).sum::<usize>();
        }
    }
    let base = cpu_seconds() - start;
    println!(
        "base: {QUESTIONS} questions, {boards} boards of {} candidates: {:.0} us a board, {:.0} questions/s/core",
        candidates / boards.max(1),
        base * 1e6 / boards as f64,
        QUESTIONS as f64 / base
    );
    let mut spent = base;
    for protocol in ProtocolKind::ALL {
        let start = cpu_seconds();
        let (mut answers, mut bytes, mut offers) = (0_usize, 0_usize, 0_usize);
        let mut body = Vec::new();
        for search in &searches {
            for seller in search.sellers.iter().filter(|seller| seller.protocol == protocol) {
                let Some(seen) = asked::as_seen(seller, &search.question) else { continue };
                let shelf = market.shelf(seller, &seen);
                body.clear();
                match protocol {
                    ProtocolKind::Fareway => {
                        wire::fareway::answer(&market, seller, &seen, &shelf, &mut body);
                    }
                    ProtocolKind::Duffel => {
                        wire::duffel::answer(seller, &seen, &shelf, &mut body);
                    }
                    ProtocolKind::Amadeus => {
                        wire::amadeus::answer(seller, &seen, &shelf, &mut body);
                    }
                }
                answers += 1;
                bytes += body.len();
                offers += shelf.offers.len();
            }
        }
        let took = cpu_seconds() - start;
        spent += took;
        println!(
            "{:8} {answers:6} answers of {:4} offers, {:6} bytes: {:6.1} us an answer, {:6.0} answers/s/core",
            protocol.name(),
            offers / answers.max(1),
            bytes / answers.max(1),
            took * 1e6 / answers.max(1) as f64,
            answers as f64 / took
        );
    }
    println!(
        "all: {:.0} questions/s/core of {PARTNERS} partners, {:.0} answers/s/core",
        QUESTIONS as f64 / spent,
        (QUESTIONS * PARTNERS) as f64 / spent
    );
}

/// Seconds this thread has run on a core: other work on the machine does not count.
fn cpu_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").expect("Linux");
    let nanoseconds = text.split(' ').next().and_then(|text| text.parse::<f64>().ok());
    nanoseconds.expect("a number") / 1e9
}

/// A return between two of the busiest hundred airports, and thirty partners that sell it.
fn search<'m>(market: &'m Market, random: &mut Random) -> Search<'m> {
    let sites = market.world().sites.all();
    let mut place = || Place::Airport(sites[random.below(100) as usize].code);
    let (from, mut to) = (place(), place());
    while to == from {
        to = place();
    }
    let out = market.today().plus_days(7 + random.below(120) as i32);
    let back = out.plus_days(3 + random.below(15) as i32);
    let request = SearchRequest {
        legs: vec![
            LegRequest { origin: from, destination: to, date: out },
            LegRequest { origin: to, destination: from, date: back },
        ],
        cabin: Cabin::Economy,
        travellers: Travellers::one_adult(),
        market: CountryCode::literal("GB"),
        nearby: false,
    };
    let question =
        Question::normalise(&request, |place, nearby| atlas::atlas().resolve(place, nearby));
    let agencies: Vec<&Seller> =
        market.sellers().iter().filter(|seller| !seller.is_airline()).collect();
    let first = random.below(agencies.len() as u64) as usize;
    let sellers = agencies.iter().cycle().skip(first).take(PARTNERS).copied().collect();
    Search { question: question.expect("known airports"), sellers }
}
