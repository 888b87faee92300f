//! The `cim` binary. The only place that reads files, environment and clock, prints and exits.

mod args;
mod config;
mod error;
mod eval_args;
mod files;
mod finetune_args;
mod fit_args;
mod form;
mod lock;
mod map_args;
mod parsers;
mod progress;
mod simulator;
mod store;
mod surroundings;
#[cfg(test)]
mod tests;
mod version;

mod commands;

use std::env::args_os;
use std::io::{Write, stderr};
use std::process::ExitCode;

use cim_report::echo::{is_plain, shown};
use clap::Parser;

fn main() -> ExitCode {
    let cli = match args::Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let code = if error.use_stderr() { 2 } else { 0 };
            // A closed pipe is the reader's choice, not an error.
            let _ = match args_os().all(|arg| is_plain(&arg.to_string_lossy())) {
                true => error.print(),
                false => write!(stderr(), "{}", shown(&error.to_string())),
            };
            return ExitCode::from(code);
        }
    };
    let level = match cli.verbose {
        0 => "warn",
        1 => "info",
        _ => "debug",
    };
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::new(level))
        .with_writer(stderr)
        .without_time()
        .init();
    let form = if cli.json { form::Form::Json } else { form::Form::Words };
    match commands::run(cli.command, form) {
        Ok(text) => commands::say(&text),
        Err(error) => {
            let code = if matches!(error, error::CliError::Gate { .. }) { 1 } else { 2 };
            commands::complain(error);
            ExitCode::from(code)
        }
    }
}
