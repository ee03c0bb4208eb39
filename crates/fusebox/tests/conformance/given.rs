//! The breaker that a `given` line describes. Times in milliseconds, rates in percent.

use std::collections::BTreeMap;
use std::time::Duration;

use fusebox::{Config, ConfigBuilder, HalfOpenTimeout, Window};

use crate::numbers::{Parsed, millis, number};

pub(crate) fn config(text: &str) -> Parsed<Config> {
    // The defaults of the grammar, not of the crate.
    let mut builder = Config::builder()
        .jitter(0.0)
        .open_for(Duration::from_secs(1))
        .backoff_factor(1.0)
        .backoff_decay(None)
        .max_open_for(Duration::MAX)
        .half_open_for(None);
    let mut seen = Vec::new();
    for word in text.split_whitespace() {
        let (kind, value) = word
            .split_once(':')
            .ok_or_else(|| format!("unknown word `{word}`"))?;
        // One window at most.
        let place = if kind == "time" { "count" } else { kind };
        if seen.contains(&place) {
            return Err(format!("a second `{place}`"));
        }
        seen.push(place);
        builder = match kind {
            "consecutive" => builder.consecutive_failures(number(value)?),
            "count" => count(builder, value)?,
            "time" => time(builder, value)?,
            "slow" => slow(builder, value, text)?,
            "open" => open(builder, value)?,
            "half" => half(builder, value)?,
            _ => return Err(format!("unknown word `{kind}`")),
        };
    }
    builder.build().map_err(|error| error.to_string())
}

fn count(builder: ConfigBuilder, text: &str) -> Parsed<ConfigBuilder> {
    let mut settings = Settings::parse(text)?;
    let window = Window::count(settings.required("window", number)?);
    let builder = trip(builder.window(window), &mut settings)?;
    settings.finish(builder)
}

fn time(builder: ConfigBuilder, text: &str) -> Parsed<ConfigBuilder> {
    let mut settings = Settings::parse(text)?;
    let length = settings.required("window", millis)?;
    let buckets = settings.required("buckets", number)?;
    let builder = trip(builder.window(Window::time(length, buckets)), &mut settings)?;
    settings.finish(builder)
}

/// `min` and `fail` of either window. Without `fail` only slow calls trip.
fn trip(mut builder: ConfigBuilder, settings: &mut Settings) -> Parsed<ConfigBuilder> {
    builder = builder.minimum_calls(settings.optional("min", number)?.unwrap_or(1));
    if let Some(rate) = settings.optional("fail", percent)? {
        builder = builder.failure_rate_threshold(rate);
    }
    Ok(builder)
}

/// Without a window there is nothing to take a rate over: then slow probes fail and no more.
fn slow(builder: ConfigBuilder, text: &str, given: &str) -> Parsed<ConfigBuilder> {
    let (over, rate) = text
        .split_once('@')
        .ok_or_else(|| format!("`{text}` is not OVER@RATE"))?;
    let rate = percent(rate)?;
    let builder = builder.slow_call_duration(millis(over)?);
    let windowed = given
        .split_whitespace()
        .any(|word| word.starts_with("count:") || word.starts_with("time:"));
    Ok(if windowed {
        builder.slow_call_rate_threshold(rate)
    } else {
        builder
    })
}

fn open(builder: ConfigBuilder, text: &str) -> Parsed<ConfigBuilder> {
    let mut settings = Settings::parse(text)?;
    let base = settings
        .optional("base", millis)?
        .unwrap_or(Duration::from_secs(1));
    let max = settings.optional("max", millis)?.unwrap_or(Duration::MAX);
    let factor = settings.optional("factor", decimal)?.unwrap_or(1.0);
    // A maximum below the base makes every wait the maximum.
    let builder = builder
        .open_for(base.min(max))
        .max_open_for(max)
        .backoff_factor(factor);
    settings.finish(builder)
}

fn half(mut builder: ConfigBuilder, text: &str) -> Parsed<ConfigBuilder> {
    let mut settings = Settings::parse(text)?;
    builder = match settings.take("mode").unwrap_or("count") {
        "count" => builder.probe_count(
            settings.optional("ok", number)?.unwrap_or(1),
            settings.optional("fail", number)?.unwrap_or(1),
        ),
        "rate" => builder.probe_trial(
            settings.required("trial", number)?,
            settings.required("fail", percent)?,
        ),
        mode => return Err(format!("unknown mode `{mode}`")),
    };
    if let Some(permits) = settings.optional("permits", number)? {
        builder = builder.permitted_probes(permits);
    }
    let wait = settings.optional("wait", millis)?;
    builder = builder.half_open_for(wait.filter(|wait| !wait.is_zero()));
    builder = match settings.take("then").unwrap_or("open") {
        "open" => builder.half_open_timeout(HalfOpenTimeout::Open),
        "closed" => builder.half_open_timeout(HalfOpenTimeout::Closed),
        state => return Err(format!("unknown word `then={state}`")),
    };
    settings.finish(builder)
}

/// `key=value,key=value`; an unknown key is an error.
struct Settings<'a>(BTreeMap<&'a str, &'a str>);

impl<'a> Settings<'a> {
    fn parse(text: &'a str) -> Parsed<Self> {
        let mut settings = BTreeMap::new();
        for part in text.split(',') {
            let (key, value) = part
                .split_once('=')
                .ok_or_else(|| format!("`{part}` is not key=value"))?;
            if settings.insert(key, value).is_some() {
                return Err(format!("`{key}` is given twice"));
            }
        }
        Ok(Self(settings))
    }

    fn take(&mut self, key: &str) -> Option<&'a str> {
        self.0.remove(key)
    }

    fn optional<T>(&mut self, key: &str, parse: impl Fn(&str) -> Parsed<T>) -> Parsed<Option<T>> {
        self.take(key).map(parse).transpose()
    }

    fn required<T>(&mut self, key: &str, parse: impl Fn(&str) -> Parsed<T>) -> Parsed<T> {
        self.optional(key, parse)?
            .ok_or_else(|| format!("`{key}` is missing"))
    }

    fn finish(self, builder: ConfigBuilder) -> Parsed<ConfigBuilder> {
        match self.0.keys().next() {
            None => Ok(builder),
            Some(key) => Err(format!("unknown key `{key}`")),
        }
    }
}

fn decimal(text: &str) -> Parsed<f64> {
    text.parse()
        .map_err(|_| format!("`{text}` is not a number"))
}

fn percent(text: &str) -> Parsed<f64> {
    Ok(decimal(text)? / 100.0)
}
