//! Times as people write them, read into fields that hold numbers: `for = "1s"` fills the field `for_ms`.
//!
//! A field whose name ends with its unit (`for_ms`, `retry_after_s`) is written in either of two ways: as a number
//! under that name, or as text with a unit under the name without the ending. So the unit of a bare number is always
//! visible, and a number without one is refused. The rule is implemented here, between the format and the types, so
//! that it holds for every struct that is read and no type can forget it. Fields of the type [`Span`] take text with
//! a unit and follow the rule by themselves.

mod access;
mod number;

use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error, MapAccess, SeqAccess, VariantAccess, Visitor,
};

use access::{Fields, OneTime};

use crate::values;

/// The endings of the names of fields that hold a number, with the unit of that number.
const ENDINGS: [(&str, Unit); 2] = [("_ms", Unit::MILLISECOND), ("_s", Unit::SECOND)];
/// What a rate per second ends with: it is no time.
const PER_SECOND: &str = "_per_s";
/// The only field of a law that is one time: it may be left out, as in `fixed = "20ms"`.
const ALONE: [&str; 1] = ["ms"];

/// What a number counts.
#[derive(Clone, Copy, Debug)]
struct Unit {
    name: &'static str,
    /// The name in prose.
    word: &'static str,
    nanos: u32,
}

impl Unit {
    const MILLISECOND: Self = Self {
        name: "ms",
        word: "milliseconds",
        nanos: 1_000_000,
    };
    const SECOND: Self = Self {
        name: "s",
        word: "seconds",
        nanos: 1_000_000_000,
    };
}

/// The name of a field without the unit at its end, if it has one.
pub(crate) fn split(field: &str) -> Option<&str> {
    unit_of(field).map(|(name, _)| name)
}

fn unit_of(field: &str) -> Option<(&str, Unit)> {
    if field.ends_with(PER_SECOND) {
        return None;
    }
    let parts = |(ending, unit): &(&str, Unit)| {
        let name = field.strip_suffix(ending)?;
        (!name.is_empty()).then_some((name, *unit))
    };
    ENDINGS.iter().find_map(parts)
}

/// The number of `field` as text with its unit.
pub(crate) fn text(field: &str, number: &str) -> String {
    let unit = unit_of(field).map_or("", |(_, unit)| unit.name);
    format!("{number}{unit}")
}

