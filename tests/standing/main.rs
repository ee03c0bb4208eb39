//! Services that stand: nobody can stop them by accident or on purpose, and they end when they are asked to.

mod downstream;
mod ends;
mod files;
mod half_closed;
mod house;
mod log;
mod names;
mod plans;
mod readers;
