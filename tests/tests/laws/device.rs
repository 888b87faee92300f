//! Laws of every device.

use cim_core::{Seconds, Stream, Tally};
use cim_device::{Device, DeviceError};
use cim_tests::registered::devices;
use cim_tests::statistics::Sample;
use ndarray::{Array2, s};

/// Conductances (S) over the window of a device, ends included.
fn over_window(device: &dyn Device, points: usize) -> Vec<f64> {
    let window = device.window();
    let step_s = window.span().0 / (points - 1) as f64;
    (0..points).map(|k| window.g_min.0 + step_s * k as f64).collect()
}

/// An array of targets that go over the window.
fn ramp(device: &dyn Device, rows: usize, cols: usize) -> Array2<f64> {
    Array2::from_shape_vec((rows, cols), over_window(device, rows * cols)).expect("one per cell")
}

fn program(device: &dyn Device, targets: &Array2<f64>, at: Stream) -> (Array2<f64>, Tally) {
    let mut tally = Tally::default();
    (device.program(targets.view(), at, &mut tally), tally)
}

fn has_noise(device: &dyn Device) -> bool {
    over_window(device, 9).into_iter().any(|g| device.programmed(g).variance > 0.0)
}

#[test]
fn no_conductance_is_negative_and_every_cell_is_counted() {
    for (name, device) in devices() {
        let targets = ramp(device.as_ref(), 200, 64);
        let (g_s, tally) = program(device.as_ref(), &targets, Stream::root(1));
        assert!(g_s.iter().all(|g| 0.0 <= *g && g.is_finite()), "{name}");
        assert_eq!(tally.cells_programmed, 200 * 64, "{name}");
        // Cells that would be negative are outside the window too, as it starts at 0 S or above.
        assert!(tally.cells_at_zero <= tally.cells_outside_window, "{name}");
        let window = device.window();
        if window.g_min.0 > 0.0 {
            let outside = |g: &&f64| **g < window.g_min.0 || window.g_max.0 < **g;
            let at_zero = g_s.iter().filter(|g| **g == 0.0).count() as u64;
            assert_eq!(
                tally.cells_outside_window,
                g_s.iter().filter(outside).count() as u64,
                "{name}"
            );
            assert_eq!(tally.cells_at_zero, at_zero, "{name}");
        }
    }
}

/// Mean and variance within five standard errors of 40,000 cells; that of the variance is the
/// sample's own, since cells at the floor are not Gaussian. Sums of 40,000 numbers of equal size
/// add 40,000 · 2⁻⁵³ of rounding, and a stored double 2⁻⁵³, to both.
#[test]
fn programmed_cells_have_the_moments_that_the_device_states() {
    for (name, device) in devices() {
        for (k, target) in over_window(device.as_ref(), 6).into_iter().enumerate() {
            let targets = Array2::from_elem((200, 200), target);
            let (g_s, _) = program(device.as_ref(), &targets, Stream::root(2).child("k", k as u64));
            let (got, want) = (Sample::of(g_s.iter().copied()), device.programmed(target));
            let rounding = got.n * 2f64.powi(-52);
            let off = (got.mean - want.mean).abs();
            let allowed = 5.0 * (want.variance / got.n).sqrt() + rounding * target;
            assert!(
                off <= allowed,
                "{name} at {target} S: mean off by {off} S, {allowed} S allowed"
            );
            let off = (got.variance - want.variance).abs();
            let allowed = 5.0 * got.variance_error() + (rounding * target).powi(2);
            assert!(off <= allowed, "{name} at {target} S: variance off by {off} S²");
        }
    }
}

/// Programmed variances are a difference of squares near the floor at 0 S, and lose a few roundings
/// of the squared conductance and of themselves.
#[test]
fn posynomials_bound_the_variances_from_above() {
    for (name, device) in devices() {
        let (program, read) = (device.program_variance(), device.read_variance_above());
        for g in over_window(device.as_ref(), 10_001) {
            let (law, above) = (device.programmed(g).variance, program.posynomial.variance(g));
            let rounding = 8.0 * f64::EPSILON * (g * g + law);
            assert!(
                law <= above + rounding,
                "{name} at {g} S: programming {law} S² above {above} S²"
            );
            let (law, above) = (device.read_variance(g), read.posynomial.variance(g));
            assert!(
                law <= above + 8.0 * f64::EPSILON * law,
                "{name} at {g} S: read {law} S² above {above} S²"
            );
        }
    }
}

/// The stated excess is the largest: nowhere in the window is the posynomial further above.
#[test]
fn posynomials_exceed_by_no_more_than_they_say() {
    for (name, device) in devices() {
        let fit = device.program_variance();
        for g in over_window(device.as_ref(), 10_001) {
            // Below five sigma the floor at 0 S takes variance away, which is not the fit's excess.
            let (law, above) = (device.programmed(g).variance, fit.posynomial.variance(g));
            if law > 0.0 && g * g > 25.0 * above {
                // The floor at five sigma takes less than 1e-5 of the variance.
                let ratio = above / law;
                assert!(ratio <= (1.0 + fit.excess) * (1.0 + 1e-5), "{name} at {g} S: {ratio}");
            }
        }
    }
}

