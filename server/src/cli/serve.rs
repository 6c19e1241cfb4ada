//! `beckon serve` and `beckon demo`.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

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
    let key = its_key(&storage, &config.data_dir).await?;
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
    tasks.spawn(jobs::inviters::run(desk.clone(), shutdown.clone()));
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

/// What a database keeps that one key alone recognises.
struct Filled {
    /// People who asked never to be invited.
    suppressed: bool,
    /// Redemption codes that are good.
    codes: bool,
}

impl Filled {
    /// Why the server does not start with `folder` as it is: what it would not recognise,
    /// and what to do.
    fn refusal(&self, folder: &Path, has: &str) -> Failure {
        let folder = folder.display();
        let mut what = Vec::new();
        let mut lost = Vec::new();
        if self.suppressed {
            what.push("people who asked never to be invited");
            lost.push(
                "these people can be invited again once you empty the table suppressions \
                 (DELETE FROM suppressions)",
            );
        }
        if self.codes {
            what.push("redemption codes that are still good");
            lost.push(
                "every such code is, once you mark them so (UPDATE links SET dead_at = 0, \
                 sealed = NULL WHERE purpose = 'code')",
            );
        }
        Failure::failed(format!(
            "There are {} in this database, and {folder} {has}: put {FILE} of its backup, or of \
             the other servers, there, with the server's user as its owner. Nothing was changed. \
             If that key is lost for good, {}; the server then starts with the key that it has.",
            what.join(" and "),
            lost.join(", and "),
        ))
    }
}

/// The folder's key, which the database was filled with. A new one, or another's, would
/// recognise nobody who asked never to be invited, and no redemption code that is on paper.
async fn its_key(storage: &Storage, folder: &Path) -> Result<Key, Failure> {
    let unreadable = |error| Failure::failed(format!("The database cannot be read: {error}."));
    let filled = storage
        .read(|tx| {
            Box::pin(async move {
                Ok(Filled {
                    suppressed: tx.anybody_is_suppressed().await?,
                    codes: tx.any_code_is_live().await?,
                })
            })
        })
        .await
        .map_err(unreadable)?;
    let in_use = filled.suppressed || filled.codes;
    if in_use && !Key::is_in(folder) {
        return Err(filled.refusal(folder, "does not have the key that recognises them"));
    }
    let key = Key::open(folder).map_err(|error| {
        Failure::failed(format!(
            "Cannot read or make the key in {}: {error}.",
            folder.display()
        ))
    })?;
    let own = key.clone();
    let fits = storage
        .write(move |tx| {
            let key = own.clone();
            Box::pin(async move {
                let mark = key.fingerprint();
                let kept = tx.key_mark().await?;
                // A code says best whose it is; older versions kept no mark.
                let fits = match tx.any_sealed_code().await? {
                    Some((bundle, sealed)) => key.unseal(&sealed, bundle).is_some(),
                    None => !in_use || kept.as_ref().is_none_or(|kept| *kept == mark),
                };
                if fits && kept.is_none_or(|kept| kept != mark) {
                    tx.keep_key_mark(mark).await?;
                }
                Ok(fits)
            })
        })
        .await
        .map_err(unreadable)?;
    if fits {
        Ok(key)
    } else {
        Err(filled.refusal(folder, "has another key than the one that recognises them"))
    }
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
