//! The rules about probing, leases and closing.

use std::sync::Arc;

use super::Check;
use super::stage::{LEASE, MS, SLACK, Stage, builder, ensure, settings};
use crate::message::{AcquireRefused, ProbeResult};
use crate::mode::Mode;
use crate::number::Epoch;
use crate::opinion::Opinion::{Fine, Suspect};
use crate::view::{Era, Verdict, Votes};

pub(super) const RULES: &[(&str, Check)] = &[
    ("a_lease_has_its_time", |stage| Box::pin(early(stage))),
    ("a_stale_epoch_gets_no_lease", |stage| {
        Box::pin(stale(stage))
    }),
    ("one_lease_at_a_time", |stage| Box::pin(one(stage))),
    ("refusals_do_not_keep_a_dead_lease_alive", |stage| {
        Box::pin(hammered(stage))
    }),
    ("a_late_or_foreign_result_is_fenced", |stage| {
        Box::pin(fenced(stage))
    }),
    ("a_good_probe_closes_and_deletes_the_suspects", |stage| {
        Box::pin(closes(stage))
    }),
    ("votes_from_before_the_closing_do_not_reopen", |stage| {
        Box::pin(old_votes(stage))
    }),
    ("a_failed_probe_doubles_the_wait", |stage| {
        Box::pin(doubles(stage))
    }),
    ("after_a_failed_probe_another_goes_first", |stage| {
        Box::pin(another(stage))
    }),
    ("as_many_good_probes_as_are_set_close", |stage| {
        Box::pin(several(stage))
    }),
    ("a_void_probe_settles_nothing", |stage| {
        Box::pin(void(stage))
    }),
    ("the_lease_of_one_that_leaves_is_free", |stage| {
        Box::pin(leaver(stage))
    }),
    ("where_each_probes_any_good_probe_closes", |stage| {
        Box::pin(each(stage))
    }),
];

async fn early(stage: &mut Stage<'_>) -> Result<(), String> {
    let view = stage.open().await?;
    let Verdict::Open { next_probe_in } = view.verdict else {
        return Err("closed".to_owned());
    };
    let gap = stage.settings.first_gap(2);
    ensure(
        next_probe_in <= gap && next_probe_in + SLACK >= gap,
        "another gap",
        view,
    )?;
    let refused = stage.no_lease(&stage.ask_of(1)).await?;
    let AcquireRefused::Early { wait } = refused else {
        return Err(format!("refused otherwise: {refused:?}"));
    };
    ensure(wait <= gap, "a longer wait", wait)?;
    stage.pass(wait + SLACK).await;
    let lease = stage.lease(1).await?;
    ensure(lease.lasts == LEASE, "another lease", lease)
}

async fn stale(stage: &mut Stage<'_>) -> Result<(), String> {
    stage.open_and_wait().await?;
    let mut ask = stage.ask_of(1);
    let now = ask.era;
    ask.era = Era::new(now.incarnation, Epoch::new(0));
    let old = stage.no_lease(&ask).await?;
    ensure(old == AcquireRefused::Stale, "an old epoch", old)?;
    ask.era = Era::new(now.incarnation.next(), now.epoch);
    let other = stage.no_lease(&ask).await?;
    ensure(other == AcquireRefused::Stale, "another life", other)
}

async fn one(stage: &mut Stage<'_>) -> Result<(), String> {
    stage.open_and_wait().await?;
    let first = stage.lease(1).await?;
    for number in 0..50 {
        let refused = stage.no_lease(&stage.ask_of(number)).await?;
        let busy = matches!(refused, AcquireRefused::Busy { remaining } if remaining <= LEASE);
        ensure(busy, "refused otherwise", refused)?;
    }
    let standing = stage.peek().await?;
    let prober = standing
        .prober
        .as_ref()
        .map(|prober| prober.instance.as_str());
    ensure(prober == Some("i1"), "another prober is shown", &standing)?;
    stage.pass(LEASE + SLACK).await;
    let second = stage.lease(2).await?;
    ensure(second.token > first.token, "the fence did not grow", second)
}

async fn hammered(stage: &mut Stage<'_>) -> Result<(), String> {
    stage.open_and_wait().await?;
    stage.lease(1).await?;
    let mut left = LEASE;
    let step = 50 * MS;
    // Each round takes a step at least; with a real server it may take longer.
    while left > 2 * step {
        let refused = stage.no_lease(&stage.ask_of(2)).await?;
        let AcquireRefused::Busy { remaining } = refused else {
            return Err(format!("refused otherwise: {refused:?}"));
        };
        ensure(remaining <= left, "the lease was prolonged", remaining)?;
        stage.say(2, Suspect).await?;
        stage.pass(step).await;
        left = remaining.saturating_sub(step);
    }
    stage.pass(left + SLACK).await;
    stage.lease(2).await.map(drop)
}

