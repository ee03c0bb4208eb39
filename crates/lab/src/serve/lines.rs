//! Header fields that are lists: several lines with one name are one list (RFC 9110 §5.3).

use axum::http::{HeaderMap, HeaderName};

/// All lines of a list, joined by commas; `None` when there is none. A line that is not text is left out.
pub(crate) fn list(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let lines = headers.get_all(name).iter();
    let lines: Vec<&str> = lines.filter_map(|line| line.to_str().ok()).collect();
    (!lines.is_empty()).then(|| lines.join(", "))
}

#[cfg(test)]
mod tests {
    use axum::http::header::ACCEPT;

    use super::*;

    #[test]
    fn all_lines_are_read_in_their_order() {
        let mut headers = HeaderMap::new();
        assert_eq!(list(&headers, &ACCEPT), None);
        for line in ["a;q=0.1", "b, c"] {
            headers.append(ACCEPT, line.parse().unwrap());
        }

        assert_eq!(list(&headers, &ACCEPT).unwrap(), "a;q=0.1, b, c");
    }
}
