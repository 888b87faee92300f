//! Laws of every ADC and DAC, at every resolution.

use cim_adc::Adc;
use cim_core::{Stream, Tally};
use cim_tests::chip::uniforms;
use cim_tests::registered::{adcs, dacs};

/// Relative error of a scale and of a product by it, both rounded to `f32`.
const TWO_ROUNDINGS: f64 = 1.0 / (1 << 23) as f64;

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

#[test]
fn adc_is_odd_and_monotone() {
    for (name, top, adc) in adcs() {
        let input = currents(adc.as_ref(), 1);
        let negated: Vec<f32> = input.iter().map(|i| -i).collect();
        let (codes, _) = convert(adc.as_ref(), &input);
        let (mirrored, _) = convert(adc.as_ref(), &negated);
        assert!(codes.iter().zip(&mirrored).all(|(a, b)| *a == -b), "{name} is not odd");
        assert!(codes.windows(2).all(|pair| pair[0] <= pair[1]), "{name} is not monotone");
        assert_eq!((codes[0], codes[codes.len() - 1]), (-top, top), "{name}");
    }
}

#[test]
fn adc_errs_by_half_a_step_inside_its_range() {
    for (name, top, adc) in adcs() {
        let (step_a, end_a) = (adc.step().0, adc.full_scale().0);
        // `L` steps over the range: exact but for two roundings of a double.
        let steps = 2.0 * end_a / step_a;
        assert!((steps / f64::from(adc.steps()) - 1.0).abs() < 4.0 * f64::EPSILON, "{name}");
        let allowed = step_a * (0.5 + (f64::from(top) + 0.5) * TWO_ROUNDINGS);
        let input = currents(adc.as_ref(), 2);
        let (codes, _) = convert(adc.as_ref(), &input);
        for (&i_a, &code) in input.iter().zip(&codes) {
            let i_a = f64::from(i_a);
            if i_a.abs() <= end_a {
                let error = (i_a - f64::from(code) * step_a).abs();
                assert!(error <= allowed, "{name}: {i_a} A became {code}");
            }
        }
    }
}

#[test]
fn adc_counts_what_leaves_its_range() {
    for (name, top, adc) in adcs() {
        let end_a = adc.full_scale().0;
        // Within two roundings of the end either answer is right, so none is drawn there.
        let near = |i: &f32| (f64::from(i.abs()) / end_a - 1.0).abs() <= TWO_ROUNDINGS;
        let input: Vec<f32> = currents(adc.as_ref(), 3).into_iter().filter(|i| !near(i)).collect();
        let (codes, tally) = convert(adc.as_ref(), &input);
        let beyond = input.iter().filter(|i| f64::from(i.abs()) > end_a).count() as u64;
        assert_eq!(
            (tally.adc_conversions, tally.adc_clips),
            (input.len() as u64, beyond),
            "{name}"
        );
        assert_eq!((tally.dac_conversions, tally.dac_clips), (0, 0), "{name}");
        for (&i_a, &code) in input.iter().zip(&codes) {
            let clipped = f64::from(i_a.abs()) > end_a;
            assert!(!clipped || code == top * i_a.signum() as i32, "{name}: {i_a} A became {code}");
        }
    }
}

#[test]
fn dac_passes_its_own_codes_unchanged() {
    for (name, lowest, dac) in dacs() {
        let top = dac.top_code();
        let input: Vec<f32> = (lowest..=top).map(|code| code as f32).collect();
        let (mut codes, mut tally) = (vec![f32::NAN; input.len()], Tally::default());
        dac.encode(&input, top as f32, &mut codes, &mut tally);
        assert_eq!(codes, input, "{name}");
        assert_eq!((tally.dac_conversions, tally.dac_clips), (input.len() as u64, 0), "{name}");
    }
}

#[test]
fn dac_rounds_clips_and_counts() {
    for (name, lowest, dac) in dacs() {
        let (limit, top) = (0.7f32, f64::from(dac.top_code()));
        let input = uniforms(1, 5000, -2.0 * limit, 2.0 * limit, Stream::root(4));
        let mut input: Vec<f32> = input.into_iter().collect();
        input.sort_by(f32::total_cmp);
        let (mut codes, mut tally) = (vec![f32::NAN; input.len()], Tally::default());
        dac.encode(&input, limit, &mut codes, &mut tally);
        assert!(codes.windows(2).all(|pair| pair[0] <= pair[1]), "{name} is not monotone");
        let (mut surely, mut perhaps) = (0, 0);
        for (&x, &code) in input.iter().zip(&codes) {
            assert!(code.fract() == 0.0 && (lowest..=dac.top_code()).contains(&(code as i32)));
            let wanted = f64::from(x) / f64::from(limit) * top;
            let kept = wanted.clamp(f64::from(lowest), top);
            let rounding = wanted.abs() * TWO_ROUNDINGS;
            assert!((f64::from(code) - kept).abs() <= 0.5 + rounding, "{name}: {x} became {code}");
            // A clip is what loses more than rounding does: half a code beyond either end.
            let over = (wanted - kept).abs();
            surely += u64::from(over > 0.5 + rounding);
            perhaps += u64::from(over >= 0.5 - rounding);
        }
        assert_eq!(tally.dac_conversions, input.len() as u64, "{name}");
        assert!((surely..=perhaps).contains(&tally.dac_clips), "{name}: {} clips", tally.dac_clips);
        assert_eq!((tally.adc_conversions, tally.adc_clips), (0, 0), "{name}");
    }
}

#[test]
fn dac_voltage_is_odd_and_ends_at_the_read_voltage() {
    for (name, lowest, dac) in dacs() {
        let top = dac.top_code() as f32;
        assert_eq!(dac.voltage(top), dac.read_voltage(), "{name}");
        assert_eq!(dac.voltage(0.0).0, 0.0, "{name}");
        assert!(lowest == 0 || dac.voltage(lowest as f32).0 == -dac.read_voltage().0, "{name}");
    }
}
