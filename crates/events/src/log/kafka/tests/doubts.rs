//! What is not known of a batch until the partition has been looked at.

use tokio::sync::oneshot;

use super::super::client::{Dial, Said};
use super::super::flights::{Flight, Flights, Judged};
use super::*;

/// A batch was sent, and nobody knows whether it arrived.
fn leave_in_doubt(flights: &Flights, dial: &Dial, sequence: u32) {
    let (reply, _answer) = oneshot::channel();
    let of = (prices(), Some(stamp(0, sequence)));
    let flight = Flight::new(of, u64::from(sequence), (1, 0), now(), reply);
    let Judged::Fly(flight) = flights.partition(&prices()).judge(flight) else {
        panic!("{sequence} is known already")
    };
    flights.take_off(&flight);
    flights.answered(&flight, 1, Err(dial.stopped("the connection broke")), dial);
}

#[test]
fn what_comes_in_doubt_while_a_partition_is_looked_at_is_looked_for_again() {
    let place = KafkaPlace::parse("kafka://127.0.0.1:1/").unwrap();
    let dial = Dial { place, settings: settings(), said: Said::default() };
    let flights = Flights::default();
    let partition = flights.partition(&prices());
    partition.note_looked(&partition.looked(), 0, true);
    assert!(partition.is_open());
    leave_in_doubt(&flights, &dial, 1);
    assert!(!partition.is_open());
    let looked = partition.looked();
    // It may have arrived behind what is being looked at.
    leave_in_doubt(&flights, &dial, 2);
    partition.note_looked(&looked, 1, true);
    assert!(!partition.is_open());
    partition.note_looked(&partition.looked(), 2, true);
    assert!(partition.is_open());
}
