//! The programs of the stack, started as the compose file says: as processes or, if `scripts/stack.sh --compose` has
//! started them, as containers.

use std::collections::BTreeMap;
use std::net::{TcpListener, UdpSocket};
use std::path::{Path, PathBuf};
use std::time::Duration;

use end_to_end::{Client, Process, Service, Signal, compose};
use tokio::process::Command;

use crate::checks::{Checks, say};

/// The compose file whose words are followed.
const FILE: &str = "docker-compose.linux.yml";

/// Where `scripts/stack.sh` puts the programs.
const PROGRAMS: &str = "STACK_PROGRAMS";

/// Set where the script has brought up the containers.
const CONTAINERS: &str = "STACK_CONTAINERS";

/// What `scripts/stack/containers.sh` calls the project.
const PROJECT: &str = "breaker-lab-stack";

/// The two that are run. Grafana is in no registry of Go modules.
pub(crate) const NAMES: [&str; 2] = ["jaeger", "prometheus"];

/// Jaeger and Prometheus, running.
pub(crate) struct Stack {
    services: BTreeMap<String, Service>,
    host: Host,
    /// Where Prometheus keeps its data.
    data: PathBuf,
}

enum Host {
    Processes(BTreeMap<String, Process>),
    Containers,
}

impl Stack {
    /// Starts both, or finds the containers.
    pub(crate) fn start() -> Result<Self, String> {
        let data = std::env::temp_dir().join(format!("breaker-lab-stack-{}", std::process::id()));
        let mut stack = Self {
            services: compose(&[FILE]),
            host: Host::Containers,
            data,
        };
        if std::env::var_os(CONTAINERS).is_none() {
            refuse_taken_ports(&PORTS)?;
            refuse_taken_ports(&PORTS_OF_THE_LAB)?;
            stack.host = Host::Processes(BTreeMap::new());
            for name in NAMES {
                stack.start_process(name)?;
            }
        } else {
            refuse_taken_ports(&PORTS_OF_THE_LAB)?;
        }
        Ok(stack)
    }

    fn start_process(&mut self, name: &str) -> Result<(), String> {
        let programs = std::env::var_os(PROGRAMS)
            .ok_or("STACK_PROGRAMS does not say where the programs are: run scripts/stack.sh")?;
        let program = Path::new(&programs).join(name);
        if !program.exists() {
            return Err(format!(
                "{} is missing: run scripts/stack.sh",
                program.display()
            ));
        }
        let service = &self.services[name];
        let mut command = Command::new(&program);
        let arguments = service.arguments.iter();
        // An entry point names the program in the image.
        let arguments = arguments.skip_while(|argument| argument.starts_with("/bin/"));
        command.args(arguments.map(|argument| self.data_here(&here(service, argument))));
        command.envs(&service.environment);
        say(&format!("{:?}", command.as_std()));
        let process = Process::start_other(command, "scripts/stack.sh builds it");
        if let Host::Processes(running) = &mut self.host {
            running.insert(name.to_owned(), process);
        }
        Ok(())
    }

    fn data_here(&self, argument: &str) -> String {
        argument.replace("=/prometheus", &format!("={}", self.data.display()))
    }

    /// The process id, as this machine sees it.
    pub(crate) async fn id(&self, name: &str) -> Option<u32> {
        match &self.host {
            Host::Processes(running) => Some(running.get(name)?.id()),
            Host::Containers => {
                let container = container(name).await?;
                let id = docker(&["inspect", "--format", "{{.State.Pid}}", &container]).await?;
                id.parse().ok().filter(|id| *id > 0)
            }
        }
    }

    /// The health check of the compose file, asked from here.
    pub(crate) async fn assert_healthy(&self, checks: &mut Checks) {
        for name in NAMES {
            let limit = Duration::from_secs(60);
            checks
                .comes_true(limit, &format!("{name} is healthy"), async || {
                    self.is_healthy(name).await.then_some(())
                })
                .await;
        }
    }

    async fn is_healthy(&self, name: &str) -> bool {
        let urls = self.services[name].healthcheck.iter();
        let mut urls = urls.filter(|word| word.starts_with("http://"));
        let url = urls.next().expect("a health check asks a URL");
        let reply = Client::new(url.clone()).try_get("").await;
        reply.is_some_and(|reply| reply.status == 200)
    }

