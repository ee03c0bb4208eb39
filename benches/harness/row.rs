//! The unit of measurement: a [`Row`], one operation on one object that all threads share.

use std::fmt;

/// What a row is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Name {
    /// Whose code runs.
    pub subject: &'static str,
    /// What it is asked to do.
    pub case: &'static str,
}

impl Name {
    /// `case` of `subject`.
    pub const fn new(subject: &'static str, case: &'static str) -> Self {
        Self { subject, case }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.subject, self.case)
    }
}

/// Runs an operation this many times.
pub type Worker = Box<dyn FnMut(u32)>;

/// One line of the table.
pub struct Row {
    name: Name,
    worker: Box<dyn Fn() -> Worker + Sync>,
}

impl Row {
    /// A row whose threads each make an operation with `make`; what the operations share is what
    /// `make` captured. The loop is compiled together with the operation, so a call costs no
    /// pointer.
    pub fn new<Op>(name: Name, make: impl Fn() -> Op + Sync + 'static) -> Self
    where
        Op: FnMut() + 'static,
    {
        let worker = move || -> Worker {
            let mut operation = make();
            Box::new(move |times| {
                for _ in 0..times {
                    operation();
                }
            })
        };
        Self {
            name,
            worker: Box::new(worker),
        }
    }

    /// The row's name.
    pub const fn name(&self) -> Name {
        self.name
    }

    /// What one thread runs; made in that thread.
    pub(crate) fn worker(&self) -> Worker {
        (self.worker)()
    }
}
