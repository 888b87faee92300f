//! What may be replaced, what may not, and what is left behind.

use super::*;

fn names(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).unwrap();
    let mut names: Vec<_> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_file_is_made_and_replaced_whole() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.svg");
    for text in ["a longer first version", "second", ""] {
        write_text(&path, text).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
        assert_eq!(names(dir.path()), ["a.svg"]);
    }
}

#[test]
fn many_files_are_written_or_none() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("new/out");
    let files = [("a".to_owned(), "1".to_owned()), ("b".to_owned(), "2".to_owned())];
    assert_eq!(write_all(&out, &files).unwrap(), [out.join("a"), out.join("b")]);
    fs::remove_file(out.join("b")).unwrap();
    fs::create_dir(out.join("b")).unwrap();
    let newer = [("a".to_owned(), "3".to_owned()), ("b".to_owned(), "4".to_owned())];
    let error = write_all(&out, &newer).unwrap_err();
    assert!(matches!(error, ReportError::NotAFile { kind: "a folder", .. }), "{error}");
    assert_eq!(fs::read_to_string(out.join("a")).unwrap(), "1", "half a report");
    assert_eq!(names(&out), ["a", "b"]);
}

#[test]
fn what_an_interrupted_write_left_is_swept_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let left = format!("{PREFIX}x1y2{SUFFIX}");
    let subfolder = format!("{PREFIX}folder{SUFFIX}");
    fs::write(dir.path().join(&left), "half").unwrap();
    fs::create_dir(dir.path().join(&subfolder)).unwrap();
    let others = [".cim-report-mine", "x.part", "report.json"];
    others.iter().for_each(|name| fs::write(dir.path().join(name), "kept").unwrap());
    prepare(dir.path()).unwrap();
    let mut kept: Vec<String> = others.map(str::to_owned).to_vec();
    kept.push(subfolder);
    kept.sort();
    assert_eq!(names(dir.path()), kept);
}

#[test]
fn a_folder_that_is_none_is_a_typed_error() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    fs::write(&file, "not a folder").unwrap();
    for broken in [file.clone(), file.join("out")] {
        let error = prepare(&broken).unwrap_err();
        assert!(matches!(&error, ReportError::Folder { path, .. } if *path == broken), "{error}");
    }
    assert_eq!(fs::read_to_string(file).unwrap(), "not a folder");
    let missing = write_text(&dir.path().join("nowhere/a"), "x").unwrap_err();
    assert!(matches!(missing, ReportError::Write { .. }), "{missing}");
}

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::{FileTypeExt, PermissionsExt, symlink};
    use std::process::Command;

    use super::*;

    #[test]
    fn links_are_followed_and_stay() {
        let dir = tempfile::tempdir().unwrap();
        let place = |name: &str| dir.path().join(name);
        fs::create_dir(place("far")).unwrap();
        fs::write(place("far/file"), "old").unwrap();
        symlink("far/file", place("near")).unwrap();
        symlink("near", place("nearer")).unwrap();
        symlink("far/new", place("dangling")).unwrap();
        write_text(&place("nearer"), "new").unwrap();
        write_text(&place("dangling"), "made").unwrap();
        assert_eq!(fs::read_to_string(place("far/file")).unwrap(), "new");
        assert_eq!(fs::read_to_string(place("far/new")).unwrap(), "made");
        for link in ["near", "nearer", "dangling"] {
            assert!(fs::symlink_metadata(place(link)).unwrap().file_type().is_symlink(), "{link}");
        }
        symlink("loop", place("loop")).unwrap();
        let error = write_text(&place("loop"), "x").unwrap_err();
        assert!(matches!(error, ReportError::Write { .. }), "{error}");
        assert_eq!(names(&place("far")), ["file", "new"]);
    }

    #[test]
    fn pipes_and_devices_stay_what_they_are() {
        let dir = tempfile::tempdir().unwrap();
        let pipe = dir.path().join("pipe");
        assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let link = dir.path().join("full");
        symlink("/dev/full", &link).unwrap();
        for path in [&pipe, &link, Path::new("/dev/full")] {
            let error = write_text(path, "x").unwrap_err();
            assert!(matches!(error, ReportError::NotAFile { .. }), "{error}");
        }
        assert!(fs::symlink_metadata(&pipe).unwrap().file_type().is_fifo());
        assert!(fs::metadata("/dev/full").unwrap().file_type().is_char_device());
        assert_eq!(names(dir.path()), ["full", "pipe"]);
    }

    #[test]
    fn a_file_has_the_same_permissions_as_any_other() {
        let dir = tempfile::tempdir().unwrap();
        let (ours, other) = (dir.path().join("ours"), dir.path().join("other"));
        write_text(&ours, "").unwrap();
        fs::write(&other, "").unwrap();
        let mode = |path| fs::metadata(path).unwrap().permissions().mode();
        assert_eq!(mode(ours), mode(other));
    }
}
