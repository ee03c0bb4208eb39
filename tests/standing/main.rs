//! The resilience of services: nobody can stop them by accident or on purpose. Their end is tested in `ends`.

mod downstream;
mod files;
mod half_closed;
mod house;
mod log;
mod names;
mod plans;
mod readers;
