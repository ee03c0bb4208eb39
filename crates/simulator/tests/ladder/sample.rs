//! Samples: a mean with its standard error, and the assertions that a step makes about it.

use crate::table;

/// Independent observations of one quantity.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sample(Vec<f64>);

impl FromIterator<f64> for Sample {
    fn from_iter<I: IntoIterator<Item = f64>>(values: I) -> Self {
        Self(values.into_iter().collect())
    }
}

impl Sample {
    pub(crate) fn mean(&self) -> f64 {
        self.0.iter().sum::<f64>() / self.0.len() as f64
    }

    /// The standard deviation of an observation.
    pub(crate) fn deviation(&self) -> f64 {
        let mean = self.mean();
        let squares = self.0.iter().map(|value| (value - mean).powi(2));
        (squares.sum::<f64>() / (self.0.len() as f64 - 1.0)).sqrt()
    }

    /// The standard error of the mean.
    pub(crate) fn error(&self) -> f64 {
        self.deviation() / (self.0.len() as f64).sqrt()
    }

    /// The mean lies within three standard errors of `formula`, and these are at most the share `precise` of it:
    /// a sample that is too small to contradict a formula confirms none.
    pub(crate) fn confirms(&self, what: &str, formula: f64, precise: f64) {
        let (mean, error) = (self.mean(), self.error());
        table::row(what, formula, mean, Some(error));
        let off = (mean - formula).abs();
        assert!(
            off <= 3.0 * error,
            "{what}: {mean} ± {error} against {formula}"
        );
        assert!(
            3.0 * error <= precise * formula,
            "{what}: a sample with an error of {error} is too small for {formula}"
        );
    }

    /// The mean lies within the share `within` of `formula`, and so does a standard error.
    pub(crate) fn is_near(&self, what: &str, formula: f64, within: f64) {
        let (mean, error) = (self.mean(), self.error());
        table::row(what, formula, mean, Some(error));
        let off = (mean / formula - 1.0).abs();
        assert!(off <= within, "{what}: {mean} ± {error} against {formula}");
        assert!(
            error <= within * formula,
            "{what}: a sample with an error of {error} is too small for {formula}"
        );
    }
}
