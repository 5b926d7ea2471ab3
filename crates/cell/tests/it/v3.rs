//! v3: create and poll as existing clients do it.

use http::Method;
use serde_json::{Value, json};

use crate::site::{Site, trip, v3_trip};

pub(crate) const V3: &str = "/apiservices/v3";

async fn create(site: &Site, body: &Value) -> Value {
    let created = site.post(&format!("{V3}/flights/live/search/create"), body).await;
    assert_eq!(created.status, 200, "{created:?}");
    created.json()
}

async fn poll(site: &Site, token: &str) -> Value {
    let path = format!("{V3}/flights/live/search/poll/{token}");
    let polled = site.call(Method::POST, &path, "").await;
    assert_eq!(polled.status, 200, "{polled:?}");
    polled.json()
}

/// Polls until the search is complete.
pub(crate) async fn complete(site: &Site, body: &Value) -> Value {
    let mut answer = create(site, body).await;
    for _ in 0..50 {
        answer = poll(site, answer["sessionToken"].as_str().unwrap()).await;
        if answer["status"] == "RESULT_STATUS_COMPLETE"
            && answer["action"] != "RESULT_ACTION_NOT_MODIFIED"
        {
            return answer;
        }
    }
    panic!("never complete: {}", answer["status"]);
}

fn itineraries(answer: &Value) -> &serde_json::Map<String, Value> {
    answer["content"]["results"]["itineraries"].as_object().unwrap()
}

#[tokio::test]
async fn a_poll_brings_what_create_did_not_and_then_nothing_new() {
    let site = Site::start(100).await;
    let created = create(&site, &v3_trip()).await;
    assert_eq!(created["status"], "RESULT_STATUS_INCOMPLETE");
    let first = created["sessionToken"].as_str().unwrap();
    let done = complete(&site, &v3_trip()).await;
    assert!(itineraries(&done).len() > 10);
    let newest = done["sessionToken"].as_str().unwrap();
    let again = poll(&site, newest).await;
    assert_eq!(again["action"], "RESULT_ACTION_NOT_MODIFIED");
    assert_eq!(again["status"], "RESULT_STATUS_COMPLETE");
    assert!(again["content"]["stats"]["itineraries"]["total"]["minPrice"].is_object());
    let by_first = poll(&site, first).await;
    assert_eq!(by_first["action"], "RESULT_ACTION_REPLACED");
    assert_eq!(itineraries(&by_first).len(), itineraries(&done).len());
}

#[tokio::test]
async fn an_option_names_its_fare_as_its_seller_does_and_tells_nothing_else_of_it() {
    let site = Site::start(0).await;
    let done = complete(&site, &v3_trip()).await;
    let (mut named, mut unnamed) = (0, 0);
    for itinerary in itineraries(&done).values() {
        let legs: Vec<_> = itinerary["legIds"].as_array().unwrap().iter().collect();
        for option in itinerary["pricingOptions"].as_array().unwrap() {
            let fare = &option["pricingOptionFare"];
            if fare.is_null() {
                unnamed += 1;
                continue;
            }
            named += 1;
            let brands = fare["brandNames"].as_array().unwrap();
            assert!(brands.iter().all(|brand| !brand.as_str().unwrap().is_empty()), "{fare}");
            let details = fare["legDetails"].as_object().unwrap();
            assert_eq!(details.keys().collect::<Vec<_>>(), legs);
            assert!(details.values().all(|leg| leg["brandNames"] == fare["brandNames"]), "{fare}");
            assert_eq!(
                (&fare["cabinBaggage"], &fare["checkedBaggage"]),
                (&Value::Null, &Value::Null)
            );
        }
    }
    assert!(named > unnamed, "{named} named, {unnamed} not");
}

#[tokio::test]
async fn a_create_of_a_known_question_shows_ten_and_the_poll_shows_them_all() {
    let site = Site::start(0).await;
    let done = complete(&site, &v3_trip()).await;
    let created = create(&site, &v3_trip()).await;
    assert_eq!(created["status"], "RESULT_STATUS_INCOMPLETE", "a client must not stop here");
    let shown = itineraries(&created);
    assert_eq!(shown.len(), 10);
    for (id, itinerary) in shown {
        assert_eq!(itinerary["pricingOptions"].as_array().unwrap().len(), 1);
        assert!(itineraries(&done).contains_key(id));
    }
    assert_eq!(created["content"]["stats"]["itineraries"]["total"]["count"], 10);
    let polled = poll(&site, created["sessionToken"].as_str().unwrap()).await;
    assert_eq!(polled["action"], "RESULT_ACTION_REPLACED");
    assert_eq!(polled["status"], "RESULT_STATUS_COMPLETE");
    assert_eq!(itineraries(&polled).len(), itineraries(&done).len());
}

