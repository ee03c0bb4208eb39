//! The summary of a run: figures per instance and fleet, and the four phenomena to observe.
//!
//! It is a function of the [`Repetition`], so it agrees with the result of the run.

use std::iter;
use std::str::FromStr;
use std::time::Duration;

use experiment::coordination::{CoordinationRecord, MemberRecord};
use experiment::count::counted;
use experiment::expectation::{Figure, Figures};
use experiment::fleet::{Belief, Calls, Divergence, FleetRecord, InstanceRecord};
use experiment::outcome::ClientOutcome;
use experiment::result::Repetition;
use fusebox::State;

use super::words::{clock, millis, number, percent, seconds, state, times};

/// The summary, line by line.
pub(super) fn lines(run: &Repetition) -> Vec<String> {
    let beliefs = run.fleet.beliefs();
    let divergence = run.fleet.divergence();
    let mut lines = vec![
        String::new(),
        format!(
            "Summary of {}, seed {}",
            seconds(Duration::from_secs_f64(run.fleet.duration_s)),
            run.seed
        ),
        String::new(),
    ];
    lines.extend(clients(run));
    lines.extend(breakers(&beliefs));
    lines.extend(stops(&run.fleet));
    lines.extend(fleet(run, &divergence));
    lines.extend(run.coordination.iter().flat_map(coordination));
    lines.push(String::new());
    lines.push("What there was to observe".to_owned());
    lines.extend([
        observation("divergence", diverged(run, &divergence)),
        observation("fast failure", fast_failure(run)),
        observation("flapping", flapping(&beliefs)),
        observation("partial degradation", partial_degradation(run)),
    ]);
    lines
}

fn clients(run: &Repetition) -> Vec<String> {
    let mut lines = vec![format!(
        "{:<18}{:>8}{:>9}{:>9}{:>11}{:>11}{:>11}",
        "what clients saw", "calls", "ok", "failed", "fast-fail", "ok p50", "ok p99",
    )];
    for target in &run.load.targets {
        let Some(part) = run.load.part(Some(&target.name), None) else {
            continue;
        };
        lines.push(format!(
            "{:<18}{:>8}{:>9}{:>9}{:>11}{:>11}{:>11}",
            target.name,
            number(part.outcomes.ended()),
            number(part.outcomes[ClientOutcome::Ok]),
            number(part.outcomes.failed()),
            number(part.outcomes[ClientOutcome::FastFail]),
            latency(part.ok.quantile(0.5)),
            latency(part.ok.quantile(0.99)),
        ));
    }
    lines.push(String::new());
    lines
}

/// What is missing to 100 % was an operator's.
fn breakers(beliefs: &[(&str, Belief)]) -> Vec<String> {
    let mut lines = vec![format!(
        "{:<18}{:>9}{:>8}{:>9}{:>11}{:>11}",
        "what breakers did", "openings", "flaps", "closed", "open", "half-open",
    )];
    for (name, belief) in beliefs {
        let share = |part: f64| percent(part / belief.watched_s.max(f64::MIN_POSITIVE));
        lines.push(format!(
            "{name:<18}{:>9}{:>8}{:>9}{:>11}{:>11}",
            number(belief.openings),
            number(belief.flaps),
            share(belief.closed_s),
            share(belief.open_s),
            share(belief.half_open_s),
        ));
    }
    lines.push(String::new());
    lines
}

/// If instances were stopped, their shares of the time are shares of the rest of it.
fn stops(fleet: &FleetRecord) -> Option<String> {
    const SHOWN: usize = 3;

    let instances = fleet.instances.iter();
    let stops: Vec<String> = instances
        .flat_map(|one| {
            let stops = one.stopped.iter();
            stops.map(|(from, until)| format!("{} from {from:.1} s to {until:.1} s", one.name))
        })
        .collect();
    let more = stops.len().saturating_sub(SHOWN);
    let more = (more > 0).then(|| format!(" and {} more", number(more as u64)));
    let shown = stops.iter().take(SHOWN).cloned().collect::<Vec<_>>();
    (!shown.is_empty()).then(|| {
        format!(
            "Stopped by an operator: {}{}.",
            shown.join(", "),
            more.unwrap_or_default()
        )
    })
}

