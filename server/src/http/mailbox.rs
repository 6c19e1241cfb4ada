//! A demo mail's HTML part, under a policy that lets it do nothing but look.

use std::net::SocketAddr;

use axum::{
    extract::{ConnectInfo, Path, State},
    response::{IntoResponse as _, Response},
};
use http::{HeaderMap, HeaderValue, header};

use super::{Shared, caller, respond};

const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; \
    frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox \
    allow-top-navigation-by-user-activation";

/// Serves the part.
pub(super) async fn html(
    State(app): State<Shared>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    let resolved = match caller::resolve(&app, &headers, peer).await {
        Ok(resolved) => resolved,
        Err(error) => return respond::error(&error),
    };
    match app.parts.demo.html(&resolved.caller, id).await {
        Ok(html) => {
            // As in a mail client, a link opens a page of its own: inside of the frame
            // every other page of ours refuses to show.
            let html = html.replacen("<head>", "<head><base target=\"_blank\">", 1);
            let mut response = html.into_response();
            let headers = response.headers_mut();
            for (name, value) in [
                (header::CONTENT_TYPE, "text/html; charset=utf-8"),
                (header::CACHE_CONTROL, "no-store"),
                (header::CONTENT_SECURITY_POLICY, POLICY),
                (header::X_FRAME_OPTIONS, "SAMEORIGIN"),
            ] {
                headers.insert(name, HeaderValue::from_static(value));
            }
            response
        }
        Err(error) => respond::error(&error),
    }
}
