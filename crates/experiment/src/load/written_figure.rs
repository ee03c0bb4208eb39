//! A figure in JSON, which has no infinite numbers: an infinite figure is written `"inf"`.

use serde::de::{Deserializer, Error as _};
use serde::{Deserialize, Serialize, Serializer};

/// A figure that may be infinite.
struct Written(f64);

impl Serialize for Written {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0 == f64::INFINITY {
            serializer.serialize_str("inf")
        } else {
            serializer.serialize_f64(self.0)
        }
    }
}

impl<'de> Deserialize<'de> for Written {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Read {
            Number(f64),
            Text(String),
        }
        match Read::deserialize(deserializer)? {
            Read::Number(value) => Ok(Self(value)),
            Read::Text(text) if text == "inf" => Ok(Self(f64::INFINITY)),
            Read::Text(text) => Err(D::Error::custom(format!(
                "`{text}` is not a figure: write a number or `inf`"
            ))),
        }
    }
}

/// Figures by name.
pub(crate) mod map {
    use std::collections::BTreeMap;

    use super::{Deserialize, Deserializer, Serialize, Serializer, Written};

    pub(crate) fn serialize<N: Serialize, S: Serializer>(
        figures: &BTreeMap<N, f64>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_map(figures.iter().map(|(name, value)| (name, Written(*value))))
    }

    pub(crate) fn deserialize<'de, N: Deserialize<'de> + Ord, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<BTreeMap<N, f64>, D::Error> {
        let read = BTreeMap::<N, Written>::deserialize(deserializer)?;
        Ok(read.into_iter().map(|(name, it)| (name, it.0)).collect())
    }
}

/// A figure that may not have been measured.
pub(crate) mod option {
    use super::{Deserialize, Deserializer, Serialize, Serializer, Written};

    #[expect(clippy::ref_option, reason = "serde passes fields by reference")]
    pub(crate) fn serialize<S: Serializer>(
        figure: &Option<f64>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        figure.map(Written).serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<f64>, D::Error> {
        let read = Option::<Written>::deserialize(deserializer)?;
        Ok(read.map(|it| it.0))
    }
}
