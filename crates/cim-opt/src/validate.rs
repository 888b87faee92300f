//! What a problem has to be before anything is computed from it, and whether anything can
//! satisfy it.

use crate::error::OptError;
use crate::program::{self, LimitKind, Program};
use crate::window::{Limits, Posynomial, TileTerms, WindowProblem};

/// How far the probabilities of a histogram may be from summing to 1.
const NORMALISATION: f64 = 1e-6;

/// Checks every number of the problem.
pub(crate) fn well_posed(problem: &WindowProblem) -> Result<(), OptError> {
    let device = &problem.device;
    let circuit = &problem.circuit;
    positive("g_off", device.g_off.0)?;
    positive("g_on", device.g_on.0)?;
    if device.g_off >= device.g_on {
        return Err(OptError::EmptyWindow { g_off: device.g_off, g_on: device.g_on });
    }
    positive("v_min", device.v_min.0)?;
    positive("v_max", device.v_max.0)?;
    if device.v_min > device.v_max {
        return Err(OptError::EmptyVoltage { least: device.v_min, most: device.v_max });
    }
    variance("program", &device.program)?;
    variance("read", &device.read)?;
    finite("cubic_per_v2", device.cubic_per_v2)?;
    not_negative("temperature", circuit.temperature.0)?;
    not_negative("bandwidth", circuit.bandwidth.0)?;
    not_negative("amplifier_factor", circuit.amplifier_factor)?;
    not_negative("fano_factor", circuit.fano_factor)?;
    not_negative("input_noise", circuit.input_noise.0)?;
    not_negative("supply", circuit.supply.0)?;
    not_negative("read_time", circuit.read_time.0)?;
    let front_end = &circuit.front_end;
    not_negative("amplifier_offset", front_end.amplifier_offset.0)?;
    not_negative("gain_spread", front_end.gain_spread)?;
    not_negative("driver_noise", front_end.driver_noise.0)?;
    not_negative("dac_inl", front_end.dac_inl)?;
    not_negative("adc_inl", front_end.adc_inl)?;
    not_negative("driver_supply", front_end.driver_supply.0)?;
    not_negative("static_energy", front_end.static_energy.0)?;
    limits(&problem.limits)?;
    if problem.tiles.is_empty() {
        return Err(OptError::NoTiles);
    }
    for (tile_idx, tile) in problem.tiles.iter().enumerate() {
        tile_terms(tile_idx, tile)?;
    }
    positive("sum of the tile weights", problem.tiles.iter().map(|tile| tile.weight).sum())
}

/// Checks that the smallest window at the least voltage satisfies every limit. All limits grow
/// with the window and the voltage, so if it does not, nothing does.
pub(crate) fn feasible(problem: &WindowProblem) -> Result<(), OptError> {
    let device = &problem.device;
    if let Some(fixed) = problem.limits.fixed_read_voltage
        && !(device.v_min <= fixed && fixed <= device.v_max)
    {
        return Err(OptError::FixedVoltage { fixed, least: device.v_min, most: device.v_max });
    }
    let smallest = program::bounds(problem).0;
    if let Some(limit) = problem.limits.energy {
        let least = Program::energy_of(problem, smallest);
        if least > limit.0 {
            return Err(OptError::Energy { limit, least: cim_core::Joules(least) });
        }
    }
    let most = problem.limits.nonideality.unwrap_or(f64::INFINITY);
    let losses = program::limits(problem).into_iter().filter_map(|limit| match limit.kind {
        LimitKind::Nonideality { tile } => Some((tile, limit.at(smallest) * most)),
        LimitKind::Window | LimitKind::Energy { .. } => None,
    });
    let worst = losses.max_by(|(_, a), (_, b)| a.total_cmp(b));
    if let Some((tile, least)) = worst.filter(|&(_, least)| least > most) {
        return Err(OptError::Nonideality { limit: most, least, tile });
    }
    Ok(())
}

fn limits(limits: &Limits) -> Result<(), OptError> {
    let named = [
        ("energy limit", limits.energy.map(|limit| limit.0)),
        ("nonideality limit", limits.nonideality),
        ("full_scale_floor", limits.full_scale_floor.map(|limit| limit.0)),
        ("full_scale_ceiling", limits.full_scale_ceiling.map(|limit| limit.0)),
        ("fixed_read_voltage", limits.fixed_read_voltage.map(|limit| limit.0)),
    ];
    for (name, value) in named {
        value.map_or(Ok(()), |value| positive(name, value))?;
    }
    if let (Some(floor), Some(ceiling)) = (limits.full_scale_floor, limits.full_scale_ceiling)
        && floor >= ceiling
    {
        return Err(OptError::EmptyFullScale { floor, ceiling });
    }
    Ok(())
}

