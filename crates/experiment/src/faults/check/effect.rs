//! The check that turns written effects into valid ones.

use std::collections::BTreeMap;
use std::time::Duration;

use super::Checked;
use crate::bounds::{check_share, count, millis, one_alone, within};
use crate::faults::effect::{Codes, StatusAnswer};
use crate::faults::written::{MAX_HANG_MS, WrittenEffect};
use crate::faults::{ANSWER, Effect};

/// Bytes that a body or all headers of a status may have.
const MAX_BODY: usize = 8192;

impl WrittenEffect {
    /// The effect that is written here.
    pub(in crate::faults) fn checked(&self) -> Result<Effect, String> {
        Ok(match self {
            Self::Delay(law) => {
                law.check()?;
                Effect::Delay(law.clone())
            }
            Self::SlowBody {
                over_ms,
                bytes_per_s,
            } => Effect::SlowBody {
                over: slow_body(*over_ms, *bytes_per_s)?,
            },
            Self::Status {
                code,
                codes,
                retry_after_s,
                body,
                headers,
            } => {
                let codes = checked_codes(*code, codes)?;
                let size = body.as_ref().map_or(0, String::len);
                count("body", size as u64, 0, MAX_BODY as u64)?;
                check_headers(headers)?;
                Effect::Status(StatusAnswer {
                    codes,
                    retry_after_s: *retry_after_s,
                    body: body.clone(),
                    headers: headers.clone().into_iter().collect(),
                })
            }
            Self::Hang { max_ms } => {
                if let Some(max) = max_ms {
                    millis("max", *max, 1, MAX_HANG_MS)?;
                }
                Effect::Hang {
                    max: max_ms.map(Duration::from_millis),
                }
            }
            Self::Truncate { share } => {
                check_share("share", *share)?;
                Effect::Truncate {
                    bytes: kept_bytes(*share),
                }
            }
            Self::WrongBody { kind } => Effect::WrongBody(*kind),
            Self::Stall {} => Effect::Stall,
            Self::Reset {} => Effect::Reset,
            Self::Close {} => Effect::Close,
            Self::Refuse {} => Effect::Refuse,
            Self::Garbage {} => Effect::Garbage,
        })
    }
}

/// How long a slow body takes.
fn slow_body(over_ms: Option<u64>, bytes_per_s: Option<u64>) -> Result<Duration, String> {
    one_alone(&[
        ("over", over_ms.is_some()),
        ("bytes_per_s", bytes_per_s.is_some()),
    ])?;
    if let Some(over) = over_ms {
        millis("over", over, 1, MAX_HANG_MS)?;
        return Ok(Duration::from_millis(over));
    }
    let rate = bytes_per_s.ok_or("over: it is missing: write over or bytes_per_s")?;
    count("bytes_per_s", rate, 1, 1_000_000_000)?;
    Ok(Duration::from_millis(ANSWER.len() as u64 * 1000 / rate))
}

fn checked_codes(code: Option<u16>, codes: &BTreeMap<String, f64>) -> Result<Codes, String> {
    one_alone(&[("code", code.is_some()), ("codes", !codes.is_empty())])?;
    if let Some(code) = code {
        count("code", code, 200, 599)?;
        return Ok(Codes::One(code));
    }
    if codes.is_empty() {
        return Err("code: it is missing: write code or codes".into());
    }
    let mut weighted = Vec::new();
    for (text, weight) in codes {
        let code = text.parse().ok().filter(|code| (200..=599).contains(code));
        let code = code
            .ok_or_else(|| format!("codes: `{text}` is not allowed: a status from 200 to 599"))?;
        within(&format!("codes.{text}"), *weight, 0.0, 1e6)?;
        weighted.push((code, *weight));
    }
    if weighted.iter().all(|(_, weight)| *weight <= 0.0) {
        return Err("codes: one weight must be above zero".into());
    }
    Ok(Codes::Weighted(weighted))
}

fn check_headers(headers: &BTreeMap<String, String>) -> Checked {
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

/// How much of the body is sent; never all of it.
fn kept_bytes(share: f64) -> usize {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        clippy::cast_sign_loss,
        reason = "a part of a short body"
    )]
    let bytes = (share * ANSWER.len() as f64) as usize;
    bytes.min(ANSWER.len() - 1)
}
