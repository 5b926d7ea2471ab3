//! A block becomes answers again.

use domain::answer::{AnswerColumns, Ragged};
use domain::{Answer, Money, Offer, Text};

use super::layout::Layout;
use super::tables::Tables;
use crate::codec::CodecError;

const WRONG: CodecError = CodecError::Corrupt("an offer");

/// Reads answers of one block, one after the other.
#[derive(Debug)]
pub(super) struct Builder<'a> {
    layout: &'a Layout<'a>,
    tables: Tables<'a>,
    legs: Used,
    segments: Used,
    /// For each brand the last answer that said it, and where.
    brands: Vec<(u32, Text)>,
    turn: u32,
    itinerary: Vec<u32>,
    agent: Vec<u32>,
    kind: Vec<u32>,
    emission: Vec<u32>,
    price: Vec<u64>,
}

impl<'a> Builder<'a> {
    pub(super) fn new(layout: &'a Layout<'a>, tables: Tables<'a>) -> Self {
        Self {
            legs: Used::new(tables.legs.len()),
            segments: Used::new(tables.segments.len()),
            brands: vec![(0, Text::default()); tables.brands.len()],
            turn: 0,
            itinerary: Vec::new(),
            agent: Vec::new(),
            kind: Vec::new(),
            emission: Vec::new(),
            price: Vec::new(),
            layout,
            tables,
        }
    }

    /// The tables.
    pub(super) fn tables(&self) -> &Tables<'a> {
        &self.tables
    }

    /// Reads the columns of an answer's offers; they must refer to what there is.
    fn read(&mut self, from: usize, to: usize) -> Result<(), CodecError> {
        let (columns, body) = (&self.layout.columns, self.layout.body);
        columns.offer_itinerary.read(body, from, to, &mut self.itinerary);
        columns.offer_agent.read(body, from, to, &mut self.agent);
        columns.offer_kind.read(body, from, to, &mut self.kind);
        columns.offer_emission.read(body, from, to, &mut self.emission);
        let below = |values: &[u32], end: usize| {
            values.iter().copied().max().is_none_or(|largest| (largest as usize) < end)
        };
        let good = self.itinerary.len() == to - from
            && self.itinerary.is_sorted()
            && below(&self.itinerary, self.tables.itineraries.len())
            && below(&self.agent, self.tables.agents.len())
            && below(&self.kind, self.tables.kinds.len());
        if good { Ok(()) } else { Err(WRONG) }
    }

    /// Whether an answer can be built.
    pub(super) fn check(&mut self, from: usize, to: usize) -> Result<(), CodecError> {
        self.read(from, to)?;
        let starts = &self.tables.emission_starts;
        let good = self.itinerary.iter().zip(&self.emission).all(|(&itinerary, &variant)| {
            let itinerary = itinerary as usize;
            variant <= starts[itinerary + 1] - starts[itinerary]
        });
        if good { Ok(()) } else { Err(WRONG) }
    }

    /// Builds the answer of the offers `from..to`.
    pub(super) fn answer(&mut self, from: usize, to: usize) -> Result<Answer, CodecError> {
        self.read(from, to)?;
        self.turn += 1;
        let mut columns = self.flights();
        self.offers(from, &mut columns)?;
        Answer::from_columns(columns).map_err(|_| CodecError::Corrupt("the shape of an answer"))
    }

    /// The flights of the offers read.
    fn flights(&mut self) -> AnswerColumns {
        let tables = &self.tables;
        let mut chosen = self.itinerary.clone();
        chosen.dedup();
        self.legs.clear();
        self.segments.clear();
        let mut items = 0;
        for &itinerary in &chosen {
            let row = tables.itineraries.row(itinerary as usize);
            items += row.len();
            row.iter().for_each(|&leg| self.legs.mark(leg));
        }
        let leg_list = self.legs.number();
        let mut leg_items = 0;
        for &leg in &leg_list {
            let row = tables.legs.row(leg as usize);
            leg_items += row.len();
            row.iter().for_each(|&segment| self.segments.mark(segment));
        }
        let segment_list = self.segments.number();
        let mut row = [0_u32; 8];
        let mut legs = Ragged::with_capacity(leg_list.len(), leg_items);
        for &leg in &leg_list {
            legs.push(self.segments.places(tables.legs.row(leg as usize), &mut row));
        }
        let mut itineraries = Ragged::with_capacity(chosen.len(), items);
        for &itinerary in &chosen {
            itineraries
                .push(self.legs.places(tables.itineraries.row(itinerary as usize), &mut row));
        }
        let segment = |&segment: &u32| tables.segments[segment as usize];
        AnswerColumns {
            segments: segment_list.iter().map(segment).collect(),
            legs,
            itineraries,
            keys: chosen.iter().map(|&itinerary| tables.keys[itinerary as usize]).collect(),
            operators: chosen
                .iter()
                .map(|&itinerary| tables.operators[itinerary as usize])
                .collect(),
            ..AnswerColumns::default()
        }
    }

    fn offers(&mut self, from: usize, columns: &mut AnswerColumns) -> Result<(), CodecError> {
        let tables = &self.tables;
        let count = self.itinerary.len();
        let price = &self.layout.columns.offer_price;
        price.read_wide(self.layout.body, from, from + count, &mut self.price);
        columns.offers.reserve_exact(count);
        columns.brand_marks.reserve_exact(count);
        let no_brand = domain::answer::brand_mark("");
        let (mut place, mut before) = (0, self.itinerary.first().copied().unwrap_or(0));
        for index in 0..count {
            let itinerary = self.itinerary[index];
            if itinerary != before {
                (place, before) = (place + 1, itinerary);
            }
            let kind = &tables.kinds[self.kind[index] as usize];
            let (brand, mark) = match kind.brand {
                0 => (Text::default(), no_brand),
                brand => {
                    let (text, mark) = tables.brands[brand as usize - 1];
                    let known = &mut self.brands[brand as usize - 1];
                    if known.0 != self.turn {
                        let start = columns.texts.len() as u32;
                        columns.texts.push_str(text);
                        *known = (self.turn, Text { start, len: text.len() as u32 });
                    }
                    (known.1, mark)
                }
            };
            let emissions_grams = match self.emission[index] {
                0 => 0,
                variant => {
                    let start = tables.emission_starts[itinerary as usize];
                    let end = tables.emission_starts[itinerary as usize + 1];
                    if variant > end - start {
                        return Err(WRONG);
                    }
                    tables.emissions[(start + variant - 1) as usize]
                }
            };
            let minor = unzigzag(self.price[index]);
            columns.offers.push(Offer {
                price: kind.currency.map(|currency| Money::new(minor, currency)),
                agent: tables.agents[self.agent[index] as usize],
                itinerary: place,
                fares_start: 0,
                fares_len: 0,
                transfer: kind.transfer,
                cabin_bags: kind.cabin_bags,
                checked_bags: kind.checked_bags,
                brand,
                link: Text::default(),
                emissions_grams,
            });
            columns.brand_marks.push(mark);
        }
        Ok(())
    }
}