fn tile_terms(tile_idx: usize, tile: &TileTerms) -> Result<(), OptError> {
    let bad =
        |name, value, expected| Err(OptError::BadTile { tile: tile_idx, name, value, expected });
    for (name, value) in
        [("rows", tile.rows), ("cells", tile.cells), ("signal_power", tile.signal_power)]
    {
        if !(value.is_finite() && value > 0.0) {
            return bad(name, value, POSITIVE);
        }
    }
    let sums = [
        ("columns", tile.columns),
        ("uses", tile.uses),
        ("path", tile.path.0),
        ("s1", tile.s1),
        ("u1", tile.u1),
        ("v1", tile.v1),
        ("u2", tile.u2),
        ("v2", tile.v2),
        ("w2", tile.w2),
        ("drawn_cells", tile.drawn_cells),
        ("drawn_v2", tile.drawn_v2),
        ("s1_square", tile.s1_square),
        ("weight_power", tile.weight_power),
        ("drawn_v1", tile.drawn_v1),
        ("bottom.signal", tile.bottom.signal[0]),
        ("bottom.signal", tile.bottom.signal[1]),
        ("bottom.weights", tile.bottom.weights[0]),
        ("bottom.weights", tile.bottom.weights[1]),
        ("cubic_power", tile.cubic_power),
        ("weight", tile.weight),
    ];
    for (name, value) in sums {
        if !(value.is_finite() && value >= 0.0) {
            return bad(name, value, NOT_NEGATIVE);
        }
    }
    if tile.steps < 2 {
        return bad("steps", f64::from(tile.steps), "2 or more");
    }
    if !tile
        .drives
        .rows
        .iter()
        .chain(&tile.drives.raised)
        .all(|&part| part.is_finite() && part >= 0.0)
    {
        return bad("drives", f64::NAN, NOT_NEGATIVE);
    }
    histogram(tile_idx, &tile.output.centres, &tile.output.probabilities)
}

fn histogram(tile: usize, centres: &[f64], probabilities: &[f64]) -> Result<(), OptError> {
    let bad = |reason| Err(OptError::Histogram { tile, reason });
    if centres.len() != probabilities.len() {
        return bad("centres and probabilities differ in number");
    }
    let is_good = |value: &f64| (0.0..f64::INFINITY).contains(value);
    if !centres.iter().all(is_good) {
        return bad("a centre is negative or not finite");
    }
    if !centres.windows(2).all(|pair| pair[0] < pair[1]) {
        return bad("centres do not ascend");
    }
    if !probabilities.iter().all(is_good) {
        return bad("a probability is negative or not finite");
    }
    // All of them are finite here, so the sum is no NaN.
    if (probabilities.iter().sum::<f64>() - 1.0).abs() > NORMALISATION {
        return bad("probabilities do not sum to 1");
    }
    if !centres.iter().zip(probabilities).any(|(&y, &p)| y > 0.0 && p > 0.0) {
        return bad("the output is always zero");
    }
    Ok(())
}

const POSITIVE: &str = "a finite number above zero";
const NOT_NEGATIVE: &str = "a finite number of at least zero";

fn variance(name: &'static str, law: &Posynomial) -> Result<(), OptError> {
    [law.a0, law.a1, law.a2, law.am].iter().try_for_each(|&part| not_negative(name, part))
}

fn finite(name: &'static str, value: f64) -> Result<(), OptError> {
    let good = value.is_finite();
    good.then_some(()).ok_or(OptError::BadNumber { name, value, expected: "a finite number" })
}

fn positive(name: &'static str, value: f64) -> Result<(), OptError> {
    let good = value.is_finite() && value > 0.0;
    good.then_some(()).ok_or(OptError::BadNumber { name, value, expected: POSITIVE })
}

fn not_negative(name: &'static str, value: f64) -> Result<(), OptError> {
    let good = value.is_finite() && value >= 0.0;
    good.then_some(()).ok_or(OptError::BadNumber { name, value, expected: NOT_NEGATIVE })
}
