//! Input in all its common forms: variables, files, paths, headers and bodies.

mod bodies;
mod control;
mod files;
mod paths;
mod secrets;
mod units;
mod variables;

use std::path::PathBuf;

use end_to_end::{Client, Process};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Runs `breaker-lab` with variables, which must refuse, and returns what it says.
async fn refusal_in(variables: &[(&str, &str)], arguments: &[&str]) -> String {
    let ended = Process::start_in(variables, arguments)
        .ended(end_to_end::LIMIT)
        .await;
    assert_eq!(ended.status.code(), Some(2), "{arguments:?}: {ended:#?}");
    let [line] = ended.stderr.as_slice() else {
        panic!("{arguments:?}: one line, not {:#?}", ended.stderr);
    };
    line.clone()
}

/// Runs `breaker-lab`, which must succeed, and returns its standard output.
async fn output_of(arguments: &[&str]) -> Vec<String> {
    let ended = Process::run(arguments).await;
    assert!(ended.status.success(), "{arguments:?}: {ended:#?}");
    ended.stdout
}

/// Sends these bytes on a connection of their own and returns all that comes back.
async fn raw(client: &Client, request: impl AsRef<[u8]>) -> String {
    let mut stream = connection(client).await;
    stream
        .write_all(request.as_ref())
        .await
        .expect("it listens");
    rest_of(&mut stream).await
}

async fn connection(client: &Client) -> TcpStream {
    let address = client.base().trim_start_matches("http://");
    TcpStream::connect(address).await.expect("it accepts")
}

/// What comes until the other side ends the connection.
async fn rest_of(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let read = tokio::time::timeout(end_to_end::LIMIT, stream.read_to_end(&mut bytes)).await;
    read.expect("the answer ends").expect("the answer arrives");
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The status of an answer.
fn status(answer: &str) -> u16 {
    let status = answer.split(' ').nth(1).and_then(|it| it.parse().ok());
    status.unwrap_or_else(|| panic!("no answer: {answer:?}"))
}

/// A file with these bytes, for one test.
struct File(PathBuf);

impl File {
    fn new(name: &str, bytes: impl AsRef<[u8]>) -> Self {
        let name = format!("breaker-lab-input-{}-{name}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::write(&path, bytes).expect("a temporary file can be written");
        Self(path)
    }

    fn path(&self) -> &str {
        self.0.to_str().expect("the path is text")
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}
