//! When does the downstream want to be asked again? The `Retry-After` header, read and written.

use std::time::Duration;

use http::HeaderMap;
use http::header::{DATE, HeaderValue, RETRY_AFTER};

/// The wait that an answer asks for: whole seconds, or a date (RFC 9110, section 10.2.3).
///
/// A date is taken relative to the answer's own `Date`, so that no clock here is asked and none of
/// the two has to be right. Without one, and for anything unreadable, there is no hint.
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.parse().ok().map(Duration::from_secs);
    }
    let then = httpdate::parse_http_date(text).ok()?;
    let sent = httpdate::parse_http_date(headers.get(DATE)?.to_str().ok()?).ok()?;
    // A date that has passed asks for no wait.
    Some(then.duration_since(sent).unwrap_or_default())
}

/// The header's value for `wait`: whole seconds, rounded up, at least one. Zero would invite the
/// caller to come back into an open circuit.
pub(crate) fn header_value(wait: Duration) -> HeaderValue {
    let begun = u64::from(wait.subsec_nanos() > 0);
    HeaderValue::from(wait.as_secs().saturating_add(begun).max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_wait_at_all_is_a_second() {
        assert_eq!(header_value(Duration::ZERO), "1");
    }

    #[test]
    fn the_longest_wait_has_a_value() {
        assert_eq!(header_value(Duration::MAX), u64::MAX.to_string());
    }
}
