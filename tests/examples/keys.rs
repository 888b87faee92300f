//! Writes the reference of the keys of presets, `docs/keys.md`, or says whether it is as the code:
//! `cargo xtask keys`.
#![expect(clippy::print_stdout, reason = "a tool talks")]

use std::error::Error;
use std::path::Path;

fn main() -> Result<(), Box<dyn Error>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/keys.md");
    let page = cim_tests::reference::page();
    match std::env::args().nth(1).as_deref() {
        None => {
            std::fs::write(&path, page)?;
            println!("docs/keys.md");
            Ok(())
        }
        Some("--check") if std::fs::read_to_string(&path)? == page => Ok(()),
        Some("--check") => Err("docs/keys.md is not as the code: run `cargo xtask keys`".into()),
        Some(other) => Err(format!("unknown argument {other}: --check or nothing").into()),
    }
}
