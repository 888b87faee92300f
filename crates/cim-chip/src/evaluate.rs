//! How well a network answers on chips, as often as is asked.

use std::sync::Mutex;

use cim_core::{MatMul, Scratch, Seconds, Stream, Tally};
use cim_device::Compensation;
use cim_tile::{Grid, Strengths, TileError};
use ndarray::{ArrayView2, ArrayViewMut2};

use crate::chips::ChipBlueprint;
use crate::design::ChipDesign;
use crate::error::ChipError;
use crate::held::HeldChip;
use crate::intervals::{Estimate, estimate};
use crate::mapped::Mapped;
use crate::reference::Reference;
use crate::task::Task;

/// How many chips are made.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Chips {
    /// At most so many.
    pub most: usize,
    /// Enough once the 95 % interval is this narrow (half its width), but not before
    /// [`LEAST`](Self::LEAST) chips; left out, `most` chips are made.
    pub until: Option<f64>,
}

/// When and how chips are looked at.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// Time since programming.
    pub after: Seconds,
    /// How drift is compensated, if it is.
    pub compensation: Option<Compensation>,
}

/// How well a network answers on chips of one design.
#[derive(Clone, Debug)]
pub struct Evaluated {
    /// Score of each chip.
    pub scores: Vec<f64>,
    /// Mean squared error of the outputs against the same weights computed digitally, per unit
    /// signal power, of each chip.
    pub output_mse: Vec<f64>,
    /// Counts of each product, over all chips.
    pub products: Vec<Tally>,
    /// Counts over all chips.
    pub tally: Tally,
}

impl Chips {
    /// Chips that are made before an interval is believed.
    pub const LEAST: usize = 10;

    /// Exactly so many.
    pub const fn exactly(chips: usize) -> Self {
        Self { most: chips, until: None }
    }

    fn is_enough(self, scores: &[f64]) -> bool {
        let narrow = |until| Self::LEAST <= scores.len() && estimate(scores).ci95 <= until;
        self.most <= scores.len() || self.until.is_some_and(narrow)
    }
}

impl Evaluated {
    /// Mean score with its interval over chips.
    pub fn score(&self) -> Estimate {
        estimate(&self.scores)
    }

    fn nothing(design: &ChipDesign) -> Self {
        Self {
            scores: Vec::new(),
            output_mse: Vec::new(),
            products: vec![Tally::default(); design.layers.len()],
            tally: Tally::default(),
        }
    }

    /// Adds what `task` scores on one chip after the other, which `grids` makes by their number.
    fn run(
        mut self,
        network: &impl Mapped,
        (task, reference): (&Task, &Reference),
        chips: Chips,
        tick: impl Fn(&Self),
        mut grids: impl FnMut(u64, &mut Tally) -> Result<Vec<Grid>, ChipError>,
    ) -> Result<Self, ChipError> {
        while !chips.is_enough(&self.scores) {
            let grids = grids(self.scores.len() as u64, &mut self.tally)?;
            let counted: Vec<Counted<'_>> = grids.iter().map(Counted::new).collect();
            let (outputs, tally) = network.outputs(&counted, task.samples())?;
            self.tally += tally;
            for (sum, counted) in self.products.iter_mut().zip(counted) {
                *sum += counted.tally.into_inner().expect("no product panics");
            }
            self.scores.push(task.score(outputs.view())?);
            self.output_mse.push(reference.error_of(&outputs));
            tick(&self);
        }
        Ok(self)
    }
}

/// Programs chips of a design, lets them grow as old as `moment` says and runs `task` on each. Chip
/// `k` draws below `at.child("chip", k)` whatever the design, so that designs are compared pairwise;
/// `tick` is handed what is known after each chip.
///
/// # Errors
/// [`ChipError::Tile`] for what cannot be programmed or times at which nothing is known of the
/// device; errors of the network and of the task.
pub fn evaluate(
    design: &ChipDesign,
    network: &impl Mapped,
    asked: (&Task, &Reference),
    moment: &Moment,
    chips: Chips,
    at: Stream,
    tick: impl Fn(&Evaluated),
) -> Result<Evaluated, ChipError> {
    let mut found = Evaluated::nothing(design);
    let blueprint = ChipBlueprint::of(design, network, &mut found.tally)?;
    found.run(network, asked, chips, tick, |chip, tally| {
        moment.grids(&blueprint, at.child("chip", chip), tally)
    })
}

/// Runs `task` on the one chip whose cells hold what was measured, as often as `readings` says: cells,
/// drivers and converters are the same every time, the noise of reads is not. Reading 0 draws as chip 0 of
/// [`evaluate`] does, so that conductances taken from it give its score, to the bit.
///
/// # Errors
/// [`ChipError::Held`] for what was measured on another chip or cannot be; otherwise as [`evaluate`].
pub fn evaluate_held(
    design: &ChipDesign,
    network: &impl Mapped,
    asked: (&Task, &Reference),
    held: &HeldChip,
    readings: Chips,
    at: Stream,
    tick: impl Fn(&Evaluated),
) -> Result<Evaluated, ChipError> {
    let mut found = Evaluated::nothing(design);
    let blueprint = ChipBlueprint::of(design, network, &mut found.tally)?;
    let chip = blueprint.hold(held, at.child("chip", 0), &mut found.tally)?;
    found.run(network, asked, readings, tick, |reading, _| {
        Ok(chip.iter().map(|grid| grid.read_again(reading)).collect())
    })
}

impl Moment {
    /// Right after programming.
    pub const FRESH: Self = Self { after: Seconds::ZERO, compensation: None };

    /// Programs the chip at `at` and lets it grow older, one grid for each product.
    ///
    /// # Errors
    /// [`ChipError::Tile`] for what cannot be programmed, or a time that cannot be.
    pub fn grids(
        &self,
        blueprint: &ChipBlueprint<'_>,
        at: Stream,
        tally: &mut Tally,
    ) -> Result<Vec<Grid>, ChipError> {
        let fresh = blueprint.program(at, tally)?;
        if self.after == Seconds::ZERO {
            return Ok(fresh);
        }
        let older = |grid: &Grid| -> Result<Grid, TileError> {
            let aged = grid.aged(self.after)?;
            let Some(compensation) = &self.compensation else { return Ok(aged) };
            let first: Strengths = grid.strengths(compensation);
            aged.compensated(compensation, &first)
        };
        Ok(fresh.iter().map(older).collect::<Result<Vec<_>, _>>()?)
    }
}

/// A product that keeps its own counts, too.
struct Counted<'a> {
    grid: &'a Grid,
    tally: Mutex<Tally>,
}

impl<'a> Counted<'a> {
    fn new(grid: &'a Grid) -> Self {
        Self { grid, tally: Mutex::default() }
    }
}

impl MatMul for Counted<'_> {
    fn shape(&self) -> (usize, usize) {
        self.grid.shape()
    }

    fn apply(
        &self,
        x: ArrayView2<'_, f32>,
        call: u64,
        y: ArrayViewMut2<'_, f32>,
        scratch: &mut Scratch,
        tally: &mut Tally,
    ) {
        let mut own = Tally::default();
        self.grid.apply(x, call, y, scratch, &mut own);
        *tally += own;
        // Counts add up exactly, in any order.
        *self.tally.lock().expect("no product panics") += own;
    }
}
