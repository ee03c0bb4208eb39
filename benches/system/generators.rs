//! The load generator compared with others, and its lateness.
//!
//! All of them send to the same bare service, one after the other, again and again. The service counts its answers,
//! so that no generator's own claim is used.

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use benches::{Process, ask, now};

use super::pair::Plan;
use super::services::Starter;

/// Connections of each.
const CONNECTIONS: &str = "64";
/// How long a generator runs before it is looked at.
const WARM_UP: Duration = Duration::from_millis(300);

/// A generator of load.
struct Tool {
    name: &'static str,
    program: String,
    arguments: fn(SocketAddr) -> Vec<String>,
    /// What of its speed is wanted of the lab's, in CPU per request.
    wanted: Option<f64>,
    turns: Vec<[f64; 2]>,
}

fn words(text: &str) -> Vec<String> {
    text.split(' ').map(str::to_owned).collect()
}

fn tools(lab: &Path) -> Vec<Tool> {
    let tool = |name, program: &str, arguments, wanted| Tool {
        name,
        program: program.to_owned(),
        arguments,
        wanted,
        turns: Vec::new(),
    };
    let all = [
        tool(
            "lab",
            &lab.to_string_lossy(),
            |at| {
                words(&format!(
                    "load --target A=http://{at} --connections {CONNECTIONS} --quiet"
                ))
            },
            None,
        ),
        tool(
            "oha",
            "oha",
            |at| words(&format!("--no-tui -z 1h -c {CONNECTIONS} http://{at}/call")),
            Some(1.2),
        ),
        tool(
            "wrk",
            "wrk",
            |at| words(&format!("-t 1 -d 1h -c {CONNECTIONS} http://{at}/call")),
            Some(1.0),
        ),
    ];
    all.into_iter()
        .filter(|tool| is_installed(&tool.program))
        .collect()
}

fn is_installed(program: &str) -> bool {
    let mut command = Command::new(program);
    let command = command
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command.status().is_ok()
}

impl Tool {
    fn turn(&mut self, target: SocketAddr, length: Duration) -> io::Result<()> {
        let mut command = Command::new(&self.program);
        let process = Process::quiet(command.args((self.arguments)(target)))?;
        thread::sleep(WARM_UP);
        let (count, cpu, began) = (answered(target)?, process.cpu(), now());
        thread::sleep(length);
        let (count, cpu) = (answered(target)? - count, process.cpu().saturating_sub(cpu));
        self.turns.push([
            cpu.as_secs_f64() * 1e6 / count,
            count / began.elapsed().as_secs_f64(),
        ]);
        Ok(())
    }
}

fn answered(target: SocketAddr) -> io::Result<f64> {
    let answer = ask("GET", target, "/count", "")?;
    let text = String::from_utf8_lossy(&answer.body).into_owned();
    text.parse().map_err(io::Error::other)
}

/// Runs them and shows a table.
pub(crate) fn table(lab: &Path, plan: Plan) -> io::Result<String> {
    let target = Starter::plainly(lab).peer(&["downstream"])?;
    let mut tools = tools(lab);
    for _ in 0..plan.rounds {
        for tool in &mut tools {
            tool.turn(target.address, plan.length)?;
        }
    }
    let head = "| generator, 64 connections | CPU µs per request | requests/s | its CPU / the lab's | middle half \
                | wanted |\n|---|---:|---:|---:|---:|---:|\n";
    let lab = &tools[0];
    let lines: Vec<String> = tools.iter().map(|tool| line(tool, lab)).collect();
    Ok(format!("{head}{}\n", lines.join("\n")))
}

fn line(tool: &Tool, lab: &Tool) -> String {
    let sorted = |mut values: Vec<f64>| {
        values.sort_by(f64::total_cmp);
        values
    };
    let median = |values: &[f64]| values[values.len() / 2];
    let [cpu, rate] =
        [0, 1].map(|place| sorted(tool.turns.iter().map(|turn| turn[place]).collect()));
    let pairs = tool.turns.iter().zip(&lab.turns);
    let ratios = sorted(pairs.map(|([its, _], [ours, _])| its / ours).collect());
    let last = ratios.len() - 1;
    let wanted = tool
        .wanted
        .map_or(String::new(), |goal| format!("≥ {goal:.1}"));
    format!(
        "| {} | {:.1} | {:.0} | **{:.2}** | {:.2} to {:.2} | {wanted} |",
        tool.name,
        median(&cpu),
        median(&rate),
        median(&ratios),
        ratios[last / 4],
        ratios[last - last / 4],
    )
}

/// How late the lab's generator is, in its own words.
pub(crate) fn lateness(lab: &Path, length: Duration) -> io::Result<String> {
    let target = Starter::plainly(lab).peer(&["downstream"])?;
    let mut lines = String::new();
    for rate in [1000, 10_000] {
        let mut command = Command::new(lab);
        command.args(["load", "--target", &format!("A=http://{}", target.address)]);
        command.args(["--rate", &rate.to_string(), "--quiet"]);
        command.args(["--duration", &format!("{}ms", length.as_millis())]);
        let output = command.output()?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let line = text.lines().find(|line| line.starts_with("lateness"));
        let line = line.unwrap_or("lateness of the generator: none was told");
        lines.extend(["- ", &rate.to_string(), "/s: ", line, "\n"]);
    }
    Ok(lines)
}
