//! The shape of a load: how many requests come per second, over time.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::phases::PhaseWindow;
use super::written::{line, named, table, written};
use crate::bounds::range;
use crate::values::{Span, read_rate};

/// More requests per second than a generator can do.
pub const MAX_RATE: f64 = 100_000.0;
/// The longest shape that a file may describe.
const MAX_POINTS: usize = 100_000;

/// The rate over time. Where a rate is not given, it is the profile's.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(remote = "Self", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Shape {
    /// Always the profile's rate.
    Constant {},
    /// From one rate to another within a time, then on at that rate.
    Ramp {
        /// The first rate.
        #[serde(default, deserialize_with = "crate::values::optional_rate")]
        from: Option<f64>,
        /// The last rate.
        #[serde(deserialize_with = "crate::values::rate")]
        to: f64,
        /// How long it takes.
        over: Span,
    },
    /// One rate after another; the last one stays.
    Steps(Vec<Step>),
    /// A higher rate for a while.
    Spike {
        /// The rate before and after.
        #[serde(default, deserialize_with = "crate::values::optional_rate")]
        base: Option<f64>,
        /// The rate meanwhile.
        #[serde(deserialize_with = "crate::values::rate")]
        peak: f64,
        /// When it begins.
        at: Span,
        /// How long it lasts.
        r#for: Span,
    },
    /// Up and down, beginning at the mean.
    Sine {
        /// The rate in the middle.
        #[serde(default, deserialize_with = "crate::values::optional_rate")]
        mean: Option<f64>,
        /// By how much it goes up and down; at most the mean.
        #[serde(deserialize_with = "crate::values::rate")]
        amplitude: f64,
        /// The time from one top to the next.
        period: Span,
    },
    /// A course that was recorded or written down; straight between the points, level before the first
    /// and after the last.
    Replay {
        /// The file that has the points; whoever reads it fills them in.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        file: Option<String>,
        /// The points, in the order of time.
        #[serde(default)]
        points: Vec<Point>,
    },
}

/// A rate for a while.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Requests per second.
    #[serde(deserialize_with = "crate::values::rate")]
    pub rate: f64,
    /// How long.
    pub r#for: Span,
    /// With a name it is a phase of the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// A rate at an instant: `[seconds, requests per second]`.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
#[serde(from = "(f64, f64)", into = "(f64, f64)")]
pub struct Point {
    /// Seconds since the start.
    pub at_s: f64,
    /// Requests per second.
    pub rate: f64,
}

impl From<(f64, f64)> for Point {
    fn from((at_s, rate): (f64, f64)) -> Self {
        Self { at_s, rate }
    }
}

impl From<Point> for (f64, f64) {
    fn from(point: Point) -> Self {
        (point.at_s, point.rate)
    }
}

written!(
    Shape,
    "shape of the load",
    "constant, ramp:from=10,to=200,over=30s, steps:calm=50:10s,500:5s, \
     spike:peak=500,at=10s,for=5s, sine:amplitude=40,period=20s or replay:FILE",
    read,
    show
);

fn read(text: &str) -> Result<Value, String> {
    match text.split_once(':') {
        Some(("steps", steps)) => {
            let steps: Result<Vec<Value>, String> = steps.split(',').map(step).collect();
            Ok(named("steps", Value::Array(steps?)))
        }
        Some(("replay", rest)) => Ok(named("replay", replay(rest))),
        _ => Ok(table(text, |_| None)),
    }
}

/// `[NAME=]RATE:TIME`
fn step(text: &str) -> Result<Value, String> {
    let (name, step) = match text.split_once('=') {
        Some((name, step)) => (Some(name.trim()), step),
        None => (None, text),
    };
    let wrong = || {
        format!("`{text}` is not a step: write RATE:TIME or NAME=RATE:TIME, such as calm=50:10s")
    };
    let (rate, time) = step.split_once(':').ok_or_else(wrong)?;
    let rate = read_rate(rate).map_err(|_| wrong())?;
    Ok(json!({ "rate": rate, "for": time.trim(), "name": name }))
}

/// `SECONDS=RATE,…`, or the name of a file that says it.
fn replay(text: &str) -> Value {
    let points: Option<Vec<Value>> = text
        .split(',')
        .map(|point| {
            let (at, rate) = point.split_once('=')?;
            let (at, rate) = (at.parse::<f64>().ok()?, read_rate(rate).ok()?);
            Some(json!([at, rate]))
        })
        .collect();
    match points {
        Some(points) => json!({ "points": points }),
        None => json!({ "file": text }),
    }
}

fn show(table: &Value) -> String {
    let number = |value: &Value| value.as_f64().unwrap_or(f64::NAN);
    if let Some(steps) = table.get("steps").and_then(Value::as_array) {
        let steps = steps.iter().map(|step| {
            let name = step.get("name").and_then(Value::as_str);
            let name = name.map(|name| format!("{name}=")).unwrap_or_default();
            let time = step["for"].as_str().unwrap_or_default().replace(' ', "");
            format!("{name}{}:{time}", number(&step["rate"]))
        });
        return format!("steps:{}", steps.collect::<Vec<_>>().join(","));
    }
    let Some(replay) = table.get("replay") else {
        return line(table);
    };
    let points = replay["points"].as_array().filter(|it| !it.is_empty());
    let points = points.map(|points| {
        let points = points.iter();
        points.map(|point| format!("{}={}", number(&point[0]), number(&point[1])))
    });
    match points {
        Some(points) => format!("replay:{}", points.collect::<Vec<_>>().join(",")),
        None => format!("replay:{}", replay["file"].as_str().unwrap_or_default()),
    }
}

