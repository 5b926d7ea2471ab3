//! `flights/live/search/create` and `…/poll/{sessionToken}`.
//!
//! Create answers with at most ten itineraries, one option each, and says COMPLETE only if that is
//! all; poll with everything there is, NOT_MODIFIED if the token has seen it. A poll waits a little for news. A leg from a place to
//! itself is no error: nothing is searched, and both answer COMPLETE and OMITTED.
//!
//! Contents are rendered once per search and version; large ones on worker threads.

use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::response::Response;
use bytes::Bytes;
use domain::InvalidSearch;
use http::{HeaderMap, Uri};
use search::{SearchError, Seen, Snapshot, Status};

use super::answers::{answered, read_body};
use super::content::{self, Action, Content, Extent};
use super::create as wire;
use crate::cache::ContentKey;
use crate::json::Json;
use crate::party::{FieldNames, refuse};
use crate::refusal::Refusal;
use crate::state::{Shared, json};

/// Where the fields of a v3 create stand.
const NAMES: FieldNames = FieldNames {
    legs: "query.queryLegs",
    origin: "originPlaceId",
    destination: "destinationPlaceId",
    currency: "query.currency",
    locale: "query.locale",
    token: "sessionToken",
};

/// Begins the token of a search that asks for nothing; the cell's number follows.
const NOTHING: &str = "nothing-cell";
/// From this many itineraries on, rendering takes more than about 100 us and goes to the workers.
const RENDERED_INLINE: usize = 60;
/// Milliseconds after which links are written with a newer token.
const STRETCH_MS: i64 = 600_000;

/// `POST flights/live/search/create`.
pub(crate) async fn create(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    answered(try_create(&shared, request).await)
}

async fn try_create(shared: &Arc<Shared>, request: Request) -> Result<Response, Refusal> {
    let (head, body) = request.into_parts();
    let body = read_body(body, shared).await?;
    let wire::CreateSearch { request, display } = wire::read(&body, shared.atlas)?;
    let caller = shared.caller(&head.headers);
    let opened = match shared.engine.create_as(caller, request, display).await {
        Ok(opened) => opened,
        Err(SearchError::Invalid(InvalidSearch::SamePlace { .. })) => {
            let token = format!("{NOTHING}{}", shared.cell);
            return Ok(nothing(&token, Status::Complete, Action::Omitted));
        }
        Err(error) => return Err(refuse(&error, NAMES)),
    };
    let snapshot = opened.snapshot;
    let (token, status) = match hides_some(&snapshot) {
        false => (opened.token, snapshot.status),
        // The next poll must come, and bring what is not shown here.
        true => {
            let search =
                shared.engine.find(&opened.token).await.map_err(|error| refuse(&error, NAMES))?;
            (shared.engine.token(&search, Seen::default()), Status::Incomplete)
        }
    };
    let public_url = shared.public_url(&head.uri, &head.headers);
    let rendered = render(shared, &snapshot, (&public_url, &token), Extent::FIRST).await?;
    Ok(answer(&token, status, Action::Replaced, &rendered))
}

/// Whether a create's answer leaves out something of the snapshot.
fn hides_some(snapshot: &Snapshot) -> bool {
    let itineraries = snapshot.merged.itineraries().len();
    itineraries > Extent::FIRST.itineraries || snapshot.merged.option_count() > itineraries
}

/// `POST flights/live/search/poll/{sessionToken}`; whatever body there is does not matter.
pub(crate) async fn poll(
    State(shared): State<Arc<Shared>>,
    Path(token): Path<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let public_url = shared.public_url(&uri, &headers);
    answered(try_poll(&shared, &token, public_url).await)
}

async fn try_poll(
    shared: &Arc<Shared>,
    token: &str,
    public_url: String,
) -> Result<Response, Refusal> {
    if is_nothing(token) {
        return Ok(nothing(token, Status::Complete, Action::Omitted));
    }
    let wait_ms = shared.settings.poll_wait_ms.get();
    let polled = shared.engine.poll(token, wait_ms).await.map_err(|error| refuse(&error, NAMES))?;
    let snapshot = polled.snapshot;
    if !polled.changed {
        return Ok(nothing(&polled.token, snapshot.status, Action::NotModified));
    }
    let key = ContentKey {
        search: snapshot.search,
        seen: snapshot.seen(),
        public_url,
        stretch: runtime::unix_ms() / STRETCH_MS,
    };
    let rendered = match shared.contents.find(&key) {
        Some(kept) => kept,
        None => {
            let links = (key.public_url.as_str(), polled.token.as_str());
            let made = render(shared, &snapshot, links, Extent::ALL).await?;
            shared.contents.keep(key, made.clone());
            made
        }
    };
    Ok(answer(&polled.token, snapshot.status, Action::Replaced, &rendered))
}

/// Whether a token is that of a search for nothing.
fn is_nothing(token: &str) -> bool {
    let number = token.strip_prefix(NOTHING);
    number.is_some_and(|number| number.len() <= 10 && number.bytes().all(|b| b.is_ascii_digit()))
}

/// Renders a snapshot; its links lead to `public_url` and carry `token`.
async fn render(
    shared: &Arc<Shared>,
    snapshot: &Arc<Snapshot>,
    (public_url, token): (&str, &str),
    extent: Extent,
) -> Result<Bytes, Refusal> {
    let link_base = format!("{public_url}/v1/go/{token}?l=");
    let (atlas, agents, snapshot) = (shared.atlas, shared.agents(), Arc::clone(snapshot));
    let large = snapshot.merged.itineraries().len() > RENDERED_INLINE;
    let work = move || {
        let mut json = Json::with_capacity(16 << 10);
        let content =
            Content { atlas, snapshot: &snapshot, agents: &agents, link_base: &link_base, extent };
        content::write(&mut json, &content);
        Bytes::from(json.into_bytes())
    };
    if large { shared.workers.run(work).await.map_err(|_| Refusal::internal()) } else { Ok(work()) }
}

fn answer(token: &str, status: Status, action: Action, content: &[u8]) -> Response {
    let mut answer = Json::with_capacity(content.len() + token.len() + 256);
    content::write_answer(&mut answer, token, status, action, |json| {
        json.raw(content);
    });
    json(answer.into_bytes())
}

fn nothing(token: &str, status: Status, action: Action) -> Response {
    let mut answer = Json::with_capacity(token.len() + 2_048);
    content::write_answer(&mut answer, token, status, action, content::write_empty);
    json(answer.into_bytes())
}

#[cfg(test)]
mod tests {
    use super::is_nothing;

    #[test]
    fn only_the_token_of_nothing_is_nothing() {
        assert!(is_nothing("nothing-cell1"));
        assert!(!is_nothing("nothing-cell1x"));
        assert!(!is_nothing("AbC-cell1"));
    }
}
