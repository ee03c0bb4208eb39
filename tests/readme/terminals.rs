//! The terminals in which the commands of a page stay: what serves until Ctrl-C, and where it listens here.
//!
//! A page names the ports that are the program's defaults. Here the system chooses them, so that neither another page
//! nor a lab that runs on this machine is in the way; what a page writes is translated.

use std::collections::BTreeMap;

use end_to_end::{
    Collector, FREE_PORTS, LIMIT, Mood, Process, Redis, Signal, eventually, free_udp,
};

use crate::commands::{value, words};

/// What serves on one port of a page.
#[derive(Clone, Debug)]
struct Place {
    /// `HOST:PORT` here.
    address: String,
    /// Which terminal it is.
    terminal: usize,
}

/// What goes on until it is told to end.
#[derive(Debug)]
enum Server {
    /// It ends in order at Ctrl-C.
    Process(Process),
    /// It is ended without a word.
    Stream {
        _process: Process,
    },
    Redis {
        _server: Redis,
    },
    Collector {
        _collector: Collector,
    },
}

/// The terminals of one page.
#[derive(Debug, Default)]
pub(crate) struct Terminals {
    open: BTreeMap<usize, Server>,
    places: BTreeMap<u16, Place>,
    started: usize,
    /// Where the gossip nodes of A, B and C listen.
    gossip: Option<[String; 3]>,
}

/// The ports of a lab, with what its lines call who listens there.
const LAB: [(u16, &str); 5] = [
    (8001, "instance A"),
    (8002, "instance B"),
    (8003, "instance C"),
    (9000, "unreliable service"),
    (8080, "  lab "),
];

/// A command that stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stays {
    Lab,
    Unreliable,
    Instance(u16),
    Load,
    /// On this port of the page.
    Redis(u16),
    Prometheus,
    Stream,
}

impl Stays {
    /// Whether a command of this program with these words goes on until Ctrl-C.
    pub(crate) fn of_lab(words: &[&str]) -> Option<Self> {
        let ends = [
            "--duration",
            "--dry-run",
            "--print-config",
            "--help",
            "--version",
        ];
        if words.iter().any(|word| ends.contains(word)) {
            return None;
        }
        match words {
            ["unreliable", ..] => Some(Self::Unreliable),
            ["instance", name, ..] => {
                let usual = match *name {
                    "A" => 8001,
                    "B" => 8002,
                    "C" => 8003,
                    _ => 0,
                };
                let listen = value(words, "--listen").and_then(|at| at.split(':').nth(1));
                let port = listen.and_then(|port| port.parse().ok());
                Some(Self::Instance(port.unwrap_or(usual)))
            }
            ["load", ..] => Some(Self::Load),
            [] => Some(Self::Lab),
            [first, ..] => first.starts_with("--").then_some(Self::Lab),
        }
    }

    /// Whether any other command does.
    pub(crate) fn of_other(command: &str) -> Option<Self> {
        match &words(command)[..] {
            ["redis-server", rest @ ..] => {
                let port = value(rest, "--port").map(|port| port.parse().expect("a port"));
                Some(Self::Redis(port.unwrap_or(6379)))
            }
            ["prometheus", ..] => Some(Self::Prometheus),
            ["curl", rest @ ..] if rest.iter().any(is_unbuffered) && !rest.contains(&"|") => {
                Some(Self::Stream)
            }
            _ => None,
        }
    }

    fn ports(self) -> Vec<u16> {
        match self {
            Self::Lab => LAB.map(|(port, _)| port).to_vec(),
            Self::Unreliable => vec![9000],
            Self::Instance(port) | Self::Redis(port) => vec![port],
            Self::Prometheus => vec![9090],
            Self::Load | Self::Stream => Vec::new(),
        }
    }
}

