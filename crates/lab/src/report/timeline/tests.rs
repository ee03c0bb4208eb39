//! Timelines of runs of which the facts are known.

use experiment::scenario::Scenario;

use super::*;

const OUTAGE: &str = "title = \"t\"\nduration = \"12s\"\n[fleet]\nsize = 2\n\
    [faults]\nphases = [{ name = \"well\", for = \"3s\" }, { name = \"down\", for = \"4s\", failure_ratio = 1 },\n\
    { name = \"well again\" }]\n";

fn simulated(text: &str) -> Repetition {
    let scenario = Scenario::parse(text).unwrap();
    simulator::run(&scenario, 1, &simulator::Options::default())
}

/// Whether each element that begins also ends, in order, and no attribute stands there twice.
fn is_well_formed(svg: &str) -> bool {
    let mut open: Vec<&str> = Vec::new();
    for tag in svg.split('<').skip(1) {
        let Some((tag, text)) = tag.split_once('>') else {
            return false;
        };
        if text.contains('&') && !text.split('&').skip(1).all(|it| it.contains(';')) {
            return false;
        }
        let name = tag
            .trim_end_matches('/')
            .split(' ')
            .next()
            .unwrap_or_default();
        if let Some(name) = name.strip_prefix('/') {
            if open.pop() != Some(name) {
                return false;
            }
        } else if !tag.ends_with('/') {
            open.push(name);
        }
    }
    open.is_empty()
}

#[test]
fn a_timeline_shows_truth_states_and_agreement_and_names_stay_text() {
    let mut run = simulated(OUTAGE);
    run.fleet.instances[1].name = "<B> & co".to_owned();

    let svg = svg("a <title> & \"more\"", &run);

    assert!(is_well_formed(&svg), "{svg}");
    assert!(
        !svg.contains("<B>") && svg.contains("&lt;B&gt; &amp; co"),
        "{svg}"
    );
    for word in [
        "truth",
        "closed",
        "open",
        "not closed",
        "of 2; grey: some",
        "well again",
        "wrongly closed",
        "12 s",
    ] {
        assert!(svg.contains(&format!(">{word}<")), "{word}: {svg}");
    }
    assert!(!svg.contains(" style=") && !svg.contains("href"), "{svg}");
}

#[test]
fn a_transition_is_drawn_where_it_was() {
    let run = simulated(OUTAGE);
    let opened = run.fleet.instances[0].transitions[0].at_s;

    let svg = svg("t", &run);

    let scale = axis::Scale::of(&run.fleet);
    let bar = format!("<rect class=\"tl-open\" x=\"{:.1}\"", scale.x(opened));
    assert!(svg.contains(&bar), "{bar}: {svg}");
}

#[test]
fn a_thousand_breakers_are_one_row_and_one_second_is_enough() {
    let large = format!(
        "{}[load]\nrate = 2000\n",
        OUTAGE.replace("size = 2", "size = 1000")
    );
    let large = svg("t", &simulated(&large));
    assert!(
        large.contains(">1,000<") && large.contains(">100 %<"),
        "{large}"
    );
    assert!(large.len() < 300_000, "{}", large.len());

    let second = simulated(
        "title = \"t\"\nduration = \"1s\"\n[fleet]\nsize = 1\n[faults]\nphases = [{ name = \"well\" }]\n",
    );
    let second = svg("t", &second);
    assert!(
        is_well_formed(&second) && second.contains(">0.5 s<"),
        "{second}"
    );
    assert!(!second.contains("not closed"), "{second}");
}

#[test]
fn many_transitions_are_shares_of_each_pixel() {
    let mut run = simulated(OUTAGE);
    let change = run.fleet.instances[0].transitions[0].clone();
    let (closed, open) = (fusebox::State::Closed, fusebox::State::Open);
    run.fleet.instances[0].transitions = (1..12_000_u32)
        .map(|number| experiment::fleet::Change {
            at_s: f64::from(number) / 1000.0,
            from: if number % 2 == 1 { closed } else { open },
            to: if number % 2 == 1 { open } else { closed },
            ..change.clone()
        })
        .collect();

    let svg = svg("t", &run);

    // Half of each pixel: half of the height of each state.
    assert!(svg.len() < 400_000, "{}", svg.len());
    assert!(
        svg.contains("tl-open") && svg.contains("tl-closed"),
        "{svg}"
    );
}

#[test]
fn what_the_fleet_decided_is_marked_where_it_was() {
    let run = simulated(include_str!(
        "../../../../../scenarios/coordination/total-outage.toml"
    ));
    let changes = run.fleet.instances.iter().flat_map(|one| &one.transitions);
    let of = |cause| changes.clone().filter(|it| it.cause == cause).count();
    let leased = of(fusebox::Cause::FleetProbe);

    let svg = svg("t", &run);

    // One more of each stands in the legend.
    let marks = |class: &str| svg.matches(class).count();
    assert_eq!(marks("<circle class=\"tl-ring\""), leased + 1);
    assert_eq!(
        marks("<polygon class=\"tl-ink ring\""),
        run.fleet.instances.len() + 1
    );
    assert!(svg.contains(">probe for all<"), "{svg}");
}

#[test]
fn colours_are_those_of_the_palette() {
    use experiment::palette::{
        CLOSED, DISABLED, FORCED_OPEN, HALF_OPEN, METRICS_ONLY, MUTED, OPEN, SICK, TEXT,
    };

    for (class, colour) in [
        ("tl-closed", CLOSED.light),
        ("tl-half", HALF_OPEN.light),
        ("tl-open", OPEN.light),
        ("tl-sick", SICK.light),
        ("tl-forced", FORCED_OPEN.light),
        ("tl-off", DISABLED.light),
        ("tl-ink", TEXT[0]),
        ("tl-soft", MUTED[0]),
    ] {
        let rule = format!(".{class}{{fill:{colour}}}");
        assert!(STYLE.contains(&rule), "{rule}");
    }
    let gapped = format!("height=\"6\" fill=\"{}\"", METRICS_ONLY.light);
    assert!(PATTERNS.contains(&gapped), "{gapped}");
}
