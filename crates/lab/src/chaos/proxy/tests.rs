use std::io::ErrorKind;

use super::*;

/// A cell that says back what it hears, behind a proxy.
struct Case {
    data: crate::place::TemporaryFolder,
    cell: tokio::task::JoinHandle<()>,
    cell_at: SocketAddr,
    proxy: Proxy,
    at: SocketAddr,
}

fn echo(listener: TcpListener) -> tokio::task::JoinHandle<()> {
    tokio::spawn(async move {
        let mut all = tokio::task::JoinSet::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            all.spawn(async move {
                let (mut from, mut to) = stream.split();
                let _ = tokio::io::copy(&mut from, &mut to).await;
            });
        }
    })
}

async fn case(name: &str) -> Case {
    let data = crate::place::TemporaryFolder::make(&std::env::temp_dir(), &format!("proxy-{name}"))
        .unwrap();
    let listener = listen(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
    let cell_at = listener.local_addr().unwrap();
    let text = serde_json::json!({"cells": [[1, cell_at.to_string()]]}).to_string();
    std::fs::write(data.path().join("machine.json"), text).unwrap();
    let before = listen(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
    let at = before.local_addr().unwrap();
    let proxy = Proxy::start(before, data.path().to_owned(), 0);
    Case { data, cell: echo(listener), cell_at, proxy, at }
}

async fn say(stream: &mut TcpStream, word: &[u8]) -> std::io::Result<Vec<u8>> {
    stream.write_all(word).await?;
    let mut heard = vec![0; word.len()];
    stream.read_exact(&mut heard).await?;
    Ok(heard)
}

#[tokio::test]
async fn bytes_pass_and_the_end_of_one_side_is_the_end_of_the_other() {
    let case = case("clear").await;
    let mut stream = TcpStream::connect(case.at).await.unwrap();
    assert_eq!(say(&mut stream, b"hello").await.unwrap(), b"hello");
    stream.shutdown().await.unwrap();
    assert_eq!(stream.read(&mut [0; 8]).await.unwrap(), 0);
    assert!(case.data.path().exists());
}

#[tokio::test]
async fn slow_bytes_come_later_and_silent_ones_when_the_weather_is_clear_again() {
    let case = case("slow").await;
    let mut stream = TcpStream::connect(case.at).await.unwrap();
    say(&mut stream, b"hello").await.unwrap();
    case.proxy.set(Weather::Slow(Duration::from_millis(60)));
    let said = Instant::now();
    assert_eq!(say(&mut stream, b"slow").await.unwrap(), b"slow");
    assert!(said.elapsed() >= Duration::from_millis(120), "{:?}", said.elapsed());
    case.proxy.set(Weather::Silent);
    let silent = say(&mut stream, b"silent");
    tokio::pin!(silent);
    assert!(tokio::time::timeout(Duration::from_millis(80), &mut silent).await.is_err());
    case.proxy.set(Weather::Clear);
    assert_eq!(silent.await.unwrap(), b"silent");
}

#[tokio::test]
async fn a_reset_is_a_reset_also_of_connections_that_come_meanwhile() {
    let case = case("reset").await;
    let mut old = TcpStream::connect(case.at).await.unwrap();
    say(&mut old, b"hello").await.unwrap();
    case.proxy.set(Weather::Resetting);
    let mut new = TcpStream::connect(case.at).await.unwrap();
    for stream in [&mut old, &mut new] {
        let error = stream.read(&mut [0; 8]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    }
}

#[tokio::test]
async fn a_cell_that_is_dead_refuses_through_the_proxy_too_until_it_is_back() {
    let case = case("dead").await;
    case.cell.abort();
    let _ = case.cell.await;
    let refused = async {
        loop {
            match TcpStream::connect(case.at).await {
                Err(error) if error.kind() == ErrorKind::ConnectionRefused => return,
                _ => tokio::task::yield_now().await,
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(10), refused).await.unwrap();
    let _again = echo(listen(case.cell_at).unwrap());
    let back = async {
        loop {
            if let Ok(mut stream) = TcpStream::connect(case.at).await
                && say(&mut stream, b"hello").await.is_ok()
            {
                return;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), back).await.unwrap();
}
