//! `cim completions`: what a shell needs to complete commands and options.

use clap::CommandFactory;
use clap_complete::Shell;

use crate::args::Cli;
use crate::error::CliError;
use crate::form::Form;

/// The script of a shell.
pub fn run(shell: Shell, form: Form) -> Result<String, CliError> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "cim", &mut script);
    let script = String::from_utf8(script).expect("names and texts of ours are UTF-8");
    let found = serde_json::json!({ "shell": shell.to_string(), "script": script });
    form.print_as("completions", &found, || script)
}
