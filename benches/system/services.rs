//! The services that are measured, each in a process of its own on a free port.

use std::env;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::rc::Rc;

use super::valgrind::counted;
use benches::{Answer, Process, ask};

/// A fault plan in which everything goes well at once.
const HEALTHY: &str = "benches/system/healthy.toml";
/// More failures than open a breaker with the lab's settings.
const FAILURES: u32 = 100;
/// What keeps a breaker closed while a thousand calls wait for one another on a busy machine.
pub(crate) const CLOSED: [&str; 4] = ["--slow-call-duration", "off", "--call-timeout", "20s"];

/// A process and where it listens.
#[derive(Clone)]
pub(crate) struct Service {
    pub(crate) process: Rc<Process>,
    pub(crate) address: SocketAddr,
}

/// Starts services.
#[derive(Clone, Copy)]
pub(crate) struct Starter<'a> {
    /// The binary of the lab.
    pub(crate) lab: &'a Path,
    pub(crate) how: How,
    /// Where its traces go, and the share of them.
    pub(crate) traces: Option<(SocketAddr, &'a str)>,
}

/// How a service is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum How {
    Plainly,
    /// Under Valgrind, which begins to count when it is told to.
    Counted,
}

impl<'a> Starter<'a> {
    pub(crate) fn plainly(lab: &'a Path) -> Self {
        Self {
            lab,
            how: How::Plainly,
            traces: None,
        }
    }

    /// The same with traces of a share of the requests, which go to `collector`.
    pub(crate) fn traced(self, collector: &Service, share: &'a str) -> Self {
        Self {
            traces: Some((collector.address, share)),
            ..self
        }
    }

    fn start(self, program: &Path, arguments: &[&str], name: &str) -> io::Result<Service> {
        let mut command = match self.how {
            How::Plainly => Command::new(program),
            How::Counted => counted(program),
        };
        if let Some((collector, share)) = self.traces {
            // The service that begins a trace decides about it: here, the instance.
            command.env("OTEL_EXPORTER_OTLP_ENDPOINT", format!("http://{collector}"));
            command.env("OTEL_TRACES_SAMPLER", "parentbased_traceidratio");
            command.env("OTEL_TRACES_SAMPLER_ARG", share);
        }
        let (process, addresses) = Process::listening(command.args(arguments), &[name])?;
        Ok(Service {
            process: Rc::new(process),
            address: addresses[0],
        })
    }

    /// A bare service; [`super::peer`] has the kinds.
    pub(crate) fn peer(self, arguments: &[&str]) -> io::Result<Service> {
        let arguments = [&["peer"], arguments].concat();
        self.start(&env::current_exe()?, &arguments, "peer on")
    }

    /// A peer that answers what `answer` says.
    pub(crate) fn same_bytes(self, answer: &Answer) -> io::Result<Service> {
        // What hyper adds by itself.
        let own = ["content-length", "date"];
        let headers = answer
            .headers
            .iter()
            .filter(|(name, _)| !own.contains(&&**name));
        let headers: Vec<String> = headers
            .map(|(name, value)| format!("{name}: {value}"))
            .collect();
        let (status, body) = (
            answer.status.to_string(),
            String::from_utf8_lossy(&answer.body),
        );
        let mut arguments = vec!["answer", &*status, &*body];
        arguments.extend(headers.iter().map(String::as_str));
        self.peer(&arguments)
    }

    /// An instance of the lab that calls `downstream`.
    pub(crate) fn instance(self, downstream: SocketAddr, more: &[&str]) -> io::Result<Service> {
        let downstream = format!("http://{downstream}");
        let own = [
            "instance",
            "A",
            "--listen",
            "127.0.0.1:0",
            "--downstream",
            &downstream,
        ];
        self.start(self.lab, &[&own, more].concat(), "instance A on")
    }

    /// An instance whose breaker is open.
    pub(crate) fn open(self, more: &[&str]) -> io::Result<Service> {
        let arguments = [&["--open-for", "1h"], more].concat();
        // Nothing listens there: it is the port of the discard service, which is out of use.
        let instance = self.instance(SocketAddr::from(([127, 0, 0, 1], 9)), &arguments)?;
        for _ in 0..FAILURES {
            if instance.call()?.status == 503 {
                return Ok(instance);
            }
        }
        Err(io::Error::other("failures do not open the breaker"))
    }
}

impl Service {
    /// Asks for `/call`.
    pub(crate) fn call(&self) -> io::Result<Answer> {
        ask("GET", self.address, "/call", "")
    }
}

/// The whole lab in one process, next to idle by itself: where its instances A and B listen.
pub(crate) fn together(lab: &Path) -> io::Result<(Rc<Process>, [SocketAddr; 2])> {
    let mut command = Command::new(lab);
    let plan = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("..")
        .join(HEALTHY);
    command
        .args(["--plain", "--rate", "1", "--faults"])
        .arg(plan);
    command.args(CLOSED);
    for name in ["A", "B", "C", "unreliable", "lab"] {
        command.arg("--listen").arg(format!("{name}=127.0.0.1:0"));
    }
    let (process, addresses) = Process::listening(&mut command, &["instance A", "instance B"])?;
    Ok((Rc::new(process), [addresses[0], addresses[1]]))
}
