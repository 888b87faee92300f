//! Presets that cannot be, for tests.

use crate::parse::parse;
use crate::study::{Study, StudySpec};

/// The preset can be as written and in its quick form; with `from` put as `to`, it is refused in `words`
/// before any work, one change after another.
pub fn refuses<S: Study>(changes: &[(&str, &str, &str)]) {
    let spec: S::Spec = parse(S::PRESET).expect("parses");
    spec.check().expect("valid");
    spec.quick().check().expect("valid when quick");
    for (from, to, words) in changes {
        assert!(S::PRESET.contains(from), "{from}");
        let parsed = parse::<S::Spec>(&S::PRESET.replace(from, to));
        let error = parsed.and_then(|spec| spec.check()).expect_err(to);
        let told = format!("{error}: {}", error.help().unwrap_or_default());
        assert!(told.contains(words), "{to}: {told}");
    }
}
