//! Random problems of plausible physics, by seed.

#![allow(dead_code, reason = "every test uses its own part of this module")]

use cim_core::{Amps, Hertz, Joules, Kelvin, Ohms, Seconds, Siemens, Volts};
use cim_opt::{
    Bottom, CircuitTerms, DeviceTerms, Drives, FrontEndTerms, Histogram, Limits, Posynomial,
    TileTerms, WindowProblem, evaluate,
};

/// SplitMix64: a few lines that give the same problems for ever.
pub struct Draws(pub u64);

impl Draws {
    pub fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// Between two positive numbers, uniform in the logarithm.
    pub fn log(&mut self, low: f64, high: f64) -> f64 {
        self.between(low.ln(), high.ln()).exp()
    }

    pub fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// A logarithmic draw, or zero with this probability.
    pub fn log_or_zero(&mut self, zero: f64, low: f64, high: f64) -> f64 {
        let value = self.log(low, high);
        if self.chance(zero) { 0.0 } else { value }
    }
}

/// A tile whose rows are driven and weighted independently, `E u² = drive`, `w` Gaussian of
/// standard deviation `sigma_w`, and a Gaussian output.
pub fn gaussian_tile(rows: f64, drive: f64, sigma_w: f64, bits: u32, bins: usize) -> TileTerms {
    let mean_w = sigma_w * (2.0 / std::f64::consts::PI).sqrt();
    let mean_u = (drive / 3.0_f64.sqrt()).sqrt() * 0.9;
    let power = rows * drive * sigma_w * sigma_w;
    TileTerms {
        layer: 0,
        columns: 128.0,
        uses: 1.0,
        rows,
        path: Ohms(0.5 * 0.35 * rows * rows),
        cells: 2.0,
        s1: rows * mean_w,
        u1: rows * mean_u,
        v1: rows * mean_u * mean_w,
        u2: rows * drive,
        v2: rows * drive * mean_w,
        w2: power,
        drawn_cells: 2.0,
        drawn_v2: rows * drive * mean_w,
        s1_square: 0.5 * (rows * mean_w).powi(2),
        weight_power: rows * sigma_w * sigma_w,
        drawn_v1: rows * mean_u * mean_w,
        drives: Drives::of_sums(rows * mean_u, rows * drive, rows * mean_u * mean_w),
        bottom: Bottom::NONE,
        cubic_power: 0.1 * power,
        signal_power: power,
        weight: 1.0 / power,
        steps: 1 << bits,
        output: Histogram::gaussian(power.sqrt(), bins),
    }
}

/// A chip with the specification's cell and wires and `tiles` kinds of tile, 48 bins each.
pub fn network(tiles: usize) -> WindowProblem {
    let device = DeviceTerms {
        g_off: Siemens(1e-6),
        g_on: Siemens(100e-6),
        program: Posynomial { a0: 1e-12, a1: 0.0, a2: 1e-4, am: 1.25e-19 },
        read: Posynomial { a2: 1e-5, ..Posynomial::default() },
        cubic_per_v2: 0.5,
        v_min: Volts(0.05),
        v_max: Volts(0.4),
    };
    let circuit = CircuitTerms {
        temperature: Kelvin(300.0),
        bandwidth: Hertz(1e7),
        amplifier_factor: 0.5,
        fano_factor: 1.0,
        input_noise: Amps(1e-7),
        supply: Volts(0.9),
        read_time: Seconds(1e-7),
        front_end: FrontEndTerms::IDEAL,
    };
    let tile = |k: usize| {
        let share = 1.0 + k as f64 / tiles as f64;
        gaussian_tile(128.0, 0.1 * share, 0.2 / share, 6, 48)
    };
    let tiles = (0..tiles).map(tile).collect();
    WindowProblem { device, circuit, tiles, limits: Limits::default() }
}

fn law(draws: &mut Draws, g_on: f64) -> Posynomial {
    Posynomial {
        a0: draws.log_or_zero(0.2, 1e-6, 1e-2) * g_on * g_on,
        a1: draws.log_or_zero(0.5, 1e-6, 1e-2) * g_on,
        a2: draws.log_or_zero(0.3, 1e-6, 1e-2),
        am: draws.log_or_zero(0.4, 1e-10, 1e-5) * g_on.powi(3),
    }
}

