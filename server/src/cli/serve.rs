//! `beckon serve` and `beckon demo`.

use std::{path::PathBuf, sync::Arc};

use tokio::net::TcpListener;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{Failure, open, say};
use crate::{
    Setup, build,
    clock::SystemClock,
    config::Config,
    demo, jobs,
    mail::{Mailer, Smtp},
    services::{Desk, Settings},
};

/// Serves until Ctrl-C or SIGTERM.
pub(super) async fn run(config: Config) -> Result<(), Failure> {
    let storage = open(&config.database, &config.data_dir).await?;
    let listener = TcpListener::bind(config.listen).await.map_err(|error| {
        Failure::failed(format!("Cannot listen on {}: {error}.", config.listen))
    })?;
    let address = listener
        .local_addr()
        .map_err(|error| Failure::failed(format!("Cannot listen: {error}.")))?;
    let public_url = config
        .public_url
        .clone()
        .unwrap_or_else(|| format!("http://{address}"));
    let secure_cookies = public_url.starts_with("https://");
    if !secure_cookies && !config.demo {
        tracing::warn!(
            "the public URL is not https: cookies are sent without Secure, and anybody on the \
             way can read them"
        );
    }
    let desk = Desk {
        storage: storage.clone(),
        clock: Arc::new(SystemClock),
        settings: Arc::new(Settings {
            public_url,
            secure_cookies,
            demo: config.demo,
            mail_configured: config.smtp.is_some() || config.demo,
            mail_from: config.mail_from.clone(),
        }),
        wake: Arc::default(),
    };
    prepare(&desk, &config).await?;

    let shutdown = CancellationToken::new();
    let tasks = TaskTracker::new();
    let (router, poller) = build(
        &desk,
        Setup {
            mail_folder: mail_folder(&config),
            dist: config.dist.clone(),
            trusted_proxies: config.trusted_proxies,
            shutdown: shutdown.clone(),
        },
    );
    tasks.spawn(poller);
    tasks.spawn(jobs::imports::run(desk.clone(), shutdown.clone()));
    tasks.spawn(jobs::expiry::run(desk.clone(), shutdown.clone()));
    if let Some(mailer) = mailer(&config)? {
        tasks.spawn(jobs::outbox::run(desk.clone(), mailer, shutdown.clone()));
    }
    tasks.close();
    end_on_signal(shutdown.clone())?;
    say(&format!("Beckon is listening on http://{address}"))?;
    let served = crate::serve(router, listener, shutdown.clone()).await;
    shutdown.cancel();
    tasks.wait().await;
    storage.close().await;
    tracing::info!("ended");
    served.map_err(|error| Failure::failed(format!("The server ended: {error}.")))
}

/// Where a demo keeps its mails.
fn mail_folder(config: &Config) -> PathBuf {
    config.data_dir.join("mail")
}

/// What sends the mails; a demo without a mail server writes files.
fn mailer(config: &Config) -> Result<Option<Mailer>, Failure> {
    match &config.smtp {
        Some(url) => Smtp::from_url(&url.0)
            .map(|smtp| Some(Mailer::Smtp(smtp)))
            .map_err(Failure::wrong),
        None => Ok(config.demo.then(|| Mailer::File(mail_folder(config)))),
    }
}

/// Demo data, and the operator's hold. A demo and the real thing never share a database:
/// the demo's passwords are public, and its mailbox shows every link to everybody.
async fn prepare(desk: &Desk, config: &Config) -> Result<(), Failure> {
    if config.demo
        && demo::seed(desk)
            .await
            .map_err(|error| Failure::failed(format!("The demo could not be made: {error}.")))?
    {
        tracing::info!("the demo's data was made");
    }
    let is_demo = demo::is_demo(desk)
        .await
        .map_err(|error| Failure::failed(format!("The database cannot be read: {error}.")))?;
    if is_demo != config.demo {
        return Err(Failure::failed(if is_demo {
            "This database is a demo's, whose passwords are public; name another by \
             --data-dir or --database-url."
        } else {
            "This database is in use and no demo's; name another by --data-dir or \
             --database-url."
        }));
    }
    if let Some(seconds) = config.mail_hold_seconds {
        desk.storage
            .write(move |tx| Box::pin(tx.set_hold_seconds(seconds)))
            .await
            .map_err(|error| Failure::failed(format!("The hold could not be set: {error}.")))?;
    }
    Ok(())
}

/// Cancels at the first Ctrl-C or SIGTERM.
fn end_on_signal(shutdown: CancellationToken) -> Result<(), Failure> {
    #[cfg(unix)]
    let mut terminate =
        tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())
            .map_err(|error| Failure::failed(format!("Signals cannot be watched: {error}.")))?;
    tokio::spawn(async move {
        #[cfg(unix)]
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminate.recv() => {}
        }
        #[cfg(not(unix))]
        let _ended = tokio::signal::ctrl_c().await;
        tracing::info!("ending: no new requests, the ones at work finish");
        shutdown.cancel();
    });
    Ok(())
}
