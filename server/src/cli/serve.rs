//! `beckon serve` and `beckon demo`.

use std::{path::PathBuf, sync::Arc, time::Duration};

use tokio::net::TcpListener;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{Failure, open, say};
use crate::{
    AUTHORISE_EVERY, Setup, build,
    clock::SystemClock,
    config::Config,
    demo, jobs,
    keys::{FILE, Key},
    mail::{Mailer, Smtp},
    services::{Desk, Settings},
    storage::Storage,
};

/// Jobs that are still at work this long after the last request are broken off: longer
/// than a mail needs that a server takes at all.
const FINISH: Duration = Duration::from_mins(1);

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
    needs_its_key(&storage, &config).await?;
    let key = Key::open(&config.data_dir).map_err(|error| {
        Failure::failed(format!(
            "Cannot read or make the key in {}: {error}.",
            config.data_dir.display()
        ))
    })?;
    let desk = Desk {
        storage: storage.clone(),
        clock: Arc::new(SystemClock),
        settings: Arc::new(Settings {
            public_url,
            secure_cookies,
            demo: config.demo,
            mail_configured: config.smtp.is_some(),
            mail_from: config.mail_from.clone(),
        }),
        key: Arc::new(key),
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
            authorise_every: AUTHORISE_EVERY,
            shutdown: shutdown.clone(),
        },
    );
    tasks.spawn(poller);
    tasks.spawn(jobs::imports::run(desk.clone(), shutdown.clone()));
    tasks.spawn(jobs::declines::run(desk.clone(), shutdown.clone()));
    tasks.spawn(jobs::expiry::run(desk.clone(), shutdown.clone()));
    tasks.spawn(jobs::reminders::run(desk.clone(), shutdown.clone()));
    tasks.spawn(jobs::schedule::run(desk.clone(), shutdown.clone()));
    tasks.spawn(jobs::words::run(desk.clone(), shutdown.clone()));
    if let Some(mailer) = mailer(&config)? {
        tasks.spawn(jobs::account_mails::run(
            desk.clone(),
            mailer.clone(),
            shutdown.clone(),
        ));
        tasks.spawn(jobs::outbox::run(desk.clone(), mailer, shutdown.clone()));
    }
    tasks.close();
    end_on_signal(shutdown.clone())?;
    say(&format!("Beckon is listening on http://{address}"))?;
    let served = crate::serve(router, listener, shutdown.clone()).await;
    shutdown.cancel();
    // A job that hangs holds its connection, for which closing would wait.
    let finish = async {
        tasks.wait().await;
        storage.close().await;
    };
    if tokio::time::timeout(FINISH, finish).await.is_err() {
        tracing::warn!("jobs were still at work and are broken off; the next start takes them up");
    }
    tracing::info!("ended");
    served.map_err(|error| Failure::failed(format!("The server ended: {error}.")))
}

/// A new key would recognise nobody who asked never to be invited under the old one, and
/// no redemption code that is on paper already.
async fn needs_its_key(storage: &Storage, config: &Config) -> Result<(), Failure> {
    if Key::is_in(&config.data_dir) {
        return Ok(());
    }
    let (suppressed, codes) = storage
        .read(|tx| {
            Box::pin(async move {
                Ok((
                    tx.anybody_is_suppressed().await?,
                    tx.any_code_is_live().await?,
                ))
            })
        })
        .await
        .map_err(|error| Failure::failed(format!("The database cannot be read: {error}.")))?;
    if !suppressed && codes {
        return Err(Failure::failed(format!(
            "There are redemption codes in this database that are still good, and {} does not \
             have the key that recognises them: put {FILE} of its backup, or of the other \
             servers, there. If it is lost for good, every such code is: mark them so by \
             UPDATE links SET dead_at = 0, sealed = NULL WHERE purpose = 'code'.",
            config.data_dir.display()
        )));
    }
    if !suppressed {
        return Ok(());
    }
    Err(Failure::failed(format!(
        "There are people in this database who asked never to be invited, and {} does not have \
         the key that recognises them: put {FILE} of its backup, or of the other servers, there. \
         If it is lost for good, empty the table suppressions.",
        config.data_dir.display()
    )))
}

/// Where a demo keeps its mails.
fn mail_folder(config: &Config) -> PathBuf {
    config.data_dir.join("mail")
}

/// What sends the mails; a demo writes each to a file, with a mail server as without.
fn mailer(config: &Config) -> Result<Option<Mailer>, Failure> {
    let smtp = config
        .smtp
        .as_ref()
        .map(|url| Smtp::from_url(&url.0))
        .transpose()
        .map_err(Failure::wrong)?;
    Ok(if config.demo {
        Some(Mailer::File(mail_folder(config), smtp))
    } else {
        smtp.map(Mailer::Smtp)
    })
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

/// Cancels at the first Ctrl-C or SIGTERM; at the second the program ends at once, as by
/// a kill, after which work resumes (F01).
fn end_on_signal(shutdown: CancellationToken) -> Result<(), Failure> {
    #[cfg(unix)]
    let mut terminate =
        tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())
            .map_err(|error| Failure::failed(format!("Signals cannot be watched: {error}.")))?;
    tokio::spawn(async move {
        for first in [true, false] {
            #[cfg(unix)]
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
            #[cfg(not(unix))]
            let _ended = tokio::signal::ctrl_c().await;
            if first {
                tracing::info!(
                    "ending: no new requests, the ones at work finish; a second signal ends it now"
                );
                shutdown.cancel();
            } else {
                tracing::warn!("ended at the second signal");
                std::process::exit(1);
            }
        }
    });
    Ok(())
}
