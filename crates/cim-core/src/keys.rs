//! Keys of tagged kinds in files.

use serde::{Deserialize, Deserializer};

/// What is beside the tag of a kind without numbers of its own: nothing.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NoKeys {}

/// Reads a kind that has no keys of its own and refuses all that are given, which serde by itself
/// lets pass: `#[serde(deserialize_with = "cim_core::no_keys")]` on a variant of an enum with a tag.
///
/// ```
/// #[derive(Debug, serde::Deserialize)]
/// #[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
/// enum Noise {
///     #[serde(deserialize_with = "cim_core::no_keys")]
///     None,
///     White { sigma: f64 },
/// }
/// assert!(toml::from_str::<Noise>("kind = 'none'").is_ok());
/// assert!(toml::from_str::<Noise>("kind = 'white'\nsigma = 0.5").is_ok());
/// assert!(toml::from_str::<Noise>("kind = 'none'\nsigma = 0.5").is_err());
/// ```
///
/// # Errors
/// The deserializer's, naming the first key.
pub fn no_keys<'de, D: Deserializer<'de>>(keys: D) -> Result<(), D::Error> {
    NoKeys::deserialize(keys).map(|NoKeys {}| ())
}
