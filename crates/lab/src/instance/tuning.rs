//! The settings of an instance's breaker, which can be changed while it works.
//!
//! A change is checked as a whole, by the same rules as at the start, before any of it takes effect. The breaker
//! keeps its evidence as far as it still means something ([`Breaker::reconfigure`]).

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use fusebox::{Breaker, Config};
use serde::de::Error;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use tokio::time::Instant;

use crate::journal::Journal;
use crate::settings::BreakerSettings;

/// The settings of one breaker. Clones share them.
#[derive(Clone, Debug)]
pub(crate) struct Tuning {
    instance: Arc<str>,
    breaker: Breaker,
    settings: Arc<Mutex<BreakerSettings>>,
    journal: Arc<Journal<Tuned>>,
}

/// The settings of a breaker since they were changed, as they are written and as it has them.
#[derive(Clone, Debug)]
pub(crate) struct Tuned {
    pub(crate) settings: BreakerSettings,
    pub(crate) config: Config,
}

impl Tuning {
    /// The settings of a breaker that uses them.
    pub(super) fn new(instance: &str, breaker: &Breaker, settings: BreakerSettings) -> Self {
        Self {
            instance: instance.into(),
            breaker: breaker.clone(),
            settings: Arc::new(Mutex::new(settings.settled())),
            journal: Arc::default(),
        }
    }

    /// All settings that are in force.
    pub(crate) fn settings(&self) -> BreakerSettings {
        *self.lock()
    }

    /// The changes of the settings of each since the last time, for whoever shows them. Those of one order have one
    /// instant, and are taken together.
    pub(crate) fn take_all(all: &[Self]) -> Vec<VecDeque<(Instant, Tuned)>> {
        // An order holds these until it has noted all that it changes.
        let _held: Vec<_> = all.iter().map(Self::lock).collect();
        all.iter().map(|one| one.journal.take()).collect()
    }

    /// Puts the stated settings in force, here and in all of `others`, or in none.
    ///
    /// # Errors
    ///
    /// The wrong instance and setting, and what is allowed; then nothing has changed.
    pub(crate) fn change_all(all: &[Self], change: BreakerSettings) -> Result<(), String> {
        Self::put_all(all, |_, own| own.changed_by(change))
    }

    /// Puts these settings in force, one for each, or none of them.
    ///
    /// # Errors
    ///
    /// As [`change_all`](Self::change_all).
    pub(crate) fn set_all(all: &[Self], settings: &[BreakerSettings]) -> Result<(), String> {
        Self::put_all(all, |place, _| settings[place])
    }

    /// Of two changes at the same time, the later one starts from the result of the earlier one.
    fn put_all(
        all: &[Self],
        to: impl Fn(usize, BreakerSettings) -> BreakerSettings,
    ) -> Result<(), String> {
        let mut owned: Vec<_> = all.iter().map(Self::lock).collect();
        let before = owned.iter().enumerate();
        let settings: Vec<_> = before
            .map(|(place, own)| to(place, **own).settled())
            .collect();
        let configs = all.iter().zip(&settings);
        let configs = configs.map(|(one, settings)| one.config(*settings));
        let configs: Vec<Config> = configs.collect::<Result<_, _>>()?;
        let at = Instant::now();
        for (place, config) in configs.into_iter().enumerate() {
            all[place].breaker.reconfigure(config.clone());
            let settings = settings[place];
            let before = std::mem::replace(&mut *owned[place], settings);
            if before != settings {
                all[place].journal.note(at, Tuned { settings, config });
            }
        }
        Ok(())
    }

    /// Chance stays where it comes from.
    fn config(&self, settings: BreakerSettings) -> Result<Config, String> {
        let seed = self.breaker.config().jitter_seed().unwrap_or_default();
        let config = settings.config(seed);
        config.map_err(|error| format!("breaker of instance {}: {error}", self.instance))
    }

    fn lock(&self) -> MutexGuard<'_, BreakerSettings> {
        self.settings.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A change of settings as an operator writes it: an object with one setting or more.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SettingsChange(pub(crate) BreakerSettings);

impl<'de> Deserialize<'de> for SettingsChange {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        const EXAMPLE: &str = "write an object of settings, such as {\"open_for\": \"3s\"}";
        let written = Value::deserialize(deserializer)?;
        let Some(members) = written.as_object() else {
            return Err(D::Error::custom(format!(
                "{written} is not allowed: {EXAMPLE}"
            )));
        };
        if members.is_empty() {
            return Err(D::Error::custom(format!("nothing is set: {EXAMPLE}")));
        }
        if let Some((key, _)) = members.iter().find(|(_, value)| value.is_null()) {
            return Err(D::Error::custom(format!(
                "{key} = null is not allowed: write a value, `off` where the setting has one, or leave the key out"
            )));
        }
        experiment::reading::parse_json(written.to_string().as_bytes())
            .map(Self)
            .map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use fusebox::{Config, State};

