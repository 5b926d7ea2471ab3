//! Visitors that read a document once, keep what is needed and forgive what is not.
//!
//! A value of the wrong type is a value ([`Field::Wrong`]), not a failed document: only the offer
//! that holds it is left out. Objects and lists are read in place through [`Object`] and [`List`],
//! so nothing is collected between the bytes and the draft of an offer. The readers limit nesting.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use domain::{AgentId, AirportCode, Cabin, CarrierCode, CurrencyCode, FlightNumber, LocalTime};
use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor,
};

/// One value of a document.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Field<T> {
    /// Not there, or null.
    #[default]
    Absent,
    /// There, but not what it should be.
    Wrong,
    /// There.
    Good(T),
}

impl<T> Field<T> {
    /// The value, or `otherwise` if it is not there, or `None` if it is wrong.
    pub(crate) fn or(self, otherwise: T) -> Option<T> {
        match self {
            Self::Absent => Some(otherwise),
            Self::Wrong => None,
            Self::Good(value) => Some(value),
        }
    }

    /// The value, if there is a good one.
    pub(crate) fn good(self) -> Option<T> {
        match self {
            Self::Absent | Self::Wrong => None,
            Self::Good(value) => Some(value),
        }
    }
}

/// A value that stands in a document as a text or a number.
pub(crate) trait Scalar<'de>: Sized {
    /// Reads a text that lives only now.
    fn from_text(text: &str) -> Option<Self>;

    /// Reads a text that lives as long as the document.
    fn from_borrowed(text: &'de str) -> Option<Self> {
        Self::from_text(text)
    }

    /// Reads a number.
    fn from_number(_number: f64) -> Option<Self> {
        None
    }
}

macro_rules! code_scalar {
    ($($code:ty),*) => {$(
        impl Scalar<'_> for $code {
            fn from_text(text: &str) -> Option<Self> {
                Self::from_bytes(text.as_bytes()).ok()
            }
        }
    )*};
}

code_scalar!(AgentId, AirportCode, CarrierCode, CurrencyCode, LocalTime);

impl Scalar<'_> for FlightNumber {
    fn from_text(text: &str) -> Option<Self> {
        Self::from_bytes(text.as_bytes()).ok()
    }

    fn from_number(number: f64) -> Option<Self> {
        whole(number, 9_999).map(|number| Self::new(number as u16))
    }
}

impl Scalar<'_> for Cabin {
    fn from_text(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|cabin| cabin.name().eq_ignore_ascii_case(text))
    }
}

impl<'de> Scalar<'de> for Cow<'de, str> {
    fn from_text(text: &str) -> Option<Self> {
        Some(Cow::Owned(text.to_owned()))
    }

    fn from_borrowed(text: &'de str) -> Option<Self> {
        Some(Cow::Borrowed(text))
    }
}

/// A small whole number, such as pieces of baggage or an index.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Count(pub(crate) u32);

impl Scalar<'_> for Count {
    fn from_text(text: &str) -> Option<Self> {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| text.parse().ok().map(Self)).flatten()
    }

    fn from_number(number: f64) -> Option<Self> {
        whole(number, u32::MAX).map(Self)
    }
}

/// A number that may be broken, such as kilograms.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Amount(pub(crate) f64);

impl Scalar<'_> for Amount {
    fn from_text(text: &str) -> Option<Self> {
        text.parse().ok().and_then(Self::from_number)
    }

    fn from_number(number: f64) -> Option<Self> {
        (number.is_finite() && number >= 0.0).then_some(Self(number))
    }
}

/// The number as a whole one, if it is one.
fn whole(number: f64, max: u32) -> Option<u32> {
    let fits = number >= 0.0 && number <= f64::from(max) && number.fract() == 0.0;
    fits.then_some(number as u32)
}

impl<'de, T: Scalar<'de>> Deserialize<'de> for Field<T> {
    #[inline]
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(FieldVisitor(PhantomData))
    }
}

struct FieldVisitor<T>(PhantomData<T>);