fn fleet(run: &Repetition, divergence: &Divergence) -> [String; 2] {
    let all = asked(run);
    [
        format!(
            "Some instances were closed while others were open or half-open {} of the time.",
            percent(divergence.opens_share()),
        ),
        format!(
            "The breakers permitted {} calls, of which {} were expected to fail; they spared the downstream {} calls.",
            number(all.permitted),
            rounded(all.wasted),
            number(all.rejected),
        ),
    ]
}

/// What the instances decided together, and what that took.
fn coordination(record: &CoordinationRecord) -> [String; 2] {
    let sum = |of: fn(&MemberRecord) -> u64| record.instances.iter().map(of).sum::<u64>();
    let leases = &record.ledger.leases;
    let void = leases
        .granted
        .saturating_sub(leases.succeeded + leases.failed);
    let messages = Figure::from_str("messages").ok();
    let messages = messages.and_then(|figure| record.value(&figure));
    [
        format!(
            "The fleet ({}) opened {}, and leased {}: {} succeeded, {} failed, {} had no result.",
            modes(record),
            opened(record.ledger.openings),
            counted(leases.granted, "probe"),
            number(leases.succeeded),
            number(leases.failed),
            number(void),
        ),
        format!(
            "Vetoes: {}; went on alone: {}; localised failures: {}; messages: {:.1}/s per instance.",
            number(sum(|one| one.vetoes)),
            opened(sum(|one| one.fallbacks)),
            number(sum(|one| one.localised)),
            messages.unwrap_or(0.0),
        ),
    ]
}

/// `never`, `once`, `13 times`
fn opened(count: u64) -> String {
    match count {
        0 => "never".to_owned(),
        _ => times(count),
    }
}

/// How the instances decided, one after another: `quorum`, or `local, then quorum`.
fn modes(record: &CoordinationRecord) -> String {
    let changed = record.changes.iter().map(|change| change.mode);
    let mut modes: Vec<_> = iter::once(record.mode).chain(changed).collect();
    modes.dedup();
    let modes: Vec<_> = modes.iter().map(ToString::to_string).collect();
    modes.join(", then ")
}

/// What all instances were asked for.
fn asked(run: &Repetition) -> Calls {
    let calls = run.fleet.instances.iter().flat_map(|one| &one.calls);
    calls.fold(Calls::default(), |sum, more| sum + *more)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "an expected number of calls"
)]
fn rounded(expected: f64) -> String {
    number(expected.round() as u64)
}

/// What was seen, or what was not.
type Seen = Result<String, &'static str>;

fn observation(what: &str, seen: Seen) -> String {
    match seen {
        Ok(seen) => format!("[seen] {what}: {seen}."),
        Err(missing) => format!("[not seen] {what}: {missing}."),
    }
}

fn diverged(run: &Repetition, divergence: &Divergence) -> Seen {
    let (at, states) = divergence
        .first
        .as_ref()
        .ok_or("no instance was closed while another was open or half-open")?;
    let states = named(&run.fleet, *at, states);
    Ok(format!(
        "some instances were closed while others were open or half-open {} of the time, first at {} ({})",
        percent(divergence.opens_share()),
        clock(*at),
        states.join(", "),
    ))
}

/// The states at an instant beside the names of the instances that worked then: of one that is stopped none is known.
fn named(fleet: &FleetRecord, at: Duration, states: &[State]) -> Vec<String> {
    // Records are exact to the microsecond.
    let at_s = (at.as_secs_f64() * 1e6).round() / 1e6;
    let works = |one: &&InstanceRecord| {
        let mut stopped = one.stopped.iter();
        !stopped.any(|&(from, until)| (from..until).contains(&at_s))
    };
    let working = fleet.instances.iter().filter(works).zip(states);
    working
        .map(|(one, of)| format!("{} {}", one.name, state(*of)))
        .collect()
}

fn fast_failure(run: &Repetition) -> Seen {
    let part = run.load.part(None, None);
    let part = part.ok_or("no call was made")?;
    let fast = part.outcomes[ClientOutcome::FastFail];
    if fast == 0 {
        return Err("no call was rejected by a breaker");
    }
    let reached = run.fleet.instances.iter();
    Ok(format!(
        "breakers answered 503 {} (p50 {}) without a call: the downstream received {} calls, \
         the breakers had permitted {}",
        times(fast),
        latency(part.fast_fail.quantile(0.5)),
        number(reached.map(|one| one.downstream_calls).sum()),
        number(asked(run).permitted),
    ))
}

