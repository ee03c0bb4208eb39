//! The system as if from five terminals: every part is a process of its own, on free ports.

use crate::{Client, Process};

/// Flags with which the whole system in one process takes whatever ports are free.
pub const FREE_PORTS: [&str; 10] = [
    "--listen",
    "A=127.0.0.1:0",
    "--listen",
    "B=127.0.0.1:0",
    "--listen",
    "C=127.0.0.1:0",
    "--listen",
    "unreliable=127.0.0.1:0",
    "--listen",
    "lab=127.0.0.1:0",
];

/// The unreliable service with instances that depend on it.
#[derive(Debug)]
pub struct System {
    /// The process of the unreliable service.
    pub downstream_process: Process,
    /// The unreliable service.
    pub downstream: Client,
    /// The instances with their names and processes.
    pub instances: Vec<(String, Client, Process)>,
}

impl System {
    /// Starts the unreliable service with `plan` and the instances A, B, C with `flags`.
    pub async fn start(plan: &str, flags: &[&str]) -> Self {
        Self::with_instances(&["A", "B", "C"], plan, flags).await
    }

    /// Starts the unreliable service with `plan` and instances with `flags`.
    ///
    /// # Panics
    /// If the plan is refused.
    pub async fn with_instances(names: &[&str], plan: &str, flags: &[&str]) -> Self {
        let unreliable = ["unreliable", "--listen", "127.0.0.1:0", "--seed", "1"];
        let downstream_process = Process::start(&unreliable);
        let downstream = Client::new(downstream_process.url("unreliable service").await);
        let accepted = downstream.put("/faults", plan).await;
        assert_eq!(accepted.status, 200, "{}", accepted.body);
        let mut instances = Vec::new();
        for name in names {
            let base = ["instance", name, "--listen", "127.0.0.1:0", "--seed", "1"];
            let mut arguments = base.to_vec();
            arguments.extend(["--downstream", downstream.base()]);
            arguments.extend(flags);
            let process = Process::start(&arguments);
            let client = Client::new(process.url("instance").await);
            instances.push(((*name).to_owned(), client, process));
        }
        Self {
            downstream_process,
            downstream,
            instances,
        }
    }

    /// One instance.
    pub fn instance(&self, place: usize) -> &Client {
        &self.instances[place].1
    }

    /// Starts the load on all instances.
    pub fn load(&self, rate: u32) -> Process {
        let targets = self.instances.iter();
        let targets: Vec<String> = targets
            .map(|(name, client, _)| format!("{name}={}", client.base()))
            .collect();
        let rate = rate.to_string();
        let mut arguments = vec!["load", "--rate", &rate, "--seed", "1"];
        for target in &targets {
            arguments.extend(["--target", target]);
        }
        Process::start(&arguments)
    }

    /// How many calls the downstream has received, by its own count.
    pub async fn received(&self) -> f64 {
        let series = self.downstream.metrics().await;
        series.sum("unreliable_service_requests_total", &[])
    }
}

/// A plan in which this share of the calls fails.
pub fn failing(share: f64) -> String {
    format!(r#"{{"seed": 1, "phases": [{{"name": "failing", "failure_ratio": {share}}}]}}"#)
}

/// A plan in which every call fails.
pub fn always_failing() -> String {
    failing(1.0)
}

/// A plan without faults.
pub fn healthy() -> String {
    failing(0.0)
}
