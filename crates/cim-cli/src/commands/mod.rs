//! Commands: one file each. A command returns what is printed.

mod array;
mod completions;
mod device;
mod device_fit;
mod doctor;
mod eval;
mod explain;
mod finetune;
mod gate;
mod man;
mod map;
mod mappings;
mod netlist;
mod optimise;
mod optimise_network;
mod preset;
mod program;
mod reproduce;
mod solve;

use std::io::{ErrorKind, Write};
use std::process::ExitCode;

use crate::args::Command;
use crate::error::CliError;
use crate::files;
use crate::form::Form;

/// Runs a command and returns its output.
pub fn run(command: Command, form: Form) -> Result<String, CliError> {
    let (inputs, outputs) = command.files();
    files::keep_apart(&inputs, &outputs)?;
    files::sweep(&outputs);
    match command {
        Command::Reproduce(args) => reproduce::run(&args, form),
        Command::Explain { key } => explain::run(key.as_deref(), form),
        Command::Eval(args) => eval::run(&args, form),
        Command::Finetune(args) => finetune::run(&args, form),
        Command::Program(args) => program::run(&args, form),
        Command::Map(args) => map::run(&args, form),
        Command::Mappings => mappings::run(form),
        Command::Device(command) => device::run(&command, form),
        Command::Preset { name } => preset::print(&name, form),
        Command::Optimise(args) => match &args.network {
            Some(network) => optimise_network::run(&args, network, form),
            None => optimise::run(&args, form),
        },
        Command::Solve(args) => solve::run(&args, form),
        Command::Netlist(args) => netlist::run(&args, form),
        Command::Doctor => doctor::run(form),
        Command::Completions { shell } => completions::run(shell, form),
        Command::Man { folder } => man::run(&folder, form),
    }
}

/// Prints what a command has to say, no mark that controls a terminal. A reader that has gone away is content;
/// a device that is full is told.
pub fn say(text: &str) -> ExitCode {
    let mut out = std::io::stdout().lock();
    match out.write_all(cim_report::echo::plain(text).as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(gone) if gone.kind() == ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(reason) => {
            complain(CliError::Usage {
                what: format!("cannot print the result: {reason}"),
                help: "files that were asked for are written; print to something with room".into(),
            });
            ExitCode::from(2)
        }
    }
}

/// Prints an error with its place and what to do.
pub fn complain(error: CliError) {
    // Nobody may be listening any more: the code of the exit tells it all the same.
    let _ = writeln!(std::io::stderr(), "{:?}", miette::Report::new(error));
}
