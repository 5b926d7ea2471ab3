//! Segments and the keys that name an itinerary everywhere.

use std::fmt;
use std::str::FromStr;

use xxhash_rust::xxh3::Xxh3;

use crate::civil::LocalTime;
use crate::code::{AirportCode, CarrierCode, CodeError};

/// A flight number: 1-4 digits and an optional suffix letter, e.g. `1470` or `861D`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FlightNumber(u32);

impl FlightNumber {
    /// The number without suffix; numbers above 9999 are refused by [`FlightNumber::from_bytes`].
    #[must_use]
    pub const fn new(number: u16) -> Self {
        Self(number as u32 * 27)
    }

    /// Reads digits and an optional suffix letter; leading zeros are dropped.
    ///
    /// # Errors
    /// [`CodeError`] for anything else.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CodeError> {
        const WRONG: CodeError =
            CodeError { expected: "a flight number of 1 to 4 digits and at most one letter" };
        let (digits, suffix) = match bytes {
            [digits @ .., last] if last.is_ascii_alphabetic() => {
                (digits, u32::from(last.to_ascii_uppercase() - b'A') + 1)
            }
            _ => (bytes, 0),
        };
        if digits.is_empty() || digits.len() > 4 || !digits.iter().all(u8::is_ascii_digit) {
            return Err(WRONG);
        }
        let number =
            digits.iter().fold(0_u32, |number, &byte| number * 10 + u32::from(byte - b'0'));
        Ok(Self(number * 27 + suffix))
    }

    /// The packed number: stable, used in keys and columns.
    #[must_use]
    pub const fn packed(self) -> u32 {
        self.0
    }

    /// The flight number of a packed number, if there is one.
    #[must_use]
    pub const fn from_packed(packed: u32) -> Option<Self> {
        if packed / 27 <= u16::MAX as u32 { Some(Self(packed)) } else { None }
    }

    /// The digits as a number.
    #[must_use]
    pub const fn number(self) -> u32 {
        self.0 / 27
    }
}

impl FromStr for FlightNumber {
    type Err = CodeError;

    fn from_str(text: &str) -> Result<Self, CodeError> {
        Self::from_bytes(text.as_bytes())
    }
}

impl fmt::Display for FlightNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0 / 27)?;
        match (self.0 % 27) as u8 {
            0 => Ok(()),
            suffix => write!(f, "{}", (b'A' + suffix - 1) as char),
        }
    }
}

impl fmt::Debug for FlightNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// One flight from take-off to landing, with local times at either end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Segment {
    /// Local departure time.
    pub departs: LocalTime,
    /// Local arrival time.
    pub arrives: LocalTime,
    /// Flight number of the marketing carrier.
    pub number: FlightNumber,
    /// Where it takes off.
    pub origin: AirportCode,
    /// Where it lands.
    pub destination: AirportCode,
    /// The marketing carrier.
    pub carrier: CarrierCode,
    /// The operating carrier; not part of the itinerary's identity, because sellers disagree.
    pub operating: CarrierCode,
}

const _: () = assert!(size_of::<Segment>() <= 20, "a segment is copied by value in hot loops");

/// Names an itinerary: the same flights in the same legs, whoever sells them.
///
/// Source: xxh3 (128 bit) over each segment's carrier, number, airports and local times, with a
/// mark at the end of every leg. Stable across releases: it names prices on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ItineraryKey(pub u128);

/// Bytes a segment contributes to a key.
const SEGMENT_KEY_BYTES: usize = 18;

impl ItineraryKey {
    /// The key of legs, each a list of segments in flying order.
    pub fn of<'a>(legs: impl IntoIterator<Item = impl IntoIterator<Item = &'a Segment>>) -> Self {
        let mut buffer = [0_u8; 256];
        let mut filled = 0;
        let mut spill: Option<Box<Xxh3>> = None;
        let mut push = |bytes: &[u8]| {
            if filled + bytes.len() > buffer.len() {
                spill.get_or_insert_default().update(&buffer[..filled]);
                filled = 0;
            }
            buffer[filled..filled + bytes.len()].copy_from_slice(bytes);
            filled += bytes.len();
        };
        for leg in legs {
            for segment in leg {
                push(&segment_bytes(segment));
            }
            push(&[0xFF]);
        }
        Self(match spill {
            Some(mut hasher) => {
                hasher.update(&buffer[..filled]);
                hasher.digest128()
            }
            None => xxhash_rust::xxh3::xxh3_128(&buffer[..filled]),
        })
    }
}

