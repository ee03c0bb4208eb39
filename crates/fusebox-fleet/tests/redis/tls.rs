//! Encrypted connections: a server with a trusted certificate is used; any other is unavailable.

use std::fs;
use std::path::Path;
use std::process::Command;

use fusebox_fleet::Opinion;
use fusebox_fleet::engine::Engine;

use crate::fleet::Fleet;
use crate::server::{Server, free_port};

/// Set for the process that trusts the certificate: trust comes from its environment.
const PORT: &str = "FUSEBOX_FLEET_TLS_PORT";

/// A certificate for this machine, made for one test.
fn certificate(folder: &Path) {
    let made = Command::new("openssl")
        .args([
            "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
        ])
        .args([
            "-subj",
            "/CN=localhost",
            "-addext",
            "subjectAltName=DNS:localhost",
        ])
        .args(["-addext", "basicConstraints=critical,CA:FALSE"])
        .arg("-keyout")
        .arg(folder.join("key.pem"))
        .arg("-out")
        .arg(folder.join("certificate.pem"))
        .output()
        .unwrap_or_else(|error| panic!("openssl cannot be run ({error}): apt-get install openssl"));
    assert!(made.status.success(), "{made:?}");
}

struct Encrypted {
    _server: Server,
    folder: std::path::PathBuf,
    port: u16,
}

impl Encrypted {
    fn start(name: &str) -> Self {
        let name = format!("fusebox-fleet-tls-{}-{name}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        fs::create_dir_all(&folder).unwrap();
        certificate(&folder);
        let port = free_port();
        let [key, certificate] =
            ["key.pem", "certificate.pem"].map(|file| folder.join(file).display().to_string());
        let server = Server::with(&[
            "--tls-port",
            &port.to_string(),
            "--tls-cert-file",
            &certificate,
            "--tls-key-file",
            &key,
            "--tls-auth-clients",
            "no",
        ]);
        Self {
            _server: server,
            folder,
            port,
        }
    }
}

impl Drop for Encrypted {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_is_told() {
    let server = Encrypted::start("unknown");
    let fleet = Fleet::encrypted(server.port);

    let mut told = String::new();
    for _ in 0..50 {
        told = fleet.say(1, Opinion::Fine).await.unwrap_err().to_string();
        if told.contains("certificate") {
            return;
        }
    }
    panic!("{told}");
}

#[test]
fn with_a_trusted_certificate_verbs_and_events_work() {
    let server = Encrypted::start("trusted");
    let trusting = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "tls::in_a_process_that_trusts_it", "--nocapture"])
        .env("SSL_CERT_FILE", server.folder.join("certificate.pem"))
        .env(PORT, server.port.to_string())
        .output()
        .unwrap();

    assert!(trusting.status.success(), "{trusting:?}");
}

/// Does nothing unless the test above has started it.
#[tokio::test]
async fn in_a_process_that_trusts_it() {
    let Ok(port) = std::env::var(PORT) else {
        return;
    };
    let fleet = Fleet::encrypted(port.parse().unwrap());
    let mut events = fleet.engine.events(&fleet.key);

    fleet.recovered(Opinion::Fine).await;
    fleet.hears(&mut *events).await;
}
