//! The notice that a cloud takes a spot machine away: asked of its metadata service.
//!
//! The protocol is that of EC2's instance metadata service, version 2: `PUT /latest/api/token` gives a
//! token, `GET /latest/meta-data/spot/instance-action` answers 404 until there is a notice, then
//! `{"action": "terminate", "time": "2027-01-05T18:02:00Z"}`, about two minutes ahead. Source: AWS,
//! "Spot Instance interruption notices". Whatever else it answers is no notice.

use std::time::Duration;

use anyhow::Context;
use bytes::Bytes;
use domain::Date;
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt, Empty, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use runtime::net::HttpConnector;
use serde::Deserialize;

use crate::settings::SpotSettings;

const TOKEN: &str = "/latest/api/token";
const ACTION: &str = "/latest/meta-data/spot/instance-action";
/// How long a token is asked for, seconds.
const TOKEN_SECONDS: &str = "21600";
/// Time for one answer: the service is on the same machine.
const ANSWER_WITHIN: Duration = Duration::from_secs(2);
/// Largest answer that is read.
const BYTES_MAX: usize = 4_096;

/// What is announced, and the time that is left.
struct Announced {
    action: String,
    left: Duration,
}

/// As it is written.
#[derive(Deserialize)]
struct Document {
    action: String,
    time: String,
}

/// The metadata service of this machine.
struct Metadata<'a> {
    url: &'a str,
    client: Client<HttpConnector, Empty<Bytes>>,
    token: Option<String>,
}

/// Waits for a notice; gives the time that is left for leaving. Never ends where there is no such service.
pub(super) async fn notice(settings: &SpotSettings) -> Duration {
    if settings.metadata_url.is_empty() {
        return std::future::pending().await;
    }
    let mut metadata = Metadata {
        url: settings.metadata_url.trim_end_matches('/'),
        client: Client::builder(TokioExecutor::new()).build(HttpConnector::new()),
        token: None,
    };
    loop {
        if let Some(announced) = metadata.announced().await {
            let Announced { action, left } = announced;
            let within = left.saturating_sub(settings.margin_ms.ms());
            tracing::warn!(%action, seconds = left.as_secs(), "this machine is taken away");
            return within;
        }
        tokio::time::sleep(settings.look_ms.ms()).await;
    }
}

fn read(body: &[u8], now_ms: i64) -> anyhow::Result<Announced> {
    let Document { action, time } = serde_json::from_slice(body)?;
    let ends = unix_s(&time).with_context(|| format!("{time:?} is no time in UTC"))?;
    let ms = (ends * 1_000).saturating_sub(now_ms);
    Ok(Announced { action, left: Duration::from_millis(u64::try_from(ms).unwrap_or(0)) })
}

/// Seconds since 1970 of a time as `2027-01-05T18:02:00Z`.
fn unix_s(text: &str) -> Option<i64> {
    let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
    let days = i64::from(date.parse::<Date>().ok()?.days());
    let mut seconds = 0;
    let mut parts = time.split(':');
    for below in [24, 60, 60] {
        let part: i64 = parts.next()?.parse().ok()?;
        seconds = seconds * 60 + Some(part).filter(|part| (0..below).contains(part))?;
    }
    parts.next().is_none().then_some(days * 86_400 + seconds)
}

impl Metadata<'_> {
    async fn announced(&mut self) -> Option<Announced> {
        if self.token.is_none() {
            let header = ("x-aws-ec2-metadata-token-ttl-seconds", TOKEN_SECONDS);
            let (status, body) = self.ask(Method::PUT, TOKEN, header).await?;
            let token = String::from_utf8(body.to_vec()).ok()?;
            self.token = Some(token).filter(|_| status == StatusCode::OK);
        }
        let header = ("x-aws-ec2-metadata-token", self.token.as_deref()?);
        let (status, body) = self.ask(Method::GET, ACTION, header).await?;
        if status == StatusCode::UNAUTHORIZED {
            // It has expired.
            self.token = None;
        }
        if status != StatusCode::OK {
            return None;
        }
        let announced = read(&body, runtime::unix_ms());
        if let Err(error) = &announced {
            tracing::warn!(
                error = format!("{error:#}"),
                "what the metadata service announces is not understood"
            );
        }
        announced.ok()
    }

    async fn ask(
        &self,
        method: Method,
        path: &str,
        (name, value): (&str, &str),
    ) -> Option<(StatusCode, Bytes)> {
        let request = Request::builder().method(method).uri(format!("{}{path}", self.url));
        let request = request.header(name, value).body(Empty::new()).ok()?;
        let answer = async {
            let response = self.client.request(request).await.ok()?;
            let status = response.status();
            let body = Limited::new(response.into_body(), BYTES_MAX).collect().await.ok()?;
            Some((status, body.to_bytes()))
        };
        tokio::time::timeout(ANSWER_WITHIN, answer).await.ok().flatten()
    }
}

#[cfg(test)]
mod tests;
