//! Reports: what a folder of results says, as pages, tables, pictures and words.
//!
//! | module | what lives there |
//! |---|---|
//! | `folder` | the reports in the folder of a result |
//! | `html` | the report of a run: one file that opens offline, drawn by the page's own modules |
//! | `join` | those modules as one script |
//! | `history` | a run in the shape in which the page gets a live one |
//! | `policy` | what such a file may load: nothing |
//! | `together` | what instances decided together and operators did, for that history |
//! | `happenings`, `orders` | the same in words, event by event |
//! | `reading` | what happened in a run, in sentences that lead to their moments |
//! | `names` | instances by name, or by share where there are many |
//! | `verdict` | whether what was expected held, and whether that can be said |
//! | `lanes` | states, truth and agreement over the time of a run, in columns |
//! | `strip` | the timeline in letters |
//! | `timeline` | the timeline as a picture |
//! | `tables` | expectations, belief beside truth, clients and coordination as tables |
//! | `markdown` | the report of a run for a pull request |
//! | `sweep`, `study` | the reports of a sweep and of a study |
//! | `document` | documents of text, tables and pictures, as Markdown or HTML |
//! | `rendered` | Markdown of our own as HTML |
//! | `shell` | a page that stands alone: head, policy, style, escaping |
//! | `files` | the files of a report, read and written |
//! | `command` | commands as somebody types them into a shell |

mod command;
mod document;
mod files;
mod folder;
mod happenings;
mod history;
mod html;
mod join;
mod lanes;
mod markdown;
mod names;
mod orders;
mod policy;
mod reading;
mod rendered;
mod shell;
mod strip;
pub(crate) mod study;
pub(crate) mod sweep;
mod tables;
mod timeline;
mod together;
mod verdict;

pub(crate) use command::command;
pub(crate) use document::{Document, Mark, Table};
pub(crate) use files::{write_beside, write_pair};
pub(crate) use folder::{report, write};
pub(crate) use reading::reading;
