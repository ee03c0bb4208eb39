//! The part of a batch that a collector refused while it answered 200.
//!
//! OTLP calls it partial success: `ExportTraceServiceResponse.partial_success`, field 1, holds
//! `rejected_spans`, field 1. The SDK passes over it, so that spans which the collector threw away count as
//! exported. Only these two numbers are read here; a message that is none counts as nothing rejected.

/// How many spans the collector says that it rejected.
pub(super) fn rejected_spans(response: &[u8]) -> u64 {
    let partial = field(response, 1, |rest, value| match value {
        Value::Bytes(length) => rest.get(..length),
        Value::Number(_) => None,
    });
    let rejected = partial.and_then(|partial| {
        field(partial, 1, |_, value| match value {
            Value::Number(number) => Some(number),
            Value::Bytes(_) => None,
        })
    });
    rejected.unwrap_or(0)
}

enum Value {
    Number(u64),
    /// So many bytes follow.
    Bytes(usize),
}

/// What `read` makes of the first field with this number.
fn field<'a, T>(
    mut message: &'a [u8],
    wanted: u64,
    read: impl Fn(&'a [u8], Value) -> Option<T>,
) -> Option<T> {
    while !message.is_empty() {
        let key = varint(&mut message)?;
        let value = match key & 7 {
            0 => Value::Number(varint(&mut message)?),
            1 => Value::Bytes(8),
            2 => Value::Bytes(usize::try_from(varint(&mut message)?).ok()?),
            5 => Value::Bytes(4),
            _ => return None,
        };
        if key >> 3 == wanted {
            return read(message, value);
        }
        if let Value::Bytes(length) = value {
            message = message.get(length..)?;
        }
    }
    None
}

fn varint(message: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for place in 0..10 {
        let (first, rest) = message.split_first()?;
        *message = rest;
        number |= u64::from(first & 0x7f) << (7 * place);
        if first & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rejected_spans_are_read_and_nonsense_is_nothing() {
        // { partial_success { rejected_spans: 300, error_message: "no" } }
        let some = [0x0a, 7, 0x08, 0xac, 0x02, 0x12, 2, b'n', b'o'];
        assert_eq!(rejected_spans(&some), 300);
        // The same, behind a field of the future and with the message first.
        let behind = [0x10, 1, 0x0a, 7, 0x12, 2, b'n', b'o', 0x08, 0xac, 0x02];
        assert_eq!(rejected_spans(&behind), 300);
        for nothing in [
            &[][..],
            &[0x0a, 0],
            b"{}",
            b"ok",
            &[0x0a, 90, 8],
            &[0xff; 20],
        ] {
            assert_eq!(rejected_spans(nothing), 0, "{nothing:?}");
        }
    }
}