impl Terminals {
    /// The flags by which a command of the program listens and is found here. Addresses are still those of the page.
    pub(crate) fn flags(&mut self, words: &[&str]) -> Vec<String> {
        let mut flags = Vec::new();
        let mut add = |words: &[&str]| flags.extend(words.iter().map(|&word| word.to_owned()));
        let has = |flag: &str| words.contains(&flag);
        match words {
            ["unreliable", ..] => add(&["--listen", "127.0.0.1:0"]),
            ["instance", name, ..] => {
                if !has("--listen") {
                    add(&["--listen", "127.0.0.1:0"]);
                }
                if !has("--downstream") {
                    add(&["--downstream", "http://127.0.0.1:9000"]);
                }
                if value(words, "--engine") == Some("gossip") {
                    if *name == "A" || self.gossip.is_none() {
                        self.gossip = Some(free_udp());
                    }
                    let nodes = self.gossip.clone().unwrap_or_default();
                    add(&["--gossip-seeds", &nodes.join(",")]);
                    if let Some(place) = ["A", "B", "C"].iter().position(|one| one == name) {
                        add(&["--gossip-listen", &nodes[place]]);
                    }
                }
            }
            ["load", ..] if !has("--dry-run") => {
                if !has("--target") {
                    for (name, port) in [("A", 8001), ("B", 8002), ("C", 8003)] {
                        add(&["--target", &format!("{name}=http://127.0.0.1:{port}")]);
                    }
                }
                // What is tried here is not how fast the machine is.
                add(&["--lateness-limit", "10s"]);
            }
            ["faults", what, ..] if *what != "presets" => {
                add(&["--downstream", "http://127.0.0.1:9000"]);
            }
            [] => add(&FREE_PORTS),
            [first, ..] if first.starts_with("--") => add(&FREE_PORTS),
            _ => {}
        }
        flags
    }

    /// Begins what a command asks for and nobody has started: a reader has it running already.
    pub(crate) async fn provide(&mut self, command: &str) {
        let guarded = command.contains("Bearer TOKEN");
        let asks = |port: u16| {
            ["localhost", "127.0.0.1"]
                .iter()
                .any(|host| command.contains(&format!("{host}:{port}")))
        };
        let lab = LAB
            .iter()
            .any(|&(port, _)| asks(port) && !self.places.contains_key(&port));
        if guarded || lab {
            let token: &[&str] = if guarded {
                &["--control-token", "TOKEN"]
            } else {
                &[]
            };
            let process = Process::start(&[&FREE_PORTS[..], token].concat());
            self.keep(Stays::Lab, process).await;
        }
        for port in redis_ports(command) {
            if !self.places.contains_key(&port) {
                let is_own = |server: &Server| matches!(server, Server::Redis { .. });
                let elsewhere = self.open.values().any(is_own);
                assert!(!elsewhere, "the page's Redis server is not on port {port}");
                self.keep_redis(port, &[]);
            }
        }
        if asks(4318) && !self.places.contains_key(&4318) {
            let collector = Collector::start(Mood::Taking);
            let address = collector.http().replace("http://", "");
            let kept = Server::Collector {
                _collector: collector,
            };
            self.hold(&[(4318, address)], kept);
        }
    }

    /// A command as it reaches here what it names.
    pub(crate) fn translated(&self, command: &str) -> String {
        let mut command = command.to_owned();
        for (port, place) in &self.places {
            for host in ["localhost", "127.0.0.1"] {
                command = command.replace(&format!("{host}:{port}"), &place.address);
            }
        }
        command
    }

    /// Ends what listens where this command will: its reader has no second such port.
    pub(crate) async fn make_room(&mut self, stays: Stays) {
        let ports = stays.ports();
        let places = self.places.iter().filter(|(port, _)| ports.contains(port));
        let terminals: Vec<usize> = places.map(|(_, place)| place.terminal).collect();
        for terminal in terminals {
            self.end(terminal).await;
        }
    }

