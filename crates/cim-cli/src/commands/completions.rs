//! `cim completions`: what a shell needs to complete commands and options.

use clap::CommandFactory;
use clap_complete::Shell;

use super::array::usage;
use crate::args::Cli;
use crate::error::CliError;
use crate::form::Form;

/// The script of a shell.
pub fn run(shell: Shell, form: Form) -> Result<String, CliError> {
    if form == Form::Json {
        return Err(usage("--json: completions are a script of the shell".into(), "leave it out"));
    }
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "cim", &mut script);
    Ok(String::from_utf8(script).expect("names and texts of ours are UTF-8"))
}
