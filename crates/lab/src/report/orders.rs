//! What operators did during a live run, in order: orders, and breakers that were taken over without one.

use std::time::Duration;

use experiment::fleet::Change;
use experiment::orders::OrderSource;
use experiment::result::Repetition;
use fusebox::{Cause, State};

use crate::words::state;

/// A transition by an operator that comes so soon before or after an order to its instance is what the order did.
const SAME_S: f64 = 0.5;

/// Something that an operator did.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Ordered {
    pub(super) at_s: f64,
    pub(super) what: String,
    /// How it is known.
    pub(super) source: &'static str,
}

/// All that operators did; nothing of a run in which nobody did anything.
pub(super) fn ordered(run: &Repetition) -> Vec<Ordered> {
    let marks = run.orders.iter().flat_map(|orders| &orders.marks);
    let mut all: Vec<Ordered> = marks
        .map(|mark| Ordered {
            at_s: mark.at_s,
            what: mark.text.clone(),
            source: match mark.source {
                OrderSource::Lab => "through the lab",
                OrderSource::Seen => "seen by the lab",
            },
        })
        .collect();
    let taken = run.orders.iter().flat_map(|_| taken_over(run, &all));
    let taken: Vec<Ordered> = taken.collect();
    all.extend(taken);
    all.sort_by(|a, b| a.at_s.total_cmp(&b.at_s));
    all
}

/// Breakers that changed because of an operator of whom the lab knows no order.
fn taken_over(run: &Repetition, known: &[Ordered]) -> Vec<Ordered> {
    let instances = run.fleet.instances.iter();
    let changes = instances.flat_map(|one| one.transitions.iter().map(move |it| (&one.name, it)));
    let by_hand = changes.filter(|(_, change)| change.cause == Cause::Manual);
    // One order moves a breaker once.
    let mut done: Vec<(usize, &str)> = Vec::new();
    let unknown = by_hand.filter(|(name, change)| {
        let orders = known.iter().enumerate();
        let of_it = orders.filter(|(number, order)| {
            (order.at_s - change.at_s).abs() <= SAME_S
                && moves(&order.what, name, change)
                && !done.contains(&(*number, name.as_str()))
        });
        let nearest = of_it.min_by(|(_, one), (_, other)| {
            let away = |order: &Ordered| (order.at_s - change.at_s).abs();
            away(one).total_cmp(&away(other))
        });
        match nearest {
            Some((_, order)) if order.what.starts_with("scenario ") => false,
            Some((number, _)) => {
                done.push((number, name.as_str()));
                false
            }
            None => true,
        }
    });
    let taken = unknown.map(|(name, change)| Ordered {
        at_s: change.at_s,
        what: format!("{name}: {} → {}", state(change.from), state(change.to)),
        source: "at the instance",
    });
    taken.collect()
}

/// Whether an order with this text may be why the breaker of this instance changed.
fn moves(order: &str, name: &str, change: &Change) -> bool {
    if order.starts_with("scenario ") {
        return true;
    }
    let Some((who, what)) = order.split_once(": ") else {
        return false;
    };
    let moves = match what {
        "forced open" => change.to == State::ForcedOpen,
        "disabled" => change.to == State::Disabled,
        "metrics only" => change.to == State::MetricsOnly,
        "auto" => change.from.is_operators() && !change.to.is_operators(),
        "reset" => change.to == State::Closed,
        // `open_for = 3s` moves no breaker.
        _ => false,
    };
    moves && (who == "fleet" || who == name)
}

/// `0:05.3`
pub(super) fn at(at_s: f64) -> String {
    crate::words::clock(Duration::try_from_secs_f64(at_s).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use experiment::fleet::{Change, Evidence, FleetRecord, InstanceRecord};
    use experiment::orders::{OrderMark, Orders};
    use experiment::result::Performer;
    use fusebox::State;

    use super::*;

    #[test]
    fn an_order_and_what_it_did_are_one_row_and_what_nobody_ordered_here_is_a_row_of_its_own() {
        use State::{Closed, ForcedOpen};

        let scenario =
            "title = \"t\"\nduration = \"1s\"\n[faults]\nphases = [{ name = \"well\" }]\n";
        let scenario = experiment::scenario::Scenario::parse(scenario).unwrap();
        let load = simulator::run(&scenario, 1, &simulator::Options::default()).load;
        let change = |(at_s, from, to)| Change {
            at_s,
            from,
            to,
            cause: Cause::Manual,
            number: 1,
            window: Evidence::default(),
            open_for_s: None,
        };
        let one = |name: &str, changes: &[_]| InstanceRecord {
            name: name.to_owned(),
            transitions: changes.iter().copied().map(change).collect(),
            ..InstanceRecord::default()
        };
        let fleet = FleetRecord {
            instances: vec![
                // The second and the third are soon after the order, and not what it did.
                one(
                    "A",
                    &[
                        (2.0, Closed, ForcedOpen),
                        (2.2, ForcedOpen, Closed),
                        (2.4, Closed, ForcedOpen),
                    ],
                ),
                one("B", &[(2.1, Closed, ForcedOpen)]),
            ],
            ..FleetRecord::default()
        };
        let mut run = Repetition::new(Performer::Live, 1, load, fleet);
        assert_eq!(
            ordered(&run),
            [],
            "simulated and earlier runs have no orders"
        );
        let mut orders = Orders::default();
        orders.mark(OrderMark {
            at_s: 2.05,
            kind: "operator".to_owned(),
            text: "A: forced open".to_owned(),
            source: OrderSource::Lab,
        });
        run.orders = Some(orders);

        let told = ordered(&run);
        let told: Vec<_> = told.iter().map(|it| (&*it.what, it.source)).collect();

        assert_eq!(
            told,
            [
                ("A: forced open", "through the lab"),
                ("B: closed → forced open", "at the instance"),
                ("A: forced open → closed", "at the instance"),
                ("A: closed → forced open", "at the instance"),
            ]
        );
    }
}