impl<'de, T: Scalar<'de>> Visitor<'de> for FieldVisitor<T> {
    type Value = Field<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    #[inline]
    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Field<T>, E> {
        Ok(T::from_borrowed(text).map_or(Field::Wrong, Field::Good))
    }

    fn visit_str<E>(self, text: &str) -> Result<Field<T>, E> {
        Ok(T::from_text(text).map_or(Field::Wrong, Field::Good))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Field<T>, E> {
        Ok(T::from_number(number as f64).map_or(Field::Wrong, Field::Good))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Field<T>, E> {
        Ok(T::from_number(number as f64).map_or(Field::Wrong, Field::Good))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Field<T>, E> {
        Ok(T::from_number(number).map_or(Field::Wrong, Field::Good))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Field<T>, E> {
        Ok(Field::Wrong)
    }

    fn visit_unit<E>(self) -> Result<Field<T>, E> {
        Ok(Field::Absent)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Field<T>, A::Error> {
        drain_seq(seq).map(|()| Field::Wrong)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Field<T>, A::Error> {
        drain_map(map).map(|()| Field::Wrong)
    }
}

/// Visits every scalar, and null, in one way.
macro_rules! every_scalar {
    ($value:ty, |$self:ident| $scalar:expr, $null:expr) => {
        fn visit_str<E>($self, _: &str) -> Result<$value, E> {
            Ok($scalar)
        }
        fn visit_u64<E>($self, _: u64) -> Result<$value, E> {
            Ok($scalar)
        }
        fn visit_i64<E>($self, _: i64) -> Result<$value, E> {
            Ok($scalar)
        }
        fn visit_f64<E>($self, _: f64) -> Result<$value, E> {
            Ok($scalar)
        }
        fn visit_bool<E>($self, _: bool) -> Result<$value, E> {
            Ok($scalar)
        }
        fn visit_unit<E>($self) -> Result<$value, E> {
            Ok($null)
        }
    };
}

/// Reads the rest of a list without keeping it.
pub(crate) fn drain_seq<'de, A: SeqAccess<'de>>(mut seq: A) -> Result<(), A::Error> {
    while seq.next_element::<IgnoredAny>()?.is_some() {}
    Ok(())
}

fn drain_map<'de, A: MapAccess<'de>>(mut map: A) -> Result<(), A::Error> {
    while map.next_key::<IgnoredAny>()?.is_some() {
        map.next_value::<IgnoredAny>()?;
    }
    Ok(())
}

/// Reads the value of a key nobody needs.
#[inline]
pub(crate) fn skip<'de, A: MapAccess<'de>>(map: &mut A) -> Result<(), A::Error> {
    map.next_value::<IgnoredAny>().map(|_| ())
}

/// Something filled from a JSON object, key by key.
pub(crate) trait Object<'de> {
    /// Reads the value of one key from `map`, or [`skip`]s it.
    fn field<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error>;

    /// The value is there but is no object.
    fn not_an_object(&mut self) {}

    /// The value is a list; where that is as good as an object, reads its items.
    fn items<A: SeqAccess<'de>>(&mut self, seq: A) -> Result<(), A::Error> {
        self.not_an_object();
        drain_seq(seq)
    }
}

/// Something filled from a JSON list.
pub(crate) trait List<'de> {
    /// Reads all items.
    fn items<A: SeqAccess<'de>>(&mut self, seq: A) -> Result<(), A::Error>;

    /// The value is there but is no list.
    fn not_a_list(&mut self) {}
}

/// Reads an object into `0`.
pub(crate) struct ObjectSeed<'t, T>(pub(crate) &'t mut T);

impl<'de, T: Object<'de>> DeserializeSeed<'de> for ObjectSeed<'_, T> {
    type Value = ();

    #[inline]
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, T: Object<'de>> Visitor<'de> for ObjectSeed<'_, T> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    #[inline]
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key_seed(Key)? {
            self.0.field(&key, &mut map)?;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<(), A::Error> {
        self.0.items(seq)
    }

    every_scalar!((), |self| self.0.not_an_object(), ());
}

/// Reads a list into `0`.
pub(crate) struct ListSeed<'t, T>(pub(crate) &'t mut T);

impl<'de, T: List<'de>> DeserializeSeed<'de> for ListSeed<'_, T> {
    type Value = ();

    #[inline]
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, T: List<'de>> Visitor<'de> for ListSeed<'_, T> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    #[inline]
    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<(), A::Error> {
        self.0.items(seq)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        self.0.not_a_list();
        drain_map(map)
    }

    every_scalar!((), |self| self.0.not_a_list(), ());
}

/// Names of values that often repeat from offer to offer, for [`Repeating`].
pub(crate) const SLOTS: [&str; 2] = ["repeats:0", "repeats:1"];

/// Reads a value unless it is written exactly as the last one with the same slot. Our own reader
/// notices and leaves what the seed filled as it is; serde_json always reads.
pub(crate) struct Repeating<S> {
    /// Index into [`SLOTS`].
    pub(crate) slot: usize,
    pub(crate) seed: S,
}

impl<'de, S: DeserializeSeed<'de, Value = ()>> DeserializeSeed<'de> for Repeating<S> {
    type Value = ();

    #[inline]
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_newtype_struct(SLOTS[self.slot], self)
    }
}

impl<'de, S: DeserializeSeed<'de, Value = ()>> Visitor<'de> for Repeating<S> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    #[inline]
    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        self.seed.deserialize(deserializer)
    }

    #[inline]
    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}

/// Reads a key; borrowed unless it is written with escapes.
struct Key;

impl<'de> DeserializeSeed<'de> for Key {
    type Value = Cow<'de, str>;

    #[inline(always)]
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Cow<'de, str>, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl<'de> Visitor<'de> for Key {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    #[inline(always)]
    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Cow<'de, str>, E> {
        Ok(Cow::Borrowed(text))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Cow<'de, str>, E> {
        Ok(Cow::Owned(text.to_owned()))
    }
}
