//! Laws of the digital-to-analog converter, at any resolution.

use cim_adc::Dac;
use cim_core::{Stream, Tally};

use crate::broken::{Broken, Law};
use crate::draws::uniforms;

/// A law of converters whose smallest code is given.
pub type DacLaw = fn(&Dac, i32) -> Result<(), Broken>;

/// All of them, by name.
pub const LAWS: [(&str, DacLaw); 3] = [
    ("dac_passes_its_own_codes_unchanged", own_codes),
    ("dac_rounds_clips_and_counts", rounds),
    ("dac_voltage_is_odd_and_ends_at_the_read_voltage", voltages),
];

/// Relative error of a scale and of a product by it, both rounded to `f32`.
const TWO_ROUNDINGS: f64 = 1.0 / (1 << 23) as f64;

/// Checks a converter with smallest code `lowest` against every law.
///
/// # Errors
/// [`Broken`] by the first that does not hold.
pub fn check(dac: &Dac, lowest: i32) -> Result<(), Broken> {
    LAWS.iter().try_for_each(|(_, law)| law(dac, lowest))
}

/// Own codes pass unchanged.
///
/// # Errors
/// [`Broken`].
pub fn own_codes(dac: &Dac, lowest: i32) -> Result<(), Broken> {
    let law = Law("a converter passes its own codes unchanged");
    let top = dac.top_code();
    let input: Vec<f32> = (lowest..=top).map(|code| code as f32).collect();
    let (mut codes, mut tally) = (vec![f32::NAN; input.len()], Tally::default());
    dac.encode(&input, top as f32, &mut codes, &mut tally);
    for (x, code) in input.iter().zip(&codes) {
        law.holds(x == code, || format!("{x} became {code}"))?;
    }
    let counted = (tally.dac_conversions, tally.dac_clips);
    law.holds(counted == (input.len() as u64, 0), || format!("counts {counted:?}"))
}

/// Numbers are rounded to the nearest code or clipped, and both are counted.
///
/// # Errors
/// [`Broken`].
pub fn rounds(dac: &Dac, lowest: i32) -> Result<(), Broken> {
    let law = Law("a converter rounds, clips and counts");
    let (limit, top) = (0.7f32, f64::from(dac.top_code()));
    let mut input =
        uniforms(1, 5000, -2.0 * limit, 2.0 * limit, Stream::root(4)).into_raw_vec_and_offset().0;
    input.sort_by(f32::total_cmp);
    let (mut codes, mut tally) = (vec![f32::NAN; input.len()], Tally::default());
    dac.encode(&input, limit, &mut codes, &mut tally);
    law.holds(codes.windows(2).all(|pair| pair[0] <= pair[1]), || "it is not monotone".into())?;
    let (mut surely, mut perhaps) = (0, 0);
    for (&x, &code) in input.iter().zip(&codes) {
        let whole = code.fract() == 0.0 && (lowest..=dac.top_code()).contains(&(code as i32));
        let wanted = f64::from(x) / f64::from(limit) * top;
        let kept = wanted.clamp(f64::from(lowest), top);
        let rounding = wanted.abs() * TWO_ROUNDINGS;
        let near = (f64::from(code) - kept).abs() <= 0.5 + rounding;
        law.holds(whole && near, || format!("{x} of {limit} became {code}"))?;
        // A clip is what loses more than rounding does: half a code beyond either end.
        let over = (wanted - kept).abs();
        surely += u64::from(over > 0.5 + rounding);
        perhaps += u64::from(over >= 0.5 - rounding);
    }
    let (counted, clips) = (tally.dac_conversions, tally.dac_clips);
    law.holds(counted == input.len() as u64, || format!("counts {counted} conversions"))?;
    law.holds((surely..=perhaps).contains(&clips), || format!("counts {clips} clips"))?;
    let others = (tally.adc_conversions, tally.adc_clips);
    law.holds(others == (0, 0), || format!("counts {others:?} of another converter"))
}

/// Voltages are odd and end at the read voltage.
///
/// # Errors
/// [`Broken`].
pub fn voltages(dac: &Dac, lowest: i32) -> Result<(), Broken> {
    let law = Law("voltages are odd and end at the read voltage");
    let (top, zero) = (dac.voltage(dac.top_code() as f32), dac.voltage(0.0));
    law.holds(top == dac.read_voltage(), || format!("{top} at the largest code"))?;
    law.holds(zero.0 == 0.0, || format!("{zero} at code 0"))?;
    let least = dac.voltage(lowest as f32);
    let mirrored = lowest == 0 || least.0 == -dac.read_voltage().0;
    law.holds(mirrored, || format!("{least} at the smallest code"))
}
