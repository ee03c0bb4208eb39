//! A file as Chromium reads it: its document, and what the browser complained about.

use std::path::Path;
use std::process::Command;

/// What Chromium made of a file.
pub(crate) struct Opened {
    document: String,
}

/// Opens a file without a network. Fails when it is no well-formed XML where it should be, or when the browser
/// complained about it: an error of a script, or something that the policy of the page does not allow.
pub(crate) fn opened(path: &Path) -> Opened {
    let output = Command::new("chromium")
        .args([
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
        ])
        .args([
            "--disable-background-networking",
            "--disable-component-update",
        ])
        .args([
            "--host-resolver-rules=MAP * ~NOTFOUND",
            "--enable-logging=stderr",
            "--v=0",
        ])
        .args(["--virtual-time-budget=5000", "--dump-dom"])
        .arg(format!("file://{}", path.display()))
        .output()
        .expect("chromium is there (Debian's package chromium)");
    let document = String::from_utf8_lossy(&output.stdout).into_owned();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let complaints: Vec<&str> = said
        .lines()
        .filter(|line| line.contains("CONSOLE"))
        .collect();
    assert!(complaints.is_empty(), "{}: {complaints:#?}", path.display());
    assert!(
        !document.contains("parsererror"),
        "{}: {document}",
        path.display()
    );
    assert!(!document.is_empty(), "{}: {said}", path.display());
    Opened { document }
}

impl Opened {
    /// Fails unless the document has these words.
    pub(crate) fn says(self, words: &str) -> Self {
        assert!(self.document.contains(words), "{words}: {}", self.document);
        self
    }
}
