//! The market over HTTP: one listener, a path prefix for each partner.
//!
//! ```text
//! POST /p/{id}/offers                          Fareway's own protocol
//! POST /p/{id}/air/offer_requests              Duffel v2
//! POST /p/{id}/v1/security/oauth2/token        Amadeus; also without the prefix, for one partner,
//! GET|POST /p/{id}/v2/shopping/flight-offers   so that its public clients work unchanged
//! GET  /v1/reference-data/locations            Amadeus; places by keyword
//! GET  /p/{id}/book?o=…                        the seller's page
//! GET|POST /control/faults, GET /control/partners
//! ```
//!
//! HTTP/1.1 and HTTP/2 without TLS. Failure modes are real: a reset resets the socket, a truncated
//! answer ends the connection, a lying length is on the wire.
//!
//! Limits: connections at once, bytes and time of a request. Nothing is kept between requests but
//! the market's boards and the fault plan.

mod ask;
mod body;
mod book;
mod control;
mod locations;
mod routes;
mod wire_io;

use std::sync::{Arc, RwLock};
use std::time::Duration;

use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use runtime::net::{TcpListener, TcpStream};
use runtime::{Shutdown, TaskSet};
use tokio::sync::Semaphore;

use crate::faults::FaultPlan;
use crate::market::Market;
use wire_io::{Cut, Wire};

/// Connections open at once; more wait in the kernel's backlog.
const CONNECTIONS_MAX: usize = 20_000;
/// Time in which the head of a request must arrive, counted from the end of the one before.
const HEAD_WITHIN: Duration = Duration::from_secs(120);

/// What all connections share.
struct Shared {
    market: Market,
    faults: RwLock<FaultPlan>,
    shutdown: Shutdown,
}

/// Serves a market until `shutdown` begins; returns once no connection is accepted any more.
/// Connections run in `tasks`, to be drained by the caller.
///
/// Links point to the market's base URL: give it [`Market::at`] the listener's address.
pub async fn serve(
    market: Market,
    listener: TcpListener,
    faults: FaultPlan,
    tasks: TaskSet,
    shutdown: Shutdown,
) {
    let shared = Arc::new(Shared { market, faults: RwLock::new(faults), shutdown });
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEAD_WITHIN);
    builder.http2().timer(TokioTimer::new()).max_concurrent_streams(1_000);
    let builder = Arc::new(builder);
    let room = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    loop {
        let Ok(place) = Arc::clone(&room).acquire_owned().await else { return };
        let accepted = tokio::select! {
            biased;
            () = shared.shutdown.begun() => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, _)) => {
                let (builder, shared) = (Arc::clone(&builder), Arc::clone(&shared));
                tasks.spawn(async move {
                    let _place = place;
                    connection(&builder, stream, shared).await;
                });
            }
            Err(error) => {
                // Out of file descriptors or a reset in the backlog: neither ends the market.
                tracing::warn!(%error, "could not accept a connection");
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
    }
}

async fn connection(
    builder: &auto::Builder<TokioExecutor>,
    stream: TcpStream,
    shared: Arc<Shared>,
) {
    let _ = stream.set_nodelay(true);
    let cut = Cut::default();
    let wire = TokioIo::new(Wire::new(stream, cut.clone()));
    let shutdown = shared.shutdown.clone();
    let service = service_fn(move |request| {
        let (shared, cut) = (Arc::clone(&shared), cut.clone());
        async move { Ok::<_, std::convert::Infallible>(routes::answer(&shared, &cut, request).await) }
    });
    let connection = builder.serve_connection(wire, service);
    let mut connection = std::pin::pin!(connection);
    let ended = tokio::select! {
        biased;
        ended = connection.as_mut() => ended,
        () = shutdown.begun() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended badly");
    }
}
