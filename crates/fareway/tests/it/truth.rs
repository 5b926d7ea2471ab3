//! What the product shows, compared with the market's own truth: every itinerary, seller and
//! price of every partner that answered in time; nothing missing, nothing extra, nothing wrong.
//!
//! The market is made a second time here, from the same seed. Which partners were asked comes from
//! the ledger; what each of them must have said comes from the truth; what was shown comes from the
//! pages of the API.

use std::collections::BTreeMap;

use domain::{
    AirportCode, Cabin, CityCode, CountryCode, Date, LegRequest, PartnerId, Place, Question,
    SearchRequest, Travellers,
};
use runtime::Random;
use sandbox::{Market, MarketSettings};
use serde_json::{Value, json};

use crate::process::Platform;

/// Itinerary, agent, brand → cheapest quoted amount (decimal text), currency, as often as shown.
type Shown = BTreeMap<(String, String, String), (String, String)>;

const QUERIES: usize = 200;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_itinerary_seller_and_price_is_the_markets_truth() {
    let platform = Platform::start(&[
        ("sandbox.latency_percent", "0"),
        ("search.self_transfer.enabled", "false"),
    ]);
    let compared = compare(&platform, QUERIES, 0).await;
    assert!(compared.offers > 100_000, "a thin test: {compared:?}");
    assert_eq!(compared.faults, 0, "{compared:?}");
}

#[derive(Debug, Default)]
struct Compared {
    offers: usize,
    partners: usize,
    faults: usize,
}

async fn compare(platform: &Platform, queries: usize, seed: u64) -> Compared {
    let market = Market::generate(1, MarketSettings::fast()).unwrap().at(&platform.sandbox);
    let mut random = Random::from_seed(seed);
    let mut compared = Compared::default();
    for index in 0..queries {
        let request = random_request(&mut random);
        let (page, ledger) = ask(platform, &request).await;
        let question =
            Question::normalise(&request, |place, nearby| atlas::atlas().resolve(place, nearby))
                .unwrap();
        let rows = ledger["partners"].as_array().unwrap();
        let mut answered = Vec::new();
        for row in rows.iter().filter(|row| row["asked"] == true) {
            let id: PartnerId = row["id"].as_str().unwrap().parse().unwrap();
            if row["fault"].is_null() {
                answered.push(id);
            } else {
                compared.faults += 1;
            }
        }
        let truth = expected(&market, &answered, &question);
        compared.partners += answered.len();
        compared.offers += truth.len();
        assert_same(&page, &truth, &format!("query {index}: {request:?}"));
    }
    compared
}

/// Asks, waits for the end, and collects all pages.
async fn ask(platform: &Platform, request: &SearchRequest) -> (Shown, Value) {
    let (status, created) = platform.call("POST", "/v1/searches", Some(&body(request))).await;
    assert_eq!(status, 201, "{request:?}: {created}");
    let token = created["token"].as_str().unwrap().to_owned();
    let first = loop {
        let page = platform.get(&format!("/v1/searches/{token}?sort=cheapest&limit=100")).await;
        if page["status"] != "incomplete" {
            break page;
        }
        tokio::time::sleep(std::time::Duration::from_millis(30)).await;
    };
    let mut shown = Shown::new();
    let mut page = first;
    loop {
        for itinerary in page["itineraries"].as_array().unwrap() {
            take_options(itinerary, &mut shown);
        }
        let Some(cursor) = page["cursor"].as_str() else { break };
        page = platform
            .get(&format!("/v1/searches/{token}?sort=cheapest&limit=100&cursor={cursor}"))
            .await;
    }
    let ledger = platform.get(&format!("/v1/searches/{token}/partners")).await;
    (shown, ledger)
}

fn take_options(itinerary: &Value, shown: &mut Shown) {
    let text = |value: &Value| value.as_str().unwrap_or("").to_owned();
    for option in itinerary["options"].as_array().unwrap() {
        let key = (text(&itinerary["id"]), text(&option["agent"]), text(&option["brand"]));
        let quoted = (text(&option["quoted"]["amount"]), text(&option["quoted"]["currency"]));
        assert_eq!(shown.insert(key.clone(), quoted), None, "{key:?} is shown twice");
    }
}

/// What must be shown: for each (itinerary, agent, brand) the market's price.
fn expected(market: &Market, answered: &[PartnerId], question: &Question) -> Shown {
    let mut wanted: BTreeMap<(String, String, String), (i64, String, String)> = BTreeMap::new();
    for partner in market.truth_for(answered, question).partners {
        let answer = partner.answer;
        for offer in answer.offers() {
            let key = (
                format!("{:032x}", answer.keys()[offer.itinerary as usize].0),
                offer.agent.to_string(),
                answer.text(offer.brand).to_owned(),
            );
            let money = offer.price.expect("the sandbox prices everything");
            let decimals = atlas::atlas().currency(money.currency).unwrap().decimals;
            let value = (money.minor, money.to_decimal(decimals), money.currency.to_string());
            // One agent, one itinerary, one brand: the lower price is shown.
            let kept = wanted.entry(key).or_insert_with(|| value.clone());
            if value.0 < kept.0 {
                *kept = value;
            }
        }
    }
    wanted.into_iter().map(|(key, (_, amount, currency))| (key, (amount, currency))).collect()
}

