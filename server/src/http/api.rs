//! The server functions behind their guard: POST, JSON, from our own pages, of
//! bounded size and time. Architecture §4 says why each check stands here.

use std::{net::SocketAddr, time::Duration};

use app::{api::ApiError, domain::actor::Actor, ports::Caller};
use axum::{
    body::Body,
    extract::{ConnectInfo, Request, State},
    response::{IntoResponse as _, Response},
};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use http_body_util::BodyExt as _;
use leptos::prelude::provide_context;

use super::{App, Shared, caller, respond};
use crate::services::session_cookie;

/// The largest body of a call, in bytes.
const BODY: usize = 2 * 1024 * 1024;
/// The largest chunk of an import, in bytes: twice what the browser puts into one, as a
/// single row may be larger.
const CHUNK_BODY: usize = 4 * 1024 * 1024;
/// The largest body of a call by nobody who is signed in, in bytes: what anybody can send
/// over a thousand connections at once has to fit into memory.
const ANONYMOUS_BODY: usize = 64 * 1024;
/// What is too large is read up to this many bytes before it is refused.
const DISCARD: usize = 128 * 1024 * 1024;
/// How long a call may take.
const TIME: Duration = Duration::from_secs(30);
/// How long a commit of 10,000 rows may take on a slow disk, and a chunk on a slow line.
const LONG_TIME: Duration = Duration::from_mins(2);

/// Answers one call.
pub(super) async fn call(
    State(app): State<Shared>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request,
) -> Response {
    let path = request.uri().path();
    let Some(&path) = app.functions.get(path) else {
        return respond::error(&ApiError::NotFound);
    };
    if let Some(refused) = guard(&app, &request) {
        return refused;
    }
    let time = if matches!(path, "/api/imports/commit" | "/api/blanks/create") || is_list(path) {
        LONG_TIME
    } else {
        TIME
    };
    match tokio::time::timeout(time, answer(&app, path, peer, request)).await {
        Ok(response) => response,
        Err(_elapsed) => {
            tracing::warn!(path, "a call took too long");
            respond::error(&ApiError::Unavailable)
        }
    }
}

/// Calls that bring up to 10,000 rows.
fn is_list(path: &str) -> bool {
    matches!(
        path,
        "/api/imports/chunk" | "/api/users/upload" | "/api/catalog/upload"
    )
}

/// Refuses what no page of ours would send (S47). A method override header changes
/// nothing, because nothing reads it.
fn guard(app: &App, request: &Request) -> Option<Response> {
    if request.method() != Method::POST {
        let mut refused = respond::refusal(
            StatusCode::METHOD_NOT_ALLOWED,
            "This address takes POST only.",
        );
        refused
            .headers_mut()
            .insert(header::ALLOW, HeaderValue::from_static("POST"));
        return Some(refused);
    }
    if !is_json(request.headers()) {
        return Some(respond::refusal(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "This address takes application/json only.",
        ));
    }
    if !from_our_pages(request.headers(), &app.parts.desk.settings.public_url) {
        return Some(respond::refusal(
            StatusCode::FORBIDDEN,
            "Another site's page sent this request.",
        ));
    }
    None
}

fn is_json(headers: &HeaderMap) -> bool {
    headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .is_some_and(|essence| essence.trim().eq_ignore_ascii_case("application/json"))
}

/// What the browser says about the page: `Sec-Fetch-Site`, else `Origin`. A client that
/// says neither is no browser, and brings no cookies that a page could abuse.
pub(super) fn from_our_pages(headers: &HeaderMap, public_url: &str) -> bool {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    if let Some(site) = text("sec-fetch-site") {
        return matches!(site, "same-origin" | "none");
    }
    let Some(origin) = text("origin") else {
        return true;
    };
    let own_host = origin
        .split_once("://")
        .is_some_and(|(_, host)| text("host") == Some(host));
    origin == public_url || own_host
}

