//! Files that are either whole or not there, and outputs that destroy nothing.

use std::{
    io::{self, Read},
    path::{Path, PathBuf},
};

use cim_data::open_regular;
use cim_nn::checkpoint::MAX_PAYLOAD_BYTES;
pub use cim_report::files::write_bytes as write_atomic;

use crate::error::CliError;

/// Puts files where their options name them, in this order, each whole or not at all.
///
/// # Errors
/// As [`write_atomic`]; where files were written before the one that could not, they are named.
pub fn write_each(outputs: &[(&str, &Path, &[u8])]) -> Result<(), CliError> {
    for (idx, (option, path, bytes)) in outputs.iter().enumerate() {
        write_atomic(path, bytes).map_err(|error| match &outputs[..idx] {
            [] => error.into(),
            written => {
                let name =
                    |(option, path, _): &(&str, &Path, _)| format!("{option} {}", path.display());
                let names: Vec<String> = written.iter().map(name).collect();
                CliError::from(error).after(names.join(", "), option)
            }
        })?;
    }
    Ok(())
}

/// Removes what interrupted writes left where these outputs will be. What cannot be removed is no reason
/// not to write.
pub fn sweep(outputs: &[(&str, &Path)]) {
    for (_, path) in outputs {
        let _ = cim_report::files::sweep(folder_of(path));
    }
}

/// The folder of a file.
pub fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    }
}

/// Refuses outputs that would destroy an input or one another, before any work is done.
///
/// # Errors
/// [`CliError::Usage`] naming both.
pub fn keep_apart(inputs: &[&Path], outputs: &[(&str, &Path)]) -> Result<(), CliError> {
    for (idx, &(option, path)) in outputs.iter().enumerate() {
        let place = place_of(path);
        let own = |input: &Path| {
            place_of(input) == place || is_written_into(option, &place, &place_of(input))
        };
        if let Some(input) = inputs.iter().find(|input| own(input)) {
            let path = if place_of(input) == place { path } else { input };
            return Err(CliError::Usage {
                what: format!(
                    "{option} {} is also an input: it would be overwritten",
                    path.display()
                ),
                help: format!("give {option} a name of its own"),
            });
        }
        if let Some((other, _)) = outputs[..idx].iter().find(|(_, other)| place_of(other) == place)
        {
            return Err(CliError::Usage {
                what: format!("{option} {} is also the file of {other}", path.display()),
                help: "give every output a name of its own".into(),
            });
        }
    }
    Ok(())
}

/// Refuses a folder that holds the report of another command than one that `begins` so.
///
/// # Errors
/// [`CliError::Usage`] naming both.
pub fn refuse_another(folder: &Path, begins: &str) -> Result<(), CliError> {
    match cim_report::files::command_in(folder) {
        Some(command) if !has_words(&command, begins) => Err(CliError::Usage {
            what: format!("{} holds the report of `{command}`", folder.display()),
            help: "give another folder, or remove that one".into(),
        }),
        _ => Ok(()),
    }
}

/// Whether a command begins with these whole words.
fn has_words(command: &str, begins: &str) -> bool {
    let rest = command.strip_prefix(begins);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
}

/// Whether a command that writes its files into the folder of an option would write one of this name
/// there: fits have `--report`.
fn is_written_into(option: &str, folder: &Path, file: &Path) -> bool {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let named = ["report.json", "report.md", "report.html", "timing.json", "chip.json"];
    let of_fit =
        option == "--report" && ["fit.md", "residuals.csv", "preset.toml"].contains(&&*name);
    let of_chip =
        name.starts_with("product-") && (name.ends_with(".npz") || name.ends_with(".csv"));
    let of_study = name == "points.csv";
    let drawn = name.ends_with(".svg");
    let own = named.contains(&&*name) || drawn || of_fit || of_chip || of_study;
    file.parent() == Some(folder) && own
}

/// Where a path leads, whether or not anything is there.
fn place_of(path: &Path) -> PathBuf {
    if let Ok(place) = path.canonicalize() {
        return place;
    }
    match (folder_of(path).canonicalize(), path.file_name()) {
        (Ok(folder), Some(name)) => folder.join(name),
        _ => path.to_owned(),
    }
}

/// The longest payload, with room for its header.
pub const MAX_CHECKPOINT_BYTES: u64 = MAX_PAYLOAD_BYTES as u64 + 1024;

/// Reads at most `limit` bytes of a regular file.
pub fn try_read(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let (mut bytes, file) = (Vec::new(), open_regular(path)?);
    // Before anything is allocated; a file may still grow while it is read.
    let mut length = file.metadata()?.len();
    if length <= limit {
        length = file.take(limit + 1).read_to_end(&mut bytes)? as u64;
    }
    if limit < length {
        let reason = format!("it has more than {limit} bytes");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, reason));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn folder() -> tempfile::TempDir {
        tempfile::tempdir().expect("a temporary folder")
    }

    /// Inputs stay as they are, by whatever path the output names them.
    #[cfg(unix)]
    #[test]
    fn outputs_keep_apart_from_inputs_and_each_other() {
        let folder = folder();
        let (input, link) = (folder.path().join("g.npy"), folder.path().join("link.npy"));
        fs::write(&input, b"x").expect("writable");
        std::os::unix::fs::symlink(&input, &link).expect("a link");
        let other = folder.path().join("i.npy");
        let crooked = folder.path().join(".").join("i.npy");
        assert!(keep_apart(&[&input], &[("--out", &other)]).is_ok());
        for (outputs, said) in [
            (vec![("--out", input.as_path())], "also an input"),
            (vec![("--out", link.as_path())], "also an input"),
            (vec![("--out", other.as_path()), ("--plot", crooked.as_path())], "the file of --out"),
        ] {
            let error = keep_apart(&[&input], &outputs).expect_err("the same file").to_string();
            assert!(error.contains(said), "{error}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn links_are_followed_and_what_is_no_file_is_refused() {
        let folder = folder();
        let (file, link) = (folder.path().join("i.npy"), folder.path().join("link.npy"));
        fs::write(&file, b"old").expect("writable");
        std::os::unix::fs::symlink(&file, &link).expect("a link");
        write_atomic(&link, b"new").expect("writable");
        assert_eq!(fs::read(&file).expect("readable"), b"new");
        assert!(fs::symlink_metadata(&link).expect("is there").is_symlink());
        let socket = folder.path().join("socket");
        let _held = std::os::unix::net::UnixListener::bind(&socket).expect("a socket");
        let error = write_atomic(&socket, b"x").expect_err("no regular file").to_string();
        assert!(error.contains("socket"), "{error}");
    }

    #[test]
    fn commands_are_told_apart_by_whole_words() {
        assert!(has_words("cim reproduce --preset pcm --quick", "cim reproduce --preset pcm"));
        assert!(has_words("cim reproduce --preset pcm", "cim reproduce --preset pcm"));
        assert!(!has_words("cim reproduce --preset pcm.toml", "cim reproduce --preset pcm"));
    }

    #[test]
    fn a_file_past_the_limit_is_refused_without_being_read_to_its_end() {
        let folder = folder();
        let path = folder.path().join("long");
        fs::write(&path, [0; 9]).expect("writable");
        assert_eq!(try_read(&path, 9).expect("fits").len(), 9);
        let error = try_read(&path, 8).expect_err("too long");
        assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
    }
}