#[tokio::test]
async fn every_id_leads_somewhere_and_options_stand_by_price() {
    let site = Site::start(0).await;
    let mut body = v3_trip();
    body["query"]["includeSustainabilityData"] = json!(true);
    let done = complete(&site, &body).await;
    let results = &done["content"]["results"];
    let has = |map: &str, id: &Value| results[map].get(id.as_str().unwrap()).is_some();
    for (id, itinerary) in itineraries(&done) {
        let legs: Vec<&str> =
            itinerary["legIds"].as_array().unwrap().iter().map(|id| id.as_str().unwrap()).collect();
        assert_eq!(legs.join("|"), *id);
        assert!(itinerary["legIds"].as_array().unwrap().iter().all(|id| has("legs", id)));
        assert!(itinerary["sustainabilityData"]["ecoContenderDelta"].is_number());
        let options = itinerary["pricingOptions"].as_array().unwrap();
        let amount = |option: &Value| {
            let text = option["price"]["amount"].as_str().unwrap();
            assert_eq!(option["price"]["unit"], "PRICE_UNIT_MILLI");
            text.parse::<i64>().unwrap_or(i64::MAX)
        };
        assert!(options.is_sorted_by_key(amount));
        assert_ne!(amount(&options[0]), i64::MAX);
        for option in options {
            assert!(option["agentIds"].as_array().unwrap().iter().all(|id| has("agents", id)));
            for item in option["items"].as_array().unwrap() {
                assert!(item["deepLink"].as_str().unwrap().starts_with(&site.base));
                for fare in item["fares"].as_array().unwrap() {
                    assert!(has("segments", &fare["segmentId"]));
                }
            }
        }
    }
    for leg in results["legs"].as_object().unwrap().values() {
        assert!(leg["segmentIds"].as_array().unwrap().iter().all(|id| has("segments", id)));
        assert!(has("places", &leg["originPlaceId"]) && has("places", &leg["destinationPlaceId"]));
    }
    for segment in results["segments"].as_object().unwrap().values() {
        assert!(has("places", &segment["originPlaceId"]));
        assert!(has("carriers", &segment["marketingCarrierId"]));
        assert!(has("carriers", &segment["operatingCarrierId"]));
    }
    for place in results["places"].as_object().unwrap().values() {
        let top = place["type"] == "PLACE_TYPE_COUNTRY";
        assert_eq!(place["parentId"] == "", top, "{place}");
        assert!(top || has("places", &place["parentId"]));
    }
    for carrier in results["carriers"].as_object().unwrap().values() {
        assert!(carrier["allianceId"] == "" || has("alliances", &carrier["allianceId"]));
    }
    assert_eq!(results["agents"].as_object().unwrap().len(), 24, "all that were asked");
}

#[tokio::test]
async fn every_itinerary_stands_in_all_three_orders_by_falling_score() {
    let site = Site::start(0).await;
    let done = complete(&site, &v3_trip()).await;
    for order in ["best", "cheapest", "fastest"] {
        let list = done["content"]["sortingOptions"][order].as_array().unwrap();
        assert_eq!(list.len(), itineraries(&done).len());
        assert!(list.is_sorted_by(|one, two| one["score"].as_f64() >= two["score"].as_f64()));
        assert!(
            list.iter()
                .all(|row| itineraries(&done).contains_key(row["itineraryId"].as_str().unwrap()))
        );
    }
    let stats = &done["content"]["stats"]["itineraries"];
    let by_stops: u64 = ["direct", "oneStop", "twoPlusStops"]
        .iter()
        .map(|stops| stats["stops"][stops]["total"]["count"].as_u64().unwrap())
        .sum();
    assert_eq!(stats["total"]["count"], by_stops);
    assert_eq!(by_stops as usize, itineraries(&done).len());
}

