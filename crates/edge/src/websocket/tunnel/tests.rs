use std::future::pending;

use runtime::Limited;
use tokio::io::DuplexStream;

use super::*;
use crate::websocket::open::WebSockets;

/// A frame of text from the cell: "hello".
const HELLO: &[u8] = b"\x81\x05hello";

/// Both far ends of a tunnel, and what became of it.
struct Through {
    client: DuplexStream,
    cell: DuplexStream,
    ended: tokio::task::JoinHandle<Ended>,
    tasks: runtime::TaskSet,
}

fn through(until: impl Future<Output = Ended> + Send + 'static) -> Through {
    let settings = WebSocketSettings {
        buffer_bytes: Limited::literal(1_024),
        idle_ms: Limited::literal(60_000),
        ..WebSocketSettings::default()
    };
    let ((client, at_client), (cell, at_cell)) = (tokio::io::duplex(64), tokio::io::duplex(64));
    let tasks = runtime::TaskSet::default();
    let ended = tasks.spawn(async move {
        let open = WebSockets::new(settings.clone()).enter(None, None).unwrap();
        copy((at_client, at_cell), &settings, (&open, [1, 2, 3, 4]), until).await
    });
    Through { client, cell, ended, tasks }
}

/// An end that is told after so long.
async fn after(seconds: u64, ended: Ended) -> Ended {
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    ended
}

async fn rest(stream: &mut DuplexStream) -> Vec<u8> {
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).await.unwrap();
    rest
}

#[tokio::test(start_paused = true)]
async fn what_one_side_says_after_the_other_has_ended_still_passes() {
    let Through { mut client, mut cell, ended, .. } = through(pending());
    client.write_all(b"\x81\x00").await.unwrap();
    client.shutdown().await.unwrap();
    assert_eq!(rest(&mut cell).await, b"\x81\x00");
    cell.write_all(HELLO).await.unwrap();
    cell.shutdown().await.unwrap();
    assert_eq!(rest(&mut client).await, HELLO);
    assert_eq!(ended.await.unwrap(), Ended::Closed);
}

#[tokio::test(start_paused = true)]
async fn a_side_that_is_gone_takes_the_other_with_it() {
    let Through { client, mut cell, ended, .. } = through(pending());
    drop(client);
    // What the cell says is read by nobody any more.
    let _ = cell.write_all(HELLO).await;
    assert_eq!(rest(&mut cell).await, b"");
    assert_eq!(ended.await.unwrap(), Ended::Broken);
}

#[tokio::test(start_paused = true)]
async fn one_on_which_nothing_passes_is_told_so_on_both_sides() {
    let Through { mut client, mut cell, ended, .. } = through(pending());
    // Half a minute of quiet is none.
    for _ in 0..5 {
        cell.write_all(HELLO).await.unwrap();
        client.read_exact(&mut [0; HELLO.len()]).await.unwrap();
        tokio::time::sleep(Duration::from_secs(30)).await;
    }
    let began = runtime::now();
    let (to_client, to_cell) = tokio::join!(rest(&mut client), rest(&mut cell));
    assert_eq!(to_client, close_to_client());
    assert_eq!(to_cell, close_to_server([1, 2, 3, 4]));
    drop((client, cell));
    assert_eq!(ended.await.unwrap(), Ended::Idle);
    let waited = runtime::now() - began;
    assert!((Duration::from_secs(29)..Duration::from_secs(33)).contains(&waited), "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn a_goodbye_waits_for_the_end_of_a_frame() {
    let Through { mut client, mut cell, ended, .. } = through(after(1, Ended::Stopping));
    let (begins, ends) = HELLO.split_at(4);
    cell.write_all(begins).await.unwrap();
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    cell.write_all(ends).await.unwrap();
    let (to_client, to_cell) = tokio::join!(rest(&mut client), rest(&mut cell));
    assert_eq!(to_client, [HELLO, &close_to_client()].concat());
    assert_eq!(to_cell, close_to_server([1, 2, 3, 4]));
    drop((client, cell));
    assert_eq!(ended.await.unwrap(), Ended::Stopping);
}

#[tokio::test(start_paused = true)]
async fn who_has_said_goodbye_already_is_not_outdone_and_nobody_is_waited_for_long() {
    let Through { mut client, mut cell, ended, tasks } = through(after(1, Ended::Old));
    // The cell closes with a code of its own, the client says nothing to that and goes on to listen.
    let own = b"\x88\x02\x0f\xa1";
    cell.write_all(own).await.unwrap();
    let began = runtime::now();
    assert_eq!(rest(&mut client).await, own);
    assert_eq!(rest(&mut cell).await, close_to_server([1, 2, 3, 4]));
    assert_eq!(ended.await.unwrap(), Ended::Old);
    assert!(runtime::now() - began < Duration::from_secs(3));
    assert!(tasks.drain(Duration::ZERO).await);
}

#[tokio::test(start_paused = true)]
async fn a_side_that_reads_nothing_holds_up_the_other_and_not_the_end() {
    let Through { client, mut cell, ended, .. } = through(pending());
    let flood = vec![0; 1 << 20];
    let stuck = tokio::time::timeout(Duration::from_secs(10), cell.write_all(&flood)).await;
    assert!(stuck.is_err(), "a megabyte is held somewhere");
    assert_eq!(ended.await.unwrap(), Ended::Idle);
    drop(client);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_stays_after_both_have_closed_is_not_waited_for() {
    let Through { mut client, mut cell, ended, .. } = through(pending());
    let (from_client, from_cell) = (close_to_server([7; 4]), close_to_client());
    client.write_all(&from_client).await.unwrap();
    cell.read_exact(&mut vec![0; from_client.len()]).await.unwrap();
    cell.write_all(&from_cell).await.unwrap();
    drop(cell);
    assert_eq!(rest(&mut client).await, from_cell);
    assert_eq!(ended.await.unwrap(), Ended::Closed);
}

#[tokio::test]
async fn a_flood_keeps_no_end_from_coming() {
    let flood = || tokio::io::join(tokio::io::repeat(0), tokio::io::sink());
    let settings = WebSocketSettings::default();
    let open = WebSockets::new(settings.clone()).enter(None, None).unwrap();
    let until = async {
        tokio::time::sleep(Duration::from_millis(20)).await;
        Ended::Old
    };
    let copied = copy((flood(), flood()), &settings, (&open, [0; 4]), until);
    let ended = tokio::time::timeout(Duration::from_secs(60), copied).await;
    assert_eq!(ended.unwrap(), Ended::Old);
}
