//! The listening sockets of the programs, as the kernel lists them: each one is on loopback.

use std::collections::BTreeSet;
use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use crate::checks::{Checks, say};
use crate::lab::Lab;
use crate::programs::{NAMES, Stack};

/// Ports that must be open where containers share the network of this machine.
const PROMISED: [(&str, &[u16]); 3] = [
    ("jaeger", &[4317, 4318, 13133, 16685, 16686]),
    ("prometheus", &[9090]),
    ("lab", &[8001, 8002, 8003, 8080, 9000]),
];

/// A socket that waits for anybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Listener {
    port: u16,
    address: IpAddr,
    protocol: &'static str,
}

pub(crate) async fn assert_loopback(checks: &mut Checks, stack: &Stack, lab: &Lab) {
    for (name, ports) in PROMISED {
        let id = if NAMES.contains(&name) {
            stack.id(name).await
        } else {
            Some(lab.id())
        };
        let Some(id) = id else {
            checks.that(format!("{name} runs"), false);
            continue;
        };
        let found = checks
            .comes_true(
                Duration::from_secs(20),
                &format!("{name} listens on {ports:?}"),
                async || {
                    let found = listeners(id);
                    let open: BTreeSet<u16> = found.iter().map(|it| it.port).collect();
                    ports
                        .iter()
                        .all(|port| open.contains(port))
                        .then_some(found)
                },
            )
            .await;
        for listener in found.unwrap_or_default() {
            let Listener {
                port,
                address,
                protocol,
            } = listener;
            let what = format!("{name} {protocol} {address}:{port}");
            say(&what);
            checks.that(format!("{what} is on loopback"), address.is_loopback());
        }
    }
}

/// The listening sockets of a process.
fn listeners(id: u32) -> BTreeSet<Listener> {
    let files = fs::read_dir(format!("/proc/{id}/fd")).into_iter().flatten();
    let inodes: BTreeSet<String> = files
        .filter_map(|file| {
            let target = fs::read_link(file.ok()?.path()).ok()?;
            let target = target.to_str()?;
            let inode = target.strip_prefix("socket:[")?.strip_suffix(']')?;
            Some(inode.to_owned())
        })
        .collect();
    let mut found = BTreeSet::new();
    // The state of a socket that listens, and of one for datagrams that is not connected.
    for (table, protocol, state) in [
        ("tcp", "tcp", "0A"),
        ("tcp6", "tcp", "0A"),
        ("udp", "udp", "07"),
        ("udp6", "udp", "07"),
    ] {
        let text = fs::read_to_string(format!("/proc/{id}/net/{table}")).unwrap_or_default();
        for line in text.lines().skip(1) {
            let columns: Vec<&str> = line.split_whitespace().collect();
            let [_, local, _, is, .., inode] = [
                columns.first(),
                columns.get(1),
                columns.get(2),
                columns.get(3),
                columns.get(9),
            ]
            .map(|column| column.copied().unwrap_or_default());
            if is == state && inodes.contains(inode) {
                found.extend(local_of(local).map(|(address, port)| Listener {
                    port,
                    address,
                    protocol,
                }));
            }
        }
    }
    found
}

/// An address and a port as the kernel writes them: words in the order of the machine, in hexadecimal.
fn local_of(text: &str) -> Option<(IpAddr, u16)> {
    let (address, port) = text.split_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    let words = address.as_bytes().chunks(8).map(|word| {
        let word = u32::from_str_radix(std::str::from_utf8(word).ok()?, 16).ok()?;
        Some(word.to_ne_bytes())
    });
    let bytes: Vec<u8> = words.collect::<Option<Vec<_>>>()?.concat();
    let address = if bytes.len() == 4 {
        IpAddr::V4(Ipv4Addr::from(<[u8; 4]>::try_from(bytes).ok()?))
    } else {
        Ipv6Addr::from(<[u8; 16]>::try_from(bytes).ok()?).to_canonical()
    };
    Some((address, port))
}
