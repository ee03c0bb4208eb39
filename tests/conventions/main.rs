//! The exports of running services, which match the registry of conventions exactly, in both directions.

mod metrics;
#[path = "../../crates/telemetry/tests/conventions/page.rs"]
mod page;
#[path = "../../crates/telemetry/tests/conventions/registry.rs"]
#[expect(dead_code, reason = "the tests of `telemetry` read the rest")]
mod registry;
mod spans;
#[path = "../../crates/telemetry/tests/conventions/yaml.rs"]
mod yaml;