#[test]
fn an_address_repeats_its_cells_and_another_draws_others() {
    for (name, device) in devices() {
        let device = device.as_ref();
        let targets = Array2::from_elem((20, 16), device.window().g_max.0);
        let at = Stream::root(3).child("chip", 0);
        let (g_s, _) = program(device, &targets, at);
        assert_eq!(g_s, program(device, &targets, at).0, "{name}: same address");
        if has_noise(device) {
            for other in [Stream::root(4).child("chip", 0), Stream::root(3).child("chip", 1)] {
                let (others, _) = program(device, &targets, other);
                let same = g_s.iter().zip(&others).filter(|(a, b)| a == b).count();
                // Draws have 24 bits: 320 pairs meet by chance with probability below 1e-4.
                assert_eq!(same, 0, "{name}: another address");
            }
            assert_ne!(g_s.row(0), g_s.row(1), "{name}: rows must not share draws");
        }
    }
}

#[test]
fn a_cell_does_not_depend_on_the_size_of_its_array() {
    for (name, device) in devices() {
        let targets = ramp(device.as_ref(), 12, 40);
        let (all, _) = program(device.as_ref(), &targets, Stream::root(5));
        let corner = targets.slice(s![..7, ..9]).to_owned();
        let (part, _) = program(device.as_ref(), &corner, Stream::root(5));
        assert_eq!(part, all.slice(s![..7, ..9]), "{name}");
    }
}

#[test]
fn current_is_odd_and_rises_with_voltage() {
    for (name, device) in devices() {
        let law = device.current_voltage();
        assert_eq!(law.effective_v(0.0), 0.0, "{name}");
        let mut last = 0.0;
        for k in 1..=50 {
            let v = 0.01 * f64::from(k);
            let e = law.effective_v(v);
            assert_eq!(law.effective_v(-v), -e, "{name} at {v} V");
            assert!(last < e, "{name} at {v} V");
            last = e;
        }
        // The cubic coefficient is that of the series: at 1 mV the next term, of fifth order, is
        // below 1e-5 of it, and cancellation leaves 2⁻⁵² · 1 mV / (1 mV)³.
        let (v, cubic) = (1e-3, law.cubic_per_v2(cim_core::Volts(1e-3)));
        let got = (law.effective_v(v) - v) / (v * v * v);
        assert!((got - cubic).abs() <= 1e-5 * cubic + f64::EPSILON / (v * v), "{name}: {got}");
    }
}

/// Times (s) from a second to a year that a device is known at.
pub fn times(device: &dyn Device) -> Vec<Seconds> {
    let all = [1.0, 37.0, 3600.0, 86_400.0, 3.1536e7].map(Seconds);
    all.into_iter().filter(|t| device.fitted_times().check(*t).is_ok()).collect()
}

#[test]
fn ageing_by_nothing_changes_nothing_and_no_age_makes_a_conductance_impossible() {
    for (name, device) in devices() {
        let targets = ramp(device.as_ref(), 40, 32);
        let at = Stream::root(6);
        let (g_s, _) = program(device.as_ref(), &targets, at);
        assert_eq!(device.aged(g_s.view(), Seconds::ZERO, at).as_ref(), Ok(&g_s), "{name}");
        for elapsed in times(device.as_ref()) {
            let aged = device.aged(g_s.view(), elapsed, at).expect("a known time");
            assert!(aged.iter().all(|g| 0.0 <= *g && g.is_finite()), "{name} after {elapsed}");
            for (&programmed, &now) in g_s.iter().zip(&aged) {
                let variance = device.read_variance_aged(programmed, now, elapsed);
                assert!(0.0 <= variance && variance.is_finite(), "{name} after {elapsed}");
            }
        }
        for &g in &g_s {
            let fresh = device.read_variance_aged(g, g, Seconds::ZERO);
            assert_eq!(fresh, device.read_variance(g), "{name} at {g} S");
        }
    }
}

/// Looking at one moment changes nothing about another, and a chip of another address goes its own
/// way.
#[test]
fn a_chip_has_one_trajectory_which_no_look_at_it_changes() {
    for (name, device) in devices() {
        let device = device.as_ref();
        let targets = Array2::from_elem((20, 32), device.window().g_max.0);
        let at = Stream::root(7);
        let (g_s, _) = program(device, &targets, at);
        let look = |t: Seconds, at| device.aged(g_s.view(), t, at).expect("a known time");
        let times = times(device);
        let forwards: Vec<_> = times.iter().map(|&t| look(t, at)).collect();
        let backwards: Vec<_> = times.iter().rev().map(|&t| look(t, at)).collect();
        assert!(forwards.iter().eq(backwards.iter().rev()), "{name}");
        let last = *times.last().expect("a known time");
        if look(last, at) != g_s {
            assert_ne!(look(last, at), look(last, Stream::root(8)), "{name}: another address");
            let corner = device.aged(g_s.slice(s![..7, ..9]), last, at).expect("a known time");
            assert_eq!(corner, look(last, at).slice(s![..7, ..9]), "{name}: a smaller array");
        }
    }
}

#[test]
fn times_that_cannot_be_are_typed_errors() {
    for (name, device) in devices() {
        let g_s = Array2::from_elem((1, 1), device.window().g_max.0);
        for bad in [-1.0, f64::NAN, f64::INFINITY] {
            let error = device.aged(g_s.view(), Seconds(bad), Stream::root(1));
            assert!(matches!(error, Err(DeviceError::NegativeTime { .. })), "{name} after {bad} s");
        }
    }
}
