//! The downstream as one call meets it: which reply an instance sees, and after how long.

use std::time::Duration;

use experiment::faults::{Call, Ending, Fate, Plan, Player};
use experiment::outcome::Outcome;
use experiment::overload::{Arrival, Crowd, Start, Workplace};

/// The unreliable service.
pub(crate) struct Service {
    player: Player,
    workplace: Option<Workplace>,
    can_refuse: bool,
    path: String,
    keys: Vec<String>,
    callers: Vec<String>,
}

/// What an instance sees of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reply {
    Answered {
        status: u16,
        retry_after: Option<Duration>,
    },
    TimedOut,
    Broken,
    /// The client left before.
    Abandoned,
}

/// What a call meets.
pub(crate) struct Meeting {
    pub(crate) reply: Reply,
    /// How long it takes after the work.
    pub(crate) after: Duration,
    pub(crate) work: Work,
}

pub(crate) enum Work {
    None,
    Started { until: Duration },
    Queued,
}

impl Service {
    pub(crate) fn new(plan: &Plan, callers: &[String], path: &str, keys: u64) -> Self {
        let below = path.trim_start_matches("call");
        let player = Player::new(plan.clone());
        Self {
            can_refuse: player.can_refuse(),
            workplace: plan
                .overload
                .clone()
                .map(|settings| Workplace::new(settings, plan.seed)),
            keys: (0..if plan.rules.is_empty() { 0 } else { keys })
                .map(|key| key.to_string())
                .collect(),
            player,
            path: format!("/data{below}"),
            callers: callers.to_vec(),
        }
    }

    /// What a call meets that comes at `now`; `id` names its work.
    pub(crate) fn meet(&mut self, now: Duration, caller: u32, key: u32, id: u32) -> Meeting {
        if self.can_refuse && self.player.refuses(now) {
            return Meeting {
                reply: Reply::Broken,
                after: Duration::ZERO,
                work: Work::None,
            };
        }
        let call = Call {
            caller: &self.callers[caller as usize],
            key: self.keys.get(key as usize).map(String::as_str),
            path: &self.path,
        };
        let fate = self.player.fate(now, &call);
        let mut work = Work::None;
        if let Some(workplace) = &mut self.workplace {
            let factor = self.player.plan().at(now).service_factor();
            workplace.set_service_factor(factor);
            work = match workplace.arrive(now, id.into()) {
                Arrival::Started { until } => Work::Started { until },
                Arrival::Queued => Work::Queued,
                Arrival::Full => {
                    return Meeting {
                        reply: Reply::Answered {
                            status: 503,
                            retry_after: None,
                        },
                        after: Duration::ZERO,
                        work: Work::None,
                    };
                }
            };
        }
        let (reply, after) = reply_of(&fate);
        Meeting { reply, after, work }
    }

    pub(crate) fn work_done(&mut self, now: Duration, id: u32) -> Option<Start> {
        self.workplace.as_mut()?.finished(now, id.into())
    }

    pub(crate) fn abandon(&mut self, now: Duration, id: u32) -> Option<Start> {
        self.workplace.as_mut()?.abandon(now, id.into())
    }

    pub(crate) fn truths(&mut self, now: Duration) -> Vec<f64> {
        let crowd: Option<Crowd> = self.workplace.as_ref().map(Workplace::crowd);
        self.player.truth_of_each(now, &self.callers, crowd)
    }

    pub(crate) fn phase(&self, now: Duration) -> String {
        self.player.plan().at(now).phase.name.clone()
    }
}

fn reply_of(fate: &Fate) -> (Reply, Duration) {
    let answered = |status| Reply::Answered {
        status,
        retry_after: None,
    };
    let reply = match &fate.ending {
        Ending::Success => {
            let body = fate.slow_body.map_or(Duration::ZERO, |slow| slow.over);
            return (answered(200), fate.delay + body);
        }
        Ending::WrongBody(_) => answered(200),
        Ending::Status {
            code,
            retry_after_s,
            ..
        } => Reply::Answered {
            status: *code,
            retry_after: retry_after_s.map(|seconds| Duration::from_secs(seconds.into())),
        },
        Ending::Hang => answered(504),
        Ending::Truncate { .. } | Ending::Reset | Ending::Close | Ending::Garbage => Reply::Broken,
    };
    (reply, fate.delay)
}

impl Reply {
    pub(crate) fn is_success(self) -> bool {
        matches!(self, Self::Answered { status, .. } if status < 500 && status != 429)
    }

    pub(crate) fn retry_after(self) -> Option<Duration> {
        match self {
            Self::Answered { retry_after, .. } => retry_after,
            _ => None,
        }
    }

    pub(crate) fn client_outcome(self) -> Outcome {
        match self {
            Self::Abandoned => Outcome::Timeout,
            Self::Answered { status, .. } if self.is_success() => Outcome::of_status(status, true),
            _ => Outcome::DownstreamError,
        }
    }
}
