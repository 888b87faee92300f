//! From weights and calibration data to the terms of the program.

use std::ops::Range;

use cim_tile::moments::TileCurrents;
use cim_tile::{Calibration, Drivers, LayerCurrents, LayerDesign, Parts, Plan, Sense, TileError};
use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis, s};

use crate::drives::Drives;
use crate::full_scale::Histogram;
use crate::window::{Bottom, CircuitTerms, DeviceTerms, FrontEndTerms, Posynomial, TileTerms};

/// Nodes and weights of Gauss–Hermite quadrature with five points, for a standard normal.
const HERMITE: [(f64, f64); 5] = [
    (-2.856_970_013_872_806, 0.011_257_411_327_720_69),
    (-1.355_626_179_974_266, 0.222_075_922_005_612_6),
    (0.0, 0.533_333_333_333_333_4),
    (1.355_626_179_974_266, 0.222_075_922_005_612_6),
    (2.856_970_013_872_806, 0.011_257_411_327_720_69),
];

/// Share of a device's largest conductance below which the program does not look: its variable is the
/// logarithm of the window's bottom, and a cell that can be off has a bottom of 0.
const LEAST_SHARE: f64 = 1e-6;

/// What a kind of cell contributes: its laws as posynomials from above.
pub fn device_terms(parts: &Parts, v_min: cim_core::Volts, v_max: cim_core::Volts) -> DeviceTerms {
    let program = parts.device.program_variance().posynomial;
    let read = parts.device.read_variance_above().posynomial;
    let window = parts.device.window();
    DeviceTerms {
        g_off: cim_core::Siemens(window.g_min.0.max(window.g_max.0 * LEAST_SHARE)),
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
        front_end: front_end_terms(parts, supply, read_time),
    }
}

/// What the front end of `parts` leaves after its calibration. What flows at rest is that of a whole
/// tile, in equal shares to its sensed currents.
fn front_end_terms(
    parts: &Parts,
    supply: cim_core::Volts,
    read_time: cim_core::Seconds,
) -> FrontEndTerms {
    let front_end = &parts.front_end;
    let plan = parts.mapping.layout(parts.outputs);
    let factors: f64 = parts.dac.phases().iter().map(|phase| phase.factor).sum();
    let rest_w = front_end.driver_power.0 * parts.rows as f64
        + front_end.amplifier_power.0 * parts.mapping.columns(parts.outputs) as f64
        + front_end.leakage.0;
    FrontEndTerms {
        // Phases that are subtracted take it with them.
        amplifier_offset: if factors == 0.0 {
            cim_core::Volts::ZERO
        } else {
            front_end.residual_offset()
        },
        gain_spread: front_end.residual_gain(),
        driver_noise: front_end.driver_noise,
        dac_inl: front_end.dac_mean_square_lsb2().sqrt() / f64::from(parts.dac.top_code()),
        adc_inl: front_end.adc_mean_square_lsb2().sqrt(),
        driver_supply: match front_end.drivers {
            Drivers::Lossless => cim_core::Volts::ZERO,
            Drivers::Supply => supply,
        },
        static_energy: cim_core::Joules(rest_w * read_time.0 / plan.senses.len().max(1) as f64),
    }
}

/// What one layer's tiles contribute, and what its clip and its input converter lose.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerTerms {
    /// One entry for each full scale of a tile that carries a signal, row tiles outermost. Tiles
    /// whose weights or drives are all zero cost nothing and are left out.
    pub tiles: Vec<TileTerms>,
    /// Which full scale of the layer each entry is about ([`LayerDesign::full_scale`]).
    pub places: Vec<(usize, usize)>,
    /// Objective lost to weights beyond the clip and to the rounding of weights and inputs,
    /// whatever the window, the voltage and the full scales.
    pub fixed_loss: f64,
}

/// Refuses a layer without signal, of which nothing can be said.
///
/// # Errors
/// [`TileError::NoSignal`], which names the layer, counted from 1.
pub fn check_signal(
    layer: usize,
    weights: ArrayView2<'_, f32>,
    calibration: &Calibration,
) -> Result<(), TileError> {
    let no_signal = |what| Err(TileError::NoSignal { layer: layer + 1, what });
    if weights.iter().all(|&w| w == 0.0) {
        no_signal("all its weights are zero")
    } else if calibration.drive.iter().all(|&u| u == 0.0) {
        no_signal("no calibration input drives it")
    } else {
        Ok(())
    }
}

