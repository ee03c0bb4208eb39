//! Tests of the writer, whose reader may be slow or gone.

use std::sync::mpsc;
use std::time::Duration;

use super::*;

/// A stream whose reader takes one piece per word that it receives.
struct Paused(mpsc::Receiver<()>);

impl Write for Paused {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.0.recv() {
            Ok(()) => Ok(bytes.len()),
            Err(_) => Err(io::ErrorKind::BrokenPipe.into()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn what_a_reader_did_not_take_before_the_end_was_not_written() {
    let (writer, read) = paused();
    writer.add(b"anybody?".to_vec());
    writer.hurry(Instant::now());

    let missing = writer.all_written().await.unwrap_err();

    assert_eq!(missing.kind(), io::ErrorKind::TimedOut);
    read.send(()).unwrap();
    while !writer.is_idle() {
        sleep(LOOK).await;
    }
    assert!(writer.all_written().await.is_ok());

    let (writer, read) = paused();
    drop(read);
    writer.add(b"still there?".to_vec());
    let gone = writer.all_written().await.unwrap_err();
    assert_eq!(gone.kind(), io::ErrorKind::BrokenPipe);
}

fn paused() -> (Writer, mpsc::Sender<()>) {
    let writer = Writer {
        shared: Arc::new(Shared {
            state: Mutex::default(),
            changed: Condvar::new(),
            left: watch::Sender::new(false),
        }),
    };
    let (read, reader) = mpsc::channel();
    let writing = writer.clone();
    thread::spawn(move || writing.write_to(Paused(reader)));
    (writer, read)
}

#[test]
fn a_reader_that_pauses_keeps_nobody_waiting_and_costs_bounded_memory() {
    let (writer, read) = paused();
    let line = vec![b'x'; 1000];

    for _ in 0..3000 {
        writer.add(line.clone());
    }

    assert!(writer.lock().waiting.len() <= LIMIT);
    assert!(writer.lost() > 0);
    writer.hurry(Instant::now());
    writer.finish(Instant::now());
    assert!(!writer.is_idle(), "the rest is given up");
    drop(read);
}

#[test]
fn all_that_waits_is_written_for_as_long_as_it_takes_unless_somebody_hurries() {
    let (writer, read) = paused();
    writer.add(b"one".to_vec());
    writer.add(b"two".to_vec());
    assert!(!writer.is_done(Instant::now()), "there is no hurry");

    for _ in 0..2 {
        read.send(()).unwrap();
    }
    writer.finish(Instant::now());

    assert!(writer.is_idle() && writer.outcome().is_ok());
}

#[tokio::test]
async fn a_reader_that_has_gone_away_is_noticed_and_is_no_error() {
    let (writer, read) = paused();
    drop(read);
    writer.add(b"anybody?".to_vec());

    let told = tokio::time::timeout(Duration::from_secs(60), writer.reader_left()).await;

    assert!(told.is_ok());
    writer.finish(Instant::now());
    assert!(writer.outcome().is_ok());
}
