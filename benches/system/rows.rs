//! The rows of the table: which services are compared, under which load.

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use benches::{Process, Ring, ask};

use super::pair::{Pair, Side};
use super::services::{CLOSED, Service, Starter, together};

/// Connections at once.
const LOADS: [usize; 3] = [1, 64, 1000];
/// Those of the rows about telemetry and about the whole lab.
const USUAL: usize = 64;
/// Prometheus usually asks far less often; a turn that begins with a scrape lasts this long.
const SCRAPE_INTERVAL: Duration = Duration::from_secs(1);

/// What the goals say.
const FAST: Option<f64> = Some(0.90);
const PROXIED: Option<f64> = Some(0.95);
const SAMPLED: Option<f64> = Some(0.95);
const ALL_TRACED: Option<f64> = Some(0.80);

/// All services of the pairs.
struct Services {
    open: Service,
    same_bytes: Service,
    downstream: Service,
    closed: Service,
    proxy: Service,
    lab: (Rc<Process>, [SocketAddr; 2]),
    sampled: Service,
    traced: Service,
    traced_open: Service,
    _collector: Service,
}

impl Services {
    fn start(lab: &Path) -> io::Result<Self> {
        let starter = Starter::plainly(lab);
        let open = starter.open(&[])?;
        let same_bytes = starter.same_bytes(&open.call()?)?;
        let downstream = starter.peer(&["downstream"])?;
        let address = downstream.address;
        let closed = starter.instance(address, &CLOSED)?;
        let proxy = starter.peer(&["proxy", &format!("http://{address}/data")])?;
        let collector = starter.peer(&["collector"])?;
        let traced = |share| starter.traced(&collector, share);
        let together = together(lab)?;
        let mode = r#"{"mode":"forced_open"}"#;
        ask("PUT", together.1[1], "/breaker/mode", mode)?;
        Ok(Self {
            sampled: traced("0.01").instance(address, &CLOSED)?,
            traced: traced("1").instance(address, &CLOSED)?,
            traced_open: traced("1").open(&[])?,
            open,
            same_bytes,
            downstream,
            closed,
            proxy,
            lab: together,
            _collector: collector,
        })
    }
}

fn side(service: &Service, status: u16, connections: usize) -> io::Result<Side> {
    Ok(Side {
        ring: Ring::new(service.address, "/call", connections)?,
        status,
        processes: vec![Rc::clone(&service.process)],
        scraped: None,
    })
}

/// All pairs. The services live as long as they do.
pub(crate) fn all(lab: &Path) -> io::Result<Vec<Pair>> {
    let services = Services::start(lab)?;
    let mut pairs = Vec::new();
    for connections in LOADS {
        let name = format!("fast failure beside a bare axum 503, {connections} connections");
        let ours = side(&services.open, 503, connections)?;
        let bare = side(&services.same_bytes, 503, connections)?;
        pairs.push(Pair::new(&name, FAST, ours, bare));
    }
    for connections in LOADS {
        let name = format!("proxied beside a bare reqwest proxy, {connections} connections");
        let ours = side(&services.closed, 200, connections)?;
        let bare = side(&services.proxy, 200, connections)?;
        pairs.push(Pair::new(&name, PROXIED, ours, bare));
    }
    pairs.extend(in_the_whole_lab(&services)?);
    pairs.extend(with_telemetry(&services)?);
    Ok(pairs)
}

/// The same in the one process of the whole lab, whose every thread counts.
fn in_the_whole_lab(services: &Services) -> io::Result<[Pair; 2]> {
    let (process, [closed, open]) = &services.lab;
    let whole = |address, status| -> io::Result<Side> {
        Ok(Side {
            ring: Ring::new(address, "/call", USUAL)?,
            status,
            processes: vec![Rc::clone(process)],
            scraped: None,
        })
    };
    let mut bare = side(&services.proxy, 200, USUAL)?;
    // The lab's one process has the downstream in it.
    bare.processes.push(Rc::clone(&services.downstream.process));
    Ok([
        Pair::new(
            "fast failure in the whole lab beside a bare axum 503",
            None,
            whole(*open, 503)?,
            side(&services.same_bytes, 503, USUAL)?,
        ),
        Pair::new(
            "proxied in the whole lab beside bare proxy and bare downstream",
            None,
            whole(*closed, 200)?,
            bare,
        ),
    ])
}

/// An instance with telemetry beside one without.
fn with_telemetry(services: &Services) -> io::Result<[Pair; 4]> {
    let plain = || side(&services.closed, 200, USUAL);
    let scraped = |service: &Service| -> io::Result<Side> {
        Ok(Side {
            scraped: Some(Ring::new(service.address, "/metrics", 1)?),
            ..side(service, 200, USUAL)?
        })
    };
    Ok([
        Pair::new(
            "scraped once a second beside not scraped",
            None,
            scraped(&services.closed)?,
            plain()?,
        )
        .lasting(SCRAPE_INTERVAL),
        Pair::new(
            "scraped, traces of 1 % beside neither",
            SAMPLED,
            scraped(&services.sampled)?,
            plain()?,
        )
        .lasting(SCRAPE_INTERVAL),
        Pair::new(
            "proxied, traces of 100 % beside none",
            ALL_TRACED,
            side(&services.traced, 200, USUAL)?,
            plain()?,
        ),
        Pair::new(
            "fast failure, traces of 100 % beside none",
            None,
            side(&services.traced_open, 503, USUAL)?,
            side(&services.open, 503, USUAL)?,
        ),
    ])
}
