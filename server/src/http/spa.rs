//! The front end's files, and its page for every address of the app.

use axum::{
    body::Body,
    extract::{Request, State},
    response::{IntoResponse as _, Response},
};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};

use super::{
    Shared,
    assets::{self, Asset, Assets},
};

const FOREVER: &str = "public, max-age=31536000, immutable";
const ASK_FIRST: &str = "no-cache";
const MISSING_FRONT_END: &str = "<!doctype html><meta charset=utf-8><title>Beckon</title>\
    <p>The front end has not been built: run <code>cargo xtask run</code>.</p>";

/// Serves a file, the page, or 404: a missing `.wasm` must not look like a page.
pub(super) async fn serve(State(app): State<Shared>, request: Request) -> Response {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        let mut refused = StatusCode::METHOD_NOT_ALLOWED.into_response();
        refused
            .headers_mut()
            .insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
        return refused;
    }
    let assets = &app.parts.assets;
    let path = request.uri().path().trim_start_matches('/');
    let headers = request.headers();
    if !matches!(path, "" | "index.html")
        && path.strip_suffix(".br").is_none()
        && let Some(found) = assets.get(path)
    {
        return file(assets, path, found, headers);
    }
    if is_page(path, headers) {
        return page(assets, headers);
    }
    let mut missing = (StatusCode::NOT_FOUND, "Not found.").into_response();
    // A file may be there after the next deployment; a cache may not say otherwise.
    set(&mut missing, header::CACHE_CONTROL, "no-store");
    missing
}

/// An address of the app: asked for by a browser as a page, without an extension.
fn is_page(path: &str, headers: &HeaderMap) -> bool {
    if matches!(path, "" | "index.html") {
        return true;
    }
    let last = path.rsplit('/').next().unwrap_or_default();
    let wants_html = headers
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|accept| accept.contains("text/html"));
    wants_html && !last.contains('.')
}

fn page(assets: &Assets, headers: &HeaderMap) -> Response {
    let Some(index) = assets.get("index.html") else {
        let mut response = (StatusCode::SERVICE_UNAVAILABLE, MISSING_FRONT_END).into_response();
        set(
            &mut response,
            header::CONTENT_TYPE,
            "text/html; charset=utf-8",
        );
        set(&mut response, header::CACHE_CONTROL, "no-store");
        return response;
    };
    // While developing, the page may have been built anew since the server started.
    let policy = assets::policy(&index.bytes);
    let mut response = file(assets, "index.html", index, headers);
    response
        .headers_mut()
        .insert(header::CONTENT_SECURITY_POLICY, policy);
    response
}

fn file(assets: &Assets, path: &str, plain: Asset, headers: &HeaderMap) -> Response {
    let compressed = accepts_brotli(headers)
        .then(|| assets.get(&format!("{path}.br")))
        .flatten();
    let is_compressed = compressed.is_some();
    let asset = compressed.unwrap_or(plain);
    let unchanged = headers
        .get(header::IF_NONE_MATCH)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|tags| tags.split(',').any(|tag| tag.trim() == asset.etag));
    let mut response = if unchanged {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        Response::new(Body::from(asset.bytes))
    };
    if !unchanged {
        set(&mut response, header::CONTENT_TYPE, &content_type(path));
        if is_compressed {
            set(&mut response, header::CONTENT_ENCODING, "br");
        }
    }
    set(&mut response, header::ETAG, &asset.etag);
    set(&mut response, header::VARY, "accept-encoding");
    let caching = if is_hashed(path) { FOREVER } else { ASK_FIRST };
    set(&mut response, header::CACHE_CONTROL, caching);
    response
}

fn set(response: &mut Response, name: header::HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}

fn accepts_brotli(headers: &HeaderMap) -> bool {
    headers
        .get(header::ACCEPT_ENCODING)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| {
            value.split(',').any(|coding| {
                let (name, quality) = coding.split_once(';').unwrap_or((coding, ""));
                name.trim() == "br" && quality.trim() != "q=0"
            })
        })
}

fn content_type(path: &str) -> String {
    let guessed = mime_guess::from_path(path).first_or_octet_stream();
    let essence = guessed.essence_str();
    let is_text = essence.starts_with("text/")
        || matches!(
            essence,
            "application/javascript" | "application/json" | "image/svg+xml"
        );
    if is_text {
        format!("{essence}; charset=utf-8")
    } else {
        essence.to_owned()
    }
}

/// Whether the name carries a hash of the content, as Trunk writes it:
/// `beckon-1f2e3d4c5b6a7988_bg.wasm`.
fn is_hashed(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    let stem = name.split('.').next().unwrap_or_default();
    stem.split(['-', '_']).skip(1).any(|part| {
        (15..=64).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_hexdigit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashed_names_are_known() {
        assert!(is_hashed("frontend-1f2e3d4c5b6a7988_bg.wasm"));
        assert!(is_hashed("a/tokens-df2ac6a9be1a04f.css"));
        assert!(!is_hashed("index.html"));
        assert!(!is_hashed("inter-latin-variable.woff2"));
        assert!(!is_hashed("1f2e3d4c5b6a7988.js"));
    }

    #[test]
    fn brotli_is_served_to_whom_takes_it() {
        let accepts = |value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static(value));
            accepts_brotli(&headers)
        };
        assert!(accepts("gzip, deflate, br, zstd"));
        assert!(accepts("br;q=1.0"));
        assert!(!accepts("gzip"));
        assert!(!accepts("br;q=0"));
    }
}
