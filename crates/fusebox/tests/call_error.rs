//! The error of a protected call: it is an error for every inner type, and leads to the underlying
//! error.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::error::Error;
use std::fmt;
use std::io::{self, ErrorKind};
use std::sync::Arc;

use fusebox::{Breaker, CallError, Config, Rejected};

type BoxError = Box<dyn Error + Send + Sync>;

fn rejected() -> Rejected {
    let breaker = Breaker::new("db", Config::default());
    breaker.force_open();
    breaker.try_acquire().unwrap_err()
}

fn boxed() -> BoxError {
    io::Error::from(ErrorKind::TimedOut).into()
}

fn first_cause<T: Error + 'static>(error: &dyn Error) -> bool {
    error.source().is_some_and(<dyn Error>::is::<T>)
}

#[test]
fn a_call_error_of_a_boxed_error_is_an_error_that_can_be_boxed() {
    fn into_box(error: impl Into<BoxError>) -> BoxError {
        error.into()
    }

    let failed = into_box(CallError::Failed(boxed()));
    let again = into_box(CallError::Failed(failed));

    let inner = again.source().unwrap().source().unwrap();
    assert_eq!(
        inner.downcast_ref::<io::Error>().unwrap().kind(),
        ErrorKind::TimedOut
    );
}

#[test]
fn a_chain_walk_finds_what_every_kind_of_box_holds() {
    let timed_out = || io::Error::from(ErrorKind::TimedOut);
    let boxes: [&dyn Error; 5] = [
        &CallError::Failed::<BoxError>(Box::new(timed_out())),
        &CallError::Failed::<Box<dyn Error + Send>>(Box::new(timed_out())),
        &CallError::Failed::<Box<dyn Error>>(Box::new(timed_out())),
        &CallError::Failed::<Arc<dyn Error + Send + Sync>>(Arc::new(timed_out())),
        &CallError::Failed(timed_out()),
    ];

    for error in boxes {
        assert!(first_cause::<io::Error>(error), "{error:?}");
    }
}

#[test]
fn a_chain_walk_finds_the_rejection() {
    assert!(first_cause::<Rejected>(&CallError::Rejected::<fmt::Error>(
        rejected()
    )));
    assert!(first_cause::<Rejected>(&CallError::Rejected::<BoxError>(
        rejected()
    )));
    assert!(first_cause::<Rejected>(&CallError::Failed(rejected())));
}

#[test]
fn an_inner_error_that_is_changed_keeps_its_chain_and_a_rejection_stays_one() {
    let failed = CallError::Failed(fmt::Error).map_failed(BoxError::from);
    let turned_away = CallError::Rejected::<fmt::Error>(rejected()).map_failed(BoxError::from);

    assert!(first_cause::<fmt::Error>(&failed));
    assert!(matches!(turned_away, CallError::Rejected(same) if same == rejected()));
}

#[test]
fn an_error_type_is_reached_as_it_is() {
    let failed = CallError::Failed(fmt::Error);
    let turned_away = CallError::Rejected::<fmt::Error>(rejected());

    assert!(failed.as_error().is::<fmt::Error>());
    assert!(turned_away.as_error().is::<Rejected>());
    assert_eq!(turned_away.rejected(), Some(&rejected()));
    assert_eq!(failed.rejected(), None);
}

#[test]
fn a_question_mark_turns_a_rejection_into_a_call_error() {
    fn call(breaker: &Breaker) -> Result<(), CallError<fmt::Error>> {
        breaker.try_acquire()?.success();
        Ok(())
    }
    let breaker = Breaker::new("db", Config::default());

    assert_eq!(call(&breaker), Ok(()));
    breaker.force_open();
    assert!(matches!(call(&breaker), Err(CallError::Rejected(_))));
}
