//! `api/openapi.json` holds what is served, and what is served fits it.

use std::collections::BTreeSet;

use cell::{OPENAPI, ROUTES};
use http::Method;
use serde_json::{Value, json};

use crate::site::{Answer, Site, soon, trip, v3_trip};
use crate::v3::V3;

fn document() -> Value {
    serde_json::from_str(OPENAPI).unwrap()
}

#[test]
fn every_route_is_described_and_every_description_is_served() {
    let described: BTreeSet<(String, String)> = document()["paths"]
        .as_object()
        .unwrap()
        .iter()
        .flat_map(|(path, methods)| {
            let methods = methods.as_object().unwrap().keys();
            methods.map(move |method| (path.clone(), method.to_uppercase()))
        })
        .collect();
    let served: BTreeSet<(String, String)> =
        ROUTES.iter().map(|route| (route.path.to_owned(), route.method.to_owned())).collect();
    assert_eq!(described, served);
}

#[test]
fn every_parameter_of_a_path_is_described() {
    for (path, methods) in document()["paths"].as_object().unwrap() {
        let named: BTreeSet<&str> =
            path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')).collect();
        for operation in methods.as_object().unwrap().values() {
            let described: BTreeSet<&str> = operation["parameters"]
                .as_array()
                .into_iter()
                .flatten()
                .filter(|parameter| parameter["in"] == "path")
                .map(|parameter| parameter["name"].as_str().unwrap())
                .collect();
            assert_eq!(described, named, "{path}");
        }
    }
}

/// Holds an answer against the schema of its path, method and status.
fn fits(path: &str, method: &str, answer: &Answer) {
    let mut document = document();
    let status = answer.status.as_u16().to_string();
    let media = answer.header("content-type").to_owned();
    let response = &document["paths"][path][method]["responses"][&status];
    assert!(response.is_object(), "{method} {path} does not describe {status}");
    let schema = response["content"][&media]["schema"].clone();
    assert!(schema.is_object(), "{method} {path} {status} does not describe {media}");
    let components = document["components"].take();
    let whole = json!({"allOf": [schema], "components": components});
    let validator = jsonschema::draft202012::new(&whole).unwrap();
    let value = answer.json();
    if let Some(error) = validator.iter_errors(&value).next() {
        panic!("{method} {path} {status}: {error} at {}", error.instance_path());
    }
}

#[tokio::test]
async fn our_own_answers_fit_their_schemas() {
    let site = Site::start(100).await;
    let created = site.post("/v1/searches", &trip()).await;
    fits("/v1/searches", "post", &created);
    let token = created.json()["token"].as_str().unwrap().to_owned();
    let path = format!("/v1/searches/{token}");
    fits("/v1/searches/{token}", "get", &site.get(&path).await);
    fits("/v1/searches/{token}/partners", "get", &site.get(&format!("{path}/partners")).await);
    site.finished(&token, "").await;
    let whole = site.get(&format!("{path}?limit=100")).await;
    fits("/v1/searches/{token}", "get", &whole);
    fits("/v1/searches/{token}/partners", "get", &site.get(&format!("{path}/partners")).await);
    fits("/v1/places", "get", &site.get("/v1/places?term=lon").await);
    fits("/v1/culture", "get", &site.get("/v1/culture").await);
    crate::prices::see_some(&site).await;
    let trip = "origin=city:LON&destination=city:NYC";
    let dated = format!("{trip}&out={}&back={}", soon(40), soon(47));
    for query in [dated.as_str(), trip] {
        fits("/v1/prices/history", "get", &site.get(&format!("/v1/prices/history?{query}")).await);
    }
    for query in [trip, "origin=city:LON&destination=XQX"] {
        for path in ["/v1/prices/month", "/v1/prices/graph", "/v1/prices/explore"] {
            fits(path, "get", &site.get(&format!("{path}?{query}")).await);
        }
    }
    for path in ["/healthz", "/readyz", "/openapi.json"] {
        fits(path, "get", &site.get(path).await);
    }
    fits("/v1/cell", "get", &site.as_operator("/v1/cell").await);
    fits("/v1/cell", "get", &site.get("/v1/cell").await);
    fits("/v1/facts", "get", &site.as_operator("/v1/facts").await);
    fits("/v1/facts", "get", &site.get("/v1/facts").await);
    for path in ["/v1/beacon?key=page", "/v1/beacon?key=other", "/v1/beacon"] {
        fits("/v1/beacon", "post", &site.call(Method::POST, path, "{}").await);
    }
    for _ in 0..2 {
        fits("/v1/fleet", "get", &site.as_operator("/v1/fleet").await);
    }
    fits("/v1/fleet", "get", &site.as_operator("/v1/fleet?all=1").await);
    fits("/v1/fleet", "get", &site.get("/v1/fleet").await);
    fits("/v1/load", "get", &site.get("/v1/load").await);
    fits("/v1/load", "get", &load(&site, "a5", "").await);
    fits("/v1/load", "get", &load(&site, "a5", "?all=1").await);
    fits("/v1/load", "get", &load(&site, "a6", "").await);
    fits("/v1/searches", "post", &site.post("/v1/searches", &json!({"legs": 1})).await);
    fits("/v1/searches/{token}", "get", &site.get("/v1/searches/abc-cell1").await);
    fits("/v1/places", "get", &site.get("/v1/places?limit=0").await);
    fits("/v1/go/{token}", "get", &site.get(&format!("/v1/go/{token}?l=x")).await);
}