    use super::*;

    fn tuning(instance: &str, settings: &str) -> Tuning {
        let settings: BreakerSettings = serde_json::from_str(settings).unwrap();
        let breaker = Breaker::new("d", settings.settled().config(7).unwrap());
        Tuning::new(instance, &breaker, settings)
    }

    fn change(text: &str) -> BreakerSettings {
        experiment::reading::parse_json::<SettingsChange>(text.as_bytes())
            .unwrap()
            .0
    }

    fn refusal(text: &str) -> String {
        let read = experiment::reading::parse_json::<SettingsChange>(text.as_bytes());
        read.unwrap_err()
    }

    #[test]
    fn only_what_is_stated_changes_and_the_breaker_keeps_its_state_and_its_chance() {
        let one = tuning("A", "{}");
        one.breaker.force_open();
        let before = one.breaker.config();

        Tuning::change_all(std::slice::from_ref(&one), change(r#"{"open_for": "3s"}"#)).unwrap();

        let after = one.breaker.config();
        assert_eq!(after.open_for().as_secs(), 3);
        assert_eq!(one.breaker.state(), State::ForcedOpen);
        let same = |config: &Config| (config.consecutive_failures(), config.jitter_seed());
        assert_eq!(same(&after), same(&before));
    }

    #[test]
    fn a_longer_first_period_moves_the_longest_along_unless_that_is_stated() {
        let one = tuning("A", "{}");
        let longest = |text: &str| {
            Tuning::change_all(std::slice::from_ref(&one), change(text))
                .map(|()| one.breaker.config().max_open_for().as_millis())
        };

        assert_eq!(longest(r#"{"open_for": "9s"}"#), Ok(9_000));
        assert_eq!(longest(r#"{"open_for": "1s"}"#), Ok(4_000));
        assert_eq!(longest(r#"{"max_open_for": "6s"}"#), Ok(6_000));
        let said = longest(r#"{"open_for": "9s"}"#).unwrap_err();
        assert!(
            said.contains("max_open_for = 6s") || said.contains("open_for"),
            "{said}"
        );
        assert_eq!(one.breaker.config().open_for().as_secs(), 1);
    }

    #[test]
    fn a_change_of_all_that_one_instance_cannot_take_changes_none() {
        let all = [tuning("A", "{}"), tuning("B", r#"{"max_open_for": "2s"}"#)];

        let said = Tuning::change_all(&all, change(r#"{"open_for": "3s"}"#)).unwrap_err();

        assert!(said.starts_with("breaker of instance B: "), "{said}");
        for one in &all {
            assert_eq!(one.breaker.config().open_for().as_millis(), 1_500);
            assert_eq!(
                one.settings().open_for.map(|span| span.0.as_millis()),
                Some(1_500)
            );
        }
    }

    #[test]
    fn what_cannot_be_read_is_refused_with_what_to_write() {
        for (text, why) in [
            ("{}", "nothing is set"),
            ("[1]", "[1] is not allowed"),
            (r#"{"open_for": null}"#, "open_for = null is not allowed"),
            (r#"{"open_four": "3s"}"#, "did you mean `open_for`?"),
            (r#"{"open_for": "3"}"#, "open_for"),
            (r#"{"open_for": 3}"#, "open_for"),
        ] {
            let said = refusal(text);
            assert!(said.contains(why), "{text}: {said}");
        }
    }

    #[test]
    fn what_one_order_changes_is_taken_together_or_not_yet() {
        let all = ["A", "B", "C"].map(|name| tuning(name, "{}"));
        let orders = 300;

        std::thread::scope(|scope| {
            let ordering = scope.spawn(|| {
                for order in 0..orders {
                    let wait = format!(r#"{{"open_for": "{}ms"}}"#, 100 + order);
                    Tuning::change_all(&all, change(&wait)).unwrap();
                }
            });
            let mut is_over = false;
            while !is_over {
                is_over = ordering.is_finished();
                let taken = Tuning::take_all(&all);
                let first = taken[0].len();
                assert!(taken.iter().all(|one| one.len() == first), "{taken:?}");
            }
        });
    }
}
