//! The server of Beckon: `build` makes the router, `serve` serves it.

pub mod cli;
pub mod clock;
pub mod config;
pub mod demo;
pub mod failpoint;
pub mod http;
pub mod jobs;
pub mod keys;
pub mod log;
pub mod mail;
pub mod services;
pub mod storage;

use std::{io, net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use app::ports::Ports;
use axum::Router;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::{
    http::{Assets, Parts},
    services::{
        Desk, accounts::AccountsService, apps::AppsService, audit::AuditService,
        blanks::BlanksService, catalog::CatalogService, demo::DemoService, events::Changes,
        imports::ImportsService, invitations::InvitationsService, landing::LandingService,
        mine::MineService, people::PeopleService, redeem::RedeemService, sessions::SessionsService,
        tenants::TenantsService, users::UsersService,
    },
};

/// Requests that are still at work this long after the signal are broken off.
const DRAIN: Duration = Duration::from_secs(30);

/// Rights that were taken away end a stream of changes within this time.
pub const AUTHORISE_EVERY: Duration = Duration::from_mins(1);

/// What [`build`] needs besides the desk.
pub struct Setup {
    /// Where the demo's file mailer writes.
    pub mail_folder: PathBuf,
    /// The front end, in place of the embedded one.
    pub dist: Option<PathBuf>,
    /// Proxies to trust.
    pub trusted_proxies: usize,
    /// How often an open stream's right is asked for again: [`AUTHORISE_EVERY`].
    pub authorise_every: Duration,
    /// Ends the streams, then the server.
    pub shutdown: CancellationToken,
}

/// The router over every service, and the poller of changes that it needs; spawn that.
pub fn build(desk: &Desk, setup: Setup) -> (Router, impl Future<Output = ()> + use<>) {
    let demo = Arc::new(DemoService::new(desk.clone(), setup.mail_folder));
    let landing = LandingService::new(desk.clone());
    let ports = Arc::new(Ports {
        sessions: Arc::new(SessionsService::new(desk.clone())),
        accounts: Arc::new(AccountsService::new(desk.clone())),
        users: Arc::new(UsersService::new(desk.clone())),
        tenants: Arc::new(TenantsService::new(desk.clone())),
        people: Arc::new(PeopleService::new(desk.clone())),
        catalog: Arc::new(CatalogService::new(desk.clone())),
        imports: Arc::new(ImportsService::new(desk.clone())),
        apps: Arc::new(AppsService::new(desk.clone())),
        audit: Arc::new(AuditService::new(desk.clone())),
        invitations: Arc::new(InvitationsService::new(desk.clone())),
        blanks: Arc::new(BlanksService::new(desk.clone())),
        redeem: Arc::new(RedeemService::new(desk.clone(), landing.clone())),
        landing: Arc::new(landing),
        mine: Arc::new(MineService::new(desk.clone())),
        demo: demo.clone(),
    });
    let changes = Changes::new(desk.clone());
    let poller = changes.clone().run(setup.shutdown.clone());
    let router = http::router(Parts {
        desk: desk.clone(),
        ports,
        demo,
        changes,
        assets: Assets::new(setup.dist),
        trusted_proxies: setup.trusted_proxies,
        authorise_every: setup.authorise_every,
        shutdown: setup.shutdown,
    });
    (router, poller)
}

/// Serves until `shutdown`, then takes no more, ends the streams and lets the
/// requests at work finish.
///
/// # Errors
/// The listener's.
pub async fn serve(
    router: Router,
    listener: TcpListener,
    shutdown: CancellationToken,
) -> io::Result<()> {
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    let serving = axum::serve(listener, service)
        .with_graceful_shutdown(shutdown.clone().cancelled_owned())
        .into_future();
    let late = async {
        shutdown.cancelled().await;
        tokio::time::sleep(DRAIN).await;
    };
    tokio::select! {
        result = serving => result,
        () = late => {
            tracing::warn!("requests were still at work and are broken off");
            Ok(())
        }
    }
}
