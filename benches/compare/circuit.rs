//! What can be asked of every library? The least that all of them have.

/// A library, and how it is set up for a question.
pub(crate) trait Library {
    fn name(&self) -> &'static str;

    /// Opens at half of the last `window` calls, from `minimum` calls on where that can be set.
    fn ratio(&self, window: usize, minimum: usize) -> Option<Box<dyn Circuit>>;

    /// Opens after a few failures (at most [`FEW`]), for a moment; then one probe where that can be
    /// set.
    fn quick(&self) -> Box<dyn Circuit>;

    /// Like [`quick`](Self::quick), and a call is slow when it takes a moment.
    fn slow(&self) -> Option<Box<dyn Circuit>>;

    /// Whether settings that permit no probe at all are refused. `None` where there is no such
    /// setting.
    fn refuses_zero_probes(&self) -> Option<bool>;

    /// Whether a rejection says when to come back.
    fn says_when_to_retry(&self) -> bool;
}

/// Enough failures to open what opens after a few.
pub(crate) const FEW: usize = 3;

/// One breaker.
pub(crate) trait Circuit {
    /// Makes a call that ends at once. Whether it was made.
    fn run(&self, result: Answer) -> bool;

    /// Makes a call that succeeds, and does `inside` while it is under way. Whether it was made.
    fn during(&self, inside: &mut dyn FnMut()) -> bool;

    /// Whether it is half-open, or becomes so by asking, with the verdict still to come.
    fn half_opens(&self) -> bool;

    /// Makes a call that panics.
    fn panic(&self);

    /// Makes a call that is dropped while it is under way. `None` where calls block.
    fn dropped(&self) -> Option<bool>;
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Success,
    Failure,
    /// A success that takes a moment.
    SlowSuccess,
}
