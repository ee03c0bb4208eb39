//! Checks of effects: each must be one that can be carried out.

use super::{Checked, MAX_HANG_MS, count};
use crate::faults::Effect;
use crate::law::within;

/// Bytes that a body or all headers of a status may have.
const MAX_BODY: usize = 8192;

impl Effect {
    pub(super) fn check(&self) -> Checked {
        match self {
            Self::Delay(law) => law.check(),
            Self::SlowBody {
                over_ms,
                bytes_per_s,
            } => match (over_ms, bytes_per_s) {
                (Some(over), None) => count("over_ms", *over, 1, MAX_HANG_MS),
                (None, Some(rate)) => count("bytes_per_s", *rate, 1, 1_000_000_000),
                _ => Err("exactly one of over_ms and bytes_per_s must be given".into()),
            },
            Self::Status { .. } => self.check_status(),
            Self::Hang { max_ms: Some(max) } => count("max_ms", *max, 1, MAX_HANG_MS),
            Self::Truncate { share } => within("share", *share, 0.0, 1.0),
            Self::Hang { max_ms: None }
            | Self::Stall {}
            | Self::WrongBody { .. }
            | Self::Reset {}
            | Self::Close {}
            | Self::Refuse {}
            | Self::Garbage {} => Ok(()),
        }
    }

    fn check_status(&self) -> Checked {
        let Self::Status {
            code,
            codes,
            body,
            headers,
            ..
        } = self
        else {
            return Ok(());
        };
        if code.is_some() != codes.is_empty() {
            return Err("exactly one of code and codes must be given".into());
        }
        if let Some(code) = code {
            count("code", (*code).into(), 200, 599)?;
        }
        for (code, weight) in codes {
            let known = code.parse().is_ok_and(|code| (200..=599).contains(&code));
            if !known {
                return Err(format!(
                    "codes: `{code}` is not allowed: a status from 200 to 599"
                ));
            }
            within(&format!("codes.{code}"), *weight, 0.0, 1e6)?;
        }
        if code.is_none() && codes.values().all(|weight| *weight <= 0.0) {
            return Err("codes: one weight must be above zero".into());
        }
        let size = body.as_ref().map_or(0, String::len);
        count("body", size as u64, 0, MAX_BODY as u64)?;
        let size: usize = headers.iter().map(|(k, v)| k.len() + v.len()).sum();
        count("headers", size as u64, 0, MAX_BODY as u64)?;
        for (header, value) in headers {
            let letter = |it: u8| it.is_ascii_alphanumeric() || b"-_".contains(&it);
            let printable = value.bytes().all(|it| (b' '..=b'~').contains(&it));
            let framing = [
                "content-length",
                "transfer-encoding",
                "connection",
                "upgrade",
            ];
            let ours = framing.iter().any(|name| header.eq_ignore_ascii_case(name));
            if header.is_empty() || !header.bytes().all(letter) || !printable || ours {
                return Err(format!(
                    "headers.{header}: it is not allowed: a plain name and value, none that frames \
                     the answer"
                ));
            }
        }
        Ok(())
    }
}
