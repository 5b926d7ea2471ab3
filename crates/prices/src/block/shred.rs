//! Answers to one question become a block.
//!
//! Offers of an answer are put in the order of their itineraries; those of one itinerary keep the
//! partner's order. What an offer says beside price, seller and itinerary (currency, transfer, bags,
//! brand) is its kind: few kinds, so one small number an offer.

use domain::{Answer, BagAllowance, Offer, PartnerId, Question, Segment};
use runtime::FixedMap;

use super::column::{Writer, ordered, ordered_wide};
use super::flights::{Flights, Gathering, numbers};
use super::layout::{COUNT_MAX, Counts, writer};
use super::{Block, question};
use crate::codec::CodecError;

/// An answer on its way into a block.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Part<'a> {
    pub(crate) partner: PartnerId,
    pub(crate) at_ms: i64,
    pub(crate) answer: &'a Answer,
}

/// Not met yet.
const UNMET: u32 = u32::MAX;

/// Makes the block of some answers to a question.
pub(crate) fn shred(question: &Question, parts: &[Part<'_>]) -> Result<Block, CodecError> {
    if !question::fits(question) {
        return Err(CodecError::TooLarge("question"));
    }
    let offers: usize = parts.iter().map(|part| part.answer.offers().len()).sum();
    if offers as u64 > COUNT_MAX || parts.len() as u64 > COUNT_MAX {
        return Err(CodecError::TooLarge("offers"));
    }
    let (met, flights) = gather(parts, offers)?;
    let mut rows = Rows::with_capacity(offers);
    let mut words = Words::default();
    let mut emissions = Emissions::new(flights.itineraries.len());
    let mut order: Vec<u64> = Vec::new();
    let mut start = 0;
    for part in parts {
        let answer = part.answer;
        let met = &met[start..start + answer.offers().len()];
        start += met.len();
        order.clear();
        order.extend(
            met.iter()
                .zip(0_u64..)
                .map(|(&number, at)| u64::from(flights.places[number as usize]) << 32 | at),
        );
        order.sort_unstable();
        for &entry in &order {
            let at = (entry as u32) as usize;
            let itinerary = (entry >> 32) as u32;
            let offer = &answer.offers()[at];
            rows.itinerary.push(itinerary);
            rows.agent.push(words.agent(offer.agent.packed()));
            rows.kind.push(words.kind(answer, offer, answer.brand_marks()[at]));
            rows.emission.push(emissions.variant(itinerary, offer.emissions_grams));
            rows.price.push(offer.price.map_or(0, |price| zigzag(price.minor)));
        }
    }
    if words.brands.len() as u64 > COUNT_MAX {
        return Err(CodecError::TooLarge("brands"));
    }
    let bytes = write(question, parts, &flights, &words, &emissions, &rows);
    Ok(Block::new(bytes, flights.tags, parts.len(), offers))
}

/// Numbers the itineraries that have offers; returns the number of each offer's.
fn gather(parts: &[Part<'_>], offers: usize) -> Result<(Vec<u32>, Flights), CodecError> {
    let itineraries = parts.iter().map(|part| part.answer.keys().len()).sum();
    let mut gathering = Gathering::new(itineraries);
    let mut met = Vec::with_capacity(offers);
    let mut local = Vec::new();
    for part in parts {
        local.clear();
        local.resize(part.answer.keys().len(), UNMET);
        for offer in part.answer.offers() {
            let slot = &mut local[offer.itinerary as usize];
            if *slot == UNMET {
                *slot = gathering.meet(part.answer, offer.itinerary)?;
            }
            met.push(*slot);
        }
    }
    if gathering.len() as u64 > COUNT_MAX / 6 {
        return Err(CodecError::TooLarge("itineraries"));
    }
    Ok((met, gathering.sort()))
}

/// Columns of offers.
#[derive(Debug, Default)]
struct Rows {
    itinerary: Vec<u32>,
    agent: Vec<u32>,
    kind: Vec<u32>,
    emission: Vec<u32>,
    price: Vec<u64>,
}

impl Rows {
    fn with_capacity(offers: usize) -> Self {
        let column = || Vec::with_capacity(offers);
        Self {
            itinerary: column(),
            agent: column(),
            kind: column(),
            emission: column(),
            price: Vec::with_capacity(offers),
        }
    }
}

/// Numbers of the values met lately, so that most need no look-up. No value is 0.
#[derive(Debug)]
struct Recent<K, const N: usize>([(K, u32); N]);

impl<K: Default + Copy, const N: usize> Default for Recent<K, N> {
    fn default() -> Self {
        Self([(K::default(), 0); N])
    }
}

impl<K, const N: usize> Recent<K, N> {
    /// Where a value stands if it was met lately.
    #[inline]
    fn slot(&mut self, hash: u64) -> &mut (K, u32) {
        let mixed = hash.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32;
        &mut self.0[mixed as usize % N]
    }
}

/// Sellers, kinds and brands, each once.
#[derive(Debug, Default)]
struct Words {
    agents: Vec<u64>,
    agent_ids: FixedMap<u64, u32>,
    recent_agents: Recent<u64, 16>,
    kinds: Vec<Kind>,
    kind_ids: FixedMap<u128, u32>,
    recent_kinds: Recent<u128, 16>,
    brands: String,
    brand_lens: Vec<u32>,
    brand_ids: FixedMap<u64, u32>,
}

#[derive(Clone, Copy, Debug)]
struct Kind {
    currency: u32,
    transfer: u32,
    cabin_bags: u32,
    checked_bags: u32,
    brand: u32,
    priced: u32,
}

impl Words {
    fn agent(&mut self, packed: u64) -> u32 {
        let recent = self.recent_agents.slot(packed);
        if recent.0 == packed {
            return recent.1;
        }
        let agents = &mut self.agents;
        let id = *self.agent_ids.entry(packed).or_insert_with(|| {
            agents.push(packed);
            agents.len() as u32 - 1
        });
        *recent = (packed, id);
        id
    }

    fn kind(&mut self, answer: &Answer, offer: &Offer, mark: u64) -> u32 {
        let currency = offer.price.map_or(0, |price| u32::from(price.currency.packed()));
        let priced = u32::from(offer.price.is_some());
        let (cabin_bags, checked_bags) = (bags(offer.cabin_bags), bags(offer.checked_bags));
        let transfer = offer.transfer as u32;
        // 16 + 2 + 9 + 9 bits, and one that tells every kind from none
        let said = u64::from(currency) << 32
            | u64::from(cabin_bags << 14 | checked_bags << 4 | transfer << 2 | priced << 1 | 1);
        let name = u128::from(mark) << 64 | u128::from(said);
        let hash = mark ^ said;
        let recent = self.recent_kinds.slot(hash);
        if recent.0 == name {
            return recent.1;
        }
        let id = match self.kind_ids.get(&name) {
            Some(&id) => id,
            None => {
                let brand = self.brand(answer.text(offer.brand), mark);
                let kind = Kind { currency, transfer, cabin_bags, checked_bags, brand, priced };
                self.kinds.push(kind);
                let id = self.kinds.len() as u32 - 1;
                self.kind_ids.insert(name, id);
                id
            }
        };
        *self.recent_kinds.slot(hash) = (name, id);
        id
    }

    /// 0 for no brand, else one more than its place.
    fn brand(&mut self, brand: &str, mark: u64) -> u32 {
        if brand.is_empty() {
            return 0;
        }
        let (brands, lens) = (&mut self.brands, &mut self.brand_lens);
        *self.brand_ids.entry(mark).or_insert_with(|| {
            brands.push_str(brand);
            lens.push(brand.len() as u32);
            lens.len() as u32
        })
    }
}

fn bags(allowance: BagAllowance) -> u32 {
    match allowance {
        BagAllowance::Unknown => 0,
        BagAllowance::Included(pieces) => u32::from(pieces) + 1,
    }
}

const fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)) as u64
}

