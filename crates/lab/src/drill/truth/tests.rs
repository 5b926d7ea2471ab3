use std::sync::OnceLock;

use serde_json::json;

use super::*;
use crate::drill::questions;

/// A question with offers, and what the market's first partners say.
struct Case {
    truths: Truths,
    asked: Asked,
    partners: Vec<PartnerId>,
}

/// Questions are about days to come, so that answers are of today.
fn today() -> i64 {
    runtime::unix_ms() / DAY_MS
}

fn case() -> &'static Case {
    static CASE: OnceLock<Case> = OnceLock::new();
    CASE.get_or_init(|| {
        let truths = Truths::new(1, 0).unwrap();
        let partners: Vec<_> =
            truths.market.sellers().iter().take(60).map(|seller| seller.id).collect();
        let speaks = |asked: &Asked| {
            // Answers are remembered by the question's place, which is the same for all of them here.
            *truths.known.lock().unwrap() = Known::default();
            let says = |&&id: &&PartnerId| !truths.offers((0, asked), id, today()).is_empty();
            partners.iter().filter(says).count() > 3
        };
        let asked = (0..50).flat_map(|seed| questions::draw(1, seed).unwrap()).find(speaks);
        Case { truths, asked: asked.expect("a question with offers"), partners }
    })
}

/// What a traveller sees if all is right.
fn right() -> (Value, Sighting) {
    let case = case();
    let mut all = Offers::default();
    for &partner in &case.partners {
        let offers = case.truths.offers((0, &case.asked), partner, today());
        offers.iter().for_each(|(&key, &price)| keep_lower(&mut all, key, price));
    }
    let whole: Vec<_> = all.into_iter().collect();
    let total = whole.iter().map(|(key, _)| key.0).collect::<FixedSet<_>>().len() as u64;
    let options = whole.iter().take(10).copied().collect();
    let row =
        |id: &PartnerId| json!({"id": id.as_str(), "asked": true, "reason": null, "fault": null});
    let rows: Vec<_> = case.partners.iter().map(row).collect();
    (json!({ "partners": rows }), Sighting { options, total, whole: Some(whole) })
}

fn check(ledger: &Value, seen: &Sighting) -> Result<Option<Right>> {
    let case = case();
    // At noon, whatever the clock says: near midnight nothing is compared.
    case.truths.check_at((0, &case.asked), ledger, seen, today() * DAY_MS + DAY_MS / 2)
}

#[test]
fn what_all_partners_said_is_right_and_not_thin() {
    let (ledger, seen) = right();
    assert!(!check(&ledger, &seen).unwrap().unwrap().thin);
}

#[test]
fn a_wrong_price_a_missing_itinerary_and_a_missing_or_foreign_offer_are_found() {
    let (ledger, seen) = right();
    let whole = || seen.whole.clone().unwrap();
    let sighting = |options, total, whole| Sighting { options, total, whole };
    let mut dearer = seen.options.clone();
    dearer[0].1.minor += 1;
    let mut foreign = whole();
    foreign[0].0.1 ^= 1;
    let mut short = whole();
    short.pop();
    let mut twice = whole();
    twice.push(twice[0]);
    for (seen, part) in [
        (sighting(dearer, seen.total, None), "is nobody's"),
        (sighting(Vec::new(), seen.total - 1, None), "itineraries are shown"),
        (sighting(Vec::new(), seen.total, Some(foreign)), "the list has None"),
        (sighting(Vec::new(), seen.total, Some(short)), "the list has None"),
        (sighting(Vec::new(), seen.total, Some(twice)), "stands twice"),
    ] {
        let error = check(&ledger, &seen).unwrap_err().to_string();
        assert!(error.contains(part), "{error} does not say {part}");
    }
}

#[test]
fn partners_that_failed_may_be_missing_and_most_of_them_missing_is_thin() {
    let (mut ledger, seen) = right();
    for row in ledger["partners"].as_array_mut().unwrap() {
        row["fault"] = json!("partner_timeout");
    }
    let nothing = Sighting { total: 0, whole: Some(Vec::new()), options: Vec::new() };
    assert!(check(&ledger, &nothing).unwrap().unwrap().thin);
    // What they said before they failed is theirs all the same.
    assert!(check(&ledger, &seen).unwrap().unwrap().thin);
}

#[test]
fn nothing_is_compared_just_after_midnight() {
    let (ledger, seen) = (json!({}), Sighting::default());
    let case = case();
    assert!(
        case.truths
            .check_at((0, &case.asked), &ledger, &seen, today() * DAY_MS + 5)
            .unwrap()
            .is_none()
    );
}

#[test]
fn a_page_whose_price_is_not_its_cheapest_option_is_wrong() {
    let page = |price: f64| {
        json!({"itineraries": [{"id": "0a", "price": price, "options": [
            {"agent": "ag1", "brand": "", "price": 10.5, "quoted": {"amount": "12.00", "currency": "EUR"}},
        ]}]})
    };
    let options = options_of(&page(10.5)).unwrap();
    assert_eq!(options.len(), 1);
    assert_eq!((options[0].0.0, options[0].1.minor), (10, 1_200));
    assert!(options_of(&page(9.5)).unwrap_err().to_string().contains("its cheapest option"));
}
