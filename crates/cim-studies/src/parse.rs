//! From the text of a preset to its specification.

use serde::de::DeserializeOwned;

use crate::error::StudyError;
use crate::place::narrowed;
use crate::slips::nearest;

/// Parses the text of a preset.
///
/// # Errors
/// [`StudyError::Value`] with the place of what is wrong: what is no TOML, a key that is not known or
/// missing.
pub fn parse<S: DeserializeOwned>(text: &str) -> Result<S, StudyError> {
    toml::from_str(text).map_err(|error| {
        let message = error.message().trim().replace('\n', " ");
        let message = match slip(&message) {
            Some(meant) => format!("{message}; did you mean `{meant}`?"),
            None => message,
        };
        let (span, key) = narrowed(text, error.span().unwrap_or(0..0), &message);
        let message = key.map_or_else(|| message.clone(), |key| format!("{key}: {message}"));
        StudyError::Value { message, help: None, span }
    })
}

/// What was meant, of a message such as "unknown variant `a`, expected one of `b`, `c`".
fn slip(message: &str) -> Option<&str> {
    let mut quoted = message.strip_prefix("unknown")?.split('`').skip(1).step_by(2);
    let found = quoted.next()?;
    nearest(quoted, found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_that_was_meant_is_found_in_a_refusal() {
        let field = "unknown field `widht`, expected one of `height`, `width`";
        assert_eq!(slip(field), Some("width"));
        assert_eq!(slip("unknown variant `pairs`, expected `differential`"), None);
        assert_eq!(slip("missing field `width`"), None);
    }
}
