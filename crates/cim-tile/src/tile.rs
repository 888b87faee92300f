//! The datapath of one tile: the one place where mapping, converters and crossbar meet.

use std::ops::Range;
use std::sync::Arc;

use cim_adc::{Adc, Dac, Phase, Placed, Polarity};
use cim_core::{Scratch, Seconds, Stream, Tally};
use cim_crossbar::{CircuitError, Crossbar, Readout, Steps};
use cim_device::Compensation;
use ndarray::{Array1, Array2, ArrayView1};

use crate::front_end::Sampled;
use crate::mapping::{Plan, Sense};

mod pace;
mod seen;

pub use pace::Paces;
pub use seen::Seen;

/// One programmed array with its output converters.
///
/// It keeps the array, from which it is compiled once more for another time; products use what was
/// compiled alone.
#[derive(Clone)]
pub struct Tile {
    array: Arc<Crossbar>,
    readout: Arc<Readout>,
    /// Amplifiers and drivers of this tile of this chip.
    front_end: Sampled,
    plan: Arc<Plan>,
    /// The currents that share a converter's range, in the order of the plan.
    groups: Vec<Group>,
    /// Output units per volt of summed drive that are subtracted from each output, for those to
    /// which something other than 0 stands for zero.
    zeros: Vec<(usize, f32)>,
    /// Output units that are added to every output whatever the drive; empty where there are none.
    constants: Vec<f32>,
    /// Input converters.
    dac: Dac,
    /// Output units per ampere of a current of weight 1.
    output_per_amp: f64,
    /// Output units per ADC code of every sensed current as designed.
    output_per_code: Vec<f64>,
    /// The same, times its factor against drift.
    gains: Vec<f32>,
    /// Address of all reads.
    reads: Stream,
    /// Address of the reads at this age.
    at: Stream,
}

/// Sensed currents that are converted by one converter.
#[derive(Clone)]
struct Group {
    senses: Range<usize>,
    adc: Arc<dyn Adc>,
    /// Whether its `k`-th current adds to output `k`, for all of them.
    in_order: bool,
}

/// How rows are driven in one phase of a batch.
#[derive(Clone, Copy, Debug)]
pub struct Drive<'a> {
    /// Vectors.
    pub batch: usize,
    /// Codes of the converters, batch × rows; for tiles that [look](Tile::takes_codes) at them.
    pub codes: &'a [f32],
    /// Whole numbers that the phase is to drive the rows with, batch × rows made
    /// [even](cim_core::IntegerMatrix::padded); for tiles that [take](Tile::takes_steps) them.
    pub driven: &'a [i16],
    /// The voltages that these are (V), batch × rows; for tiles that [look](Tile::takes_volts) at them.
    pub row_v: &'a [f32],
    /// The phase.
    pub phase: Phase,
    /// Its number.
    pub phase_idx: usize,
}

/// One of several tiles of the same cells, and where it adds what it senses.
pub(crate) struct Share<'a> {
    /// The tile.
    pub tile: &'a Tile,
    /// Outputs, rows of a stride that all of them share.
    pub y: &'a mut [f32],
    /// What happens in its converters.
    pub tally: &'a mut Tally,
}

/// What turns the currents of a tile into numbers.
pub(crate) struct Conversion<'a> {
    /// One converter for each full-scale group of the plan.
    pub adcs: Vec<Box<dyn Adc>>,
    /// Output units per ampere of a current of weight 1.
    pub output_per_amp: f64,
    /// Conductance (S) that stands for zero in each sensed current ([`Plan::zeros`]), times the
    /// effective volts per volt of drive.
    pub zeros_s: &'a [f64],
    /// Output units that are added to every output, once per product; may be empty.
    pub constants: &'a [f32],
    /// Amplifiers and drivers.
    pub front_end: Sampled,
}

