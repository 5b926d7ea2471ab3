//! Where a log is: in a folder, or on Kafka by URL.

use std::sync::Arc;

use storage::disk::Disk;
use thiserror::Error;

use super::contract::Log;
use super::error::LogError;
use super::file::FileLog;
use super::settings::LogSettings;

/// Longest prefix of topics.
const PREFIX_BYTES_MAX: usize = 100;
const SCHEME: &str = "kafka://";

/// The URL opens no log.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PlaceError {
    /// The URL is of no kind we know.
    #[error("a log is opened by kafka://HOST:PORT,HOST:PORT/PREFIX or by nothing, not by `{0}`")]
    Kind(String),
    /// Kafka is asked for in a build without it.
    #[error("this build cannot reach Kafka: build it with --features kafka")]
    Feature,
    /// A part of the URL is not as it must be.
    #[error("the URL of the log is not of the form kafka://HOST:PORT,HOST:PORT/PREFIX: {0}")]
    Form(&'static str),
    /// The log there cannot be opened.
    #[error(transparent)]
    Log(#[from] LogError),
}

/// Brokers, and what the names of our topics there begin with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KafkaPlace {
    brokers: String,
    prefix: String,
}

impl KafkaPlace {
    /// Reads `kafka://HOST:PORT,HOST:PORT/PREFIX`. Without a prefix topics have their own names.
    ///
    /// # Errors
    /// [`PlaceError`] naming the part that is wrong.
    pub fn parse(url: &str) -> Result<Self, PlaceError> {
        let Some(rest) = url.strip_prefix(SCHEME) else {
            let kind = url.split_once("://").map_or(url, |(scheme, _)| scheme);
            return Err(PlaceError::Kind(kind.chars().take(PREFIX_BYTES_MAX).collect()));
        };
        let (brokers, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        if brokers.contains('@') {
            return Err(PlaceError::Form("users and passwords are not spoken"));
        }
        let addressed = |broker: &str| {
            broker.rsplit_once(':').is_some_and(|(host, port)| {
                !host.is_empty() && port.parse::<u16>().is_ok_and(|port| port > 0)
            })
        };
        if !brokers.split(',').all(addressed) {
            return Err(PlaceError::Form("each broker is HOST:PORT"));
        }
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        if prefix.len() > PREFIX_BYTES_MAX || !prefix.bytes().all(allowed) {
            return Err(PlaceError::Form(
                "the prefix has at most 100 letters, digits, `.`, `_` or `-`",
            ));
        }
        Ok(Self { brokers: brokers.to_owned(), prefix: prefix.to_owned() })
    }

    /// The brokers, separated by commas.
    #[must_use]
    pub fn brokers(&self) -> &str {
        &self.brokers
    }

    /// The name that one of our topics has there.
    #[must_use]
    pub fn topic(&self, topic: &str) -> String {
        if self.prefix.is_empty() { topic.to_owned() } else { format!("{}.{topic}", self.prefix) }
    }
}

/// Opens a log: an empty URL is a [`FileLog`] in a folder of the disk, `kafka://…` is one on Kafka
/// (feature `kafka`), whose brokers are reached when they are first needed.
///
/// # Errors
/// [`PlaceError`] if the URL opens nothing, or the log there cannot be opened.
pub fn open(
    url: &str,
    disk: Arc<dyn Disk>,
    folder: &str,
    settings: LogSettings,
) -> Result<Arc<dyn Log>, PlaceError> {
    if url.is_empty() {
        return Ok(Arc::new(FileLog::open(disk, folder, settings)?));
    }
    open_at(url, settings)
}

/// Opens a log that is in no folder: `kafka://…` (feature `kafka`).
///
/// # Errors
/// As [`open`]; also for an empty URL.
pub fn open_at(url: &str, settings: LogSettings) -> Result<Arc<dyn Log>, PlaceError> {
    open_kafka(KafkaPlace::parse(url)?, settings)
}

#[cfg(feature = "kafka")]
fn open_kafka(place: KafkaPlace, settings: LogSettings) -> Result<Arc<dyn Log>, PlaceError> {
    Ok(Arc::new(super::kafka::KafkaLog::open(place, settings)?))
}

#[cfg(not(feature = "kafka"))]
fn open_kafka(_place: KafkaPlace, _settings: LogSettings) -> Result<Arc<dyn Log>, PlaceError> {
    Err(PlaceError::Feature)
}

#[cfg(test)]
mod tests {
    use storage::disk::FaultDisk;

    use super::*;

    fn opened(url: &str) -> Result<Arc<dyn Log>, PlaceError> {
        open(url, Arc::new(FaultDisk::from_seed(1)), "log", LogSettings::default())
    }

    #[test]
    fn a_url_names_brokers_and_a_prefix() {
        let place = KafkaPlace::parse("kafka://one:9092,[::1]:9093/cell-1").unwrap();
        assert_eq!(place.brokers(), "one:9092,[::1]:9093");
        assert_eq!(place.topic("prices"), "cell-1.prices");
        for bare in ["kafka://one:9092", "kafka://one:9092/"] {
            assert_eq!(KafkaPlace::parse(bare).unwrap().topic("prices"), "prices");
        }
    }

    #[test]
    fn a_url_that_opens_nothing_is_refused_with_what_is_wrong() {
        let long = format!("kafka://one:9092/{}", "x".repeat(101));
        for (url, told) in [
            ("redis://one:1", "not by `redis`"),
            ("prices", "not by `prices`"),
            ("kafka://", "HOST:PORT"),
            ("kafka://one", "HOST:PORT"),
            ("kafka://one:9092,", "HOST:PORT"),
            ("kafka://one:0", "HOST:PORT"),
            ("kafka://me:secret@one:9092", "passwords"),
            ("kafka://one:9092/a/b", "prefix"),
            (&long, "prefix"),
        ] {
            let error = opened(url).unwrap_err().to_string();
            assert!(error.contains(told), "{url}: {error}");
            assert!(!error.contains("secret"), "{error}");
        }
    }

    #[test]
    fn without_a_url_the_log_is_in_the_folder() {
        assert!(format!("{:?}", opened("").unwrap()).starts_with("FileLog"));
    }

    #[cfg(not(feature = "kafka"))]
    #[test]
    fn a_build_without_kafka_says_how_to_get_one_with_it() {
        let told = opened("kafka://localhost:9092").unwrap_err().to_string();
        assert!(told.contains("--features kafka"), "{told}");
    }
}
