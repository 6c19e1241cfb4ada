//! What `beckon` does from the command line.

mod admin;
mod check;
mod decode;
mod serve;
mod tenant;

use std::{io::IsTerminal as _, path::Path};

use tracing_subscriber::util::SubscriberInitExt as _;

use crate::{
    clock::SystemClock,
    config::{AdminCommand, Command, Config, Database, DatabaseOptions, TenantCommand},
    storage::Storage,
};

/// Why a command ended, for the operator.
#[derive(Debug)]
pub struct Failure {
    /// One sentence.
    pub sentence: String,
    /// 2: what was said on the command line, or the file to check, is wrong; 1: it could
    /// not be done.
    pub code: u8,
}

impl Failure {
    fn wrong(sentence: String) -> Self {
        Self { sentence, code: 2 }
    }

    fn failed(sentence: impl Into<String>) -> Self {
        Self {
            sentence: sentence.into(),
            code: 1,
        }
    }
}

/// Does what was asked; the exit code.
///
/// # Errors
/// The sentence and the exit code.
pub async fn run(command: Command) -> Result<u8, Failure> {
    telemetry();
    match command {
        Command::Serve(options) => {
            serve::run(Config::read(&options, false).map_err(Failure::wrong)?).await?;
        }
        Command::Demo(options) => {
            serve::run(Config::read(&options, true).map_err(Failure::wrong)?).await?;
        }
        Command::Migrate(options) => {
            let storage = open_for(&options).await?;
            storage.close().await;
            say("The database is up to date.")?;
        }
        Command::Admin {
            command: AdminCommand::Create(options),
        } => admin::create(options).await?,
        Command::Tenant {
            command: TenantCommand::Create(options),
        } => tenant::create(options).await?,
        Command::Check(options) => return check::run(&options, &SystemClock),
    }
    Ok(0)
}

/// Logs go to standard error; `BECKON_LOG` (or `RUST_LOG`) sets what is worth logging.
fn telemetry() {
    let filter = tracing_subscriber::EnvFilter::try_from_env("BECKON_LOG")
        .or_else(|_| tracing_subscriber::EnvFilter::try_from_default_env())
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info"));
    // A second call, as in tests, changes nothing.
    let ansi = std::io::stderr().is_terminal();
    let _already = crate::log::subscriber(filter, ansi, std::io::stderr).try_init();
}

/// A line on standard output.
fn say(line: &str) -> Result<(), Failure> {
    use std::io::Write as _;
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}")
        .and_then(|()| out.flush())
        .map_err(|error| Failure::failed(format!("Standard output is closed: {error}.")))
}

async fn open_for(options: &DatabaseOptions) -> Result<Storage, Failure> {
    let database = options.database().map_err(Failure::wrong)?;
    open(&database, &options.data_dir).await
}

/// Opens the database and brings it up to date.
async fn open(database: &Database, data_dir: &Path) -> Result<Storage, Failure> {
    make_folder(data_dir)?;
    let opened = match database {
        Database::Sqlite(path) => {
            if let Some(folder) = path.parent().filter(|one| !one.as_os_str().is_empty()) {
                make_folder(folder)?;
            }
            Storage::open_sqlite(path.clone()).await
        }
        Database::Postgres(url) => Storage::open_postgres(url).await,
    };
    let storage = opened
        .map_err(|error| Failure::failed(format!("The database cannot be opened: {error}.")))?;
    storage.migrate().await.map_err(|error| {
        Failure::failed(format!(
            "The database cannot be brought up to date: {error}."
        ))
    })?;
    Ok(storage)
}

/// Makes a folder that only its owner may look into.
fn make_folder(folder: &Path) -> Result<(), Failure> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).map_err(|error| {
        Failure::failed(format!(
            "The folder {} cannot be made: {error}.",
            folder.display()
        ))
    })
}
