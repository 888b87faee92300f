//! JSON out of plain data, finite numbers only.

use serde::Serialize;
use serde_json::Value;

use crate::error::ReportError;

/// `data` as indented JSON with a final newline, fields in the order of their declaration, lists of
/// numbers on one line each.
///
/// `root` names the data in messages, `file` is the file it is meant for.
///
/// # Errors
/// [`ReportError::NotFinite`] with the path of the first NaN or infinite number.
pub fn encode(
    data: &impl Serialize,
    root: &str,
    file: &'static str,
) -> Result<String, ReportError> {
    let encode_error = |source| ReportError::Encode { file, source };
    let value = serde_json::to_value(data).map_err(encode_error)?;
    if let Some(field) = first_null(&value, root.to_owned()) {
        return Err(ReportError::NotFinite { field });
    }
    Ok(compact(&serde_json::to_string_pretty(data).map_err(encode_error)?))
}

/// Indented JSON with each list of nothing but numbers on one line.
///
/// Strings hold no line breaks in JSON, so that lines can be told by their ends.
fn compact(pretty: &str) -> String {
    let lines: Vec<&str> = pretty.lines().collect();
    let number = |line: &&&str| {
        let text = line.trim().trim_end_matches(',');
        text.starts_with(|c: char| c == '-' || c.is_ascii_digit())
    };
    let mut text = String::with_capacity(pretty.len());
    let mut rest = lines.as_slice();
    while let [line, after @ ..] = rest {
        text += line;
        rest = after;
        if line.ends_with('[') {
            let numbers = after.iter().take_while(number).count();
            let close = after.get(numbers).filter(|line| line.trim_start().starts_with(']'));
            if let (Some(close), true) = (close, numbers > 0) {
                let words: Vec<_> = after[..numbers].iter().map(|line| line.trim()).collect();
                text += &words.join(" ");
                text += close.trim_start();
                rest = &after[numbers + 1..];
            }
        }
        text.push('\n');
    }
    text
}

/// Path of the first null below `value`, if there is one.
///
/// A report has no optional field, so a null can only be a number that JSON cannot hold.
fn first_null(value: &Value, path: String) -> Option<String> {
    match value {
        Value::Null => Some(path),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .find_map(|(index, item)| first_null(item, format!("{path}[{index}]"))),
        Value::Object(fields) => {
            fields.iter().find_map(|(name, field)| first_null(field, format!("{path}.{name}")))
        }
        Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_numbers_take_one_line_and_mean_the_same() {
        let data = serde_json::json!({
            "paths": [[[0.5, -1e-9], [3, 4]], []],
            "mixed": [1, "2", [3.25]],
            "text": "a [\n1,\n2\n] b",
            "ends": ["["],
        });
        let text = encode(&data, "data", "data.json").unwrap();
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), data);
        assert!(text.contains("[0.5, -1e-9],\n"), "{text}");
    }
}
