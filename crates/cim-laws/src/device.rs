//! Laws of every device.

use cim_core::{Seconds, Stream, Tally, Volts};
use cim_device::{Device, DeviceError};
use ndarray::{Array2, s};

use crate::broken::{Broken, Law};
use crate::sample::Sample;

/// A law of devices.
pub type DeviceLaw = fn(&dyn Device) -> Result<(), Broken>;

/// All of them, by name.
pub const LAWS: [(&str, DeviceLaw); 10] = [
    ("no_conductance_is_negative_and_every_cell_is_counted", counts),
    ("programmed_cells_have_the_moments_that_the_device_states", moments),
    ("posynomials_bound_the_variances_from_above", bounds),
    ("posynomials_exceed_by_no_more_than_they_say", excess),
    ("an_address_repeats_its_cells_and_another_draws_others", addresses),
    ("a_cell_does_not_depend_on_the_size_of_its_array", sizes),
    ("current_is_odd_and_rises_with_voltage", currents),
    ("ageing_by_nothing_changes_nothing_and_no_age_makes_a_conductance_impossible", ageing),
    ("a_chip_has_one_trajectory_which_no_look_at_it_changes", trajectory),
    ("times_that_cannot_be_are_typed_errors", impossible_times),
];

/// Checks a device against every law.
///
/// # Errors
/// [`Broken`] by the first that does not hold.
pub fn check(device: &dyn Device) -> Result<(), Broken> {
    LAWS.iter().try_for_each(|(_, law)| law(device))
}

/// Times from a second to a year that a device is known at.
pub fn known_times(device: &dyn Device) -> Vec<Seconds> {
    let all = [1.0, 37.0, 3600.0, 86_400.0, 3.1536e7].map(Seconds);
    all.into_iter().filter(|t| device.fitted_times().check(*t).is_ok()).collect()
}

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

/// No conductance is negative, and every cell is counted: those outside the window, and those at zero.
///
/// # Errors
/// [`Broken`].
pub fn counts(device: &dyn Device) -> Result<(), Broken> {
    let law = Law("no conductance is negative and every cell is counted");
    let targets = ramp(device, 200, 64);
    let (g_s, tally) = program(device, &targets, Stream::root(1));
    for (at, g) in g_s.indexed_iter() {
        law.holds(0.0 <= *g && g.is_finite(), || format!("{g} S at {at:?}"))?;
    }
    let programmed = tally.cells_programmed;
    law.holds(programmed == 200 * 64, || format!("{programmed} of 12800 cells counted"))?;
    // Cells that would be negative are outside the window too, as it starts at 0 S or above.
    let (zero, outside) = (tally.cells_at_zero, tally.cells_outside_window);
    law.holds(zero <= outside, || format!("{zero} cells at zero, {outside} outside the window"))?;
    let window = device.window();
    if window.g_min.0 > 0.0 {
        let is_outside = |g: &&f64| **g < window.g_min.0 || window.g_max.0 < **g;
        let seen = g_s.iter().filter(is_outside).count() as u64;
        law.holds(outside == seen, || format!("{outside} cells counted outside, {seen} are"))?;
        let seen = g_s.iter().filter(|g| **g == 0.0).count() as u64;
        law.holds(zero == seen, || format!("{zero} cells counted at zero, {seen} are"))?;
    }
    Ok(())
}

/// Mean and variance within five standard errors of 40,000 cells; that of the variance is the
/// sample's own, since cells at the floor are not Gaussian.
///
/// # Errors
/// [`Broken`].
pub fn moments(device: &dyn Device) -> Result<(), Broken> {
    let law = Law("programmed cells have the moments that the device states");
    for (k, target) in over_window(device, 6).into_iter().enumerate() {
        let targets = Array2::from_elem((200, 200), target);
        let (g_s, _) = program(device, &targets, Stream::root(2).child("k", k as u64));
        let (got, want) = (Sample::of(g_s.iter().copied()), device.programmed(target));
        // Sums of 40,000 numbers of equal size add 40,000 · 2⁻⁵³ of rounding, and a stored double
        // 2⁻⁵³, to both.
        let rounding = got.n * 2f64.powi(-52);
        let off = (got.mean - want.mean).abs();
        let allowed = 5.0 * (want.variance / got.n).sqrt() + rounding * target;
        let what = || format!("at {target} S the mean is off by {off} S, {allowed} S allowed");
        law.holds(off <= allowed, what)?;
        let off = (got.variance - want.variance).abs();
        let allowed = 5.0 * got.variance_error() + (rounding * target).powi(2);
        let what =
            || format!("at {target} S the variance is off by {off} S², {allowed} S² allowed");
        law.holds(off <= allowed, what)?;
    }
    Ok(())
}

