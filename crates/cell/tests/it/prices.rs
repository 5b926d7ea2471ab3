//! Remembered prices over HTTP: a search repeated, calendars, maps, and v3 indicative prices.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};

use crate::site::{Site, soon, trip};
use crate::v3::V3;

/// One adult, one way and return, so that indicative prices come of it.
pub(crate) fn alone(days: i32, back: Option<i32>) -> Value {
    let mut body = trip();
    body["adults"] = json!(1);
    body["children_ages"] = json!([]);
    body["legs"][0]["date"] = json!(soon(days));
    match back {
        Some(back) => body["legs"][1]["date"] = json!(soon(back)),
        None => body["legs"] = json!([body["legs"][0]]),
    }
    body
}

/// Runs some searches and waits until their prices are remembered.
pub(crate) async fn see_some(site: &Site) {
    for body in [alone(40, None), alone(41, None), alone(40, Some(47)), alone(41, Some(47))] {
        let token = site.search(&body).await;
        let page = site.finished(&token, "").await;
        assert!(page["total"].as_u64().unwrap() > 0, "{body}");
    }
    for (back, found) in [("none", 2), ("any", 2)] {
        let path = format!("/v1/prices/month?origin=city:LON&destination=city:NYC&back={back}");
        for attempt in 0.. {
            let days = site.get(&path).await.json()["days"].as_array().unwrap().len();
            if days == found {
                break;
            }
            assert!(attempt < 200, "{days} days of {found} are remembered");
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
    }
}

fn months(days: i32) -> Value {
    let date = soon(days);
    let (year, month) = (date[..4].parse::<i32>().unwrap(), date[5..7].parse::<i32>().unwrap());
    json!({"year": year, "month": month})
}

/// From London to New York, to the United States, to anywhere; one way and return.
pub(crate) fn v3_queries() -> Vec<Value> {
    let london = json!({"queryPlace": {"iata": "LON"}});
    let range = json!({"startDate": months(40), "endDate": months(47)});
    let places = [
        json!({"queryPlace": {"iata": "NYC"}}),
        json!({"queryPlace": {"entityId": "29475616"}}),
        json!({"anywhere": true}),
    ];
    let mut queries = Vec::new();
    for place in places {
        let out = json!({"originPlace": london, "destinationPlace": place, "dateRange": range});
        let back = json!({"originPlace": place, "destinationPlace": london, "anytime": true});
        for legs in [json!([out]), json!([out, back])] {
            for grouping in ["BY_DATE", "BY_MONTH"] {
                queries.push(
                    json!({"query": {"market": "UK", "locale": "en-GB", "currency": "EUR",
                    "dateTimeGroupingType": format!("DATE_TIME_GROUPING_TYPE_{grouping}"),
                    "queryLegs": legs}}),
                );
            }
        }
    }
    queries
}

#[tokio::test]
async fn a_search_asked_again_is_complete_at_once_and_says_how_old_its_prices_are() {
    let site = Site::start(300).await;
    let body = alone(50, Some(57));
    let first = site.search(&body).await;
    let live = site.finished(&first, "limit=100").await;
    let mut again = Value::Null;
    for _ in 0..100 {
        tokio::time::sleep(Duration::from_millis(25)).await;
        let created = site.post("/v1/searches", &body).await.json();
        if created["status"] == "complete" {
            again = created;
            break;
        }
    }
    let token = again["token"].as_str().expect("it was never complete at once");
    let page = site.get(&format!("/v1/searches/{token}?limit=100")).await.json();
    assert_eq!(page["partners"]["remembered"], page["partners"]["asked"]);
    let prices = |page: &Value| {
        let rows = page["itineraries"].as_array().unwrap().clone();
        rows.iter()
            .map(|row| (row["id"].to_string(), row["price"].as_i64()))
            .collect::<BTreeSet<_>>()
    };
    assert_eq!(prices(&page), prices(&live));
    let option = &page["itineraries"][0]["options"][0];
    let age_s = runtime::unix_ms() / 1_000 - option["seen_s"].as_i64().unwrap();
    assert!((0..60).contains(&age_s), "{age_s}");
    assert_eq!(live["itineraries"][0]["options"][0]["seen_s"], Value::Null);
    let ledger = site.get(&format!("/v1/searches/{token}/partners")).await.json();
    let row = &ledger["partners"][0];
    assert_eq!((&row["asked"], &row["reason"]), (&json!(false), &json!("remembered")));
    // Remembered prices have no address: the partner is asked for it on the way.
    let followed = site.get(option["link"].as_str().unwrap()).await;
    assert_eq!(followed.status, 302, "{followed:?}");
    assert!(followed.header("location").starts_with("http"), "{followed:?}");
}

/// The lowest price a seller quotes for an itinerary that comes back between the same airports.
fn quoted_between_two_airports(itinerary: &Value) -> Option<i64> {
    let legs = itinerary["legs"].as_array().unwrap();
    let back = legs.get(1).unwrap_or(&legs[0]);
    let ends = |leg: &Value| [leg["origin"].clone(), leg["destination"].clone()];
    let mut out = ends(&legs[0]);
    if legs.len() == 2 {
        out.reverse();
    }
    let quoted = |option: &&Value| option["parts"].as_array().unwrap().is_empty();
    let price = itinerary["options"].as_array().unwrap().iter().find(quoted)?["price"].as_i64();
    price.filter(|_| out == ends(back))
}

#[tokio::test]
async fn the_cheapest_price_of_each_day_is_the_cheapest_that_was_shown() {
    let site = Site::start(0).await;
    see_some(&site).await;
    for (days, back) in [(40, None), (41, None), (40, Some(47)), (41, Some(47))] {
        let token = site.search(&alone(days, back)).await;
        let page = site.finished(&token, "sort=cheapest&limit=100").await;
        let rows = page["itineraries"].as_array().unwrap();
        let shown = rows.iter().find_map(quoted_between_two_airports).unwrap();
        let back = back.map_or("none".to_owned(), soon);
        let day = soon(days);
        let path = format!(
            "/v1/prices/month?origin=city:LON&destination=city:NYC&out={day}&back={back}&currency=GBP"
        );
        let month = site.get(&path).await.json();
        assert_eq!(month["days"][0]["date"], json!(day));
        let price = month["days"][0]["cheapest"]["price"].as_i64().unwrap();
        // Both are rounded to pence; the order was decided in euro.
        assert!((price - shown).abs() <= 1, "{price} and {shown} on {day}, back {back}");
    }
    let graph = site.get("/v1/prices/graph?origin=LON&destination=NYC").await.json();
    let nights: Vec<_> =
        graph["pairs"].as_array().unwrap().iter().map(|pair| pair["nights"].clone()).collect();
    assert_eq!(nights, [json!(7), json!(6)]);
}

#[tokio::test]
async fn the_map_shows_where_prices_lead_and_keeps_to_a_budget() {
    let site = Site::start(0).await;
    see_some(&site).await;
    let all = site.get("/v1/prices/explore?origin=city:LON").await.json();
    assert_eq!(all["origin"]["name"], json!("London"));
    let places = all["places"].as_array().unwrap();
    // Tickets to a hub, asked for on the way, count too.
    let index = places.iter().position(|place| place["id"] == "city:NYC").unwrap();
    assert!(places[index]["latitude"].as_f64().unwrap() > 40.0);
    let prices: Vec<i64> =
        places.iter().map(|place| place["cheapest"]["price"].as_i64().unwrap()).collect();
    assert!(prices.is_sorted(), "{prices:?}");
    let price = prices[index];
    let counts = async |query: String| {
        let answer = site.get(&format!("/v1/prices/explore?origin=city:LON&{query}")).await;
        answer.json()["places"].as_array().unwrap().len()
    };
    assert_eq!(counts(format!("price_max={price}")).await, index + 1);
    assert_eq!(counts(format!("price_max={}", price - 1)).await, index);
    assert_eq!(counts("by=country".to_owned()).await, 1);
    assert_eq!(counts("market=DE".to_owned()).await, 0, "a market sees its own prices");
    let wide = site.get("/v1/prices/explore?origin=anywhere").await;
    assert_eq!((wide.status.as_u16(), &wide.json()["field"]), (400, &json!("origin")));
}

#[tokio::test]
async fn indicative_quotes_are_whole_complete_and_grouped() {
    let site = Site::start(0).await;
    see_some(&site).await;
    for query in v3_queries() {
        let answer = site.post(&format!("{V3}/flights/indicative/search"), &query).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let answer = answer.json();
        assert_eq!(answer["status"], "RESULT_STATUS_COMPLETE");
        let results = &answer["content"]["results"];
        let grouped = &answer["content"]["groupingOptions"];
        let quotes = results["quotes"].as_object().unwrap();
        let mut named = BTreeSet::new();
        let groups = [
            &grouped["byRoute"]["quotesGroups"],
            &grouped["byDate"]["quotesOutboundGroups"],
            &grouped["byDate"]["quotesInboundGroups"],
        ];
        for group in groups.into_iter().flat_map(|groups| groups.as_array().unwrap()) {
            let ids = group["quoteIds"].as_array().unwrap();
            assert!((1..=2).contains(&ids.len()), "{group}");
            let amounts: Vec<i64> = ids
                .iter()
                .map(|id| {
                    let quote = &quotes[id.as_str().unwrap()];
                    quote["minPrice"]["amount"].as_str().unwrap().parse().unwrap()
                })
                .collect();
            assert!(amounts.is_sorted(), "by price: {group}");
            named.extend(ids.iter().map(|id| id.as_str().unwrap().to_owned()));
        }
        assert_eq!(named, quotes.keys().cloned().collect(), "every quote stands in a group");
        let returns = query["query"]["queryLegs"].as_array().unwrap().len() == 2;
        for (id, quote) in quotes {
            assert_eq!(quote["minPrice"]["unit"], "PRICE_UNIT_WHOLE");
            assert_eq!(id.contains('|'), returns, "{id}");
            assert_eq!(id.contains("*D*"), quote["isDirect"] == true, "{id}");
            assert_eq!(quote["inboundLeg"]["originPlaceId"] != "", returns, "{id}");
            for leg in ["outboundLeg", "inboundLeg"].into_iter().take(1 + usize::from(returns)) {
                for end in ["originPlaceId", "destinationPlaceId"] {
                    let mut place = quote[leg][end].as_str().unwrap();
                    let mut depth = 0;
                    while !place.is_empty() {
                        place = results["places"][place]["parentId"].as_str().unwrap();
                        depth += 1;
                    }
                    assert_eq!(depth, 4, "airport, city, country, continent");
                }
                let carrier = quote[leg]["marketingCarrierId"].as_str().unwrap();
                assert!(results["carriers"][carrier].is_object(), "{carrier}");
            }
        }
    }
}

#[tokio::test]
async fn a_wrong_indicative_search_is_refused_with_the_field() {
    let site = Site::empty().await;
    let good = v3_queries().remove(0);
    let refused = async |path: &str, value: Value, field: &str| {
        let mut body = good.clone();
        *body.pointer_mut(path).unwrap() = value;
        let answer = site.post(&format!("{V3}/flights/indicative/search"), &body).await;
        assert_eq!(answer.status, 400, "{path}");
        let message = answer.json()["message"].as_str().unwrap().to_owned();
        assert!(message.starts_with(field), "{message}");
    };
    let leg = "/query/queryLegs/0";
    refused("/query", Value::Null, "query").await;
    refused("/query/market", json!("XX"), "query.market").await;
    refused("/query/currency", json!("XXX"), "query.currency").await;
    refused("/query/queryLegs", json!([]), "query.queryLegs").await;
    refused("/query/queryLegs", json!([1, 2, 3]), "query.queryLegs").await;
    refused(&format!("{leg}/dateRange"), Value::Null, "query.queryLegs[0]").await;
    let month = json!({"year": 2027, "month": 13});
    let start = "query.queryLegs[0].dateRange.startDate";
    refused(&format!("{leg}/dateRange/startDate"), month, start).await;
    let nowhere = json!({"queryPlace": {"iata": "XQX"}});
    refused(&format!("{leg}/originPlace"), nowhere, "query.queryLegs[0].originPlace").await;
    let both = json!({"anywhere": true, "queryPlace": {"iata": "LON"}});
    refused(&format!("{leg}/originPlace"), both, "query.queryLegs[0].originPlace").await;
    let mut legs = good["query"]["queryLegs"].as_array().unwrap().clone();
    legs.push(legs[0].clone());
    refused("/query/queryLegs", json!(legs), "query.queryLegs[1]").await;
}

#[tokio::test]
async fn a_trip_remembers_what_it_cost_and_judges_a_price_only_with_enough_behind_it() {
    let site = Site::start(0).await;
    see_some(&site).await;
    let path = format!(
        "/v1/prices/history?origin=city:LON&destination=city:NYC&out={}&back={}",
        soon(40),
        soon(47)
    );
    let mut answer = Value::Null;
    for _ in 0..100 {
        answer = site.get(&path).await.json();
        if answer["days"].as_array().unwrap().len() == 1 {
            break;
        }
        // The history follows the log.
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    let day = &answer["days"][0];
    assert_eq!(day["searches"], 1, "{answer}");
    assert_eq!((&day["low"], &day["high"]), (&day["median"], &day["median"]));
    assert_eq!(day["low"], answer["outlook"]["price"], "the cheapest is what is judged");
    assert_eq!(answer["outlook"]["verdict"], "unknown", "one search says nothing");
    let unseen = format!("/v1/prices/history?origin=EDI&destination=SIN&out={}&price=5", soon(9));
    assert_eq!(site.get(&unseen).await.json()["outlook"]["low"], Value::Null);
    let judged = site.get(&format!("{path}&price=100")).await.json();
    assert!((99..=101).contains(&judged["outlook"]["price"].as_i64().unwrap()), "{judged}");
    for (query, field) in [
        ("origin=LON&destination=NYC", "out"),
        ("origin=LON&destination=NYC&out=2027-03", "out"),
        ("origin=LON&destination=NYC&out=2027-03-09&back=2027-03-08", "back"),
        ("origin=LON&destination=anywhere&out=2027-03-09", "destination"),
    ] {
        let refused = site.get(&format!("/v1/prices/history?{query}")).await;
        assert_eq!((refused.status.as_u16(), &refused.json()["field"]), (400, &json!(field)));
    }
}

#[tokio::test]
async fn the_operator_can_make_it_forget_and_nobody_else() {
    let site = Site::start(0).await;
    see_some(&site).await;
    let path = format!("{}/v1/prices/forget", site.base);
    let forget = async |token: Option<String>, body: Value| {
        let mut request = http::Request::post(&path);
        if let Some(token) = token {
            request = request.header("x-fareway-operator", token);
        }
        site.send(request.body(body.to_string().into()).unwrap()).await
    };
    let route = json!({"route": {"origin": "LHR", "destination": "JFK"}});
    assert_eq!(forget(None, route.clone()).await.status, 401);
    assert_eq!(forget(Some("a5".repeat(31)), route.clone()).await.status, 403);
    let token = Some("a5".repeat(32));
    let wrong = forget(token.clone(), json!({"carrier": "BA", "partner": "ba__"})).await;
    assert_eq!(wrong.status, 400, "{wrong:?}");
    let days = async || {
        let path = "/v1/prices/month?origin=LHR&destination=JFK";
        site.get(path).await.json()["days"].as_array().unwrap().len()
    };
    assert!(days().await > 0);
    for (field, code) in [("partner", "nobody"), ("carrier", "0Q")] {
        let unknown = forget(token.clone(), json!({field: code})).await;
        assert_eq!((unknown.status.as_u16(), &unknown.json()["field"]), (404, &field.into()));
    }
    let forgotten = forget(token, route).await;
    assert_eq!(forgotten.status, 200, "{forgotten:?}");
    assert!(forgotten.json()["forgotten"].as_u64().unwrap() > 0);
    assert_eq!(days().await, 0);
}
