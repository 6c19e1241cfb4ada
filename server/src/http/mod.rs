//! The http layer: routes, guard, session cookie, front end, events, health.

mod api;
mod assets;
mod caller;
mod events;
mod headers;
mod host;
mod mailbox;
mod respond;
mod spa;

use std::{
    collections::HashSet,
    sync::{Arc, atomic::AtomicBool},
    time::Duration,
};

use app::ports::Ports;
use axum::{
    Router,
    extract::DefaultBodyLimit,
    middleware,
    routing::{any, get},
};
use http::StatusCode;
use tokio_util::sync::CancellationToken;
use tower_http::catch_panic::CatchPanicLayer;

pub use assets::Assets;

use crate::services::{Desk, demo::DemoService, events::Changes};

/// Every route besides the server functions. A route exists by standing here, so
/// that the authorisation test can demand a line for each (S22).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Route {
    /// 200 once the server serves.
    Health,
    /// The stream of changes.
    Events,
    /// The server functions.
    Api,
    /// A demo mail's HTML part.
    MailHtml,
    /// The front end: its files, and its page for every address of the app.
    FrontEnd,
}

impl Route {
    /// Every route.
    pub const ALL: [Self; 5] = [
        Self::Health,
        Self::Events,
        Self::Api,
        Self::MailHtml,
        Self::FrontEnd,
    ];

    /// The path as the router has it.
    #[must_use]
    pub const fn path(self) -> &'static str {
        match self {
            Self::Health => "/healthz",
            Self::Events => app::api::EVENTS_PATH,
            Self::Api => "/api/{*function}",
            Self::MailHtml => "/demo/mailbox/{id}/html",
            Self::FrontEnd => "/{*path}",
        }
    }
}

/// What the routes work with.
pub struct Parts {
    /// What every service stands on.
    pub desk: Desk,
    /// The services behind the server functions.
    pub ports: Arc<Ports>,
    /// The demo's mailbox, for its HTML parts.
    pub demo: Arc<DemoService>,
    /// The feed of changes.
    pub changes: Changes,
    /// The built front end.
    pub assets: Assets,
    /// Proxies to trust.
    pub trusted_proxies: usize,
    /// Rights that were taken away end a stream within this time.
    pub authorise_every: Duration,
    /// Ends the streams, then the server.
    pub shutdown: CancellationToken,
}

/// The parts with what is computed once at start.
struct App {
    parts: Parts,
    functions: HashSet<&'static str>,
    /// A proxy that is not trusted was reported.
    proxy_seen: AtomicBool,
}

type Shared = Arc<App>;

/// The paths of the server functions; never empty, or the build lost them
/// (they register themselves only where something names `app`).
#[must_use]
pub fn server_functions() -> Vec<&'static str> {
    let mut paths: Vec<&'static str> = server_fn::axum::server_fn_paths()
        .map(|(path, _)| path)
        .collect();
    paths.sort_unstable();
    assert!(
        !paths.is_empty(),
        "no server function is registered; every call would answer 404"
    );
    paths
}

/// The whole router.
pub fn router(parts: Parts) -> Router {
    let app = Arc::new(App {
        parts,
        functions: server_functions().into_iter().collect(),
        proxy_seen: AtomicBool::new(false),
    });
    Route::ALL
        .into_iter()
        .fold(Router::new(), |router, route| match route {
            Route::Health => router.route(route.path(), get(health)),
            Route::Events => router.route(route.path(), get(events::stream)),
            // The limits of each function are checked before axum would answer 500.
            Route::Api => router.route(
                route.path(),
                any(api::call).layer(DefaultBodyLimit::disable()),
            ),
            Route::MailHtml => router.route(route.path(), get(mailbox::html)),
            Route::FrontEnd => router.fallback(spa::serve),
        })
        .layer(middleware::from_fn_with_state(app.clone(), host::check))
        .layer(CatchPanicLayer::custom(respond::panicked))
        .layer(middleware::from_fn_with_state(
            app.clone(),
            headers::add_and_log,
        ))
        .with_state(app)
}

async fn health() -> (StatusCode, &'static str) {
    (StatusCode::OK, "ok")
}