impl Shape {
    /// The steps that have names, as phases of the run.
    pub fn phases(&self) -> Vec<PhaseWindow> {
        let Self::Steps(steps) = self else {
            return Vec::new();
        };
        let mut from = std::time::Duration::ZERO;
        let mut phases = Vec::new();
        for step in steps {
            let to = from.saturating_add(step.r#for.0);
            if let Some(name) = &step.name {
                phases.push(PhaseWindow::new(name, from, to));
            }
            from = to;
        }
        phases
    }

    pub(super) fn check(&self) -> Result<(), String> {
        match self {
            Self::Constant {} => Ok(()),
            Self::Ramp { from, to, over } => {
                rate("ramp: from", *from)?;
                rate("ramp: to", Some(*to))?;
                time("ramp: over", *over)
            }
            Self::Steps(steps) => {
                if steps.is_empty() || steps.len() > MAX_POINTS {
                    let found = steps.len();
                    return Err(format!(
                        "shape steps: {found} steps are not allowed: there must be from 1 to {MAX_POINTS}"
                    ));
                }
                steps.iter().try_for_each(|step| {
                    rate("steps: rate", Some(step.rate))?;
                    time("steps: for", step.r#for)
                })
            }
            Self::Spike {
                base, peak, r#for, ..
            } => {
                rate("spike: base", *base)?;
                rate("spike: peak", Some(*peak))?;
                time("spike: for", *r#for)
            }
            Self::Sine {
                mean,
                amplitude,
                period,
            } => {
                rate("sine: mean", *mean)?;
                rate("sine: amplitude", Some(*amplitude))?;
                time("sine: period", *period)
            }
            Self::Replay { file, points } => replayable(file.as_deref(), points),
        }
    }
}

fn replayable(file: Option<&str>, points: &[Point]) -> Result<(), String> {
    if points.is_empty() || points.len() > MAX_POINTS {
        return Err(match file {
            Some(file) if points.is_empty() => format!("shape replay: {file} has not been read"),
            _ => format!(
                "shape replay: {} points are not allowed: there must be from 1 to {MAX_POINTS}",
                points.len()
            ),
        });
    }
    for point in points {
        rate("replay: rate", Some(point.rate))?;
        if !(0.0..=1e9).contains(&point.at_s) {
            return Err(format!(
                "shape replay: {} s is not allowed: it must be from 0 to 1000000000",
                point.at_s
            ));
        }
    }
    if let Some(pair) = points.windows(2).find(|pair| pair[0].at_s >= pair[1].at_s) {
        return Err(format!(
            "shape replay: {} s after {} s is not allowed: each point must be later than the one before",
            pair[1].at_s, pair[0].at_s
        ));
    }
    Ok(())
}

fn rate(field: &str, rate: Option<f64>) -> Result<(), String> {
    let field = format!("shape {field}");
    rate.map_or(Ok(()), |rate| {
        range(&field, rate, 0.0..=MAX_RATE, " per second")
    })
}

fn time(field: &str, span: Span) -> Result<(), String> {
    if span.0.is_zero() || span.0.as_secs() > 1_000_000_000 {
        return Err(format!(
            "shape {field} = {span} is not allowed: it must be above zero and at most 1000000000s"
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_read_back_as_they_are_shown() {
        for text in [
            "constant",
            "ramp:from=10,over=30s,to=200",
            "ramp:over=1m30s,to=200",
            "steps:calm=50:10s,500:5s",
            "spike:at=10s,for=5s,peak=500",
            "sine:amplitude=40,mean=50,period=20s",
            "replay:0=10,5.5=200",
            "replay:some/file.csv",
        ] {
            let shape: Shape = text.parse().unwrap();
            assert_eq!(shape.to_string(), text);
            let json = serde_json::to_string(&shape).unwrap();
            assert_eq!(serde_json::from_str::<Shape>(&json).unwrap(), shape);
        }
        let table = r#"{"steps": [{"rate": 50, "for": "10s", "name": "calm"}]}"#;
        let shape: Shape = serde_json::from_str(table).unwrap();
        assert_eq!(shape.to_string(), "steps:calm=50:10s");
        assert_eq!(shape.phases().len(), 1);
    }

    #[test]
    fn what_is_no_shape_is_refused_with_what_is_meant_or_allowed() {
        let refused = |text: &str| text.parse::<Shape>().and_then(|it| it.check()).unwrap_err();
        for (text, why) in [
            ("rampp:to=1,over=1s", "did you mean `ramp`?"),
            ("ramp:to=1", "the key `over` is missing"),
            ("ramp:to=1,ovr=1s", "did you mean `over`?"),
            ("ramp:to=200000,over=1s", "from 0 to 100000 per second"),
            ("ramp:to=10,over=soon", "`soon` is not a duration"),
            ("steps:50", "write RATE:TIME"),
            ("steps:x:5s", "write RATE:TIME"),
            ("steps:", "write RATE:TIME"),
            ("spike:peak=5,at=1s,for=0s", "above zero"),
            ("replay:5=1,5=2", "later than the one before"),
            ("replay:0=-1", "from 0 to"),
            ("replay:nowhere.csv", "has not been read"),
        ] {
            let error = refused(text);
            assert!(error.contains(why), "{text}: {error}");
        }
    }
}
