//! The profile of a load: everything about it except its targets and its duration.
//!
//! [`WrittenProfile`] is the text of a file or a command line, key by key; [`Profile`] is a valid load, which is not
//! checked again.

use std::ops::Deref;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::choice::Choose;
use super::process::ArrivalProcess;
use super::retries::Retries;
use super::shape::{MAX_RATE, Shape};
use crate::bounds::{above_zero, range};
use crate::values::{Span, check_patience};

/// Less is more likely a typing error.
pub const MIN_RATE: f64 = 0.001;

/// How much longer than its clients would a run waits for answers: 0.3 s. The books are closed late rather than
/// early: an answer that is on its way must not count as one that never came.
pub const DRAIN_MARGIN: Duration = Duration::from_millis(300);

/// What a load is like, checked: it is made of a [`WrittenProfile`], as which it can be read, but not changed.
///
/// # Examples
///
/// ```
/// use experiment::load::{Profile, WrittenProfile};
///
/// let written: WrittenProfile = experiment::reading::parse_toml(
///     "rate = 200\nprocess = \"gamma:0.5\"\nretries = \"exponential:attempts=3,budget=0.1\"",
/// )?;
/// let profile = Profile::try_from(written)?;
/// assert_eq!(profile.keys, 1000); // the default
///
/// let mut wrong = WrittenProfile::from(profile);
/// wrong.rate = 0.0;
/// assert!(Profile::try_from(wrong).unwrap_err().starts_with("rate = 0 is not allowed"));
/// # Ok::<(), String>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(try_from = "WrittenProfile")]
pub struct Profile(WrittenProfile);

/// What a load is like, as it is written. Every key may be left out.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct WrittenProfile {
    /// Mean requests per second over all targets, from 0.001 to 100000.
    #[serde(deserialize_with = "crate::values::rate")]
    pub rate: f64,
    /// How evenly they come.
    pub process: ArrivalProcess,
    /// How the rate changes over time.
    pub shape: Shape,
    /// A closed loop instead: so many clients, each of which sends its next request when it has the
    /// answer to the last. Rate, process and shape then mean nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connections: Option<u32>,
    /// How a target is chosen.
    pub choose: Choose,
    /// How many different keys are asked for, from 1 to 1000000.
    pub keys: u64,
    /// The exponent of Zipf's law by which some keys are asked for more often, from 0 (all alike) to 10.
    pub key_skew: f64,
    /// How long a client waits for the answer to one attempt, from when it is sent; at most 10 minutes.
    pub timeout: Span,
    /// Whether it tries again.
    pub retries: Retries,
    /// Connections to one target at once, from 1 to 10000.
    pub max_connections: u32,
    /// Requests that wait for a connection to one target; further ones are shed.
    pub queue: u32,
    /// The path that is asked for, below the URL of each target.
    pub path: String,
    /// The generator failed when its own lateness exceeds this for more than one request of a hundred.
    pub lateness_limit: Span,
    /// The generator failed when it sheds a larger share of the requests.
    #[serde(deserialize_with = "crate::values::share")]
    pub shed_limit: f64,
}

impl Default for WrittenProfile {
    fn default() -> Self {
        Self {
            rate: 90.0,
            process: ArrivalProcess::Poisson {},
            shape: Shape::Constant {},
            connections: None,
            choose: Choose::Random {},
            keys: 1000,
            key_skew: 0.0,
            timeout: Span(Duration::from_secs(5)),
            retries: Retries::None {},
            max_connections: 64,
            queue: 10_000,
            path: "call".to_owned(),
            lateness_limit: Span(Duration::from_millis(50)),
            shed_limit: 0.0,
        }
    }
}

impl Deref for Profile {
    type Target = WrittenProfile;

    fn deref(&self) -> &WrittenProfile {
        &self.0
    }
}

impl From<Profile> for WrittenProfile {
    fn from(profile: Profile) -> Self {
        profile.0
    }
}

/// The message is the first key that is wrong, its value and what is allowed.
impl TryFrom<WrittenProfile> for Profile {
    type Error = String;

    fn try_from(written: WrittenProfile) -> Result<Self, String> {
        written.check()?;
        Ok(Self(written))
    }
}

impl Profile {
    /// Whether it can go to targets of these names.
    ///
    /// # Errors
    ///
    /// The name that is wrong, and what is allowed.
    pub fn check_targets(&self, targets: &[&str]) -> Result<(), String> {
        self.choose.check(targets)
    }

    /// How long a run waits for answers at most, from the instant at which the last request may have been planned.
    ///
    /// It is as long as a client waits for the answer to a request that was sent just then, with retries that of all
    /// attempts and the waits between them ([`Retries::longest`]), and [`DRAIN_MARGIN`] more. Requests without an
    /// answer by then are `unfinished`: those that have waited in the queue for long.
    pub fn drain_time(&self) -> Duration {
        let longest = self.retries.longest(self.timeout.0);
        longest.saturating_add(DRAIN_MARGIN)
    }
}