fn histogram(draws: &mut Draws, sigma: f64) -> Histogram {
    let bins = 8 + (draws.unit() * 56.0) as usize;
    if draws.chance(0.7) {
        return Histogram::gaussian(sigma, bins);
    }
    let mut y = if draws.chance(0.3) { 0.0 } else { draws.between(0.0, 0.2) * sigma };
    let mut histogram = Histogram::default();
    for _ in 0..bins {
        histogram.centres.push(y);
        histogram.probabilities.push(draws.log_or_zero(0.1, 1e-6, 1.0));
        y += draws.log(0.01, 1.0) * sigma;
    }
    histogram.probabilities[bins / 2] += 0.5;
    let sum: f64 = histogram.probabilities.iter().sum();
    histogram.probabilities.iter_mut().for_each(|p| *p /= sum);
    histogram
}

/// Most often some of a real front end.
fn front_end(draws: &mut Draws) -> FrontEndTerms {
    FrontEndTerms {
        amplifier_offset: Volts(draws.log_or_zero(0.5, 1e-5, 5e-3)),
        gain_spread: draws.log_or_zero(0.5, 1e-4, 0.05),
        driver_noise: Volts(draws.log_or_zero(0.5, 1e-6, 1e-3)),
        dac_inl: draws.log_or_zero(0.5, 1e-4, 1e-2),
        adc_inl: draws.log_or_zero(0.5, 0.01, 1.0),
        driver_supply: Volts(draws.log_or_zero(0.5, 0.5, 2.0)),
        static_energy: Joules(draws.log_or_zero(0.5, 1e-15, 1e-12)),
    }
}

/// A problem without limits.
pub fn random_problem(draws: &mut Draws) -> WindowProblem {
    let g_off = draws.log(1e-8, 1e-5);
    let g_on = g_off * draws.log(2.0, 300.0);
    let v_min = draws.log(0.01, 0.2);
    let tiles = 1 + (draws.unit() * draws.unit() * 17.0) as usize;
    let program = law(draws, g_on);
    let read = law(draws, g_on);
    let device = DeviceTerms {
        g_off: Siemens(g_off),
        g_on: Siemens(g_on),
        program,
        read,
        cubic_per_v2: draws.log_or_zero(0.3, 1e-2, 10.0),
        v_min: Volts(v_min),
        v_max: Volts(v_min * draws.log(1.0, 30.0)),
    };
    let temperature = Kelvin(draws.between(200.0, 400.0));
    let bandwidth = Hertz(draws.log(1e5, 1e9));
    let amplifier_factor = draws.between(0.0, 3.0);
    let fano_factor = draws.between(0.0, 1.0);
    let input_noise = Amps(draws.log_or_zero(0.3, 1e-10, 1e-6));
    let wire_ohm = draws.log_or_zero(0.2, 0.01, 3.0);
    let circuit = CircuitTerms {
        temperature,
        bandwidth,
        amplifier_factor,
        fano_factor,
        input_noise,
        supply: Volts(draws.log_or_zero(0.2, 0.5, 2.0)),
        read_time: Seconds(draws.log(1e-9, 1e-6)),
        front_end: front_end(draws),
    };
    let mut problem =
        WindowProblem { device, circuit, tiles: Vec::new(), limits: Limits::default() };
    for layer in 0..tiles {
        let rows = draws.log(4.0, 512.0).round();
        let mean_w = draws.between(0.02, 0.6);
        let mean_u = draws.between(0.02, 0.6);
        let (w2, u2) = (mean_w * draws.between(mean_w, 1.0), mean_u * draws.between(mean_u, 1.0));
        let power = rows * u2 * w2;
        problem.tiles.push(TileTerms {
            layer,
            columns: draws.log(1.0, 1e4).round(),
            uses: 1.0,
            rows,
            path: Ohms(0.5 * wire_ohm * rows * rows),
            cells: 2.0,
            s1: rows * mean_w,
            u1: rows * mean_u,
            v1: rows * mean_u * mean_w,
            u2: rows * u2,
            v2: rows * u2 * mean_w,
            w2: power,
            drawn_cells: 2.0,
            drawn_v2: rows * u2 * mean_w,
            s1_square: 0.5 * (rows * mean_w).powi(2),
            weight_power: rows * w2,
            drawn_v1: rows * mean_u * mean_w,
            drives: Drives::of_sums(rows * mean_u, rows * u2, rows * mean_u * mean_w),
            bottom: Bottom {
                signal: [2, 1].map(|k| f64::from(k) * power * draws.log_or_zero(0.5, 1e-2, 1e2)),
                weights: [2, 1].map(|k| f64::from(k) * rows * draws.log_or_zero(0.5, 1e-2, 1e2)),
            },
            cubic_power: power * draws.log_or_zero(0.2, 1e-4, 1.0),
            signal_power: power,
            weight: draws.log(1e-2, 1e2) / power,
            steps: 2 + (draws.log(1.0, 1000.0)) as u32,
            output: histogram(draws, power.sqrt()),
        });
    }
    problem
}

