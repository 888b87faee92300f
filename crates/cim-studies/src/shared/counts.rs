//! What was counted on chips, by name.

use std::collections::BTreeMap;

use cim_core::Tally;

/// Conversions, clips and cells of inference on programmed chips.
pub fn of_inference(tallies: impl Iterator<Item = Tally>) -> BTreeMap<String, u64> {
    let mut sum = Tally::default();
    tallies.for_each(|tally| sum += tally);
    let named = [
        ("DAC conversions", sum.dac_conversions),
        ("DAC clips", sum.dac_clips),
        ("ADC conversions", sum.adc_conversions),
        ("ADC clips", sum.adc_clips),
        ("cells programmed", sum.cells_programmed),
        ("cells outside the window", sum.cells_outside_window),
        ("cells at zero", sum.cells_at_zero),
        ("weights clipped", sum.weights_clipped),
    ];
    named.into_iter().map(|(name, count)| (name.to_owned(), count)).collect()
}
