//! Indicative prices as plainly as they can be said: one ordered map, everything scanned.

use std::collections::BTreeMap;

use domain::{AirportCode, Cabin, CarrierCode, CountryCode, Date, Money, PartnerId};

use super::world::{DAY_MS, Offered, Told};
use crate::indicative::{Ask, ByDate, DateGroup, DateUnit, Forget, Places, Quote, QuotePair, When};

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Slot {
    market: CountryCode,
    departs: Date,
    returns: Option<Date>,
    origin: AirportCode,
    destination: AirportCode,
    direct: bool,
}

#[derive(Clone, Debug)]
struct Held {
    /// Hundredths of a euro cent.
    parts: i64,
    offered: Offered,
    seen_s: i64,
    partner: PartnerId,
}

#[derive(Debug)]
pub(super) struct Model {
    held: BTreeMap<Slot, Held>,
    keep_s: i64,
}

fn parts(offered: &Offered) -> Option<i64> {
    let per_minor = match offered.currency.to_string().as_str() {
        "EUR" => 100,
        "XTS" => 50,
        _ => return None,
    };
    offered.minor.filter(|&minor| minor > 0).map(|minor| minor * per_minor)
}

fn same_flights(one: &Offered, other: &Offered) -> bool {
    one.flights == other.flights && one.number == other.number && one.carriers == other.carriers
}

impl Model {
    pub(super) fn new(keep_s: i64) -> Self {
        Self { held: BTreeMap::new(), keep_s }
    }

    fn today(now_ms: i64) -> Date {
        Date::from_days(((now_ms - DAY_MS / 2) / DAY_MS) as i32)
    }

    fn recent(&self, seen_s: i64, now_ms: i64) -> bool {
        seen_s > (now_ms - self.keep_s * 1_000).div_euclid(1_000)
    }

    pub(super) fn take(&mut self, told: &Told, now_ms: i64) {
        let seen_s = told.at_ms.min(now_ms).div_euclid(1_000);
        let days = told.out.days() - Self::today(now_ms).days();
        let counts = told.adults == 1
            && told.cabin == Cabin::Economy
            && self.recent(seen_s, now_ms)
            && (0..=400).contains(&days);
        if !counts {
            return;
        }
        let mut found: BTreeMap<Slot, Vec<&Offered>> = BTreeMap::new();
        for offered in &told.offers {
            let asked =
                told.from.contains(&offered.origin) && told.to.contains(&offered.destination);
            let mirrored = offered.back == (offered.destination, offered.origin);
            if parts(offered).is_none() || !asked || told.back.is_some() && !mirrored {
                continue;
            }
            let slot = Slot {
                market: told.market,
                departs: told.out,
                returns: told.back,
                origin: offered.origin,
                destination: offered.destination,
                direct: offered.flights.0 == 1 && (told.back.is_none() || offered.flights.1 == 1),
            };
            found.entry(slot).or_default().push(offered);
        }
        for (slot, offers) in found {
            let cheapest = offers.iter().map(|offered| parts(offered)).min().flatten().unwrap();
            // Which of equally cheap offers is kept is not said, so a random world has none.
            let offered = offers.iter().find(|offered| parts(offered) == Some(cheapest)).unwrap();
            let new = Held {
                parts: cheapest,
                offered: (*offered).clone(),
                seen_s,
                partner: told.partner,
            };
            let replaces = match self.held.get(&slot) {
                None => true,
                Some(old) if !self.recent(old.seen_s, now_ms) => true,
                Some(old) => {
                    let same = |offer: &Offered| {
                        offer.agent == old.offered.agent && same_flights(offer, &old.offered)
                    };
                    if cheapest < old.parts {
                        seen_s >= old.seen_s || !same(offered)
                    } else {
                        seen_s >= old.seen_s && offers.iter().any(|offer| same(offer))
                    }
                }
            };
            if replaces {
                self.held.insert(slot, new);
            }
        }
    }

    pub(super) fn expire(&mut self, now_ms: i64) -> usize {
        let (keep_s, before) = (self.keep_s, self.held.len());
        let recent = |held: &Held| held.seen_s > (now_ms - keep_s * 1_000).div_euclid(1_000);
        let today = Self::today(now_ms);
        self.held.retain(|slot, held| recent(held) && slot.departs >= today);
        before - self.held.len()
    }

    pub(super) fn forget(&mut self, what: Forget) -> usize {
        let before = self.held.len();
        let flown = |slot: &Slot, held: &Held, carrier: CarrierCode| {
            held.offered.carriers.0 == carrier
                || slot.returns.is_some() && held.offered.carriers.1 == carrier
        };
        self.held.retain(|slot, held| match what {
            Forget::Partner(partner) => held.partner != partner,
            Forget::Route(from, to) => (slot.origin, slot.destination) != (from, to),
            Forget::Carrier(carrier) => !flown(slot, held, carrier),
        });
        before - self.held.len()
    }

