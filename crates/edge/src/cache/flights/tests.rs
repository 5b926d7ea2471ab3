use http::Request;
use http::header::HOST;

use super::*;

const LONG: Duration = Duration::from_secs(60);

fn name(path: &str) -> FlightName {
    let request = Request::get(path).header(HOST, "a").body(()).unwrap();
    let key = Key::of(&request.into_parts().0).unwrap();
    FlightName { key, selected: Vec::new() }
}

fn lead(flights: &Arc<Flights>) -> Lead {
    match flights.join(name("/a")) {
        Joined::Lead(lead) => lead,
        other => panic!("{other:?}"),
    }
}

fn wait(flights: &Arc<Flights>) -> Waiter {
    match flights.join(name("/a")) {
        Joined::Wait(waiter) => waiter,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn those_who_wait_hear_how_the_first_ended() {
    for landed in [Landed::Kept, Landed::Apart] {
        let flights = Flights::new(10);
        let first = lead(&flights);
        let (one, other) = (wait(&flights), wait(&flights));
        first.land(landed);
        assert_eq!((one.landed(LONG).await, other.landed(LONG).await), (landed, landed));
        // Whoever comes later begins anew.
        drop(lead(&flights));
    }
}

#[tokio::test]
async fn when_the_first_is_given_up_one_of_the_others_goes() {
    let flights = Flights::new(10);
    let first = lead(&flights);
    let waiter = wait(&flights);
    drop(first);
    assert_eq!(waiter.landed(LONG).await, Landed::Vanished);
    let _next = lead(&flights);
    drop(wait(&flights));
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_for_ever_and_not_too_many_wait() {
    let flights = Flights::new(1);
    let _first = lead(&flights);
    let waiter = wait(&flights);
    assert!(matches!(flights.join(name("/a")), Joined::Alone));
    assert!(matches!(flights.join(name("/b")), Joined::Lead(_)));
    assert_eq!(waiter.landed(Duration::from_secs(5)).await, Landed::Apart);
    drop(wait(&flights));
}

#[test]
fn the_background_goes_only_if_nobody_does() {
    let flights = Flights::new(1);
    let first = flights.lead_only(name("/a"));
    assert!(first.is_some() && flights.lead_only(name("/a")).is_none());
    drop(first);
    assert!(flights.lead_only(name("/a")).is_some());
}
