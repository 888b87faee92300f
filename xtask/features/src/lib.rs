//! Nothing: its `Cargo.toml` says it all.
