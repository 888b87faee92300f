//! What the study found.

use cim_device::Window;
use cim_report::Estimate;
use cim_report::format::si;
use cim_tile::mapping::Numbers;

use super::design::Design;
use super::disturb::Disturbed;
use super::points::{Point, Right};
use super::spec::Spec;
use crate::shared::estimates::{estimate, paired};

/// A point and how right its chips were.
pub struct Finished {
    /// The point.
    pub point: Point,
    /// Its chips.
    pub right: Right,
}

/// Every mapping at the design, of a further network.
pub struct Further {
    /// Its name.
    pub name: String,
    /// Accuracy of the binary and of the ternary network as numbers.
    pub digital: [f64; 2],
    /// Every mapping.
    pub default: Vec<Finished>,
}

/// Placed thresholds of few bits, chosen by the sweep and measured on chips of their own.
pub struct Placed {
    /// The point.
    pub point: Point,
    /// Its accuracy in the sweep, by which it was chosen.
    pub swept: f64,
    /// Its chips.
    pub finished: Finished,
    /// The same chips with converters that are as good as none.
    pub ideal: Finished,
}

impl Placed {
    /// How much the converters lose.
    pub fn below_ideal(&self) -> Estimate {
        Measured::paired(&self.ideal, &self.finished)
    }
}

/// Bits that are few.
pub const FEW_BITS: u32 = 3;

/// Everything that is reported.
pub struct Measured {
    /// Window of the device.
    pub window: Window,
    /// Accuracy of the binary and of the ternary network as numbers.
    pub digital: [f64; 2],
    /// Every mapping at the design.
    pub default: Vec<Finished>,
    /// The same on wires, for each pitch.
    pub wired: Vec<Vec<Finished>>,
    /// Further networks.
    pub further: Vec<Further>,
    /// The sweep.
    pub sweep: Vec<Finished>,
    /// Its chips with converters that are as good as none.
    pub ideal: Vec<Finished>,
    /// For each mapping the best placed thresholds of few bits.
    pub placed: Vec<Placed>,
    /// Many reads of the best mapping of each network at the design.
    pub disturbed: Vec<Disturbed>,
    /// Points measured in a second, on all threads.
    pub points_per_second: f64,
    /// Threads.
    pub threads: usize,
    /// Points that an earlier run had finished.
    pub taken_up: usize,
}

impl Finished {
    /// Accuracy, mean over chips.
    pub fn accuracy(&self) -> Estimate {
        estimate(&self.right.accuracies)
    }

    /// Whether its columns are sensed in pairs.
    pub fn is_differential(&self) -> bool {
        let mapping = self.point.low_bit.mapping.build();
        mapping
            .is_ok_and(|mapping| mapping.layout(1).senses.iter().all(|sense| sense.minus.is_some()))
    }

    /// Conversions for one image.
    pub fn conversions(&self) -> f64 {
        self.right.adc_conversions as f64 / self.right.images as f64
    }

    /// Share of conversions that clip.
    pub fn clipped(&self) -> f64 {
        self.right.adc_clips as f64 / self.right.adc_conversions.max(1) as f64
    }

    /// Whether two points differ in nothing but their mappings.
    pub fn is_beside(&self, other: &Self) -> bool {
        self.point.design == other.point.design && self.point.rows == other.point.rows
    }
}

impl Measured {
    /// Errors and states of the cells of a design, for a reader.
    pub fn cells_of(&self, design: &Design) -> String {
        let states = design.states(self.window);
        let [spread, low, high] = [design.spread_of(self.window), states.g_min, states.g_max];
        let [spread, low, high] = [spread, low, high].map(|g| si(g.0, "S"));
        format!("{spread} on cells of {low} to {high}")
    }

    /// Accuracy of the network that a mapping carries, as numbers.
    pub fn digital_of(&self, numbers: Numbers) -> f64 {
        of_kind(self.digital, numbers)
    }

