//! The format that a scraper prefers, by its `Accept` header: RFC 9110 §12.5.1.

/// A format of the exposition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// Prometheus' text format 0.0.4.
    Text,
    /// OpenMetrics 1.0, which has exemplars.
    OpenMetrics,
}

/// The format that `accept` prefers; plain text if it names no format or neither of these.
pub(super) fn preferred(accept: Option<&str>) -> Format {
    let (mut text, mut open_metrics) = (0.0, 0.0);
    for range in accept.unwrap_or("text/plain").split(',') {
        let mut parts = range.split(';').map(str::trim);
        let kind = parts.next().unwrap_or_default().to_ascii_lowercase();
        let (mut quality, mut version) = (1.0_f32, None);
        for parameter in parts {
            match parameter.split_once('=') {
                Some((name, value)) if name.eq_ignore_ascii_case("q") => {
                    quality = value.trim().parse().unwrap_or(0.0);
                }
                Some((name, value)) if name.eq_ignore_ascii_case("version") => {
                    version = Some(value.trim_matches('"'));
                }
                _ => {}
            }
        }
        match &*kind {
            // 0.0.1 is what the format was called before it became a standard.
            "application/openmetrics-text"
                if version.is_none_or(|version| ["1.0.0", "0.0.1"].contains(&version)) =>
            {
                open_metrics = quality.max(open_metrics);
            }
            "text/plain" if version.is_none_or(|version| version == "0.0.4") => {
                text = quality.max(text);
            }
            "*/*" | "text/*" => text = quality.max(text),
            _ => {}
        }
    }
    if open_metrics > 0.0 && open_metrics >= text {
        Format::OpenMetrics
    } else {
        Format::Text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prometheus_two_and_three_get_open_metrics() {
        for header in [
            "application/openmetrics-text;version=1.0.0,application/openmetrics-text;\
             version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
            "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,\
             application/openmetrics-text;version=0.0.1;q=0.5,\
             text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,\
             */*;q=0.2",
            "Application/OpenMetrics-Text; version=\"1.0.0\"",
        ] {
            assert_eq!(preferred(Some(header)), Format::OpenMetrics, "{header}");
        }
    }

    #[test]
    fn everyone_else_gets_text() {
        for header in [
            None,
            Some("*/*"),
            Some("text/html,*/*;q=0.8"),
            Some("application/openmetrics-text;version=2.0.0"),
            Some("application/openmetrics-text;q=0.2,text/plain;q=0.3"),
            Some("application/openmetrics-text;q=0"),
            Some("application/json"),
            Some(""),
            Some(";;q=,=,"),
        ] {
            assert_eq!(preferred(header), Format::Text, "{header:?}");
        }
    }
}
