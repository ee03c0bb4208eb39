//! The rules about opinions, members, orders and news.

use std::sync::Arc;

use super::Check;
use super::stage::{MS, Stage, builder, ensure, sender, settings};
use crate::command::Order;
use crate::counts::Counts;
use crate::message::ReportRefused;
use crate::mode::Mode;
use crate::name::Session;
use crate::opinion::Opinion::{Fine, Idle, Suspect};
use crate::view::Votes;

pub(super) const RULES: &[(&str, Check)] = &[
    ("a_quorum_opens_and_less_does_not", |stage| {
        Box::pin(quorum(stage))
    }),
    ("an_idle_instance_has_no_vote", |stage| {
        Box::pin(idle(stage))
    }),
    ("a_repeated_report_changes_nothing", |stage| {
        Box::pin(repeated(stage))
    }),
    ("a_name_belongs_to_one_process", |stage| {
        Box::pin(names(stage))
    }),
    ("other_settings_do_not_vote", |stage| {
        Box::pin(other_settings(stage))
    }),
    ("a_silent_instance_lapses", |stage| Box::pin(lapses(stage))),
    ("an_instance_that_leaves_is_gone", |stage| {
        Box::pin(leaves(stage))
    }),
    ("nobody_suspects_and_the_verdict_ends", |stage| {
        Box::pin(deserted(stage))
    }),
    ("an_order_is_kept_and_brought_back", |stage| {
        Box::pin(orders(stage))
    }),
    ("changes_are_told", |stage| Box::pin(events(stage))),
    ("an_engine_that_forgot_begins_a_new_life", |stage| {
        Box::pin(forgets(stage))
    }),
    ("merged_counts_open", |stage| Box::pin(counts(stage))),
    ("in_advisory_mode_the_verdict_follows_the_votes", |stage| {
        Box::pin(advisory(stage))
    }),
    ("a_peek_changes_nothing", |stage| Box::pin(peeks(stage))),
];

async fn quorum(stage: &mut Stage<'_>) -> Result<(), String> {
    for number in 0..6 {
        stage.say(number, Fine).await?;
    }
    for number in 6..9 {
        stage.say(number, Suspect).await?;
    }
    let four = stage.say(9, Suspect).await?;
    ensure(!four.verdict.is_open(), "four of ten opened", four)?;
    ensure(four.votes == Votes::new(10, 4, 5), "miscounted", four)?;
    let five = stage.say(5, Suspect).await?;
    ensure(five.verdict.is_open(), "five of ten did not open", five)?;
    let next = four.era.epoch.next();
    ensure(
        five.era.epoch == next,
        "the epoch did not grow by one",
        five,
    )
}

async fn idle(stage: &mut Stage<'_>) -> Result<(), String> {
    for number in 10..27 {
        stage.say(number, Idle).await?;
    }
    stage.open().await.map(drop)
}

async fn repeated(stage: &mut Stage<'_>) -> Result<(), String> {
    let first = stage.report_of(1, Suspect);
    stage.send(&first).await?;
    let last = stage.say(1, Fine).await?;
    let again = stage.send(&first).await?;
    ensure(
        again.votes.suspects == 0,
        "an overtaken report counted",
        again,
    )?;
    ensure(again.revision == last.revision, "it was written", again)
}

async fn names(stage: &mut Stage<'_>) -> Result<(), String> {
    stage.say(1, Fine).await?;
    let mut second = stage.report_of(1, Suspect);
    second.from.session = Session::new(99);
    let refused = stage.refused(&second).await?;
    ensure(
        refused == ReportRefused::NameTaken,
        "refused otherwise",
        refused,
    )?;
    let standing = stage.peek().await?;
    ensure(
        standing.view.votes.suspects == 0,
        "a refused report counted",
        standing,
    )?;
    stage.pass(stage.settings.member_for() + 10 * MS).await;
    stage.send(&second).await.map(drop)
}

async fn other_settings(stage: &mut Stage<'_>) -> Result<(), String> {
    stage.say(1, Fine).await?;
    let mut other = stage.report_of(2, Suspect);
    let changed = builder(Mode::Quorum).quorum_share(0.1).build();
    other.settings = Arc::new(changed.map_err(|error| error.to_string())?);
    let fleet = stage.settings.fingerprint();
    let given = other.settings.fingerprint();
    let refused = stage.refused(&other).await?;
    let expected = ReportRefused::SettingsDiffer { fleet, given };
    ensure(refused == expected, "refused otherwise", refused)?;
    let standing = stage.peek().await?;
    ensure(standing.members.len() == 1, "it became a member", standing)
}

async fn lapses(stage: &mut Stage<'_>) -> Result<(), String> {
    for number in 0..20 {
        stage.say(number, Fine).await?;
    }
    stage.pass(stage.settings.member_for() + 10 * MS).await;
    let view = stage.open().await?;
    ensure(
        view.votes == Votes::new(2, 2, 2),
        "the need did not follow",
        view,
    )
}

