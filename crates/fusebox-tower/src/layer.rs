//! The layer that puts a breaker in front of services: one handle, one state.
//!
//! The layer is made from an existing breaker, not from a configuration. A layer that made its
//! breaker when applied would give every clone, route and request a breaker of its own, and none of
//! them would ever see enough failures.

use fusebox::Breaker;
use tower_layer::Layer;

use crate::classify::ErrorsFail;
use crate::gate::{Readiness, ServiceGate};
use crate::service::BreakerService;

/// Puts a breaker in front of services. However often the layer is cloned and applied, all of its
/// services share its breaker.
///
/// # Examples
/// ```
/// use fusebox::{Breaker, CallError, Config};
/// use fusebox_tower::BreakerLayer;
/// use tower::{Layer, ServiceExt, service_fn};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let config = Config::builder().consecutive_failures(1).build()?;
/// let layer = BreakerLayer::new(Breaker::new("parser", config));
/// let parser = layer.layer(service_fn(|text: &'static str| async { text.parse::<u32>() }));
///
/// assert_eq!(parser.clone().oneshot("7").await, Ok(7));
/// assert!(matches!(parser.clone().oneshot("x").await, Err(CallError::Failed(_))));
/// assert!(matches!(parser.clone().oneshot("7").await, Err(CallError::Rejected(_))));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct BreakerLayer<C = ErrorsFail> {
    gate: ServiceGate,
    classifier: C,
}

impl BreakerLayer {
    /// Makes a layer in which every error is a failure and rejected calls get an error.
    pub fn new(breaker: Breaker) -> Self {
        Self {
            gate: ServiceGate::new(breaker, Readiness::default()),
            classifier: ErrorsFail,
        }
    }
}

impl<C> BreakerLayer<C> {
    /// Sets what results mean. Default: [`ErrorsFail`].
    pub fn classifier<D>(self, classifier: D) -> BreakerLayer<D> {
        BreakerLayer {
            gate: self.gate,
            classifier,
        }
    }

    /// Sets what services do while the breaker rejects calls. Default: [`Readiness::Error`].
    ///
    /// Layers are cheap, so one may be made for each request: that allocates nothing, and all
    /// layers of a breaker share the one listener that it gets when a service first waits.
    pub fn readiness(self, readiness: Readiness) -> Self {
        Self {
            gate: ServiceGate::new(self.gate.breaker().clone(), readiness),
            ..self
        }
    }

    /// Returns the breaker that all services of this layer share.
    pub fn breaker(&self) -> &Breaker {
        self.gate.breaker()
    }
}

impl<S, C: Clone> Layer<S> for BreakerLayer<C> {
    type Service = BreakerService<S, C>;

    fn layer(&self, inner: S) -> Self::Service {
        BreakerService::new(inner, self.gate.clone(), self.classifier.clone())
    }
}
