//! Who asks: peer, session cookie, landing cookie.

use std::{
    net::{IpAddr, SocketAddr},
    sync::atomic::{AtomicBool, Ordering},
};

use app::{
    api::ApiError,
    domain::actor::Actor,
    ports::{Caller, LandingCookie},
};
use http::{HeaderMap, header};

use super::App;
use crate::services::{landing, session_cookie, sessions};

/// A caller, and whether the session cookie it sent has ended.
pub(super) struct Resolved {
    /// Who asks.
    pub caller: Caller,
    /// The cookie stands for nothing any more; the answer may clear it.
    pub stale_cookie: bool,
}

/// Resolves the caller of a request.
pub(super) async fn resolve(
    app: &App,
    headers: &HeaderMap,
    peer: SocketAddr,
) -> Result<Resolved, ApiError> {
    let settings = &app.parts.desk.settings;
    if first_sign_of_a_proxy(headers, app.parts.trusted_proxies, &app.proxy_seen) {
        tracing::warn!(
            "requests carry X-Forwarded-For, but no proxy is trusted: every caller counts as \
             one peer, and one who guesses slows all; set --trusted-proxies if a proxy stands \
             before this server"
        );
    }
    let session = cookie(headers, session_cookie::name(settings));
    let actor = sessions::actor(&app.parts.desk, session).await?;
    let stale_cookie = session.is_some_and(|value| !value.is_empty()) && actor == Actor::Anonymous;
    let landing = cookie(headers, landing::cookie_name(settings))
        .map(|value| LandingCookie(value.to_owned()));
    let user_agent = headers
        .get(header::USER_AGENT)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
        .chars()
        .take(200)
        .collect();
    Ok(Resolved {
        caller: Caller {
            actor,
            peer: peer_of(headers, peer.ip(), app.parts.trusted_proxies),
            landing,
            user_agent,
        },
        stale_cookie,
    })
}

/// The first cookie of this name.
fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(one, _)| *one == name)
        .map(|(_, value)| value)
}

/// Whether a proxy seems to stand before a server that trusts none; `true` once.
fn first_sign_of_a_proxy(headers: &HeaderMap, proxies: usize, seen: &AtomicBool) -> bool {
    proxies == 0 && headers.contains_key("x-forwarded-for") && !seen.swap(true, Ordering::Relaxed)
}

/// The peer, or with `proxies` trusted ones before us the entry that the outermost of
/// them wrote: that many from the right. What stands further left anybody can claim.
fn peer_of(headers: &HeaderMap, peer: IpAddr, proxies: usize) -> IpAddr {
    let Some(from_right) = proxies.checked_sub(1) else {
        return peer;
    };
    let entries: Vec<&str> = headers
        .get_all("x-forwarded-for")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .collect();
    entries
        .iter()
        .rev()
        .nth(from_right)
        .and_then(|entry| entry.trim().parse().ok())
        .unwrap_or(peer)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, value.parse().unwrap());
        }
        headers
    }

    #[test]
    fn the_first_cookie_of_a_name_counts() {
        let headers = headers(&[("cookie", "a=1; beckon_session=x=y"), ("cookie", "b=2;a=3")]);
        assert_eq!(cookie(&headers, "beckon_session"), Some("x=y"));
        assert_eq!(cookie(&headers, "a"), Some("1"));
        assert_eq!(cookie(&headers, "b"), Some("2"));
        assert_eq!(cookie(&headers, "c"), None);
    }

    #[test]
    fn a_proxy_that_is_not_trusted_is_reported_once() {
        let seen = AtomicBool::new(false);
        let plain = headers(&[("host", "beckon.test")]);
        let forwarded = headers(&[("x-forwarded-for", "203.0.113.9")]);
        assert!(!first_sign_of_a_proxy(&plain, 0, &seen));
        assert!(!first_sign_of_a_proxy(&forwarded, 1, &seen));
        assert!(first_sign_of_a_proxy(&forwarded, 0, &seen));
        assert!(!first_sign_of_a_proxy(&forwarded, 0, &seen));
    }

    #[test]
    fn only_what_a_trusted_proxy_wrote_names_the_peer() {
        let peer: IpAddr = "10.0.0.1".parse().unwrap();
        let headers = headers(&[
            ("x-forwarded-for", "6.6.6.6, 203.0.113.9"),
            ("x-forwarded-for", "198.51.100.2"),
        ]);
        let of = |proxies| peer_of(&headers, peer, proxies).to_string();
        assert_eq!(of(0), "10.0.0.1");
        assert_eq!(of(1), "198.51.100.2");
        assert_eq!(of(2), "203.0.113.9");
        assert_eq!(of(4), "10.0.0.1");
    }
}
