//! A demo answers under this machine's names only. It listens on loopback, but a page of
//! another site can make its own name point there (DNS rebinding); to the browser that
//! page is then of the demo's origin, and the demo's passwords are public.

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use http::{StatusCode, Uri, header};

use super::{Shared, respond};

/// Lets a request through whose host is this machine or the public URL's.
pub(super) async fn check(State(app): State<Shared>, request: Request, next: Next) -> Response {
    let settings = &app.parts.desk.settings;
    if !settings.demo {
        return next.run(request).await;
    }
    let named = request
        .headers()
        .get(header::HOST)
        .map_or_else(
            || request.uri().authority().map(ToString::to_string),
            |host| host.to_str().ok().map(str::to_owned),
        )
        .unwrap_or_default();
    if is_ours(&named, &settings.public_url) {
        return next.run(request).await;
    }
    respond::refusal(
        StatusCode::MISDIRECTED_REQUEST,
        "A demo answers under localhost and its --public-url only, because its passwords are \
         public.",
    )
}

/// Whether a `Host` (with or without a port) is this machine's, or the public URL's.
fn is_ours(host: &str, public_url: &str) -> bool {
    let Some(host) = name_of(host) else {
        return false;
    };
    let loopback = host
        .trim_matches(['[', ']'])
        .parse::<std::net::IpAddr>()
        .is_ok_and(|address| address.is_loopback());
    let public = public_url
        .split_once("://")
        .and_then(|(_, authority)| name_of(authority));
    loopback || host == "localhost" || public.as_deref() == Some(host.as_str())
}

/// The host without its port, in lower case; `None` for what is none.
fn name_of(authority: &str) -> Option<String> {
    let uri: Uri = format!("http://{authority}/").parse().ok()?;
    let authority = uri.authority()?;
    if authority.as_str().contains('@') {
        return None;
    }
    Some(authority.host().to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_this_machine_and_of_the_public_url_are_ours() {
        for ours in [
            "localhost",
            "LOCALHOST:3000",
            "127.0.0.1:3000",
            "127.8.8.8",
            "[::1]:3000",
            "[::1]",
            "demo.example.org",
            "Demo.Example.Org:8443",
        ] {
            assert!(is_ours(ours, "https://demo.example.org"), "{ours}");
        }
        for foreign in [
            "",
            "evil.test",
            "evil.test:3000",
            "localhost.evil.test",
            "127.0.0.1.evil.test",
            "192.168.0.7:3000",
            "0.0.0.0:3000",
            "localhost@evil.test",
            "evil.test/localhost",
            "demo.example.org.evil.test",
        ] {
            assert!(!is_ours(foreign, "https://demo.example.org"), "{foreign}");
        }
    }
}