    /// Kills Jaeger. A container stays away until it is started again.
    pub(crate) async fn kill_jaeger(&mut self) {
        match &mut self.host {
            Host::Processes(running) => {
                if let Some(jaeger) = running.remove("jaeger") {
                    jaeger.signal(Signal::Kill);
                    jaeger.ended(Duration::from_secs(10)).await;
                }
            }
            Host::Containers => {
                if let Some(container) = container("jaeger").await {
                    docker(&["kill", &container]).await;
                }
            }
        }
    }

    /// Starts Jaeger again.
    pub(crate) async fn start_jaeger(&mut self) -> Result<(), String> {
        match &self.host {
            Host::Processes(_) => self.start_process("jaeger"),
            Host::Containers => {
                let container = container("jaeger").await.ok_or("no container of Jaeger")?;
                docker(&["start", &container]).await;
                Ok(())
            }
        }
    }

    /// Docker starts a container again whose program died, by itself.
    pub(crate) async fn assert_started_again(&self, checks: &mut Checks) {
        if matches!(self.host, Host::Processes(_)) {
            return;
        }
        for name in NAMES {
            let Some(before) = self.id(name).await else {
                checks.that(format!("{name} runs in a container"), false);
                continue;
            };
            let sent = Command::new("kill")
                .args(["-KILL", &before.to_string()])
                .status()
                .await;
            checks.that(
                format!("{name} is killed"),
                sent.is_ok_and(|it| it.success()),
            );
            let limit = Duration::from_secs(60);
            checks
                .comes_true(limit, &format!("{name} was started again"), async || {
                    let now = self.id(name).await?;
                    (now != before && self.is_healthy(name).await).then_some(())
                })
                .await;
        }
    }

    /// Both end when they are asked to.
    pub(crate) async fn assert_ends(mut self, checks: &mut Checks) {
        let Host::Processes(running) = &mut self.host else {
            return;
        };
        for (name, process) in std::mem::take(running) {
            process.signal(Signal::Terminate);
            let ended = process.ended(Duration::from_secs(20)).await;
            checks.that(
                format!("{name} ends well: {}", ended.status),
                ended.status.success(),
            );
        }
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        // What is left goes with the temporary folder.
        let _ = std::fs::remove_dir_all(&self.data);
    }
}

/// An argument with the files of this machine in place of those that the container would see.
fn here(service: &Service, argument: &str) -> String {
    service.mounts.iter().fold(
        argument.to_owned(),
        |argument, (here, inside)| match argument.strip_suffix(inside.as_str()) {
            Some(before) if before.ends_with('=') => format!("{before}{here}"),
            _ => argument,
        },
    )
}

async fn container(name: &str) -> Option<String> {
    let service = format!("label=com.docker.compose.service={name}");
    let project = format!("label=com.docker.compose.project={PROJECT}");
    let filters = [
        "ps", "--all", "--quiet", "--filter", &service, "--filter", &project,
    ];
    docker(&filters).await.filter(|id| !id.is_empty())
}

async fn docker(arguments: &[&str]) -> Option<String> {
    let output = Command::new("docker").args(arguments).output().await.ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}

/// The ports that the compose file promises, and those that Jaeger takes in addition.
const PORTS: [u16; 17] = [
    9090, 16686, 16685, 4317, 4318, 13132, 13133, 8888, 5778, 5779, 14250, 14268, 6831, 6832, 9411,
    27777, 27778,
];

/// What `prometheus.yml` promises.
const PORTS_OF_THE_LAB: [u16; 5] = [8001, 8002, 8003, 8080, 9000];

fn refuse_taken_ports(ports: &[u16]) -> Result<(), String> {
    for port in ports {
        let address = ("127.0.0.1", *port);
        let taken = TcpListener::bind(address).is_err() || UdpSocket::bind(address).is_err();
        if taken {
            return Err(format!(
                "port {port} is taken, and the compose files promise it: end what listens there \
                 (a stack of your own? `docker compose -f {FILE} down`) and start again"
            ));
        }
    }
    Ok(())
}
