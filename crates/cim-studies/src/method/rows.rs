//! One row over all networks.

use cim_chip::{Measured, Reference, Task, measure};
use cim_core::{Stream, Tally};
use cim_nn::Network;
use cim_report::Estimate;
use cim_tile::{EnergyParts, EnergySpec};

use crate::error::StudyError;
use crate::method::candidate::Candidate;
use crate::shared::estimates::{nested, nested_paired, over_networks};

/// What a row measured, network by network.
#[derive(Clone, Debug)]
pub struct Row {
    /// Its name there.
    pub name: &'static str,
    /// Epochs of its networks beyond those of the digital ones.
    pub further_epochs: usize,
    /// Each network on its chips.
    pub networks: Vec<OnChips>,
    /// Accuracy on the held-out images, mean over networks, where it was asked for.
    pub holdout: Option<f64>,
}

/// The test set, with what networks that were asked before say of it as numbers: rows share networks.
pub struct Asked<'a> {
    task: &'a Task,
    known: Vec<(&'a Network, Reference)>,
}

impl<'a> Asked<'a> {
    /// Nobody was asked yet.
    pub fn new(task: &'a Task) -> Self {
        Self { task, known: Vec::new() }
    }

    /// What is asked, and what `network` says.
    fn of(&mut self, network: &'a Network) -> Result<(&'a Task, &Reference), StudyError> {
        let known = self.known.iter().position(|(known, _)| *known == network);
        let place = match known {
            Some(place) => place,
            None => {
                self.known.push((network, Reference::of(network, self.task)?));
                self.known.len() - 1
            }
        };
        Ok((self.task, &self.known[place].1))
    }
}

/// One network of a row.
#[derive(Clone, Debug)]
pub struct OnChips {
    /// What its chips measured.
    pub measured: Measured,
    /// Energy of an inference.
    pub energy: EnergyParts,
    /// Read voltage (V).
    pub read_voltage_v: f64,
}

impl OnChips {
    /// Measures a candidate on `chips` chips below `at`.
    pub fn of<'a>(
        candidate: &'a Candidate,
        test: &mut Asked<'a>,
        chips: usize,
        at: Stream,
        prices: &EnergySpec,
        tick: impl Fn(),
    ) -> Result<Self, StudyError> {
        let Candidate { network, design, inputs } = candidate;
        let at = at.child("evaluate", 0);
        Ok(Self {
            measured: measure(design, network, test.of(network)?, chips, at, tick)?,
            energy: design.energy(network, inputs, prices)?,
            read_voltage_v: design.parts.read_voltage.0,
        })
    }
}

impl Row {
    /// Mean accuracy with its interval over networks.
    pub fn accuracy(&self) -> Estimate {
        nested(&self.accuracies())
    }

    /// Accuracy minus that of `other` on the same chips of the same networks.
    pub fn minus(&self, other: &Self) -> Estimate {
        nested_paired(&self.accuracies(), &other.accuracies())
    }

    /// Mean accuracy of each network.
    pub fn means(&self) -> Vec<f64> {
        let of = |chips: &Vec<f64>| chips.iter().sum::<f64>() / chips.len() as f64;
        self.accuracies().iter().map(of).collect()
    }

    /// By how much `of` this row is below that of `other`, as a fraction, with an interval over networks.
    pub fn saved(&self, other: &Self, of: impl Fn(&OnChips) -> f64) -> Estimate {
        let pairs = self.networks.iter().zip(&other.networks);
        over_networks(&pairs.map(|(own, other)| 1.0 - of(own) / of(other)).collect::<Vec<_>>())
    }

    /// Mean over networks.
    pub fn mean(&self, of: impl Fn(&OnChips) -> f64) -> f64 {
        self.networks.iter().map(of).sum::<f64>() / self.networks.len() as f64
    }

    /// Mean energy by part (J).
    pub fn energy(&self) -> Vec<(&'static str, f64)> {
        let names =
            self.networks.first().map(|network| network.energy.parts()).into_iter().flatten();
        let mean = |place: usize| self.mean(|network| network.energy.parts()[place].1);
        names.enumerate().map(|(place, (name, _))| (name, mean(place))).collect()
    }

    /// Counts over all chips of all networks.
    pub fn tally(&self) -> Tally {
        let mut sum = Tally::default();
        self.networks.iter().for_each(|network| sum += network.measured.tally);
        sum
    }

    fn accuracies(&self) -> Vec<Vec<f64>> {
        self.networks.iter().map(|network| network.measured.accuracies.clone()).collect()
    }
}
