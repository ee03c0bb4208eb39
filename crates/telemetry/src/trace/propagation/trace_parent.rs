//! `traceparent`: the trace of a request, the span that sent it, and two flags.

use http::HeaderValue;
use opentelemetry::trace::{SpanContext, SpanId, TraceFlags, TraceId};

use super::trimmed;

/// The length of a header of version `00`, and the least one of any later version.
const LENGTH: usize = 55;
/// Every flag that level 2 of the specification defines: sampled, and random trace id.
const KNOWN: TraceFlags = TraceFlags::new(0x03);
/// The flag of a trace whose id is random in at least its last seven bytes.
pub(super) const RANDOM: TraceFlags = TraceFlags::new(0x02);

/// A valid `traceparent`. Flags that the specification does not define are not in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TraceParent {
    pub(super) trace: TraceId,
    pub(super) span: SpanId,
    pub(super) flags: TraceFlags,
}

impl TraceParent {
    /// Reads a header of version `00`, which ends after the flags, or of a later one, in which a dash
    /// and anything may follow.
    pub(super) fn parse(header: &[u8]) -> Option<Self> {
        let header = trimmed(header);
        let (known, rest) = header.split_at_checked(LENGTH)?;
        let version = hexadecimal(&known[..2])?;
        let well_ended = match version {
            0x00 => rest.is_empty(),
            0xff => false,
            _ => rest.first().is_none_or(|next| *next == b'-'),
        };
        let dashes = [2, 35, 52].iter().all(|place| known[*place] == b'-');
        if !well_ended || !dashes {
            return None;
        }
        let trace = TraceId::from(hexadecimal(&known[3..35])?);
        let span = SpanId::from(u64::try_from(hexadecimal(&known[36..52])?).ok()?);
        let flags = u8::try_from(hexadecimal(&known[53..])?).ok()?;
        let valid = trace != TraceId::INVALID && span != SpanId::INVALID;
        valid.then_some(Self {
            trace,
            span,
            flags: TraceFlags::new(flags) & KNOWN,
        })
    }

    /// The parent of a service that is called below `context`. `random` is decided where a trace begins.
    pub(super) fn of(context: &SpanContext, random: TraceFlags) -> Self {
        Self {
            trace: context.trace_id(),
            span: context.span_id(),
            flags: (context.trace_flags() & TraceFlags::SAMPLED) | (random & RANDOM),
        }
    }

    /// The header, always of version `00`.
    pub(super) fn header(self) -> HeaderValue {
        let Self { trace, span, flags } = self;
        let text = format!("00-{trace}-{span}-{:02x}", flags.to_u8());
        HeaderValue::from_str(&text).expect("ids are hexadecimal")
    }
}

/// The number that at most 32 digits spell. Digits above nine are small letters.
fn hexadecimal(digits: &[u8]) -> Option<u128> {
    digits.iter().try_fold(0, |number, digit| {
        let digit = match digit {
            b'0'..=b'9' => digit - b'0',
            b'a'..=b'f' => digit - b'a' + 10,
            _ => return None,
        };
        Some(number << 4 | u128::from(digit))
    })
}

#[cfg(test)]
mod tests;
