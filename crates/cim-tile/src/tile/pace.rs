//! How long the parts of a tile's datapath take, each by itself.

use std::ops::AddAssign;

use cim_core::{Scratch, Tally};

use super::{Drive, Tile};

/// Times of the parts of a datapath (s).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Paces {
    /// Inputs to codes, codes to row voltages.
    pub drive: f64,
    /// Voltages to currents: the matrix product.
    pub product: f64,
    /// Variances of currents, and one Gaussian each.
    pub noise: f64,
    /// Currents to codes.
    pub converter: f64,
    /// Codes onto outputs.
    pub sum: f64,
}

impl Paces {
    /// All of them, by name, in the order of the datapath.
    pub fn parts(&self) -> [(&'static str, f64); 5] {
        let Self { drive, product, noise, converter, sum } = *self;
        [
            ("drive", drive),
            ("product", product),
            ("noise", noise),
            ("converter", converter),
            ("sum", sum),
        ]
    }

    /// For `factor` times as much work.
    #[must_use]
    pub fn times(self, factor: f64) -> Self {
        let [drive, product, noise, converter, sum] = self.parts().map(|(_, time)| factor * time);
        Self { drive, product, noise, converter, sum }
    }
}

impl AddAssign for Paces {
    fn add_assign(&mut self, other: Self) {
        self.drive += other.drive;
        self.product += other.product;
        self.noise += other.noise;
        self.converter += other.converter;
        self.sum += other.sum;
    }
}

impl Tile {
    /// What [`accumulate_each`](Self::accumulate_each) does, part after part for the whole batch instead of block by
    /// block, with the time of each by `clock`. The noise is what currents take beyond their product.
    pub(crate) fn pace(
        &self,
        drive: Drive<'_>,
        (y, y_stride): (&mut [f32], usize),
        clock: &dyn Fn() -> f64,
        scratch: &mut Scratch,
    ) -> Paces {
        let mut paces = Paces::default();
        let (_, senses) = self.readout.shape();
        let Drive { batch, driven: steps, row_v: wanted_v, phase, .. } = drive;
        let (at, factor) = (self.at.child("pace", 0), phase.factor as f32);
        let mut sensed_a = scratch.take(batch * senses);
        let mut last = clock();
        let mut lap = || {
            let now = clock();
            now - std::mem::replace(&mut last, now)
        };
        let driven = self.driven_v(drive, at.child("drivers", 0), scratch);
        let row_v = driven.as_deref().unwrap_or(wanted_v);
        paces.drive = lap();
        if self.takes_steps() {
            self.readout.steady_steps(steps, &mut sensed_a, scratch);
            paces.product = lap();
            self.readout.sense_steps(steps, at, &mut sensed_a, scratch, |_, _| {});
        } else {
            self.readout.steady_currents(row_v, batch, &mut sensed_a, scratch);
            paces.product = lap();
            self.readout.currents(row_v, batch, at, &mut sensed_a, scratch);
        }
        paces.noise = (lap() - paces.product).max(0.0);
        let (mut codes, mut tally) = (scratch.take_codes(batch * senses), Tally::default());
        self.codes_of(&sensed_a, &mut codes, &mut tally);
        paces.converter = lap();
        match self.groups.as_slice() {
            [group] => self.sum(group, factor, &codes, y, y_stride),
            groups => {
                for (codes, y) in codes.chunks_exact(senses).zip(y.chunks_mut(y_stride)) {
                    for group in groups {
                        self.sum(group, factor, &codes[group.senses.clone()], y, y_stride);
                    }
                }
            }
        }
        let drive_v = self.drives_of_zeros(factor, wanted_v, scratch);
        self.add_what_is_known(drive.phase_idx, &drive_v, (y, y_stride), batch);
        scratch.give(drive_v);
        paces.sum = lap();
        driven.into_iter().for_each(|row_v| scratch.give(row_v));
        scratch.give_codes(codes);
        scratch.give(sensed_a);
        paces
    }
}
