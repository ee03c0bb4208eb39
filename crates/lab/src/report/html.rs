//! The report of a result as one file of HTML, which opens offline and needs no server.
//!
//! Rust writes all that is words and figures, and a still picture of the timeline, so that the file says everything
//! without scripts and on paper. The page's own modules, joined into one script, draw the charts over it.

mod coordination;
mod element;
mod made;
mod several;
mod tables;

use std::fmt::Write as _;

use experiment::result::{Repetition, RunResult};
use experiment::scenario::Scenario;

use self::element::{Moments, paragraph, section};
use super::history::Told;
use super::join::joined;
use super::markdown::Context;
use super::policy::policy;
use super::reading::reading;
use super::shell::{escaped, picture};
use super::timeline;
use super::verdict::Verdict;
use crate::page::module;

/// How the file begins, by which it is known for a report. A place that has something else is left alone.
pub(super) use super::shell::BEGINNING;
/// Bytes of histories that one report holds; further runs have words and figures only.
const ROOM: usize = 16 * 1024 * 1024;

/// The modules that only a report has; all others are the page's.
const OWN: [(&str, &str); 2] = [
    ("report.js", include_str!("../../web/report.js")),
    (
        "report-moment.js",
        include_str!("../../web/report-moment.js"),
    ),
];
const CHARTS: &str = include_str!("../../web/report.html");
const STYLE: &str = include_str!("../../web/report.css");

/// The report of a result; its scenario knows the settings of its breakers.
pub(super) fn html(result: &RunResult, context: &Context, scenario: Option<&Scenario>) -> String {
    let script = script();
    let style = style();
    let verdict = Verdict::of(&result.repetitions);
    let title = format!("{}: {} · breaker-lab", result.scenario, verdict.word());
    let told = told(result, scenario);
    let mut html = format!(
        "{BEGINNING}<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"referrer\" content=\"no-referrer\">\n\
         <title>{}</title>\n<link rel=\"icon\" href=\"data:,\">\n<style>{style}</style>\n</head>\n\
         <body class=\"report\">\n",
        escaped(&format!("{}; img-src data:", policy(&[&style], &[&script]))),
        escaped(&title),
    );
    html += &head(result, &verdict);
    html += "<main>\n";
    html += &several::several(result);
    html += &chooser(result);
    for (number, (run, told)) in (1..).zip(result.repetitions.iter().zip(&told)) {
        html += &one(result, run, number, told.is_drawn());
    }
    html += CHARTS;
    html += &made::made(result, context);
    html += "</main>\n";
    html += &data(&told);
    let _ = write!(html, "<script>{script}</script>\n</body>\n</html>\n");
    html
}

/// The page's modules and the report's, as one script.
fn script() -> String {
    // A test joins the same modules.
    joined(text_of, "report.js").expect("the report's modules can be joined")
}

fn text_of(name: &str) -> Option<&'static str> {
    let own = OWN.iter().find(|(own, _)| *own == name);
    own.map(|(_, text)| *text).or_else(|| module(name))
}

fn style() -> String {
    format!("{}\n{STYLE}", module("style.css").unwrap_or_default())
}

fn head(result: &RunResult, verdict: &Verdict) -> String {
    let runs = result.repetitions.len();
    let seed = result.repetitions.first().map_or(0, |run| run.seed);
    let what = match runs {
        1 => format!("one run, seed {seed}"),
        many => format!("{many} runs, first seed {seed}"),
    };
    let cut = result
        .repetitions
        .iter()
        .filter(|run| run.cut_short)
        .count();
    let cut = match cut {
        0 => String::new(),
        _ if runs == 1 => paragraph(
            "The run was stopped before its end; all figures are those of the part that was performed.",
        ),
        1 => paragraph("1 of the runs was stopped before its end."),
        some => paragraph(&format!(
            "{some} of the runs were stopped before their end."
        )),
    };
    format!(
        "<header class=\"top\">\n<h1>{}</h1>\n<p class=\"lesson\">{}</p>\n\
         <p class=\"verdict\" data-verdict=\"{}\"><b>{}</b> {}</p>\n{cut}<p class=\"what\">{}</p>\n</header>\n",
        escaped(&result.scenario),
        escaped(&result.title),
        verdict.word(),
        escaped(verdict.word()),
        escaped(&verdict.sentence()),
        escaped(&what),
    )
}

