//! Tests of schedules: one seed gives one plan, which follows process and shape.

use proptest::prelude::*;

use super::*;
use crate::load::WrittenProfile;
use crate::reading::parse_toml;

const NAMES: [&str; 3] = ["A", "B", "C"];

fn profile(text: &str) -> Profile {
    parse_toml(text).unwrap()
}

fn schedule(text: &str, seed: u64) -> Schedule {
    Schedule::new(seed, &profile(text), &NAMES)
}

#[test]
fn the_same_seed_plans_the_same_requests_on_every_machine() {
    // Written down once: changing the plan of a seed changes every experiment with it.
    for (text, digest) in [
        ("", "8e6ca40f9606e19e"),
        (
            "process = \"gamma:0.3\"\nshape = \"sine:mean=50,amplitude=50,period=7s\"",
            "abcc1927c42e44bf",
        ),
        (
            "process = \"bursty\"\nchoose = \"sticky\"\nkey_skew = 1.1",
            "c8fa48d07e261da6",
        ),
    ] {
        assert_eq!(schedule(text, 1).digest().to_string(), digest, "{text}");
        assert_ne!(schedule(text, 1).digest(), schedule(text, 2).digest());
    }
}

#[test]
fn another_target_moves_neither_arrivals_nor_keys() {
    let profile = Profile::default();
    let plan = |names: &[&str]| {
        let plan = Schedule::new(1, &profile, names).take(1000);
        plan.map(|it| (it.at, it.key, it.luck)).collect::<Vec<_>>()
    };
    assert_eq!(plan(&["A", "B", "C"]), plan(&["A", "B", "C", "D"]));
}

#[test]
fn every_process_follows_every_shape() {
    for process in [
        "constant",
        "poisson",
        "gamma:0.5",
        "bursty:factor=3,share=0.2,requests=20",
    ] {
        for shape in [
            "constant",
            "ramp:from=100,to=2000,over=30s",
            "steps:500:10s,2000:5s,100:10s",
            "spike:base=200,peak=3000,at=10s,for=5s",
            "sine:mean=500,amplitude=500,period=20s",
            "replay:5=100,10=2000,30=400",
        ] {
            let text = format!("rate = 300\nprocess = \"{process}\"\nshape = \"{shape}\"");
            let curve = Curve::new(&profile(&text));
            let mut counts = [0.0; 8];
            for planned in schedule(&text, 9).take_while(|it| it.at.as_secs() < 40) {
                counts[usize::try_from(planned.at.as_secs() / 5).unwrap()] += 1.0;
            }
            for (interval, count) in (0_u32..).zip(counts) {
                let expected = curve.expected(Duration::from_secs(u64::from(interval + 1) * 5))
                    - curve.expected(Duration::from_secs(u64::from(interval) * 5));
                let dispersion = match process {
                    "constant" => 0.0,
                    "poisson" => 1.0,
                    "gamma:0.5" => 2.0,
                    _ => 13.0,
                };
                let allowed = 4.5 * f64::sqrt(expected * dispersion) + 1.0;
                assert!(
                    f64::abs(count - expected) <= allowed,
                    "{process} {shape} {interval}: {count}, expected {expected} ± {allowed}"
                );
            }
        }
    }
}

#[test]
fn instants_never_go_back_and_a_rate_of_zero_ends_the_plan() {
    let plan: Vec<_> = schedule("shape = \"ramp:from=100,to=0,over=10s\"", 1).collect();
    assert!((400..600).contains(&plan.len()), "{}", plan.len());
    assert!(plan.windows(2).all(|pair| pair[0].at <= pair[1].at));
    assert!(plan.iter().all(|it| it.at <= Duration::from_secs(10)));
}

#[test]
fn a_closed_loop_plans_targets_and_keys_but_no_instants() {
    let plan: Vec<_> = schedule("connections = 4", 1).take(100).collect();
    assert!(
        plan.iter()
            .all(|it| it.at.is_zero() && it.target < 3 && it.key < 1000)
    );
}

fn setting() -> impl Strategy<Value = String> {
    let words = prop::sample::select(vec![
        "constant",
        "poisson",
        "gamma",
        "bursty",
        "ramp",
        "steps",
        "spike",
        "sine",
        "replay",
        "weighted",
        "sticky",
        "immediate",
        "exponential",
        "shape",
        "factor",
        "share",
        "from",
        "to",
        "over",
        "rate",
        "peak",
        "at",
        "for",
        "mean",
        "period",
        "A",
        "1",
        "0",
        "-1",
        "1e308",
        "NaN",
        "0.5",
        "5s",
        "0s",
        "1e-300",
        ":",
        ":",
        "=",
        "=",
        ",",
        ",",
        "é",
    ]);
    prop::collection::vec(words, 0..12).prop_map(|words| words.concat())
}

proptest! {
    #[test]
    fn no_profile_makes_it_panic(
        process in setting(), shape in setting(), choose in setting(), retries in setting(),
        rate in any::<f64>(), skew in any::<f64>(), anything in ".{0,60}",
    ) {
        let _ = parse_toml::<Profile>(&anything);
        for text in [&process, &shape, &choose, &retries, &anything] {
            let mut profile = WrittenProfile::default();
            let _ = text.parse().map(|it| profile.process = it);
            let _ = text.parse().map(|it| profile.shape = it);
            let _ = text.parse().map(|it| profile.choose = it);
            let _ = text.parse().map(|it| profile.retries = it);
            profile.rate = rate;
            profile.key_skew = skew;
            if let Ok(profile) = Profile::try_from(profile) {
                let plan: Vec<_> = Schedule::new(1, &profile, &NAMES).take(50).collect();
                prop_assert!(plan.windows(2).all(|pair| pair[0].at <= pair[1].at));
                prop_assert!(plan.iter().all(|it| it.target < 3));
            }
        }
    }

    #[test]
    fn what_is_accepted_reads_back_as_it_is_shown(text in setting()) {
        if let Ok(shape) = text.parse::<crate::load::Shape>()
            && shape.check().is_ok()
        {
            prop_assert_eq!(shape.to_string().parse::<crate::load::Shape>(), Ok(shape));
        }
        if let Ok(process) = text.parse::<crate::load::ArrivalProcess>() {
            prop_assert_eq!(process.to_string().parse::<crate::load::ArrivalProcess>(), Ok(process));
        }
    }
}

#[test]
fn plans_that_differ_late_have_digests_that_differ() {
    let digest = |text: &str| schedule(text, 1).digest().to_string();
    let plans = [
        "",
        "shape = \"spike:peak=500,at=1h,for=5s\"",
        "shape = \"spike:peak=501,at=1h,for=5s\"",
        "shape = \"spike:peak=500,at=2h,for=5s\"",
        "shape = \"replay:0=90,3600=90,3610=500\"",
        "shape = \"steps:90:1h,90:1h,80:1h\"",
    ];
    let digests: std::collections::BTreeSet<String> =
        plans.iter().map(|text| digest(text)).collect();
    assert_eq!(digests.len(), plans.len(), "{digests:?}");
    // What is no part of the plan does not change it.
    assert_eq!(digest("timeout = \"1s\"\nqueue = 7"), digest(""));
}