async fn fenced(stage: &mut Stage<'_>) -> Result<(), String> {
    stage.open_and_wait().await?;
    let first = stage.lease(1).await?;
    stage.fenced(2, first).await?;
    stage.pass(LEASE + SLACK).await;
    stage.fenced(1, first).await?;
    let second = stage.lease(2).await?;
    stage.fenced(1, first).await?;
    stage.fenced(1, second).await?;
    let view = stage.settle((2, second), ProbeResult::Succeeded).await?;
    ensure(!view.verdict.is_open(), "the right one did not close", view)?;
    stage.fenced(2, second).await.map(drop)
}

async fn closes(stage: &mut Stage<'_>) -> Result<(), String> {
    stage.open_and_wait().await?;
    let open = stage.peek().await?.view;
    let lease = stage.lease(1).await?;
    let view = stage.settle((1, lease), ProbeResult::Succeeded).await?;
    ensure(!view.verdict.is_open(), "still open", view)?;
    ensure(
        view.era.epoch == open.era.epoch.next(),
        "another epoch",
        view,
    )?;
    ensure(view.votes == Votes::new(2, 0, 2), "other votes", view)
}

async fn old_votes(stage: &mut Stage<'_>) -> Result<(), String> {
    stage.open_and_wait().await?;
    let late = [1, 2].map(|number| stage.report_of(number, Suspect));
    let lease = stage.lease(1).await?;
    stage.settle((1, lease), ProbeResult::Succeeded).await?;
    for report in &late {
        let view = stage.send(report).await?;
        ensure(view.votes.suspects == 0, "an old vote counts", view)?;
    }
    stage.open().await.map(drop)
}

async fn doubles(stage: &mut Stage<'_>) -> Result<(), String> {
    stage.open_and_wait().await?;
    let lease = stage.lease(1).await?;
    let view = stage.settle((1, lease), ProbeResult::Failed).await?;
    let Verdict::Open { next_probe_in } = view.verdict else {
        return Err("a failed probe closed".to_owned());
    };
    let gap = stage.settings.gap(2, 1);
    ensure(
        next_probe_in <= gap && next_probe_in + SLACK >= gap,
        "another gap",
        view,
    )?;
    let standing = stage.peek().await?;
    ensure(standing.failed_probes == 1, "miscounted", standing)
}

async fn another(stage: &mut Stage<'_>) -> Result<(), String> {
    stage.open_and_wait().await?;
    let lease = stage.lease(1).await?;
    let view = stage.settle((1, lease), ProbeResult::Failed).await?;
    stage.wait_for_probe(view).await?;
    let refused = stage.no_lease(&stage.ask_of(1)).await?;
    let early = matches!(refused, AcquireRefused::Early { .. });
    ensure(early, "the failed prober went first", refused)?;
    let lease = stage.lease(2).await?;
    let view = stage.settle((2, lease), ProbeResult::Failed).await?;
    stage.wait_for_probe(view).await?;
    stage.say(1, Fine).await?;
    stage.lease(2).await.map(drop)
}

async fn several(stage: &mut Stage<'_>) -> Result<(), String> {
    let two = builder(Mode::Quorum).probes_to_close(2).build();
    stage.settings = Arc::new(two.map_err(|error| error.to_string())?);
    stage.open_and_wait().await?;
    let first = stage.lease(1).await?;
    let view = stage.settle((1, first), ProbeResult::Succeeded).await?;
    ensure(view.verdict.is_open(), "one of two closed", view)?;
    let second = stage.lease(1).await?;
    let view = stage.settle((1, second), ProbeResult::Succeeded).await?;
    ensure(!view.verdict.is_open(), "two of two did not close", view)
}

async fn void(stage: &mut Stage<'_>) -> Result<(), String> {
    stage.open_and_wait().await?;
    let before = stage.peek().await?.view;
    let lease = stage.lease(1).await?;
    let view = stage.settle((1, lease), ProbeResult::Void).await?;
    ensure(view.era == before.era, "it decided", view)?;
    let standing = stage.peek().await?;
    ensure(
        standing.failed_probes == 0,
        "it counted as failed",
        &standing,
    )?;
    ensure(standing.prober.is_some(), "it ended the lease", standing)
}

async fn leaver(stage: &mut Stage<'_>) -> Result<(), String> {
    stage.open_and_wait().await?;
    stage.lease(1).await?;
    stage.leave(&super::stage::sender(1)).await?;
    stage.lease(2).await.map(drop)
}

async fn each(stage: &mut Stage<'_>) -> Result<(), String> {
    stage.settings = settings(Mode::AnyOpen);
    stage.say(2, Fine).await?;
    let view = stage.say(1, Suspect).await?;
    ensure(
        view.verdict.is_open(),
        "one trip did not open the contrast",
        view,
    )?;
    let Verdict::Open { next_probe_in } = view.verdict else {
        return Err("closed".to_owned());
    };
    stage.pass(next_probe_in + SLACK).await;
    let first = stage.lease(1).await?;
    let second = stage.lease(2).await?;
    let view = stage.settle((1, first), ProbeResult::Failed).await?;
    ensure(view.verdict.is_open(), "a failed probe closed", view)?;
    let view = stage.settle((2, second), ProbeResult::Succeeded).await?;
    ensure(!view.verdict.is_open(), "a good probe did not close", view)
}
