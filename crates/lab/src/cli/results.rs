//! The flags of the commands that read results.

use std::path::PathBuf;

use clap::Args;

#[derive(Args, Clone, Debug)]
pub(crate) struct CompareArgs {
    /// Folders that `run` has left, or their result.json; the first is what the others are held against
    #[arg(value_name = "RESULT", required = true)]
    pub(crate) results: Vec<PathBuf>,
    /// A figure to compare, like `p99(B)` or `ok_ratio(phase=outage)`; repeat for more
    /// [default: the usual ones]
    #[arg(long, value_name = "FIGURE")]
    pub(crate) figure: Vec<String>,
    /// Write the comparison as a page, too, and beside it the same as Markdown [default: none]
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
}

/// Of which result a report is written.
#[derive(Args, Clone, Debug)]
pub(crate) struct ReportArgs {
    /// A folder that `run` or `simulate` has left, or its result.json
    #[arg(value_name = "RESULT")]
    pub(crate) result: PathBuf,
    /// The file of the report; only another report is replaced [default: report.html in the folder]
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
}
