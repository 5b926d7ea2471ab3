//! Cells that die, break off, hang or decline.

use std::sync::atomic::Ordering;
use std::time::Duration;

use runtime::Limited;

use crate::world::{Mood, StandIn, World};

#[tokio::test]
async fn work_of_a_dead_cell_is_done_elsewhere_without_an_error_and_its_home_is_remembered() {
    let world = World::start().await;
    let path = "/kept/2/77";
    assert_eq!(world.get(path).await.cell(), 2);
    world.cell(2).die().await;
    let moved = world.get(path).await;
    assert_eq!(moved.status, 200);
    let home = moved.cell();
    assert_ne!(home, 2);
    let key = world.key_for(2);
    for _ in 0..20 {
        assert_eq!(world.get(path).await.cell(), home);
        assert_ne!(world.cell_of_key(key).await, 2);
    }
    // The cell is back: what moved stays where it is, what did not goes on there.
    let _back = StandIn::start_at(2, world.cell(2).address).await;
    let mut others = 100..;
    world
        .until(|| {
            let path = format!("/kept/2/{}", others.next().unwrap());
            let world = &world;
            async move { world.get(&path).await.cell() == 2 }
        })
        .await;
    assert_eq!(world.get(path).await.cell(), home);
}

#[tokio::test]
async fn a_create_that_got_no_answer_is_sent_once_more_elsewhere() {
    let world = World::start().await;
    let key = world.key_for(1).to_string();
    world.cell(1).is(Mood::BreaksOff);
    let got = world.call("POST", "/new", &[("x-key", &key)]).await;
    assert_eq!(got.status, 200);
    assert_ne!(got.cell(), 1);
    assert_eq!(world.cell(1).seen.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn what_does_harm_twice_is_sent_once() {
    let world = World::start().await;
    let key = world.key_for(1).to_string();
    world.cell(1).is(Mood::BreaksOff);
    let got = world.call("POST", "/once", &[("x-key", &key)]).await;
    assert_eq!((got.status, got.text.as_str()), (502, "cell_broke_off"));
    // Nobody sees a request whose connection is refused, so that one goes elsewhere.
    world.cell(1).die().await;
    assert_eq!(world.call("POST", "/once", &[("x-key", &key)]).await.status, 200);
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_got_elsewhere_and_not_shown_in_part() {
    let world = World::start().await;
    world.cell(1).is(Mood::BreaksOffLate);
    let got = world.get("/kept/1/5").await;
    assert_eq!(got.status, 200);
    assert_eq!(got.text, format!("cell-{}", got.cell()));
    assert_ne!(got.cell(), 1);
}

#[tokio::test]
async fn a_cell_that_hangs_costs_the_time_of_one_answer_and_is_then_left_alone() {
    let world = World::start().await;
    let key = world.key_for(3);
    world.cell(3).is(Mood::Hangs);
    let headers = [("x-key", key.to_string())];
    let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));
    for _ in 0..5 {
        assert_eq!(world.call("POST", "/new", &headers).await.status, 200);
    }
    let seen = world.cell(3).seen.load(Ordering::SeqCst);
    assert_eq!(seen, 5);
    assert_ne!(world.cell_of_key(key).await, 3);
    assert_eq!(world.cell(3).seen.load(Ordering::SeqCst), seen);
}

#[tokio::test]
async fn a_cell_that_declines_new_work_is_passed_over_and_its_word_on_kept_work_is_passed_on() {
    let world = World::start().await;
    world.cell(2).is(Mood::Says(503));
    assert_ne!(world.cell_of_key(world.key_for(2)).await, 2);
    let kept = world.get("/kept/2/1").await;
    assert_eq!((kept.status, kept.cell(), kept.text.as_str()), (503, 2, "told"));
    world.cell(2).is(Mood::Says(404));
    assert_eq!(world.get("/kept/2/1").await.status, 404);
}

#[tokio::test]
async fn what_a_cell_has_no_room_for_goes_to_another_zone_while_one_there_takes_all() {
    let world = World::start().await;
    world.one_zone_a_cell().await;
    let key = world.key_for(2);
    world.cell(2).is(Mood::Says(429));
    for _ in 0..10 {
        assert_ne!(world.cell_of_key(key).await, 2);
    }
    let kept = world.get("/kept/2/1").await;
    assert_eq!((kept.status, kept.cell(), kept.text.as_str()), (429, 2, "told"));
    let once = world.call("POST", "/once", &[("x-key", &key.to_string())]).await;
    assert_eq!((once.status, once.cell()), (429, 2), "it cannot be sent twice");
}

#[tokio::test]
async fn where_all_have_too_much_the_word_of_one_is_passed_on() {
    let world = World::start().await;
    world.one_zone_a_cell().await;
    (1..=3).for_each(|cell| world.cell(cell).is(Mood::Says(429)));
    for _ in 0..20 {
        let got = world.get("/new").await;
        assert_eq!((got.status, got.text.as_str()), (429, "told"));
    }
    let seen: usize = (1..=3).map(|cell| world.cell(cell).seen.load(Ordering::SeqCst)).sum();
    assert!((20..=40).contains(&seen), "each is asked for twice at most: {seen}");
}

#[tokio::test]
async fn retries_stay_within_their_budget() {
    let world = World::start_with(|settings| {
        settings.retry_reserve = Limited::literal(2);
        settings.retry_percent = Limited::literal(0);
        // Nobody is left alone, so that every request would be tried again.
        settings.health.failures_max = Limited::literal(1_000);
        settings.health.failed_percent = Limited::literal(100);
        settings.health.requests_min = Limited::literal(1_000);
    })
    .await;
    (1..=3).for_each(|cell| world.cell(cell).is(Mood::BreaksOff));
    for _ in 0..10 {
        assert_eq!(world.get("/new").await.status, 502);
    }
    let sent: usize = (1..=3).map(|cell| world.cell(cell).seen.load(Ordering::SeqCst)).sum();
    assert_eq!(sent, 12);
}

#[tokio::test]
async fn when_no_cell_is_left_that_is_said_and_when_one_is_back_it_works() {
    let world = World::start().await;
    for cell in 1..=3 {
        world.cell(cell).die().await;
    }
    let got = world.get("/new").await;
    assert_eq!((got.status, got.text.as_str()), (503, "no_cell"));
    world.until(|| async { world.get("/readyz").await.status == 503 }).await;
    assert_eq!(world.get("/healthz").await.status, 200);
    let _back = StandIn::start_at(1, world.cell(1).address).await;
    world.until(|| async { world.get("/new").await.status == 200 }).await;
}

#[tokio::test]
async fn a_full_cell_is_passed_over() {
    let world = World::start_with(|settings| {
        settings.cell_requests_max = Limited::literal(1);
        settings.answer_ms = Limited::literal(60_000);
    })
    .await;
    world.cell(1).is(Mood::Hangs);
    let key = world.key_for(1).to_string();
    let headers = [("x-key", key.as_str())];
    let hanging = world.call("POST", "/new", &headers);
    let other = async {
        world.until(|| async { world.cell(1).seen.load(Ordering::SeqCst) == 1 }).await;
        world.call("POST", "/new", &headers).await
    };
    tokio::select! {
        biased;
        _ = hanging => panic!("it hangs"),
        other = other => assert_ne!(other.cell(), 1),
        () = tokio::time::sleep(Duration::from_secs(30)) => panic!("nobody answers"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cell_that_declines_gets_no_new_work_until_a_look_finds_it_ready() {
    let world = World::start_with(|settings| settings.probe_ms = Limited::literal(60_000)).await;
    let key = world.key_for(2);
    world.cell(2).is(Mood::Says(503));
    let before = world.cell(2).seen.load(Ordering::SeqCst);
    for _ in 0..20 {
        assert_ne!(world.cell_of_key(key).await, 2);
    }
    // The look of the edge's start may come after the first answer; it finds the cell ready once.
    let looks = world.cell(2).looks.load(Ordering::SeqCst);
    let asked = world.cell(2).seen.load(Ordering::SeqCst) - before;
    assert!(looks <= 1 && (1..=1 + looks).contains(&asked), "{asked} after {looks} looks");
}

#[tokio::test]
async fn a_cell_that_says_nothing_does_not_hold_up_the_looks_at_the_others() {
    let world = World::start_with(|settings| {
        settings.probe_within_ms = Limited::literal(60_000);
    })
    .await;
    world.cell(1).is(Mood::Stopped);
    let looks = || world.cell(1).looks.load(Ordering::SeqCst);
    let before = looks();
    world.until(|| async { looks() > before }).await;
    world.cell(2).die().await;
    world.until(|| async { world.standing(2).await == "gone" }).await;
    assert_eq!(world.standing(1).await, "up");
}

#[tokio::test]
async fn who_waits_for_a_cell_that_is_found_gone_is_answered_by_another() {
    let world = World::start_with(|settings| {
        settings.answer_ms = Limited::literal(60_000);
        settings.probe_within_ms = Limited::literal(50);
    })
    .await;
    world.cell(3).is(Mood::Stopped);
    let waited = tokio::time::timeout(Duration::from_secs(30), world.get("/kept/3/9")).await;
    let got = waited.expect("long before the time for an answer is over");
    assert_eq!(got.status, 200);
    assert_ne!(got.cell(), 3);
    // What does harm twice waits on: nobody knows whether it was done.
    let key = world.key_for(1).to_string();
    world.cell(1).is(Mood::Stopped);
    let headers = [("x-key", key.as_str())];
    let once = world.call("POST", "/once", &headers);
    let gone = world.until(|| async { world.standing(1).await == "gone" });
    tokio::select! {
        biased;
        _ = once => panic!("it has no answer"),
        () = gone => {}
    }
}
