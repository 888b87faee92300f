//! From weights and calibration data to the terms of the program.

use cim_tile::{Calibration, LayerDesign, LayerErrors, Parts, TileError};
use ndarray::{Array1, ArrayView2, s};

use crate::full_scale::Histogram;
use crate::window::{CircuitTerms, DeviceTerms, Posynomial, TileTerms};

/// Nodes and weights of Gauss–Hermite quadrature with five points, for a standard normal.
const HERMITE: [(f64, f64); 5] = [
    (-2.856_970_013_872_806, 0.011_257_411_327_720_69),
    (-1.355_626_179_974_266, 0.222_075_922_005_612_6),
    (0.0, 0.533_333_333_333_333_4),
    (1.355_626_179_974_266, 0.222_075_922_005_612_6),
    (2.856_970_013_872_806, 0.011_257_411_327_720_69),
];

/// What a kind of cell contributes: its laws as posynomials from above.
pub fn device_terms(parts: &Parts, v_min: cim_core::Volts, v_max: cim_core::Volts) -> DeviceTerms {
    let program = parts.device.program_variance().posynomial;
    let read = parts.device.read_variance_above().posynomial;
    let window = parts.device.window();
    DeviceTerms {
        g_off: window.g_min,
        g_on: window.g_max,
        program: Posynomial { a0: program.a0, a1: program.a1, a2: program.a2, am: program.am },
        read: Posynomial { a0: read.a0, a1: read.a1, a2: read.a2, am: read.am },
        cubic_per_v2: parts.device.current_voltage().cubic_per_v2(v_max),
        v_min,
        v_max,
    }
}

/// What the circuit contributes.
pub fn circuit_terms(
    parts: &Parts,
    supply: cim_core::Volts,
    read_time: cim_core::Seconds,
) -> CircuitTerms {
    CircuitTerms {
        temperature: parts.ambient.temperature,
        bandwidth: parts.ambient.bandwidth,
        amplifier_factor: parts.ambient.amplifier_factor,
        fano_factor: parts.ambient.fano_factor,
        input_noise: parts.adc_noise,
        supply,
        read_time,
    }
}

/// What one layer's tiles contribute, row tiles outermost, and what its weight clip loses.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerTerms {
    /// One entry per tile.
    pub tiles: Vec<TileTerms>,
    /// Objective lost to weights beyond the clip.
    pub clip_loss: f64,
}

/// Terms of one layer under the weight clip and input limit of `design`.
///
/// `sensitivity` is the objective per squared output unit of error of one output. Histograms have
/// `bins` bins over the calibration currents, widened by the noise they carry in `parts`.
///
/// # Errors
/// [`TileError`] for weights or parts that cannot be.
pub fn layer_terms(
    parts: &Parts,
    layer: usize,
    design: &LayerDesign,
    weights: ArrayView2<'_, f32>,
    calibration: &Calibration,
    sensitivity: f64,
    bins: usize,
) -> Result<LayerTerms, TileError> {
    let errors = LayerErrors::of(parts, design, weights, calibration)?;
    let clip = f64::from(design.weight_clip);
    let unit = clip * f64::from(design.input_limit);
    let amps = parts.read_voltage.0 * design.drive_gain * parts.window.span().0;
    let (mean_u, mean_u2) = (calibration.mean_magnitude(), calibration.mean_square());
    let w = weights.mapv(|w| (f64::from(w) / clip).clamp(-1.0, 1.0));
    let paths = cim_tile::nonideality::paths(parts, design, weights)?;
    let tiles = errors
        .tiles
        .iter()
        .zip(paths)
        .map(|(tile, path)| {
            let first = (tile.place.0 * parts.rows, tile.place.1 * parts.outputs);
            let rows = first.0..w.nrows().min(first.0 + parts.rows);
            let cols = first.1..w.ncols().min(first.1 + parts.outputs);
            let columns = cols.len() as f64;
            let block = w.slice(s![rows.clone(), cols]);
            let magnitude: Array1<f64> = block
                .rows()
                .into_iter()
                .map(|r| r.iter().map(|w| w.abs()).sum::<f64>() / columns)
                .collect();
            let square: Array1<f64> = block
                .rows()
                .into_iter()
                .map(|r| r.iter().map(|w| w * w).sum::<f64>() / columns)
                .collect();
            let u1 = mean_u.slice(s![rows.clone()]);
            let u2 = mean_u2.slice(s![rows.clone()]);
            let drive = calibration.drive.slice(s![.., rows]);
            let y = drive.dot(&block);
            TileTerms {
                layer,
                columns,
                rows: block.nrows() as f64,
                path,
                s1: magnitude.sum(),
                u1: u1.sum(),
                v1: u1.dot(&magnitude),
                u2: u2.sum(),
                v2: u2.dot(&magnitude),
                w2: u2.dot(&square),
                cubic_power: residual_power(&drive.mapv(|u| u.powi(3)).dot(&block), &y),
                signal_power: y.mapv(|y| y * y).sum() / y.len() as f64,
                weight: sensitivity * unit * unit * columns,
                steps: parts.adc_steps(),
                output: histogram(&tile.ideal_a, &tile.analog_sigma_a, amps, bins),
            }
        })
        .collect();
    let lost = weights.mapv(|w| f64::from(w) - f64::from(w).clamp(-clip, clip));
    let lost = calibration.drive.dot(&lost) * f64::from(design.input_limit);
    let samples = calibration.drive.nrows().max(1) as f64;
    let clip_loss = sensitivity * lost.mapv(|e| e * e).sum() / samples;
    Ok(LayerTerms { tiles, clip_loss })
}

/// Mean power of what is left of `cubic` after its best linear fit on `y`.
fn residual_power(cubic: &ndarray::Array2<f64>, y: &ndarray::Array2<f64>) -> f64 {
    let (mut cc, mut cy, mut yy) = (0.0, 0.0, 0.0);
    for (c, y) in cubic.iter().zip(y) {
        cc += c * c;
        cy += c * y;
        yy += y * y;
    }
    let explained = if yy > 0.0 { cy * cy / yy } else { 0.0 };
    (cc - explained).max(0.0) / y.len() as f64
}

/// Magnitudes of `current_a / amps`, each widened by its own Gaussian noise.
fn histogram(
    current_a: &ndarray::Array2<f64>,
    sigma_a: &ndarray::Array2<f64>,
    amps: f64,
    bins: usize,
) -> Histogram {
    let reach = HERMITE[HERMITE.len() - 1].0;
    let top = current_a.iter().zip(sigma_a).map(|(i, s)| i.abs() + reach * s).fold(0.0, f64::max);
    let top = top / amps * (1.0 + 1e-9);
    let (mut mass, mut moment) = (vec![0.0; bins], vec![0.0; bins]);
    let share = 1.0 / current_a.len() as f64;
    for (i, sigma) in current_a.iter().zip(sigma_a) {
        for (node, weight) in HERMITE {
            let y = ((i + node * sigma) / amps).abs();
            let bin = if top > 0.0 { ((y / top * bins as f64) as usize).min(bins - 1) } else { 0 };
            mass[bin] += weight * share;
            moment[bin] += weight * share * y;
        }
    }
    let filled = mass.iter().zip(&moment).filter(|(m, _)| **m > 0.0);
    let total: f64 = mass.iter().sum();
    let (centres, probabilities) = filled.map(|(m, y)| (y / m, m / total)).unzip();
    Histogram { centres, probabilities }
}