impl Tile {
    /// Joins a programmed array, whose rows are driven by `dac`, with its converters. Read noise
    /// is drawn below `at`.
    ///
    /// # Errors
    /// [`CircuitError::Column`] if the plan senses a column that the array does not have.
    pub(crate) fn new(
        array: Crossbar,
        plan: Arc<Plan>,
        dac: Dac,
        conversion: Conversion<'_>,
        at: Stream,
    ) -> Result<Self, CircuitError> {
        let groups = groups(&plan, conversion.adcs);
        let front_end = conversion.front_end;
        let readout = compile(&array, &plan, dac, &groups, &front_end)?;
        let output_per_amp = conversion.output_per_amp;
        let output_per_code = output_per_code(&plan, &groups, output_per_amp);
        let gains = output_per_code.iter().map(|gain| *gain as f32).collect();
        let zeros = zeros(&plan, output_per_amp, conversion.zeros_s);
        let constants = conversion.constants.to_vec();
        let (reads, at) = (at, read_at(at, array.elapsed()));
        Ok(Self {
            array: Arc::new(array),
            readout,
            front_end,
            plan,
            groups,
            zeros,
            constants,
            dac,
            output_per_amp,
            output_per_code,
            gains,
            reads,
            at,
        })
    }

    /// The same cells and drivers with other converters, one for each full-scale group of the plan, and
    /// without factors against drift.
    ///
    /// # Panics
    /// If there is not one for each.
    pub(crate) fn with_converters(&self, adcs: Vec<Box<dyn Adc>>) -> Self {
        let groups = groups(&self.plan, adcs);
        let noise = |groups: &[Group]| groups.first().map(|group| group.adc.input_noise());
        let readout = if noise(&groups) == noise(&self.groups) {
            self.readout.clone()
        } else {
            let readout = compile(&self.array, &self.plan, self.dac, &groups, &self.front_end);
            readout.expect("compiled before")
        };
        let output_per_code = output_per_code(&self.plan, &groups, self.output_per_amp);
        let gains = output_per_code.iter().map(|gain| *gain as f32).collect();
        Self { readout, groups, output_per_code, gains, ..self.clone() }
    }

    /// Whether placed converters are as many as its groups, each with one ladder for all currents of its group or one
    /// for each.
    pub(crate) fn takes(&self, placed: &[Placed]) -> bool {
        let fits = |(group, placed): (&Group, &Placed)| {
            [1, group.senses.len()].contains(&placed.ladders())
        };
        placed.len() == self.groups.len() && self.groups.iter().zip(placed).all(fits)
    }

    /// Whether products are of the whole numbers that rows are driven with.
    pub fn takes_steps(&self) -> bool {
        self.readout.takes_steps()
    }

    /// Whether the voltages of rows matter by themselves: for products of single precision, and for what is subtracted
    /// digitally.
    pub fn takes_volts(&self) -> bool {
        !self.takes_steps() || !self.zeros.is_empty()
    }

    /// Whether codes matter by themselves: for drivers that are not ideal.
    pub fn takes_codes(&self) -> bool {
        self.front_end.rows.is_some()
    }

    /// The programmed array.
    pub fn array(&self) -> &Crossbar {
        &self.array
    }

    /// The currents that are sensed, and how they add to outputs.
    pub fn senses(&self) -> &[Sense] {
        &self.plan.senses
    }

    /// Its converters, one for each full-scale group, with what this chip's are off by.
    pub fn converters(&self) -> impl Iterator<Item = &dyn Adc> {
        self.groups.iter().map(|group| group.adc.as_ref())
    }

    /// The same tile read once more: equal cells, converters and drivers, and noise of its own for every
    /// `reading`. Reading 0 is the tile itself.
    #[must_use]
    pub fn read_again(&self, reading: u64) -> Self {
        if reading == 0 {
            return self.clone();
        }
        let reads = self.reads.child("reading", reading);
        Self { reads, at: read_at(reads, self.array.elapsed()), ..self.clone() }
    }

