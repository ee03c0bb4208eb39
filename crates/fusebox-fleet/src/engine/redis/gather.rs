//! The gathering of reports that are due together into one call of a script.
//!
//! An instance reports all its keys at the same instants, and each report is sent by a task of its own. So a report
//! waits until the tasks that were woken with it have had their turn, which takes negligible time. The reports that
//! have come by then are one request: the server reads, looks up, and answers once for all of them.
//!
//! A server may refuse the whole request, like a node of a cluster that keeps only some of the keys. Then each report
//! is sent alone. A report that is sent twice counts once.

use std::sync::Arc;

use ::redis::Value;
use futures_util::StreamExt;
use futures_util::future::join_all;
use futures_util::stream::FuturesUnordered;
use tokio::task::yield_now;

use super::fault::Connection;
use super::queue::Waiting;
use super::round_trip::Call;
use super::shared::Shared;

/// A script delays everybody else's: it takes no more reports than this, about a millisecond's work.
const MOST: usize = 64;

/// Sends what is due, for as long as it is polled.
pub(super) async fn send(shared: Arc<Shared>) {
    let mut under_way = FuturesUnordered::new();
    loop {
        tokio::select! {
            () = shared.queue.come.notified() => {
                // The first turn is for the tasks that make the reports, the second for those that send them.
                yield_now().await;
                yield_now().await;
                let mut due = shared.queue.take();
                while !due.is_empty() {
                    let rest = due.split_off(due.len().min(MOST));
                    under_way.push(carry(&shared, due));
                    due = rest;
                }
            }
            Some(()) = under_way.next() => {}
        }
    }
}

async fn carry(shared: &Shared, due: Vec<Waiting>) {
    let alone = if due.len() > 1 {
        together(shared, due).await
    } else {
        due
    };
    join_all(alone.into_iter().map(|one| by_itself(shared, one))).await;
}

/// Sends the reports as one request, and returns those that have to be sent alone.
async fn together(shared: &Shared, due: Vec<Waiting>) -> Vec<Waiting> {
    let answer = shared.call(&call(shared, &due)).await;
    let answers = match answer {
        Ok(Value::Array(answers)) if answers.len() == due.len() => answers,
        // The server has answered that it does not do this, or with something that no script says.
        Ok(_) | Err((_, Connection::Fine | Connection::Renew)) => return due,
        Err((why, Connection::Lost)) => {
            for one in due {
                let _ = one.asker.send(Err(why.clone())); // or nobody waits any more
            }
            return Vec::new();
        }
    };
    let mut alone = Vec::new();
    for (one, answer) in due.into_iter().zip(answers) {
        if one.words.wanted_by(&answer).is_some() {
            alone.push(one);
        } else {
            let _ = one.asker.send(Ok(answer));
        }
    }
    alone
}

async fn by_itself(shared: &Shared, one: Waiting) {
    if one.asker.is_closed() {
        return;
    }
    let answer = shared.call(&call(shared, std::slice::from_ref(&one))).await;
    let answer = answer.map_err(|(why, _)| why).map(|answer| match answer {
        Value::Array(mut answers) if answers.len() == 1 => answers.remove(0),
        other => other,
    });
    let _ = one.asker.send(answer);
}

fn call<'a>(shared: &'a Shared, due: &'a [Waiting]) -> Call<'a> {
    Call {
        script: &shared.scripts.report,
        said: due.iter().map(|one| (&one.names, &one.words)).collect(),
    }
}
