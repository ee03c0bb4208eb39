//! The orders of a live run: what operators did while it lasted, and which settings were in force when.
//!
//! A breaker that an operator took over also has a transition with the cause `manual`, which is exact to the instant.
//! What is here is what the lab was told, or saw when it looked, ten times a second.

use serde::{Deserialize, Serialize};

use crate::breaker_settings::BreakerSettings;

/// Orders, and changes of settings, that a run keeps: of each the first so many.
pub const MOST_ORDERS: usize = 10_000;

/// What operators did during a run.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Orders {
    /// The orders, in order of time.
    pub marks: Vec<OrderMark>,
    /// The settings of breakers: those at the start, and whatever changed.
    pub settings: Vec<SettingsInForce>,
    /// What was asked of the load: at the start, and whenever that changed.
    pub load: Vec<LoadInForce>,
    /// How many rows were left out, of all three together.
    #[serde(default, skip_serializing_if = "is_none")]
    pub left_out: u64,
}

/// Something that somebody ordered. Written down it is a row, `[at_s, kind, text, source]`.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(
    from = "(f64, String, String, OrderSource)",
    into = "(f64, String, String, OrderSource)"
)]
pub struct OrderMark {
    /// Seconds since the start of the run, to the microsecond.
    pub at_s: f64,
    /// `plan` for another fault plan, `over` for one whose time was over, `operator` for all else.
    pub kind: String,
    /// What was done, in a few words.
    pub text: String,
    /// How it is known.
    pub source: OrderSource,
}

/// How an order is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderSource {
    /// It was given through the lab: on its page, or by a request to its port.
    Lab,
    /// The lab saw what had changed, whoever ordered it and where.
    Seen,
}

/// From an instant on breakers worked by these settings. Written down it is a row, `[at_s, [instance, …], settings]`.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(
    from = "(f64, Vec<usize>, BreakerSettings)",
    into = "(f64, Vec<usize>, BreakerSettings)"
)]
pub struct SettingsInForce {
    /// Seconds since the start of the run, to the microsecond.
    pub at_s: f64,
    /// The places of the instances in the result.
    pub instances: Vec<usize>,
    /// All settings, as `PATCH /breaker/settings` takes them.
    pub settings: BreakerSettings,
}

/// From an instant on so much was asked of the load. Written down it is a row, `[at_s, rate, paused]`.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
pub struct LoadInForce(
    /// Seconds since the start of the run, to the microsecond.
    pub f64,
    /// Requests per second.
    pub f64,
    /// Whether it was paused.
    pub bool,
);

impl Orders {
    /// Notes an order.
    pub fn mark(&mut self, mark: OrderMark) {
        push(&mut self.marks, mark, &mut self.left_out);
    }

    /// Notes that a breaker works by these settings from now on. Instances with the same share a row.
    pub fn set(&mut self, at_s: f64, instance: usize, settings: BreakerSettings) {
        let same = self.settings.iter_mut().rev();
        let mut same = same.take_while(|row| row.at_s.total_cmp(&at_s).is_eq());
        if let Some(row) = same.find(|row| row.settings == settings) {
            row.instances.push(instance);
            return;
        }
        let row = SettingsInForce {
            at_s,
            instances: vec![instance],
            settings,
        };
        push(&mut self.settings, row, &mut self.left_out);
    }

    /// Notes what is asked of the load from now on.
    pub fn ask(&mut self, load: LoadInForce) {
        push(&mut self.load, load, &mut self.left_out);
    }
}

fn push<T>(rows: &mut Vec<T>, row: T, left_out: &mut u64) {
    if rows.len() == MOST_ORDERS {
        *left_out += 1;
    } else {
        rows.push(row);
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_none(left_out: &u64) -> bool {
    *left_out == 0
}

impl From<(f64, String, String, OrderSource)> for OrderMark {
    fn from((at_s, kind, text, source): (f64, String, String, OrderSource)) -> Self {
        Self {
            at_s,
            kind,
            text,
            source,
        }
    }
}

impl From<OrderMark> for (f64, String, String, OrderSource) {
    fn from(mark: OrderMark) -> Self {
        (mark.at_s, mark.kind, mark.text, mark.source)
    }
}

impl From<(f64, Vec<usize>, BreakerSettings)> for SettingsInForce {
    fn from((at_s, instances, settings): (f64, Vec<usize>, BreakerSettings)) -> Self {
        Self {
            at_s,
            instances,
            settings,
        }
    }
}

impl From<SettingsInForce> for (f64, Vec<usize>, BreakerSettings) {
    fn from(row: SettingsInForce) -> Self {
        (row.at_s, row.instances, row.settings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_are_rows_and_are_read_again_and_instances_with_the_same_settings_share_one() {
        let settings = BreakerSettings::default().settled();
        let other: BreakerSettings = serde_json::from_str(r#"{"open_for": "3s"}"#).unwrap();
        let mut orders = Orders::default();
        orders.mark(OrderMark {
            at_s: 1.5,
            kind: "operator".to_owned(),
            text: "B: reset".to_owned(),
            source: OrderSource::Lab,
        });
        orders.set(0.0, 0, settings);
        orders.set(0.0, 1, settings);
        orders.set(2.5, 1, other.settled());
        orders.ask(LoadInForce(0.0, 90.0, false));

        let text = serde_json::to_string(&orders).unwrap();

        let mark = r#""marks":[[1.5,"operator","B: reset","lab"]]"#;
        assert!(text.contains(mark), "{text}");
        assert!(text.contains(r#""settings":[[0.0,[0,1],{"#), "{text}");
        assert!(text.contains(r#""load":[[0.0,90.0,false]]"#), "{text}");
        assert!(!text.contains("left_out"), "{text}");
        assert_eq!(serde_json::from_str::<Orders>(&text).unwrap(), orders);
        assert_eq!(orders.settings.len(), 2);
    }

    #[test]
    fn what_is_too_much_is_counted() {
        let mut orders = Orders::default();
        for _ in 0..MOST_ORDERS + 2 {
            orders.ask(LoadInForce(0.0, 1.0, false));
        }

        assert_eq!((orders.load.len(), orders.left_out), (MOST_ORDERS, 2));
    }
}