async fn answer(app: &App, path: &'static str, peer: SocketAddr, request: Request) -> Response {
    let limit = if is_list(path) { CHUNK_BODY } else { BODY };
    let resolved = match caller::resolve(app, request.headers(), peer).await {
        Ok(resolved) => resolved,
        Err(error) => return respond::error(&error),
    };
    // Where a session has ended, the page asks to sign in, and sends the call again.
    let (limit, too_large) = if matches!(resolved.caller.actor, Actor::Anonymous) {
        (ANONYMOUS_BODY, ApiError::SignInFirst)
    } else {
        let message = format!(
            "This request is larger than {} MB. Nothing was changed.",
            limit / 1024 / 1024
        );
        (limit, ApiError::TooLarge { message })
    };
    let request = match read(request, limit, &too_large).await {
        Ok(request) => request,
        Err(refused) => return *refused,
    };
    let mut response = run(app, resolved.caller, request).await;
    // Only here: the answer to a call that was under way while somebody signed in would
    // take the new session's cookie away.
    if path == "/api/session/current"
        && resolved.stale_cookie
        && !response.headers().contains_key(header::SET_COOKIE)
    {
        let clear = session_cookie::clear(&app.parts.desk.settings);
        if let Ok(clear) = HeaderValue::from_str(&clear) {
            response.headers_mut().insert(header::SET_COOKIE, clear);
        }
    }
    response
}

/// Reads the whole body, or refuses it with a sentence.
async fn read(
    request: Request,
    limit: usize,
    too_large: &ApiError,
) -> Result<Request, Box<Response>> {
    let (mut parts, mut body) = request.into_parts();
    let mut bytes = Vec::new();
    let mut length = 0_usize;
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else {
            return Err(Box::new(respond::refusal(
                StatusCode::BAD_REQUEST,
                "The request ended before it was complete.",
            )));
        };
        let Some(data) = frame.data_ref() else {
            continue;
        };
        length += data.len();
        if length <= limit {
            bytes.extend_from_slice(data);
        } else if length <= DISCARD {
            // A browser that is still writing sees a broken connection, not the answer:
            // so the rest is read and thrown away, within reason.
            bytes = Vec::new();
        } else {
            break;
        }
    }
    if length > limit {
        return Err(Box::new(respond::error(too_large)));
    }
    // With these the library would answer a plain form's redirect, with the error in its address.
    parts.headers.remove(header::ACCEPT);
    parts.headers.remove(header::REFERER);
    Ok(Request::from_parts(parts, Body::from(bytes)))
}

async fn run(app: &App, caller: Caller, request: Request) -> Response {
    let ports = app.parts.ports.clone();
    let context = move || {
        provide_context(ports.clone());
        provide_context(caller.clone());
    };
    let response = leptos_axum::handle_server_fns_with_context(context, request)
        .await
        .into_response();
    // Every answer of a use case says `no-store`; one without never reached it, because
    // its arguments could not be read. What the parser said stays here.
    if response.headers().contains_key(header::CACHE_CONTROL) {
        response
    } else {
        respond::refusal(StatusCode::BAD_REQUEST, "The request could not be read.")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value)))
            .collect()
    }

    #[test]
    fn s47_only_our_own_pages_may_call() {
        let ours = |pairs: &[(&'static str, &'static str)]| {
            from_our_pages(&headers(pairs), "https://invite.test")
        };
        assert!(ours(&[]));
        assert!(ours(&[("sec-fetch-site", "same-origin")]));
        assert!(ours(&[("origin", "https://invite.test")]));
        assert!(ours(&[
            ("origin", "http://127.0.0.1:1"),
            ("host", "127.0.0.1:1")
        ]));
        assert!(!ours(&[("sec-fetch-site", "cross-site")]));
        assert!(!ours(&[("sec-fetch-site", "same-site")]));
        assert!(!ours(&[
            ("origin", "https://evil.test"),
            ("host", "invite.test")
        ]));
        assert!(!ours(&[("origin", "null")]));
        assert!(!ours(&[
            ("sec-fetch-site", "cross-site"),
            ("origin", "https://invite.test")
        ]));
    }

    #[test]
    fn s47_plain_text_is_not_json() {
        assert!(is_json(&headers(&[(
            "content-type",
            "Application/JSON; charset=utf-8"
        )])));
        for other in [
            "text/plain",
            "application/json-seq",
            "",
            "text/plain; application/json",
        ] {
            let mut one = HeaderMap::new();
            one.insert("content-type", other.parse().unwrap());
            assert!(!is_json(&one), "{other}");
        }
    }
}
