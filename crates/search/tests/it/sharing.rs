//! Identical questions share one fan-out.

use std::sync::Arc;

use domain::{CurrencyCode, Money};
use runtime::Limited;
use search::{Display, Locale, Sort, Status, View};
use tokio::sync::Notify;

use crate::world::{GBP, Manner, Seller, World, display, finish, prices, request, within};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_question_asked_at_once_is_put_to_partners_once_whatever_the_display() {
    let gate = Arc::new(Notify::new());
    let seller = Seller::new("good", &[(7, 600, 800, 20_000)]);
    let world = World::with(vec![seller.with(Manner::InParts(Arc::clone(&gate)))]).await;
    let engine = world.engine(|_| ());
    let yen = CurrencyCode::literal("JPY");
    let mut opened = Vec::new();
    for index in 0..20 {
        let currency = if index % 2 == 0 { GBP } else { yen };
        let display = Display::new(currency, Locale::EN_GB);
        opened.push(within(engine.create(request("EDI", "SIN"), display)).await.unwrap());
    }
    gate.notify_one();
    let feed = world.tasks.spawn(async move {
        loop {
            gate.notify_one();
            tokio::task::yield_now().await;
        }
    });
    let in_yen = atlas::atlas().rates().convert(Money::new(20_000, GBP), yen).unwrap().minor;
    for (index, opened) in opened.iter().enumerate() {
        let (_, snapshot) = finish(&engine, &opened.token).await;
        assert_eq!(snapshot.status, Status::Complete);
        let amount = if index % 2 == 0 { 20_000 } else { in_yen };
        assert_eq!(prices(&snapshot), [(7, "good".to_owned(), Some(amount))]);
    }
    feed.abort();
    assert_eq!(world.seen.count(), 1);
    assert_eq!(engine.load().open, 20);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fresh_answer_is_complete_at_once_and_a_stale_one_is_asked_for_anew() {
    let world = World::with(vec![Seller::new("good", &[(7, 600, 800, 20_000)])]).await;
    let engine = world.engine(|_| ());
    let first = within(engine.create(request("EDI", "SIN"), display())).await.unwrap();
    finish(&engine, &first.token).await;
    let again = within(engine.create(request("EDI", "SIN"), display())).await.unwrap();
    assert_eq!(again.snapshot.status, Status::Complete);
    assert_ne!(again.snapshot.search, first.snapshot.search);
    assert_eq!(world.seen.count(), 1);

    let forgetful = world.engine(|settings| settings.fresh_ms = Limited::literal(0));
    for _ in 0..2 {
        let opened = within(forgetful.create(request("EDI", "SIN"), display())).await.unwrap();
        finish(&forgetful, &opened.token).await;
    }
    assert_eq!(world.seen.count(), 3);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_partners_or_a_failure_are_reasons_to_ask_anew() {
    let seller = Seller::new("bad", &[]).with(Manner::Refuses(500));
    let world = World::with(vec![seller.clone()]).await;
    let engine = world.engine(|_| ());
    for asked in 1..=2 {
        let opened = within(engine.create(request("EDI", "SIN"), display())).await.unwrap();
        let (_, snapshot) = finish(&engine, &opened.token).await;
        assert_eq!((snapshot.status, world.seen.count()), (Status::Failed, asked));
    }
    let good = Seller::new("good", &[(7, 600, 800, 20_000)]);
    let world = World::with(vec![good.clone()]).await;
    let engine = world.engine(|_| ());
    for asked in 1..=2 {
        let opened = within(engine.create(request("EDI", "SIN"), display())).await.unwrap();
        finish(&engine, &opened.token).await;
        assert_eq!(world.seen.count(), asked);
        world.set_roster(vec![world.partner(&good)]);
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn searches_that_share_an_answer_have_the_same_first_page_and_cursors_of_their_own() {
    let flights: Vec<_> =
        (1..=15).map(|at| (at, 600 + i32::from(at), 900, 10_000 + i64::from(at))).collect();
    let world = World::with(vec![
        Seller::new("one", &flights),
        Seller::new("two", &[(1, 601, 900, 9_000)]),
    ])
    .await;
    let engine = world.engine(|_| ());
    let opened = within(engine.create(request("EDI", "SIN"), display())).await.unwrap();
    let (_, first) = finish(&engine, &opened.token).await;
    let opened = within(engine.create(request("EDI", "SIN"), display())).await.unwrap();
    let (_, second) = finish(&engine, &opened.token).await;
    let mut without = display();
    without.agents.excluded = vec!["two".parse().unwrap()];
    let opened = within(engine.create(request("EDI", "SIN"), without)).await.unwrap();
    let (_, third) = finish(&engine, &opened.token).await;
    assert_eq!(world.seen.count(), 2, "both partners once, for all three");

    let pages = [&first, &second, &third].map(|snapshot| {
        let view = View { search: snapshot.cursor_scope(), ..View::default() };
        let page = snapshot.view(&view);
        assert!(view.continues(&page.next.unwrap()));
        page
    });
    assert_eq!(pages[0].rows, pages[1].rows);
    assert_eq!(pages[0].facets, pages[1].facets);
    assert_ne!(pages[0].next, pages[1].next);
    assert_eq!(pages[0].rows[0].price, Some(9_000));
    assert_eq!(pages[2].rows[0].price, Some(10_001), "who leaves out a seller has a page apart");
    let cheapest = View { sort: Sort::Cheapest, search: first.cursor_scope(), ..View::default() };
    assert_eq!(first.view(&cheapest).next.unwrap().sort, Sort::Cheapest);
    world.stop().await;
}