/// What sellers say about an itinerary's emissions: few different values, so an offer names one.
#[derive(Debug)]
struct Emissions {
    counts: Vec<u32>,
    recent: Box<Recent<u64, 256>>,
    ids: FixedMap<u64, u32>,
    values: Vec<(u32, u32, u32)>,
}

impl Emissions {
    fn new(itineraries: usize) -> Self {
        Self {
            counts: vec![0; itineraries],
            recent: Box::default(),
            ids: FixedMap::default(),
            values: Vec::new(),
        }
    }

    /// 0 for "not said", else one more than the value's place among the itinerary's.
    fn variant(&mut self, itinerary: u32, grams: u32) -> u32 {
        if grams == 0 {
            return 0;
        }
        let name = u64::from(itinerary) << 32 | u64::from(grams);
        let recent = self.recent.slot(name);
        if recent.0 == name {
            return recent.1;
        }
        let (counts, values) = (&mut self.counts, &mut self.values);
        let variant = *self.ids.entry(name).or_insert_with(|| {
            counts[itinerary as usize] += 1;
            values.push((itinerary, counts[itinerary as usize], grams));
            counts[itinerary as usize]
        });
        *recent = (name, variant);
        variant
    }

    /// All values, by itinerary and variant.
    fn in_order(&self) -> Vec<u32> {
        let mut values = self.values.clone();
        values.sort_unstable();
        values.into_iter().map(|(_, _, grams)| grams).collect()
    }
}

