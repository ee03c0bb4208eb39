//! The examples, which are run to their end. They check themselves; here they are only called.

#[path = "../examples/keyed.rs"]
mod keyed;
#[path = "../examples/minimal.rs"]
mod minimal;

#[test]
fn the_examples_run() {
    minimal::main().expect("examples/minimal.rs");
    keyed::main().expect("examples/keyed.rs");
}