fn latency(seconds: Option<f64>) -> String {
    seconds.map_or("-".to_owned(), |it| millis(Duration::from_secs_f64(it)))
}

fn flapping(beliefs: &[(&str, Belief)]) -> Seen {
    let flaps: u64 = beliefs.iter().map(|(_, belief)| belief.flaps).sum();
    if flaps == 0 {
        return Err("no breaker went open → half-open → open");
    }
    let each = beliefs.iter();
    let each: Vec<_> = each
        .map(|(name, belief)| format!("{name} {}", belief.flaps))
        .collect();
    Ok(format!(
        "breakers went open → half-open → open {} ({})",
        times(flaps),
        each.join(", "),
    ))
}

fn partial_degradation(run: &Repetition) -> Seen {
    let mixed = run.fleet.mixed_seconds;
    if mixed.count == 0 {
        return Err("in no second did one instance answer 503 while another answered 200");
    }
    let first = mixed
        .first
        .map_or(String::new(), |(second, rejected, served)| {
            let name = |place: usize| run.fleet.instances.get(place).map_or("", |one| &*one.name);
            format!(
                ", first in the second from {second} s on ({} rejected, {} served)",
                name(rejected),
                name(served),
            )
        });
    let of = run.fleet.duration_s.floor().max(1.0);
    Ok(format!(
        "in {} of {of:.0} seconds one instance answered 503 while another answered 200{first}",
        number(mixed.count),
    ))
}

#[cfg(test)]
mod tests {
    use experiment::coordination::{CoordinationChange, UsedEngine};
    use experiment::scenario::CoordinationMode;
    use fusebox_fleet::Mode;

    use super::*;

    #[test]
    fn stops_are_listed_to_the_third() {
        let instance = InstanceRecord {
            name: "B".to_owned(),
            stopped: (0..5_u32)
                .map(|at| (f64::from(at), f64::from(at) + 0.5))
                .collect(),
            ..InstanceRecord::default()
        };
        let fleet = FleetRecord {
            instances: vec![instance],
            ..FleetRecord::default()
        };

        let said = stops(&fleet).unwrap();

        assert!(
            said.ends_with("B from 2.0 s to 2.5 s and 2 more."),
            "{said}"
        );
    }

    #[test]
    fn a_fleet_is_told_with_all_its_modes_and_messages_of_the_time_in_it() {
        let mut record = CoordinationRecord {
            watched_s: 100.0,
            changes: vec![CoordinationChange {
                at_s: 50.0,
                mode: CoordinationMode(Mode::Quorum),
                engine: Some(UsedEngine::Memory),
                rules: String::new(),
                different: "quorum, engine memory".to_owned(),
            }],
            instances: vec![MemberRecord {
                name: "A".to_owned(),
                sent: 50,
                received: 50,
                absent_s: 50.0,
                ..MemberRecord::default()
            }],
            ..CoordinationRecord::default()
        };
        record.ledger.leases.granted = 1;

        let [first, second] = coordination(&record);

        assert!(
            first.starts_with("The fleet (local, then quorum) opened never, and leased 1 probe: "),
            "{first}"
        );
        assert!(
            second.ends_with("messages: 2.0/s per instance."),
            "{second}"
        );
    }

    #[test]
    fn the_first_divergence_names_the_instances_that_worked_then() {
        let instance = |name: &str, stopped: &[(f64, f64)]| InstanceRecord {
            name: name.to_owned(),
            stopped: stopped.to_vec(),
            ..InstanceRecord::default()
        };
        let fleet = FleetRecord {
            instances: vec![
                instance("A", &[(2.0, 8.0)]),
                instance("B", &[]),
                instance("C", &[]),
            ],
            ..FleetRecord::default()
        };
        let at = Duration::from_secs;
        let two = [State::Open, State::Closed];
        assert_eq!(named(&fleet, at(3), &two), ["B open", "C closed"]);
        let three = [State::Closed, State::Open, State::Closed];
        assert_eq!(
            named(&fleet, at(8), &three),
            ["A closed", "B open", "C closed"]
        );
    }
}