/// Several runs are looked at one by one.
fn chooser(result: &RunResult) -> String {
    if result.repetitions.len() < 2 {
        return String::new();
    }
    let mut html = "<p class=\"chooser\" hidden><label>Run <select id=\"choose\">\n".to_owned();
    for (place, run) in result.repetitions.iter().enumerate() {
        let verdict = Verdict::of(std::slice::from_ref(run));
        let _ = writeln!(
            html,
            "<option value=\"{place}\">{}: seed {}, {}</option>",
            place + 1,
            run.seed,
            verdict.word()
        );
    }
    html + "</select></label></p>\n"
}

/// All of one run.
fn one(result: &RunResult, run: &Repetition, number: usize, drawn: bool) -> String {
    let moments = several::moments(result, number);
    let several = result.repetitions.len() > 1;
    let mut html = format!(
        "<article class=\"run{}\" id=\"run-{number}\">\n",
        if drawn { "" } else { " plain" }
    );
    if several {
        let verdict = Verdict::of(std::slice::from_ref(run));
        let _ = writeln!(
            html,
            "<h2 class=\"number\">Run {number}, seed {}: {}</h2>",
            run.seed,
            escaped(&verdict.sentence())
        );
    }
    html += &section("expected", "What was expected", &tables::expected(run));
    html += &read(run, moments);
    let title = format!("{}, seed {}", result.scenario, run.seed);
    let still = picture(
        &timeline::svg(&title, run),
        "The states of all instances over time, and the truth under each",
    );
    let note = if drawn {
        String::new()
    } else {
        paragraph("This run is too large for its charts to be in one file.")
    };
    html += &section(
        "states",
        "What happened when",
        &format!("<div class=\"still\">{still}</div>\n{note}"),
    );
    html += &section("belief", "Belief beside truth", &tables::belief(run));
    html += &section("fleet", "The fleet", &tables::fleet(run));
    if let Some(together) = coordination::coordination(run, moments) {
        html += &section("together", "Coordination", &together);
    }
    if let Some(orders) = tables::orders(run, moments) {
        html += &section("orders", "What operators did", &orders);
    }
    let _ = writeln!(
        html,
        "<noscript>\n{}</noscript>",
        tables::transitions(run, moments)
    );
    html + "</article>\n"
}

/// The plain-language reading; each sentence leads to its moment.
fn read(run: &Repetition, moments: Moments) -> String {
    let clauses = reading(run).into_iter().map(|clause| match clause.at {
        Some(at_s) => moments.saying(at_s, &clause.text).to_string(),
        None => escaped(&clause.text),
    });
    let clauses: Vec<String> = clauses.collect();
    if clauses.is_empty() {
        return String::new();
    }
    section(
        "reading",
        "In words",
        &format!("<p>{}</p>\n", clauses.join(" ")),
    )
}

/// The runs for the script, with as many histories as one file may hold.
fn told(result: &RunResult, scenario: Option<&Scenario>) -> Vec<Told> {
    let mut room = ROOM;
    let runs = (1..).zip(&result.repetitions).map(|(number, run)| {
        let told = Told::of(run, number, scenario);
        // The first one is there in any case.
        if number > 1 && told.size() > room {
            room = 0;
            return told.without_history();
        }
        room = room.saturating_sub(told.size());
        told
    });
    runs.collect()
}

/// The data as the script reads them. No letter in them can end the element.
fn data(told: &[Told]) -> String {
    let runs: Vec<String> = told.iter().map(Told::json).collect();
    let json = format!("{{\"runs\":[{}]}}", runs.join(",")).replace('<', "\\u003c");
    format!("<script type=\"application/json\" id=\"data\">{json}</script>\n")
}

#[cfg(test)]
mod tests;