/// How a key of a struct is to be read.
#[derive(Clone, Copy, Debug)]
enum Key {
    /// As it is.
    Plain,
    /// The number of a field with a unit in its name.
    Number { field: &'static str },
    /// Text with a unit.
    Text { field: &'static str },
}

impl Key {
    /// What `written` means among `fields`.
    fn of(written: &str, fields: &'static [&'static str]) -> Self {
        if let Some(field) = fields.iter().find(|field| **field == written) {
            return match unit_of(field) {
                Some(_) => Self::Number { field },
                None => Self::Plain,
            };
        }
        let twin = fields.iter().find(|field| split(field) == Some(written));
        twin.map_or(Self::Plain, |field| Self::Text { field })
    }
}

/// A format in which times are written with a unit.
pub(super) struct Times<T>(pub(super) T);

/// Every method of a deserializer that hands its visitor on.
macro_rules! forward {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
            self.0.$method(Times(visitor))
        }
    )*};
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Times<D> {
    type Error = D::Error;

    forward! {
        deserialize_any deserialize_bool deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
        deserialize_i128 deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128
        deserialize_f32 deserialize_f64 deserialize_char deserialize_str deserialize_string
        deserialize_bytes deserialize_byte_buf deserialize_option deserialize_unit deserialize_seq
        deserialize_map deserialize_identifier deserialize_ignored_any
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.0.deserialize_unit_struct(name, Times(visitor))
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.0.deserialize_newtype_struct(name, Times(visitor))
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.0.deserialize_tuple(len, Times(visitor))
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.0.deserialize_tuple_struct(name, len, Times(visitor))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        let visitor = Fields::new(visitor, fields);
        self.0.deserialize_struct(name, fields, visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        let read = self.0.deserialize_enum(name, variants, Times(visitor));
        read.map_err(|error| one_of(variants, &error).unwrap_or(error))
    }

    fn is_human_readable(&self) -> bool {
        self.0.is_human_readable()
    }
}

/// The message for a map that should name one of these, and names none or several.
fn one_of<E: Error>(variants: &[&str], error: &E) -> Option<E> {
    let said = error.to_string();
    let (_, found) = said.split_once("wanted exactly 1 element, ")?;
    let number = if found.starts_with("found 0 ") {
        "none is given"
    } else {
        "several are given"
    };
    let all = variants.join(", ");
    Some(E::custom(format!("{number}: write one of {all}")))
}

/// Every method of a visitor that is given a value as it is.
macro_rules! hand_on {
    ($($method:ident: $type:ty),* $(,)?) => {$(
        fn $method<E: Error>(self, value: $type) -> Result<V::Value, E> {
            self.0.$method(value)
        }
    )*};
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Times<V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.expecting(f)
    }

    hand_on! {
        visit_bool: bool, visit_i8: i8, visit_i16: i16, visit_i32: i32, visit_i64: i64, visit_i128: i128,
        visit_u8: u8, visit_u16: u16, visit_u32: u32, visit_u64: u64, visit_u128: u128, visit_f32: f32,
        visit_f64: f64, visit_char: char, visit_str: &str, visit_borrowed_str: &'de str,
        visit_string: String, visit_bytes: &[u8], visit_borrowed_bytes: &'de [u8],
        visit_byte_buf: Vec<u8>,
    }

    fn visit_none<E: Error>(self) -> Result<V::Value, E> {
        self.0.visit_none()
    }

    fn visit_unit<E: Error>(self) -> Result<V::Value, E> {
        self.0.visit_unit()
    }

    fn visit_some<D: Deserializer<'de>>(self, some: D) -> Result<V::Value, D::Error> {
        self.0.visit_some(Times(some))
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, inner: D) -> Result<V::Value, D::Error> {
        self.0.visit_newtype_struct(Times(inner))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<V::Value, A::Error> {
        self.0.visit_seq(Times(seq))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<V::Value, A::Error> {
        self.0.visit_map(Times(map))
    }

    fn visit_enum<A: EnumAccess<'de>>(self, data: A) -> Result<V::Value, A::Error> {
        self.0.visit_enum(Times(data))
    }
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Times<S> {
    type Value = S::Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<S::Value, D::Error> {
        self.0.deserialize(Times(deserializer))
    }
}

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for Times<A> {
    type Error = A::Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, A::Error> {
        self.0.next_element_seed(Times(seed))
    }

    fn size_hint(&self) -> Option<usize> {
        self.0.size_hint()
    }
}

/// A map whose keys are names that the user gave.
impl<'de, A: MapAccess<'de>> MapAccess<'de> for Times<A> {
    type Error = A::Error;

    fn next_key_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, A::Error> {
        self.0.next_key_seed(seed)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        self.0.next_value_seed(Times(seed))
    }

    fn size_hint(&self) -> Option<usize> {
        self.0.size_hint()
    }
}

impl<'de, A: EnumAccess<'de>> EnumAccess<'de> for Times<A> {
    type Error = A::Error;
    type Variant = Times<A::Variant>;

    fn variant_seed<S: DeserializeSeed<'de>>(
        self,
        seed: S,
    ) -> Result<(S::Value, Self::Variant), A::Error> {
        let (value, variant) = self.0.variant_seed(seed)?;
        Ok((value, Times(variant)))
    }
}

impl<'de, A: VariantAccess<'de>> VariantAccess<'de> for Times<A> {
    type Error = A::Error;

    fn unit_variant(self) -> Result<(), A::Error> {
        self.0.unit_variant()
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, A::Error> {
        self.0.newtype_variant_seed(Times(seed))
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, A::Error> {
        self.0.tuple_variant(len, Times(visitor))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, A::Error> {
        let structure = Fields::new(visitor, fields);
        // Not as a struct: some formats compare its keys with `fields` before they can be read.
        if fields == ALONE {
            return self.0.newtype_variant_seed(OneTime(structure));
        }
        self.0.newtype_variant_seed(structure)
    }
}

/// What is to be written instead of a number without a unit.
fn without_unit(number: &str, field: &str) -> String {
    let (name, unit) = match unit_of(field) {
        Some(known) if values::can_be_a_time(number) => known,
        _ => return values::without_unit(number),
    };
    // Most people think in seconds where a program counts milliseconds.
    let text = match unit.name {
        "ms" => format!("\"{number}s\" or \"{number}ms\""),
        unit => format!("\"{number}{unit}\""),
    };
    format!("`{number}` has no unit: write {name} as {text}, or {field} as {number}")
}

#[cfg(test)]
mod tests;
