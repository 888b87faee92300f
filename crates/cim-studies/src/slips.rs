//! Slips of the hand in names.

/// That of `known` names which is most like `name`, and much like it; the first of several.
pub fn nearest<'a>(known: impl IntoIterator<Item = &'a str>, name: &str) -> Option<&'a str> {
    let near = known.into_iter().filter_map(|known| Some((slips(known, name)?, known)));
    near.min_by_key(|(slips, _)| *slips).map(|(_, known)| known)
}

/// The letters left out, put in or changed between two names, hyphens being underscores and small letters large ones,
/// if they are at most two and less than half.
fn slips(known: &str, name: &str) -> Option<usize> {
    /// No name that is known is longer.
    const LONGEST: usize = 64;
    let letters = |name: &str| -> Vec<char> {
        name.chars()
            .take(LONGEST + 1)
            .collect::<String>()
            .to_lowercase()
            .replace(['_', ' '], "-")
            .chars()
            .collect()
    };
    let (a, b) = (letters(known), letters(name));
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, y) in b.iter().enumerate() {
            let changed = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(row[j] + 1).min(diagonal + 1);
        }
    }
    let slips = row[b.len()];
    (slips <= 2 && 2 * slips < a.len() && b.len() <= LONGEST).then_some(slips)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_meant_and_not_the_first_that_is_near() {
        assert_eq!(nearest(["dac_bits", "adc_bits"], "adc_bit"), Some("adc_bits"));
        assert_eq!(nearest(["dac-bits", "adc-bits"], "ADC bits"), Some("adc-bits"));
        assert_eq!(nearest(["low", "row"], "cow"), Some("low"));
        // Two letters changed, and no third for the underscores.
        assert_eq!(nearest(["max_batch_rows"], "max_batch_rwos"), Some("max_batch_rows"));
        assert_eq!(nearest(["rows", "columns"], "rxyz"), None);
        assert_eq!(nearest(["seed"], ""), None);
        let known = "k".repeat(64);
        assert_eq!(nearest([known.as_str()], &"k".repeat(100_000)), None);
    }
}
