//! Refusals of what cannot be: one line that says what to write, and nothing started.

use std::net::UdpSocket;

use end_to_end::{LIMIT, Process, Redis};

use crate::File;

/// Runs `breaker-lab`, which must refuse in one line with these words.
async fn assert_refusal(arguments: &[&str], words: &[&str]) {
    let ended = Process::run(arguments).await;
    assert_eq!(ended.status.code(), Some(2), "{arguments:?}: {ended:#?}");
    assert_eq!(ended.stdout, Vec::<String>::new(), "{arguments:?}");
    let [said] = ended.stderr.as_slice() else {
        panic!("{arguments:?}: one line, not {:#?}", ended.stderr);
    };
    for word in words {
        assert!(
            said.contains(word),
            "{arguments:?}: `{word}` is missing: {said}"
        );
    }
}

#[tokio::test]
async fn a_mode_or_an_engine_that_cannot_be_is_refused_with_what_to_write() {
    let quorum = ["instance", "A", "--coordination", "quorum"];
    assert_refusal(
        &["--coordination", "quorom"],
        &["`quorom` is not a mode", "quorum"],
    )
    .await;
    for (engine, said) in [
        ("reddis", "`reddis` is not an engine"),
        ("127.0.0.1:6379", "redis://127.0.0.1:6379"),
        ("redis://", "cannot be read"),
        ("http://127.0.0.1", "redis://127.0.0.1:6379"),
        ("redis://127.0.0.1/x", "database"),
    ] {
        assert_refusal(
            &[&quorum[..], &["--engine", engine]].concat(),
            &["--engine", said],
        )
        .await;
    }
    // A single process has no other to tell.
    for engine in [&[][..], &["--engine", "memory"]] {
        let words = [
            "memory serves only this process",
            "--engine redis://",
            "--engine gossip",
        ];
        assert_refusal(&[&quorum[..], engine].concat(), &words).await;
    }
    // Gossip does not merge counts.
    let pooled = [
        "instance",
        "A",
        "--coordination",
        "pooled",
        "--engine",
        "gossip",
    ];
    assert_refusal(
        &pooled,
        &["coordination.mode = pooled", "quorum or advisory"],
    )
    .await;
}

/// Wherever in an address it stands, and however the address is given.
#[tokio::test]
async fn a_password_in_an_address_that_cannot_be_read_is_shown_nowhere() {
    let quorum = ["instance", "A", "--coordination", "quorum"];
    for engine in [
        "hunter2",
        "hunter2://cache",
        "redis:hunter2@cache",
        "redis://lab:hunter2@",
        "redis://lab:hun/ter2@cache",
        "redis://lab:hun#ter2@cache",
        "redis://lab:hun%ter2@cache/hunter2",
        "redis://cache:hunter2",
        "redis://cache/hunter2",
        "redis://cache?timeout=hunter2",
        "redis://cache?hunter2",
        "redis://cache#hunter2",
    ] {
        let text = format!("[coordination]\nmode = \"quorum\"\nengine = \"{engine}\"\n");
        let file = File::new("hidden", &text);
        for given in [
            [&quorum[..], &["--engine", engine]].concat(),
            vec!["instance", "A", "--config", file.path()],
            vec!["--config", file.path(), "--print-config"],
        ] {
            let ended = Process::run(&given).await;
            assert_eq!(ended.status.code(), Some(2), "{given:?}: {ended:#?}");
            let told = [ended.stdout, ended.stderr].concat().join("\n");
            assert!(told.contains("engine"), "{given:?}: {told}");
            for part in ["hun", "ter2"] {
                assert!(!told.contains(part), "{given:?}: {told}");
            }
        }
    }
}

#[tokio::test]
async fn a_setting_that_could_do_nothing_is_refused() {
    let file = File::new("useless", "[coordination]\nengine = \"gossip\"\n");
    let words = ["has no effect", "--coordination quorum"];
    for arguments in [
        &["--engine", "gossip"][..],
        &["instance", "A", "--engine", "redis://127.0.0.1:6379"],
        &["--gossip-seeds", "127.0.0.1:1"],
        &["--ready-unless-localised"],
        &["--config", file.path()],
    ] {
        assert_refusal(arguments, &words).await;
    }
    let seeds = ["--coordination", "quorum", "--gossip-seeds", "127.0.0.1:1"];
    assert_refusal(&seeds, &["gossip_seeds has no effect", "--engine gossip"]).await;
    let run = ["run", "flapping", "--engine", "memory"];
    assert_refusal(&run, &["has no effect", "coordination.mode=quorum"]).await;
}

