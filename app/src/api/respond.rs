//! What every delegating line shares: the ports, the caller, the status.

use std::sync::Arc;

use http::{
    HeaderValue, StatusCode,
    header::{CACHE_CONTROL, RETRY_AFTER, SET_COOKIE},
};
use leptos::prelude::{expect_context, use_context};
use leptos_axum::ResponseOptions;

use super::ApiError;
use crate::ports::{Caller, Ports};

/// The server's services, put into the context by the http layer.
pub(super) fn ports() -> Arc<Ports> {
    expect_context::<Arc<Ports>>()
}

/// Who asks, from where.
pub(super) fn caller() -> Caller {
    expect_context::<Caller>()
}

/// Sets status, `Retry-After` and `no-store`, and passes the result on.
pub(super) fn answer<T>(result: Result<T, ApiError>) -> Result<T, ApiError> {
    if let Some(response) = use_context::<ResponseOptions>() {
        response.insert_header(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Err(error) = &result {
            let status = StatusCode::from_u16(error.status());
            response.set_status(status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR));
            if let ApiError::TooMany { retry_after } = error {
                response.insert_header(RETRY_AFTER, HeaderValue::from(*retry_after));
            }
        }
    }
    result
}

/// Like [`answer`], for use cases that also set cookies.
pub(super) fn answer_with_cookies<T>(
    result: Result<(T, Vec<String>), ApiError>,
) -> Result<T, ApiError> {
    answer(result.map(|(value, cookies)| {
        if let Some(response) = use_context::<ResponseOptions>() {
            for cookie in cookies {
                if let Ok(header) = HeaderValue::from_str(&cookie) {
                    response.append_header(SET_COOKIE, header);
                }
            }
        }
        value
    }))
}