impl WrittenProfile {
    fn check(&self) -> Result<(), String> {
        range("rate", self.rate, MIN_RATE..=MAX_RATE, " per second")?;
        self.process.check()?;
        self.shape.check()?;
        self.check_curve()?;
        if let Some(connections) = self.connections {
            range("connections", connections, 1..=10_000, "")?;
            let plain = Self::default();
            let paced = [
                ("rate", same(self.rate, plain.rate)),
                ("process", self.process == plain.process),
                ("shape", self.shape == plain.shape),
            ];
            if let Some((setting, _)) = paced.iter().find(|(_, unset)| !unset) {
                return Err(closed_loop(connections, setting));
            }
        }
        range("keys", self.keys, 1..=1_000_000, "")?;
        range("key_skew", self.key_skew, 0.0..=10.0, "")?;
        check_patience("timeout", self.timeout)?;
        self.retries.check()?;
        range("max_connections", self.max_connections, 1..=10_000, "")?;
        range("queue", self.queue, 0..=10_000_000, "")?;
        self.check_path()?;
        above_zero("lateness_limit", self.lateness_limit)?;
        range("shed_limit", self.shed_limit, 0.0..=1.0, "")
    }

    fn check_path(&self) -> Result<(), String> {
        let allowed = |letter: char| letter.is_ascii_graphic() && !"?#".contains(letter);
        if self.path.is_empty() || !self.path.chars().all(allowed) {
            return Err(format!(
                "path = \"{}\" is not allowed: it must be a path like call or call/orders, without ? and #",
                self.path
            ));
        }
        if climbs(&self.path) {
            return Err(format!(
                "path = \"{}\" is not allowed: it must stay below the URL of each target, without `..`",
                self.path
            ));
        }
        Ok(())
    }

    fn check_curve(&self) -> Result<(), String> {
        if let Shape::Sine {
            mean, amplitude, ..
        } = self.shape
        {
            let mean = mean.unwrap_or(self.rate);
            if amplitude > mean || mean <= 0.0 {
                return Err(format!(
                    "shape sine: amplitude = {amplitude} is not allowed: it must be at most the mean, {mean}"
                ));
            }
        }
        Ok(())
    }
}

#[expect(
    clippy::float_cmp,
    reason = "the default, or something else that was written"
)]
fn same(rate: f64, plain: f64) -> bool {
    rate == plain
}

/// Why a closed loop has no rate, process or shape.
pub fn closed_loop(connections: u32, setting: &str) -> String {
    format!(
        "connections = {connections} is not allowed together with {setting}: in a closed loop the \
         answers set the pace; leave one of the two out"
    )
}

/// Whether a path has a segment that leads up, `..`, however it is written: a URL takes `%2e` for a dot
/// and `\\` for a slash, and a server behind it may take `%2f` for one.
pub fn climbs(path: &str) -> bool {
    let plain = path.to_ascii_lowercase().replace("%2e", ".");
    let plain = plain.replace("%2f", "/").replace("%5c", "/");
    plain.split(['/', '\\']).any(|segment| segment == "..")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reading::parse_toml;

    #[test]
    fn a_profile_reads_back_as_it_is_written() {
        let text = "rate = 12.5\nshape = { spike = { peak = 100, at = \"1s\", for = \"2s\" } }\n\
                    choose = { weighted = { A = 3 } }\nretries = \"immediate:2\"\n";
        let profile: Profile = parse_toml(text).unwrap();
        let written = toml::to_string(&profile).unwrap();
        assert_eq!(
            parse_toml::<Profile>(&written).unwrap(),
            profile,
            "{written}"
        );
    }

    #[test]
    fn answers_are_waited_for_as_long_as_a_client_would_and_a_little_longer() {
        let drained = |text: &str| {
            let profile: Profile = parse_toml(text).unwrap();
            profile.drain_time().as_millis()
        };
        assert_eq!(drained("timeout = \"2s\""), 2_300);
        assert_eq!(
            drained("timeout = \"2s\"\nretries = \"immediate:4\""),
            8_300
        );
        let waits = "timeout = \"2s\"\nretries = \"exponential:attempts=3,base=100ms,max=700ms\"";
        assert_eq!(drained(waits), 7_700);
        let days = "timeout = \"10m\"\nretries = \"exponential:attempts=100,max=1h\"";
        assert_eq!(drained(days), (100 * 600 + 99 * 3600) * 1000 + 300);
    }

    #[test]
    fn wrong_profiles_name_field_value_and_what_is_allowed() {
        let refused = |text: &str| {
            let written = parse_toml::<WrittenProfile>(text);
            written.and_then(Profile::try_from).unwrap_err()
        };
        for (text, why) in [
            ("raet = 5", "1:1: unknown key `raet`; did you mean `rate`?"),
            (
                "rate = 0",
                "rate = 0 is not allowed: it must be from 0.001 to 100000 per second",
            ),
            ("rate = nan", "rate = NaN"),
            ("connections = 0", "from 1 to 10000"),
            (
                "connections = 4\nprocess = \"constant\"",
                "together with process",
            ),
            ("connections = 4\nrate = 50", "together with rate"),
            ("keys = 0", "keys = 0"),
            (
                "timeout = \"0s\"",
                "timeout = 0s is not allowed: it must be above zero and at most 10m",
            ),
            ("timeout = \"11m\"", "timeout = 11m is not allowed"),
            (
                "shape = \"sine:amplitude=100,period=5s\"",
                "at most the mean, 90",
            ),
            ("path = \"a b\"", "path = \"a b\""),
            ("path = \"call/../x\"", "without `..`"),
            ("path = \"call/%2E.\"", "without `..`"),
            ("shed_limit = 2", "from 0 to 1"),
            ("process = 5", "expected arrival process"),
        ] {
            let error = refused(text);
            assert!(error.contains(why), "{text}: {error}");
        }
    }
}
