//! The `Retry-After` header, read and written (RFC 9110, section 10.2.3).

use std::str::FromStr;
use std::time::{Duration, SystemTime};

use http::HeaderMap;
use http::header::{DATE, HeaderValue, RETRY_AFTER};

/// From 1970 to the last second of the year 9999.
const TO_YEAR_9999: Duration = Duration::from_secs(253_402_300_799);

/// The time at which the sender of an answer wants to be asked again.
///
/// # Examples
/// ```
/// use fusebox_tower::RetryAfter;
/// use http::HeaderMap;
/// use std::time::Duration;
///
/// let mut headers = HeaderMap::new();
/// headers.insert("retry-after", RetryAfter::After(Duration::from_millis(1500)).to_header_value());
/// assert_eq!(headers["retry-after"], "2");
/// assert_eq!(RetryAfter::wait_in(&headers), Some(Duration::from_secs(2)));
///
/// headers.insert("retry-after", "Wed, 21 Oct 2026 07:28:30 GMT".parse()?);
/// headers.insert("date", "Wed, 21 Oct 2026 07:28:00 GMT".parse()?);
/// assert_eq!(RetryAfter::wait_in(&headers), Some(Duration::from_secs(30)));
/// # Ok::<(), http::header::InvalidHeaderValue>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RetryAfter {
    /// After this duration, counted from the answer; whole seconds in the header.
    After(Duration),
    /// At a time on the sender's clock.
    At(SystemTime),
}

impl RetryAfter {
    /// Returns the `Retry-After` of an answer, if it can be read. If an answer has several, the
    /// first that can be read counts.
    pub fn of(headers: &HeaderMap) -> Option<Self> {
        all(headers).next()
    }

    /// Returns the wait that an answer asks for, if any. If it has several `Retry-After` headers,
    /// the first that can be read and gives a wait counts. More seconds than `u64` can hold are
    /// [`u64::MAX`] seconds.
    ///
    /// A date is taken relative to the answer's own `Date`, so no local clock is read, and neither
    /// clock has to be right. Returns `None` for a date in an answer without a `Date`; to take such
    /// a date relative to a clock of yours, see [`wait_from`](Self::wait_from).
    pub fn wait_in(headers: &HeaderMap) -> Option<Duration> {
        all(headers).find_map(|value| match value {
            Self::After(wait) => Some(wait),
            Self::At(_) => Some(value.wait_from(sent_at(headers)?)),
        })
    }

    /// Returns the wait counted from `now`, the time when the answer was sent. It is zero for a
    /// time that has passed.
    pub fn wait_from(self, now: SystemTime) -> Duration {
        match self {
            Self::After(wait) => wait,
            Self::At(time) => time.duration_since(now).unwrap_or_default(),
        }
    }

    /// Returns the header's value. A wait is rounded up to whole seconds and is at least one,
    /// because zero would invite the caller back to an open breaker. A time before 1970 or after
    /// the year 9999, which the header cannot express, becomes the nearest that it can.
    #[expect(clippy::missing_panics_doc, reason = "a date is visible ASCII")]
    pub fn to_header_value(self) -> HeaderValue {
        match self {
            Self::After(wait) => {
                let begun = u64::from(wait.subsec_nanos() > 0);
                HeaderValue::from(wait.as_secs().saturating_add(begun).max(1))
            }
            Self::At(time) => {
                let time = time.clamp(
                    SystemTime::UNIX_EPOCH,
                    SystemTime::UNIX_EPOCH + TO_YEAR_9999,
                );
                HeaderValue::try_from(httpdate::fmt_http_date(time))
                    .expect("a date is visible ASCII")
            }
        }
    }
}

/// Every `Retry-After` header that can be read, in order.
fn all(headers: &HeaderMap) -> impl Iterator<Item = RetryAfter> {
    let values = headers.get_all(RETRY_AFTER).into_iter();
    values.filter_map(|value| value.to_str().ok()?.parse().ok())
}

/// The answer's own `Date`.
fn sent_at(headers: &HeaderMap) -> Option<SystemTime> {
    let mut values = headers.get_all(DATE).into_iter();
    values.find_map(|value| httpdate::parse_http_date(value.to_str().ok()?).ok())
}

/// A whole number, or the largest one if it does not fit. `None` for anything but digits.
pub(crate) fn whole_number(text: &str) -> Option<u64> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    // Only a number that is too large can fail here.
    Some(text.parse().unwrap_or(u64::MAX))
}

