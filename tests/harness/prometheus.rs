//! The real Prometheus, scraping what a configuration says.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use reqwest::Url;
use serde_json::Value;
use tokio::process::Command;

use crate::{Client, Process, eventually};

/// A running Prometheus. Killed, and its data removed, when dropped.
#[derive(Debug)]
pub struct Prometheus {
    /// `None` for a server that was started elsewhere.
    own: Option<(Process, PathBuf)>,
    api: Client,
}

/// One series of an answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// Its labels.
    pub labels: Value,
    /// Unix times in seconds, and values.
    pub points: Vec<(f64, f64)>,
}

impl Sample {
    /// A label, or an empty text.
    pub fn label(&self, name: &str) -> &str {
        self.labels[name].as_str().unwrap_or_default()
    }

    /// The last value.
    ///
    /// # Panics
    /// Never: a series of an answer has points.
    pub fn value(&self) -> f64 {
        self.points.last().expect("a series has points").1
    }
}

impl Prometheus {
    /// Starts one with this configuration.
    ///
    /// # Panics
    /// If it is not installed, or refuses the configuration.
    pub async fn start(config: &str) -> Self {
        Self::start_in(new_folder(), config).await
    }

    /// Starts one that scrapes nothing and remembers `samples`: lines of OpenMetrics with times, of the last
    /// days.
    ///
    /// # Panics
    /// If it is not installed, or refuses the samples.
    pub async fn remembering(samples: &str) -> Self {
        let folder = new_folder();
        let file = folder.join("samples");
        std::fs::write(&file, samples).expect("a temporary file can be written");
        let made = Command::new("promtool")
            .args(["tsdb", "create-blocks-from", "openmetrics"])
            .args([&file, &folder.join("data")])
            .output()
            .await
            .expect("promtool is missing: apt-get install prometheus");
        assert!(made.status.success(), "{made:?}");
        Self::start_in(folder, "global: {}\n").await
    }

    async fn start_in(folder: PathBuf, config: &str) -> Self {
        let file = folder.join("prometheus.yml");
        std::fs::write(&file, config).expect("a temporary file can be written");
        let mut command = Command::new("prometheus");
        command
            .arg(format!("--config.file={}", file.display()))
            .arg(format!(
                "--storage.tsdb.path={}",
                folder.join("data").display()
            ))
            .args([
                "--web.listen-address=127.0.0.1:0",
                "--enable-feature=exemplar-storage",
            ]);
        let process =
            Process::start_other(command, "prometheus is missing: apt-get install prometheus");
        let address = eventually("Prometheus listens", async || {
            let log = process.log();
            let line = log.iter().find(|line| line.contains("\"Listening on\""))?;
            let address = line.split("address=").nth(1)?;
            Some(address.trim().to_owned())
        })
        .await;
        let api = Client::new(format!("http://{address}"));
        eventually("Prometheus is ready", async || {
            let reply = api.try_get("/-/ready").await?;
            (reply.status == 200).then_some(())
        })
        .await;
        Self {
            own: Some((process, folder)),
            api,
        }
    }

    /// One that runs already, at `base`.
    pub fn at(base: &str) -> Self {
        Self {
            own: None,
            api: Client::new(base.to_owned()),
        }
    }

    /// The answer of its API at `path`.
    ///
    /// # Panics
    /// If it is an error.
    pub async fn ask(&self, path: &str, parameters: &[(&str, &str)]) -> Value {
        self.answer(path, parameters).await["data"].take()
    }

    /// The whole answer of its API at `path`, with its warnings.
    ///
    /// # Panics
    /// If it is an error.
    pub async fn answer(&self, path: &str, parameters: &[(&str, &str)]) -> Value {
        let base = format!("{}/api/v1/{path}", self.api.base());
        let url = Url::parse_with_params(&base, parameters).expect("a URL");
        let query = url
            .query()
            .map(|query| format!("?{query}"))
            .unwrap_or_default();
        let reply = self.api.get(&format!("{}{query}", url.path())).await;
        assert_eq!(reply.status, 200, "{path} {parameters:?}: {}", reply.body);
        reply.json()
    }

    /// What `expression` is now.
    pub async fn now(&self, expression: &str) -> Vec<Sample> {
        let data = self.ask("query", &[("query", expression)]).await;
        let series = data["result"].as_array().cloned().unwrap_or_default();
        let samples = series.into_iter().map(|one| Sample {
            points: vec![point(&one["value"])],
            labels: one["metric"].clone(),
        });
        samples.collect()
    }

    /// What `expression` was in each of the last `seconds`.
    ///
    /// # Panics
    /// Never: the answer of a range query is a matrix.
    pub async fn last(&self, expression: &str, seconds: u32) -> Vec<Sample> {
        let end = unix_now();
        let start = end - f64::from(seconds);
        self.between(expression, [start, end], 1).await
    }

    /// What `expression` was from `start` to `end`, each `step` seconds.
    ///
    /// # Panics
    /// Never: the answer of a range query is a matrix.
    pub async fn between(
        &self,
        expression: &str,
        [start, end]: [f64; 2],
        step: u32,
    ) -> Vec<Sample> {
        let parameters = [
            ("query", expression),
            ("start", &start.to_string()),
            ("end", &end.to_string()),
            ("step", &step.to_string()),
        ];
        let data = self.ask("query_range", &parameters).await;
        let series = data["result"].as_array().cloned().unwrap_or_default();
        let samples = series.into_iter().map(|one| Sample {
            points: one["values"]
                .as_array()
                .expect("a matrix")
                .iter()
                .map(point)
                .collect(),
            labels: one["metric"].clone(),
        });
        samples.collect()
    }

    /// The trace ids of the exemplars of `metric` in the last `seconds`.
    pub async fn traces_behind(&self, metric: &str, seconds: u32) -> BTreeSet<String> {
        let end = unix_now();
        let start = end - f64::from(seconds);
        let parameters = [
            ("query", metric),
            ("start", &start.to_string()),
            ("end", &end.to_string()),
        ];
        let data = self.ask("query_exemplars", &parameters).await;
        let series = data.as_array().cloned().unwrap_or_default();
        let exemplars = series
            .iter()
            .flat_map(|one| one["exemplars"].as_array().cloned().unwrap_or_default());
        let ids = exemplars
            .filter_map(|exemplar| Some(exemplar["labels"]["trace_id"].as_str()?.to_owned()));
        ids.collect()
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        // What is left goes with the temporary folder.
        if let Some((_process, folder)) = &self.own {
            let _ = std::fs::remove_dir_all(folder);
        }
    }
}

/// A new temporary folder for one Prometheus.
fn new_folder() -> PathBuf {
    static MADE: AtomicU32 = AtomicU32::new(0);
    let number = MADE.fetch_add(1, Ordering::Relaxed);
    let name = format!("breaker-lab-prometheus-{}-{number}", std::process::id());
    let folder = std::env::temp_dir().join(name);
    std::fs::create_dir_all(&folder).expect("a temporary folder can be made");
    folder
}

fn point(pair: &Value) -> (f64, f64) {
    let value = pair[1].as_str().and_then(|value| value.parse().ok());
    let time = pair[0].as_f64();
    (time.unwrap_or_default(), value.unwrap_or(f64::NAN))
}

/// The wall time, in seconds, as Prometheus knows it.
#[expect(
    clippy::disallowed_methods,
    reason = "Prometheus is asked about wall time"
)]
pub fn unix_now() -> f64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.unwrap_or_default().as_secs_f64()
}
