//! Exports of running services, held against the registry of conventions: both ways, nothing more and
//! nothing less.

mod metrics;
#[path = "../../crates/telemetry/tests/conventions/page.rs"]
mod page;
#[path = "../../crates/telemetry/tests/conventions/registry.rs"]
#[expect(dead_code, reason = "the tests of `telemetry` read the rest")]
mod registry;
mod spans;
#[path = "../../crates/telemetry/tests/conventions/yaml.rs"]
mod yaml;
