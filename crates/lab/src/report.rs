//! Reports: what a folder of results says, as pages, tables, pictures and words.
//!
//! | module | what lives there |
//! |---|---|
//! | `reading` | what happened in a run, in sentences that lead to their moments |
//! | `names` | instances by name, or by share where there are many |

mod names;
mod reading;

pub(crate) use reading::{Clause, reading};
