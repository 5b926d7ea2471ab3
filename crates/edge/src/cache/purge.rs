//! `POST /v1/fleet/purge`: the operator takes away what is kept.
//!
//! `{"prefix": "/v1/prices"}` is of path and query, at whatever host; `/` is everything. It is about
//! this edge alone.

use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use serde::Deserialize;

use super::Cache;
use crate::rules::Turned;

/// Where it is.
pub(crate) const PATH: &str = "/v1/fleet/purge";
/// Bytes of a body.
const BYTES_MAX: usize = 8_192;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Purge {
    prefix: String,
}

/// Takes away what a body names; gives the answer.
pub(crate) async fn purge(cache: &Cache, body: Incoming) -> Result<String, Turned> {
    let wrong =
        |sentence: String| Turned::new(http::StatusCode::BAD_REQUEST, "invalid_field", sentence);
    let bytes = Limited::new(body, BYTES_MAX).collect().await;
    let bytes = bytes.map_err(|_| wrong(format!("The body has at most {BYTES_MAX} bytes.")))?;
    let read = serde_json::from_slice(&bytes.to_bytes());
    let Purge { prefix } = read.map_err(|error| wrong(format!("The body is refused: {error}.")))?;
    if !prefix.starts_with('/') {
        return Err(wrong("prefix: must begin with a slash, as paths do".to_owned()));
    }
    let purged = cache.purge(&prefix);
    tracing::info!(prefix, purged, "kept answers were taken away");
    Ok(format!("{{\"purged\":{purged}}}"))
}