#[tokio::test]
async fn map_keys_are_sorted_bytewise_and_both_apis_show_the_same() {
    let site = Site::start(0).await;
    let done = complete(&site, &v3_trip()).await;
    let mut own = trip();
    own["legs"].as_array_mut().unwrap().truncate(1);
    own["adults"] = json!(1);
    own["children_ages"] = json!([]);
    let token = site.search(&own).await;
    let page = site.finished(&token, "limit=1&sort=cheapest").await;
    let stats = &done["content"]["stats"]["itineraries"];
    let cheapest = page["itineraries"][0]["price"].as_i64().unwrap() * 10;
    assert_eq!(stats["total"]["minPrice"]["amount"], cheapest.to_string());
    let text = site
        .call(
            Method::POST,
            &format!(
                "{V3}/flights/live/search/poll/{}",
                create(&site, &v3_trip()).await["sessionToken"].as_str().unwrap()
            ),
            "{}",
        )
        .await;
    let text = String::from_utf8(text.bytes.to_vec()).unwrap();
    let order: Vec<usize> = done["content"]["results"]["places"]
        .as_object()
        .unwrap()
        .keys()
        .map(|id| text.find(&format!("\"{id}\":{{\"entityId\"")).unwrap())
        .collect();
    assert!(order.is_sorted());
}

#[tokio::test]
async fn carriers_and_agents_can_be_ruled_in_and_out() {
    let site = Site::start(0).await;
    let all = complete(&site, &v3_trip()).await;
    let carriers = all["content"]["results"]["carriers"].as_object().unwrap();
    let carrier = carriers.values().next().unwrap()["iata"].as_str().unwrap();
    let mut body = v3_trip();
    body["query"]["excludedCarriersIds"] = json!([carrier]);
    let without = complete(&site, &body).await;
    let legs = without["content"]["results"]["segments"].as_object().unwrap().values();
    let ids: Vec<&Value> = legs.map(|segment| &segment["marketingCarrierId"]).collect();
    let id = carriers.iter().find(|(_, row)| row["iata"] == carrier).unwrap().0;
    assert!(ids.iter().all(|&marketing| marketing != id));
    let option = itineraries(&all).values().next().unwrap();
    let agent = &option["pricingOptions"][0]["agentIds"][0];
    let mut body = v3_trip();
    body["query"]["includedAgentsIds"] = json!([agent]);
    let only = complete(&site, &body).await;
    assert!(!itineraries(&only).is_empty());
    for option in
        itineraries(&only).values().flat_map(|one| one["pricingOptions"].as_array().unwrap())
    {
        assert_eq!(option["agentIds"], json!([agent]));
    }
}

#[tokio::test]
async fn a_leg_to_itself_is_complete_and_omitted() {
    let site = Site::start(0).await;
    let mut body = v3_trip();
    body["query"]["queryLegs"][0]["destinationPlaceId"] = json!({"iata": "LHR"});
    let created = create(&site, &body).await;
    assert_eq!(created["status"], "RESULT_STATUS_COMPLETE");
    assert_eq!(created["action"], "RESULT_ACTION_OMITTED");
    let token = created["sessionToken"].as_str().unwrap();
    assert!(token.ends_with("-cell1"));
    assert_eq!(poll(&site, token).await["action"], "RESULT_ACTION_OMITTED");
}

#[tokio::test]
async fn clients_that_join_paths_badly_and_encode_tokens_are_understood() {
    let site = Site::start(0).await;
    let created = site.post("/apiservices//v3///flights/live/search//create", &v3_trip()).await;
    assert_eq!(created.status, 200);
    let token = created.json()["sessionToken"].as_str().unwrap().replace('-', "%2D");
    let polled =
        site.call(Method::POST, &format!("{V3}//flights/live/search/poll/{token}"), "").await;
    assert_eq!(polled.status, 200, "{polled:?}");
}

#[tokio::test]
async fn errors_have_a_code_a_message_and_no_details() {
    let site = Site::start(0).await;
    let mut body = v3_trip();
    body["query"]["queryLegs"][0]["originPlaceId"] = json!({"iata": "QQQ"});
    let refused = site.post(&format!("{V3}/flights/live/search/create"), &body).await;
    assert_eq!(refused.status, 400);
    assert_eq!(refused.header("x-fareway-code"), "invalid_field");
    let message = "query.queryLegs[0].originPlaceId: The QueryPlace ID is not valid IATA";
    assert_eq!(refused.json(), json!({"code": 3, "message": message, "details": []}));
    let forged =
        site.call(Method::POST, &format!("{V3}/flights/live/search/poll/abc-cell1"), "").await;
    assert_eq!((forged.status.as_u16(), &forged.json()["code"]), (400, &json!(3)));
    assert_eq!(forged.header("x-fareway-code"), "search_token_invalid");
    let nowhere = site.get(&format!("{V3}/flights/nothing")).await;
    assert_eq!((nowhere.status.as_u16(), &nowhere.json()["code"]), (404, &json!(5)));
    let wrong = site.get(&format!("{V3}/flights/live/search/create")).await;
    assert_eq!((wrong.status.as_u16(), wrong.header("allow")), (405, "POST"));
    assert_eq!(wrong.json()["details"], json!([]));
}