/// Reads both forms. Surrounding spaces are ignored; fractions and signs are errors. More seconds
/// than `u64` can hold become [`u64::MAX`] seconds, because such a value asks for the longest wait.
impl FromStr for RetryAfter {
    type Err = InvalidRetryAfter;

    fn from_str(text: &str) -> Result<Self, InvalidRetryAfter> {
        let text = text.trim();
        if let Some(seconds) = whole_number(text) {
            return Ok(Self::After(Duration::from_secs(seconds)));
        }
        let time = httpdate::parse_http_date(text).map_err(|_| InvalidRetryAfter)?;
        Ok(Self::At(time))
    }
}

/// The error for a text that is neither a whole number of seconds nor an HTTP date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidRetryAfter;

impl std::fmt::Display for InvalidRetryAfter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("neither whole seconds, such as `120`, nor a date, such as `Wed, 21 Oct 2026 07:28:00 GMT`")
    }
}

impl std::error::Error for InvalidRetryAfter {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_wait_at_all_is_a_second() {
        assert_eq!(RetryAfter::After(Duration::ZERO).to_header_value(), "1");
    }

    #[test]
    fn the_longest_wait_has_a_value() {
        let longest = RetryAfter::After(Duration::MAX).to_header_value();
        assert_eq!(longest, u64::MAX.to_string());
    }

    #[test]
    fn a_time_that_no_header_can_say_becomes_the_nearest() {
        let early = SystemTime::UNIX_EPOCH - Duration::from_secs(1);
        let late = SystemTime::UNIX_EPOCH + TO_YEAR_9999 * 2;
        let header = |time| RetryAfter::At(time).to_header_value();
        assert_eq!(header(early), "Thu, 01 Jan 1970 00:00:00 GMT");
        assert_eq!(header(late), "Fri, 31 Dec 9999 23:59:59 GMT");
    }

    #[test]
    fn what_is_written_is_read_again() {
        let at = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
        for value in [
            RetryAfter::After(Duration::from_secs(7)),
            RetryAfter::At(at),
        ] {
            let header = value.to_header_value();
            assert_eq!(header.to_str().expect("ASCII").parse(), Ok(value));
        }
    }

    #[test]
    fn a_date_is_relative_to_the_clock_that_is_given() {
        let at = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
        let until = RetryAfter::At(at);

        assert_eq!(
            until.wait_from(at - Duration::from_secs(9)),
            Duration::from_secs(9)
        );
        assert_eq!(until.wait_from(at + Duration::from_secs(9)), Duration::ZERO);
        assert_eq!(
            RetryAfter::After(Duration::from_secs(3)).wait_from(at),
            Duration::from_secs(3)
        );
    }

    #[test]
    fn what_is_neither_form_is_refused() {
        for text in ["", "-1", "+1", "1.5", "soon", "1 2"] {
            assert_eq!(text.parse::<RetryAfter>(), Err(InvalidRetryAfter), "{text}");
        }
    }

    fn headers(fields: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for &(name, value) in fields {
            headers.append(name, HeaderValue::from_static(value));
        }
        headers
    }

    #[test]
    fn more_seconds_than_can_be_counted_are_the_longest_wait() {
        let wait = RetryAfter::wait_in(&headers(&[("retry-after", "99999999999999999999999")]));
        assert_eq!(wait, Some(Duration::from_secs(u64::MAX)));
    }

    #[test]
    fn a_header_that_cannot_be_read_hides_none_that_can() {
        let seven = ("retry-after", "7");
        let wait = |fields: &[_]| RetryAfter::wait_in(&headers(fields));

        assert_eq!(
            wait(&[("retry-after", "soon"), seven]),
            Some(Duration::from_secs(7))
        );
        // A date alone gives no wait without the time of the answer.
        let date = ("retry-after", "Wed, 21 Oct 2026 07:28:30 GMT");
        assert_eq!(wait(&[date, seven]), Some(Duration::from_secs(7)));
        let sent = [("date", "today"), ("date", "Wed, 21 Oct 2026 07:28:00 GMT")];
        assert_eq!(
            wait(&[sent[0], sent[1], date, seven]),
            Some(Duration::from_secs(30))
        );
        assert_eq!(wait(&[("retry-after", "soon")]), None);
    }
}
