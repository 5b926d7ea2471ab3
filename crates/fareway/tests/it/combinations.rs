//! Self-transfers as the API shows them: two tickets, each at a price its seller quotes for it.

use std::collections::HashMap;

use domain::{CurrencyCode, Money, PartnerId, Question};
use serde_json::Value;

use crate::truth::Twin;

/// A combination of two tickets that was shown.
#[derive(Debug)]
pub(crate) struct Combination {
    price: i64,
    transfer: String,
    parts: Vec<Part>,
}

#[derive(Debug)]
struct Part {
    agent: String,
    ends: [String; 2],
    price: i64,
    /// Decimal text and currency.
    quoted: (String, String),
}

impl Combination {
    /// Reads an option of a page; `None` if it is an offer of one seller.
    pub(crate) fn read(option: &Value) -> Option<Self> {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let parts: Vec<Part> = option["parts"]
            .as_array()
            .unwrap()
            .iter()
            .map(|part| Part {
                agent: text(&part["agent"]),
                ends: [text(&part["origin"]), text(&part["destination"])],
                price: part["price"].as_i64().unwrap(),
                quoted: (text(&part["quoted"]["amount"]), text(&part["quoted"]["currency"])),
            })
            .collect();
        (!parts.is_empty()).then(|| Self {
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
    let hub = search::self_transfer::choose_hub(question, atlas).expect(what);
    let mut known: HashMap<(String, usize), Quotes> = HashMap::new();
    for combination in combinations {
        assert_eq!(combination.transfer, "self_transfer", "{what}: {combination:?}");
        let [first, second] = &combination.parts[..] else { panic!("{what}: {combination:?}") };
        assert_eq!(combination.price, first.price + second.price, "{what}: {combination:?}");
        assert_eq!([&first.ends[1], &second.ends[0]], [&hub.airport.to_string(); 2], "{what}");
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
