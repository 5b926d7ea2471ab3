//! What is right to show: the market made a second time, from the same seed.
//!
//! A search is held against what each partner that its ledger calls answered must have said: every
//! option seen while it grew is one of theirs at their price, the list has all their itineraries and no
//! others, and, where the whole list was read, all their offers.
//!
//! Limit: offers that are remembered ([`OFFERS_MAX`]); beyond, all are forgotten and made anew.

use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result, bail, ensure};
use domain::{CurrencyCode, PartnerId};
use runtime::{FixedMap, FixedSet};
use sandbox::{Market, MarketSettings};
use search::{ASKED_FOR_SELF_TRANSFER, REMEMBERED};
use serde_json::Value;
use xxhash_rust::xxh3::xxh3_64;

use super::questions::Asked;

/// Offers remembered at most, 56 bytes each.
const OFFERS_MAX: usize = 2_000_000;
const DAY_MS: i64 = 86_400_000;
/// Prices are those of the day they were seen on; what is shown may be so old.
const AGE_MS_MAX: i64 = 180_000;

/// Itinerary; agent and brand.
pub(crate) type OfferKey = (u128, u64);

/// What an agent asks for an itinerary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Price {
    minor: i64,
    currency: CurrencyCode,
}

/// An option that was shown.
pub(crate) type Seen = (OfferKey, Price);

type Offers = FixedMap<OfferKey, Price>;

/// The market's own answers, made when first needed.
pub(crate) struct Truths {
    market: Market,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    day: i64,
    offers: usize,
    by: FixedMap<(usize, PartnerId), Arc<Offers>>,
}

/// What a traveller saw of one search.
#[derive(Debug, Default)]
pub(crate) struct Sighting {
    /// Options of first pages, whenever they were seen.
    pub(crate) options: Vec<Seen>,
    /// Itineraries in the list at the end.
    pub(crate) total: u64,
    /// All options at the end, if the whole list was read.
    pub(crate) whole: Option<Vec<Seen>>,
}

/// What is said of a search that shows nothing wrong.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Right {
    /// Partners that had something to say, and that are missing.
    pub(crate) missing: usize,
    /// These are more than half of all that had.
    pub(crate) thin: bool,
}

impl Truths {
    /// The market of this seed whose partners take this share of a realistic time.
    pub(crate) fn new(seed: u64, latency_percent: u64) -> Result<Self> {
        let latency_scale = latency_percent as f64 / 100.0;
        let market =
            Market::generate(seed, MarketSettings { latency_scale, ..MarketSettings::default() })?;
        Ok(Self { market, known: Mutex::default() })
    }

    /// Compares what was seen of a question; says what is wrong. `None` if the day has just changed, and
    /// with it all prices.
    pub(crate) fn check(
        &self,
        (index, asked): (usize, &Asked),
        ledger: &Value,
        seen: &Sighting,
    ) -> Result<Option<Right>> {
        self.check_at((index, asked), ledger, seen, runtime::unix_ms())
    }

    fn check_at(
        &self,
        (index, asked): (usize, &Asked),
        ledger: &Value,
        seen: &Sighting,
        now_ms: i64,
    ) -> Result<Option<Right>> {
        if now_ms.rem_euclid(DAY_MS) < AGE_MS_MAX {
            return Ok(None);
        }
        let of = |partner| self.offers((index, asked), partner, now_ms.div_euclid(DAY_MS));
        let (mut whole, mut partly) = (Vec::new(), Vec::new());
        let mut missing = 0;
        let rows = ledger["partners"].as_array().context("a ledger without partners")?;
        let id_of = |row: &Value| -> Result<PartnerId> {
            Ok(row["id"].as_str().unwrap_or_default().parse()?)
        };
        for row in rows {
            let said = row["asked"] == true || row["reason"] == REMEMBERED;
            if !said || row["reason"] == ASKED_FOR_SELF_TRANSFER {
                continue;
            }
            let offers = of(id_of(row)?);
            if row["fault"].is_null() {
                whole.push(offers);
            } else {
                missing += usize::from(!offers.is_empty());
                partly.push(offers);
            }
        }
        let speaking = whole.iter().filter(|offers| !offers.is_empty()).count() + missing;
        for (key, price) in &seen.options {
            let said = |offers: &Arc<Offers>| offers.get(key) == Some(price);
            // Another life of the search may have asked others.
            let by_others =
                || rows.iter().filter_map(|row| id_of(row).ok()).any(|id| said(&of(id)));
            ensure!(
                whole.iter().chain(&partly).any(said) || by_others(),
                "{price:?} for {key:x?} is nobody's; {} partners, {missing} failed",
                whole.len()
            );
        }
        // A partner that failed may have sent a part before.
        let exact = partly.iter().all(|offers| offers.is_empty());
        check_total(&whole, &partly, seen.total, exact)?;
        if let Some(shown) = &seen.whole {
            check_whole(&whole, shown, exact)?;
        }
        Ok(Some(Right { missing, thin: 2 * missing > speaking }))
    }

