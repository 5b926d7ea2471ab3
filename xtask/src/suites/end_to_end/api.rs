//! The HTTP API of the running binary: a search from the first letter to the seller.

use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};

use super::{Checks, dates};
use crate::http;
use crate::stopwatch::{Stopwatch, pause};

/// The deadline of a search is 10 s; a little more is given for the last poll.
const COMPLETE_WITHIN: Duration = Duration::from_secs(13);
/// From the issue: a person sees the first offers within a second.
const FIRST_OFFERS_WITHIN: Duration = Duration::from_secs(1);

pub(super) fn run(url: &str, checks: &mut Checks) {
    checks.note("health and readiness are told", health(url));
    checks.note("the page and what it loads come from the binary", page(url));
    checks.note("the API describes itself", describes_itself(url));
    checks.note("a few letters find Edinburgh", suggests(url));
    checks.note("a return search grows, completes and adds up", returns(url));
    checks.note("filters and paging only narrow the answer", narrows(url));
    checks.note("an offer leads to its seller", leads_to_seller(url));
    checks.note("a v3 client creates and polls", v3(url));
    checks.note("a wrong question names its field", wrong_question(url));
    checks.note("a forged token is refused and an unknown path not found", refuses(url));
}

fn health(url: &str) -> Result<()> {
    for path in ["/healthz", "/readyz"] {
        let answer = http::get(&format!("{url}{path}"))?;
        ensure!(answer.status == 200, "{path}: {}", answer.status);
    }
    Ok(())
}

fn page(url: &str) -> Result<()> {
    let page = http::get(&format!("{url}/"))?;
    ensure!(page.status == 200, "/ answers {}", page.status);
    let html = page.text();
    ensure!(html.contains("<html"), "/ is not a page");
    let mut assets = 0;
    for attribute in ["src=\"", "href=\""] {
        for rest in html.split(attribute).skip(1) {
            let target = rest.split('"').next().unwrap_or_default();
            ensure!(!target.starts_with("http"), "the page loads {target} from elsewhere");
            if !target.ends_with(".js") && !target.ends_with(".css") {
                continue;
            }
            let asset = format!("{url}/{}", target.trim_start_matches(['.', '/']));
            ensure!(http::get(&asset)?.status == 200, "{target} is missing");
            assets += 1;
        }
    }
    ensure!(assets > 0, "the page loads neither script nor style");
    Ok(())
}

fn describes_itself(url: &str) -> Result<()> {
    let document = http::get(&format!("{url}/openapi.json"))?.json()?;
    for path in ["/v1/searches", "/v1/searches/{token}", "/v1/searches/{token}/events"] {
        ensure!(document["paths"].get(path).is_some(), "{path} is not described");
    }
    Ok(())
}

fn suggests(url: &str) -> Result<()> {
    let answer = http::get(&format!("{url}/v1/places?term=edin&limit=8&locale=en-GB"))?.json()?;
    let first = &answer["places"][0];
    ensure!(first["name"].as_str().is_some_and(|name| name.contains("Edinburgh")), "{first}");
    Ok(())
}

fn question(date: &str, back: Option<&str>) -> Value {
    let mut legs = vec![json!({"origin": "EDI", "destination": "SIN", "date": date})];
    legs.extend(back.map(|back| json!({"origin": "SIN", "destination": "EDI", "date": back})));
    json!({"legs": legs, "cabin": "economy", "adults": 2, "children_ages": [], "market": "GB",
        "locale": "en-GB", "currency": "GBP", "nearby": false})
}

/// Creates a one-way search and returns its token.
pub(super) fn create(url: &str, date: &str) -> Result<String> {
    created(&http::post(&format!("{url}/v1/searches"), &question(date, None))?)
}

fn created(answer: &http::Answer) -> Result<String> {
    ensure!(answer.status == 201, "create answers {}: {}", answer.status, answer.text());
    let token = answer.json()?["token"].as_str().context("no token")?.to_owned();
    ensure!(token.ends_with("-cell1"), "the token does not end in the cell's name: {token}");
    Ok(token)
}

