//! What the first bytes of a file say it is, so that a wrong file is refused by its name.

use crate::error::GraphError;

/// Refuses bytes that are known to be something else than `wanted`.
///
/// # Errors
/// [`GraphError::Pickle`] for what `torch.save` wrote, [`GraphError::Format`] for other formats.
pub(crate) fn refuse_others(bytes: &[u8], wanted: &'static str) -> Result<(), GraphError> {
    let starts = |prefix: &[u8]| bytes.starts_with(prefix);
    // A pickle of protocol 2 to 5; a serialised message starts with no byte of 0x80.
    if bytes.len() > 2 && bytes[0] == 0x80 && (2..=5).contains(&bytes[1]) {
        return Err(GraphError::Pickle { what: "a pickle protocol" });
    }
    let found = if starts(b"PK\x03\x04") || starts(b"PK\x05\x06") {
        // The names of members stand in front of each, and again at the end.
        if contains(bytes, b"data.pkl") || contains(bytes, b"/constants.pkl") {
            return Err(GraphError::Pickle { what: "an archive with data.pkl" });
        }
        "a zip archive"
    } else if starts(b"\x89HDF") {
        "an HDF5 file"
    } else if starts(b"\x93NUMPY") {
        "a NumPy array"
    } else if starts(b"\x1f\x8b") {
        "a gzip file"
    } else if starts(b"GGUF") {
        "a GGUF file"
    } else if bytes.len() > 8 && &bytes[4..8] == b"TFL3" {
        "a TensorFlow Lite file"
    } else if wanted == "ONNX" && bytes.len() > 9 && bytes[8] == b'{' {
        "a safetensors file"
    } else if bytes.is_empty() {
        "an empty file"
    } else {
        return Ok(());
    };
    Err(GraphError::Format { found, wanted })
}

fn contains(bytes: &[u8], name: &[u8]) -> bool {
    const NEAR: usize = 1 << 16;
    let front = &bytes[..bytes.len().min(NEAR)];
    let back = &bytes[bytes.len().saturating_sub(NEAR)..];
    [front, back].iter().any(|part| part.windows(name.len()).any(|window| window == name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pickles_are_known_under_any_name() {
        for pickle in
            [&b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."[..], b"PK\x03\x04....net/data.pkl.."]
        {
            for wanted in ["ONNX", "safetensors"] {
                let error = refuse_others(pickle, wanted).expect_err("a pickle");
                assert!(matches!(error, GraphError::Pickle { .. }));
                assert!(error.to_string().contains("torch.onnx.export"), "{error}");
            }
        }
    }

    #[test]
    fn other_formats_are_named() {
        for (bytes, name) in
            [(&b"PK\x03\x04arr_0.npy"[..], "a zip archive"), (b"", "an empty file")]
        {
            let error = refuse_others(bytes, "ONNX").expect_err("not ONNX");
            assert_eq!(error, GraphError::Format { found: name, wanted: "ONNX" });
        }
    }
}