    fn offers(&self, (index, asked): (usize, &Asked), partner: PartnerId, day: i64) -> Arc<Offers> {
        let lock = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let mut known = lock();
        if known.day != day || known.offers > OFFERS_MAX {
            *known = Known { day, ..Known::default() };
        }
        if let Some(offers) = known.by.get(&(index, partner)) {
            return Arc::clone(offers);
        }
        drop(known);
        let answer = self.market.answer(partner, &asked.question);
        let mut offers = Offers::default();
        for offer in answer.offers() {
            let (Some(money), Some(itinerary)) =
                (offer.price, answer.keys().get(offer.itinerary as usize))
            else {
                continue;
            };
            let key = key_of(itinerary.0, offer.agent.as_str(), answer.text(offer.brand));
            let price = Price { minor: money.minor, currency: money.currency };
            keep_lower(&mut offers, key, price);
        }
        let offers = Arc::new(offers);
        let mut known = lock();
        known.offers += offers.len();
        known.by.insert((index, partner), Arc::clone(&offers));
        offers
    }
}

/// One agent, one itinerary, one brand: the lower price is shown.
fn keep_lower(offers: &mut Offers, key: OfferKey, price: Price) {
    let kept = offers.entry(key).or_insert(price);
    if price.minor < kept.minor {
        *kept = price;
    }
}

fn key_of(itinerary: u128, agent: &str, brand: &str) -> OfferKey {
    (itinerary, xxh3_64(format!("{agent}\n{brand}").as_bytes()))
}

fn check_total(
    whole: &[Arc<Offers>],
    partly: &[Arc<Offers>],
    total: u64,
    exact: bool,
) -> Result<()> {
    let mut itineraries: FixedSet<u128> = FixedSet::default();
    itineraries.extend(whole.iter().flat_map(|offers| offers.keys().map(|key| key.0)));
    let least = itineraries.len() as u64;
    itineraries.extend(partly.iter().flat_map(|offers| offers.keys().map(|key| key.0)));
    let most = if exact { least } else { itineraries.len() as u64 };
    ensure!(
        (least..=most).contains(&total),
        "{total} itineraries are shown, and {least} to {most} were offered"
    );
    Ok(())
}

fn check_whole(whole: &[Arc<Offers>], shown: &[Seen], exact: bool) -> Result<()> {
    let mut wanted = Offers::default();
    for (&key, &price) in whole.iter().flat_map(|offers| offers.iter()) {
        keep_lower(&mut wanted, key, price);
    }
    let mut seen = Offers::default();
    for &(key, price) in shown {
        if seen.insert(key, price).is_some() {
            bail!("{key:x?} stands twice in the list");
        }
    }
    for (key, price) in &wanted {
        let right = seen.get(key).is_some_and(|shown| shown == price || !exact);
        ensure!(right, "{key:x?} costs {price:?}, and the list has {:?}", seen.get(key));
    }
    ensure!(!exact || seen.len() == wanted.len(), "{} options too many", seen.len() - wanted.len());
    Ok(())
}

/// Reads the options of a page; says what is not as it must be.
pub(crate) fn options_of(page: &Value) -> Result<Vec<Seen>> {
    let mut found = Vec::new();
    for row in page["itineraries"].as_array().context("a page without itineraries")? {
        let id = u128::from_str_radix(row["id"].as_str().unwrap_or_default(), 16)?;
        let options = row["options"].as_array().context("an itinerary without options")?;
        let cheapest = options.first().map(|option| &option["price"]);
        ensure!(
            cheapest == Some(&row["price"]),
            "an itinerary costs {}, its cheapest option {cheapest:?}",
            row["price"]
        );
        for option in options {
            let text = |value: &'_ Value| value.as_str().unwrap_or_default().to_owned();
            let amount = text(&option["quoted"]["amount"]).replace('.', "");
            let price = Price {
                minor: amount.parse().with_context(|| format!("{option} quotes nothing"))?,
                currency: text(&option["quoted"]["currency"]).parse()?,
            };
            let key = key_of(id, &text(&option["agent"]), &text(&option["brand"]));
            found.push((key, price));
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests;
