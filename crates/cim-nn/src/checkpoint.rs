//! Trained state as bytes: a header that can be checked, then a bincode payload.
//!
//! ```text
//! offset  bytes  what
//!      0      8  magic, "CIMCKPT\0"
//!      8      4  format version, u32 little-endian
//!     12      8  payload length in bytes, u64 little-endian
//!     20      4  CRC-32 (IEEE) of the payload, u32 little-endian
//!     24      –  payload: bincode 2, standard configuration
//! ```
//!
//! The sum finds damage, not malice; decoding runs no code and has a memory limit.
//! What a payload means is its type's business; one that changes in meaning needs a new format version.
//! bincode does not describe itself, so a payload's types must do without serde's `tag`, `untagged`,
//! `flatten` and `skip…`. Bytes only: reading and writing files is the caller's.

use bincode::config::{Configuration, Limit, LittleEndian, Varint};
use serde::{Serialize, de::DeserializeOwned};
use thiserror::Error;

/// The format version that [`encode`] writes and the only one that [`decode`] reads.
///
/// Version 2 holds networks of operations; version 1 held perceptrons and cannot be read.
pub const FORMAT_VERSION: u32 = 2;

/// No checkpoint, decoded or not, takes more than this many bytes.
pub const MAX_PAYLOAD_BYTES: usize = 1 << 30;

const MAGIC: [u8; 8] = *b"CIMCKPT\0";
const HEADER_BYTES: usize = 24;
const CONFIG: Configuration<LittleEndian, Varint, Limit<MAX_PAYLOAD_BYTES>> =
    bincode::config::standard().with_limit::<MAX_PAYLOAD_BYTES>();

/// Why bytes are not a checkpoint that this build can use, or why one cannot be made.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum CheckpointError {
    /// The bytes begin with something else.
    #[error("not a cim checkpoint: it does not begin with \"CIMCKPT\"")]
    NotACheckpoint,
    /// No build has ever written this version.
    #[error("damaged checkpoint: format version {found} has never existed")]
    UnknownVersion {
        /// Version in the header.
        found: u32,
    },
    /// An older build wrote this.
    #[error(
        "checkpoint of format version {found}, but this build reads version {FORMAT_VERSION} only: \
         train again, or go on with the build that wrote it"
    )]
    PastVersion {
        /// Version in the header.
        found: u32,
    },
    /// A newer build wrote this.
    #[error(
        "checkpoint of format version {found}, but this build reads up to version {newest}: \
         upgrade cim"
    )]
    FutureVersion {
        /// Version in the header.
        found: u32,
        /// Newest version this build reads.
        newest: u32,
    },
    /// The end is missing.
    #[error("truncated checkpoint: has {have} bytes of {need}; copy or write it again")]
    Truncated {
        /// Bytes given.
        have: u64,
        /// Bytes there should be, as far as can be told.
        need: u64,
    },
    /// There is something after the end.
    #[error("damaged checkpoint: has {have} bytes, but its header says {need}; copy it again")]
    TooLong {
        /// Bytes given.
        have: u64,
        /// Bytes there should be.
        need: u64,
    },
    /// The payload is not what was written.
    #[error(
        "damaged checkpoint: CRC-32 of the payload is {found:08x}, but its header says \
         {expected:08x}; copy or write it again"
    )]
    Checksum {
        /// Sum in the header.
        expected: u32,
        /// Sum of the payload.
        found: u32,
    },
    /// The payload is intact but holds something else than was asked for.
    #[error("checkpoint does not hold what is expected here: {reason}")]
    Undecodable {
        /// The decoder's words.
        reason: String,
    },
    /// The value cannot be written.
    #[error("cannot be written as a checkpoint: {reason}")]
    Unencodable {
        /// The encoder's words.
        reason: String,
    },
}

/// Header and payload of `payload`.
///
/// # Errors
/// [`CheckpointError::Unencodable`] if serde refuses the value or if it passes [`MAX_PAYLOAD_BYTES`].
pub fn encode<T: Serialize>(payload: &T) -> Result<Vec<u8>, CheckpointError> {
    let body = bincode::serde::encode_to_vec(payload, CONFIG)
        .map_err(|error| CheckpointError::Unencodable { reason: error.to_string() })?;
    if body.len() > MAX_PAYLOAD_BYTES {
        let reason = format!("{} bytes are more than {MAX_PAYLOAD_BYTES}", body.len());
        return Err(CheckpointError::Unencodable { reason });
    }
    Ok(framed(&body))
}

