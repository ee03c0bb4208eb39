//! The value of a field with a unit in its name: a time that was written as text, or a bare number.

use std::marker::PhantomData;
use std::time::Duration;

use serde::de::{Deserializer, Error, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;

use super::Unit;

/// A time that was written with a unit.
#[derive(Clone, Copy, Debug)]
pub(super) struct Time<'a> {
    pub(super) length: Duration,
    /// What the field counts.
    pub(super) unit: Unit,
    /// As it was written.
    pub(super) text: &'a str,
}

impl Time<'_> {
    /// How many whole units it is, if it is no fraction.
    pub(super) fn whole(self) -> Option<u64> {
        let nanos = self.length.as_nanos();
        let unit = u128::from(self.unit.nanos);
        if nanos.is_multiple_of(unit) {
            u64::try_from(nanos / unit).ok()
        } else {
            None
        }
    }

    pub(super) fn fraction(self) -> f64 {
        self.length.as_secs_f64() * 1e9 / f64::from(self.unit.nanos)
    }
}

/// What a field is given.
#[derive(Clone, Copy, Debug)]
pub(super) enum Given<'a> {
    Written(Time<'a>),
    Unsigned(u64),
    Signed(i64),
    Fraction(f64),
    /// A time that never came, as results write it; a field that is always finite refuses the text.
    Never,
}

/// How results write a time that never came.
pub(super) const NEVER: &str = "inf";

/// The same as a value that a field of any kind of number can be read from.
pub(super) struct Number<'a, E> {
    given: Given<'a>,
    error: PhantomData<E>,
}

impl<'a, E> Number<'a, E> {
    pub(super) fn new(given: Given<'a>) -> Self {
        Self {
            given,
            error: PhantomData,
        }
    }
}

impl<E: Error> IntoDeserializer<'_, E> for Number<'_, E> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de, E: Error> Deserializer<'de> for Number<'_, E> {
    type Error = E;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, E> {
        match self.given {
            Given::Written(time) => match time.whole() {
                Some(whole) => visitor.visit_u64(whole),
                None => Err(E::custom(format!(
                    "`{}` is not allowed: write a whole number of {}, and not more than a day",
                    time.text, time.unit.word
                ))),
            },
            Given::Unsigned(number) => visitor.visit_u64(number),
            Given::Signed(number) => visitor.visit_i64(number),
            Given::Fraction(number) => visitor.visit_f64(number),
            Given::Never => visitor.visit_str(NEVER),
        }
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, E> {
        match self.given {
            Given::Written(time) => visitor.visit_f64(time.fraction()),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, E> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, E> {
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 char str string bytes byte_buf unit unit_struct
        seq tuple tuple_struct map struct enum identifier ignored_any
    }
}
