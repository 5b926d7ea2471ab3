//! The log of a cell beside this one: read over HTTP from whoever serves it, or from Kafka.
//!
//! Of each, only reading. The far end is the role `logs` (`fleet_of_processes/logs.rs`), and what travels
//! is `events::log::wire`: each batch's checksum is compared again here.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use events::log::{self, Answer, Fetched, LogError, LogSettings, ReadLog, TopicPartition, wire};
use http::{Request, StatusCode};
use http_body_util::{BodyExt, Empty, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use runtime::net::HttpConnector;
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// Time for an answer, beyond the wait that was asked for.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);
/// How long the far end may wait for news.
const WAIT: Duration = Duration::from_secs(10);
/// Longest answer that is no frame.
const NUMBERS_BYTES_MAX: usize = 4_096;
/// What stands in a log's URL for the number of the cell.
pub(crate) const CELL: &str = "{cell}";

/// The URL of a cell's log: `{cell}` in it is the cell's number.
pub(crate) fn log_url_of(url: &str, cell: u32) -> String {
    url.replace(CELL, &cell.to_string())
}

/// A cell beside this one: its name, and where its log is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Neighbour {
    pub(crate) cell: String,
    pub(crate) url: String,
}

impl Neighbour {
    /// Reads `cell-2=http://HOST:PORT/cell-2`.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let Some((cell, url)) = text.split_once('=') else {
            bail!("`{text}` is not of the form cell-2=http://HOST:PORT/cell-2");
        };
        let number = cell.strip_prefix("cell-").and_then(|number| number.parse::<u32>().ok());
        if number.is_none() {
            bail!("`{cell}` is not the name of a cell, such as cell-2");
        }
        Ok(Self { cell: cell.to_owned(), url: url.to_owned() })
    }

    /// Opens the log; its far end need not be there yet. Blocks.
    pub(crate) fn open(&self, settings: &LogSettings) -> Result<Arc<dyn ReadLog>> {
        if self.url.starts_with("http://") {
            return Ok(Arc::new(HttpLog::new(&self.url)?));
        }
        if self.url.is_empty() {
            bail!("the log of {} has no URL", self.cell);
        }
        let opened = log::open_at(&self.url, settings.clone());
        Ok(opened.with_context(|| format!("the log of {} opens nothing", self.cell))?)
    }
}

/// A log that is read over HTTP.
#[derive(Debug)]
struct HttpLog {
    base: String,
    client: Client<HttpConnector, Empty<Bytes>>,
}

/// What there is of a partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, Deserialize)]
pub(crate) struct Bounds {
    pub(crate) start: u64,
    pub(crate) end: u64,
}

/// Where a time is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, Deserialize)]
pub(crate) struct OffsetAt {
    pub(crate) offset: Option<u64>,
}

impl HttpLog {
    fn new(url: &str) -> Result<Self> {
        let uri: http::Uri = url.parse().with_context(|| format!("{url} is no URL"))?;
        if uri.host().is_none() || uri.query().is_some() {
            bail!("{url} is not of the form http://HOST:PORT/cell-2");
        }
        let base = url.trim_end_matches('/').to_owned();
        Ok(Self { base, client: Client::builder(TokioExecutor::new()).build(HttpConnector::new()) })
    }

    async fn get(
        &self,
        (of, what): (&TopicPartition, String),
        (bytes_max, within): (usize, Duration),
    ) -> Result<Bytes, LogError> {
        let unreadable = |error: String| LogError::Unreadable(error);
        let uri = format!("{}/{}/{}{what}", self.base, of.topic(), of.partition());
        let request = Request::get(uri).body(Empty::new());
        let request = request.map_err(|error| unreadable(error.to_string()))?;
        let asked = async {
            let response = self.client.request(request).await;
            let response = response.map_err(|error| {
                let cause = std::error::Error::source(&error).map(ToString::to_string);
                unreadable(format!("{}: {}", self.base, cause.unwrap_or_else(|| error.to_string())))
            })?;
            let status = response.status();
            let body = Limited::new(response.into_body(), bytes_max).collect().await;
            let body = body.map_err(|error| unreadable(format!("{}: {error}", self.base)))?;
            match status {
                StatusCode::OK => Ok(body.to_bytes()),
                _ => Err(unreadable(format!("{} answers {status}", self.base))),
            }
        };
        let silent = |_| unreadable(format!("{} does not answer", self.base));
        tokio::time::timeout(within, asked).await.map_err(silent)?
    }

