//! The fields of a struct as they are written: which key is meant, and how its value is read.

use std::fmt;

use serde::Deserialize;
use serde::de::value::{
    BorrowedStrDeserializer, MapAccessDeserializer, MapDeserializer, SeqAccessDeserializer,
    UnitDeserializer,
};
use serde::de::{
    DeserializeSeed, Deserializer, Error, IntoDeserializer, MapAccess, SeqAccess, Visitor,
};

use super::number::{Given, NEVER, Number, Time};
use super::{Key, Times, Unit, unit_of, without_unit};
use crate::values::{self, Span};

/// Reads the map that a struct with these fields is written as.
pub(super) struct Fields<V> {
    visitor: V,
    fields: &'static [&'static str],
}

impl<V> Fields<V> {
    pub(super) fn new(visitor: V, fields: &'static [&'static str]) -> Self {
        Self { visitor, fields }
    }
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Fields<V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.visitor.expecting(f)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<V::Value, A::Error> {
        self.visitor.visit_map(FieldMap {
            map,
            fields: self.fields,
            key: Key::Plain,
        })
    }

    /// In a list it would not be visible which value belongs to which key, and an empty list would be all defaults.
    fn visit_seq<A: SeqAccess<'de>>(self, _seq: A) -> Result<V::Value, A::Error> {
        Err(A::Error::custom(
            "a list is not allowed here: write keys with their values",
        ))
    }
}

/// Reads the value of a variant whose fields are named.
impl<'de, V: Visitor<'de>> DeserializeSeed<'de> for Fields<V> {
    type Value = V::Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<V::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

struct FieldMap<A> {
    map: A,
    fields: &'static [&'static str],
    /// How the value that comes next is read.
    key: Key,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for FieldMap<A> {
    type Error = A::Error;

    fn next_key_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, A::Error> {
        self.map.next_key_seed(KeySeed {
            seed,
            fields: self.fields,
            key: &mut self.key,
        })
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        match self.key {
            Key::Plain => self.map.next_value_seed(Times(seed)),
            Key::Number { field } => self.map.next_value_seed(ValueSeed {
                seed,
                field,
                as_text: false,
            }),
            Key::Text { field } => self.map.next_value_seed(ValueSeed {
                seed,
                field,
                as_text: true,
            }),
        }
    }

    fn size_hint(&self) -> Option<usize> {
        self.map.size_hint()
    }
}

/// Reads a key, notes what it means, and hands on the name of the field.
struct KeySeed<'a, S> {
    seed: S,
    fields: &'static [&'static str],
    key: &'a mut Key,
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for KeySeed<'_, S> {
    type Value = S::Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<S::Value, D::Error> {
        let written = String::deserialize(deserializer)?;
        *self.key = Key::of(&written, self.fields);
        match *self.key {
            Key::Text { field } => self.seed.deserialize(BorrowedStrDeserializer::new(field)),
            _ => self.seed.deserialize(written.into_deserializer()),
        }
    }
}

/// Reads the value of a field with a unit in its name: one, a list of them, or some under names.
#[derive(Clone, Copy)]
struct ValueSeed<S> {
    seed: S,
    field: &'static str,
    /// Whether the name was written without the unit.
    as_text: bool,
}

impl<S> ValueSeed<S> {
    fn for_part<T>(&self, seed: T) -> ValueSeed<T> {
        ValueSeed {
            seed,
            field: self.field,
            as_text: self.as_text,
        }
    }

    fn bare<'de, E: Error>(self, given: Given<'_>, shown: &str) -> Result<S::Value, E>
    where
        S: DeserializeSeed<'de>,
    {
        if self.as_text {
            return Err(E::custom(without_unit(shown, self.field)));
        }
        self.seed.deserialize(Number::new(given))
    }
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for ValueSeed<S> {
    type Value = S::Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<S::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, S: DeserializeSeed<'de>> Visitor<'de> for ValueSeed<S> {
    type Value = S::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some((name, unit)) = unit_of(self.field) else {
            return f.write_str("a time");
        };
        if self.as_text {
            write!(f, "a time with a unit, such as {name} = \"500ms\"")
        } else {
            write!(
                f,
                "a number of {}; or write {name} = \"500ms\", with a unit",
                unit.word
            )
        }
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<S::Value, E> {
        let Some((name, unit)) = unit_of(self.field) else {
            return Err(E::custom("it has no unit"));
        };
        if !self.as_text && text == NEVER {
            return self.seed.deserialize(Number::new(Given::Never));
        }
        if !self.as_text {
            return Err(E::custom(format!(
                "`{text}` is not a number of {}: write {name} = \"500ms\" for a time with a unit",
                unit.word
            )));
        }
        let Span(length) = text.parse().map_err(E::custom)?;
        let time = Time { length, unit, text };
        self.seed.deserialize(Number::new(Given::Written(time)))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<S::Value, E> {
        self.bare(Given::Unsigned(number), &number.to_string())
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<S::Value, E> {
        self.bare(Given::Signed(number), &number.to_string())
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<S::Value, E> {
        self.bare(Given::Fraction(number), &number.to_string())
    }

    fn visit_unit<E: Error>(self) -> Result<S::Value, E> {
        self.seed.deserialize(UnitDeserializer::new())
    }

    fn visit_none<E: Error>(self) -> Result<S::Value, E> {
        self.seed.deserialize(UnitDeserializer::new())
    }

    fn visit_some<D: Deserializer<'de>>(self, some: D) -> Result<S::Value, D::Error> {
        some.deserialize_any(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<S::Value, A::Error> {
        let part = self.for_part(());
        self.seed
            .deserialize(SeqAccessDeserializer::new(Parts { parts: seq, part }))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<S::Value, A::Error> {
        let part = self.for_part(());
        self.seed
            .deserialize(MapAccessDeserializer::new(Parts { parts: map, part }))
    }
}

/// Several times in the place of one.
struct Parts<A> {
    parts: A,
    part: ValueSeed<()>,
}

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for Parts<A> {
    type Error = A::Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, A::Error> {
        self.parts.next_element_seed(self.part.for_part(seed))
    }
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Parts<A> {
    type Error = A::Error;

    fn next_key_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, A::Error> {
        self.parts.next_key_seed(seed)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        self.parts.next_value_seed(self.part.for_part(seed))
    }
}

/// Reads a struct whose only field is a number of milliseconds; text alone is a time.
pub(super) struct OneTime<V>(pub(super) Fields<V>);

impl<'de, V: Visitor<'de>> DeserializeSeed<'de> for OneTime<V> {
    type Value = V::Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<V::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, V: Visitor<'de>> Visitor<'de> for OneTime<V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a time with a unit, such as \"20ms\", or { ms = 20 }")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<V::Value, E> {
        let Span(length) = text.parse().map_err(E::custom)?;
        let unit = Unit::MILLISECOND;
        let number = Number::new(Given::Written(Time { length, unit, text }));
        let only = std::iter::once(("ms", number));
        self.0.visitor.visit_map(MapDeserializer::new(only))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<V::Value, E> {
        Err(E::custom(values::without_unit(number)))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<V::Value, E> {
        Err(E::custom(values::without_unit(number)))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<V::Value, E> {
        Err(E::custom(values::without_unit(number)))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<V::Value, A::Error> {
        self.0.visit_map(map)
    }
}