#[tokio::test]
async fn a_gossip_port_that_is_taken_is_named_with_the_flag_and_who_could_hold_it() {
    let taken = UdpSocket::bind("127.0.0.1:0").expect("a port is free");
    let address = taken.local_addr().expect("it has an address").to_string();
    let flags = ["--coordination", "quorum", "--engine", "gossip"];
    let listen = [
        "instance",
        "A",
        "--listen",
        "127.0.0.1:0",
        "--gossip-listen",
        &address,
    ];

    let words = [
        &address,
        "--gossip-listen",
        "another breaker-lab",
        "ss -lunp",
    ];
    assert_refusal(&[&listen[..], &flags].concat(), &words).await;
}

#[tokio::test]
async fn a_key_of_the_file_that_is_not_known_is_named_with_the_nearest() {
    let file = File::new("misspelt", "[coordination]\nstager = \"1s\"\n");
    let words = ["coordination: unknown key `stager`; did you mean `stagger`?"];
    assert_refusal(&["--config", file.path()], &words).await;

    let file = File::new(
        "contradiction",
        "[coordination]\nmode = \"quorum\"\nstale_after = \"1ms\"\n",
    );
    assert_refusal(
        &["--config", file.path()],
        &["coordination.stale_after = 1ms"],
    )
    .await;
}

#[tokio::test]
async fn printed_settings_can_be_given_back() {
    let flags = [
        "instance",
        "A",
        "--coordination",
        "quorum",
        "--engine",
        "gossip",
        "--seed",
        "1",
    ];
    let printed = Process::run(&[&flags[..], &["--print-config"]].concat()).await;
    assert!(printed.said("mode = \"quorum\""), "{printed:#?}");
    let file = File::new("back", &printed.stdout.join("\n"));

    let again = Process::run(&["instance", "A", "--config", file.path(), "--print-config"]).await;

    assert_eq!(again.stdout, printed.stdout, "{again:#?}");
}

#[tokio::test]
async fn the_password_of_an_engine_is_shown_nowhere() {
    let server = Redis::start(&["--requirepass", "hunter2"]);
    let url = format!("redis://:hunter2@{}", server.address());
    let wrong = format!("redis://lab:hunter2@{}", server.address());
    let quorum = [
        "instance",
        "A",
        "--listen",
        "127.0.0.1:0",
        "--coordination",
        "quorum",
    ];
    let with = |url| [&quorum[..], &["--engine", url]].concat();
    let mut shown = Vec::new();
    for arguments in [
        [&with(&*url)[..], &["--print-config"]].concat(),
        with("redis://lab:hunter2@127.0.0.1:99999"),
        with("http://lab:hunter2@127.0.0.1"),
        with("lab:hunter2@127.0.0.1"),
        with("redis://lab:hun ter2@127.0.0.1:99999"),
        vec!["--engine", &*url],
        vec!["run", "engine-flushed", "--engine", &*url],
    ] {
        let ended = Process::run(&arguments).await;
        shown.extend(ended.stdout.into_iter().chain(ended.stderr));
    }
    for help in ["--help", "-h"] {
        let variables = [("BREAKER_LAB_ENGINE", &*url)];
        let ended = Process::start_in(&variables, &["instance", help])
            .ended(LIMIT)
            .await;
        assert!(ended.status.success(), "{ended:#?}");
        shown.extend(ended.stdout);
    }
    for engine in [&url, &wrong] {
        let debug = [
            ("RUST_LOG", "debug,redis=trace"),
            ("BREAKER_LAB_ENGINE", engine),
        ];
        let process = Process::start_in(&debug, &quorum);
        let instance = end_to_end::Client::new(process.url("instance A").await);
        end_to_end::eventually("the engine has answered, or refused", async || {
            let engine = crate::fleet(&instance).await["engine"].clone();
            (engine["reachable"] == true || engine["trouble"].is_string()).then_some(())
        })
        .await;
        for page in ["/breaker", "/metrics"] {
            shown.push(instance.get(page).await.body);
        }
        process.signal(end_to_end::Signal::Terminate);
        let ended = process.ended(LIMIT).await;
        shown.extend(ended.stdout.into_iter().chain(ended.stderr));
    }
    // The words of the address, and how a header would write them.
    for secret in ["hunter2", "hun", "ter2", "aHVudGVyMg"] {
        let told = shown.iter().find(|text| text.contains(secret));
        assert!(told.is_none(), "{secret}: {told:?}");
    }
}