    pub(super) fn len(&self) -> usize {
        self.held.len()
    }

    /// All quotes that answer.
    pub(super) fn quotes(&self, ask: &Ask<'_>, now_ms: i64) -> Vec<Quote> {
        let place = |places: Places<'_>, airport| match places {
            Places::Anywhere => true,
            Places::Airports(airports) => airports.contains(&airport),
        };
        let day = |when: When, date: Date| match when {
            When::Day(wanted) => date == wanted,
            When::Months { first, last } => {
                let month = |date: Date| (date.ymd().0, date.ymd().1);
                (first.year_month()..=last.year_month()).contains(&month(date))
            }
            When::Anytime => true,
        };
        let answers = |slot: &Slot| {
            slot.market == ask.market
                && place(ask.origin, slot.origin)
                && place(ask.destination, slot.destination)
                && day(ask.out, slot.departs)
                && slot.departs >= Self::today(now_ms)
                && match (ask.back, slot.returns) {
                    (None, None) => true,
                    (Some(when), Some(date)) => day(when, date),
                    _ => false,
                }
        };
        let rows = self
            .held
            .iter()
            .filter(|&(slot, held)| answers(slot) && self.recent(held.seen_s, now_ms));
        rows.map(|(slot, held)| Quote {
            origin: slot.origin,
            destination: slot.destination,
            departs: slot.departs,
            returns: slot.returns,
            direct: slot.direct,
            price: Money::new(held.offered.minor.unwrap(), held.offered.currency),
            eur_micro: held.parts * 100,
            agent: held.offered.agent,
            out_carrier: held.offered.carriers.0,
            back_carrier: slot.returns.map(|_| held.offered.carriers.1),
            seen_ms: held.seen_s * 1_000,
        })
        .collect()
    }

    pub(super) fn by_route<G: Copy + Ord>(
        &self,
        ask: &Ask<'_>,
        group: impl Fn(AirportCode) -> Option<G>,
        now_ms: i64,
    ) -> Vec<(G, G, QuotePair)> {
        let key = |quote: &Quote| group(quote.origin).zip(group(quote.destination));
        let groups = grouped(&self.quotes(ask, now_ms), key);
        let mut groups: Vec<_> =
            groups.into_iter().map(|((from, to), pair)| (from, to, pair)).collect();
        groups.sort_by_key(|&(from, to, pair)| (pair.cheapest().unwrap().eur_micro, from, to));
        groups
    }

    pub(super) fn by_date(&self, ask: &Ask<'_>, unit: DateUnit, now_ms: i64) -> ByDate {
        let date = |date: Date| match unit {
            DateUnit::Day => date,
            DateUnit::Month => date.plus_days(1 - date.ymd().2 as i32),
        };
        let quotes = self.quotes(ask, now_ms);
        let line = |key: &dyn Fn(&Quote) -> Option<Date>| {
            let groups = grouped(&quotes, key).into_iter();
            groups.map(|(date, quotes)| DateGroup { date, quotes }).collect()
        };
        ByDate {
            outbound: line(&|quote| Some(date(quote.departs))),
            inbound: line(&|quote| quote.returns.map(date)),
        }
    }

    pub(super) fn by_days(
        &self,
        ask: &Ask<'_>,
        now_ms: i64,
    ) -> BTreeMap<(Date, Option<Date>), QuotePair> {
        grouped(&self.quotes(ask, now_ms), |quote| Some((quote.departs, quote.returns)))
    }
}

/// The cheapest direct quote of each group, and the cheapest indirect one if it is cheaper.
fn grouped<K: Ord>(quotes: &[Quote], key: impl Fn(&Quote) -> Option<K>) -> BTreeMap<K, QuotePair> {
    let mut sorted: Vec<&Quote> = quotes.iter().collect();
    sorted.sort_by_key(|quote| {
        (quote.eur_micro, quote.departs, quote.returns, quote.origin, quote.destination)
    });
    let mut groups: BTreeMap<K, QuotePair> = BTreeMap::new();
    for quote in sorted {
        let Some(key) = key(quote) else { continue };
        let pair = groups.entry(key).or_default();
        let place = if quote.direct { &mut pair.direct } else { &mut pair.indirect };
        place.get_or_insert(*quote);
    }
    for pair in groups.values_mut() {
        if let (Some(indirect), Some(direct)) = (pair.indirect, pair.direct)
            && indirect.eur_micro >= direct.eur_micro
        {
            pair.indirect = None;
        }
    }
    groups
}