/// Posynomials bound variances from above. Programmed variances are a difference of squares near the floor
/// at 0 S, and lose a few roundings of the squared conductance and of themselves.
///
/// # Errors
/// [`Broken`].
pub fn bounds(device: &dyn Device) -> Result<(), Broken> {
    let law = Law("posynomials bound the variances from above");
    let (program, read) = (device.program_variance(), device.read_variance_above());
    for g in over_window(device, 10_001) {
        let (own, above) = (device.programmed(g).variance, program.posynomial.variance(g));
        let rounding = 8.0 * f64::EPSILON * (g * g + own);
        let what = || format!("at {g} S programming has {own} S², above {above} S²");
        law.holds(own <= above + rounding, what)?;
        let (own, above) = (device.read_variance(g), read.posynomial.variance(g));
        let what = || format!("at {g} S reading has {own} S², above {above} S²");
        law.holds(own <= above + 8.0 * f64::EPSILON * own, what)?;
    }
    Ok(())
}

/// The stated excess is the largest: nowhere in the window is the posynomial further above.
///
/// # Errors
/// [`Broken`].
pub fn excess(device: &dyn Device) -> Result<(), Broken> {
    let law = Law("posynomials exceed variances by no more than they say");
    let fit = device.program_variance();
    for g in over_window(device, 10_001) {
        // Below five sigma the floor at 0 S takes variance away, which is not the fit's excess.
        let (own, above) = (device.programmed(g).variance, fit.posynomial.variance(g));
        if own > 0.0 && g * g > 25.0 * above {
            // The floor at five sigma takes less than 1e-5 of the variance.
            let (ratio, most) = (above / own, (1.0 + fit.excess) * (1.0 + 1e-5));
            law.holds(ratio <= most, || format!("at {g} S by {ratio}, {most} is said"))?;
        }
    }
    Ok(())
}

/// An address repeats its cells, and another draws others.
///
/// # Errors
/// [`Broken`].
pub fn addresses(device: &dyn Device) -> Result<(), Broken> {
    let law = Law("an address repeats its cells and another draws others");
    let targets = Array2::from_elem((20, 16), device.window().g_max.0);
    let at = Stream::root(3).child("chip", 0);
    let (g_s, _) = program(device, &targets, at);
    law.holds(g_s == program(device, &targets, at).0, || "the same address differs".into())?;
    let has_noise = over_window(device, 9).into_iter().any(|g| device.programmed(g).variance > 0.0);
    if !has_noise {
        return Ok(());
    }
    for other in [Stream::root(4).child("chip", 0), Stream::root(3).child("chip", 1)] {
        let (others, _) = program(device, &targets, other);
        let same = g_s.iter().zip(&others).filter(|(a, b)| a == b).count();
        // Draws have 24 bits: 320 pairs meet by chance with probability below 1e-4.
        law.holds(same == 0, || format!("{same} of 320 cells are equal at another address"))?;
    }
    law.holds(g_s.row(0) != g_s.row(1), || "two rows share their draws".into())
}

/// A cell does not depend on the size of its array.
///
/// # Errors
/// [`Broken`].
pub fn sizes(device: &dyn Device) -> Result<(), Broken> {
    let law = Law("a cell does not depend on the size of its array");
    let targets = ramp(device, 12, 40);
    let (all, _) = program(device, &targets, Stream::root(5));
    let corner = targets.slice(s![..7, ..9]).to_owned();
    let (part, _) = program(device, &corner, Stream::root(5));
    law.holds(part == all.slice(s![..7, ..9]), || "7 × 9 cells of 12 × 40 differ alone".into())
}

/// Current is odd in voltage and rises with it, and its cubic coefficient is that of its series.
///
/// # Errors
/// [`Broken`].
pub fn currents(device: &dyn Device) -> Result<(), Broken> {
    let law = Law("current is odd and rises with voltage");
    let own = device.current_voltage();
    let mut last = own.effective_v(0.0);
    law.holds(last == 0.0, || format!("{last} at 0 V"))?;
    for k in 1..=50 {
        let v = 0.01 * f64::from(k);
        let (e, mirrored) = (own.effective_v(v), own.effective_v(-v));
        law.holds(mirrored == -e, || format!("{e} at {v} V, {mirrored} at −{v} V"))?;
        law.holds(last < e, || format!("{e} at {v} V, after {last}"))?;
        last = e;
    }
    // At 1 mV the next term, of fifth order, is below 1e-5 of the cubic one, and cancellation leaves
    // 2⁻⁵² · 1 mV / (1 mV)³.
    let (v, cubic) = (1e-3, own.cubic_per_v2(Volts(1e-3)));
    let got = (own.effective_v(v) - v) / (v * v * v);
    let allowed = 1e-5 * cubic + f64::EPSILON / (v * v);
    law.holds((got - cubic).abs() <= allowed, || format!("a cubic term of {got}, {cubic} is said"))
}