/// Energy and wire loss of the smallest window at the least voltage, ranges at `range` sigma.
pub fn least(problem: &WindowProblem) -> (f64, f64) {
    let device = &problem.device;
    let g_min = device.g_off.0;
    let swing = cim_opt::window::SMALLEST_WINDOW * (device.g_on.0 - g_min);
    let free = WindowProblem { limits: Limits::default(), ..problem.clone() };
    let ranges = cim_opt::solve_fast(&free).map_or_else(|_| Vec::new(), |found| found.ranges);
    let at = evaluate(&free, Siemens(g_min), Siemens(g_min + swing), device.v_min, &ranges);
    at.map_or((0.0, 0.0), |at| (at.energy.0, at.nonideality))
}

/// Adds limits that can be met, most of them binding.
pub fn limit(problem: &mut WindowProblem, draws: &mut Draws) {
    let Ok(free) = cim_opt::solve_fast(problem) else { return };
    let (energy, nonideality) = least(problem);
    let part = |draws: &mut Draws, low: f64, high: f64| {
        let share = draws.between(0.02, 1.2);
        low * (high / low).powf(share)
    };
    let limits = &mut problem.limits;
    if draws.chance(0.4) && energy > 0.0 {
        limits.energy = Some(Joules(part(draws, energy, free.energy.0)));
    }
    let most = evaluate(
        &WindowProblem { limits: Limits::default(), ..problem.clone() },
        free.g_min,
        free.g_max,
        free.read_voltage,
        &free.ranges,
    )
    .map_or(0.0, |at| at.nonideality);
    if draws.chance(0.4) && nonideality > 0.0 {
        problem.limits.nonideality = Some(part(draws, nonideality, most));
    }
    if draws.chance(0.2) {
        let (low, high) = (problem.device.v_min.0, problem.device.v_max.0);
        problem.limits.fixed_read_voltage = Some(Volts(draws.between(low, high)));
        if problem.limits.energy.is_some() {
            // The voltage may already take more than the limit.
            problem.limits.energy = None;
        }
    }
}

/// Adds a floor, which may also take energy; returns it.
pub fn floor(problem: &mut WindowProblem, draws: &mut Draws) {
    let Ok(free) = cim_opt::solve_fast(problem) else { return };
    let tile = (draws.unit() * free.full_scale.len() as f64) as usize;
    let floor = free.full_scale[tile].0 * draws.log(0.3, 5.0);
    problem.limits.full_scale_floor = Some(Amps(floor));
    if let Some(energy) = &mut problem.limits.energy {
        let circuit = &problem.circuit;
        let columns: f64 = problem.tiles.iter().map(|tile| tile.columns).sum();
        energy.0 += 1.01 * columns * circuit.read_time.0 * circuit.supply.0 * floor;
    }
}

/// Adds a ceiling at or below the largest full scale of the free optimum.
pub fn ceiling(problem: &mut WindowProblem, draws: &mut Draws) {
    let Ok(free) = cim_opt::solve_fast(problem) else { return };
    let largest = free.full_scale.iter().map(|fs| fs.0).fold(0.0, f64::max);
    let floor = problem.limits.full_scale_floor.map_or(0.0, |floor| floor.0);
    let ceiling = (largest * draws.log(0.1, 1.5)).max(1.2 * floor);
    problem.limits.full_scale_ceiling = Some(Amps(ceiling));
}