fn read(url: &str, token: &str, query: &str) -> Result<Value> {
    let answer = http::get(&format!("{url}/v1/searches/{token}?{query}"))?;
    ensure!(answer.status == 200, "{}: {}", answer.status, answer.text());
    answer.json()
}

/// Reads a search until it is complete; the time until offers were seen comes back, too.
fn complete(url: &str, token: &str) -> Result<(Value, Duration)> {
    let watch = Stopwatch::start();
    let mut first_offers = None;
    loop {
        let page = read(url, token, "limit=100&sort=cheapest")?;
        if page["total"].as_u64().unwrap_or_default() > 0 {
            first_offers = first_offers.or(Some(watch.elapsed()));
        }
        if page["status"] == "complete" {
            return Ok((page, first_offers.context("complete without any offer")?));
        }
        ensure!(page["status"] == "incomplete", "status {}", page["status"]);
        ensure!(watch.elapsed() < COMPLETE_WITHIN, "not complete within {COMPLETE_WITHIN:?}");
        pause(Duration::from_millis(50));
    }
}

fn returns(url: &str) -> Result<()> {
    let (out, back) = (dates::ahead(60), dates::ahead(74));
    let answer = http::post(&format!("{url}/v1/searches"), &question(&out, Some(&back)))?;
    let token = created(&answer)?;
    let (page, first_offers) = complete(url, &token)?;
    println!("        first offers after {} ms", first_offers.as_millis());
    ensure!(first_offers <= FIRST_OFFERS_WITHIN, "first offers only after {first_offers:?}");
    let rows = page["itineraries"].as_array().context("no itineraries")?;
    ensure!(!rows.is_empty(), "no itinerary");
    let mut cheapest = 0;
    for row in rows {
        check_row(row, &out, &back)?;
        let Some(price) = row["price"].as_u64() else { continue };
        ensure!(price >= cheapest, "not sorted by price: {price} after {cheapest}");
        cheapest = price;
    }
    let ledger = http::get(&format!("{url}/v1/searches/{token}/partners"))?.json()?;
    check_ledger(&ledger, &page)
}

fn check_row(row: &Value, out: &str, back: &str) -> Result<()> {
    let legs = row["legs"].as_array().context("no legs")?;
    ensure!(legs.len() == 2, "{} legs in a return", legs.len());
    for (leg, (from, to, day)) in legs.iter().zip([("EDI", "SIN", out), ("SIN", "EDI", back)]) {
        ensure!(leg["origin"] == from && leg["destination"] == to, "wrong places: {leg}");
        let departs = leg["departs"].as_str().unwrap_or_default();
        ensure!(departs.starts_with(day), "leaves {departs}, asked for {day}");
        ensure!(leg["duration_minutes"].as_i64().is_some_and(|minutes| minutes > 0), "{leg}");
    }
    let options = row["options"].as_array().context("no options")?;
    ensure!(!options.is_empty(), "an itinerary that nobody sells");
    let lowest = options.iter().filter_map(|option| option["price"].as_u64()).min();
    ensure!(row["price"].as_u64() == lowest, "price {} is not the lowest option", row["price"]);
    Ok(())
}

/// One row per partner; those asked are those of the page; nobody is silent about a failure.
fn check_ledger(ledger: &Value, page: &Value) -> Result<()> {
    let rows = ledger["partners"].as_array().context("no ledger")?;
    let asked = rows.iter().filter(|row| row["asked"] == true).count() as u64;
    ensure!(asked > 0, "nobody was asked");
    ensure!(page["partners"]["asked"].as_u64() == Some(asked), "{} != {asked}", page["partners"]);
    for row in rows {
        let told = if row["asked"] == true {
            row["fault"].is_string() || row["ms"].is_number()
        } else {
            row["reason"].is_string()
        };
        ensure!(told, "a partner without an account: {row}");
    }
    Ok(())
}

