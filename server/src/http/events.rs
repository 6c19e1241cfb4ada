//! The stream of changes: server-sent events, one `changed` for each change of the tenant.

use std::{convert::Infallible, net::SocketAddr, time::Duration};

use app::api::ApiError;
use axum::{
    extract::{ConnectInfo, Query, State},
    response::{
        IntoResponse as _, Response,
        sse::{Event, KeepAlive, Sse},
    },
};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Deserialize;
use tokio::sync::mpsc::{self, error::TrySendError};
use tokio_stream::wrappers::ReceiverStream;

use super::{Shared, api::from_our_pages, caller, respond};
use crate::services::events::Subscription;

/// A line that says nothing keeps proxies from closing the stream.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// Whose changes.
#[derive(Debug, Deserialize)]
pub(super) struct Which {
    tenant: String,
}

/// Opens a stream.
pub(super) async fn stream(
    State(app): State<Shared>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    which: Result<Query<Which>, axum::extract::rejection::QueryRejection>,
) -> Response {
    if !from_our_pages(&headers, &app.parts.desk.settings.public_url) {
        return respond::refusal(
            StatusCode::FORBIDDEN,
            "Another site's page sent this request.",
        );
    }
    let Ok(Query(Which { tenant })) = which else {
        return respond::refusal(StatusCode::BAD_REQUEST, "The address names no tenant.");
    };
    let subscription = match authorise(&app, &headers, peer, &tenant).await {
        Ok(subscription) => subscription,
        Err(error) => return respond::error(&error),
    };
    let (sender, receiver) = mpsc::channel(8);
    tokio::spawn(async move {
        tell(&app, &headers, peer, &tenant, subscription, sender).await;
    });
    let sse = Sse::new(ReceiverStream::new(receiver))
        .keep_alive(KeepAlive::new().interval(KEEP_ALIVE).text(""));
    let mut response = sse.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // nginx would collect the events before it passes them on.
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    response
}

async fn authorise(
    app: &Shared,
    headers: &HeaderMap,
    peer: SocketAddr,
    tenant: &str,
) -> Result<Subscription, ApiError> {
    let resolved = caller::resolve(app, headers, peer).await?;
    app.parts.changes.subscribe(&resolved.caller, tenant).await
}

/// Tells until the page is gone, the right is gone, or the server ends.
async fn tell(
    app: &Shared,
    headers: &HeaderMap,
    peer: SocketAddr,
    tenant: &str,
    mut subscription: Subscription,
    sender: mpsc::Sender<Result<Event, Infallible>>,
) {
    let every = app.parts.authorise_every;
    let mut authorise_at = tokio::time::Instant::now() + every;
    // A first line, so that proxies pass the answer's head on at once.
    let hello = Event::default().comment("listening");
    if sender.send(Ok(hello)).await.is_err() {
        return;
    }
    loop {
        tokio::select! {
            () = app.parts.shutdown.cancelled() => return,
            () = sender.closed() => return,
            () = tokio::time::sleep_until(authorise_at) => {
                authorise_at += every;
                match authorise(app, headers, peer, tenant).await {
                    Ok(_still) => {}
                    // The database may be away for a moment; the right is not.
                    Err(ApiError::Unavailable) => {}
                    Err(_gone) => return,
                }
            }
            changed = subscription.changed() => {
                if changed.is_none() {
                    return;
                }
                // A browser drops an event without data (WHATWG HTML §9.2.6).
                let event = Event::default().event("changed").data("1");
                // A page that does not read has some waiting for it already; waiting for
                // it here would keep its rights from being asked for again.
                if let Err(TrySendError::Closed(_)) = sender.try_send(Ok(event)) {
                    return;
                }
            }
        }
    }
}
