//! The lab that Prometheus watches, on free ports.

use std::collections::BTreeMap;
use std::time::Duration;

use end_to_end::{Client, Collector, Mood, Process, Signal, repository};

/// The lab with a fourth instance that no configuration of Prometheus knows.
pub(crate) struct Lab {
    process: Process,
    /// How its instances decide.
    mode: &'static str,
    pub(crate) services: BTreeMap<&'static str, Client>,
    pub(crate) collector: Collector,
}

impl Lab {
    /// Its instances decide in this mode of coordination.
    pub(crate) async fn start(mode: &'static str) -> Self {
        Self::start_at(&end_to_end::FREE_PORTS.map(str::to_owned), mode).await
    }

    /// The same lab in a new process, at the same addresses.
    pub(crate) async fn restarted(self) -> Self {
        let names = ["A", "B", "C", "unreliable", "lab"];
        let listen = names.iter().flat_map(|name| {
            [
                "--listen".to_owned(),
                format!("{name}={}", self.address(name)),
            ]
        });
        let listen: Vec<String> = listen.collect();
        self.process.signal(Signal::Terminate);
        let ended = self.process.ended(Duration::from_secs(20)).await;
        assert!(
            ended.status.success() && ended.stderr.is_empty(),
            "{ended:#?}"
        );
        Self::start_at(&listen, self.mode).await
    }

    async fn start_at(listen: &[String], mode: &'static str) -> Self {
        let collector = Collector::start(Mood::Taking);
        let file =
            std::env::temp_dir().join(format!("breaker-lab-{mode}-{}.toml", std::process::id()));
        std::fs::write(&file, "[instance.D]\nlisten = \"127.0.0.1:0\"\n").expect("a file");
        let (config, endpoint) = (file.display().to_string(), collector.http());
        let mut flags: Vec<&str> = listen.iter().map(String::as_str).collect();
        flags.extend([
            "--config",
            &config,
            "--seed",
            "1",
            "--coordination",
            mode,
            "--otlp-endpoint",
            &endpoint,
        ]);
        let process = Process::start(&flags);
        let mut services = BTreeMap::new();
        for (name, who) in [
            ("A", "instance A"),
            ("B", "instance B"),
            ("C", "instance C"),
            ("D", "instance D"),
            ("unreliable", "unreliable service"),
            ("lab", "  lab "),
        ] {
            services.insert(name, Client::new(process.url(who).await));
        }
        std::fs::remove_file(file).expect("the file is ours");
        Self {
            process,
            mode,
            services,
            collector,
        }
    }

    pub(crate) fn address(&self, name: &str) -> &str {
        self.services[name].base().trim_start_matches("http://")
    }

    /// The configuration of the repository, with the addresses of this run.
    pub(crate) fn configuration(&self) -> String {
        let shipped =
            std::fs::read_to_string(repository().join("prometheus.yml")).expect("it is there");
        let rules = repository().join("prometheus/rules.yml");
        [
            ("127.0.0.1:8001", self.address("A")),
            ("127.0.0.1:8002", self.address("B")),
            ("127.0.0.1:8003", self.address("C")),
            ("127.0.0.1:9000", self.address("unreliable")),
            ("127.0.0.1:8080", self.address("lab")),
            ("prometheus/rules.yml", &rules.display().to_string()),
        ]
        .iter()
        .fold(shipped, |config, (written, here)| {
            assert!(config.contains(written), "{written}");
            config.replace(written, here)
        })
    }

    pub(crate) async fn openings(&self) -> f64 {
        let mut openings = 0.0;
        for name in ["A", "B", "C", "D"] {
            let metrics = self.services[name].metrics().await;
            openings += metrics.sum("circuit_breaker_trips_total", &[]);
        }
        openings
    }
}
