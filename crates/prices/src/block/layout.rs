//! Where the parts of a block lie.
//!
//! ```text
//! head   counts, then width and base of each column
//! body   question, brand texts, planes of each column
//! ```

use crate::block::column::{Column, Writer, put_number, take_number};
use crate::codec::CodecError;

macro_rules! counts {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// How many of each there are.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub(super) struct Counts { $($(#[$doc])* pub(super) $name: usize,)* }

        impl Counts {
            fn put(&self, out: &mut Vec<u8>) {
                $(put_number(out, self.$name as u64);)*
            }

            fn take(bytes: &mut &[u8]) -> Result<Self, CodecError> {
                let mut counts = Self::default();
                $(
                    let count = take_number(bytes)?;
                    if count > COUNT_MAX {
                        return Err(CodecError::TooLarge(stringify!($name)));
                    }
                    counts.$name = count as usize;
                )*
                Ok(counts)
            }
        }
    };
}

/// The most of anything in a block.
pub(super) const COUNT_MAX: u64 = 1 << 20;

counts! {
    /// Bytes of the question.
    question_bytes,
    /// Bytes of all brands.
    brand_bytes,
    answers,
    offers,
    agents,
    kinds,
    brands,
    airports,
    carriers,
    segments,
    legs,
    leg_items,
    itineraries,
    itinerary_items,
    emissions,
}

macro_rules! columns {
    ($($(#[$doc:meta])* $name:ident: $count:ident,)*) => {
        /// The columns, in the order they are written.
        #[derive(Clone, Copy, Debug, Default)]
        pub(super) struct Columns { $($(#[$doc])* pub(super) $name: Column,)* }

        impl Columns {
            /// Reads the heads; returns the columns and the length of the body.
            fn take(
                head: &mut &[u8],
                counts: &Counts,
            ) -> Result<(Self, usize), CodecError> {
                let mut columns = Self::default();
                let mut end = counts.question_bytes + counts.brand_bytes;
                $(
                    let (&width, rest) = head.split_first().ok_or(CodecError::CutShort)?;
                    *head = rest;
                    if width > 8 {
                        return Err(CodecError::Corrupt("the width of a column"));
                    }
                    let base = take_number(head)?;
                    let width = usize::from(width);
                    columns.$name = Column::new(end, counts.$count, width, base);
                    end += width * counts.$count;
                )*
                Ok((columns, end))
            }
        }
    };
}

columns! {
    partner: answers,
    seen_at: answers,
    answer_offers: answers,
    agent: agents,
    kind_currency: kinds,
    kind_transfer: kinds,
    kind_cabin_bags: kinds,
    kind_checked_bags: kinds,
    kind_brand: kinds,
    kind_priced: kinds,
    brand_len: brands,
    airport: airports,
    carrier: carriers,
    departs: segments,
    flies: segments,
    number: segments,
    origin: segments,
    destination: segments,
    marketing: segments,
    operating: segments,
    leg_len: legs,
    leg_item: leg_items,
    itinerary_len: itineraries,
    itinerary_item: itinerary_items,
    emission_count: itineraries,
    emission: emissions,
    offer_itinerary: offers,
    offer_agent: offers,
    offer_kind: offers,
    offer_emission: offers,
    offer_price: offers,
}

/// A block's head, read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layout<'a> {
    pub(super) counts: Counts,
    pub(super) columns: Columns,
    pub(super) body: &'a [u8],
}

impl<'a> Layout<'a> {
    /// Reads the head; the body must have exactly the length it asks for.
    pub(super) fn read(mut bytes: &'a [u8]) -> Result<Self, CodecError> {
        let counts = Counts::take(&mut bytes)?;
        let (columns, end) = Columns::take(&mut bytes, &counts)?;
        if bytes.len() != end {
            return Err(CodecError::CutShort);
        }
        Ok(Self { counts, columns, body: bytes })
    }

    /// The question's bytes.
    pub(super) fn question(&self) -> &'a [u8] {
        &self.body[..self.counts.question_bytes]
    }

    /// The brands, end to end.
    pub(super) fn brands(&self) -> &'a [u8] {
        &self.body[self.counts.question_bytes..][..self.counts.brand_bytes]
    }
}

/// A writer whose head starts with the counts.
pub(super) fn writer(counts: &Counts, body: Vec<u8>) -> Writer {
    let mut head = Vec::with_capacity(160);
    counts.put(&mut head);
    Writer { head, body }
}
