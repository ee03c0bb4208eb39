//! The party that opened a breaker: what an operator opened, the fleet does not touch.

/// Who opened a breaker, or set the end of its open period.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case")
)]
pub(crate) enum Opener {
    /// The breaker itself, or the fleet that left it to itself.
    #[default]
    Breaker,
    /// An operator; the fleet does not touch that.
    Operator,
}
