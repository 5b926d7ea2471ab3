//! A plain hyper server that returns the same bytes to every request: the wall a page is measured
//! against, in the same run.

use std::convert::Infallible;
use std::net::SocketAddr;

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use http::Response;
use http_body_util::Full;
use hyper::service::service_fn;
use runtime::{HttpLimits, Shutdown, TaskSet, serve_http};
use tokio::net::TcpListener;

/// Serves `body` on so many ports in a row, on one thread; prints the first and runs until killed.
pub(crate) fn run(body: Vec<u8>, ports: u16) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async move {
        let mut listeners = bind(ports.max(1)).await?;
        let last = listeners.pop().context("no port")?;
        say!("listening {}", listeners.first().unwrap_or(&last).local_addr()?);
        let body = Bytes::from(body);
        let service = service_fn(move |_request| {
            let body = body.clone();
            async move {
                let mut response = Response::new(Full::new(body));
                response.headers_mut().insert(
                    http::header::CONTENT_TYPE,
                    http::HeaderValue::from_static("application/json"),
                );
                Ok::<_, Infallible>(response)
            }
        });
        let (tasks, shutdown) = (TaskSet::default(), Shutdown::default());
        let serve = |listener| {
            let (service, limits) = (service.clone(), HttpLimits::default());
            serve_http(listener, service, limits, tasks.clone(), shutdown.clone())
        };
        for listener in listeners {
            tasks.spawn(serve(listener));
        }
        serve(last).await;
        Ok(())
    })
}

/// Listeners on ports in a row.
async fn bind(ports: u16) -> Result<Vec<TcpListener>> {
    'again: for _ in 0..100 {
        let mut listeners = vec![TcpListener::bind("127.0.0.1:0").await?];
        let first = listeners[0].local_addr()?;
        for more in 1..ports {
            let port = first.port().checked_add(more).unwrap_or(0);
            match TcpListener::bind(SocketAddr::new(first.ip(), port)).await {
                Ok(listener) if port != 0 => listeners.push(listener),
                _ => continue 'again,
            }
        }
        return Ok(listeners);
    }
    bail!("no {ports} ports in a row are free")
}
