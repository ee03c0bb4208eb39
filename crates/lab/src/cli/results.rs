//! The flags of the commands that read results.

use std::path::PathBuf;

use clap::Args;

#[derive(Args, Clone, Debug)]
pub(crate) struct CompareArgs {
    /// Result folders of `run` or `simulate`, or their result.json; the others are compared with the first
    #[arg(value_name = "RESULT", required = true)]
    pub(crate) results: Vec<PathBuf>,
    /// Figure to compare, such as `p99(B)` or `ok_ratio(phase=outage)`; repeat for more
    /// [default: the usual figures]
    #[arg(long, value_name = "FIGURE")]
    pub(crate) figure: Vec<String>,
    /// Also write the comparison to this HTML file, and as Markdown beside it [default: neither]
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
}

/// Of which result a report is written.
#[derive(Args, Clone, Debug)]
pub(crate) struct ReportArgs {
    /// Result folder of `run` or `simulate`, or its result.json
    #[arg(value_name = "RESULT")]
    pub(crate) result: PathBuf,
    /// File to write; only an earlier report is replaced [default: report.html in the folder]
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
}