    /// Takes in a process that stays, once it serves.
    pub(crate) async fn keep(&mut self, stays: Stays, process: Process) {
        let mut places = Vec::new();
        let at = |url: String| url.trim_start_matches("http://").to_owned();
        match stays {
            Stays::Lab => {
                for (port, who) in LAB {
                    places.push((port, at(process.url(who).await)));
                }
            }
            Stays::Unreliable => places.push((9000, at(process.url("unreliable").await))),
            Stays::Instance(port) => places.push((port, at(process.url("instance").await))),
            Stays::Load => shown(&process).await,
            Stays::Redis(_) => unreachable!("it is started by itself"),
            Stays::Prometheus => {
                let listens = "\"Listening on\"";
                let line = logged(&process, listens).await;
                let address = line.split("address=").nth(1).unwrap_or_default();
                places.push((9090, address.trim().to_owned()));
                logged(&process, "Server is ready").await;
            }
            Stays::Stream => {
                shown(&process).await;
                self.hold(&[], Server::Stream { _process: process });
                return;
            }
        }
        self.hold(&places, Server::Process(process));
    }

    /// A Redis server where a page has one, with the words of its command; the port is one of ours.
    ///
    /// # Panics
    /// If it does not start with them.
    pub(crate) fn keep_redis(&mut self, port: u16, words: &[&str]) {
        let mut options = words.to_vec();
        if let Some(place) = options.iter().position(|word| *word == "--port") {
            options.drain(place..place + 2);
        }
        let server = Redis::start(&options);
        let address = server.address();
        self.hold(&[(port, address)], Server::Redis { _server: server });
    }

    fn hold(&mut self, places: &[(u16, String)], server: Server) {
        self.started += 1;
        let terminal = self.started;
        for (port, address) in places {
            let address = address.clone();
            self.places.insert(*port, Place { address, terminal });
        }
        self.open.insert(terminal, server);
    }

    /// Ends what the terminal holds, as Ctrl-C does.
    ///
    /// # Panics
    /// If it does not end by itself then, or ends in disorder.
    async fn end(&mut self, terminal: usize) {
        self.places.retain(|_, place| place.terminal != terminal);
        if let Some(Server::Process(process)) = self.open.remove(&terminal) {
            process.handles_signals().await;
            process.signal(Signal::Interrupt);
            let ended = process.ended(LIMIT).await;
            // Where the machine is slow, the end may take too long (1), or the load may be late (3).
            let is_slow = || {
                let mut lines = ended.stderr.iter();
                lines.any(|line| line.contains("the shutdown took too long"))
            };
            let in_order = match ended.status.code() {
                Some(0 | 3) => true,
                Some(1) => is_slow(),
                _ => false,
            };
            assert!(in_order, "at Ctrl-C: {ended:#?}");
        }
    }

    /// Ends everything, the last first.
    pub(crate) async fn end_all(&mut self) {
        while let Some(terminal) = self.open.keys().next_back().copied() {
            self.end(terminal).await;
        }
    }
}

/// Whether this word tells curl to show what comes at once.
fn is_unbuffered(word: &&str) -> bool {
    let letters = word.strip_prefix('-').filter(|it| !it.starts_with('-'));
    *word == "--no-buffer" || letters.is_some_and(|it| it.contains('N'))
}

/// The ports of this machine at which a command looks for a Redis server.
fn redis_ports(command: &str) -> Vec<u16> {
    let places = command.split("redis://").skip(1).filter_map(|rest| {
        let at = |host: &str| {
            rest.strip_prefix(host)?
                .split(|it: char| !it.is_ascii_digit())
                .next()
        };
        at("127.0.0.1:").or_else(|| at("localhost:"))
    });
    places.filter_map(|port| port.parse().ok()).collect()
}

/// Waits until something is printed.
async fn shown(process: &Process) {
    eventually("a line of output", async || {
        (!process.lines().is_empty()).then_some(())
    })
    .await;
}

/// The line of the log that has these words.
async fn logged(process: &Process, words: &str) -> String {
    eventually(words, async || {
        let log = process.log();
        log.into_iter().find(|line| line.contains(words))
    })
    .await
}
