//! Answers that do not come from a use case.

use std::any::Any;

use app::api::ApiError;
use axum::{
    Json,
    response::{IntoResponse as _, Response},
};
use http::{HeaderValue, StatusCode, header};

/// The error with its own status.
pub(super) fn error(error: &ApiError) -> Response {
    let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    error_as(status, error)
}

/// The error with a status that the wire's errors have no word for (403, 405, 415).
pub(super) fn error_as(status: StatusCode, error: &ApiError) -> Response {
    let mut response = (status, Json(error)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let ApiError::TooMany { retry_after } = error {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(*retry_after));
    }
    response
}

/// A refusal in words, without detail that could help an attacker.
pub(super) fn refusal(status: StatusCode, message: &str) -> Response {
    let error = ApiError::BadRequest {
        message: message.to_owned(),
    };
    error_as(status, &error)
}

/// A panic is our fault: the log has it, the answer is neutral (S55).
#[expect(
    clippy::needless_pass_by_value,
    reason = "the shape that the panic layer calls"
)]
pub(super) fn panicked(panic: Box<dyn Any + Send + 'static>) -> Response {
    let what = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("no message");
    tracing::error!(panic = ?what, "a request panicked");
    error(&ApiError::Unavailable)
}
