//! How a node leaves: the others know at once, however long a heartbeat is.

use std::time::Duration;

use fusebox_fleet::Opinion::Fine;
use tokio::time::{Instant, sleep};

use crate::fleet::{Fleet, MS, S, builder, within};

const HOUR: Duration = Duration::from_secs(3600);

#[tokio::test(start_paused = true)]
async fn a_node_leaves_within_a_second_though_its_heartbeat_is_an_hour() {
    let mut fleet = Fleet::new(0).await;
    for number in 1..=3 {
        let slow = builder().heartbeat(HOUR).opinion_for(3 * HOUR);
        let instance = fleet.start(number, slow).await.unwrap();
        fleet.instances.push(instance);
        sleep(S).await;
    }
    sleep(4 * HOUR).await; // until they know each other
    fleet.all_say(Fine).await;
    sleep(2 * HOUR).await;
    let voters = |who: usize| fleet.instances[who].peek().view.votes.voters;
    assert_eq!([voters(1), voters(2)], [3, 3]);

    let began = Instant::now();
    fleet.instances[0].node.shutdown().await;

    assert!(began.elapsed() <= S, "{:?}", began.elapsed());
    within(100 * MS, "the others know", || {
        [voters(1), voters(2)] == [2, 2]
    })
    .await;
}
