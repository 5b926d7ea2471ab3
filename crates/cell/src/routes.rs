//! The one table of routes, and the router made of it.
//!
//! ```text
//! request ─▶ tidy path ─▶ guard (limits, id, time, panics) ─▶ compression ─▶ route | page | 404
//! ```
//!
//! `api/openapi.json` describes the same paths and methods; a test compares both ways.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware;
use axum::response::Response;
use axum::routing::{MethodRouter, get, options, post};
use http::header::{CONTENT_TYPE, HeaderMap};
use http::{Extensions, Method, StatusCode, Version};
use tower::Layer;
use tower::util::MapRequestLayer;
use tower_http::CompressionLevel;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{Predicate, SizeAbove};

use crate::refusal::{Family, Refusal};
use crate::state::{CellParts, Shared};
use crate::{assets, health, limits, v1, v3};

/// One method of one path.
#[derive(Clone, Copy)]
pub struct Route {
    /// HTTP method, upper case.
    pub method: &'static str,
    /// Path with `{parameters}`, as in the OpenAPI document.
    pub path: &'static str,
    serve: fn() -> MethodRouter<Arc<Shared>>,
}

impl std::fmt::Debug for Route {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}

const fn read(path: &'static str, serve: fn() -> MethodRouter<Arc<Shared>>) -> Route {
    Route { method: "GET", path, serve }
}

const fn write(path: &'static str, serve: fn() -> MethodRouter<Arc<Shared>>) -> Route {
    Route { method: "POST", path, serve }
}

/// Every route of the outward API.
pub static ROUTES: &[Route] = &[
    write("/apiservices/v3/flights/live/search/create", || post(v3::live::create)),
    write("/apiservices/v3/flights/live/search/poll/{sessionToken}", || post(v3::live::poll)),
    write("/apiservices/v3/autosuggest/flights", || post(v3::answers::autosuggest)),
    read("/apiservices/v3/geo/hierarchy/flights/{locale}", || get(v3::answers::hierarchy)),
    write("/apiservices/v3/geo/hierarchy/flights/nearest", || post(v3::answers::nearest)),
    read("/apiservices/v3/culture/markets/{locale}", || get(v3::answers::markets)),
    read("/apiservices/v3/culture/locales", || get(v3::answers::locales)),
    read("/apiservices/v3/culture/currencies", || get(v3::answers::currencies)),
    read("/apiservices/v3/culture/nearestculture", || get(v3::answers::nearest_culture)),
    read("/apiservices/v3/flights/carriers", || get(v3::answers::carriers)),
    write("/apiservices/v3/flights/indicative/search", || post(v3::indicative::search)),
    write("/v1/searches", || post(v1::searches::create)),
    read("/v1/searches/{token}", || get(v1::searches::page)),
    read("/v1/searches/{token}/events", || get(v1::events::stream)),
    read("/v1/searches/{token}/partners", || get(v1::searches::partners)),
    read("/v1/go/{token}", || get(v1::go::go)),
    read("/v1/prices/month", || get(v1::prices::month)),
    read("/v1/prices/graph", || get(v1::prices::graph)),
    read("/v1/prices/explore", || get(v1::prices::explore)),
    read("/v1/prices/history", || get(v1::prices::history)),
    write("/v1/prices/forget", || post(v1::forget::forget)),
    write(v1::facts::PATH, || post(v1::facts::take)),
    read(v1::facts::PATH, || get(v1::facts::counts)),
    write(v1::beacon::PATH, || post(v1::beacon::take)),
    Route { method: "OPTIONS", path: v1::beacon::PATH, serve: || options(v1::beacon::ask) },
    read("/v1/places", || get(v1::answers::places)),
    read("/v1/culture", || get(v1::answers::culture)),
    read("/v1/cell", || get(v1::cell_report::report)),
    read("/v1/fleet", || get(v1::fleet_of_one::shown)),
    read("/v1/load", || get(health::load)),
    read("/healthz", || get(health::alive)),
    read("/readyz", || get(health::ready)),
    read("/openapi.json", || get(health::openapi)),
];

/// The outward API and the page as one service.
pub fn router(parts: CellParts) -> Router {
    let shared = Arc::new(Shared::new(parts));
    let mut routes = Router::new();
    for route in ROUTES {
        routes = routes.route(route.path, (route.serve)());
    }
    let smallest = shared.settings.compress_from_bytes.get().min(u64::from(u16::MAX)) as u16;
    let compression = CompressionLayer::new()
        .quality(CompressionLevel::Fastest)
        .compress_when(SizeAbove::new(smallest).and(is_text));
    let routes = routes
        .fallback(page_or_nothing)
        .method_not_allowed_fallback(wrong_method)
        .layer(compression)
        .layer(middleware::from_fn_with_state(Arc::clone(&shared), limits::guard))
        .with_state(shared);
    // Tidying must come before routing, so it stands around the router, not inside it.
    Router::new().fallback_service(MapRequestLayer::new(limits::tidy_path).layer(routes))
}

/// Whether an answer shrinks when compressed and need not arrive piece by piece.
fn is_text(_: StatusCode, _: Version, headers: &HeaderMap, _: &Extensions) -> bool {
    let media = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let text = media.starts_with("text/") && !media.starts_with("text/event-stream");
    text || media.starts_with("application/") || media.starts_with("image/svg")
}

/// The page's files; anything else is not there.
async fn page_or_nothing(State(_): State<Arc<Shared>>, request: Request) -> Response {
    let path = request.uri().path();
    let family = Family::of(path);
    let reads = [Method::GET, Method::HEAD].contains(request.method());
    match assets::answer(request.method(), path, request.headers()) {
        Some(response) if reads => response,
        Some(_) => Refusal::wrong_method("GET").respond(family),
        None => Refusal::not_found().respond(family),
    }
}

async fn wrong_method(request: Request) -> Response {
    let path = request.uri().path();
    Refusal::wrong_method(methods_of(path)).respond(Family::of(path))
}

/// Methods a path is served for, as an `Allow` header names them.
fn methods_of(path: &str) -> &'static str {
    let fits = |route: &&Route| {
        let (mut one, mut other) = (route.path.split('/'), path.split('/'));
        loop {
            match (one.next(), other.next()) {
                (None, None) => return true,
                (Some(pattern), Some(part)) if pattern.starts_with('{') || pattern == part => {}
                _ => return false,
            }
        }
    };
    let served = |method| ROUTES.iter().filter(fits).any(|route| route.method == method);
    match (served("GET"), served("POST")) {
        (true, true) => "GET, HEAD, POST",
        (false, true) => "POST",
        _ => "GET, HEAD",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_names_the_methods_it_is_served_for() {
        assert_eq!(methods_of("/v1/searches"), "POST");
        assert_eq!(methods_of("/v1/searches/abc/events"), "GET, HEAD");
        assert_eq!(methods_of("/apiservices/v3/flights/live/search/poll/x"), "POST");
        // `nearest` is a locale too, for all the router knows.
        assert_eq!(methods_of("/apiservices/v3/geo/hierarchy/flights/nearest"), "GET, HEAD, POST");
    }

    #[test]
    fn no_route_stands_twice_in_the_table() {
        for (index, route) in ROUTES.iter().enumerate() {
            let same = |other: &Route| (other.method, other.path) == (route.method, route.path);
            assert!(!ROUTES[index + 1..].iter().any(same), "{route:?}");
        }
    }
}