    async fn numbers<T: DeserializeOwned>(
        &self,
        of: &TopicPartition,
        what: String,
        within: Duration,
    ) -> Result<T, LogError> {
        let bytes = self.get((of, what), (NUMBERS_BYTES_MAX, within)).await?;
        serde_json::from_slice(&bytes)
            .map_err(|error| LogError::Unreadable(format!("{}: {error}", self.base)))
    }
}

impl ReadLog for HttpLog {
    fn read<'a>(
        &'a self,
        from: &'a TopicPartition,
        offset: u64,
        bytes_max: usize,
    ) -> Answer<'a, Fetched> {
        Box::pin(async move {
            let what = format!("?offset={offset}&bytes_max={bytes_max}");
            let bytes = self.get((from, what), (wire::FRAME_BYTES_MAX, ANSWER_WITHIN)).await?;
            wire::decode(&bytes).unwrap_or_else(|error| {
                Err(LogError::Unreadable(format!("{}: {error}", self.base)))
            })
        })
    }

    fn offset_at<'a>(&'a self, of: &'a TopicPartition, at_ms: i64) -> Answer<'a, Option<u64>> {
        Box::pin(async move {
            let what = format!("/offset?at_ms={at_ms}");
            Ok(self.numbers::<OffsetAt>(of, what, ANSWER_WITHIN).await?.offset)
        })
    }

    fn bounds<'a>(&'a self, of: &'a TopicPartition) -> Answer<'a, Range<u64>> {
        Box::pin(async move {
            let Bounds { start, end } =
                self.numbers(of, "/bounds".to_owned(), ANSWER_WITHIN).await?;
            Ok(start..end)
        })
    }

    fn reaches<'a>(&'a self, of: &'a TopicPartition, offset: u64) -> Answer<'a, ()> {
        Box::pin(async move {
            loop {
                let what = format!("/bounds?beyond={offset}&wait_ms={}", WAIT.as_millis());
                let Bounds { end, .. } = self.numbers(of, what, WAIT + ANSWER_WITHIN).await?;
                if end > offset {
                    return Ok(());
                }
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_neighbour_is_a_cell_and_where_its_log_is() {
        let parsed = Neighbour::parse("cell-2=http://10.0.0.7:9100/cell-2").unwrap();
        assert_eq!(parsed.cell, "cell-2");
        assert_eq!(parsed.url, "http://10.0.0.7:9100/cell-2");
        for (text, told) in [
            ("http://10.0.0.7:9100", "is not of the form"),
            ("2=http://10.0.0.7:9100", "is not the name of a cell"),
            ("cell-x=http://10.0.0.7:9100", "is not the name of a cell"),
        ] {
            let error = Neighbour::parse(text).unwrap_err().to_string();
            assert!(error.contains(told), "{error}");
        }
    }

    #[tokio::test]
    async fn a_url_that_leads_to_no_log_is_refused_with_what_is_wrong() {
        let told = |url: &str| {
            let text = format!("cell-2={url}");
            let opened = Neighbour::parse(&text).unwrap().open(&LogSettings::default());
            format!("{:#}", opened.unwrap_err())
        };
        assert!(told("http://?x").contains("no URL"), "{}", told("http://?x"));
        assert!(told("http://host/cell-2?x=1").contains("is not of the form"));
        assert!(told("redis://host:1").contains("kafka://HOST:PORT"));
        assert_eq!(told(""), "the log of cell-2 has no URL");
    }

    #[test]
    fn the_number_of_the_cell_stands_where_the_url_wants_it() {
        assert_eq!(log_url_of("kafka://b:1/eu.cell-{cell}", 7), "kafka://b:1/eu.cell-7");
        assert_eq!(log_url_of("", 7), "");
    }
}