/// Fingerprint of who operates an itinerary's flights: sellers of one itinerary may disagree about it.
///
/// The more flights whose operator differs from the marketing carrier, the smaller it is: of two
/// sellers, the one with the smaller fingerprint says more. Deterministic across processes.
pub fn operators_of<'a>(segments: impl IntoIterator<Item = &'a Segment>) -> u64 {
    let (mut named, mut hash) = (0_u64, 0_u64);
    for segment in segments {
        named += u64::from(segment.operating != segment.carrier);
        let mixed = u128::from(hash ^ u64::from(segment.operating.packed())) * OPERATOR_MIX;
        hash = (mixed as u64) ^ ((mixed >> 64) as u64);
    }
    (255 - named.min(255)) << 56 | hash >> 8
}

/// Odd multiplier: the golden ratio in 64 bits.
const OPERATOR_MIX: u128 = 0x9E37_79B9_7F4A_7C15;

fn segment_bytes(segment: &Segment) -> [u8; SEGMENT_KEY_BYTES] {
    let mut bytes = [0_u8; SEGMENT_KEY_BYTES];
    bytes[0..2].copy_from_slice(&segment.carrier.packed().to_le_bytes());
    bytes[2..6].copy_from_slice(&segment.number.packed().to_le_bytes());
    bytes[6..8].copy_from_slice(&segment.origin.packed().to_le_bytes());
    bytes[8..10].copy_from_slice(&segment.destination.packed().to_le_bytes());
    bytes[10..14].copy_from_slice(&segment.departs.minutes().to_le_bytes());
    bytes[14..18].copy_from_slice(&segment.arrives.minutes().to_le_bytes());
    bytes
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert_eq, proptest};

    use super::*;

    fn segment(number: u16) -> Segment {
        Segment {
            departs: LocalTime::from_minutes(30_000_000),
            arrives: LocalTime::from_minutes(30_000_105),
            number: FlightNumber::new(number),
            origin: AirportCode::literal("GLA"),
            destination: AirportCode::literal("AMS"),
            carrier: CarrierCode::literal("KL"),
            operating: CarrierCode::literal("KL"),
        }
    }

    #[test]
    fn flight_numbers_drop_leading_zeros_and_keep_a_suffix() {
        assert_eq!("0861d".parse::<FlightNumber>().unwrap().to_string(), "861D");
        assert!("".parse::<FlightNumber>().is_err());
        assert!("D".parse::<FlightNumber>().is_err());
        assert!("12345".parse::<FlightNumber>().is_err());
    }

    #[test]
    fn the_operating_carrier_does_not_change_the_key_but_the_leg_split_does() {
        let (one, two) = (segment(1), segment(2));
        let codeshare = Segment { operating: CarrierCode::literal("AF"), ..one };
        assert_eq!(ItineraryKey::of([[&one]]), ItineraryKey::of([[&codeshare]]));
        assert_ne!(
            ItineraryKey::of([vec![&one, &two]]),
            ItineraryKey::of([vec![&one], vec![&two]])
        );
    }

    #[test]
    fn a_seller_that_names_the_operator_comes_before_one_that_does_not() {
        let (one, two) = (segment(1), segment(2));
        let codeshare = Segment { operating: CarrierCode::literal("AF"), ..one };
        let other = Segment { operating: CarrierCode::literal("DL"), ..one };
        assert!(operators_of([&codeshare, &two]) < operators_of([&one, &two]));
        assert_ne!(operators_of([&codeshare, &two]), operators_of([&other, &two]));
        assert_eq!(operators_of([&one]), operators_of([&Segment { number: two.number, ..one }]));
    }

    #[test]
    fn long_itineraries_have_keys_too() {
        let many: Vec<Segment> = (1..40).map(segment).collect();
        let fewer = &many[..38];
        assert_ne!(ItineraryKey::of([&many]), ItineraryKey::of([fewer]));
    }

    #[test]
    fn a_key_is_the_same_in_every_release() {
        let key = ItineraryKey::of([[&segment(1470)]]);
        assert_eq!(format!("{:032x}", key.0), KEY_OF_1470);
    }

    const KEY_OF_1470: &str = "bdff0adbade9f2c9c12a9594cf85c53b";

    proptest! {
        #[test]
        fn flight_numbers_read_back(text in "[1-9][0-9]{0,3}[A-Z]?") {
            prop_assert_eq!(text.parse::<FlightNumber>().unwrap().to_string(), text);
        }

        #[test]
        fn no_bytes_make_a_flight_number_panic(bytes in any::<Vec<u8>>()) {
            let _ = FlightNumber::from_bytes(&bytes);
        }
    }
}
