//! From creating a search to its last poll, with partners that answer, fail and hang.

use std::sync::Arc;
use std::time::Duration;

use domain::{CityCode, InvalidSearch, Place};
use partners::{AnswerSink, AskFuture, Partner, PartnerSettings};
use runtime::{Deadline, Limited};
use search::{End, InvalidDisplay, SearchError, Seen, Status, TokenError};
use tokio::sync::Notify;

use crate::world::{
    Manner, Seller, World, airport, day, display, finish, ledger, prices, request, within,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_search_is_there_at_once_and_grows_as_partners_answer() {
    let gate = Arc::new(Notify::new());
    let slow = Seller::new("slow", &[(1, 600, 800, 20_000), (2, 700, 800, 30_000)]);
    let world = World::with(vec![
        Seller::new("fast", &[(1, 600, 800, 25_000)]).serving(&["EDI", "SIN"]),
        slow.with(Manner::InParts(Arc::clone(&gate))),
        Seller::new("other", &[]).serving(&["JFK", "LAX"]),
    ])
    .await;
    let engine = world.engine(|_| ());
    let opened = within(engine.create(request("EDI", "SIN"), display())).await.unwrap();
    assert_eq!(opened.snapshot.status, Status::Incomplete);
    assert!(opened.token.ends_with("-cell1"));

    let mut token = opened.token.clone();
    let mut snapshot = opened.snapshot;
    while snapshot.progress.answered < 1 {
        let polled = within(engine.poll(&token, 1_000)).await.unwrap();
        (token, snapshot) = (polled.token, polled.snapshot);
    }
    assert_eq!(prices(&snapshot), [(1, "fast".to_owned(), Some(25_000))]);
    // Nothing new: the poll waits, and says so.
    let polled = within(engine.poll(&token, 50)).await.unwrap();
    assert!(!polled.changed);
    assert_eq!(polled.snapshot.version, snapshot.version);

    // News wake a poll that waits.
    let waiting = world.tasks.spawn({
        let (engine, token) = (Arc::clone(&engine), token.clone());
        async move { engine.poll(&token, 1_000).await.unwrap() }
    });
    gate.notify_one();
    let polled = within(waiting).await.unwrap();
    assert!(polled.changed);
    let first_part = [(1, "fast".to_owned(), Some(25_000)), (1, "slow".to_owned(), Some(20_000))];
    assert_eq!(prices(&polled.snapshot), first_part);

    gate.notify_one();
    gate.notify_one();
    let feed = world.tasks.spawn(async move {
        loop {
            gate.notify_one();
            tokio::task::yield_now().await;
        }
    });
    let (last, snapshot) = finish(&engine, &polled.token).await;
    feed.abort();
    assert_eq!(snapshot.status, Status::Complete);
    assert_eq!(prices(&snapshot).len(), 3);
    assert_eq!(ledger(&snapshot), ["fast 1 -", "other not_covered: airports", "slow 2 -"]);
    // The newest token has seen it all; the first one has not, and is still good.
    assert!(!within(engine.poll(&last, 1_000)).await.unwrap().changed);
    assert!(within(engine.poll(&opened.token, 1_000)).await.unwrap().changed);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn failing_and_silent_partners_cost_their_own_offers_and_no_time_beyond_the_deadline() {
    let flights = &[(1, 600, 800, 20_000)];
    let world = World::with(vec![
        Seller::new("good", flights),
        Seller::new("silent", flights).with(Manner::Silent),
        Seller::new("refuses", flights).with(Manner::Refuses(503)),
        Seller::new("garbage", flights).with(Manner::Garbage),
        Seller::new("cut", flights).with(Manner::Truncated),
    ])
    .await;
    let engine = world.engine(|settings| settings.deadline_ms = Limited::literal(400));
    let started = runtime::now();
    let opened = within(engine.create(request("EDI", "SIN"), display())).await.unwrap();
    let (_, snapshot) = finish(&engine, &opened.token).await;
    let took = started.elapsed();
    assert!(took < Duration::from_millis(1_500), "{took:?}");
    assert_eq!(snapshot.status, Status::Complete);
    let rows = ledger(&snapshot);
    assert_eq!(rows[0], "cut 1 partner_connection_lost");
    assert!(rows[1].starts_with("garbage 0 partner_"), "{rows:?}");
    assert_eq!(rows[2..], ["good 1 -", "refuses 0 partner_refused", "silent 0 partner_timeout"]);
    let progress = snapshot.progress;
    assert_eq!((progress.asked, progress.answered, progress.failed), (5, 1, 4));
    assert!(snapshot.ledger.asked().all(|row| row.ms.is_some()));
    world.stop().await;
}

/// A partner whose code is broken.
#[derive(Debug)]
struct Broken(PartnerSettings);

impl Partner for Broken {
    fn settings(&self) -> &PartnerSettings {
        &self.0
    }

    fn ask(&self, _: Arc<domain::Question>, _: Deadline, _: AnswerSink) -> AskFuture<'_> {
        panic!("a broken partner");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_partner_that_panics_counts_as_failed_and_takes_nothing_with_it() {
    let good = Seller::new("good", &[(1, 600, 800, 20_000)]);
    let world = World::with(vec![good.clone()]).await;
    let good = world.partner(&good);
    let broken =
        PartnerSettings { id: domain::PartnerId::literal("broken"), ..good.settings().clone() };
    world.set_roster(vec![good, Arc::new(Broken(broken))]);
    let engine = world.engine(|_| ());
    let opened = within(engine.create(request("EDI", "SIN"), display())).await.unwrap();
    let (_, snapshot) = finish(&engine, &opened.token).await;
    assert_eq!(snapshot.status, Status::Complete);
    assert_eq!(ledger(&snapshot), ["broken 0 search_internal", "good 1 -"]);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_search_fails_if_everyone_fails_and_is_complete_if_nobody_sells_it() {
    let world = World::with(vec![
        Seller::new("one", &[]).with(Manner::Refuses(500)).serving(&["EDI", "SIN"]),
        Seller::new("two", &[]).with(Manner::Garbage).serving(&["EDI", "SIN"]),
    ])
    .await;
    let engine = world.engine(|_| ());
    let opened = within(engine.create(request("EDI", "SIN"), display())).await.unwrap();
    let (_, snapshot) = finish(&engine, &opened.token).await;
    assert_eq!(snapshot.status, Status::Failed);
    let elsewhere = within(engine.create(request("JFK", "LAX"), display())).await.unwrap();
    assert_eq!(elsewhere.snapshot.status, Status::Complete);
    assert_eq!(elsewhere.snapshot.ledger.rows().count(), 2);
    world.set_roster(Vec::new());
    let nobody = within(engine.create(request("JFK", "SFO"), display())).await.unwrap();
    assert_eq!(nobody.snapshot.status, Status::Failed);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_day_that_is_over_where_a_journey_begins_is_in_the_past_and_elsewhere_it_is_not() {
    let world = World::with(vec![Seller::new("one", &[])]).await;
    let engine = world.engine(|_| ());
    // Fourteen hours ahead of UTC, and eleven behind.
    let (early, late) = ("CXI", "PPG");
    let now = runtime::unix_ms().div_euclid(60_000) as i32;
    let today = atlas::atlas().local_time(domain::AirportCode::literal(early), now).unwrap().date();
    let yesterday_from = async |origin: &str| {
        let mut request = request(origin, "SIN");
        request.legs[0].date = today.plus_days(-1);
        within(engine.create(request, display())).await
    };
    let refused = yesterday_from(early).await.unwrap_err();
    assert_eq!(refused, InvalidSearch::Past { leg: 0 }.into());
    yesterday_from(late).await.unwrap();
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_searched_is_refused_with_its_reason() {
    let world = World::with(vec![Seller::new("one", &[])]).await;
    let engine = world.engine(|_| ());
    let check = async |change: &dyn Fn(&mut domain::SearchRequest), expected: SearchError| {
        let mut request = request("EDI", "SIN");
        change(&mut request);
        let refused = within(engine.create(request, display())).await.unwrap_err();
        assert_eq!(refused, expected);
    };
    let past = day().plus_days(-100);
    check(&|r| r.legs[0].date = past, InvalidSearch::Past { leg: 0 }.into()).await;
    let later = day().plus_days(400);
    let too_far = InvalidSearch::TooFar { leg: 0, days: 360 };
    check(&|r| r.legs[0].date = later, too_far.into()).await;
    check(&|r| r.legs.clear(), InvalidSearch::LegCount(0).into()).await;
    let london = Place::City(CityCode::literal("LON"));
    check(
        &|r| (r.legs[0].origin, r.legs[0].destination) = (airport("LHR"), london),
        InvalidSearch::SamePlace { leg: 0 }.into(),
    )
    .await;
    let (leg, end, place) = (0, End::Destination, airport("XXZ"));
    check(&|r| r.legs[0].destination = place, SearchError::UnknownPlace { leg, end, place }).await;
    let mut in_won = display();
    in_won.currency = domain::CurrencyCode::literal("KPW");
    let refused = within(engine.create(request("EDI", "SIN"), in_won.clone())).await.unwrap_err();
    assert_eq!(refused, InvalidDisplay::Currency(in_won.currency).into());
    let forged = within(engine.poll("abc-cell1", 0)).await.unwrap_err();
    assert_eq!(forged, TokenError::Forged.into());
    assert_eq!(world.seen.count(), 0, "nobody was asked");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_leads_to_its_seller_and_only_within_its_search() {
    let world = World::with(vec![Seller::new("good", &[(7, 600, 800, 20_000)])]).await;
    let engine = world.engine(|_| ());
    let opened = within(engine.create(request("EDI", "SIN"), display())).await.unwrap();
    let (token, snapshot) = finish(&engine, &opened.token).await;
    let itinerary = &snapshot.merged.itineraries()[0];
    let offer = snapshot.merged.offer(&snapshot.merged.options(itinerary)[0]);
    let mut link = String::new();
    snapshot.write_link(itinerary, &offer, 0, &mut link);
    let followed = within(engine.follow(&token, &link)).await.unwrap();
    assert_eq!(followed.address, "https://good.example/book?n=7");
    let other = within(engine.create(request("EDI", "SIN"), display())).await.unwrap();
    let refused = within(engine.follow(&other.token, &link)).await;
    let unknown = Err(SearchError::NoSuchOffer { itinerary: None });
    assert_eq!(refused, unknown);
    assert_eq!(within(engine.follow(&token, "x")).await, unknown);
    // Another cell finds the offer again by asking the partners itself.
    let cell = world.engine(|_| ());
    let followed = within(cell.follow(&token, &link)).await.unwrap();
    assert_eq!(followed.address, "https://good.example/book?n=7");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nearby_airports_are_asked_for_when_wanted() {
    let world = World::with(vec![Seller::new("good", &[(7, 600, 800, 20_000)])]).await;
    let engine = world.engine(|_| ());
    for nearby in [false, true] {
        let wanted = domain::SearchRequest { nearby, ..request("EDI", "SIN") };
        let opened = within(engine.create(wanted, display())).await.unwrap();
        finish(&engine, &opened.token).await;
    }
    let asks = world.seen.asks_of("good");
    let asked: Vec<usize> = asks.iter().map(|ask| ask.legs[0].origins.len()).collect();
    assert_eq!((asked[0], asked[1] > 1), (1, true), "{asks:?}");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_search_that_is_gone_comes_back_under_its_id_from_any_of_its_tokens() {
    let world = World::with(vec![Seller::new("good", &[(7, 600, 800, 20_000)])]).await;
    let engine = world.engine(|_| ());
    let opened = within(engine.create(request("EDI", "SIN"), display())).await.unwrap();
    let (last, before) = finish(&engine, &opened.token).await;
    let cell = world.engine(|settings| settings.fresh_ms = Limited::literal(0));
    let (one, other) =
        within(async { tokio::join!(cell.poll(&last, 0), cell.poll(&opened.token, 0)) }).await;
    let (one, other) = (one.unwrap(), other.unwrap());
    assert_eq!(one.snapshot.search, before.search);
    assert_eq!(other.snapshot.search, before.search);
    assert!(one.changed && other.changed, "a version of another run is never current");
    assert_ne!(one.snapshot.seen(), Seen::default());
    assert_eq!(cell.load().open, 1);
    let (_, after) = finish(&cell, &one.token).await;
    assert_eq!(prices(&after), prices(&before));
    assert_eq!(world.seen.count(), 2);
    world.stop().await;
}
