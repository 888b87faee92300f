//! Weights as integers.

use cim_core::Tally;
use ndarray::{Array2, ArrayView2};

use crate::error::TileError;

/// Rounds weights to integers of magnitude up to `top`, which stands for `clip`; ties to even.
/// Larger weights are clipped and counted.
///
/// # Errors
/// [`TileError::WeightNotFinite`] for NaN or infinity, [`TileError::Scale`] for an empty clip.
pub fn weights(
    weights: ArrayView2<'_, f32>,
    clip: f32,
    top: i32,
    tally: &mut Tally,
) -> Result<Array2<i32>, TileError> {
    if !(0.0 < clip && clip.is_finite()) {
        return Err(TileError::Scale { name: "weight clip", value: clip.into() });
    }
    if !weights.fold(true, |fine, w| fine & w.is_finite())
        && let Some(((row, col), &value)) = weights.indexed_iter().find(|(_, w)| !w.is_finite())
    {
        return Err(TileError::WeightNotFinite { row, col, value });
    }
    let scale = f64::from(top) / f64::from(clip);
    let limit = f64::from(top);
    Ok(weights.mapv(|w| {
        let wanted = f64::from(w) * scale;
        tally.weights_clipped += u64::from(wanted.abs() > limit + 0.5);
        wanted.clamp(-limit, limit).round_ties_even() as i32
    }))
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn weights_round_and_clip_and_are_counted() {
        let mut tally = Tally::default();
        let w = array![[0.5f32, -1.0], [2.0, 0.126]];
        let got = weights(w.view(), 1.0, 8, &mut tally).expect("finite");
        assert_eq!((got, tally.weights_clipped), (array![[4, -8], [8, 1]], 1));
    }

    #[test]
    fn nan_is_refused_with_its_place() {
        let w = array![[0.5f32, f32::NAN]];
        let error = weights(w.view(), 1.0, 8, &mut Tally::default()).expect_err("NaN");
        assert_eq!(error.to_string(), "weight NaN at (0, 1) is not a finite number");
    }
}