    /// What a point loses against the digital network.
    pub fn lost(&self, finished: &Finished) -> f64 {
        self.digital_of(finished.point.low_bit.numbers) - finished.accuracy().mean
    }

    /// Points of one kind of network for every setting of all else: each list holds all mappings there.
    pub fn settings(&self, numbers: Numbers) -> Vec<Vec<&Finished>> {
        let mut settings: Vec<Vec<&Finished>> = Vec::new();
        let own = |finished: &&Finished| finished.point.low_bit.numbers == numbers;
        for finished in self.sweep.iter().filter(own) {
            match settings.iter_mut().find(|setting| setting[0].is_beside(finished)) {
                Some(setting) => setting.push(finished),
                None => settings.push(vec![finished]),
            }
        }
        settings
    }

    /// The same cells and wires as those of a point with converters that are as good as none.
    pub fn ideal_of(&self, finished: &Finished) -> Option<&Finished> {
        self.ideal.iter().find(|ideal| ideal.point.shares_chips(&finished.point))
    }

    /// Among what a designer chooses on the cells and wires of the design: points of one network.
    pub fn choices(&self, spec: &Spec, numbers: Numbers) -> Vec<&Finished> {
        let own = |finished: &&Finished| {
            let (point, design) = (finished.point, spec.design());
            point.low_bit.numbers == numbers
                && (point.design.spread, point.design.wires) == (design.spread, design.wires)
        };
        self.sweep.iter().filter(own).collect()
    }

    /// The mapping that is best with placed thresholds of few bits by the sweep, measured on chips of its own, and the
    /// best of all mappings with converters that are as good as none there.
    pub fn placed_and_ideal(&self, numbers: Numbers) -> Option<[&Finished; 2]> {
        let own = self.placed.iter().filter(|placed| placed.point.low_bit.numbers == numbers);
        let by = |a: &&Placed, b: &&Placed| a.swept.total_cmp(&b.swept);
        let placed = &own.clone().rev().max_by(by)?.finished;
        let ideals: Vec<&Finished> = own.map(|placed| &placed.ideal).collect();
        Some([placed, best_of(&ideals, |_| true)?])
    }

    /// How much more accurate the chips of `a` are than those of `b`, which draw from the same addresses.
    pub fn paired(a: &Finished, b: &Finished) -> Estimate {
        paired(&a.right.accuracies, &b.right.accuracies)
    }

    /// Name of a network.
    pub fn name_of(&self, numbers: Numbers) -> &'static str {
        match numbers {
            Numbers::Binary => "binary",
            Numbers::Ternary => "ternary",
        }
    }
}

/// Of a binary and of a ternary network that of a kind.
pub const fn of_kind([binary, ternary]: [f64; 2], numbers: Numbers) -> f64 {
    match numbers {
        Numbers::Binary => binary,
        Numbers::Ternary => ternary,
    }
}

/// Of each mapping in a sweep, on the cells and wires of the design, the best point of few bits with placed thresholds.
pub fn best_placed<'a>(spec: &Spec, sweep: &'a [Finished]) -> Vec<&'a Finished> {
    let design = spec.design();
    let of = |mapping: &String| {
        let own: Vec<&Finished> = sweep.iter().collect();
        best_of(&own, |finished| {
            let (point, own) = (finished.point, finished.point.design);
            point.low_bit.key == mapping
                && (own.low, own.high) == (design.low, design.high)
                && (own.spread, own.wires) == (design.spread, design.wires)
                && own.adc_bits == FEW_BITS
                && own.range.is_placed()
        })
    };
    spec.sweep.mappings.iter().filter_map(of).collect()
}

/// The most accurate of some; of equal ones the first.
pub fn best_of<'a>(
    finished: &[&'a Finished],
    take: impl Fn(&Finished) -> bool,
) -> Option<&'a Finished> {
    let own = finished.iter().rev().copied().filter(|finished| take(finished));
    own.max_by(|a, b| a.accuracy().mean.total_cmp(&b.accuracy().mean))
}
