//! Nothing that is sent to `/v1` is silently ignored: every parameter of every path, taken from the
//! published description.

use cell::OPENAPI;
use http::Method;
use serde_json::{Value, json};

use crate::site::{Site, trip};

/// A path of `/v1` and the query parameters it is described with, as (name, schema).
struct Described {
    method: Method,
    path: String,
    query: Vec<(String, Value)>,
}

/// All of `/v1`, with a token and the parameters that must be there filled in.
fn described(token: &str) -> Vec<Described> {
    let document: Value = serde_json::from_str(OPENAPI).unwrap();
    let mut all = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        if !path.starts_with("/v1/") {
            continue;
        }
        for (method, operation) in methods.as_object().unwrap() {
            let parameters = operation["parameters"].as_array().into_iter().flatten();
            let query = parameters
                .filter(|parameter| parameter["in"] == "query")
                .map(|one| (one["name"].as_str().unwrap().to_owned(), one["schema"].clone()))
                .collect();
            let method = method.to_uppercase().parse().unwrap();
            all.push(Described { method, path: path.replace("{token}", token), query });
        }
    }
    assert!(all.len() >= 11);
    all
}

impl Site {
    /// What a query is refused for: status and field.
    async fn refused(&self, one: &Described, query: &str) -> (u16, String) {
        let path = format!("{}?{query}", one.path);
        let body = if one.method == Method::POST { trip().to_string() } else { String::new() };
        let operator = "a5".repeat(32);
        let request = http::Request::builder()
            .method(one.method.clone())
            .uri(format!("{}{path}", self.base))
            .header("x-fareway-operator", operator);
        let answer = self.send(request.body(body.into()).unwrap()).await;
        let status = answer.status.as_u16();
        if status != 400 {
            return (status, String::new());
        }
        assert_eq!(answer.header("content-type"), "application/problem+json");
        (status, answer.json()["field"].as_str().unwrap_or_default().to_owned())
    }
}

#[tokio::test]
async fn a_parameter_that_means_nothing_is_refused_by_name_on_every_path() {
    let site = Site::start(0).await;
    let token = site.search(&trip()).await;
    for one in described(&token) {
        for query in ["surprise=1", "surprise=", "surprise"] {
            let expected = (400, "surprise".to_owned());
            assert_eq!(site.refused(&one, query).await, expected, "{} {query}", one.path);
        }
    }
}

#[tokio::test]
async fn a_parameter_that_is_sent_twice_or_is_no_text_is_refused_by_name_on_every_path() {
    let site = Site::start(0).await;
    let token = site.search(&trip()).await;
    for one in described(&token) {
        for (name, _) in &one.query {
            let expected = (400, name.clone());
            // The second value may be as wrong as it likes: it is not looked at.
            for query in [format!("{name}=EDI&{name}=EDI"), format!("{name}=%ff")] {
                assert_eq!(site.refused(&one, &query).await, expected, "{} {query}", one.path);
            }
        }
    }
}

#[tokio::test]
async fn a_value_of_the_wrong_kind_is_refused_by_name_on_every_path() {
    let site = Site::start(0).await;
    let token = site.search(&trip()).await;
    let mut tried = 0;
    for one in described(&token) {
        for (name, schema) in &one.query {
            // A term is any text, and a link id that is not ours is not there.
            if name == "term" || name == "l" {
                continue;
            }
            let mut wrong = vec!["%00".to_owned(), "?".to_owned(), "x".repeat(3_000)];
            if schema["type"] == "integer" {
                wrong.extend(["-1", "1.5", "1e3", "", "99999999999999999999"].map(str::to_owned));
            }
            for value in wrong {
                let query = format!("{name}={value}");
                let expected = (400, name.clone());
                assert_eq!(site.refused(&one, &query).await, expected, "{} {query}", one.path);
                tried += 1;
            }
        }
    }
    assert!(tried > 100, "{tried}");
}

#[tokio::test]
async fn a_cursor_of_another_sort_filter_or_search_is_refused() {
    let site = Site::start(0).await;
    let token = site.search(&trip()).await;
    let page = site.finished(&token, "limit=3&sort=cheapest&stops=0,1").await;
    let cursor = page["cursor"].as_str().unwrap();
    let get = async |token: &str, query: &str| {
        let answer = site.get(&format!("/v1/searches/{token}?{query}&cursor={cursor}")).await;
        (answer.status.as_u16(), answer.json()["field"].clone())
    };
    assert_eq!(get(&token, "sort=cheapest&stops=1,0&limit=50").await, (200, Value::Null));
    for query in ["sort=best&stops=0,1", "sort=cheapest", "sort=cheapest&stops=0", "stops=0,1"] {
        assert_eq!(get(&token, query).await, (400, json!("cursor")), "{query}");
    }
    let other = site.search(&trip()).await;
    site.finished(&other, "").await;
    assert_eq!(get(&other, "sort=cheapest&stops=0,1").await, (400, json!("cursor")));
    let id = page["itineraries"][0]["id"].as_str().unwrap();
    let both = format!("sort=cheapest&stops=0,1&itinerary={id}");
    assert_eq!(get(&token, &both).await, (400, json!("cursor")));
}

#[tokio::test]
async fn a_window_or_airport_that_the_search_has_no_place_for_is_refused() {
    let site = Site::start(0).await;
    let token = site.search(&trip()).await;
    for (query, field) in [
        ("depart=;;06:00-12:00", "depart"),
        ("arrive=;;", "arrive"),
        ("airports=LHR,SIN", "airports"),
    ] {
        let answer = site.get(&format!("/v1/searches/{token}?{query}")).await;
        assert_eq!((answer.status.as_u16(), &answer.json()["field"]), (400, &field.into()));
    }
    assert_eq!(site.get(&format!("/v1/searches/{token}?airports=LHR,JFK")).await.status, 200);
}
