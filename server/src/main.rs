//! `beckon`: see `beckon --help`.

use std::process::ExitCode;

use clap::Parser as _;
use server::{cli, config::CommandLine};

#[tokio::main]
async fn main() -> ExitCode {
    match cli::run(CommandLine::parse().command).await {
        Ok(code) => ExitCode::from(code),
        Err(failure) => {
            eprintln!("beckon: {}", failure.sentence);
            ExitCode::from(failure.code)
        }
    }
}
