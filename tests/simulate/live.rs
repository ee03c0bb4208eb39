//! Live runs of the same scenarios: what they accept as well, and what only a simulation can do.

use end_to_end::{Process, read, repetitions, text};

use crate::{folder, scenario};

#[tokio::test]
async fn a_live_run_takes_set_too() {
    let folder = folder("live");
    let scenario = scenario(&folder, "");
    let out = folder.join("out");

    let sets = ["--set", "duration=1s", "--set", "load.rate=50"];
    let asked = ["run", text(&scenario), "--quiet", "--out", text(&out)];
    let ended = Process::run(&[&asked[..], &sets].concat()).await;

    assert!(ended.status.success(), "{ended:#?}");
    let run = repetitions(&out).remove(0);
    assert_eq!(
        (
            run["performer"].as_str(),
            run["load"]["profile"]["rate"].as_f64()
        ),
        (Some("live"), Some(50.0))
    );
    assert!(read(&out.join("scenario.toml")).contains("duration = \"1s\" # of virtual time"));
}

#[tokio::test]
async fn a_live_run_refuses_what_only_a_simulation_can_and_names_it() {
    let folder = folder("refused-live");
    let scenario = scenario(&folder, "");
    let out = folder.join("out");
    let interrupted = "[{ at = \"1s\", for = \"1s\" }]";
    let restart = format!("instance.A.restart={interrupted}");
    let pause = format!("instance.C.pause={interrupted}");
    for (set, words) in [
        (
            "fleet.size=65",
            [
                "65 instances are not allowed in a live run, only up to 64",
                "write `breaker-lab simulate",
            ],
        ),
        (
            &restart,
            [
                "instance.A: live instances cannot pause or restart: write `breaker-lab simulate",
                "or leave `pause` and `restart` out",
            ],
        ),
        (
            &pause,
            [
                "instance.C: live instances cannot pause or restart: write `breaker-lab simulate",
                "or leave `pause` and `restart` out",
            ],
        ),
    ] {
        let asked = ["run", text(&scenario), "--set", set, "--out", text(&out)];
        let ended = Process::run(&asked).await;
        assert_eq!(ended.status.code(), Some(2), "{ended:#?}");
        for word in words {
            assert!(ended.said(word), "{word}: {ended:#?}");
        }
        assert!(!out.exists(), "nothing was started");
        // What is written instead is what works.
        let asked = ["simulate", text(&scenario), "--set", set, "--check"];
        let ended = Process::run(&asked).await;
        assert!(ended.status.success(), "{ended:#?}");
    }
}

#[tokio::test]
async fn instances_of_a_live_run_stand_in_the_order_of_the_scenario() {
    let folder = folder("order");
    let scenario = scenario(&folder, "");
    let sets = ["--set", "duration=1s", "--set", "fleet.size=11"];
    let mut orders = Vec::new();
    for command in ["run", "simulate"] {
        let out = folder.join(command);
        let asked = [command, text(&scenario), "--quiet", "--out", text(&out)];

        let ended = Process::run(&[&asked[..], &sets].concat()).await;

        assert!(ended.status.success(), "{ended:#?}");
        let run = repetitions(&out).remove(0);
        let names = |list: &serde_json::Value, key: &str| -> Vec<String> {
            let list = list.as_array().expect("a list");
            let names = list.iter().map(|one| one[key].as_str().expect("a name"));
            names.map(str::to_owned).collect()
        };
        orders.push(names(&run["fleet"]["instances"], "name"));
        orders.push(names(&run["load"]["targets"], "name"));
    }
    // By their letters i10 and i11 would stand before i4.
    let expected = [
        "A", "B", "C", "i4", "i5", "i6", "i7", "i8", "i9", "i10", "i11",
    ];
    for order in orders {
        assert_eq!(order, expected);
    }
}
