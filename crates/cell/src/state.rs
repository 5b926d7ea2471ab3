//! What all handlers share: the parts they were made of, caches, counters.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use atlas::Atlas;
use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use domain::CountryCode;
use fleet::traffic::Traffic;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, Uri};
use prices::history::History;
use prices::indicative::Indicative;
use prices::region::Region;
use quick_cache::sync::Cache;
use runtime::{Shutdown, Workers};
use search::{Caller, Engine, Roster, RosterSource};
use tokio::sync::Semaphore;

use crate::agents::AgentBook;
use crate::cache::{ContentCache, PageCache};
use crate::counts::Counts;
use crate::culture;
use crate::intake::Intake;
use crate::memory::SearchMemory;
use crate::operator::OperatorToken;
use crate::priority::priority_of;
use crate::settings::CellSettings;

/// Hierarchies kept; each is about 3 MB.
const HIERARCHIES_MAX: usize = 8;

/// What a cell is made of.
#[derive(Clone)]
pub struct CellParts {
    /// Runs the searches.
    pub engine: Arc<Engine>,
    /// The cell's number, unique in the fleet.
    pub cell: u32,
    /// The release that this process is: binary, settings and partner files under one name.
    pub release: String,
    /// The partners that can be asked: the engine's own source.
    pub roster: RosterSource,
    /// Threads for renderings that would hold up the sockets.
    pub workers: Workers,
    /// Begins when the process drains.
    pub shutdown: Shutdown,
    /// What was seen lately.
    pub prices: PriceIndexes,
    /// What searches remember; none if nothing is.
    pub memory: Option<SearchMemory>,
    /// Who may do what only the operator may.
    pub operator: OperatorToken,
    /// The visit that a request names, if it does.
    pub visit: fn(&HeaderMap) -> Option<&str>,
    /// Whether travellers come over TLS, here or at the door before.
    pub secure: bool,
    /// `[cell]` of the settings.
    pub settings: CellSettings,
}

/// Indexes over remembered prices, as handlers read them.
#[derive(Clone, Debug)]
pub struct PriceIndexes {
    /// The cheapest price per route and days.
    pub indicative: Arc<Indicative>,
    /// What trips cost over time.
    pub history: Arc<History>,
    /// The cells whose prices are shown beside our own.
    pub region: Arc<Region>,
}

impl std::fmt::Debug for CellParts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CellParts").field("cell", &self.cell).finish_non_exhaustive()
    }
}

/// [`CellParts`] with what handlers keep between requests.
pub(crate) struct Shared {
    pub(crate) atlas: &'static Atlas,
    pub(crate) engine: Arc<Engine>,
    pub(crate) cell: u32,
    pub(crate) release: String,
    pub(crate) counts: Counts,
    /// What it did lately, as the operator is shown it.
    pub(crate) traffic: Mutex<Traffic>,
    pub(crate) roster: RosterSource,
    pub(crate) workers: Workers,
    pub(crate) shutdown: Shutdown,
    pub(crate) prices: PriceIndexes,
    pub(crate) memory: Option<SearchMemory>,
    pub(crate) operator: OperatorToken,
    visit: fn(&HeaderMap) -> Option<&str>,
    pub(crate) secure: bool,
    pub(crate) settings: CellSettings,
    pub(crate) home: CountryCode,
    pub(crate) pages: PageCache,
    pub(crate) contents: ContentCache,
    pub(crate) streams: Arc<Semaphore>,
    pub(crate) intake: Intake,
    pub(crate) fixed: FixedAnswers,
    /// The hierarchy by locale.
    pub(crate) hierarchies: Cache<&'static str, Bytes>,
    agents: Mutex<Option<(Roster, Arc<AgentBook>)>>,
    requests: AtomicU64,
    /// Requests answered; requests whose client left before.
    pub(crate) served: [AtomicU64; 2],
}

/// Answers that never change while the process runs, rendered when first asked for.
#[derive(Debug, Default)]
pub(crate) struct FixedAnswers {
    pub(crate) locales: OnceLock<Bytes>,
    pub(crate) currencies: OnceLock<Bytes>,
    pub(crate) carriers: OnceLock<Bytes>,
    pub(crate) culture: OnceLock<Bytes>,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").field("cell", &self.cell).finish_non_exhaustive()
    }
}