fn narrows(url: &str) -> Result<()> {
    let token = create(url, &dates::ahead(61))?;
    let (page, _) = complete(url, &token)?;
    let total = page["total"].as_u64().unwrap_or_default();
    let one_stop = read(url, &token, "stops=1&limit=100")?;
    ensure!(one_stop["matched"].as_u64().is_some_and(|matched| matched <= total), "{one_stop}");
    for row in one_stop["itineraries"].as_array().into_iter().flatten() {
        ensure!(row["stops"] == 1, "stops=1 gave {}", row["stops"]);
    }
    let mut seen = std::collections::BTreeSet::new();
    let mut cursor = String::new();
    loop {
        let page = read(url, &token, &format!("limit=7&sort=fastest{cursor}"))?;
        for row in page["itineraries"].as_array().into_iter().flatten() {
            let id = row["id"].as_str().context("no id")?.to_owned();
            ensure!(seen.insert(id), "{} came twice", row["id"]);
        }
        let Some(next) = page["cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
        ensure!(seen.len() as u64 <= total, "more pages than itineraries");
    }
    ensure!(seen.len() as u64 == total, "{} of {total} came by paging", seen.len());
    Ok(())
}

fn leads_to_seller(url: &str) -> Result<()> {
    let token = create(url, &dates::ahead(62))?;
    let (page, _) = complete(url, &token)?;
    let option = &page["itineraries"][0]["options"][0];
    let link = option["link"].as_str().with_context(|| format!("no link: {option}"))?;
    let answer = http::get(&format!("{url}{link}"))?;
    ensure!(answer.status == 302, "the link answers {}", answer.status);
    let seller = answer.header("location").context("no location")?.to_owned();
    ensure!(http::get(&seller)?.status == 200, "{seller} is no page of the seller");
    let altered = match link.strip_suffix('A') {
        Some(start) => format!("{start}B"),
        None => format!("{}A", &link[..link.len() - 1]),
    };
    let status = http::get(&format!("{url}{altered}"))?.status;
    ensure!((400..500).contains(&status), "an altered link answers {status}");
    Ok(())
}

fn v3(url: &str) -> Result<()> {
    let base = format!("{url}/apiservices/v3/flights/live/search");
    let date = dates::ahead(63);
    let parts: Vec<i64> = date.split('-').filter_map(|part| part.parse().ok()).collect();
    let body = json!({"query": {"market": "UK", "locale": "en-GB", "currency": "GBP", "adults": 1,
        "cabin_class": "CABIN_CLASS_ECONOMY", "query_legs": [{
            "origin_place_id": {"iata": "EDI"}, "destinationPlaceId": {"iata": "SIN"},
            "date": {"year": parts[0], "month": parts[1].to_string(), "day": parts[2]}}]}});
    let mut answer = http::post(&format!("{base}/create"), &body)?;
    for _ in 0..40 {
        ensure!(answer.status == 200, "{}: {}", answer.status, answer.text());
        let json = answer.json()?;
        let token = json["sessionToken"].as_str().context("no sessionToken")?.to_owned();
        if json["status"] == "RESULT_STATUS_COMPLETE" {
            let results = &json["content"]["results"];
            ensure!(results["itineraries"].as_object().is_some_and(|all| !all.is_empty()), "empty");
            return Ok(());
        }
        pause(Duration::from_millis(300));
        answer = http::post(&format!("{base}/poll/{token}"), &json!({}))?;
    }
    bail!("not complete after 40 polls")
}

fn wrong_question(url: &str) -> Result<()> {
    let mut wrong = question(&dates::ahead(60), None);
    wrong["adults"] = json!(0);
    let answer = http::post(&format!("{url}/v1/searches"), &wrong)?;
    ensure!(answer.status == 400, "no adult answers {}", answer.status);
    let kind = answer.header("content-type").unwrap_or_default();
    ensure!(kind.starts_with("application/problem+json"), "{kind}");
    let problem = answer.json()?;
    ensure!(problem["code"].is_string() && problem["detail"].is_string(), "{problem}");
    ensure!(problem["field"] == "adults", "{problem}");
    Ok(())
}

fn refuses(url: &str) -> Result<()> {
    let forged = http::get(&format!("{url}/v1/searches/Zm9yZ2Vk-cell1"))?;
    ensure!(forged.status == 400, "a forged token answers {}", forged.status);
    let unknown = http::get(&format!("{url}/v1/nothing"))?;
    ensure!(unknown.status == 404, "an unknown path answers {}", unknown.status);
    Ok(())
}