/// Ageing by nothing changes nothing, and no age makes a conductance or a variance impossible.
///
/// # Errors
/// [`Broken`].
pub fn ageing(device: &dyn Device) -> Result<(), Broken> {
    let law = Law("ageing by nothing changes nothing and no age makes a conductance impossible");
    let (at, targets) = (Stream::root(6), ramp(device, 40, 32));
    let (g_s, _) = program(device, &targets, at);
    let unchanged = device.aged(g_s.view(), Seconds::ZERO, at).as_ref() == Ok(&g_s);
    law.holds(unchanged, || "time zero changes cells".into())?;
    for elapsed in known_times(device) {
        let aged = look(law, device, &g_s, elapsed, at)?;
        for (&programmed, &now) in g_s.iter().zip(&aged) {
            law.holds(0.0 <= now && now.is_finite(), || format!("{now} S after {elapsed}"))?;
            let variance = device.read_variance_aged(programmed, now, elapsed);
            let can_be = 0.0 <= variance && variance.is_finite();
            law.holds(can_be, || format!("{variance} S² from read to read after {elapsed}"))?;
        }
    }
    for &g in &g_s {
        let fresh = device.read_variance_aged(g, g, Seconds::ZERO);
        let own = device.read_variance(g);
        law.holds(fresh == own, || format!("{fresh} S² from read to read at time zero, {own} S²"))?;
    }
    Ok(())
}

/// Looking at one moment changes nothing about another, and a chip of another address goes its own
/// way.
///
/// # Errors
/// [`Broken`].
pub fn trajectory(device: &dyn Device) -> Result<(), Broken> {
    let law = Law("a chip has one trajectory which no look at it changes");
    let targets = Array2::from_elem((20, 32), device.window().g_max.0);
    let at = Stream::root(7);
    let (g_s, _) = program(device, &targets, at);
    let times = known_times(device);
    let looks = |times: &mut dyn Iterator<Item = &Seconds>| {
        times.map(|&t| look(law, device, &g_s, t, at)).collect::<Result<Vec<_>, _>>()
    };
    let (forwards, backwards) = (looks(&mut times.iter())?, looks(&mut times.iter().rev())?);
    let same = forwards.iter().eq(backwards.iter().rev());
    law.holds(same, || "a look changes another".into())?;
    let Some((&last, held)) = times.last().zip(forwards.last()) else { return Ok(()) };
    if *held != g_s {
        let other = look(law, device, &g_s, last, Stream::root(8))?;
        law.holds(*held != other, || "chips of two addresses age alike".into())?;
        let corner = g_s.slice(s![..7, ..9]).to_owned();
        let corner = look(law, device, &corner, last, at)?;
        let same = corner == held.slice(s![..7, ..9]);
        law.holds(same, || "7 × 9 cells of 20 × 32 age differently alone".into())?;
    }
    Ok(())
}

/// What cells hold at a time that the device says it knows.
fn look(
    law: Law,
    device: &dyn Device,
    g_s: &Array2<f64>,
    elapsed: Seconds,
    at: Stream,
) -> Result<Array2<f64>, Broken> {
    let aged = device.aged(g_s.view(), elapsed, at);
    aged.map_err(|error| law.broken(format!("{elapsed} is known, and refused: {error}")))
}

/// Times that cannot be are typed errors.
///
/// # Errors
/// [`Broken`].
pub fn impossible_times(device: &dyn Device) -> Result<(), Broken> {
    let law = Law("times that cannot be are typed errors");
    let g_s = Array2::from_elem((1, 1), device.window().g_max.0);
    for bad in [-1.0, f64::NAN, f64::INFINITY] {
        let refused = device.aged(g_s.view(), Seconds(bad), Stream::root(1));
        let named = matches!(refused, Err(DeviceError::NegativeTime { .. }));
        law.holds(named, || format!("{bad} s gives {refused:?}"))?;
    }
    Ok(())
}
