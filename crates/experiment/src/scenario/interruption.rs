//! Interruptions of instances: pauses, in which a process stands still, and restarts, after which it knows nothing.

use std::time::Duration;

use super::written::{InstanceSettings, Interrupted};
use crate::values::Span;

/// A period in which one instance does not work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interruption {
    /// The place of the instance.
    pub instance: usize,
    /// When it begins.
    pub from: Duration,
    /// When the instance works again.
    pub until: Duration,
    /// Whether its process ends and another one begins; otherwise it only stands still.
    pub restarts: bool,
    /// Whether it leaves the fleet in an orderly way first.
    pub leaves: bool,
}

pub(super) fn of_instance(
    instance: usize,
    own: &InstanceSettings,
) -> impl Iterator<Item = Interruption> {
    let pauses = own.pause.iter().map(|it| (*it, false, false));
    let restarts = own.restart.iter();
    let restarts = restarts.map(|it| (Interrupted::from(*it), true, it.leaves));
    pauses
        .chain(restarts)
        .map(move |(it, restarts, leaves)| Interruption {
            instance,
            from: it.at.0,
            until: it.until(),
            restarts,
            leaves,
        })
}

/// Checks that the interruptions of an instance are possible: within the run, and one after another.
pub(super) fn check(own: &InstanceSettings, duration: Duration) -> Result<(), String> {
    let pauses = own.pause.iter().map(|it| ("pause", *it));
    let restarts = own
        .restart
        .iter()
        .map(|it| ("restart", Interrupted::from(*it)));
    let mut all: Vec<_> = pauses.chain(restarts).collect();
    all.sort_by_key(|(_, it)| it.at.0);
    for (place, (key, it)) in all.iter().enumerate() {
        if it.r#for.0.is_zero() {
            return Err(format!(
                "{key}: for = {} is not allowed: it must be above zero",
                it.r#for
            ));
        }
        if it.at.0 >= duration {
            return Err(format!(
                "{key}: at = {} is not allowed: the run ends after {}",
                it.at,
                Span(duration)
            ));
        }
        if let Some((_, before)) = all[..place]
            .last()
            .filter(|(_, last)| last.until() > it.at.0)
        {
            return Err(format!(
                "{key}: at = {} is not allowed, because the interruption at {} is not over: write a later time",
                it.at, before.at
            ));
        }
    }
    check_leave(own, duration)?;
    match own.clock_step.iter().find(|step| step.at.0 >= duration) {
        Some(step) => Err(format!(
            "clock_step: at = {} is not allowed: the run ends after {}",
            step.at,
            Span(duration)
        )),
        None => Ok(()),
    }
}

fn check_leave(own: &InstanceSettings, duration: Duration) -> Result<(), String> {
    let Some(leaves) = own.leaves_at else {
        return Ok(());
    };
    if leaves.0 >= duration {
        return Err(format!(
            "leaves_at = {leaves} is not allowed: the run ends after {}",
            Span(duration)
        ));
    }
    let restarts = own.restart.iter().map(|it| Interrupted::from(*it));
    let mut interrupted = own.pause.iter().copied().chain(restarts);
    match interrupted.find(|it| it.until() > leaves.0) {
        Some(it) => Err(format!(
            "leaves_at = {leaves} is not allowed, because its interruption at {} is not over: write a later \
             time",
            it.at
        )),
        None => Ok(()),
    }
}