/// What the outputs of a layer are compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reference {
    /// The exact product.
    Exact,
    /// The nearest multiple of it: a factor that all outputs of the layer share changes no answer
    /// of a network that is homogeneous behind it.
    Scaled,
}

/// Terms of one layer under the weight clip and input limit of `design`.
///
/// `sensitivity` has the objective per squared output unit of error of each output: sums over the
/// currents of a tile are averages weighted by it. Where no output of a tile is felt they are plain
/// averages, without weight. Against a scaled `reference` errors count in units of what the clip of
/// weights leaves. Histograms have `bins` bins over the calibration currents, widened by the noise they carry in `parts`. What the
/// bottom of the window adds to a current without a minus is in them as it is in `parts`. Tiles are
/// taken to be read once per inference.
///
/// # Errors
/// [`TileError`] for weights or parts that cannot be, or a layer without signal.
pub fn layer_terms(
    parts: &Parts,
    layer: usize,
    design: &LayerDesign,
    weights: ArrayView2<'_, f32>,
    calibration: &Calibration,
    (sensitivity, reference): (ArrayView1<'_, f64>, Reference),
    bins: usize,
) -> Result<LayerTerms, TileError> {
    check_signal(layer, weights, calibration)?;
    TileError::need_codes(parts.dac.polarity, "the convex program")?;
    let currents = LayerCurrents::of(parts, design, weights, calibration)?;
    let clip = f64::from(design.weight_clip);
    let unit = clip * f64::from(design.input_limit) / parts.mapping.reach();
    let amps = parts.read_voltage.0 * design.drive_gain * parts.window.span().0;
    let phases = parts.dac.phases().len() as f64;
    let driven = Calibration::exact(calibration.phases_stacked(parts.dac));
    let (mean_u, mean_u2) = (driven.mean_magnitude(), driven.mean_square());
    let w = weights.mapv(|w| (f64::from(w) / clip).clamp(-1.0, 1.0));
    let paths = cim_tile::nonideality::paths(parts, design, weights)?;
    let groups = parts.mapping.full_scale_groups();
    let (fixed, gain) = match reference {
        Reference::Exact => (currents.fixed_error(), 1.0),
        Reference::Scaled => currents.fixed_error_after_gain(),
    };
    let fixed_loss = fixed.dot(&sensitivity);
    let sensitivity = sensitivity.mapv(|felt| felt / (gain * gain));
    let mut terms = LayerTerms { tiles: Vec::new(), places: Vec::new(), fixed_loss };
    for (tile, path) in currents.tiles.iter().zip(paths) {
        let (rows, cols) = parts.block(tile.place, w.dim());
        let block = w.slice(s![rows.clone(), cols.clone()]);
        let felt = sensitivity.slice(s![cols]);
        let plan = parts.mapping.layout(block.ncols());
        let cells = parts.mapping.raised(block, 1.0);
        let (u1, u2) = (mean_u.slice(s![rows.clone()]), mean_u2.slice(s![rows.clone()]));
        let drive = driven.drive.slice(s![.., rows]);
        for group in 0..groups {
            let behind = Behind::of(&plan, group, &cells, felt);
            let own = plan.senses_of_group(group);
            let y = drive.dot(&behind.weights);
            let signal_power = behind.mean(&y, |y| y * y);
            if signal_power == 0.0 {
                continue;
            }
            let (magnitude, square) = (&behind.raised, &behind.square);
            let mut drives = Drives::default();
            let share = 1.0 / drive.nrows() as f64;
            for (drive, &raised) in drive.columns().into_iter().zip(magnitude) {
                drive.iter().for_each(|u| drives.add(u.abs(), share, raised));
            }
            let cubic = drive.mapv(|u| u.powi(3)).dot(&behind.weights);
            terms.places.push((tile.place.0, tile.place.1 * groups + group));
            terms.tiles.push(TileTerms {
                layer,
                columns: own.len() as f64 * phases,
                uses: 1.0,
                rows: block.nrows() as f64,
                path,
                cells: behind.count,
                s1: magnitude.sum(),
                u1: u1.sum(),
                v1: u1.dot(magnitude),
                u2: u2.sum(),
                v2: u2.dot(magnitude),
                w2: u2.dot(square),
                drawn_cells: behind.drawn_count,
                drawn_v2: u2.dot(&behind.drawn),
                s1_square: behind.raised_square,
                weight_power: behind.weight_power,
                drawn_v1: u1.dot(&behind.drawn),
                drives,
                bottom: behind.bottom(&drive, &y),
                cubic_power: residual_power(&behind, &cubic, &y),
                signal_power,
                weight: unit * unit * behind.felt * phases,
                steps: parts.adc_steps_of(&plan, group),
                output: histogram(tile, own, &behind.shares, amps, bins),
            });
        }
    }
    Ok(terms)
}

/// The cells behind the currents of one full-scale group, on average over the currents, each
/// weighted by what is felt of it; what draws current is averaged as it is.
struct Behind {
    /// Weight of each current; they sum to 1.
    shares: Vec<f64>,
    /// Objective per squared unit of error of every current, summed over them.
    felt: f64,
    /// Cells of a row.
    count: f64,
    /// How far they are raised together, by row.
    raised: Array1<f64>,
    /// Sum of the squares of how far they are raised, by row.
    square: Array1<f64>,
    /// Sum over the columns of a current of the square of how far their cells are raised together.
    raised_square: f64,
    /// Cells of a row that draw current, those of shared columns in equal shares.
    drawn_count: f64,
    /// How far these are raised together, by row.
    drawn: Array1<f64>,
    /// What the currents carry, rows × currents, in windows.
    weights: Array2<f64>,
    /// A current's part in the sum over rows of the square of what its whole output carries: an error of a
    /// row's voltage is in all currents of an output at once. It is shared by the squares of how currents count.
    weight_power: f64,
    /// The same for what the bottom of the window adds to it.
    bottom_weights: [f64; 2],
    /// Which currents nothing is subtracted from, 1 or 0.
    lone: Array1<f64>,
}

impl Behind {
    /// `felt` is the objective per squared output unit of each output.
    fn of(plan: &Plan, group: usize, cells: &Array2<f64>, felt: ArrayView1<'_, f64>) -> Self {
        let senses = &plan.senses[plan.senses_of_group(group)];
        let columns = |sense: &Sense| [Some(sense.plus), sense.minus].into_iter().flatten();
        let mut uses = vec![0.0; cells.ncols()];
        plan.senses.iter().flat_map(columns).for_each(|column| uses[column] += 1.0);
        let equal = 1.0 / senses.len() as f64;
        let each: Vec<f64> =
            senses.iter().map(|s| felt[s.output] * (s.weight * s.weight) as f64).collect();
        let felt: f64 = each.iter().sum();
        let share = |own: f64| if felt > 0.0 { own / felt } else { equal };
        let shares: Vec<f64> = each.into_iter().map(share).collect();
        // Every column of a current with the weight of the current.
        let weighted: Vec<(usize, f64)> = senses
            .iter()
            .zip(&shares)
            .flat_map(|(sense, &share)| columns(sense).map(move |column| (column, share)))
            .collect();
        let drawing: Vec<(usize, f64)> =
            senses.iter().flat_map(columns).map(|column| (column, equal / uses[column])).collect();
        let by_row = |columns: &[(usize, f64)], f: fn(f64) -> f64| -> Array1<f64> {
            let row = |row: ArrayView1<'_, f64>| {
                columns.iter().map(|&(column, share)| share * f(row[column])).sum::<f64>()
            };
            cells.rows().into_iter().map(row).collect()
        };
        let sums = cells.sum_axis(Axis(0));
        let raised_square = senses.iter().zip(&shares).map(|(sense, share)| {
            share * columns(sense).map(|column| sums[column].powi(2)).sum::<f64>()
        });
        let all = plan.combine(cells.view(), -1.0);
        // What outputs carry, how often they count the bottom of the window, and the squares by which
        // their currents count.
        let mut whole = Array2::<f64>::zeros((cells.nrows(), plan.outputs()));
        let (mut bottoms, mut squares) = (vec![0.0; plan.outputs()], vec![0.0; plan.outputs()]);
        let lone = |sense: &Sense| if sense.minus.is_none() { 1.0 } else { 0.0 };
        for (own, sense) in all.columns().into_iter().zip(&plan.senses) {
            let weight = sense.weight as f64;
            whole.column_mut(sense.output).scaled_add(weight, &own);
            bottoms[sense.output] += weight * lone(sense);
            squares[sense.output] += weight * weight;
        }
        let rows = cells.nrows() as f64;
        let mut powers = [0.0; 3];
        for (sense, share) in senses.iter().zip(&shares) {
            let (whole, bottom) = (whole.column(sense.output), bottoms[sense.output]);
            let own = share / squares[sense.output];
            powers[0] += own * whole.dot(&whole);
            powers[1] += own * 2.0 * bottom * whole.sum();
            powers[2] += own * rows * bottom * bottom;
        }
        let weights = all.slice_move(s![.., plan.senses_of_group(group)]);
        Self {
            felt,
            weight_power: powers[0],
            bottom_weights: [powers[1].max(0.0), powers[2]],
            lone: senses.iter().map(lone).collect(),
            count: weighted.iter().map(|(_, share)| share).sum(),
            raised: by_row(&weighted, |cell| cell),
            square: by_row(&weighted, |cell| cell * cell),
            raised_square: raised_square.sum(),
            drawn_count: drawing.iter().map(|(_, share)| share).sum(),
            drawn: by_row(&drawing, |cell| cell),
            weights,
            shares,
        }
    }

    /// What the bottom of the window adds, for drives (samples × rows) and what they carry `y`
    /// (samples × currents).
    fn bottom(&self, drive: &ArrayView2<'_, f64>, y: &Array2<f64>) -> Bottom {
        let driven = drive.sum_axis(Axis(1)).insert_axis(Axis(1));
        let bottom = driven.dot(&self.lone.view().insert_axis(Axis(0)));
        let crossed = 2.0 * self.mean(&(y * &bottom), |product| product);
        Bottom {
            signal: [crossed.max(0.0), self.mean(&bottom, |s| s * s)],
            weights: self.bottom_weights,
        }
    }

    /// Average over the currents of each row of `values` (rows × currents).
    fn mean_over_currents(&self, values: &Array2<f64>) -> Array1<f64> {
        values.dot(&Array1::from_vec(self.shares.clone()))
    }

    /// Average of `f` over samples and currents of `values` (samples × currents).
    fn mean(&self, values: &Array2<f64>, f: fn(f64) -> f64) -> f64 {
        self.mean_over_currents(&values.mapv(f)).sum() / values.nrows() as f64
    }
}