impl Shared {
    pub(crate) fn new(parts: CellParts) -> Self {
        let CellParts {
            engine,
            cell,
            release,
            roster,
            workers,
            shutdown,
            prices,
            memory,
            operator,
            visit,
            secure,
            settings,
        } = parts;
        let bytes = settings.page_cache_bytes.get();
        Self {
            atlas: atlas::atlas(),
            engine,
            cell,
            release,
            counts: Counts::default(),
            traffic: Mutex::default(),
            roster,
            workers,
            shutdown,
            prices,
            memory,
            operator,
            visit,
            secure,
            home: culture::read_market(&settings.home_market).unwrap_or(culture::GB),
            pages: PageCache::new(bytes / 2),
            contents: ContentCache::new(bytes / 2),
            streams: Arc::new(Semaphore::new(settings.streams.size())),
            intake: Intake::new(&settings.intake),
            fixed: FixedAnswers::default(),
            hierarchies: Cache::new(HIERARCHIES_MAX),
            agents: Mutex::new(None),
            // Ids of requests differ from those of a process before.
            requests: AtomicU64::new((runtime::unix_ms() as u64) << 20),
            served: Default::default(),
            settings,
        }
    }

    /// Who asks for a new search.
    pub(crate) fn caller(&self, headers: &HeaderMap) -> Caller {
        Caller { priority: priority_of(headers), visit: self.visit_of(headers) }
    }

    /// The visit that a request names, as facts name it.
    pub(crate) fn visit_of(&self, headers: &HeaderMap) -> Option<u128> {
        (self.visit)(headers).and_then(|visit| self.engine.hide_visit(visit))
    }

    /// A number no other request of this process has.
    pub(crate) fn next_request(&self) -> u64 {
        self.requests.fetch_add(1, Ordering::Relaxed)
    }

    /// Names of all partners' agents as of now.
    pub(crate) fn agents(&self) -> Arc<AgentBook> {
        let roster = (self.roster)();
        let mut kept = self.agents.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((known, book)) = &*kept
            && Arc::ptr_eq(known, &roster)
        {
            return Arc::clone(book);
        }
        let partners = roster.iter().map(|partner| {
            let settings = partner.settings();
            (settings.id, settings.agents.as_slice())
        });
        let book = Arc::new(AgentBook::new(partners));
        *kept = Some((roster, Arc::clone(&book)));
        book
    }

    /// Where the caller reaches us: scheme and host, without a slash at the end.
    pub(crate) fn public_url(&self, uri: &Uri, headers: &HeaderMap) -> String {
        if !self.settings.public_url.is_empty() {
            return self.settings.public_url.trim_end_matches('/').to_owned();
        }
        let host = headers
            .get(http::header::HOST)
            .and_then(|host| host.to_str().ok())
            .or_else(|| uri.authority().map(http::uri::Authority::as_str))
            .filter(|host| is_host(host))
            .unwrap_or("localhost");
        let scheme = if self.secure { "https" } else { "http" };
        format!("{scheme}://{host}")
    }
}

/// Whether a text can be a host and port: it is written into answers.
pub(crate) fn is_host(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:[]".contains(&byte);
    !text.is_empty() && text.len() <= 255 && text.bytes().all(allowed)
}

/// Reference data changes with releases only.
pub(crate) const REFERENCE: Kept = Kept {
    all: "public, max-age=3600, stale-while-revalidate=86400, stale-if-error=604800",
    door: "",
};
/// Prices seen before: browsers ask each time, the front door may keep them for a moment (RFC 9213)
/// and shows them an hour longer if no cell answers.
pub(crate) const PRICES: Kept = Kept {
    all: "public, no-cache",
    door: "max-age=15, stale-while-revalidate=45, stale-if-error=3600",
};
/// The files of the page, whose names do not change with what is in them: browsers ask each time, the
/// front door keeps them for a moment, so that a new release shows within seconds.
pub(crate) const PAGE: Kept =
    Kept { all: "no-cache", door: "max-age=10, stale-while-revalidate=20, stale-if-error=86400" };

