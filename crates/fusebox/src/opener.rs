//! The party that opened a breaker; the fleet does not touch what an operator opened.

/// The party that opened a breaker, or set the end of its open period.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case")
)]
pub(crate) enum Opener {
    /// The breaker itself, or the fleet when it left the breaker to itself.
    #[default]
    Breaker,
    /// An operator; the fleet does not touch this period.
    Operator,
}