fn assert_same(shown: &Shown, truth: &Shown, what: &str) {
    let missing: Vec<_> = truth.keys().filter(|key| !shown.contains_key(*key)).take(3).collect();
    let extra: Vec<_> = shown.keys().filter(|key| !truth.contains_key(*key)).take(3).collect();
    let wrong: Vec<_> = truth
        .iter()
        .filter(|(key, price)| shown.get(*key).is_some_and(|other| other != *price))
        .take(3)
        .collect();
    assert!(
        missing.is_empty() && extra.is_empty() && wrong.is_empty(),
        "{what}\nshown {}, truth {}\nmissing {missing:?}\nextra {extra:?}\nwrong {wrong:?}",
        shown.len(),
        truth.len()
    );
}

fn body(request: &SearchRequest) -> Value {
    let place = |place: Place| match place {
        Place::Airport(code) => code.to_string(),
        Place::City(code) => format!("city:{code}"),
    };
    let legs: Vec<Value> = request
        .legs
        .iter()
        .map(|leg| {
            json!({"origin": place(leg.origin), "destination": place(leg.destination),
                   "date": leg.date.to_string()})
        })
        .collect();
    let infants = std::iter::repeat_n(0_u8, request.travellers.infants().into());
    let ages: Vec<u8> = request.travellers.children().iter().copied().chain(infants).collect();
    json!({
        "legs": legs, "cabin": request.cabin.name(), "adults": request.travellers.adults(),
        "children_ages": ages, "market": request.market.to_string(), "locale": "en-GB",
        "currency": "GBP", "nearby": request.nearby,
    })
}

/// A question as travellers ask them: one way, return, or several legs; all kinds of parties.
fn random_request(random: &mut Random) -> SearchRequest {
    let today = Date::from_days((runtime::unix_ms() / 86_400_000) as i32);
    let mut date = today.plus_days(2 + random.below(300) as i32);
    let (origin, destination) = random_pair(random);
    let mut legs = vec![LegRequest { origin, destination, date }];
    match random.below(10) {
        0..4 => {}
        4..9 => {
            date = date.plus_days(1 + random.below(25) as i32);
            legs.push(LegRequest { origin: destination, destination: origin, date });
        }
        _ => {
            for _ in 0..=random.below(2) {
                date = date.plus_days(1 + random.below(6) as i32);
                let (origin, destination) = random_pair(random);
                legs.push(LegRequest { origin, destination, date });
            }
        }
    }
    let ages: Vec<u32> = (0..random.below(3)).map(|_| 2 + random.below(16) as u32).collect();
    let adults = 1 + random.below(4) as u32;
    let mut all_ages = ages;
    if random.below(5) == 0 {
        all_ages.push(1);
    }
    let markets = ["GB", "DE", "US", "SG", "AE"];
    SearchRequest {
        legs,
        cabin: Cabin::ALL[random.below(6).min(3) as usize],
        travellers: Travellers::new(adults, &all_ages).unwrap(),
        market: CountryCode::literal(markets[random.below(5) as usize]),
        nearby: random.below(6) == 0,
    }
}

/// Two different cities or airports with traffic.
fn random_pair(random: &mut Random) -> (Place, Place) {
    const AIRPORTS: [&str; 20] = [
        "EDI", "LHR", "CDG", "AMS", "FRA", "MAD", "FCO", "IST", "DXB", "SIN", "HKG", "HND", "SYD",
        "JFK", "LAX", "ORD", "ATL", "GRU", "JNB", "DEL",
    ];
    const CITIES: [&str; 6] = ["LON", "NYC", "TYO", "PAR", "ROM", "CHI"];
    let mut pick = || {
        if random.below(4) == 0 {
            Place::City(CityCode::literal(CITIES[random.below(6) as usize]))
        } else {
            Place::Airport(AirportCode::literal(AIRPORTS[random.below(20) as usize]))
        }
    };
    loop {
        let (origin, destination) = (pick(), pick());
        let (one, two) =
            (atlas::atlas().airports_of(origin), atlas::atlas().airports_of(destination));
        let far = atlas::atlas().distance_km(one[0], two[0]).unwrap_or(0.0) > 500.0;
        if far && one.iter().all(|airport| !two.contains(airport)) {
            return (origin, destination);
        }
    }
}
