//! Writes the reference of the keys of presets, a page and a table, or says whether both are as the code:
//! `cargo xtask keys`.
#![expect(clippy::print_stdout, reason = "a tool talks")]

use std::error::Error;
use std::fs;
use std::path::Path;

use cim_tests::reference::{PAGE, TABLE, reference};

fn main() -> Result<(), Box<dyn Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let made = reference();
    for (name, text) in [(PAGE, made.page), (TABLE, made.table)] {
        let path = root.join(name);
        match std::env::args().nth(1).as_deref() {
            None => {
                fs::write(&path, text)?;
                println!("{name}");
            }
            Some("--check") if fs::read_to_string(&path)? == text => {}
            Some("--check") => {
                return Err(format!("{name} is not as the code: run `cargo xtask keys`").into());
            }
            Some(other) => {
                return Err(format!("unknown argument {other}: --check or nothing").into());
            }
        }
    }
    Ok(())
}
