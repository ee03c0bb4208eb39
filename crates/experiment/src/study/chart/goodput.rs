//! The picture of the matrix: for each scenario, how each policy's goodput differs from that of breakers alone.

use super::{look_of, sheet};
use crate::picture::Picture;
use crate::study::{LOCAL, MATRIX, Results, cell};

const LEFT: f64 = 214.0;
const WIDTH: f64 = 640.0;
const TOP: f64 = 128.0;
const ROW: f64 = 30.0;
/// Marks of the axis, in percent.
const MARKS: [f64; 9] = [-80.0, -40.0, -20.0, -5.0, 0.0, 5.0, 20.0, 40.0, 80.0];

/// Draws the goodput of all policies over that of `local`.
pub fn svg(results: &Results) -> String {
    let scenarios = results.scenarios(MATRIX);
    let policies: Vec<&str> = results.policies(MATRIX);
    let others = policies.iter().copied().filter(|it| *it != LOCAL);
    let others: Vec<&str> = others.collect();
    let count = u32::try_from(scenarios.len()).unwrap_or(0);
    let bottom = TOP + ROW * f64::from(count);
    let mut picture = sheet(900.0, bottom + 54.0);
    picture.write((24.0, 34.0), "h ink", "Goodput against breakers alone");
    picture.write(
        (24.0, 56.0),
        "soft",
        &format!(
            "Successes per second more or less than local has with the same seeds; {} seeds, bars are 95 % intervals.",
            results.plan().repeat
        ),
    );
    legend(&mut picture, &others);
    for mark in MARKS {
        let x = place(mark / 100.0);
        let class = if mark == 0.0 { "zero" } else { "grid" };
        picture.line(class, (x, TOP - 6.0), (x, bottom));
        let text = match mark {
            0.0 => "as local".to_owned(),
            less if less < 0.0 => format!("−{:.0} %", -less),
            more => format!("+{more:.0} %"),
        };
        picture.write((x, bottom + 18.0), "s soft mid", &text);
    }
    for (number, scenario) in (0_u32..).zip(&scenarios) {
        let top = TOP + ROW * f64::from(number);
        if number % 2 == 0 {
            picture.rectangle("band\" fill-opacity=\"0.6", (24.0, top), (852.0, ROW));
        }
        picture.write((LEFT - 14.0, top + 19.5), "ink end", scenario);
        row(&mut picture, results, scenario, &others, top);
    }
    picture.write(
        (24.0, bottom + 42.0),
        "s soft",
        "The axis is that of square roots, so that small differences can be seen beside large ones. Goodput puts no price on calls that fail.",
    );
    picture.finish("Goodput of each policy in each scenario, against breakers alone")
}

fn legend(picture: &mut Picture, policies: &[&str]) {
    let mut x = 30.0;
    for policy in policies {
        let (shape, class) = look_of(policy);
        picture.point(shape, class, (x, 84.0));
        picture.write((x + 11.0, 88.5), "ink", policy);
        x += 34.0 + 7.3 * f64::from(u32::try_from(policy.len()).unwrap_or(0));
    }
}

fn row(picture: &mut Picture, results: &Results, scenario: &str, policies: &[&str], top: f64) {
    let base = cell(MATRIX, scenario, LOCAL);
    let Some(local) = results.estimate(&base, "goodput").and_then(|it| it.mean) else {
        return;
    };
    let step = (ROW - 12.0) / f64::from(u32::try_from(policies.len().max(2)).unwrap_or(2) - 1);
    for (number, policy) in (0_u32..).zip(policies) {
        let own = cell(MATRIX, scenario, policy);
        let Some(over) = results.difference(&own, &base, "goodput") else {
            continue;
        };
        let y = top + 6.0 + step * f64::from(number);
        let (shape, class) = look_of(policy);
        if let Some(it) = over.interval {
            let ends = [it.low, it.high].map(|end| (place(end / local), y));
            picture.whisker(class, ends[0], ends[1]);
        }
        picture.point(shape, class, (place(over.mean / local), y));
    }
}

/// Where a share more or less stands.
fn place(share: f64) -> f64 {
    let root = share.abs().min(1.0).sqrt().copysign(share);
    LEFT + WIDTH * (root + 1.0) / 2.0
}
