//! Errors: what the daemon refused, or why it could not be asked.

use std::collections::HashMap;
use std::fmt;

use prost::Message;
use tonic::{Code, Status};

use crate::proto;

/// The result of a call.
pub type Result<T> = std::result::Result<T, Error>;

/// What went wrong, as far as a program decides by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The daemon could not be reached, or gave no answer in time, for all retries.
    Unavailable,
    /// The daemon's disk is full; nothing was changed, and retries did not help.
    StorageFull,
    /// A limit of the daemon; `metadata["limit"]` names it.
    LimitExceeded,
    /// A value is out of its range or form; the message names the field.
    InvalidArgument,
    /// The study has the parameter with another kind, `log` flag or list of choices.
    ParameterChanged,
    StudyNotFound,
    TrialNotFound,
    /// The name is taken.
    StudyExists,
    /// The study exists with other directions than those asked for.
    StudyMismatch,
    /// The trial was given up because its worker was silent for longer than the lease: drop the work.
    LeaseLost,
    /// The trial is finished and cannot change.
    TrialFinished,
    /// The trial is enqueued and not running yet.
    TrialWaiting,
    /// Intermediate values belong to one objective.
    SeveralObjectives,
    /// Token or certificate are missing or not accepted.
    NotAllowed,
    /// Anything else; see the code.
    Other,
}

/// A failed call. The message is the daemon's own, where it gave one.
#[derive(Clone, Debug)]
pub struct Error {
    kind: ErrorKind,
    code: Code,
    reason: String,
    metadata: HashMap<String, String>,
    message: String,
}

impl Error {
    /// What to decide by.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The gRPC status code.
    pub fn code(&self) -> Code {
        self.code
    }

    /// The stable reason, a name of `hpo.v1.ErrorReason` without its prefix (`LEASE_LOST`), or empty.
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// What the reason's description in `error.proto` names.
    pub fn metadata(&self) -> &HashMap<String, String> {
        &self.metadata
    }

    /// Whether a later attempt of the same call may succeed.
    pub fn is_transient(&self) -> bool {
        match self.kind {
            ErrorKind::Unavailable | ErrorKind::StorageFull => true,
            ErrorKind::LimitExceeded => self.metadata.get("limit").is_some_and(|limit| limit == "calls_in_flight"),
            _ => false,
        }
    }

    pub(crate) fn invalid(message: String) -> Self {
        Self::local(ErrorKind::InvalidArgument, Code::InvalidArgument, message)
    }

    pub(crate) fn no_answer(server: &str, seconds: f64) -> Self {
        let message = format!("no answer from {server} in {seconds} s");
        Self::local(ErrorKind::Unavailable, Code::DeadlineExceeded, message)
    }

    fn unreachable(server: &str, cause: &str) -> Self {
        let message = format!("cannot reach {server}: {cause} (is hpod running? start it with: hpod)");
        Self::local(ErrorKind::Unavailable, Code::Unavailable, message)
    }

    fn local(kind: ErrorKind, code: Code, message: String) -> Self {
        Self { kind, code, reason: String::new(), metadata: HashMap::new(), message }
    }

