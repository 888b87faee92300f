//! JSON out of plain data, finite numbers only.

use serde::Serialize;
use serde_json::Value;

use super::error::ReportError;

/// `data` as indented JSON with a final newline, fields in the order of their declaration.
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
    let mut text = serde_json::to_string_pretty(data).map_err(encode_error)?;
    text.push('\n');
    Ok(text)
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
