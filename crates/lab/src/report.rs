//! Reports: what a folder of results says, as pages, tables, pictures and words.
//!
//! | module | what lives there |
//! |---|---|
//! | `folder` | the reports in the folder of a result |
//! | `html` | the report of a run: one file that opens offline, drawn by the page's own modules |
//! | `join` | those modules as one script |
//! | `history` | a run in the shape in which the page gets a live one |
//! | `policy` | what such a file may load: nothing |
//! | `verdict` | whether what was expected held |
//! | `reading` | what happened in a run, in sentences that lead to their moments |
//! | `names` | instances by name, or by share where there are many |
//! | `lanes` | states, truth and agreement over the time of a run, in columns |
//! | `strip` | the timeline in letters |
//! | `timeline` | the timeline as a picture |
//! | `document` | documents of text, tables and pictures, as Markdown or HTML |
//! | `shell` | a page that stands alone: head, policy, style, escaping |
//! | `tables` | expectations, belief beside truth, clients and coordination as tables |
//! | `markdown` | the report of a run for a pull request |

mod document;
mod folder;
mod history;
mod html;
mod join;
mod lanes;
mod markdown;
mod names;
mod policy;
mod reading;
mod shell;
mod strip;
mod tables;
mod timeline;
mod verdict;

pub(crate) use folder::{report, write};
pub(crate) use reading::reading;
