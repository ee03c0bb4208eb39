//! A client for services: plain requests, and `/metrics` as numbers.

use std::collections::BTreeMap;

use reqwest::Method;
use reqwest::header::HeaderMap;
use serde_json::Value;

use crate::eventually;

/// Asks one service.
#[derive(Clone, Debug)]
pub struct Client {
    base: String,
    http: reqwest::Client,
}

/// An answer, read to its end.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The status code.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: String,
}

impl Reply {
    /// A header's text, or an empty one.
    pub fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }

    /// The body as JSON.
    ///
    /// # Panics
    /// If it is none.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }
}

impl Client {
    /// A client for the service at `base`.
    ///
    /// # Panics
    /// Never: a client without TLS can be built.
    pub fn new(base: String) -> Self {
        let http = reqwest::Client::builder()
            .no_proxy()
            .build()
            .expect("a client can be built");
        Self { base, http }
    }

    /// The URL of the service.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// `GET`, or `None` without an answer.
    pub async fn try_get(&self, path: &str) -> Option<Reply> {
        let sent = self.http.get(format!("{}{path}", self.base)).send().await;
        read(sent).await.ok()
    }

    /// `GET`.
    ///
    /// # Panics
    /// If nobody answers.
    pub async fn get(&self, path: &str) -> Reply {
        let reply = self.try_get(path).await;
        reply.unwrap_or_else(|| panic!("nobody answers {}{path}", self.base))
    }

    /// `GET`, with the answer as it is: no redirect is followed.
    ///
    /// # Panics
    /// If nobody answers.
    pub async fn send_without_redirects(&self, path: &str) -> Reply {
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .expect("a client can be built");
        let sent = http.get(format!("{}{path}", self.base)).send().await;
        let reply = read(sent).await;
        reply.unwrap_or_else(|error| panic!("{}{path}: {error}", self.base))
    }

    /// Any request, with headers and a body.
    ///
    /// # Panics
    /// If nobody answers.
    pub async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<reqwest::Body>,
    ) -> Reply {
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        let mut request = self
            .http
            .request(method, format!("{}{path}", self.base))
            .body(body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let reply = read(request.send().await).await;
        reply.unwrap_or_else(|error| panic!("{}{path}: {error}", self.base))
    }

    /// `PUT` with a body.
    ///
    /// # Panics
    /// If nobody answers.
    pub async fn put(&self, path: &str, body: &str) -> Reply {
        self.send("PUT", path, &[], body.to_owned()).await
    }

    /// What `/metrics` shows.
    ///
    /// # Panics
    /// If nobody answers.
    pub async fn metrics(&self) -> Series {
        Series::parse(&self.get("/metrics").await.body)
    }

    /// Waits until the service is alive.
    pub async fn alive(&self) {
        eventually(&format!("{} answers", self.base), async || {
            self.try_get("/healthz").await
        })
        .await;
    }

    /// The state of the instance's breaker, from the one-hot gauge.
    ///
    /// # Panics
    /// If not exactly one state is 1.
    pub async fn state(&self) -> String {
        let series = self.metrics().await;
        let states = series.with("circuit_breaker_state");
        let is: Vec<_> = states.iter().filter(|(_, value)| **value > 0.0).collect();
        let [(labels, value)] = is.as_slice() else {
            panic!("one state at a time: {states:?}");
        };
        assert_eq!(value.to_string(), "1");
        let state = labels
            .split("state=\"")
            .nth(1)
            .and_then(|rest| rest.split('"').next());
        state.expect("the state is a label").to_owned()
    }
}

async fn read(sent: reqwest::Result<reqwest::Response>) -> reqwest::Result<Reply> {
    let response = sent?;
    Ok(Reply {
        status: response.status().as_u16(),
        headers: response.headers().clone(),
        body: response.text().await?,
    })
}

/// The series of one scrape.
#[derive(Clone, Debug)]
pub struct Series {
    values: BTreeMap<String, f64>,
    families: Vec<String>,
}

impl Series {
    fn parse(text: &str) -> Self {
        let values = text.lines().filter(|line| !line.starts_with('#'));
        let values = values.filter_map(|line| {
            let (series, value) = line.rsplit_once(' ')?;
            Some((series.to_owned(), value.parse().ok()?))
        });
        let families = text.lines().filter_map(|line| line.strip_prefix("# TYPE "));
        let families = families.filter_map(|line| Some(line.split(' ').next()?.to_owned()));
        Self {
            values: values.collect(),
            families: families.collect(),
        }
    }

    /// The names of the metrics.
    pub fn families(&self) -> &[String] {
        &self.families
    }

    /// The series of the metric called `name`.
    pub fn with(&self, name: &str) -> BTreeMap<&str, f64> {
        let braced = format!("{name}{{");
        let series = self.values.iter();
        series
            .filter(|(series, _)| *series == name || series.starts_with(&braced))
            .map(|(series, value)| (&**series, *value))
            .collect()
    }

    /// The sum of the series of `name` that have all these labels, each as `name="value"`.
    ///
    /// # Panics
    /// If there is none: a series that is missing is not a zero.
    pub fn sum(&self, name: &str, labels: &[&str]) -> f64 {
        let series = self.with(name);
        let mut found = series
            .iter()
            .filter(|(series, _)| labels.iter().all(|label| series.contains(label)))
            .map(|(_, value)| *value)
            .peekable();
        assert!(found.peek().is_some(), "no {name} with {labels:?}");
        found.sum()
    }
}
