//! What does it cost to rank and render the first page of a search?
//!
//! Thirty partners of the simulated market answer one question; the page is the ten best
//! itineraries. `--test` (as `cargo test --benches` says) runs everything once.

#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a bench prints, reads the clock and may fail loudly"
)]

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use atlas::atlas;
use cell::agents::AgentBook;
use cell::{PageParts, render_parts};
use domain::{Answer, Date, LegRequest, Place, Question, SearchRequest, Travellers};
use partners::{AgentKind, AgentSettings};
use sandbox::{Market, MarketSettings};
use search::{Display, Locale, Progress, View, merge, view};

const PARTNERS: usize = 30;
const TOKEN: &str = "AQGzNWKtmk7lrET8-5rMlMJ_Rr0Fa8eG4xYAAAAAAgDGSABfkJBRAAAAX5AAxkieUQAAAAIAAEsCAKVSBWVuLUdCAAAAAACa52nnQu9xg35BAxbJOVgk-cell1";

fn main() {
    let once = std::env::args().any(|argument| argument == "--test");
    let market = Market::generate(7, MarketSettings::fast()).unwrap();
    let request = request();
    let question =
        Question::normalise(&request, |place, nearby| atlas().resolve(place, nearby)).unwrap();
    let step = market.sellers().len() / PARTNERS;
    let sellers: Vec<_> = market.sellers().iter().step_by(step).take(PARTNERS).collect();
    let answers: Vec<Arc<Answer>> =
        sellers.iter().map(|seller| Arc::new(market.answer(seller.id, &question))).collect();
    let cards: Vec<_> = sellers
        .iter()
        .map(|seller| {
            let card = AgentSettings {
                id: seller.agent,
                name: seller.name.clone(),
                kind: AgentKind::TravelAgent,
                carriers: Vec::new(),
            };
            (seller.id, [card])
        })
        .collect();
    let agents = AgentBook::new(cards.iter().map(|(id, cards)| (*id, &cards[..])));
    let display = Display::new("GBP".parse().unwrap(), Locale::EN_GB);
    let merged = merge(&answers, &display, atlas());
    let page = view(&merged, &question, &display, &View::default());
    let write_link = |_: &search::MergedItinerary,
                      _: &search::OfferView<'_>,
                      _: u8,
                      out: &mut String| out.push_str("UgldL-BRDUMuc22OsY0-Ug");
    let render = |options| {
        render_parts(&PageParts {
            atlas: atlas(),
            agents: &agents,
            token: TOKEN,
            status: "complete",
            version: 30,
            partners: Progress { asked: 30, remembered: 0, answered: 30, failed: 0 },
            request: &request,
            display: &display,
            merged: &merged,
            page: &page,
            options,
            write_link: &write_link,
        })
    };
    println!("itineraries {}, options {}", merged.itineraries().len(), merged.option_count());
    measure("merge", once, || merge(&answers, &display, atlas()).option_count());
    measure("rank and count facets", once, || {
        view(&merged, &question, &display, &View::default()).rows.len()
    });
    measure("render, 3 options each", once, || render(3).len());
    measure("render, all options", once, || render(usize::MAX).len());
}

fn request() -> SearchRequest {
    let leg = |from: &str, to: &str, days| LegRequest {
        origin: Place::City(from.parse().unwrap()),
        destination: Place::City(to.parse().unwrap()),
        date: Date::from_days((runtime::unix_ms() / 86_400_000) as i32 + days),
    };
    SearchRequest {
        legs: vec![leg("LON", "NYC", 40), leg("NYC", "LON", 47)],
        cabin: domain::Cabin::Economy,
        travellers: Travellers::one_adult(),
        market: "GB".parse().unwrap(),
        nearby: false,
    }
}

/// Prints the best of seven slices, and what the work gave, so that it cannot vanish.
fn measure(name: &str, once: bool, mut work: impl FnMut() -> usize) {
    let (slices, slice) = if once { (1, Duration::ZERO) } else { (7, Duration::from_millis(300)) };
    let (mut best, mut checksum) = (f64::INFINITY, 0);
    for _ in 0..slices {
        let (started, mut count) = (Instant::now(), 0_u32);
        loop {
            checksum = black_box(work());
            count += 1;
            if started.elapsed() >= slice {
                break;
            }
        }
        best = best.min(started.elapsed().as_secs_f64() * 1e6 / f64::from(count));
    }
    println!("{name}: {best:.1} us ({checksum})");
}
