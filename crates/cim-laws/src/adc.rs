//! Laws of every analog-to-digital converter whose levels are even and on both sides of zero.

use cim_adc::Adc;
use cim_core::{Stream, Tally};

use crate::broken::{Broken, Law};
use crate::draws::uniforms;

/// A law of converters.
pub type AdcLaw = fn(&dyn Adc) -> Result<(), Broken>;

/// All of them, by name.
pub const LAWS: [(&str, AdcLaw); 3] = [
    ("adc_is_odd_and_monotone", odd_and_monotone),
    ("adc_errs_by_half_a_step_inside_its_range", half_a_step),
    ("adc_counts_what_leaves_its_range", counts),
];

/// Relative error of a scale and of a product by it, both rounded to `f32`.
const TWO_ROUNDINGS: f64 = 1.0 / (1 << 23) as f64;

/// Checks a converter against every law.
///
/// # Errors
/// [`Broken`] by the first that does not hold.
pub fn check(adc: &dyn Adc) -> Result<(), Broken> {
    LAWS.iter().try_for_each(|(_, law)| law(adc))
}

fn convert(adc: &dyn Adc, input_a: &[f32]) -> (Vec<i32>, Tally) {
    let (mut codes, mut tally) = (vec![i32::MIN; input_a.len()], Tally::default());
    adc.convert(input_a, &mut codes, &mut tally);
    (codes, tally)
}

/// Currents over twice the range of a converter, in ascending order, with its ends and zero.
fn currents(adc: &dyn Adc, seed: u64) -> Vec<f32> {
    let end = adc.full_scale().0 as f32;
    let drawn = uniforms(1, 5000, -2.0 * end, 2.0 * end, Stream::root(seed));
    let mut currents: Vec<f32> =
        drawn.into_iter().chain([0.0, 0.999 * end, -0.999 * end]).collect();
    currents.sort_by(f32::total_cmp);
    currents
}

/// Odd, monotone, and from the lowest code to the highest.
///
/// # Errors
/// [`Broken`].
pub fn odd_and_monotone(adc: &dyn Adc) -> Result<(), Broken> {
    let law = Law("a converter is odd and monotone");
    let input = currents(adc, 1);
    let negated: Vec<f32> = input.iter().map(|i| -i).collect();
    let ((codes, _), (mirrored, _)) = (convert(adc, &input), convert(adc, &negated));
    for ((i_a, code), mirrored) in input.iter().zip(&codes).zip(&mirrored) {
        let what = || format!("{i_a} A became {code}, {} A {mirrored}", -i_a);
        law.holds(*code == -mirrored, what)?;
    }
    for (pair, codes) in input.windows(2).zip(codes.windows(2)) {
        law.holds(codes[0] <= codes[1], || format!("{pair:?} A became {codes:?}"))?;
    }
    let (ends, known) = ((codes[0], codes[codes.len() - 1]), adc.codes());
    let whole = ends == (*known.start(), *known.end());
    law.holds(whole, || format!("codes from {ends:?} where {known:?} are said"))
}

/// Off by half a step inside the range.
///
/// # Errors
/// [`Broken`].
pub fn half_a_step(adc: &dyn Adc) -> Result<(), Broken> {
    let law = Law("a converter errs by half a step inside its range");
    let (step_a, end_a) = (adc.step().0, adc.full_scale().0);
    // `L` steps over the range: exact but for two roundings of a double.
    let (steps, said) = (2.0 * end_a / step_a, f64::from(adc.steps()));
    let whole = (steps / said - 1.0).abs() < 4.0 * f64::EPSILON;
    law.holds(whole, || format!("{steps} steps over the range, {said} are said"))?;
    let top = f64::from(*adc.codes().end());
    let allowed = step_a * (0.5 + (top + 0.5) * TWO_ROUNDINGS);
    let input = currents(adc, 2);
    let (codes, _) = convert(adc, &input);
    for (&i_a, &code) in input.iter().zip(&codes) {
        let i_a = f64::from(i_a);
        if i_a.abs() <= end_a {
            let error = (i_a - f64::from(code) * step_a).abs();
            law.holds(error <= allowed, || format!("{i_a} A became {code}, a step is {step_a} A"))?;
        }
    }
    Ok(())
}

/// What leaves the range clips, and is counted.
///
/// # Errors
/// [`Broken`].
pub fn counts(adc: &dyn Adc) -> Result<(), Broken> {
    let law = Law("a converter counts what leaves its range");
    let (end_a, top) = (adc.full_scale().0, *adc.codes().end());
    // Within two roundings of the end either answer is right, so none is drawn there.
    let near = |i: &f32| (f64::from(i.abs()) / end_a - 1.0).abs() <= TWO_ROUNDINGS;
    let input: Vec<f32> = currents(adc, 3).into_iter().filter(|i| !near(i)).collect();
    let (codes, tally) = convert(adc, &input);
    let beyond = input.iter().filter(|i| f64::from(i.abs()) > end_a).count() as u64;
    let (counted, want) = ((tally.adc_conversions, tally.adc_clips), (input.len() as u64, beyond));
    law.holds(counted == want, || format!("counts {counted:?} where {want:?} are"))?;
    let others = (tally.dac_conversions, tally.dac_clips);
    law.holds(others == (0, 0), || format!("counts {others:?} of another converter"))?;
    for (&i_a, &code) in input.iter().zip(&codes) {
        let clipped = f64::from(i_a.abs()) > end_a;
        let right = !clipped || code == top * i_a.signum() as i32;
        law.holds(right, || format!("{i_a} A became {code}"))?;
    }
    Ok(())
}
