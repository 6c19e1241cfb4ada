//! `cargo xtask bench list` and `bench search`: fills a throw-away database and measures
//! what lists, counts and searches take at the server, through its services.
//!
//! It never makes an assertion: a slow machine is not a broken program.

#![expect(clippy::print_stdout, reason = "it says what it measured")]

mod list;
mod search;
mod seed;
mod times;

use std::{net::Ipv4Addr, sync::Arc};

use app::{
    domain::{
        actor::{Actor, UserActor},
        id::{SessionId, UserId},
    },
    ports::Caller,
};
use server::{
    clock::SystemClock,
    keys::Key,
    services::{Desk, Settings},
    storage::Storage,
};

/// What went wrong, in words.
pub type Outcome<T = ()> = Result<T, String>;

/// What is measured, and where.
struct Args {
    what: String,
    /// A `postgres://…` of an empty database, or a file that is not there yet.
    database: String,
    /// Invitations, or users.
    rows: i64,
    /// Courses.
    items: i64,
    /// Calls of each kind.
    runs: u32,
}

#[tokio::main]
async fn main() -> std::process::ExitCode {
    match run().await {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(message) => {
            println!("{message}");
            std::process::ExitCode::FAILURE
        }
    }
}

fn args() -> Outcome<Args> {
    let mut all = std::env::args().skip(1);
    let usage = "bench list|search DATABASE [--rows N] [--items N] [--runs N]";
    let (Some(what), Some(database)) = (all.next(), all.next()) else {
        return Err(usage.to_owned());
    };
    let mut args = Args {
        rows: if what == "list" {
            10_000_000
        } else {
            1_000_000
        },
        what,
        database,
        items: 100_000,
        runs: 200,
    };
    while let Some(name) = all.next() {
        let number = all
            .next()
            .and_then(|text| text.replace('_', "").parse::<i64>().ok())
            .filter(|number| *number > 0)
            .ok_or(usage)?;
        match name.as_str() {
            "--rows" => args.rows = number,
            "--items" => args.items = number,
            "--runs" => args.runs = u32::try_from(number).map_err(|_| usage)?,
            _ => return Err(usage.to_owned()),
        }
    }
    Ok(args)
}

async fn run() -> Outcome {
    let args = args()?;
    let storage = if args.database.starts_with("postgres://") {
        Storage::open_postgres(&args.database).await
    } else {
        Storage::open_sqlite(args.database.clone().into()).await
    };
    let storage = storage.map_err(|error| error.to_string())?;
    storage.migrate().await.map_err(|error| error.to_string())?;
    let desk = Desk {
        storage,
        clock: Arc::new(SystemClock),
        settings: Arc::new(Settings {
            public_url: "http://localhost".to_owned(),
            secure_cookies: false,
            demo: false,
            mail_configured: false,
            mail_from: String::new(),
        }),
        key: Arc::new(Key::draw().map_err(|error| error.to_string())?),
        wake: Arc::default(),
    };
    match args.what.as_str() {
        "list" => list::run(&desk, args.rows, args.runs).await?,
        "search" => search::run(&desk, args.rows, args.items, args.runs).await?,
        other => return Err(format!("There is no bench `{other}`: list or search.")),
    }
    desk.storage.close().await;
    Ok(())
}

/// Somebody who sees everything.
pub fn super_admin() -> Caller {
    Caller {
        actor: Actor::User(UserActor {
            user: UserId(uuid::Uuid::nil()),
            session: SessionId(uuid::Uuid::nil()),
            super_admin: true,
            email_verified: true,
            memberships: Vec::new(),
        }),
        peer: Ipv4Addr::LOCALHOST.into(),
        landing: None,
        user_agent: String::new(),
    }
}
