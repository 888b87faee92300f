//! What a data set is, whatever its files are called: SHA-256 of the content.

use cim_nn::Dataset;
use sha2::{Digest, Sha256};

/// SHA-256 of bytes, 64 lower-case hexadecimal digits.
pub fn sha256(bytes: &[u8]) -> String {
    hex(Sha256::digest(bytes).as_slice())
}

/// SHA-256 of labelled images, 64 lower-case hexadecimal digits: of sizes, labels and pixels of
/// every set in the order given. Where the files lie and how they are packed does not matter.
///
/// ```
/// use cim_data::sha256_of_sets;
/// use cim_nn::Dataset;
///
/// let set = |pixel| Dataset::new(vec![pixel], vec![3], 1, 1, 10);
/// let (dark, bright) = (set(0)?, set(255)?);
/// assert_eq!(sha256_of_sets(&[&dark, &bright]).len(), 64);
/// assert_ne!(sha256_of_sets(&[&dark, &bright]), sha256_of_sets(&[&bright, &dark]));
/// # Ok::<(), cim_nn::dataset::DatasetError>(())
/// ```
pub fn sha256_of_sets(sets: &[&Dataset]) -> String {
    let mut hash = Sha256::new();
    for set in sets {
        for size in [set.len(), set.rows(), set.cols(), set.classes()] {
            hash.update((size as u64).to_le_bytes());
        }
        hash.update(set.labels());
        (0..set.len()).for_each(|index| hash.update(set.image(index)));
    }
    hex(hash.finalize().as_slice())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
