//! `/v1`: create, pages, events, ledger, links.

use std::collections::HashSet;

use http_body_util::BodyExt;
use serde_json::{Value, json};

use crate::site::{PARTNERS, Site, soon, trip};

#[tokio::test]
async fn a_search_grows_until_it_is_complete_and_echoes_what_was_asked() {
    let site = Site::start(150).await;
    let created = site.post("/v1/searches", &trip()).await;
    assert_eq!(created.status, 201);
    let opened = created.json();
    assert_eq!(opened["request"], trip());
    assert_eq!(created.header("location"), opened["results_url"].as_str().unwrap());
    let token = opened["token"].as_str().unwrap();
    assert!(token.ends_with("-cell1"));
    let early = site.get(opened["results_url"].as_str().unwrap()).await.json();
    assert_eq!(early["status"], "incomplete");
    let page = site.finished(token, "limit=10").await;
    assert_eq!(page["status"], "complete");
    assert_eq!(page["request"], trip());
    assert!(page["total"].as_u64() >= early["total"].as_u64());
    assert!(page["total"].as_u64().unwrap() > 10, "{}", page["total"]);
    assert_eq!(page["itineraries"].as_array().unwrap().len(), 10);
    assert_eq!(
        page["partners"],
        json!({"asked": PARTNERS, "answered": PARTNERS, "failed": 0, "remembered": 0})
    );
}

#[tokio::test]
async fn everything_a_page_names_is_explained_in_it() {
    let site = Site::start(0).await;
    let token = site.search(&trip()).await;
    let page = site.finished(&token, "limit=20").await;
    for itinerary in page["itineraries"].as_array().unwrap() {
        let legs = itinerary["legs"].as_array().unwrap();
        assert_eq!(legs.len(), 2);
        let minutes: u64 = legs.iter().map(|leg| leg["duration_minutes"].as_u64().unwrap()).sum();
        assert_eq!(itinerary["duration_minutes"], minutes);
        for segment in legs.iter().flat_map(|leg| leg["segments"].as_array().unwrap()) {
            for end in ["origin", "destination"] {
                let code = segment[end].as_str().unwrap();
                assert!(page["airports"][code]["city"].is_string(), "{code}");
            }
            for carrier in ["carrier", "operating"] {
                assert!(page["carriers"][segment[carrier].as_str().unwrap()]["name"].is_string());
            }
        }
        let options = itinerary["options"].as_array().unwrap();
        assert_eq!(itinerary["price"], options[0]["price"]);
        let price = |option: &Value| option["price"].as_i64().unwrap_or(i64::MAX);
        assert!(options.is_sorted_by_key(price));
    }
}

#[tokio::test]
async fn a_list_shows_the_cheapest_options_and_an_itinerary_by_itself_all_of_them() {
    let site = Site::start(0).await;
    let token = site.search(&trip()).await;
    let page = site.finished(&token, "limit=10").await;
    let options = |itinerary: &Value| itinerary["options"].as_array().unwrap().len() as u64;
    for itinerary in page["itineraries"].as_array().unwrap() {
        assert_eq!(options(itinerary), itinerary["options_total"].as_u64().unwrap().min(3));
    }
    let most = |itinerary: &&Value| itinerary["options_total"].as_u64();
    let popular = page["itineraries"].as_array().unwrap().iter().max_by_key(most).unwrap();
    let id = popular["id"].as_str().unwrap();
    let path = format!("/v1/searches/{token}?itinerary={id}&options=all");
    let whole = site.get(&path).await.json();
    assert_eq!(whole["itineraries"].as_array().unwrap().len(), 1);
    let itinerary = &whole["itineraries"][0];
    assert_eq!(
        (&itinerary["id"], options(itinerary)),
        (&popular["id"], popular["options_total"].as_u64().unwrap())
    );
    let sellers: HashSet<&str> = itinerary["options"]
        .as_array()
        .unwrap()
        .iter()
        .map(|option| option["agent"].as_str().unwrap())
        .collect();
    assert_eq!(itinerary["sellers"], sellers.len());
}

#[tokio::test]
async fn pages_follow_each_other_without_a_gap_or_a_repetition() {
    let site = Site::start(0).await;
    let token = site.search(&trip()).await;
    let mut page = site.finished(&token, "limit=7&sort=cheapest").await;
    let (mut seen, mut prices) = (HashSet::new(), Vec::new());
    loop {
        for itinerary in page["itineraries"].as_array().unwrap() {
            assert!(seen.insert(itinerary["id"].as_str().unwrap().to_owned()));
            prices.push(itinerary["price"].as_i64().unwrap_or(i64::MAX));
        }
        let Some(cursor) = page["cursor"].as_str() else { break };
        let path = format!("/v1/searches/{token}?limit=7&sort=cheapest&cursor={cursor}");
        page = site.get(&path).await.json();
    }
    assert_eq!(seen.len() as u64, page["total"].as_u64().unwrap());
    assert!(prices.is_sorted());
}

