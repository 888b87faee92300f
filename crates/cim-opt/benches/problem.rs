//! The problem that the benchmark solves.

use cim_core::{Amps, Hertz, Kelvin, Ohms, Seconds, Siemens, Volts};
use cim_opt::{CircuitTerms, DeviceTerms, Limits, Posynomial, WindowProblem};

use crate::support;

/// The specification's device and circuit with `tiles` tiles of 48 bins.
pub fn problem(tiles: usize) -> WindowProblem {
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
        input_noise: Amps(1e-7),
        wire: Ohms(0.35),
        supply: Volts(0.9),
        read_time: Seconds(1e-7),
    };
    let tile = |k: usize| {
        let share = 1.0 + k as f64 / tiles as f64;
        support::gaussian_tile(128.0, 0.1 * share, 0.2 / share, 6, 48)
    };
    let tiles = (0..tiles).map(tile).collect();
    WindowProblem { device, circuit, tiles, limits: Limits::default() }
}