/// The value that [`encode`] was given.
///
/// # Errors
/// [`CheckpointError`] if the bytes are anything else, by a single bit. Never panics.
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, CheckpointError> {
    let body = payload(bytes)?;
    let undecodable = |reason| Err(CheckpointError::Undecodable { reason });
    match bincode::serde::decode_from_slice(body, CONFIG) {
        Ok((value, used)) if used == body.len() => Ok(value),
        Ok((_, used)) => undecodable(format!("{} bytes are left over", body.len() - used)),
        Err(error) => undecodable(error.to_string()),
    }
}

/// `body` behind its header.
fn framed(body: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(HEADER_BYTES + body.len());
    bytes.extend_from_slice(&MAGIC);
    bytes.extend_from_slice(&FORMAT_VERSION.to_le_bytes());
    bytes.extend_from_slice(&(body.len() as u64).to_le_bytes());
    bytes.extend_from_slice(&crc32fast::hash(body).to_le_bytes());
    bytes.extend_from_slice(body);
    bytes
}

/// The payload of an intact checkpoint. The version comes before all that it may change.
fn payload(bytes: &[u8]) -> Result<&[u8], CheckpointError> {
    let have = bytes.len() as u64;
    let shown = bytes.len().min(MAGIC.len());
    if bytes[..shown] != MAGIC[..shown] {
        return Err(CheckpointError::NotACheckpoint);
    }
    let Some((header, body)) = bytes.split_first_chunk::<HEADER_BYTES>() else {
        return Err(CheckpointError::Truncated { have, need: HEADER_BYTES as u64 });
    };
    match u32::from_le_bytes(field(header, 8)) {
        FORMAT_VERSION => {}
        0 => return Err(CheckpointError::UnknownVersion { found: 0 }),
        found if found < FORMAT_VERSION => return Err(CheckpointError::PastVersion { found }),
        found => return Err(CheckpointError::FutureVersion { found, newest: FORMAT_VERSION }),
    }
    let need = u64::from_le_bytes(field(header, 12)).saturating_add(HEADER_BYTES as u64);
    if have < need {
        return Err(CheckpointError::Truncated { have, need });
    }
    if have > need {
        return Err(CheckpointError::TooLong { have, need });
    }
    let expected = u32::from_le_bytes(field(header, 20));
    let found = crc32fast::hash(body);
    if found != expected {
        return Err(CheckpointError::Checksum { expected, found });
    }
    Ok(body)
}

