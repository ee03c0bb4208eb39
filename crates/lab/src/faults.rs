//! The commands `breaker-lab faults …`, which ask a running unreliable service.
//!
//! Files are read and checked before anything is sent, so that an error names the file and the key.

use std::path::Path;
use std::time::Duration;

use experiment::faults::{Plan, presets, schema};
use experiment::reading::{parse_json, without_mark};
use reqwest::{Method, RequestBuilder};
use serde_json::Value;

use crate::cli::{FaultsArgs, FaultsCommand};
use crate::client::client;
use crate::failure::Failure;
use crate::file;
use crate::print;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// The prefix of a preset's name, given in place of a file.
const PRESET: &str = "preset:";

/// Carries out the command and prints the answer.
pub(crate) async fn run(args: FaultsArgs) -> Result<(), Failure> {
    let ask = |method, path: &str| {
        let request = client()
            .request(method, args.downstream.join(path))
            .timeout(PATIENCE);
        match &args.control_token {
            Some(token) => request.bearer_auth(token.as_str()),
            None => request,
        }
    };
    let shown = match &args.command {
        FaultsCommand::Show => send(ask(Method::GET, "faults")).await?,
        FaultsCommand::Set { file } => {
            let plan = read_plan(file)?;
            send(ask(Method::PUT, "faults").json(&plan)).await?
        }
        FaultsCommand::Patch { file } => {
            let patch = read_patch(file)?;
            send(ask(Method::PATCH, "faults").json(&patch)).await?
        }
        FaultsCommand::Clear => send(ask(Method::DELETE, "faults")).await?,
        FaultsCommand::Presets => {
            list_presets();
            return Ok(());
        }
        FaultsCommand::Preset { name } => {
            let preset = presets::preset(name).map_err(Failure::usage)?;
            send(ask(Method::PUT, "faults").json(&preset.plan())).await?
        }
        FaultsCommand::DryRun { file } => as_value(&read_plan(file)?.preview(None))?,
        FaultsCommand::Schema => schema(),
        FaultsCommand::Truth => send(ask(Method::GET, "truth")).await?,
    };
    let text = serde_json::to_string_pretty(&shown);
    print::line(&text.map_err(|error| Failure::runtime(error.to_string()))?);
    Ok(())
}

/// Reads a plan from a file, or a preset.
pub(crate) fn read_plan(path: &Path) -> Result<Plan, Failure> {
    let shown = path.display();
    if let Some(name) = path.to_str().and_then(|path| path.strip_prefix(PRESET)) {
        let preset = presets::preset(name).map_err(Failure::usage)?;
        return Ok(preset.plan());
    }
    let text = read(path).map_err(|failure| {
        Failure::usage(format!(
            "{failure}; write the path of a JSON or TOML file, or preset:NAME"
        ))
    })?;
    let plan = if is_toml(path, &text) {
        // A place in the file is part of its name.
        Plan::parse_toml(&text).map_err(|error| match error.as_bytes().first() {
            Some(b'0'..=b'9') => format!("{shown}:{error}"),
            _ => format!("{shown}: {error}"),
        })
    } else {
        Plan::parse(text.as_bytes()).map_err(|error| format!("{shown}: {error}"))
    };
    plan.map_err(Failure::usage)
}

fn read_patch(path: &Path) -> Result<Value, Failure> {
    let shown = path.display();
    let text = read(path)?;
    let changes = if is_toml(path, &text) {
        experiment::reading::parse_toml(&text).map_err(|error| format!("{shown}:{error}"))
    } else {
        parse_json(text.as_bytes()).map_err(|error| format!("{shown}: {error}"))
    };
    changes.map_err(Failure::usage)
}

fn read(path: &Path) -> Result<String, Failure> {
    let shown = path.display();
    file::read_text(path, file::WRITTEN_BY_HAND)
        .map_err(|error| Failure::usage(format!("cannot read {shown}: {error}")))
}

/// The format, by the file's name; a file whose name does not say is JSON if it begins like JSON.
fn is_toml(path: &Path, text: &str) -> bool {
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("toml") => true,
        Some("json") => false,
        _ => {
            let text = without_mark(text).trim_start();
            // No plan in JSON is a list; TOML may begin with `[[phases]]`.
            !text.is_empty() && !text.starts_with('{')
        }
    }
}

fn list_presets() {
    let longest = presets::ALL.iter().map(|preset| preset.name.len()).max();
    let width = longest.unwrap_or_default();
    for preset in presets::ALL {
        print::line(&format!(
            "{:<width$}  {}",
            preset.name,
            preset.description()
        ));
    }
}

fn as_value(value: &impl serde::Serialize) -> Result<Value, Failure> {
    serde_json::to_value(value).map_err(|error| Failure::runtime(error.to_string()))
}

/// The answer, or the reason why there is none. A refusal of the service is the user's error.
async fn send(request: RequestBuilder) -> Result<Value, Failure> {
    let response = request.send().await.map_err(|error| {
        // Neither a name nor a password nor a path of the URL.
        let place = error.url().and_then(|url| {
            let port = url.port_or_known_default()?;
            Some(format!("{}:{port}", url.host_str()?))
        });
        let place = place.unwrap_or_else(|| "its address".to_owned());
        let error = error.without_url();
        let what = if error.is_connect() {
            format!("nothing listens on {place}: start `breaker-lab unreliable`, or choose another address \
                with --downstream")
        } else if error.is_timeout() {
            format!("no answer within {} s", PATIENCE.as_secs())
        } else {
            error.to_string()
        };
        Failure::runtime(format!("cannot reach the unreliable service: {what}"))
    })?;
    let status = response.status();
    let body: Value = response.json().await.map_err(|error| {
        let error = error.without_url();
        Failure::runtime(format!(
            "the answer with status {status} is not JSON: {error}"
        ))
    })?;
    if status.is_success() {
        return Ok(body);
    }
    let message = body["error"]["message"]
        .as_str()
        .unwrap_or("no reason given");
    let message = format!("the unreliable service refused with status {status}: {message}");
    Err(if status.is_client_error() {
        Failure::usage(message)
    } else {
        Failure::runtime(message)
    })
}
