//! The content security policy of a report: its own script and styles by their hashes, and nothing from anywhere.
//!
//! A file that is sent around should be able to prove that it asks nobody. A browser that obeys the policy loads
//! nothing and runs no other script, whatever the names of instances or scenarios hold.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest, Sha256};

/// The policy for a file in which exactly these styles and scripts stand.
pub(super) fn policy(styles: &[&str], scripts: &[&str]) -> String {
    format!(
        "default-src 'none'; script-src {}; style-src {}; base-uri 'none'; form-action 'none'",
        sources(scripts),
        sources(styles)
    )
}

fn sources(texts: &[&str]) -> String {
    if texts.is_empty() {
        return "'none'".to_owned();
    }
    let mut hashes: Vec<String> = texts.iter().map(|text| hash(text)).collect();
    hashes.sort_unstable();
    hashes.dedup();
    hashes.join(" ")
}

fn hash(text: &str) -> String {
    let digest = Sha256::digest(text.as_bytes());
    format!("'sha256-{}'", BASE64_STANDARD.encode(digest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_names_each_text_once_by_its_hash() {
        // The hash of nothing, as the standard for SHA-256 has it.
        let nothing = "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='";
        assert_eq!(
            policy(&[], &["", ""]),
            format!(
                "default-src 'none'; script-src {nothing}; style-src 'none'; base-uri 'none'; form-action 'none'"
            )
        );
    }
}
