//! Handlers of the v3 paths that need no search.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use bytes::Bytes;
use serde_json::Value;

use super::{autosuggest, geo, reference};
use crate::culture::{self, LOCALES};
use crate::limits;
use crate::loose;
use crate::refusal::{Family, Refusal};
use crate::state::{REFERENCE, Shared, json, json_kept};

/// The answer, or the refusal in v3 form.
pub(super) fn answered(result: Result<Response, Refusal>) -> Response {
    result.unwrap_or_else(|refusal| refusal.respond(Family::V3))
}

/// Reads a JSON body within the limits.
pub(super) async fn read_body(body: Body, shared: &Shared) -> Result<Value, Refusal> {
    let bytes = limits::body(body, shared).await?;
    Ok(loose::read(&bytes, shared.settings.json_depth.size())?)
}

/// `POST autosuggest/flights`.
pub(crate) async fn autosuggest(State(shared): State<Arc<Shared>>, body: Body) -> Response {
    let work = async {
        let body = read_body(body, &shared).await?;
        Ok(json(autosuggest::answer(&body, shared.atlas)?))
    };
    answered(work.await)
}

/// `GET geo/hierarchy/flights/{locale}`.
pub(crate) async fn hierarchy(
    State(shared): State<Arc<Shared>>,
    Path(locale): Path<String>,
) -> Response {
    let work = async {
        let language = known_locale(&locale)?;
        if let Some(kept) = shared.hierarchies.get(&language) {
            return Ok(json_kept(kept, REFERENCE));
        }
        let atlas = shared.atlas;
        let made = shared.workers.run(move || geo::hierarchy(atlas, language)).await;
        let made = made.map_err(|_| Refusal::internal())?;
        shared.hierarchies.insert(language, made.clone());
        Ok(json_kept(made, REFERENCE))
    };
    answered(work.await)
}

/// `POST geo/hierarchy/flights/nearest`.
pub(crate) async fn nearest(State(shared): State<Arc<Shared>>, body: Body) -> Response {
    let work = async {
        let body = read_body(body, &shared).await?;
        Ok(json(geo::nearest(&body, shared.atlas, shared.home)?))
    };
    answered(work.await)
}

/// `GET culture/markets/{locale}`.
pub(crate) async fn markets(
    State(shared): State<Arc<Shared>>,
    Path(locale): Path<String>,
) -> Response {
    let language = known_locale(&locale);
    answered(
        language.map(|language| json_kept(reference::markets(shared.atlas, language), REFERENCE)),
    )
}

/// `GET culture/locales`.
pub(crate) async fn locales(State(shared): State<Arc<Shared>>) -> Response {
    fixed(shared.fixed.locales.get_or_init(reference::locales))
}

/// `GET culture/currencies`.
pub(crate) async fn currencies(State(shared): State<Arc<Shared>>) -> Response {
    fixed(shared.fixed.currencies.get_or_init(|| reference::currencies(shared.atlas)))
}

/// `GET culture/nearestculture?ipAddress=…`; without an address, our home.
pub(crate) async fn nearest_culture(
    State(shared): State<Arc<Shared>>,
    RawQuery(query): RawQuery,
) -> Response {
    let work = || {
        let query = query.unwrap_or_default();
        let sent = query.split('&').find_map(|pair| {
            pair.strip_prefix("ipAddress=").or_else(|| pair.strip_prefix("ip_address="))
        });
        let address = match sent.map(limits::decoded).filter(|text| !text.is_empty()) {
            None => std::net::Ipv4Addr::UNSPECIFIED.into(),
            Some(text) => {
                text.parse().map_err(|_| Refusal::field("ipAddress", "must be an IP address"))?
            }
        };
        let home = (shared.home, shared.settings.home_locale.as_str());
        let found = reference::nearest_culture(shared.atlas, address, home);
        found.map(json).ok_or_else(Refusal::internal)
    };
    answered(work())
}

/// `GET flights/carriers`.
pub(crate) async fn carriers(State(shared): State<Arc<Shared>>) -> Response {
    fixed(shared.fixed.carriers.get_or_init(|| reference::carriers(shared.atlas)))
}

fn fixed(bytes: &Bytes) -> Response {
    json_kept(bytes.clone(), REFERENCE)
}

/// The locale of ours that is nearest to a text: itself, one of its language, else English.
fn known_locale(text: &str) -> Result<&'static str, Refusal> {
    let wrong = || Refusal::field("locale", "must be a language and country, e.g. en-GB");
    let locale = culture::read_locale(text).ok_or_else(wrong)?;
    let language = locale.split('-').next().unwrap_or_default();
    let of_language = |known: &&culture::Language| known.code.split('-').next() == Some(language);
    let found = LOCALES.iter().find(|known| known.code == locale);
    Ok(found.or_else(|| LOCALES.iter().find(of_language)).map_or("en-GB", |known| known.code))
}

#[cfg(test)]
mod tests {
    use super::known_locale;

    #[test]
    fn an_unknown_country_falls_back_to_the_language_and_an_unknown_language_to_english() {
        assert_eq!(known_locale("de-AT").unwrap(), "de-DE");
        assert_eq!(known_locale("zh-TW").unwrap(), "zh-TW");
        assert_eq!(known_locale("xx-YY").unwrap(), "en-GB");
        assert!(known_locale("nonsense").is_err());
    }
}
