//! Shows what a generated market looks like: flights, one leg, one question.
#![expect(clippy::print_stdout, clippy::expect_used, reason = "an example talks to the terminal")]

use domain::{
    AirportCode, Cabin, CountryCode, Date, Place, PlaceSet, Question, QuestionLeg, Travellers,
};
use sandbox::board::LegQuery;
use sandbox::{Market, MarketSettings};

fn main() {
    let start = runtime::now();
    let market = Market::generate(1, MarketSettings::fast()).expect("a market");
    println!("generated in {} ms", start.elapsed().as_millis());
    let world = market.world();
    println!(
        "{} airports, {} carriers, {:.0} departures a day, {} routes, {} bytes of schedule",
        world.sites.all().len(),
        world.lines.len(),
        world.departures_a_day(),
        world.schedule.route_count(),
        world.schedule.bytes()
    );
    let legs: Vec<String> = std::env::args().skip(1).collect();
    let (from, to) = (legs.first().map_or("EDI", |c| c), legs.get(1).map_or("SIN", |c| c));
    let airports =
        |code: &str| sandbox::asked::place_of_code(code.as_bytes()).expect("a place").airports;
    let date = Date::from_days(market.today().days() + 40);
    for round in 0..2 {
        let date = Date::from_days(date.days() + round);
        let leg = LegQuery { origins: airports(from), destinations: airports(to), date };
        let start = runtime::now();
        let board = market.board(leg);
        println!(
            "board in {} us: {} candidates, {} segments",
            start.elapsed().as_micros(),
            board.candidates.len(),
            board.segments.len()
        );
        if round > 0 {
            continue;
        }
        for candidate in board.candidates.iter().take(25) {
            print!(
                "{:6.0} USD {:?} {:4} min ",
                candidate.fare,
                candidate.transfer,
                candidate.arrives - candidate.departs
            );
            for &index in candidate.segments() {
                let s = board.segments[usize::from(index)];
                print!(
                    " {}{}({}) {}-{} {}-{}",
                    s.carrier,
                    s.number,
                    s.operating,
                    s.origin,
                    s.destination,
                    &s.departs.to_string()[5..16],
                    &s.arrives.to_string()[5..16]
                );
            }
            println!();
        }
    }
    sold(&market, airports, (from, to), date);
}

/// Shows who sells a return and how much.
fn sold(
    market: &Market,
    airports: impl Fn(&str) -> Vec<AirportCode>,
    (from, to): (&str, &str),
    date: Date,
) {
    let set = |code: &str| PlaceSet {
        asked: Place::Airport(AirportCode::from_bytes(code.as_bytes()).expect("code")),
        airports: airports(code),
    };
    let question = Question {
        legs: vec![
            QuestionLeg { origin: set(from), destination: set(to), date },
            QuestionLeg {
                origin: set(to),
                destination: set(from),
                date: Date::from_days(date.days() + 14),
            },
        ],
        cabin: Cabin::Economy,
        travellers: Travellers::new(1, &[]).expect("party"),
        market: CountryCode::literal("GB"),
    };
    let start = runtime::now();
    let truth = market.truth(&question);
    println!(
        "truth of {} partners in {} ms, {} offers",
        truth.partners.len(),
        start.elapsed().as_millis(),
        truth.offers()
    );
    let registry_files = market.partner_files("http://127.0.0.1:1");
    let mut covering = Vec::new();
    for (name, text) in &registry_files {
        let settings = partners::PartnerSettings::parse(name, text, None).expect("a good file");
        if settings.coverage.covers(&question, market.today()).is_ok() {
            let offers = truth.of(settings.id).map_or(0, |s| s.answer.offers().len());
            covering.push((settings.id, offers));
        }
    }
    let total: usize = covering.iter().map(|c| c.1).sum();
    let with: Vec<_> = covering.iter().filter(|one| one.1 > 0).collect();
    println!(
        "{} partners cover it, {} with offers, {total} offers: {with:?}",
        covering.len(),
        with.len()
    );
}