/// The field for caches that stand at the door of a service. Source: RFC 9213, section 3.1.
const FOR_THE_DOOR: HeaderName = HeaderName::from_static("cdn-cache-control");

/// How long an answer may be kept, as its header lines say it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kept {
    /// `Cache-Control`: by everybody.
    all: &'static str,
    /// `CDN-Cache-Control`: by the front door, if it shall do otherwise.
    door: &'static str,
}

impl Kept {
    /// Writes the lines.
    pub(crate) fn write(self, headers: &mut HeaderMap) {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static(self.all));
        if !self.door.is_empty() {
            headers.insert(FOR_THE_DOOR, HeaderValue::from_static(self.door));
        }
    }
}

/// A JSON answer that may be kept by nobody.
pub(crate) fn json(bytes: impl Into<Body>) -> Response {
    json_kept(bytes, Kept { all: "no-store", door: "" })
}

/// A JSON answer that may be kept.
pub(crate) fn json_kept(bytes: impl Into<Body>, kept: Kept) -> Response {
    let mut response = Response::new(bytes.into());
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    kept.write(headers);
    response
}

/// Names the cells whose prices an answer lacks.
pub(crate) const MISSING_CELLS: HeaderName = HeaderName::from_static("x-fareway-missing-cells");

/// Says which cells' prices are missing, if any are.
pub(crate) fn with_missing(mut response: Response, missing: &[String]) -> Response {
    if let (false, Ok(names)) = (missing.is_empty(), HeaderValue::from_str(&missing.join(","))) {
        response.headers_mut().insert(MISSING_CELLS, names);
    }
    response
}

#[cfg(test)]
mod tests {
    use runtime::TaskSet;
    use search::{EngineParts, SearchSettings, TokenKeys};

    use super::*;

    impl Shared {
        /// A cell that has nobody to ask.
        pub(crate) fn of_nobody() -> Self {
            let shutdown = Shutdown::default();
            let workers = Workers::start("test", 1, 1).unwrap();
            let roster: RosterSource = Arc::new(|| Arc::from([]));
            let engine = Engine::new(EngineParts {
                settings: SearchSettings::default(),
                roster: Arc::clone(&roster),
                memory: None,
                atlas: atlas::atlas(),
                least_wait: Arc::new(|_| std::time::Duration::ZERO),
                busy: Arc::new(|| 0.0),
                workers: workers.clone(),
                tasks: TaskSet::default(),
                shutdown: shutdown.clone(),
                keys: TokenKeys::single(&[7; 32]),
                cell: 1,
                facts: events::fact::Recorder::default(),
            });
            let (engine, settings) = (engine.unwrap(), CellSettings::default());
            let indicative = Arc::new(Indicative::new(Default::default(), Arc::default()));
            let history = Arc::new(History::new(Default::default()));
            let prices = PriceIndexes { indicative, history, region: Arc::default() };
            Self::new(CellParts {
                engine,
                cell: 1,
                release: "1".to_owned(),
                roster,
                workers,
                shutdown,
                prices,
                memory: None,
                operator: OperatorToken::default(),
                visit: |_| None,
                secure: false,
                settings,
            })
        }
    }

    #[tokio::test]
    async fn links_lead_back_the_way_travellers_come() {
        let mut shared = Shared::of_nobody();
        let mut headers = HeaderMap::new();
        headers.insert(http::header::HOST, HeaderValue::from_static("fares.example:8443"));
        let url = |shared: &Shared| shared.public_url(&Uri::from_static("/"), &headers);
        assert_eq!(url(&shared), "http://fares.example:8443");
        shared.secure = true;
        assert_eq!(url(&shared), "https://fares.example:8443");
        shared.settings.public_url = "http://a.example/".to_owned();
        assert_eq!(url(&shared), "http://a.example");
    }

    #[test]
    fn only_what_can_be_a_host_is_written_into_links() {
        assert!(is_host("localhost:8080"));
        assert!(is_host("[::1]:8080"));
        assert!(!is_host("evil.example/path"));
        assert!(!is_host("a\"b"));
        assert!(!is_host(""));
    }
}