    /// The same tile `elapsed` after it was programmed ([`Crossbar::aged`]), with the factors
    /// against drift that it has. Reads at another time draw other noise.
    ///
    /// # Errors
    /// [`CircuitError`] for a time that cannot be or at which nothing is known of the device.
    pub fn aged(&self, elapsed: Seconds) -> Result<Self, CircuitError> {
        let array = self.array.aged(elapsed)?;
        if array.elapsed() == self.array.elapsed() {
            return Ok(self.clone());
        }
        let readout = compile(&array, &self.plan, self.dac, &self.groups, &self.front_end)?;
        let array = Arc::new(array);
        Ok(Self { array, readout, at: read_at(self.reads, elapsed), ..self.clone() })
    }

    /// Strengths of the sensed currents (A), measured by driving one row after the other with the
    /// largest voltage.
    ///
    /// Every probe is one read, with the read noise of the cells, the thermal noise and the noise of
    /// the drivers of that moment, through the amplifiers of the columns. What the measuring converter adds is the noise of the compensation: it has a range of
    /// its own, as a lone cell would hardly move a converter that is made for sums of rows.
    pub fn strengths(&self, compensation: &Compensation) -> Array1<f64> {
        let at = self.at.child("probe", 0);
        let sensed = self.plan.sensed();
        let readout = Readout::through(&self.array, &sensed, &self.front_end.amplifiers, 0.0);
        let readout = readout.expect("compiled before");
        let (rows, senses) = readout.shape();
        let mut probes = vec![0.0; rows * rows];
        probes.iter_mut().step_by(rows + 1).for_each(|v| *v = self.dac.read_voltage().0 as f32);
        let mut sensed_a = vec![0.0; rows * senses];
        let (read_at, scratch) = (at.child("read", 0), &mut Scratch::default());
        if let Some(drivers) = &self.front_end.rows {
            drivers.add_noise(&mut probes, at.child("drivers", 0), scratch);
        }
        readout.currents(&probes, rows, read_at, &mut sensed_a, scratch);
        let outputs = sensed_a.into_iter().map(f64::from).collect();
        let outputs = Array2::from_shape_vec((rows, senses), outputs).expect("rows × senses");
        compensation.strengths_a(outputs.view(), at.child("measure", 0))
    }

    /// The same tile with a factor for every sensed current in its digital output, in place of the
    /// factors that it had.
    pub fn with_factors(self, factors: ArrayView1<'_, f64>) -> Self {
        assert_eq!(factors.len(), self.plan.senses.len(), "one factor per sensed current");
        let gains = self.output_per_code.iter().zip(factors);
        let gains = gains.map(|(per_code, factor)| (per_code * factor) as f32).collect();
        Self { gains, ..self }
    }

