//! What the product shows, compared with the market's own truth: every itinerary, seller and
//! price of every partner that answered in time; nothing missing, nothing extra, nothing wrong.
//!
//! The market is made a second time here, from the same seed. Which partners were asked comes from
//! the ledger; what each of them must have said comes from the truth; what was shown comes from the
//! pages of the API. Self-transfers, which no partner quotes, are checked ticket by ticket.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use domain::{
    AirportCode, Cabin, CityCode, CountryCode, Date, LegRequest, PartnerId, Place, Question,
    SearchRequest, Travellers,
};
use partners::asker::AskerParts;
use partners::{Asker, AskerSettings, Registry};
use runtime::{Random, Shutdown, TaskSet};
use sandbox::{FaultPlan, Market, MarketSettings, PartnerFault};
use search::{ASKED_FOR_SELF_TRANSFER, REMEMBERED, Roster};
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::combinations::{Combination, check_all_are_shown, check_combinations};
use crate::process::Platform;

/// Itinerary, agent, brand → cheapest quoted amount (decimal text), currency, as often as shown.
type Shown = BTreeMap<(String, String, String), (String, String)>;

const QUERIES: usize = 200;
/// Questions under way at once.
const AT_ONCE: usize = 6;
/// Partners that say nothing cost a search this long.
const DEADLINE_MS: &str = "4000";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_itinerary_seller_and_price_is_the_markets_truth() {
    let compared = compare_with(0).await;
    assert!(compared.offers > 100_000, "a thin test: {compared:?}");
    assert_eq!((compared.failed, compared.late), (0, 0), "{compared:?}");
    assert!(compared.combinations > 200, "a thin test: {compared:?}");
    assert!(compared.combined_returns > 5, "a thin test: {compared:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_still_the_truth_with_every_failure_mode_at_a_third_of_the_partners() {
    let compared = compare_with(3).await;
    assert!(compared.offers > 50_000, "a thin test: {compared:?}");
    assert!(compared.failed > 200, "{compared:?}");
    assert!(compared.late * 20 < compared.partners, "{compared:?}");
    assert_eq!(compared.kinds.len(), PartnerFault::ALL.len(), "{compared:?}");
}

/// What was compared.
#[derive(Debug, Default)]
struct Compared {
    offers: usize,
    /// Self-transfers shown.
    combinations: usize,
    /// Trips of two legs with some.
    combined_returns: usize,
    partners: usize,
    failed: usize,
    /// Partners that did not answer in time though nothing was wrong with them.
    late: usize,
    /// Kinds of faults met.
    kinds: BTreeSet<String>,
}

/// The market of the running platform, made a second time.
pub(crate) struct Twin {
    pub(crate) market: Market,
    pub(crate) faults: FaultPlan,
    /// All partners, as searches choose from them.
    pub(crate) roster: Roster,
}

/// The market's partners, set up as the platform does, but never asked.
fn roster(market: &Market, base: &str) -> Roster {
    let asker = Asker::new(AskerParts {
        settings: AskerSettings::default(),
        decimals: |code| atlas::atlas().currency(code).map(|currency| currency.decimals),
        workers: None,
        tasks: TaskSet::default(),
        shutdown: Shutdown::default(),
    });
    let registry = Registry::open(None, asker.unwrap());
    assert_eq!(registry.register_all(market.partner_files(base)), []);
    registry.snapshot().partners().into()
}

async fn compare_with(faulty_one_in: usize) -> Compared {
    let one_in = faulty_one_in.to_string();
    let platform = Arc::new(Platform::start(&[
        ("sandbox.latency_percent", "0"),
        ("sandbox.faulty_one_in", &one_in),
        ("search.deadline_ms", DEADLINE_MS),
    ]));
    let market = Market::generate(1, MarketSettings::fast()).unwrap().at(&platform.sandbox);
    let faults = match faulty_one_in {
        0 => FaultPlan::none(),
        count => FaultPlan::one_in(count, market.sellers()),
    };
    let roster = roster(&market, &platform.sandbox);
    let twin = Arc::new(Twin { market, faults, roster });
    let mut random = Random::from_seed(faulty_one_in as u64);
    let room = Arc::new(Semaphore::new(AT_ONCE));
    let mut tasks = JoinSet::new();
    for index in 0..QUERIES {
        let request = random_request(&mut random);
        let (platform, twin) = (Arc::clone(&platform), Arc::clone(&twin));
        let place = Arc::clone(&room).acquire_owned().await.unwrap();
        tasks.spawn(async move {
            let _place = place;
            compare(&platform, &twin, &request, index).await
        });
    }
    let mut compared = Compared::default();
    while let Some(one) = tasks.join_next().await {
        let one = one.expect("the comparison holds");
        compared.offers += one.offers;
        compared.combinations += one.combinations;
        compared.combined_returns += one.combined_returns;
        compared.partners += one.partners;
        compared.failed += one.failed;
        compared.late += one.late;
        compared.kinds.extend(one.kinds);
    }
    compared
}

/// Asks one question and compares all that is shown with all that is true.
async fn compare(
    platform: &Platform,
    twin: &Twin,
    request: &SearchRequest,
    index: usize,
) -> Compared {
    let what = format!("query {index}: {request:?}");
    let (page, combinations, ledger) = ask(platform, request).await;
    let question =
        Question::normalise(request, |place, nearby| atlas::atlas().resolve(place, nearby))
            .unwrap();
    let mut compared = Compared::default();
    let (mut in_time, mut late) = (Vec::new(), Vec::new());
    check_combinations(&combinations, twin, &question, &what);
    if twin.faults.list().is_empty() {
        check_all_are_shown(&combinations, twin, &question, &what);
    }
    compared.combined_returns = usize::from(request.legs.len() == 2 && !combinations.is_empty());
    compared.combinations = combinations.len();
    // What is remembered was said to an earlier question, and counts as if said now.
    let asked = |row: &&Value| {
        let said = row["asked"] == true || row["reason"] == REMEMBERED;
        said && row["reason"] != ASKED_FOR_SELF_TRANSFER
    };
    for row in ledger["partners"].as_array().unwrap().iter().filter(asked) {
        let id: PartnerId = row["id"].as_str().unwrap().parse().unwrap();
        let fault = twin.faults.of(id);
        compared.kinds.extend(fault.map(|fault| format!("{:?}", std::mem::discriminant(&fault))));
        if row["fault"] == "partner_timeout" {
            // Hanging, or too slow for a busy machine: what came before the deadline may show.
            compared.late += usize::from(fault != Some(PartnerFault::Hanging));
            late.push(id);
            continue;
        }
        let must_fail = fault.is_some_and(PartnerFault::fails);
        assert_eq!(must_fail, !row["fault"].is_null(), "{what}\n{row} with {fault:?}");
        compared.failed += usize::from(must_fail);
        in_time.push(id);
    }
    let truth = expected(twin, &in_time, &question);
    let possible = expected(twin, &late, &question);
    compared.partners = in_time.len();
    compared.offers = truth.len();
    let about = |agent: &str| {
        let rows = ledger["partners"].as_array().unwrap();
        let row = rows.iter().find(|row| row["id"] == agent);
        format!("{row:?} with {:?}", agent.parse().ok().and_then(|id| twin.faults.of(id)))
    };
    assert_same(&page, &truth, &possible, &what, about);
    compared
}

/// Asks, waits for the end, and collects all pages.
async fn ask(platform: &Platform, request: &SearchRequest) -> (Shown, Vec<Combination>, Value) {
    let (status, created) = platform.call("POST", "/v1/searches", Some(&body(request))).await;
    assert_eq!(status, 201, "{request:?}: {created}");
    let token = created["token"].as_str().unwrap().to_owned();
    let first = loop {
        let page = platform
            .get(&format!("/v1/searches/{token}?sort=cheapest&limit=100&options=all"))
            .await;
        if page["status"] != "incomplete" {
            break page;
        }
        tokio::time::sleep(std::time::Duration::from_millis(30)).await;
    };
    let (mut shown, mut combinations) = (Shown::new(), Vec::new());
    let mut page = first;
    loop {
        for itinerary in page["itineraries"].as_array().unwrap() {
            take_options(itinerary, &mut shown, &mut combinations);
        }
        let Some(cursor) = page["cursor"].as_str() else { break };
        page = platform
            .get(&format!(
                "/v1/searches/{token}?sort=cheapest&limit=100&options=all&cursor={cursor}"
            ))
            .await;
    }
    let ledger = platform.get(&format!("/v1/searches/{token}/partners")).await;
    (shown, combinations, ledger)
}

fn take_options(itinerary: &Value, shown: &mut Shown, combinations: &mut Vec<Combination>) {
    let text = |value: &Value| value.as_str().unwrap_or("").to_owned();
    for option in itinerary["options"].as_array().unwrap() {
        if let Some(combination) = Combination::read(itinerary, option) {
            combinations.push(combination);
            continue;
        }
        let key = (text(&itinerary["id"]), text(&option["agent"]), text(&option["brand"]));
        let quoted = (text(&option["quoted"]["amount"]), text(&option["quoted"]["currency"]));
        assert_eq!(shown.insert(key.clone(), quoted), None, "{key:?} is shown twice");
    }
}

/// What must be shown: for each (itinerary, agent, brand) the market's price.
fn expected(twin: &Twin, spoke: &[PartnerId], question: &Question) -> Shown {
    let mut wanted: BTreeMap<(String, String, String), (i64, String, String)> = BTreeMap::new();
    for partner in twin.market.truth_for(spoke, question, &twin.faults).partners {
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

/// Everything true is shown, and nothing is shown that is neither true nor a late partner's word.
fn assert_same(
    shown: &Shown,
    truth: &Shown,
    possible: &Shown,
    what: &str,
    about: impl Fn(&str) -> String,
) {
    let missing: Vec<_> = truth.keys().filter(|key| !shown.contains_key(*key)).collect();
    let right = |(key, price): &(&_, &_)| {
        truth.get(*key) == Some(*price) || possible.get(*key) == Some(*price)
    };
    let wrong: Vec<_> = shown.iter().filter(|row| !right(row)).collect();
    if let Some(agent) = missing.first().map(|key| &key.1).or(wrong.first().map(|row| &row.0.1)) {
        panic!(
            "{what}\nshown {}, truth {}\nmissing {} {:?}\nwrong or extra {} {:?}\n{}",
            shown.len(),
            truth.len(),
            missing.len(),
            missing.first(),
            wrong.len(),
            wrong.first(),
            about(agent),
        );
    }
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
