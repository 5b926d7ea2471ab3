//! Self-transfers as the API shows them: two tickets, each at a price its seller quotes for it.

use std::collections::{HashMap, HashSet};

use domain::{CurrencyCode, Date, Money, PartnerId, Question};
use sandbox::truth::{Combination as True, TwoTickets};
use search::self_transfer::{Hub, SIDE_MAX, choose_hub};
use search::{SelfTransferSettings, choose_partners};
use serde_json::Value;

use crate::truth::Twin;

/// A combination of two tickets that was shown.
#[derive(Debug)]
pub(crate) struct Combination {
    itinerary: String,
    price: i64,
    transfer: String,
    parts: Vec<Part>,
}

#[derive(Debug)]
struct Part {
    agent: String,
    /// Origin and destination of each leg.
    legs: Vec<[String; 2]>,
    price: i64,
    /// Decimal text and currency.
    quoted: (String, String),
}

impl Combination {
    /// Reads an option of a page's itinerary; `None` if it is an offer of one seller.
    pub(crate) fn read(itinerary: &Value, option: &Value) -> Option<Self> {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let parts: Vec<Part> = option["parts"]
            .as_array()
            .unwrap()
            .iter()
            .map(|part| Part {
                agent: text(&part["agent"]),
                legs: part["legs"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|leg| [text(&leg["origin"]), text(&leg["destination"])])
                    .collect(),
                price: part["price"].as_i64().unwrap(),
                quoted: (text(&part["quoted"]["amount"]), text(&part["quoted"]["currency"])),
            })
            .collect();
        (!parts.is_empty()).then(|| Self {
            itinerary: text(&itinerary["id"]),
            price: option["price"].as_i64().unwrap(),
            transfer: text(&option["transfer"]),
            parts,
        })
    }
}

/// What a seller asks for one itinerary or another of a question, as texts.
type Quotes = Vec<(String, String)>;

/// Every combination is marked, adds up, meets at the hub, and its tickets are what their sellers
/// ask for them.
pub(crate) fn check_combinations(
    combinations: &[Combination],
    twin: &Twin,
    question: &Question,
    what: &str,
) {
    if combinations.is_empty() {
        return;
    }
    let atlas = atlas::atlas();
    let hub = choose_hub(question, atlas).expect(what);
    let mut known: HashMap<(String, usize), Quotes> = HashMap::new();
    for combination in combinations {
        assert_eq!(combination.transfer, "self_transfer", "{what}: {combination:?}");
        let [first, second] = &combination.parts[..] else { panic!("{what}: {combination:?}") };
        assert_eq!(combination.price, first.price + second.price, "{what}: {combination:?}");
        check_meeting(first, second, &hub, what);
        for (index, (part, asked)) in
            [(first, &hub.first), (second, &hub.second)].iter().enumerate()
        {
            let quotes = known
                .entry((part.agent.clone(), index))
                .or_insert_with(|| quotes(twin, &part.agent, asked));
            assert!(quotes.contains(&part.quoted), "{what}: nobody asks that: {part:?}");
            assert_eq!(part.price, converted(&part.quoted), "{what}: {part:?}");
        }
    }
}

/// Every combination there is, is shown: those that trying every pair finds in what the partners of
/// both extra questions say, the cheapest of them up to the limit. Holds if none of them fails.
pub(crate) fn check_all_are_shown(
    shown: &[Combination],
    twin: &Twin,
    question: &Question,
    what: &str,
) {
    let settings = SelfTransferSettings::default();
    let truth = match choose_hub(question, atlas::atlas()) {
        None => Vec::new(),
        Some(hub) => brute_force(&hub, twin, &settings),
    };
    let most = settings.combinations_max.size();
    let prices = |all: &mut dyn Iterator<Item = i64>| {
        let mut prices: Vec<i64> = all.collect();
        prices.sort_unstable();
        prices
    };
    let expected = prices(&mut truth.iter().take(most).map(|one| one.minor));
    assert_eq!(prices(&mut shown.iter().map(|one| one.price)), expected, "{what}");
    // Of equal prices at the limit any may be shown, but none that is not true.
    let known: HashSet<(String, i64)> =
        truth.iter().map(|one| (format!("{:032x}", one.key.0), one.minor)).collect();
    for one in shown {
        assert!(known.contains(&(one.itinerary.clone(), one.price)), "{what}: {one:?}");
    }
}

fn brute_force(hub: &Hub, twin: &Twin, settings: &SelfTransferSettings) -> Vec<True> {
    let extra = settings.partners_max.size() / 2;
    let today = Date::from_days(((runtime::unix_ms() - 43_200_000) / 86_400_000) as i32);
    let truth = |question: &Question| {
        let chosen = choose_partners(question, &twin.roster, today, extra).ask;
        let ids: Vec<PartnerId> =
            chosen.iter().map(|&index| twin.roster[usize::from(index)].settings().id).collect();
        twin.market.truth_for(&ids, question, &twin.faults)
    };
    let rules = TwoTickets {
        change_min: settings.transfer_min_minutes.get() as i32,
        airport_change_min: settings.airport_change_min_minutes.get() as i32,
        change_max: settings.transfer_max_minutes.get() as i32,
        side_max: SIDE_MAX,
        combinations_max: usize::MAX,
        currency: CurrencyCode::literal("GBP"),
    };
    rules.combine(&truth(&hub.first), &truth(&hub.second))
}

/// Both tickets touch the hub once on each leg: the near one first on the way out.
fn check_meeting(near: &Part, far: &Part, hub: &Hub, what: &str) {
    let at_hub = |code: &String| hub.airports.iter().any(|airport| airport.to_string() == *code);
    assert_eq!(near.legs.len(), hub.first.legs.len(), "{what}: {near:?}");
    assert_eq!(far.legs.len(), hub.second.legs.len(), "{what}: {far:?}");
    for (index, (near, far)) in near.legs.iter().zip(&far.legs).enumerate() {
        let (before, after) = if index == 0 { (near, far) } else { (far, near) };
        assert!(at_hub(&before[1]) && at_hub(&after[0]), "{what}: {before:?} {after:?} {hub:?}");
    }
}

fn quotes(twin: &Twin, agent: &str, question: &Question) -> Quotes {
    let partner: PartnerId = agent.parse().expect("a seller of the market is a partner");
    let mut quotes = Quotes::new();
    for partner in twin.market.truth_for(&[partner], question, &twin.faults).partners {
        for money in partner.answer.offers().iter().filter_map(|offer| offer.price) {
            let decimals = atlas::atlas().currency(money.currency).unwrap().decimals;
            quotes.push((money.to_decimal(decimals), money.currency.to_string()));
        }
    }
    quotes
}

/// Minor units of the currency the page is shown in.
fn converted((amount, currency): &(String, String)) -> i64 {
    let atlas = atlas::atlas();
    let currency: CurrencyCode = currency.parse().unwrap();
    let decimals = atlas.currency(currency).unwrap().decimals;
    let money = Money::from_decimal(amount.as_bytes(), currency, decimals).unwrap();
    atlas.rates().convert(money, CurrencyCode::literal("GBP")).unwrap().minor
}