    /// What a failed call of `server` becomes.
    pub(crate) fn from_status(status: Status, server: &str) -> Self {
        let info = error_info(status.details());
        let is_from_transport = std::error::Error::source(&status).is_some();
        if info.reason.is_empty() && (is_from_transport || status.code() == Code::Unavailable) {
            // A connection that breaks in the middle of a call has any of several codes.
            return Self::unreachable(server, &innermost_cause(&status));
        }
        Self {
            kind: kind_of(&info.reason, status.code()),
            code: status.code(),
            reason: info.reason,
            metadata: info.metadata,
            message: status.message().to_owned(),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

fn kind_of(reason: &str, code: Code) -> ErrorKind {
    match reason {
        "STUDY_NOT_FOUND" => ErrorKind::StudyNotFound,
        "TRIAL_NOT_FOUND" => ErrorKind::TrialNotFound,
        "STUDY_EXISTS" => ErrorKind::StudyExists,
        "STUDY_MISMATCH" => ErrorKind::StudyMismatch,
        "INVALID_FIELD" | "REQUEST_ID_REUSED" => ErrorKind::InvalidArgument,
        "PARAMETER_CHANGED" => ErrorKind::ParameterChanged,
        "LEASE_LOST" => ErrorKind::LeaseLost,
        "TRIAL_FINISHED" => ErrorKind::TrialFinished,
        "TRIAL_WAITING" => ErrorKind::TrialWaiting,
        "SEVERAL_OBJECTIVES" => ErrorKind::SeveralObjectives,
        "LIMIT_EXCEEDED" => ErrorKind::LimitExceeded,
        "STORAGE_FULL" => ErrorKind::StorageFull,
        "STORAGE_FAILED" | "SHUTTING_DOWN" => ErrorKind::Unavailable,
        _ => kind_of_code(code),
    }
}

fn kind_of_code(code: Code) -> ErrorKind {
    match code {
        Code::Unavailable | Code::DeadlineExceeded => ErrorKind::Unavailable,
        Code::InvalidArgument => ErrorKind::InvalidArgument,
        Code::ResourceExhausted => ErrorKind::LimitExceeded,
        Code::Unauthenticated | Code::PermissionDenied => ErrorKind::NotAllowed,
        _ => ErrorKind::Other,
    }
}

/// The ErrorInfo in the bytes of `grpc-status-details-bin`; empty if there is none.
fn error_info(details: &[u8]) -> proto::ErrorInfo {
    let status = proto::RpcStatus::decode(details).unwrap_or_default();
    let info = status.details.iter().find(|detail| detail.type_url.ends_with("/google.rpc.ErrorInfo"));
    info.and_then(|detail| proto::ErrorInfo::decode(detail.value.as_slice()).ok()).unwrap_or_default()
}

fn innermost_cause(status: &Status) -> String {
    let mut text = status.message().to_owned();
    let mut cause = std::error::Error::source(status);
    while let Some(error) = cause {
        text = error.to_string();
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn details(type_url: &str, reason: &str) -> tonic::codegen::Bytes {
        let info = proto::ErrorInfo { reason: reason.into(), domain: "hpod".into(), metadata: HashMap::new() };
        let any = prost_types::Any { type_url: type_url.into(), value: info.encode_to_vec() };
        let status = proto::RpcStatus { code: 10, message: String::new(), details: vec![any] };
        status.encode_to_vec().into()
    }

    #[test]
    fn the_reason_in_the_details_decides_the_kind() {
        let wire = details("type.googleapis.com/google.rpc.ErrorInfo", "LEASE_LOST");
        let error = Error::from_status(Status::with_details(Code::Aborted, "gone", wire), "here");
        assert_eq!((error.kind(), error.code(), error.reason()), (ErrorKind::LeaseLost, Code::Aborted, "LEASE_LOST"));
        assert_eq!(error.to_string(), "gone");
        assert!(!error.is_transient());
    }

    #[test]
    fn details_of_another_type_give_no_reason() {
        let wire = details("type.googleapis.com/google.rpc.Help", "LEASE_LOST");
        let error = Error::from_status(Status::with_details(Code::Aborted, "gone", wire), "here");
        assert_eq!((error.kind(), error.reason()), (ErrorKind::Other, ""));
    }

    #[test]
    fn only_the_limit_of_calls_in_flight_is_transient() {
        let limit = |name: &str| Error {
            metadata: HashMap::from([("limit".into(), name.into())]),
            ..Error::local(ErrorKind::LimitExceeded, Code::ResourceExhausted, String::new())
        };
        assert!(limit("calls_in_flight").is_transient());
        assert!(!limit("trials").is_transient());
    }
}