async fn leaves(stage: &mut Stage<'_>) -> Result<(), String> {
    stage.say(1, Fine).await?;
    stage.say(2, Fine).await?;
    let mut stranger = sender(1);
    stranger.session = Session::new(99);
    stage.leave(&stranger).await?;
    let all = stage.peek().await?;
    ensure(all.members.len() == 2, "a stranger took a member away", all)?;
    stage.leave(&sender(1)).await?;
    let one = stage.peek().await?;
    ensure(one.members.len() == 1, "it is still there", one)
}

async fn deserted(stage: &mut Stage<'_>) -> Result<(), String> {
    stage.open().await?;
    stage.say(1, Fine).await?;
    let soon = stage.say(2, Fine).await?;
    ensure(
        soon.verdict.is_open(),
        "it ended before anybody could follow",
        soon,
    )?;
    stage.pass(stage.settings.member_for() + 10 * MS).await;
    let view = stage.say(1, Fine).await?;
    ensure(
        !view.verdict.is_open(),
        "an open verdict without suspects stays",
        view,
    )
}

async fn orders(stage: &mut Stage<'_>) -> Result<(), String> {
    let told = stage.order(Order::ForceOpen).await?.command;
    let heard = stage.say(1, Fine).await?.command;
    ensure(
        heard == told && heard.order == Order::ForceOpen,
        "not told",
        heard,
    )?;
    let next = stage.order(Order::Automatic).await?.command;
    ensure(next.is_newer_than(told), "the number did not grow", next)?;
    let again = stage.order(Order::Automatic).await?.command;
    stage.forget().await;
    stage.era = None;
    let mut report = stage.report_of(1, Fine);
    report.command = again;
    let back = stage.send(&report).await?.command;
    ensure(back == again, "it was not brought back", back)
}

async fn events(stage: &mut Stage<'_>) -> Result<(), String> {
    let mut events = stage.events();
    let opened = stage.open().await?;
    let told = events.next().await;
    let era = told.map(|view| view.era);
    ensure(era == Some(opened.era), "the opening was not told", told)?;
    let ordered = stage.order(Order::Disable).await?;
    let told = events.next().await;
    let command = told.map(|view| view.command);
    ensure(
        command == Some(ordered.command),
        "the order was not told",
        told,
    )
}

async fn forgets(stage: &mut Stage<'_>) -> Result<(), String> {
    let before = stage.open().await?;
    stage.forget().await;
    let after = stage.say(1, Suspect).await?;
    let other = before.era.incarnation != after.era.incarnation;
    ensure(other, "the same life went on", after)?;
    ensure(!after.verdict.is_open(), "it is open with one vote", after)
}

async fn counts(stage: &mut Stage<'_>) -> Result<(), String> {
    let pooled = builder(Mode::Pooled).pool_window(10).build();
    stage.settings = Arc::new(pooled.map_err(|error| error.to_string())?);
    if !stage.promises().merged_counts {
        let mut report = stage.report_of(1, Fine);
        report.counts = Counts::new(0, 20);
        return stage.unavailable(&report).await;
    }
    stage.say(1, Fine).await?;
    let mut report = stage.report_of(2, Fine);
    report.counts = Counts::new(0, 9);
    let few = stage.send(&report).await?;
    ensure(
        !few.verdict.is_open(),
        "nine failures opened, and the merged window holds twenty calls",
        few,
    )?;
    let mut report = stage.report_of(1, Fine);
    report.counts = Counts::new(6, 0);
    let young = stage.send(&report).await?;
    ensure(
        !young.verdict.is_open(),
        "nine of fifteen opened before the merged window was full",
        young,
    )?;
    let mut report = stage.report_of(1, Fine);
    report.counts = Counts::new(0, 1);
    let enough = stage.send(&report).await?;
    ensure(
        enough.verdict.is_open(),
        "ten failures of sixteen did not open, and twenty calls with ten do",
        enough,
    )
}

async fn advisory(stage: &mut Stage<'_>) -> Result<(), String> {
    stage.settings = settings(Mode::Advisory);
    stage.open().await?;
    let view = stage.say(1, Fine).await?;
    ensure(
        !view.verdict.is_open(),
        "it stays open without a quorum",
        view,
    )
}

async fn peeks(stage: &mut Stage<'_>) -> Result<(), String> {
    let nobody = stage.peek().await?;
    ensure(nobody.members.is_empty(), "a fresh key has members", nobody)?;
    let view = stage.say(1, Suspect).await?;
    let standing = stage.peek().await?;
    let again = stage.peek().await?;
    let is_same = |revision| !stage.promises().one_revision || revision == view.revision;
    let unchanged = is_same(standing.view.revision) && is_same(again.view.revision);
    ensure(unchanged, "it was written", &standing)?;
    let rules = Some(stage.settings.fingerprint());
    ensure(
        standing.rules == rules,
        "other settings are shown",
        &standing,
    )?;
    let suspects = standing
        .members
        .iter()
        .any(|member| member.opinion == Suspect);
    ensure(suspects, "the suspect is not shown", standing)
}
