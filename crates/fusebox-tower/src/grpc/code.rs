//! The status codes of gRPC.

use http::header::{CONTENT_TYPE, HeaderValue};
use http::{HeaderMap, StatusCode};

/// The status codes of gRPC, as listed at <https://grpc.io/docs/guides/status-codes/>.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the names are the protocol's")]
pub enum GrpcCode {
    Ok = 0,
    Cancelled = 1,
    Unknown = 2,
    InvalidArgument = 3,
    DeadlineExceeded = 4,
    NotFound = 5,
    AlreadyExists = 6,
    PermissionDenied = 7,
    ResourceExhausted = 8,
    FailedPrecondition = 9,
    Aborted = 10,
    OutOfRange = 11,
    Unimplemented = 12,
    Internal = 13,
    Unavailable = 14,
    DataLoss = 15,
    Unauthenticated = 16,
}

impl GrpcCode {
    /// Every code, in the order of its number.
    pub const ALL: &'static [Self] = &[
        Self::Ok,
        Self::Cancelled,
        Self::Unknown,
        Self::InvalidArgument,
        Self::DeadlineExceeded,
        Self::NotFound,
        Self::AlreadyExists,
        Self::PermissionDenied,
        Self::ResourceExhausted,
        Self::FailedPrecondition,
        Self::Aborted,
        Self::OutOfRange,
        Self::Unimplemented,
        Self::Internal,
        Self::Unavailable,
        Self::DataLoss,
        Self::Unauthenticated,
    ];

    /// The code in `grpc-status`, if the header is there. A number that the protocol does not know
    /// means [`Unknown`](Self::Unknown), as the protocol says.
    pub(super) fn of(headers: &HeaderMap) -> Option<Self> {
        let status = headers.get("grpc-status")?;
        let number = status.to_str().ok().and_then(|text| text.parse().ok());
        Some(number.map_or(Self::Unknown, Self::numbered))
    }

    /// The code of an answer without `grpc-status`. HTTP errors come from proxies, and the protocol
    /// says how to read them (`doc/http-grpc-status-mapping.md` of gRPC).
    pub(super) fn without_status(status: StatusCode) -> Self {
        match status.as_u16() {
            400 => Self::Internal,
            401 => Self::Unauthenticated,
            403 => Self::PermissionDenied,
            404 => Self::Unimplemented,
            429 | 502..=504 => Self::Unavailable,
            _ => Self::Unknown,
        }
    }

    fn numbered(number: usize) -> Self {
        Self::ALL.get(number).copied().unwrap_or(Self::Unknown)
    }

    /// Returns the code's number in the protocol.
    pub const fn number(self) -> u8 {
        self as u8
    }

    pub(super) const fn index(self) -> usize {
        self as usize
    }
}

/// The place of the status in an answer whose headers have none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StatusAt {
    /// In the trailers.
    Trailers,
    /// Inside the data, as in gRPC-Web, which is not searched.
    Data,
    /// Nowhere, because these are not the headers of a gRPC answer. Error pages of gateways look
    /// like that, and no client reads their bodies.
    Nowhere,
}

impl StatusAt {
    /// What the headers of an answer say. An answer without a content type counts as native gRPC.
    pub(super) fn of(status: StatusCode, headers: &HeaderMap) -> Self {
        let content = headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes);
        let content = content.unwrap_or(GRPC);
        if status != StatusCode::OK || !begins_with(content, GRPC) {
            Self::Nowhere
        } else if begins_with(content, GRPC_WEB) {
            Self::Data
        } else {
            Self::Trailers
        }
    }
}

const GRPC: &[u8] = b"application/grpc";
const GRPC_WEB: &[u8] = b"application/grpc-web";

/// Media types may be in upper or lower case.
fn begins_with(content: &[u8], kind: &[u8]) -> bool {
    let beginning = content.get(..kind.len());
    beginning.is_some_and(|beginning| beginning.eq_ignore_ascii_case(kind))
}
