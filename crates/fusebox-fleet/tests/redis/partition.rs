//! A network that drops packets without ending a connection, which the engine notices by the silence.

use fusebox_fleet::engine::Engine;
use fusebox_fleet::{Opinion, View};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::fleet::Fleet;
use crate::server::Server;

/// A way to the server that can be cut. What went over it before the cut stays silent for ever, as after a
/// long partition.
struct Way {
    is_cut: watch::Sender<bool>,
    port: u16,
}

impl Way {
    async fn to(server: &Server) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let is_cut = watch::Sender::new(false);
        tokio::spawn(lead(listener, server.port(), is_cut.subscribe()));
        Self { is_cut, port }
    }
}

async fn lead(listener: TcpListener, server: u16, is_cut: watch::Receiver<bool>) {
    loop {
        let (mut near, _) = listener.accept().await.unwrap();
        let mut is_cut = is_cut.clone();
        tokio::spawn(async move {
            if !*is_cut.borrow_and_update() {
                let mut far = TcpStream::connect(("127.0.0.1", server)).await.unwrap();
                tokio::select! {
                    _ = tokio::io::copy_bidirectional(&mut near, &mut far) => return,
                    _ = is_cut.changed() => {}
                }
                std::future::pending::<()>().await;
                drop(far);
            }
            std::future::pending::<()>().await;
            drop(near);
        });
    }
}

#[tokio::test]
async fn a_partition_that_heals_is_survived_by_another_connection() {
    let server = Server::start();
    let way = Way::to(&server).await;
    let fleet = Fleet::new(way.port, "");
    let mut events = fleet.engine.events(&fleet.key);
    let before = fleet.open().await;

    way.is_cut.send_replace(true);
    let told = fleet.all_verbs(before).await;
    assert!(told.iter().all(|told| told.contains("within")), "{told:#?}");
    way.is_cut.send_replace(false);

    let after: View = fleet.recovered(Opinion::Suspect).await;
    assert_eq!(after.era, before.era);
    fleet.hears(&mut *events).await;
}