    /// Adds what one phase contributes to `x · W` of each of several tiles of the same cells, which are driven and sensed
    /// once for all of their converters, to their outputs, whose rows are `y_stride` apart.
    ///
    /// Rows get the voltages of the phase, or what the drivers of this tile make of its codes; what is
    /// subtracted digitally follows the codes. Noise, converter and sum follow the product block by
    /// block, while a block is in the first-level cache.
    ///
    /// # Panics
    /// If they are not one tile [with other converters](Self::with_converters) of the same noise.
    pub(crate) fn accumulate_each(
        shares: &mut [Share<'_>],
        y_stride: usize,
        drive: Drive<'_>,
        call: u64,
        scratch: &mut Scratch,
    ) {
        let Some(Share { tile, .. }) = shares.first() else { return };
        let tile = *tile;
        let same = |share: &Share<'_>| Arc::ptr_eq(&share.tile.readout, &tile.readout);
        assert!(shares.iter().all(same), "tiles of the same cells");
        let (_, senses) = tile.readout.shape();
        let Drive { batch, driven: steps, row_v: wanted_v, phase, phase_idx, .. } = drive;
        let mut sensed_a = scratch.take(batch * senses);
        let at = tile.at.child("call", call).child("phase", phase_idx as u64);
        let driven = tile.driven_v(drive, at.child("drivers", 0), scratch);
        let mut codes = scratch.take_codes(batch * senses);
        let convert = |first: usize, sensed_a: &[f32]| {
            let codes = &mut codes[..sensed_a.len()];
            for Share { tile, y, tally } in &mut *shares {
                let y = &mut y[first * y_stride..];
                tile.convert(phase.factor as f32, sensed_a, codes, (y, y_stride), tally);
            }
        };
        if tile.takes_steps() {
            tile.readout.sense_steps(steps, at, &mut sensed_a, scratch, convert);
        } else {
            let row_v = driven.as_deref().unwrap_or(wanted_v);
            tile.readout.sense(row_v, batch, at, &mut sensed_a, scratch, convert);
        }
        // The same for all of them: what stands for zero is of the cells.
        let drive_v = tile.drives_of_zeros(phase.factor as f32, wanted_v, scratch);
        for Share { tile, y, .. } in shares {
            tile.add_what_is_known(phase_idx, &drive_v, (&mut y[..], y_stride), batch);
        }
        scratch.give(drive_v);
        driven.into_iter().for_each(|row_v| scratch.give(row_v));
        scratch.give_codes(codes);
        scratch.give(sensed_a);
    }

    /// Voltages of rows (V) where drivers are not ideal, with the noise that they draw at `at`: a buffer of `scratch`.
    fn driven_v(&self, drive: Drive<'_>, at: Stream, scratch: &mut Scratch) -> Option<Vec<f32>> {
        let drivers = self.front_end.rows.as_ref()?;
        let mut row_v = scratch.take(drive.codes.len());
        drive.phase.drive(drive.codes, &mut row_v);
        drivers.drive(&mut row_v, at, scratch);
        Some(row_v)
    }

    /// Converts sensed currents (A, vectors × senses) and adds their codes to `y`.
    fn convert(
        &self,
        factor: f32,
        sensed_a: &[f32],
        codes: &mut [i32],
        (y, y_stride): (&mut [f32], usize),
        tally: &mut Tally,
    ) {
        let senses = self.plan.senses.len();
        match self.groups.as_slice() {
            [group] => {
                group.adc.convert(sensed_a, codes, tally);
                self.sum(group, factor, codes, y, y_stride);
            }
            groups => {
                let vectors = sensed_a.chunks_exact(senses).zip(codes.chunks_exact_mut(senses));
                for ((sensed_a, codes), y) in vectors.zip(y.chunks_mut(y_stride)) {
                    for group in groups {
                        let own = group.senses.clone();
                        let codes = &mut codes[own.clone()];
                        group.adc.convert(&sensed_a[own], codes, tally);
                        self.sum(group, factor, codes, y, y_stride);
                    }
                }
            }
        }
    }

    /// Summed voltages of every vector (V) times the factor of their phase, a buffer of `scratch`; none where nothing
    /// stands for zero.
    fn drives_of_zeros(&self, factor: f32, row_v: &[f32], scratch: &mut Scratch) -> Vec<f32> {
        let (rows, _) = self.readout.shape();
        let mut drive_v = scratch.take(if self.zeros.is_empty() { 0 } else { row_v.len() / rows });
        for (drive_v, row_v) in drive_v.iter_mut().zip(row_v.chunks_exact(rows)) {
            *drive_v = factor * row_v.iter().sum::<f32>();
        }
        drive_v
    }

    /// Subtracts from `y` what stands for zero under the summed voltages of a phase (V, one a vector; of tiles where
    /// something does), and adds what is added once for every product.
    fn add_what_is_known(
        &self,
        phase_idx: usize,
        drive_v: &[f32],
        (y, y_stride): (&mut [f32], usize),
        vectors: usize,
    ) {
        if !self.zeros.is_empty() {
            for (drive_v, y) in drive_v.iter().zip(y.chunks_mut(y_stride)) {
                self.zeros.iter().for_each(|&(output, zero)| y[output] -= zero * drive_v);
            }
        }
        if phase_idx == 0 && !self.constants.is_empty() {
            for y in y.chunks_mut(y_stride).take(vectors) {
                y.iter_mut().zip(&self.constants).for_each(|(y, constant)| *y += constant);
            }
        }
    }

    fn sum(&self, group: &Group, factor: f32, codes: &[i32], y: &mut [f32], y_stride: usize) {
        let gains = &self.gains[group.senses.clone()];
        if group.in_order {
            pulp::Arch::new().dispatch(Sum { factor, gains, codes, y, y_stride });
            return;
        }
        let senses = &self.plan.senses[group.senses.clone()];
        for (codes, y) in codes.chunks_exact(senses.len()).zip(y.chunks_mut(y_stride)) {
            for ((sense, &code), gain) in senses.iter().zip(codes).zip(gains) {
                y[sense.output] += gain * (factor * code as f32);
            }
        }
    }
}

/// Output units per code of every sensed current.
fn output_per_code(plan: &Plan, groups: &[Group], output_per_amp: f64) -> Vec<f64> {
    let mut output_per_code = Vec::with_capacity(plan.senses.len());
    for group in groups {
        let per_code = output_per_amp * group.adc.step().0;
        let senses = &plan.senses[group.senses.clone()];
        output_per_code.extend(senses.iter().map(|sense| per_code * sense.weight as f64));
    }
    output_per_code
}

/// The full-scale groups of a plan with their converters.
fn groups(plan: &Plan, adcs: Vec<Box<dyn Adc>>) -> Vec<Group> {
    let mut first = 0;
    let of = |(group, adc): (usize, Box<dyn Adc>)| {
        let own = plan.senses[first..].iter().take_while(|s| s.full_scale_group == group).count();
        let senses = first..first + own;
        first = senses.end;
        let in_order = plan.senses[senses.clone()].iter().enumerate().all(|(k, s)| s.output == k);
        Group { senses, adc: adc.into(), in_order }
    };
    let groups = adcs.into_iter().enumerate().map(of).collect();
    assert_eq!(first, plan.senses.len(), "one converter for each group, groups in order");
    groups
}

/// Output units per volt of summed drive that stand for zero, by output.
fn zeros(plan: &Plan, output_per_amp: f64, zeros_s: &[f64]) -> Vec<(usize, f32)> {
    let mut sums = vec![0.0; plan.outputs()];
    for (sense, zero_s) in plan.senses.iter().zip(zeros_s) {
        sums[sense.output] += sense.weight as f64 * zero_s * output_per_amp;
    }
    let some = sums.into_iter().enumerate().filter(|(_, zero)| *zero != 0.0);
    some.map(|(output, zero)| (output, zero as f32)).collect()
}

fn compile(
    array: &Crossbar,
    plan: &Plan,
    dac: Dac,
    groups: &[Group],
    front_end: &Sampled,
) -> Result<Arc<Readout>, CircuitError> {
    // All converters of a tile are of one kind.
    let noise_variance = groups.first().map_or(0.0, |group| group.adc.input_noise().0.powi(2));
    let readout = Readout::through(array, &plan.sensed(), &front_end.amplifiers, noise_variance)?;
    let readout = readout.driven_within(front_end.largest(dac.read_voltage()));
    let ideal = front_end.rows.is_none();
    Ok(Arc::new(if ideal { readout.driven_in(steps(dac)) } else { readout }))
}

/// What ideal drivers put on rows.
fn steps(dac: Dac) -> Steps {
    let most = dac.top_driven();
    let least = if dac.polarity() == Polarity::Bipolar { -most } else { 0 };
    Steps { step: dac.voltage(1.0), least, most }
}

/// Reads of a chip of another age are other reads.
fn read_at(reads: Stream, elapsed: Seconds) -> Stream {
    if elapsed == Seconds::ZERO { reads } else { reads.child("age", elapsed.0.to_bits()) }
}

/// Adds rows of codes, each with its gain, to rows that are `y_stride` apart.
struct Sum<'a> {
    factor: f32,
    gains: &'a [f32],
    codes: &'a [i32],
    y: &'a mut [f32],
    y_stride: usize,
}

impl pulp::NullaryFnOnce for Sum<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let rows = self.codes.chunks_exact(self.gains.len()).zip(self.y.chunks_mut(self.y_stride));
        for (codes, y) in rows {
            for ((y, &code), gain) in y.iter_mut().zip(codes).zip(self.gains) {
                *y += gain * (self.factor * code as f32);
            }
        }
    }
}