/// The inverse of zigzag.
pub(super) const fn unzigzag(value: u64) -> i64 {
    (value >> 1) as i64 ^ -((value & 1) as i64)
}

/// Which rows of a table an answer uses, and their places among those.
#[derive(Debug)]
struct Used {
    bits: Vec<u64>,
    places: Vec<u32>,
}

impl Used {
    fn new(rows: usize) -> Self {
        Self { bits: vec![0; rows.div_ceil(64)], places: vec![0; rows] }
    }

    fn clear(&mut self) {
        self.bits.fill(0);
    }

    #[inline]
    fn mark(&mut self, row: u32) {
        self.bits[row as usize / 64] |= 1 << (row % 64);
    }

    /// Lists the marked rows, ascending, and remembers their places.
    fn number(&mut self) -> Vec<u32> {
        let mut rows = Vec::new();
        for (index, &word) in self.bits.iter().enumerate() {
            let mut word = word;
            while word != 0 {
                let row = index as u32 * 64 + word.trailing_zeros();
                self.places[row as usize] = rows.len() as u32;
                rows.push(row);
                word &= word - 1;
            }
        }
        rows
    }

    /// The places of a row's items.
    fn places<'r>(&self, items: &[u32], row: &'r mut [u32; 8]) -> &'r [u32] {
        for (slot, &item) in row.iter_mut().zip(items) {
            *slot = self.places[item as usize];
        }
        &row[..items.len().min(8)]
    }
}
