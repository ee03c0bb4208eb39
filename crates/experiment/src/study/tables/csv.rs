//! Every figure of every cell, for programs: CSV with one line each, and JSON.

use serde_json::{Map, Value, json};

use super::super::{LOCAL, Results, cell, of_cell};
use crate::expectation::Figure;
use crate::statistics::{Difference, Estimate};
use crate::sweep::Cell;

/// Returns one line (RFC 4180) per cell and figure that was measured there, in base units: seconds, shares from 0 to
/// 1. An unknown value is empty, an infinite one `inf`.
pub fn csv(results: &Results) -> String {
    let head = "part,scenario,policy,figure,unit,mean,low,high,median,count,never,over_local,over_local_low,\
                over_local_high\r\n";
    let mut text = head.to_owned();
    each(results, |own, figure, estimate, difference| {
        let names = ["part", "scenario", "policy"].map(|key| of_cell(own, key).to_owned());
        let name = quoted(&figure.to_string());
        let unit = super::unit_name(figure.definition.unit).to_owned();
        let number = |value: Option<f64>| value.map(|it| it.to_string()).unwrap_or_default();
        let over = difference.and_then(|it| it.interval);
        let numbers = [
            number(estimate.mean),
            number(estimate.interval.map(|it| it.low)),
            number(estimate.interval.map(|it| it.high)),
            estimate.median.to_string(),
            estimate.count.to_string(),
            estimate.never.to_string(),
            number(difference.map(|it| it.mean)),
            number(over.map(|it| it.low)),
            number(over.map(|it| it.high)),
        ];
        let fields: Vec<String> = names
            .into_iter()
            .chain([name, unit])
            .chain(numbers)
            .collect();
        text.push_str(&(fields.join(",") + "\r\n"));
    });
    text
}

/// Returns the same as JSON, cell by cell.
///
/// # Panics
///
/// Never: names and numbers can be written.
pub fn summary(results: &Results) -> String {
    let mut cells: Vec<Value> = Vec::new();
    each(results, |own, figure, estimate, difference| {
        let names = ["part", "scenario", "policy"].map(|key| (key, of_cell(own, key)));
        let is_last = cells
            .last()
            .is_some_and(|last| names.iter().all(|(key, name)| last[*key] == **name));
        if !is_last {
            let names = names.map(|(key, name)| (key.to_owned(), name.into()));
            let mut cell: Map<String, Value> = names.into_iter().collect();
            cell.insert("figures".to_owned(), json!({}));
            cells.push(cell.into());
        }
        if let Some(last) = cells.last_mut() {
            last["figures"][figure.to_string()] = json!({
                "mean": estimate.mean,
                "interval": estimate.interval.map(|it| [it.low, it.high]),
                "median": Some(estimate.median).filter(|it| it.is_finite()),
                "count": estimate.count,
                "never": estimate.never,
                "over_local": difference.map(|it| it.mean),
                "over_local_interval": difference.and_then(|it| it.interval).map(|it| [it.low, it.high]),
            });
        }
    });
    let plan = results.plan();
    let summary = json!({
        "schema": plan.schema,
        "study": plan.study,
        "version": plan.version,
        "commit": plan.commit,
        "first_seed": plan.first_seed,
        "seeds": plan.repeat,
        "trials": results.count(),
        "void": results.void,
        "cells": cells,
    });
    serde_json::to_string_pretty(&summary).expect("names and numbers can be written") + "\n"
}

/// Passes each figure of each cell that was measured there, with its difference from `local`, to `tell`.
fn each(results: &Results, mut tell: impl FnMut(&Cell, &Figure, &Estimate, Option<Difference>)) {
    let figures = results.plan().figures().unwrap_or_default();
    for own in &results.plan().cells {
        let base = cell(of_cell(own, "part"), of_cell(own, "scenario"), LOCAL);
        for figure in &figures {
            let name = figure.to_string();
            let Some(estimate) = results.estimate(own, &name) else {
                continue;
            };
            let difference = (*own != base)
                .then(|| results.difference(own, &base, &name))
                .flatten();
            tell(own, figure, &estimate, difference);
        }
    }
}

fn quoted(text: &str) -> String {
    if text.contains(['"', ',']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}
