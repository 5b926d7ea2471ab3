//! A plain hyper server that returns the same bytes to every request: the wall a page is measured
//! against, in the same run.

use std::convert::Infallible;

use anyhow::Result;
use bytes::Bytes;
use http::Response;
use http_body_util::Full;
use hyper::service::service_fn;
use runtime::{HttpLimits, Shutdown, TaskSet, serve_http};
use tokio::net::TcpListener;

/// Serves `body` on a free port of one thread; prints the port and runs until killed.
pub(crate) fn run(body: Vec<u8>) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async move {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        println!("listening {}", listener.local_addr()?);
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
        serve_http(
            listener,
            service,
            HttpLimits::default(),
            TaskSet::default(),
            Shutdown::default(),
        )
        .await;
        Ok(())
    })
}
