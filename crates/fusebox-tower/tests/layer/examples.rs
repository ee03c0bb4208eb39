//! The examples, which are called here: some check themselves, the others only show what happens.

#[path = "../../examples/axum.rs"]
mod axum_example;
#[path = "../../examples/hosts.rs"]
mod hosts;
#[path = "../../examples/reqwest.rs"]
mod reqwest_example;
#[path = "../../examples/server.rs"]
mod server;
#[path = "../../examples/tonic.rs"]
mod tonic_example;

#[test]
fn a_breaker_for_each_host_cuts_off_only_the_host_that_is_down() {
    hosts::main().expect("examples/hosts.rs");
}

#[test]
fn a_server_with_a_timeout_and_a_limit_answers_each_in_its_own_way() {
    server::main().expect("examples/server.rs");
}

#[test]
fn the_examples_of_axum_reqwest_and_tonic_run_to_their_end() {
    axum_example::main().expect("examples/axum.rs");
    reqwest_example::main().expect("examples/reqwest.rs");
    tonic_example::main().expect("examples/tonic.rs");
}