fn write(
    question: &Question,
    parts: &[Part<'_>],
    flights: &Flights,
    words: &Words,
    emissions: &Emissions,
    rows: &Rows,
) -> Box<[u8]> {
    let mut body = Vec::with_capacity(512 + 12 * rows.price.len() + 16 * flights.segments.len());
    question::put(&mut body, question);
    let question_bytes = body.len();
    body.extend_from_slice(words.brands.as_bytes());
    let row_items = |rows: &[u128]| -> (Vec<u32>, Vec<u32>) {
        let lens = rows.iter().map(|&row| numbers(row).count() as u32).collect();
        (lens, rows.iter().copied().flat_map(numbers).collect())
    };
    let (leg_lens, leg_items) = row_items(&flights.legs);
    let (itinerary_lens, itinerary_items) = row_items(&flights.itineraries);
    let codes = Codes::of(&flights.segments);
    let emission_values = emissions.in_order();
    let counts = Counts {
        question_bytes,
        brand_bytes: words.brands.len(),
        answers: parts.len(),
        offers: rows.price.len(),
        agents: words.agents.len(),
        kinds: words.kinds.len(),
        brands: words.brand_lens.len(),
        airports: codes.airports.len(),
        carriers: codes.carriers.len(),
        segments: flights.segments.len(),
        legs: leg_lens.len(),
        leg_items: leg_items.len(),
        itineraries: itinerary_lens.len(),
        itinerary_items: itinerary_items.len(),
        emissions: emission_values.len(),
    };
    let mut out = writer(&counts, body);
    write_words(&mut out, parts, words);
    codes.write(&mut out, &flights.segments);
    for column in [&leg_lens, &leg_items, &itinerary_lens, &itinerary_items] {
        out.column(column);
    }
    for column in [&emissions.counts, &emission_values] {
        out.column(column);
    }
    for column in [&rows.itinerary, &rows.agent, &rows.kind, &rows.emission] {
        out.column(column);
    }
    out.wide_column(&rows.price);
    let mut bytes = out.head;
    bytes.extend_from_slice(&out.body);
    bytes.into_boxed_slice()
}

fn write_words(out: &mut Writer, parts: &[Part<'_>], words: &Words) {
    let wide = |value: fn(&Part<'_>) -> u64| parts.iter().map(value).collect::<Vec<_>>();
    out.wide_column(&wide(|part| part.partner.packed()));
    out.wide_column(&wide(|part| ordered_wide(part.at_ms)));
    let offers: Vec<u32> = parts.iter().map(|part| part.answer.offers().len() as u32).collect();
    out.column(&offers);
    out.wide_column(&words.agents);
    let mut kinds = |value: fn(&Kind) -> u32| {
        out.column(&words.kinds.iter().map(value).collect::<Vec<_>>());
    };
    kinds(|kind| kind.currency);
    kinds(|kind| kind.transfer);
    kinds(|kind| kind.cabin_bags);
    kinds(|kind| kind.checked_bags);
    kinds(|kind| kind.brand);
    kinds(|kind| kind.priced);
    out.column(&words.brand_lens);
}

/// Airports and carriers of the segments, each once, ascending.
#[derive(Debug)]
struct Codes {
    airports: Vec<u32>,
    carriers: Vec<u32>,
}

impl Codes {
    fn of(segments: &[Segment]) -> Self {
        let distinct = |mut codes: Vec<u32>| {
            codes.sort_unstable();
            codes.dedup();
            codes
        };
        let airports = segments.iter().flat_map(|s| [s.origin.packed(), s.destination.packed()]);
        let carriers = segments.iter().flat_map(|s| [s.carrier.packed(), s.operating.packed()]);
        Self {
            airports: distinct(airports.map(u32::from).collect()),
            carriers: distinct(carriers.map(u32::from).collect()),
        }
    }

    fn write(&self, out: &mut Writer, segments: &[Segment]) {
        let place = |codes: &[u32], code: u16| {
            codes.binary_search(&u32::from(code)).unwrap_or_default() as u32
        };
        out.column(&self.airports);
        out.column(&self.carriers);
        let mut column = |value: &dyn Fn(&Segment) -> u32| {
            out.column(&segments.iter().map(value).collect::<Vec<_>>());
        };
        column(&|s| ordered(s.departs.minutes()));
        column(&|s| ordered(s.arrives.minutes().wrapping_sub(s.departs.minutes())));
        column(&|s| s.number.packed());
        column(&|s| place(&self.airports, s.origin.packed()));
        column(&|s| place(&self.airports, s.destination.packed()));
        column(&|s| place(&self.carriers, s.carrier.packed()));
        column(&|s| place(&self.carriers, s.operating.packed()));
    }
}
