//! A service alone, in a process of its own: the unreliable service, or one instance.

use fusebox::SystemClock;
use telemetry::Telemetry;
use tokio::time::Instant;

use crate::coordination::{Engines, places};
use crate::failure::Failure;
use crate::instance::{DOWNSTREAM, Instance};
use crate::print;
use crate::serve::listen;
use crate::settings::{Alone, InstanceAlone, UnreliableAlone};
use crate::shutdown::{Ending, Readers, Stop, end_of_run};
use crate::unreliable::Unreliable;

/// Runs the unreliable service until the end.
pub(crate) async fn unreliable(
    settings: Alone<UnreliableAlone>,
    telemetry: &Telemetry,
) -> Result<Ending, Failure> {
    let (serving, seed) = (serving(settings.serving), settings.seed);
    let unreliable = settings.part.unreliable;
    let listening = listen(unreliable.listen.0, "the unreliable service", "--listen")?;
    let control = listen(
        unreliable.control_listen.0,
        "the control listener of the unreliable service",
        "--control-listen",
    )?;
    print::line(&format!(
        "unreliable service on http://{}, seed {seed}",
        listening.address
    ));
    print::line(&format!(
        "fault control on http://{}, open even while the data port is closed",
        control.address
    ));
    let service =
        Unreliable::new(unreliable.plan, SystemClock::new(), telemetry).controlled_on(control);
    let running = service.running();
    let (stop, shutdown) = Stop::new();
    let task = tokio::spawn(service.serve(listening, serving, shutdown));
    let ending = end_of_run(settings.duration.map(|span| span.0), Readers::Welcome).await;
    stop.begin();
    join(task).await?;
    let counts = running.health().counts;
    print::line(&format!(
        "unreliable service stopped: {} calls, {} of them while a fault could fail them",
        counts.received(),
        counts.while_failing,
    ));
    Ok(ending)
}

/// Runs one instance until the end.
pub(crate) async fn instance(
    settings: Alone<InstanceAlone>,
    telemetry: &Telemetry,
) -> Result<Ending, Failure> {
    let serving = serving(settings.serving);
    let name = settings.part.name;
    let instances = settings.part.instance;
    let places = places(&instances);
    let engines = match &settings.part.coordinating {
        Some(settings) => Engines::start(settings, &places, (DOWNSTREAM, Instant::now())).await?,
        None => None,
    };
    let one = instances.into_values().next();
    let one = one.expect("an instance alone has settings");
    let listening = listen(one.listen.0, &format!("instance {name}"), "--listen")?;
    print::line(&format!(
        "instance {name} on http://{}, downstream {}",
        listening.address, one.downstream
    ));
    let instance = Instance::new(&name, one, SystemClock::new(), telemetry);
    if let Some(engines) = &engines {
        print::line(&format!("coordination {}", engines.described()));
        instance.seat().join(engines.joining(&name));
    }
    let (stop, shutdown) = Stop::new();
    let task = tokio::spawn(instance.serve(listening, serving, shutdown));
    let ending = end_of_run(settings.duration.map(|span| span.0), Readers::Welcome).await;
    stop.begin();
    let answered = join(task).await?;
    print::line(&format!(
        "instance {name} stopped: answered {} permitted calls and {} fast failures; {} clients gave up",
        answered.permitted, answered.fast_failures, answered.cancelled,
    ));
    Ok(ending)
}

fn serving(serving: Option<crate::settings::Serving>) -> crate::settings::Serving {
    serving.expect("a service has serving settings")
}

async fn join<T>(task: tokio::task::JoinHandle<T>) -> Result<T, Failure> {
    task.await
        .map_err(|error| Failure::runtime(error.to_string()))
}
