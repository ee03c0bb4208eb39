//! The examples that check themselves; here they are only called.

#[path = "../../examples/hosts.rs"]
mod hosts;
#[path = "../../examples/server.rs"]
mod server;

#[test]
fn a_breaker_for_each_host_cuts_off_only_the_host_that_is_down() {
    hosts::main().expect("examples/hosts.rs");
}

#[test]
fn a_server_with_a_timeout_and_a_limit_answers_each_in_its_own_way() {
    server::main().expect("examples/server.rs");
}
