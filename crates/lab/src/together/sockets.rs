//! The sockets of all services, bound before anything starts.

use std::net::SocketAddr;

use crate::coordination::Engines;
use crate::failure::Failure;
use crate::serve::{Listening, listen};
use crate::settings::{Address, Together};

/// The sockets of all services; nothing answers yet.
pub(crate) struct Bound {
    pub(super) unreliable: Listening,
    /// The address at which its faults can be changed even while the data port is closed.
    pub(super) control: Listening,
    pub(super) instances: Vec<Listening>,
    /// The lab's page, or why there is none.
    pub(super) page: Result<Listening, Failure>,
}

impl Bound {
    /// The address of the page, if there is one.
    pub(crate) fn page(&self) -> Option<SocketAddr> {
        let page = self.page.as_ref().ok()?;
        Some(page.address)
    }
}

/// Binds all sockets at the addresses that are set.
pub(crate) fn bind(settings: &Together) -> Result<Bound, Failure> {
    let unreliable = listen(
        settings.unreliable.listen.0,
        "the unreliable service",
        "--listen unreliable=127.0.0.1:PORT",
    )?;
    let control = listen(
        settings.unreliable.control_listen.0,
        "the control listener of the unreliable service",
        "`control_listen` in [unreliable] of the settings file",
    )?;
    let instances = settings.instance.iter().map(|(name, instance)| {
        let flag = format!("--listen {name}=127.0.0.1:PORT");
        listen(instance.listen.0, &format!("instance {name}"), &flag)
    });
    let instances = instances.collect::<Result<_, _>>()?;
    let page = listen(
        settings.lab.listen.0,
        "the lab's page",
        "--listen lab=127.0.0.1:PORT",
    );
    // The lab can run without the page: only a user who chose its address gets an error.
    let page = match page {
        Err(failure) if settings.lab.chosen => return Err(failure),
        page => page,
    };
    Ok(Bound {
        unreliable,
        control,
        instances,
        page,
    })
}

/// Like [`bind`], but on any free port if a usual one is taken, because an experiment does not depend on the ports.
pub(crate) fn bind_anywhere(settings: &Together) -> Result<Bound, Failure> {
    let usual_or_any = |address: Address, who: &str| {
        listen(address.0, who, "").or_else(|_| {
            let any = SocketAddr::new(address.0.ip(), 0);
            listen(any, who, "")
        })
    };
    let instances = settings.instance.iter();
    let instances = instances.map(|(name, one)| usual_or_any(one.listen, name));
    Ok(Bound {
        unreliable: usual_or_any(settings.unreliable.listen, "the unreliable service")?,
        control: usual_or_any(settings.unreliable.control_listen, "its control")?,
        instances: instances.collect::<Result<_, _>>()?,
        page: usual_or_any(settings.lab.listen, "the lab's page"),
    })
}

pub(crate) fn url_table(
    settings: &Together,
    bound: &Bound,
    engines: Option<&Engines>,
) -> Vec<String> {
    let mut lines = vec![
        format!("breaker-lab, seed {}", settings.seed),
        format!(
            "  unreliable service  http://{}   /data, /faults, /metrics",
            bound.unreliable.address
        ),
        format!(
            "  fault control       http://{}   /faults, /truth; always open",
            bound.control.address
        ),
    ];
    for (name, listening) in settings.instance.keys().zip(&bound.instances) {
        lines.push(format!(
            "  instance {name:<10} http://{}   /call, /breaker, /metrics",
            listening.address
        ));
    }
    lines.push(match &bound.page {
        Ok(listening) => format!(
            "  lab (live page)     http://{}   open it in a browser; /api/state, /metrics",
            listening.address
        ),
        Err(_) => format!(
            "  lab (live page)     none: {} is in use; choose --listen lab=HOST:PORT",
            settings.lab.listen
        ),
    });
    if let Some(engines) = engines {
        lines.push(format!("  coordination        {}", engines.described()));
    }
    lines.push(String::new());
    lines
}
