//! Plain lines for output without a terminal: one per second and one per transition.

use std::time::Duration;

use experiment::outcome::ClientOutcome;

use super::fleet_picture::votes;
use super::layout::remaining;
use super::picture::{InstancePicture, Picture};
use super::words::{cause, clock, percent, state};
use super::{Display, Watched};
use crate::print;

/// Prints plain lines.
pub(super) struct PlainLines {
    seconds: u64,
    transitions: u64,
    /// How often the instances had changed how they decide.
    changed: usize,
}

impl PlainLines {
    pub(super) fn new() -> Self {
        Self {
            seconds: 0,
            transitions: 0,
            changed: 0,
        }
    }
}

impl Display for PlainLines {
    fn show(&mut self, watched: &Watched) {
        let picture = Picture::of(watched);
        let unseen = picture.noted.saturating_sub(self.transitions);
        let unseen = usize::try_from(unseen).unwrap_or(usize::MAX);
        let known = picture.transitions.len().saturating_sub(unseen);
        for noted in &picture.transitions[known..] {
            print::line(&format!(
                "{:>8}  {} {} -> {}: {}",
                clock(noted.at),
                watched.names[noted.instance],
                state(noted.transition.from),
                state(noted.transition.to),
                cause(&noted.transition),
            ));
        }
        self.transitions = picture.noted;
        let changes = watched.coordinator.changes();
        // What was in force at the start stands at the head of the output.
        for change in changes.iter().skip(1 + self.changed) {
            let at = watched.fleet.elapsed(change.at);
            print::line(&format!(
                "{:>8}  coordination: {}",
                clock(at),
                change.different
            ));
        }
        self.changed = changes.len() - 1;
        let seconds = picture.elapsed.as_secs();
        if seconds > self.seconds {
            self.seconds = seconds;
            print::line(&second(&picture, seconds));
        }
    }
}

fn second(picture: &Picture, seconds: u64) -> String {
    let sum =
        |figure: fn(&InstancePicture) -> u64| -> u64 { picture.instances.iter().map(figure).sum() };
    let states = picture
        .instances
        .iter()
        .map(|instance| format!("{}={}", instance.name, instance.standing()));
    let fleet = picture.fleet.as_ref().map(|fleet| match fleet.view() {
        Some((view, _)) => format!(
            "  fleet {} ({})",
            view.verdict.as_str(),
            votes(view.votes, fleet.evidence)
        ),
        None => "  fleet not heard".to_owned(),
    });
    format!(
        "{:>8}{}  downstream {} ({} fail){}  {}  calls {} ok {} failed {} fast-fail {}",
        clock(Duration::from_secs(seconds)),
        remaining(picture),
        picture.downstream.phase,
        percent(picture.downstream.failing_share),
        fleet.unwrap_or_default(),
        states.collect::<Vec<_>>().join(" "),
        sum(|instance| instance.clients.ended()),
        sum(|instance| instance.clients[ClientOutcome::Ok]),
        sum(|instance| instance.clients.failed()),
        sum(|instance| instance.clients[ClientOutcome::FastFail]),
    )
}
