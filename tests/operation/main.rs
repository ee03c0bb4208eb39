//! The orders to a running lab from a shell: settings, instances, load and scenarios, each looked for at the
//! service that it is for.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod coordination;
mod documented;
mod fleet;
mod guard;
mod instances;
mod load;
mod marks;
mod recorded;
mod scenarios;
mod settings;

use end_to_end::{Client, FREE_PORTS, Process, Reply, eventually};
use serde_json::Value;

/// A running lab.
pub(crate) struct Lab {
    pub(crate) process: Process,
    pub(crate) api: Client,
    /// A, B and C.
    pub(crate) instances: Vec<Client>,
    pub(crate) downstream: Client,
}

impl Lab {
    /// A lab with these flags, on free ports.
    pub(crate) async fn start(flags: &[&str]) -> Self {
        let all = [&FREE_PORTS[..], &["--plain", "--seed", "7"], flags].concat();
        Self::of(Process::start(&all)).await
    }

    /// The lab of this process.
    pub(crate) async fn of(process: Process) -> Self {
        let mut instances = Vec::new();
        for name in ["A", "B", "C"] {
            instances.push(Client::new(process.url(&format!("instance {name}")).await));
        }
        let lab = Client::new(process.url("  lab ").await);
        lab.alive().await;
        Self {
            api: lab,
            instances,
            downstream: Client::new(process.url("fault control").await),
            process,
        }
    }

    pub(crate) async fn order(&self, method: &str, path: &str, body: &str) -> Reply {
        self.api.send(method, path, &[], body.to_owned()).await
    }

    /// Gives an order that is carried out.
    pub(crate) async fn done(&self, method: &str, path: &str, body: &str) -> Value {
        let reply = self.order(method, path, body).await;
        assert_eq!(reply.status, 200, "{method} {path} {body}: {}", reply.body);
        reply.json()
    }

    /// Gives an order that is refused, and returns the message.
    pub(crate) async fn refused(&self, method: &str, path: &str, body: &str) -> (u16, String) {
        let reply = self.order(method, path, body).await;
        assert!(
            reply.status >= 400,
            "{method} {path} {body}: {}",
            reply.body
        );
        let message = reply.json()["error"]["message"]
            .as_str()
            .unwrap()
            .to_owned();
        (reply.status, message)
    }

    pub(crate) async fn state(&self) -> Value {
        self.api.get("/api/state").await.json()
    }

    /// What the page is told of the whole run, once this is so.
    pub(crate) async fn history_when(&self, what: &str, is: impl Fn(&Value) -> bool) -> Value {
        eventually(what, async || {
            let history = self.api.get("/api/history").await.json();
            is(&history).then_some(history)
        })
        .await
    }

    /// Waits until a mark with this text is on the axis.
    pub(crate) async fn marked(&self, text: &str) {
        let has = |history: &Value| {
            let marks = history["m"].as_array().into_iter().flatten();
            marks.into_iter().any(|mark| mark[2] == text)
        };
        self.history_when(&format!("a mark: {text}"), has).await;
    }
}
