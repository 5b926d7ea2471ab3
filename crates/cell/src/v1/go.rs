//! `GET /v1/go/{token}?l=…`: to the seller.
//!
//! ```text
//! signed link ─▶ engine.follow ─┬─▶ 302 to the seller
//!                               ├─▶ another price than was shown ─▶ a person is told before going on
//!                               └─▶ gone, expired, forged ────────▶ a person reads a page, a program a problem
//! ```
//!
//! A person is whoever asks for `text/html` by name, as browsers do; everyone else gets what a program
//! can read. Nobody is led anywhere that no partner pointed to.

mod page;

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use http::header::{
    ACCEPT, ACCEPT_LANGUAGE, CACHE_CONTROL, CONTENT_LANGUAGE, CONTENT_SECURITY_POLICY,
    CONTENT_TYPE, LOCATION, REFERRER_POLICY, VARY, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use runtime::Priority;
use search::{SearchError, Token};

use super::pairs;
use super::searches::refused;
use crate::assets::POLICY;
use crate::priority::priority_of;
use crate::refusal::{CODE_HEADER, Family, Refusal};
use crate::state::Shared;
use crate::texts::Texts;

use page::{Notice, What};

/// Follows a link.
pub(crate) async fn go(
    State(shared): State<Arc<Shared>>,
    Path(token): Path<String>,
    RawQuery(query): RawQuery,
    method: Method,
    headers: HeaderMap,
) -> Response {
    let link = match link_id(query.as_deref()) {
        Ok(link) => link,
        Err(refusal) => return refuse(&shared, &headers, &token, What::Broken, refusal),
    };
    let followed = shared.engine.follow(&token, &link).await;
    match &followed {
        Ok(followed) => shared.counts.on_followed(followed.change.is_none()),
        Err(SearchError::NoSuchOffer { itinerary: Some(_) }) => shared.counts.on_followed(false),
        Err(_) => {}
    }
    let followed = followed.and_then(|followed| match location(&followed.address) {
        Some(location) => Ok((followed, location)),
        None => Err(SearchError::NoSuchOffer { itinerary: Some(followed.itinerary) }),
    });
    // Neither who looks where it leads nor a machine goes there.
    let goes = method == Method::GET && priority_of(&headers) == Priority::Asked;
    if let Some((followed, _)) = followed.as_ref().ok().filter(|_| goes) {
        shared.engine.on_click_out(&token, followed, shared.visit_of(&headers)).await;
    }
    match followed {
        Ok((followed, _)) if followed.change.is_some() && is_person(&headers) => {
            let told = Told { status: StatusCode::OK, code: "price_changed" };
            tell(&shared, &headers, &token, &What::Changed(followed), told)
        }
        Ok((_, location)) => lead(location),
        Err(error) => refuse(&shared, &headers, &token, What::of(&error), refused(&error)),
    }
}

/// The signed id of a link.
fn link_id(query: Option<&str>) -> Result<String, Refusal> {
    let mut link = None;
    for pair in pairs::pairs(query)? {
        match pair.name {
            "l" => link = Some(pair.value.into_owned()),
            name => return Err(pairs::unknown(name)),
        }
    }
    link.filter(|link| !link.is_empty()).ok_or_else(|| Refusal::field("l", "is required"))
}

/// Where a browser may be sent.
fn location(address: &str) -> Option<HeaderValue> {
    let leads_out = address.starts_with("https://") || address.starts_with("http://");
    HeaderValue::try_from(address).ok().filter(|_| leads_out)
}

fn lead(location: HeaderValue) -> Response {
    let mut response = Response::default();
    *response.status_mut() = StatusCode::FOUND;
    let headers = response.headers_mut();
    headers.insert(LOCATION, location);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(VARY, HeaderValue::from_static("accept"));
    response
}

fn refuse(
    shared: &Shared,
    headers: &HeaderMap,
    token: &str,
    what: What,
    refusal: Refusal,
) -> Response {
    if !is_person(headers) {
        return refusal.respond(Family::Own);
    }
    let told = Told { status: refusal.status(), code: refusal.code() };
    tell(shared, headers, token, &what, told)
}

/// How a page is answered.
struct Told {
    status: StatusCode,
    code: &'static str,
}

/// Answers with a page.
fn tell(shared: &Shared, headers: &HeaderMap, token: &str, what: &What, told: Told) -> Response {
    let opened = shared.engine.reopen(token);
    let texts = speaks(shared, headers, opened.as_ref());
    let agents = shared.agents();
    let notice = Notice { texts, what, token, opened: opened.as_ref(), agents: &agents };
    let mut response = Response::new(Body::from(notice.render()));
    *response.status_mut() = told.status;
    let headers = response.headers_mut();
    let mut put = |name: HeaderName, value: &'static str| {
        headers.insert(name, HeaderValue::from_static(value));
    };
    put(CONTENT_TYPE, "text/html; charset=utf-8");
    put(CONTENT_LANGUAGE, texts.language);
    put(CONTENT_SECURITY_POLICY, POLICY);
    put(X_CONTENT_TYPE_OPTIONS, "nosniff");
    // Its links lead to sellers, who need not know which search was read.
    put(REFERRER_POLICY, "no-referrer");
    put(CACHE_CONTROL, "no-store");
    put(VARY, "accept, accept-language");
    put(CODE_HEADER, told.code);
    response
}

/// The language of the search, else of the browser, else of our home, else English.
fn speaks(shared: &Shared, headers: &HeaderMap, opened: Option<&Token>) -> &'static Texts {
    let asked = opened.and_then(|token| Texts::of(token.display.locale.as_str()));
    let browser = || Texts::accepted(headers.get(ACCEPT_LANGUAGE)?.to_str().ok()?);
    let home = || Texts::of(&shared.settings.home_locale);
    asked.or_else(browser).or_else(home).unwrap_or_else(Texts::english)
}

/// Whether the caller asks for a page by name, and not rather for JSON.
fn is_person(headers: &HeaderMap) -> bool {
    let lists = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let (mut page, mut data) = (0.0_f32, 0.0_f32);
    for one in lists.flat_map(|list| list.split(',')) {
        let mut parts = one.split(';').map(str::trim);
        let media = parts.next().unwrap_or_default();
        let weight = parts.find_map(|part| part.strip_prefix("q=")).map_or(Ok(1.0), str::parse);
        let weight: f32 = weight.unwrap_or(0.0);
        match media {
            "text/html" | "application/xhtml+xml" => page = page.max(weight),
            "application/json" | "application/problem+json" => data = data.max(weight),
            _ => {}
        }
    }
    page > 0.0 && page >= data
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_are_people_and_programs_are_not() {
        let person = |accept: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT, HeaderValue::from_static(accept));
            is_person(&headers)
        };
        assert!(person("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"));
        assert!(person("application/json;q=0.5, text/html"));
        assert!(!person("*/*"));
        assert!(!person("application/json"));
        assert!(!person("application/json, text/html;q=0.9"));
        assert!(!person("text/html;q=0"));
        assert!(!person("text/html;q=x"));
        assert!(!is_person(&HeaderMap::new()));
    }

    #[test]
    fn only_addresses_of_the_web_lead_anywhere() {
        assert!(location("https://seller.example/x").is_some());
        for address in ["javascript:alert(1)", "//seller.example", "", "https://a\r\nx: y"] {
            assert!(location(address).is_none(), "{address}");
        }
    }
}
