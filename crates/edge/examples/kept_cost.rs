//! What a kept answer costs beside the same answer from the server itself and through the edge.
//!
//! `cargo run --release -p edge --example kept_cost [ROUNDS]`. Client, edge and server are this
//! process, with one thread, so a rate is per core of all three together; requests follow each other
//! on one connection, and the three ways take turns. An answer has 2,048 bytes.
#![expect(clippy::print_stdout, reason = "it is a measurement")]

use std::convert::Infallible;
use std::error::Error;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use edge::{EdgeSettings, Upstream};
use http::{Request, Response};
use http_body_util::{BodyExt, Empty, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use runtime::{HttpLimits, Shutdown, TaskSet, now, serve_http};
use tokio::net::{TcpListener, TcpStream};

#[path = "measured/one_cell.rs"]
mod one_cell;

const BYTES: usize = 2_048;
/// Requests of one way before the next has its turn.
const TURN: usize = 500;

type Connection = SendRequest<Empty<Bytes>>;

/// A server that answers at once.
async fn server(tasks: &TaskSet) -> Result<SocketAddr, Box<dyn Error>> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let service = service_fn(|_: Request<Incoming>| async {
        let mut response = Response::new(Full::new(Bytes::from(vec![b'x'; BYTES])));
        let lines = response.headers_mut();
        for (name, value) in [
            ("cache-control", "public, max-age=3600, stale-while-revalidate=60"),
            ("content-type", "application/json"),
            ("vary", "accept-encoding"),
            ("etag", "\"0123456789abcdef\""),
        ] {
            lines.insert(name, http::HeaderValue::from_static(value));
        }
        Ok::<_, Infallible>(response)
    });
    let limits = HttpLimits::default();
    let serving = serve_http(listener, service, limits, tasks.clone(), Shutdown::default());
    tasks.spawn(serving);
    Ok(address)
}

async fn connect(to: SocketAddr, tasks: &TaskSet) -> Result<Connection, Box<dyn Error>> {
    let stream = TcpStream::connect(to).await?;
    stream.set_nodelay(true)?;
    let (connection, driver) = handshake(TokioIo::new(stream)).await?;
    tasks.spawn(async move { drop(driver.await) });
    Ok(connection)
}

/// Time of each of so many requests in turn, and whether the last was a kept answer.
async fn turn(
    connection: &mut Connection,
    path: &str,
    took: &mut Vec<Duration>,
) -> Result<bool, Box<dyn Error>> {
    let mut kept = false;
    for _ in 0..TURN {
        let request = Request::get(path)
            .header("host", "127.0.0.1")
            .header("accept-encoding", "gzip")
            .header("user-agent", "kept_cost")
            .body(Empty::new())?;
        let begun = now();
        let response = connection.send_request(request).await?;
        kept = response.headers().contains_key("age");
        let bytes = response.into_body().collect().await?.to_bytes();
        took.push(begun.elapsed());
        if bytes.len() != BYTES {
            return Err("an answer is not whole".into());
        }
    }
    Ok(kept)
}

fn p50_us(took: &mut [Duration]) -> f64 {
    took.sort_unstable();
    took[took.len() / 2].as_secs_f64() * 1e6
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let rounds: usize = std::env::args().nth(1).map_or(Ok(40), |rounds| rounds.parse())?;
    let tasks = TaskSet::default();
    let origin = server(&tasks).await?;
    let settings = EdgeSettings::default();
    let upstream = Upstream::new(&settings);
    let (door, _serving) = one_cell::edge_before(origin, settings, upstream).await?;
    let ways =
        [("direct", origin, "/kept"), ("forwarded", door, "/forwarded"), ("kept", door, "/kept")];
    let mut measured = Vec::new();
    for (name, to, path) in ways {
        let mut connection = connect(to, &tasks).await?;
        // Warm, and kept from here on.
        turn(&mut connection, path, &mut Vec::new()).await?;
        measured.push((name, path, connection, Vec::new()));
    }
    for _ in 0..rounds {
        for (name, path, connection, took) in &mut measured {
            let kept = turn(connection, path, took).await?;
            if kept != (*name == "kept") {
                return Err(format!("{name}: an answer came another way").into());
            }
        }
    }
    let mut p50 = Vec::new();
    for (name, _, _, took) in &mut measured {
        let us = p50_us(took);
        println!("{name:<9} p50 {us:>7.1} us, {:>7.0}/s one after another", 1e6 / us);
        p50.push(us);
    }
    println!("kept / direct     {:.2}", p50[2] / p50[0]);
    println!("forwarded / kept  {:.2}", p50[1] / p50[2]);
    println!(
        "forwarded - direct {:.1} us, kept - direct {:.1} us",
        p50[1] - p50[0],
        p50[2] - p50[0]
    );
    Ok(())
}
