//! The build script, which records the compiler and the versions of the peers, because they are certain only while
//! building.

use std::process::Command;
use std::{env, fs};

const PEERS: [&str; 3] = ["failsafe", "recloser", "tower-resilience-circuitbreaker"];
/// What the bare services beside the lab are made of.
const BARE: [&str; 4] = ["axum", "hyper", "reqwest", "tokio"];

fn main() {
    let lock = fs::read_to_string("../Cargo.lock").expect("the workspace has a lock file");
    let versions = |packages: &[&str]| {
        let named = packages
            .iter()
            .map(|name| format!("{name} {}", version(&lock, name)));
        named.collect::<Vec<_>>().join(", ")
    };

    println!("cargo:rerun-if-changed=../Cargo.lock");
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rustc-env=BENCH_RUSTC={}", compiler());
    println!("cargo:rustc-env=BENCH_PEERS={}", versions(&PEERS));
    println!("cargo:rustc-env=BENCH_BARE={}", versions(&BARE));
}

fn compiler() -> String {
    let rustc = env::var("RUSTC").expect("cargo names the compiler");
    let output = Command::new(rustc).arg("-V").output();
    let version = output.expect("the compiler runs").stdout;
    String::from_utf8_lossy(&version).trim().to_owned()
}

fn version<'a>(lock: &'a str, package: &str) -> &'a str {
    let entry = format!("name = \"{package}\"\nversion = \"");
    let (_, rest) = lock.split_once(&entry).expect("the peer is locked");
    rest.split('"').next().expect("a version ends")
}