/// Mean power of what is left of `cubic` after its best linear fit on `y`.
fn residual_power(behind: &Behind, cubic: &Array2<f64>, y: &Array2<f64>) -> f64 {
    let square = |y: f64| y * y;
    let (cc, yy) = (behind.mean(cubic, square), behind.mean(y, square));
    let cy = behind.mean(&(cubic * y), |product| product);
    let explained = if yy > 0.0 { cy * cy / yy } else { 0.0 };
    (cc - explained).max(0.0)
}

/// Magnitudes of currents of a tile over `amps`, each widened by its own Gaussian noise and counted
/// with the share of its column.
fn histogram(
    tile: &TileCurrents,
    own: Range<usize>,
    shares: &[f64],
    amps: f64,
    bins: usize,
) -> Histogram {
    let currents = || {
        tile.phases.iter().flat_map(|phase| {
            let (ideal_a, sigma_a) = (
                phase.ideal_a.slice(s![.., own.clone()]),
                phase.sigma_a.slice(s![.., own.clone()]),
            );
            ideal_a.into_iter().copied().zip(sigma_a.into_iter().copied())
        })
    };
    let reach = HERMITE[HERMITE.len() - 1].0;
    let top = currents().map(|(i, s)| i.abs() + reach * s).fold(0.0, f64::max);
    let top = top / amps * (1.0 + 1e-9);
    let (mut mass, mut moment) = (vec![0.0; bins], vec![0.0; bins]);
    // Currents follow each other sample by sample.
    for ((i, sigma), share) in currents().zip(shares.iter().cycle()) {
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
