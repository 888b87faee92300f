//! The weight clip: the one knob that is not log-convex, searched in one dimension.

/// The clip that makes `cost` least, and that cost, among `points` clips between `least · largest` and `largest`,
/// spaced evenly in logarithm, refined once around the best.
///
/// `cost` is the optimum of the program at a clip plus what the clip loses. It need not be convex:
/// the search is a grid, and its answer is as good as its grid.
///
/// # Errors
/// Whatever `cost` returns first.
pub fn search<E>(
    largest: f64,
    least: f64,
    points: usize,
    mut cost: impl FnMut(f64) -> Result<f64, E>,
) -> Result<(f64, f64), E> {
    let ratio = least.powf(1.0 / (points.max(2) - 1) as f64);
    let mut best = (f64::INFINITY, largest);
    let mut consider = |clip: f64, best: &mut (f64, f64)| -> Result<(), E> {
        let found = cost(clip)?;
        if found < best.0 {
            *best = (found, clip);
        }
        Ok(())
    };
    for k in 0..points.max(2) {
        consider(largest * ratio.powi(k as i32), &mut best)?;
    }
    let centre = best.1;
    for k in [-0.5, 0.5] {
        consider((centre * ratio.powf(k)).min(largest), &mut best)?;
    }
    let (cost, clip) = best;
    Ok((clip, cost))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_search_ends_within_half_a_grid_step() {
        let cost = |clip: f64| Ok::<_, ()>((clip.ln() - 0.4f64.ln()).powi(2));
        let (clip, found) = search(1.0, 0.1, 12, cost).expect("never fails");
        assert_eq!(cost(clip), Ok(found));
        let step = 0.1f64.ln().abs() / 11.0;
        assert!((clip.ln() - 0.4f64.ln()).abs() <= 0.5 * step, "{clip}");
    }

    #[test]
    fn an_error_of_the_cost_is_handed_on() {
        assert_eq!(search(1.0, 0.1, 5, |_| Err("broken")), Err("broken"));
    }
}