#[tokio::test]
async fn a_filter_shows_exactly_what_its_facet_counted() {
    let site = Site::start(0).await;
    let token = site.search(&trip()).await;
    let page = site.finished(&token, "limit=1").await;
    for (facet, parameter) in [
        ("stops", "stops"),
        ("carriers", "carriers"),
        ("agents", "agents"),
        ("airports", "airports"),
    ] {
        for value in page["facets"][facet].as_array().unwrap().iter().take(3) {
            let chosen = value["value"].as_str().unwrap();
            let path = format!("/v1/searches/{token}?limit=1&{parameter}={chosen}");
            let filtered = site.get(&path).await.json();
            assert_eq!(filtered["matched"], value["count"], "{parameter}={chosen}");
        }
    }
    let none = site.get(&format!("/v1/searches/{token}?price_max=1")).await.json();
    assert_eq!((&none["matched"], &none["total"]), (&json!(0), &page["total"]));
}

#[tokio::test]
async fn the_ledger_has_one_row_for_every_partner() {
    let site = Site::start(0).await;
    let token = site.search(&trip()).await;
    site.finished(&token, "").await;
    let ledger = site.get(&format!("/v1/searches/{token}/partners")).await.json();
    let rows = ledger["partners"].as_array().unwrap();
    assert_eq!(rows.len(), PARTNERS);
    let ids: HashSet<&str> = rows.iter().map(|row| row["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), PARTNERS);
    assert!(rows.iter().all(|row| row["asked"] == true && row["ms"].is_u64()));
    assert!(rows.iter().any(|row| row["offers"].as_u64().unwrap() > 0));
}

#[tokio::test]
async fn a_link_leads_to_the_seller_and_a_made_up_one_nowhere() {
    let site = Site::start(0).await;
    let token = site.search(&trip()).await;
    let page = site.finished(&token, "limit=3").await;
    let option = &page["itineraries"][0]["options"][0];
    let followed = site.get(option["link"].as_str().unwrap()).await;
    assert_eq!(followed.status, 302);
    assert!(followed.header("location").starts_with("http"), "{followed:?}");
    assert_eq!(followed.header("referrer-policy"), "no-referrer");
    let forged = site.get(&format!("/v1/go/{token}?l=AAAAAAAAAAAAAAAAAAAAAA")).await;
    assert_eq!(
        (forged.status.as_u16(), &forged.json()["code"]),
        (404, &"search_offer_not_found".into())
    );
    let missing = site.get(&format!("/v1/go/{token}")).await;
    assert_eq!((missing.status.as_u16(), &missing.json()["field"]), (400, &"l".into()));
}

/// Events of a stream as (name, id, data).
fn events(text: &str) -> Vec<(String, String, Value)> {
    let field = |block: &str, name: &str| {
        let line = block.lines().find_map(|line| line.strip_prefix(name));
        line.unwrap_or_default().to_owned()
    };
    text.split("\n\n")
        .filter(|block| block.contains("data: "))
        .map(|block| {
            let data = serde_json::from_str(&field(block, "data: ")).unwrap();
            (field(block, "event: "), field(block, "id: "), data)
        })
        .collect()
}

#[tokio::test]
async fn events_tell_the_whole_story_and_end() {
    let site = Site::start(250).await;
    let token = site.search(&trip()).await;
    let stream = site.get(&format!("/v1/searches/{token}/events")).await;
    assert_eq!(stream.header("content-type"), "text/event-stream");
    let events = events(std::str::from_utf8(&stream.bytes).unwrap());
    let named = |name: &str| events.iter().filter(|event| event.0 == name).collect::<Vec<_>>();
    assert_eq!(named("partner").len(), PARTNERS);
    assert!(named("progress").len() >= 2);
    assert_eq!(events.last().unwrap().0, "complete");
    let complete = &events.last().unwrap().2;
    let page = site.finished(&token, "sort=cheapest").await;
    assert_eq!((&complete["total"], &complete["version"]), (&page["total"], &page["version"]));
    assert_eq!(complete["best_price"], page["itineraries"][0]["price"]);
    let added: u64 = named("offers").iter().map(|event| event.2["added"].as_u64().unwrap()).sum();
    assert_eq!(page["total"], added);
}

#[tokio::test]
async fn a_stream_goes_on_where_it_broke_off() {
    let site = Site::start(300).await;
    let token = site.search(&trip()).await;
    let path = format!("{}/v1/searches/{token}/events", site.base);
    let client = hyper_util::client::legacy::Client::builder(hyper_util::rt::TokioExecutor::new())
        .build_http::<http_body_util::Empty<bytes::Bytes>>();
    let mut heard = String::new();
    let mut stream = client.get(path.parse().unwrap()).await.unwrap();
    while !heard.contains("event: progress") || !heard.ends_with("\n\n") {
        let frame = stream.frame().await.unwrap().unwrap();
        heard.push_str(std::str::from_utf8(&frame.into_data().unwrap()).unwrap());
    }
    drop(stream);
    let first = events(&heard);
    let last = &first.iter().rfind(|event| event.0 == "progress").unwrap().1;
    let resume = |last: String| {
        let request = http::Request::get(&path).header("last-event-id", last);
        site.send(request.body(http_body_util::Full::default()).unwrap())
    };
    let rest = resume(last.clone()).await;
    let rest = events(std::str::from_utf8(&rest.bytes).unwrap());
    let partners = |events: &[(String, String, Value)]| {
        let named = events.iter().filter(|event| event.0 == "partner");
        named.map(|event| event.2["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let mut all = partners(&first);
    all.extend(partners(&rest));
    assert_eq!(all.len(), PARTNERS, "every partner is told once");
    assert_eq!(all.iter().collect::<HashSet<_>>().len(), PARTNERS);
    let ended = resume(rest.last().unwrap().1.clone()).await;
    assert_eq!(ended.status, 204);
}

#[tokio::test]
async fn a_wrong_search_is_refused_with_the_field_and_a_sentence() {
    let site = Site::start(0).await;
    let mut past = trip();
    past["legs"][0]["date"] = json!("2020-01-01");
    let check = |body: Value, code: &'static str, field: &'static str| {
        let site = &site;
        async move {
            let refused = site.post("/v1/searches", &body).await;
            let problem = refused.json();
            assert_eq!(refused.header("content-type"), "application/problem+json");
            assert_eq!(refused.status, 400, "{problem}");
            assert_eq!((&problem["code"], &problem["field"]), (&code.into(), &field.into()));
            assert!(problem["detail"].as_str().unwrap().len() > 10);
        }
    };
    check(past, "search_date_past", "legs[0].date").await;
    let mut same = trip();
    same["legs"][0]["destination"] = json!("LHR");
    check(same, "search_same_place", "legs[0].destination").await;
    let mut back = trip();
    back["legs"][1]["date"] = json!(soon(20));
    check(back, "search_dates_descend", "legs[1].date").await;
    check(json!({}), "invalid_field", "legs").await;
    let twice = trip().to_string().replacen("{", "{\"adults\": 1, ", 1);
    let refused = site.call(http::Method::POST, "/v1/searches", &twice).await;
    assert_eq!((refused.status.as_u16(), &refused.json()["field"]), (400, &"adults".into()));
}

#[tokio::test]
async fn a_forged_token_is_refused_everywhere() {
    let site = Site::start(0).await;
    let token = site.search(&trip()).await;
    let at = token.len() / 2;
    let changed = if &token[at..=at] == "A" { "B" } else { "A" };
    let forged = format!("{}{changed}{}", &token[..at], &token[at + 1..]);
    for path in ["", "/events", "/partners"] {
        let refused = site.get(&format!("/v1/searches/{forged}{path}")).await;
        assert_eq!(refused.status, 400, "{path}");
        assert_eq!(refused.json()["code"], "search_token_invalid");
    }
}

#[tokio::test]
async fn a_cell_tells_the_operator_its_release_and_what_it_did() {
    let site = Site::start(0).await;
    let token = site.search(&trip()).await;
    site.finished(&token, "limit=1").await;
    site.get("/v1/go/x?l=y").await;
    let report = site.as_operator("/v1/cell").await.json();
    assert_eq!((&report["cell"], &report["release"]), (&json!("cell-1"), &json!("1")));
    assert_eq!((&report["searches"], &report["running"]), (&json!(1), &json!(0)));
    let evidence = &report["evidence"];
    assert!(evidence["requests"].as_u64().unwrap() >= 3, "{evidence}");
    assert_eq!((&evidence["failed"], &evidence["followed"]), (&json!(0), &json!(0)));
    assert_eq!(site.get("/v1/cell").await.status, 401);
}

#[tokio::test]
async fn a_process_that_is_alone_is_a_fleet_of_one_and_says_why_nothing_can_be_changed() {
    let site = Site::start(0).await;
    let first = site.as_operator("/v1/fleet").await.json();
    let cell =
        |fleet: &Value| fleet["control"]["says"]["regions"][0]["zones"][0]["cells"][0].clone();
    assert_eq!((&cell(&first)["cell"], &cell(&first)["seen"]), (&json!("cell-1"), &json!("ready")));
    assert_eq!(cell(&first)["says"]["rates"], json!(null));
    let token = site.search(&trip()).await;
    site.finished(&token, "limit=1").await;
    let second = site.as_operator("/v1/fleet").await.json();
    assert!(cell(&second)["says"]["rates"]["searches_per_second"].as_f64() > Some(0.0), "{second}");
    let says = &second["control"]["says"];
    // No field is missing, none is too many.
    let shown: fleet::shown::Shown = serde_json::from_value(says.clone()).unwrap();
    assert_eq!(says, &serde_json::to_value(&shown).unwrap());
    assert!(shown.read_only.unwrap().contains("fareway serve --cells 3"));
    assert_eq!(shown.events[0].sentence, "the process was started");
    assert_eq!(site.get("/v1/fleet").await.status, 401);
}
