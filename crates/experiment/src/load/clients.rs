//! Clients: their decisions after each attempt.
//!
//! A value without a clock: whether a request is tried again, and after which wait, follows from its attempts, its
//! luck, its outcome, and the budget that all clients share. The performer of the run does the waiting.

use std::time::Duration;

use super::retries::{Budget, Retries};
use crate::chance::Draw;
use crate::outcome::ClientOutcome;

/// How long a client of a closed loop waits after a refused connection, so that it does not spin.
const REFUSED_TIME: Duration = Duration::from_millis(10);

/// The clients of a run, who share one retry policy and its budget.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use experiment::load::{Clients, Next};
/// use experiment::outcome::ClientOutcome;
///
/// let mut clients = Clients::new(&"immediate:attempts=2".parse()?);
/// let again = Next::Again { wait: Duration::ZERO };
/// assert_eq!(clients.after(1, 7, ClientOutcome::Timeout), again);
/// assert_eq!(clients.after(2, 7, ClientOutcome::Timeout), Next::End);
/// assert_eq!(clients.after(1, 7, ClientOutcome::Ok), Next::End);
/// # Ok::<(), String>(())
/// ```
#[derive(Clone, Debug)]
pub struct Clients {
    retries: Retries,
    budget: Option<Budget>,
}

/// What follows an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// The request ends with the attempt's outcome.
    End,
    /// It has another attempt.
    Again {
        /// How long the next attempt waits; zero for at once.
        wait: Duration,
    },
}

impl Clients {
    /// Makes clients with these retries.
    pub fn new(retries: &Retries) -> Self {
        Self {
            budget: retries.budget(),
            retries: retries.clone(),
        }
    }

    /// Returns what follows for a request of this `luck` of which `attempts` were made, the last of which ended with
    /// `outcome`. Call it once after each attempt: the budget counts requests by their first attempt, and takes a
    /// token for each retry.
    pub fn after(&mut self, attempts: u32, luck: u64, outcome: ClientOutcome) -> Next {
        let share = || Draw::new(luck).number(attempts.into()).share();
        let wait = self.retries.wait(attempts, outcome, share);
        if let Some(budget) = &mut self.budget {
            if attempts == 1 {
                budget.request();
            }
            if wait.is_some() && !budget.retry() {
                return Next::End;
            }
        }
        wait.map_or(Next::End, |wait| Next::Again { wait })
    }

    /// Returns how long a client of a closed loop waits before its next request after `outcome`: 10 ms when no
    /// connection was made, and otherwise not at all.
    pub fn pause_after(outcome: ClientOutcome) -> Duration {
        match outcome {
            ClientOutcome::ConnectRefused | ClientOutcome::OwnShortage => REFUSED_TIME,
            _ => Duration::ZERO,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clients(retries: &str) -> Clients {
        Clients::new(&retries.parse().unwrap())
    }

    #[test]
    fn the_same_luck_waits_as_long_and_another_luck_does_not() {
        let mut clients = clients("exponential:attempts=9,base=100ms,factor=1");
        let mut wait = |attempts, luck| match clients.after(attempts, luck, ClientOutcome::Timeout)
        {
            Next::Again { wait } => wait.as_secs_f64(),
            Next::End => f64::NAN,
        };

        assert_eq!(wait(1, 5).to_bits(), wait(1, 5).to_bits());
        assert_ne!(wait(1, 5).to_bits(), wait(1, 6).to_bits());
        assert_ne!(wait(1, 5).to_bits(), wait(2, 5).to_bits());
        let mean = (0..4000).map(|luck| wait(1, luck)).sum::<f64>() / 4000.0;
        // Evenly from nothing to 100 ms: the standard error is 0.46 ms.
        assert!((mean - 0.05).abs() < 0.0014, "{mean}");
    }

    #[test]
    fn all_clients_share_one_budget_which_first_attempts_fill() {
        let mut clients = clients("immediate:attempts=10,budget=0.2");
        let mut retries = 0;
        for luck in 0..1000 {
            for attempts in 1.. {
                if clients.after(attempts, luck, ClientOutcome::Timeout) == Next::End {
                    break;
                }
                retries += 1;
            }
        }
        // Ten to begin with, and a fifth of a token a request.
        assert!((205..=210).contains(&retries), "{retries}");

        for luck in 0..10 {
            // Successes fill it as well, and take nothing.
            assert_eq!(clients.after(1, luck, ClientOutcome::Ok), Next::End);
        }
        let tried = (0..10).filter(|_| clients.after(2, 0, ClientOutcome::Reset) != Next::End);
        assert_eq!(tried.count(), 2);
    }

    #[test]
    fn only_who_found_nobody_pauses_in_a_closed_loop() {
        for outcome in ClientOutcome::ALL {
            let found_nobody = matches!(
                outcome,
                ClientOutcome::ConnectRefused | ClientOutcome::OwnShortage
            );
            let pause = if found_nobody { 10 } else { 0 };
            assert_eq!(
                Clients::pause_after(outcome),
                Duration::from_millis(pause),
                "{outcome}"
            );
        }
    }
}
