//! The summary of a run: figures per instance and fleet, and the four things to observe.

use std::time::Duration;

use experiment::outcome::Outcome as Reply;
use fusebox::{Outcome, State};

use super::Watched;
use super::fleet::Disagreement;
use super::picture::{InstancePicture, Picture};
use super::words::{clock, millis, number, percent, seconds, state, times};

/// The summary, line by line.
pub(super) fn lines(watched: &Watched) -> Vec<String> {
    let picture = Picture::of(watched);
    let now = picture
        .instances
        .iter()
        .map(|instance| instance.snapshot.at);
    let disagreement = watched.fleet.disagreement(now.max().unwrap_or_default());
    let mut lines = vec![
        String::new(),
        format!(
            "Summary of {}, seed {}",
            seconds(picture.elapsed),
            watched.seed
        ),
        String::new(),
    ];
    lines.extend(table(watched, &picture));
    lines.extend(fleet(&picture, &disagreement));
    lines.push(String::new());
    lines.push("What there was to observe".to_owned());
    lines.extend(observations(watched, &picture, &disagreement));
    lines
}

fn table(watched: &Watched, picture: &Picture) -> Vec<String> {
    let mut lines = vec![format!(
        "{:<18}{:>8}{:>9}{:>9}{:>11}{:>11}{:>11}",
        "what clients saw", "calls", "ok", "failed", "fast-fail", "ok p50", "ok p99",
    )];
    for (place, instance) in picture.instances.iter().enumerate() {
        let clients = &instance.clients;
        let latency = watched.record.ok_latency(place);
        lines.push(format!(
            "{:<18}{:>8}{:>9}{:>9}{:>11}{:>11}{:>11}",
            instance.name,
            number(clients.ended()),
            number(clients[Reply::Ok]),
            number(clients.failed()),
            number(clients[Reply::FastFail]),
            latency_words(latency.p50),
            latency_words(latency.p99),
        ));
    }
    lines.push(String::new());
    lines.push(format!(
        "{:<18}{:>9}{:>8}{:>9}{:>11}{:>11}",
        "what breakers did", "openings", "flaps", "closed", "open", "half-open",
    ));
    for instance in &picture.instances {
        let [closed, open, half_open] = shares(instance);
        lines.push(format!(
            "{:<18}{:>9}{:>8}{closed:>9}{open:>11}{half_open:>11}",
            instance.name,
            number(instance.openings()),
            number(instance.flaps()),
        ));
    }
    lines.push(String::new());
    lines
}

/// The share of time in closed, open and half-open; what is missing to 100 % was an operator's.
fn shares(instance: &InstancePicture) -> [String; 3] {
    let totals = &instance.snapshot.totals;
    let all: Duration = State::ALL.iter().map(|&state| totals.time_in(state)).sum();
    [State::Closed, State::Open, State::HalfOpen].map(|state| {
        let all = all.as_secs_f64().max(f64::MIN_POSITIVE);
        percent(totals.time_in(state).as_secs_f64() / all)
    })
}

fn fleet(picture: &Picture, disagreement: &Disagreement) -> [String; 2] {
    let rejected = picture
        .instances
        .iter()
        .map(InstancePicture::rejections)
        .sum();
    [
        format!(
            "The instances disagreed about the downstream {} of the time.",
            percent(disagreement.share()),
        ),
        format!(
            "{} calls reached the downstream while it was failing; the breakers spared it {} calls.",
            number(picture.downstream.counts.while_failing),
            number(rejected),
        ),
    ]
}

/// One sentence for each of the four things to observe.
fn observations(watched: &Watched, picture: &Picture, disagreement: &Disagreement) -> [String; 4] {
    [
        observation("divergence", divergence(watched, disagreement)),
        observation("fast failure", fast_failure(watched, picture)),
        observation("flapping", flapping(picture)),
        observation("partial degradation", partial_degradation(watched, picture)),
    ]
}

/// What was seen, or what was not.
type Observed = Result<String, &'static str>;

fn observation(what: &str, observed: Observed) -> String {
    match observed {
        Ok(seen) => format!("[seen] {what}: {seen}."),
        Err(missing) => format!("[not seen] {what}: {missing}."),
    }
}

fn divergence(watched: &Watched, disagreement: &Disagreement) -> Observed {
    let (at, states) = disagreement
        .first
        .as_ref()
        .ok_or("all instances were in the same state all the time")?;
    let states = watched.names.iter().zip(states);
    let states: Vec<_> = states
        .map(|(name, of)| format!("{name} {}", state(*of)))
        .collect();
    Ok(format!(
        "the instances were in different states {} of the time, first at {} ({})",
        percent(disagreement.share()),
        clock(*at),
        states.join(", "),
    ))
}

fn fast_failure(watched: &Watched, picture: &Picture) -> Observed {
    let fast: u64 = picture
        .instances
        .iter()
        .map(|it| it.clients[Reply::FastFail])
        .sum();
    if fast == 0 {
        return Err("no call was rejected by a breaker");
    }
    let permitted: u64 = picture.instances.iter().map(permitted).sum();
    Ok(format!(
        "breakers answered 503 {} (p50 {}) without a call: the downstream received {} calls, \
         the breakers had permitted {}",
        times(fast),
        latency_words(watched.record.fast_latency().p50),
        number(picture.downstream.counts.received()),
        number(permitted),
    ))
}

fn latency_words(seconds: Option<f64>) -> String {
    seconds.map_or("-".to_owned(), |it| millis(Duration::from_secs_f64(it)))
}

fn permitted(instance: &InstancePicture) -> u64 {
    let totals = &instance.snapshot.totals;
    Outcome::ALL
        .iter()
        .map(|&outcome| totals.calls(outcome))
        .sum()
}

fn flapping(picture: &Picture) -> Observed {
    let flaps: u64 = picture.instances.iter().map(InstancePicture::flaps).sum();
    if flaps == 0 {
        return Err("no breaker went open → half-open → open");
    }
    let each = picture.instances.iter();
    let each: Vec<_> = each
        .map(|it| format!("{} {}", it.name, it.flaps()))
        .collect();
    Ok(format!(
        "breakers went open → half-open → open {} ({})",
        times(flaps),
        each.join(", "),
    ))
}

fn partial_degradation(watched: &Watched, picture: &Picture) -> Observed {
    let mixed = watched.record.mixed_seconds();
    let (second, rejecting, serving) = mixed
        .first
        .ok_or("in no second did one instance answer 503 while another answered 200")?;
    Ok(format!(
        "in {} of {} seconds one instance answered 503 while another answered 200, first at {} \
         ({} rejected, {} served)",
        number(mixed.count),
        number(picture.elapsed.as_secs().max(1)),
        clock(Duration::from_secs(second)),
        watched.names[rejecting],
        watched.names[serving],
    ))
}