fn field<const N: usize>(header: &[u8; HEADER_BYTES], at: usize) -> [u8; N] {
    header[at..at + N].try_into().expect("every field lies inside the header")
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    struct Trained {
        epoch: u64,
        layers: Vec<Vec<f32>>,
        name: String,
        scale: Option<f64>,
    }

    fn example() -> Trained {
        let layers = vec![vec![1.0, -0.5], vec![f32::MIN_POSITIVE]];
        Trained { epoch: 40, layers, name: "paper".into(), scale: None }
    }

    fn examples() -> [Trained; 3] {
        let empty = Trained { epoch: 0, layers: vec![], name: String::new(), scale: None };
        let layers = vec![vec![], (0..40).map(|i| (i as f32 - 20.5).powi(3)).collect()];
        let long =
            Trained { epoch: u64::MAX, layers, name: "6 bits, σ".into(), scale: Some(-0.25) };
        [empty, example(), long]
    }

    #[test]
    fn the_format_is_pinned() {
        let bytes = encode(&(7u8, "ab")).expect("plain values");
        let body = [7, 2, b'a', b'b'];
        assert_eq!(bytes[..12], *b"CIMCKPT\0\x02\0\0\0");
        assert_eq!(bytes[12..20], [4, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(bytes[20..24], crc32fast::hash(&body).to_le_bytes());
        assert_eq!(bytes[24..], body);
    }

    #[test]
    fn every_change_of_one_byte_is_an_error() {
        for value in examples() {
            let mut bytes = encode(&value).expect("plain values");
            for at in 0..bytes.len() {
                let intact = bytes[at];
                for flip in 1..=u8::MAX {
                    bytes[at] = intact ^ flip;
                    assert!(decode::<Trained>(&bytes).is_err(), "byte {at} xor {flip:#04x}");
                }
                bytes[at] = intact;
            }
        }
    }

    #[test]
    fn other_files_are_not_checkpoints() {
        for other in [&b"PK\x03\x04"[..], b"CIMCKPT1........................", b"c"] {
            assert_eq!(decode::<Trained>(other), Err(CheckpointError::NotACheckpoint));
        }
    }

    #[test]
    fn a_future_version_asks_for_an_upgrade() {
        let mut bytes = encode(&example()).expect("plain values");
        bytes[8..12].copy_from_slice(&7u32.to_le_bytes());
        // A later format may differ in everything after the version.
        bytes[12..].fill(0xff);
        let error = decode::<Trained>(&bytes).expect_err("version 7");
        assert_eq!(error, CheckpointError::FutureVersion { found: 7, newest: 2 });
        assert_eq!(
            error.to_string(),
            "checkpoint of format version 7, but this build reads up to version 2: upgrade cim"
        );
    }

    #[test]
    fn a_past_version_says_what_can_be_done() {
        let mut bytes = encode(&example()).expect("plain values");
        bytes[8..12].copy_from_slice(&1u32.to_le_bytes());
        let error = decode::<Trained>(&bytes).expect_err("version 1");
        assert_eq!(
            error.to_string(),
            "checkpoint of format version 1, but this build reads version 2 only: train again, or \
             go on with the build that wrote it"
        );
    }

    #[test]
    fn another_type_is_undecodable() {
        let bytes = encode(&example()).expect("plain values");
        for error in [decode::<u8>(&bytes).err(), decode::<(u64, String)>(&bytes).err()] {
            assert!(matches!(error, Some(CheckpointError::Undecodable { .. })), "{error:?}");
        }
    }

    #[test]
    fn a_payload_that_claims_to_be_huge_is_an_error_not_an_allocation() {
        // An intact checkpoint whose payload is a list of u64::MAX numbers.
        let body = [&[253u8][..], &u64::MAX.to_le_bytes()].concat();
        let error = decode::<Vec<f32>>(&framed(&body)).expect_err("2^64 numbers");
        assert!(matches!(error, CheckpointError::Undecodable { .. }), "{error}");
    }

    #[test]
    fn what_is_encoded_is_decoded() {
        for value in examples() {
            let bytes = encode(&value).expect("plain values");
            assert_eq!(decode::<Trained>(&bytes), Ok(value));
        }
    }

    #[test]
    fn every_truncation_says_so() {
        for value in examples() {
            let bytes = encode(&value).expect("plain values");
            for have in 0..bytes.len() {
                let need = if have < HEADER_BYTES { HEADER_BYTES } else { bytes.len() } as u64;
                let error = CheckpointError::Truncated { have: have as u64, need };
                assert_eq!(decode::<Trained>(&bytes[..have]), Err(error));
            }
        }
    }

    #[test]
    fn anything_appended_is_an_error() {
        for value in examples() {
            let mut bytes = encode(&value).expect("plain values");
            let need = bytes.len() as u64;
            bytes.push(0);
            let error = CheckpointError::TooLong { have: need + 1, need };
            assert_eq!(decode::<Trained>(&bytes), Err(error));
        }
    }

    #[test]
    fn an_intact_payload_of_nonsense_never_panics() {
        // Every payload of two bytes, which is enough to name every kind of length prefix and option.
        for body in (0..=u16::MAX).map(u16::to_le_bytes) {
            for tail in [&[][..], &[0xff; 24]] {
                let bytes = framed(&[&body[..], tail].concat());
                let error =
                    decode::<Trained>(&bytes).expect_err("a Trained is longer, or not this");
                assert!(matches!(error, CheckpointError::Undecodable { .. }), "{error}");
            }
        }
    }
}
