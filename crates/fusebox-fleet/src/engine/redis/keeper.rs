//! The task that keeps a link connected.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use ::redis::aio::{MultiplexedConnection, PubSub, PubSubSink, PubSubStream};
use ::redis::{AsyncConnectionConfig, ProtocolVersion, PushInfo, PushKind, RedisError, Value};
use futures_util::StreamExt;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};

use super::fault;
use super::news::Standing;
use super::shared::{Shared, State};
use super::socket;
use crate::engine::Unavailable;

/// The pause before the next attempt to connect, doubled with each failure.
const FIRST_PAUSE: Duration = Duration::from_millis(50);

/// The longest such pause, after which a server that is back is found.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// How long a server may take to answer a greeting, a `PING` or a subscription; none of these delays verbs.
const PATIENCE: Duration = Duration::from_secs(1);

/// After this long without an answer the keeper checks whether the server is there.
const IDLE: Duration = Duration::from_secs(10);

/// A connection, and the source of its news.
struct Line {
    verbs: MultiplexedConnection,
    news: Source,
    end: Arc<End>,
    _driver: Driver,
}

/// The task that reads and writes what verbs share. Without a connection it has nothing to do; a silent server would
/// keep it for ever.
struct Driver(JoinHandle<()>);

impl Drop for Driver {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// The source of views that other instances cause.
enum Source {
    /// The same connection.
    Same,
    /// A second one: the server is older than RESP3.
    Second(PubSubSink, PubSubStream),
}

/// Whether a connection has ended.
#[derive(Default)]
struct End {
    reached: AtomicBool,
    told: Notify,
}

/// Keeps a connection for as long as it is polled.
pub(super) async fn keep(shared: Arc<Shared>) {
    let mut pause = FIRST_PAUSE;
    loop {
        shared.news.begin_again();
        match connect(&shared).await {
            Ok(mut line) => {
                ask_for(&shared, &mut line, Standing::Wanted).await;
                shared.state.send_replace(State::Up(line.verbs.clone()));
                let began = Instant::now();
                attend(&shared, &mut line).await;
                if began.elapsed() > PATIENCE {
                    pause = FIRST_PAUSE;
                }
                shared.state.send_replace(State::Connecting);
            }
            Err(why) => {
                shared.state.send_replace(State::Down(why));
            }
        }
        sleep(pause.mul_f64(0.5 + fastrand::f64() / 2.0)).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

async fn connect(shared: &Arc<Shared>) -> Result<Line, Unavailable> {
    match greet(shared, ProtocolVersion::RESP3).await {
        Err(Greeting::Failed(error)) if fault::is_too_old(&error) => {
            greet(shared, ProtocolVersion::RESP2).await
        }
        done => done,
    }
    .map_err(|error| match error {
        Greeting::Failed(error) => fault::tell(&error).0,
        Greeting::Silent => {
            Unavailable::new(format!("the server did not answer within {PATIENCE:?}"))
        }
    })
}

/// The reason why there is no connection.
enum Greeting {
    Failed(RedisError),
    Silent,
}

impl From<RedisError> for Greeting {
    fn from(error: RedisError) -> Self {
        Self::Failed(error)
    }
}

async fn greet(shared: &Arc<Shared>, protocol: ProtocolVersion) -> Result<Line, Greeting> {
    let info = shared.address.info(protocol);
    let (address, settings) = (info.addr(), info.redis_settings());
    let end = Arc::new(End::default());
    let mut config = AsyncConnectionConfig::new()
        .set_connection_timeout(None)
        .set_response_timeout(None);
    if protocol == ProtocolVersion::RESP3 {
        config = config.set_push_sender(listener(Arc::downgrade(shared), Arc::clone(&end)));
    }
    let greeting = async {
        let socket = socket::open(address).await?;
        let (verbs, driver) =
            MultiplexedConnection::new_with_config(settings, socket, config).await?;
        let driver = Driver(tokio::spawn(driver));
        let news = if protocol == ProtocolVersion::RESP3 {
            Source::Same
        } else {
            let socket = socket::open(address).await?;
            let (sink, stream) = PubSub::new(settings, socket).await?.split();
            Source::Second(sink, stream)
        };
        Ok(Line {
            verbs,
            news,
            end,
            _driver: driver,
        })
    };
    timeout(PATIENCE, greeting)
        .await
        .unwrap_or(Err(Greeting::Silent))
}

/// Takes in what the server pushes. It must not wait.
fn listener(
    shared: Weak<Shared>,
    end: Arc<End>,
) -> impl Fn(PushInfo) -> Result<(), ()> + Send + Sync + 'static {
    move |push| {
        match (push.kind, push.data.as_slice()) {
            (PushKind::Disconnection, _) => {
                end.reached.store(true, Ordering::Relaxed);
                end.told.notify_one();
            }
            (PushKind::Message, [Value::BulkString(channel), Value::BulkString(text)]) => {
                if let Some(shared) = shared.upgrade() {
                    shared.news.tell(channel, text);
                }
            }
            _ => {}
        }
        Ok(())
    }
}

/// Returns when the connection has become useless.
async fn attend(shared: &Shared, line: &mut Line) {
    let began = Instant::now();
    let mut answers = 0;
    loop {
        let idle = tokio::select! {
            () = line.end.told.notified() => return,
            heard = hear(&mut line.news) => match heard {
                Some((channel, text)) => {
                    shared.news.tell(&channel, &text);
                    continue;
                }
                None => return,
            },
            () = shared.wishes.any.notified() => false,
            () = sleep(IDLE) => true,
        };
        let before = std::mem::replace(&mut answers, shared.answers.load(Ordering::Relaxed));
        let silent = idle && before == answers;
        let unanswered = shared.wishes.check.swap(false, Ordering::Relaxed);
        if (silent || unanswered) && !line.answers().await {
            return;
        }
        if shared.wishes.renew.swap(false, Ordering::Relaxed) && began.elapsed() > PATIENCE {
            return;
        }
        ask_for(shared, line, Standing::Wanted).await;
        if idle {
            // The permission may have been given since.
            ask_for(shared, line, Standing::Refused).await;
        }
        if line.end.reached.load(Ordering::Relaxed) {
            return;
        }
    }
}

/// The next message of a second connection; `None` when it has ended. Safe to be dropped.
async fn hear(news: &mut Source) -> Option<(Vec<u8>, Vec<u8>)> {
    match news {
        Source::Same => std::future::pending().await,
        Source::Second(_, stream) => stream.next().await.map(|message| {
            let channel = message.get_channel_name().as_bytes().to_vec();
            (channel, message.get_payload_bytes().to_vec())
        }),
    }
}

/// Asks the server for the channels with this standing.
async fn ask_for(shared: &Shared, line: &mut Line, standing: Standing) {
    for channel in shared.news.with(standing) {
        let asked = match &mut line.news {
            Source::Same => timeout(PATIENCE, line.verbs.subscribe(&channel)).await,
            Source::Second(sink, _) => timeout(PATIENCE, sink.subscribe(&channel)).await,
        };
        let standing = match asked {
            Ok(Ok(())) => Standing::Subscribed,
            Ok(Err(_)) | Err(_) => Standing::Refused,
        };
        shared.news.settle(&channel, standing);
    }
}

impl Line {
    /// Whether the server answers at all, even with an error.
    async fn answers(&mut self) -> bool {
        let asked = ::redis::cmd("PING");
        let answer = timeout(PATIENCE, asked.query_async::<Value>(&mut self.verbs)).await;
        answer.is_ok_and(|answer| answer.err().is_none_or(|error| error.code().is_some()))
    }
}
