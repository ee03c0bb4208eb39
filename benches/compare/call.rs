//! A [`Call`] whose end the run decides: polled by hand, ended on demand.
//!
//! The same future goes through every library, so that all get the same task. There is no runtime and no second
//! thread: "at once" means under way at once.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use crate::downstream::{Answer, Answering, Downstream, Ending};
use crate::library::Subject;

/// A call that was begun.
pub(crate) struct Call {
    script: Arc<Mutex<Option<Ending>>>,
    answering: Answering,
    rejection: Option<Answer>,
}

impl Call {
    /// Asks the breaker, and begins the call if it may pass.
    pub(crate) fn begin(subject: &dyn Subject) -> Self {
        let script = Arc::default();
        let mut answering = subject.call(Downstream(Arc::clone(&script)));
        let rejection = poll(&mut answering);
        Self {
            script,
            answering,
            rejection,
        }
    }

    /// A whole call.
    pub(crate) fn make(subject: &dyn Subject, ending: Ending) -> Answer {
        Self::begin(subject).end(ending)
    }

    /// This many complete calls.
    pub(crate) fn repeat(subject: &dyn Subject, times: u32, ending: Ending) {
        for _ in 0..times {
            Self::make(subject, ending);
        }
    }

    /// Whether the breaker let it pass.
    pub(crate) fn is_admitted(&self) -> bool {
        self.rejection.is_none()
    }

    /// Ends it; a call that was rejected stays rejected. Dropping instead cancels it.
    pub(crate) fn end(mut self, ending: Ending) -> Answer {
        if let Some(rejection) = self.rejection {
            return rejection;
        }
        *self.script.lock().unwrap_or_else(PoisonError::into_inner) = Some(ending);
        let polled = catch_unwind(AssertUnwindSafe(|| poll(&mut self.answering)));
        match polled {
            Ok(answer) => answer.expect("a call that ends is ready"),
            Err(_) => Answer::Ended,
        }
    }
}

fn poll(answering: &mut Answering) -> Option<Answer> {
    let mut context = Context::from_waker(Waker::noop());
    match answering.as_mut().poll(&mut context) {
        Poll::Ready(answer) => Some(answer),
        Poll::Pending => None,
    }
}
