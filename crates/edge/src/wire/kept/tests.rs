use tokio::io::{AsyncWriteExt, DuplexStream, duplex};

use super::*;

/// Keeps a new wire; gives the cell's end.
fn keep(wires: &Arc<Wires>) -> DuplexStream {
    let (ours, theirs) = duplex(64);
    wires.hold(Wire::new(ours)).keep();
    theirs
}

fn wires() -> Arc<Wires> {
    Wires::new("http://127.0.0.1:1/".parse().unwrap(), 2)
}

#[tokio::test]
async fn what_the_cell_closed_or_spoke_on_is_not_used_again() {
    let wires = wires();
    let good = keep(&wires);
    drop(keep(&wires));
    assert!(wires.take().is_some() && wires.take().is_none());
    drop(good);
    keep(&wires).write_all(b"HTTP/1.1 408").await.unwrap();
    assert!(wires.take().is_none());
}

#[tokio::test]
async fn at_most_so_many_are_kept() {
    let wires = wires();
    let _cells = [keep(&wires), keep(&wires), keep(&wires)];
    assert_eq!(wires.unused().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_sweep_closes_what_is_closed_and_what_was_unused_for_long() {
    let wires = wires();
    let (_old, closed) = (keep(&wires), keep(&wires));
    wires.sweep(runtime::now());
    assert_eq!(wires.unused().len(), 2);
    drop(closed);
    tokio::time::advance(IDLE / 2).await;
    wires.sweep(runtime::now());
    assert_eq!(wires.unused().len(), 1);
    let _young = keep(&wires);
    tokio::time::advance(IDLE / 2).await;
    wires.sweep(runtime::now());
    // Seen for the first time now.
    assert_eq!(wires.unused().len(), 1);
    assert_eq!(wires.unused()[0].since, Some(runtime::now()));
}

#[tokio::test(start_paused = true)]
async fn a_wire_that_is_used_again_is_young_again() {
    let wires = wires();
    let _cell = keep(&wires);
    for _ in 0..4 {
        wires.sweep(runtime::now());
        tokio::time::advance(IDLE / 2).await;
        wires.take().unwrap().keep();
    }
    wires.sweep(runtime::now());
    assert_eq!(wires.unused().len(), 1);
}