async fn load(site: &Site, token: &str, query: &str) -> Answer {
    let request = http::Request::get(format!("{}/v1/load{query}", site.base))
        .header("x-fareway-operator", token.repeat(32));
    site.send(request.body(String::new().into()).unwrap()).await
}

#[tokio::test]
async fn answers_of_partners_are_counted_by_whom_they_came_for() {
    let site = Site::start(0).await;
    let created = site.post("/v1/searches", &trip()).await;
    let token = created.json()["token"].as_str().unwrap().to_owned();
    site.finished(&token, "").await;
    let seen = load(&site, "a5", "").await.json();
    assert!(seen["answers"]["wanted"].as_u64() > Some(0), "{seen}");
    assert_eq!((&seen["answers"]["late"], &seen["answers"]["unwatched"]), (&json!(0), &json!(0)));
    assert_eq!((&seen["searches"]["open"], &seen["requests"]["left"]), (&json!(1), &json!(0)));
    assert!(seen["requests"]["answered"].as_u64() >= Some(2), "{seen}");
}

#[tokio::test]
async fn v3_answers_fit_their_schemas() {
    let site = Site::start(0).await;
    let created = site.post(&format!("{V3}/flights/live/search/create"), &v3_trip()).await;
    fits("/apiservices/v3/flights/live/search/create", "post", &created);
    let done = crate::v3::complete(&site, &v3_trip()).await;
    let first = created.json()["sessionToken"].as_str().unwrap().to_owned();
    for token in [first.as_str(), done["sessionToken"].as_str().unwrap(), "abc"] {
        let polled =
            site.call(Method::POST, &format!("{V3}/flights/live/search/poll/{token}"), "").await;
        fits("/apiservices/v3/flights/live/search/poll/{sessionToken}", "post", &polled);
    }
    let path = format!("{V3}/flights/indicative/search");
    for query in crate::prices::v3_queries() {
        fits(&path, "post", &site.post(&path, &query).await);
    }
    fits(&path, "post", &site.post(&path, &json!({})).await);
    let get = |path: &'static str, called: &'static str| {
        let site = &site;
        async move { fits(&format!("{V3}{path}"), "get", &site.get(&format!("{V3}{called}")).await) }
    };
    get("/geo/hierarchy/flights/{locale}", "/geo/hierarchy/flights/zh-CN").await;
    get("/geo/hierarchy/flights/{locale}", "/geo/hierarchy/flights/x").await;
    get("/culture/markets/{locale}", "/culture/markets/ar-AE").await;
    get("/culture/locales", "/culture/locales").await;
    get("/culture/currencies", "/culture/currencies").await;
    get("/culture/nearestculture", "/culture/nearestculture?ipAddress=8.8.8.8").await;
    get("/flights/carriers", "/flights/carriers").await;
    let suggest = json!({"query": {"market": "UK", "locale": "en-GB", "searchTerm": "edin"}});
    let suggested = site.post(&format!("{V3}/autosuggest/flights"), &suggest).await;
    fits("/apiservices/v3/autosuggest/flights", "post", &suggested);
    let near = json!({"locator": {"coordinates": {"latitude": 1.3, "longitude": 103.9}}});
    let nearest = site.post(&format!("{V3}/geo/hierarchy/flights/nearest"), &near).await;
    fits("/apiservices/v3/geo/hierarchy/flights/nearest", "post", &nearest);
}
