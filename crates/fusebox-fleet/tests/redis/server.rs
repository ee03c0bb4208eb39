//! A Redis server for one test: Debian's `redis-server`, or the one that the environment variable
//! `FLEET_REDIS_SERVER` names, on a free port of its own. It stores nothing and ends with the test.

use std::fs;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

/// How long a server may take to start, on a machine that is busy.
const START: Duration = Duration::from_secs(20);

const STEP: Duration = Duration::from_millis(10);

/// A server that runs.
pub(crate) struct Server {
    process: Child,
    port: u16,
    folder: PathBuf,
    options: Vec<String>,
}

impl Server {
    pub(crate) fn start() -> Self {
        Self::with(&[])
    }

    /// Options as on the command line, in pairs of `--name` and value.
    pub(crate) fn with(options: &[&str]) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("fusebox-fleet-redis-{}-{number}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        fs::create_dir_all(&folder).expect("a folder for the server");
        let options: Vec<String> = options.iter().map(|&option| option.to_owned()).collect();
        for _ in 0..5 {
            let port = free_port();
            if let Some(process) = launch(port, &folder, &options) {
                return Self {
                    process,
                    port,
                    folder,
                    options,
                };
            }
        }
        panic!("redis-server does not start: see {}", folder.display());
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// As of a power cut.
    pub(crate) fn kill(&mut self) {
        self.process.kill().expect("a process that can be ended");
        self.process.wait().expect("its end");
    }

    /// The same server, empty, on the same port.
    pub(crate) fn start_again(&mut self) {
        self.process =
            launch(self.port, &self.folder, &self.options).expect("the port is still free");
    }

    pub(crate) fn freeze(&self) {
        self.signal("STOP");
    }

    pub(crate) fn thaw(&self) {
        self.signal("CONT");
    }

    fn signal(&self, name: &str) {
        let status = Command::new("kill")
            .args(["-s", name, &self.process.id().to_string()])
            .status()
            .expect("the command kill");
        assert!(status.success(), "kill -s {name}");
    }

    /// A command as an administrator's, and its answer.
    pub(crate) fn admin<T: redis::FromRedisValue>(&self, words: &[&str]) -> T {
        self.try_admin(words)
            .unwrap_or_else(|error| panic!("{words:?}: {error}"))
    }

    pub(crate) fn try_admin<T: redis::FromRedisValue>(
        &self,
        words: &[&str],
    ) -> redis::RedisResult<T> {
        let client = redis::Client::open(("127.0.0.1", self.port))?;
        let mut connection = client.get_connection_with_timeout(START)?;
        let mut command = redis::cmd(words[0]);
        command.arg(&words[1..]).query(&mut connection)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // A frozen process dies of this, too.
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

pub(crate) fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0))
        .and_then(|listener| listener.local_addr())
        .expect("a free port")
        .port()
}

/// `None` when the server ends at once: another process has taken the port.
fn launch(port: u16, folder: &PathBuf, options: &[String]) -> Option<Child> {
    let log = folder.join("server.log");
    let _ = fs::remove_file(&log);
    let program = std::env::var_os("FLEET_REDIS_SERVER").unwrap_or_else(|| "redis-server".into());
    let mut process = Command::new(&program)
        .args(["--port", &port.to_string(), "--bind", "127.0.0.1"])
        .args(["--save", "", "--appendonly", "no", "--databases", "64"])
        .args(["--logfile", "server.log", "--dir"])
        .arg(folder)
        .args(options)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .unwrap_or_else(|error| {
            panic!(
                "{} cannot be run ({error}): apt-get install redis-server",
                program.display()
            )
        });
    let mut waited = Duration::ZERO;
    while waited < START {
        if process.try_wait().expect("its state").is_some() {
            return None;
        }
        // An answer on the port alone may be that of another server, which has taken it first.
        let said = fs::read_to_string(&log).unwrap_or_default();
        if said.contains("eady to accept connections") {
            return Some(process);
        }
        thread::sleep(STEP);
        waited += STEP;
    }
    let _ = process.kill();
    let _ = process.wait();
    None
}
