//! Laws of front ends around any mapping, drive, wires and cells.

use std::sync::Arc;

use cim_adc::{DacSpec, Nonlinearity, Polarity};
use cim_core::{Amps, Farads, Joules, Ohms, Seconds, Siemens, Stream, Tally, Volts, Watts};
use cim_crossbar::Wires;
use cim_device::models::NoiseSpec;
use cim_device::{Conduction, GaussianSpec, Window};
use cim_tests::chip::{carried, silent, uniforms, worst_case};
use cim_tests::registered::{POLARITIES, cases};
use cim_tile::{
    Calibration, ColumnCalibration, Drivers, EnergySpec, FrontEnd, Grid, LayerDesign, LayerErrors,
    MappingSpec, Parts,
};
use ndarray::Array2;
use proptest::prelude::*;

const INPUTS: usize = 14;
const OUTPUTS: usize = 5;

/// A front end of which any part may be missing, around any array.
#[derive(Clone, Debug)]
struct Composition {
    mapping: usize,
    polarity: usize,
    ohm: f64,
    programming: f64,
    sinh: bool,
    front_end: FrontEnd,
    seed: u64,
}

fn front_ends() -> impl Strategy<Value = FrontEnd> {
    let sizes = prop::array::uniform6(prop_oneof![Just(0.0), 0.1..1.0_f64]);
    let powers = prop::array::uniform3(prop_oneof![Just(0.0), 1e-6..1e-4_f64]);
    (sizes, powers, 0..3_usize, any::<bool>()).prop_map(|(sizes, powers, calibration, supply)| {
        let (reads, offset_noise, offset_step) = (4, Volts(4e-4), Volts(3e-4));
        FrontEnd {
            amplifier_offset: Volts(2e-3 * sizes[0]),
            gain_spread: 0.05 * sizes[1],
            driver_noise: Volts(3e-3 * sizes[2]),
            dac_integral: Nonlinearity::SigmaLsb(sizes[3]),
            adc_integral: Nonlinearity::SigmaLsb(20.0 * sizes[4]),
            adc_differential: 0.3 * sizes[5],
            calibration: match calibration {
                0 => ColumnCalibration::None,
                1 => ColumnCalibration::Zero { reads, offset_noise, offset_step },
                _ => ColumnCalibration::ZeroAndGain {
                    reads,
                    offset_noise,
                    offset_step,
                    gain_noise: 0.02,
                    gain_step: 0.005,
                },
            },
            drivers: if supply { Drivers::Supply } else { Drivers::Lossless },
            driver_power: Watts(powers[0]),
            amplifier_power: Watts(powers[1]),
            leakage: Watts(powers[2]),
        }
    })
}

fn compositions() -> impl Strategy<Value = Composition> {
    let mappings = MappingSpec::registered().len();
    let ohm = prop_oneof![Just(0.0), 1.0..60.0_f64];
    let programming = prop_oneof![Just(0.0), 0.1..2.0_f64];
    (0..mappings, 0..POLARITIES.len(), ohm, programming, any::<bool>(), front_ends(), any::<u64>())
        .prop_map(|(mapping, polarity, ohm, programming, sinh, front_end, seed)| Composition {
            mapping,
            polarity,
            ohm,
            programming,
            sinh,
            front_end,
            seed,
        })
}

struct Layer {
    parts: Parts,
    design: LayerDesign,
    weights: Array2<f32>,
    x: Array2<f32>,
}

impl Composition {
    fn layer(&self) -> Layer {
        let us = |x: f64| Siemens(x * 1e-6);
        let noise = |constant| NoiseSpec { constant: us(constant), ..NoiseSpec::NONE };
        let device = GaussianSpec {
            g_off: us(0.5),
            g_on: us(200.0),
            programming: noise(self.programming),
            read: noise(0.1 * self.programming),
            current_voltage: if self.sinh {
                Conduction::Sinh { scale: Volts(0.2) }
            } else {
                Conduction::Ohmic
            },
        };
        let polarity = POLARITIES[self.polarity];
        let parts = Parts {
            device: Arc::new(device.build().expect("a device")),
            mapping: MappingSpec::registered()[self.mapping].build().expect("a mapping"),
            window: Window::new(us(10.0), us(90.0)).expect("a window"),
            read_voltage: Volts(0.1),
            dac: DacSpec { bits: 6, polarity },
            adc_bits: 12,
            adc_noise: Amps(2e-8),
            wires: Wires::new(Ohms(self.ohm), Ohms(self.ohm)),
            front_end: self.front_end.clone(),
            ..silent(8, 3)
        };
        let at = Stream::root(self.seed);
        let weights = uniforms(INPUTS, OUTPUTS, -0.9, 0.9, at.child("w", 0));
        let least = if polarity.is_signed() { -1.0 } else { 0.0 };
        let x = uniforms(4, INPUTS, least, 1.0, at.child("x", 0));
        let mut design = worst_case(&parts, weights.view(), 0.9, 1.0);
        design.full_scale.mapv_inplace(|fs| fs * 1.4);
        Layer { parts, design, weights, x }
    }
}

impl Layer {
    fn calibration(&self) -> Calibration {
        Calibration::new(self.x.view(), 1.0, &self.parts.check().expect("parts"))
    }

    fn errors(&self) -> LayerErrors {
        LayerErrors::of(&self.parts, &self.design, self.weights.view(), &self.calibration())
            .expect("errors")
    }

    fn answer(&self, at: Stream) -> Array2<f32> {
        let mut tally = Tally::default();
        let grid = Grid::program(&self.parts, &self.design, self.weights.view(), at, &mut tally);
        let grid = grid.expect("a grid");
        let y = carried(&grid, self.x.view(), 0).0;
        assert_eq!(y, carried(&grid, self.x.view(), 0).0, "a read repeats");
        y
    }
}

proptest! {
    #![proptest_config(cases(60))]

    /// Squares of what 200 chips are off by, over the closed form of each output and sample. Of one
    /// output they have a mean of 1 and a standard deviation of √(2/200); samples of an output may
    /// move together, and outputs too, so that the mean over all may be off as one of them: six of
    /// its standard deviations.
    #[test]
    fn moments_are_the_closed_ones_whatever_is_composed(c in compositions()) {
        let layer = c.layer();
        let errors = layer.errors();
        let mut mean = Array2::<f64>::zeros((4, OUTPUTS));
        let mut variance = mean.clone();
        for tile in &errors.tiles {
            for ((sample, col), value) in tile.mean_a.indexed_iter() {
                let at = [sample, tile.place.1 * layer.parts.outputs + col];
                mean[at] += value / errors.amps_per_output;
                variance[at] += tile.variance[[sample, col]] / errors.amps_per_output.powi(2);
            }
        }
        let chips = 200;
        let mut ratio = 0.0;
        for chip in 0..chips {
            let y = layer.answer(Stream::root(c.seed).child("chip", chip));
            for (index, &y) in y.indexed_iter() {
                ratio += (f64::from(y) - mean[index]).powi(2) / variance[index];
            }
        }
        ratio /= (chips as usize * 4 * OUTPUTS) as f64;
        let within = 6.0 * (2.0 / chips as f64).sqrt();
        prop_assert!((1.0 - within..=1.0 + within).contains(&ratio), "{ratio}: {c:?}");
    }

    /// A part of the front end that is added raises the error of every layer, and lowers no energy.
    #[test]
    fn no_error_makes_up_for_another(c in compositions()) {
        let with = c.layer();
        let without =
            Composition { front_end: FrontEnd::IDEAL, ..c.clone() }.layer();
        // More noise may make a current that stood next to a threshold round to either side.
        let total = |layer: &Layer| {
            let shares = layer.errors().shares();
            shares.total() - shares.quantisation
        };
        prop_assert!(total(&without) <= total(&with) * (1.0 + 1e-9), "{c:?}");
        let (supply, read_time) = (Volts(0.9), Seconds(5e-8));
        let prices = EnergySpec {
            node_nm: 45.0,
            supply,
            read_time,
            dac_unit: Farads(1e-15),
            accumulate: Joules(1e-15),
            activation: Joules(1e-15),
            buffer_byte: Joules(1e-14),
        };
        let energy = |layer: &Layer| {
            let calibration = layer.calibration();
            prices.layer(&layer.parts, &layer.design, layer.weights.view(), &calibration)
        };
        let (before, after) = (energy(&without).expect("prices"), energy(&with).expect("prices"));
        prop_assert_eq!(before.array, after.array);
        prop_assert!(0.0 <= after.drivers && 0.0 <= after.idle);
        prop_assert!(before.total() <= after.total());
        // No more than all cells at the top of the window at full drive from the supply, in every
        // phase of digits; of codes a row rests in one of two.
        let phases = match with.parts.dac.polarity {
            Polarity::Sliced { .. } => with.parts.dac.phases().len(),
            _ => 1,
        };
        let columns = with.parts.mapping.columns(3) * 2;
        let most = supply.0 * 0.1 * 90e-6 * (INPUTS * columns * phases) as f64 * read_time.0;
        prop_assert!(after.array + after.drivers <= most, "{} of {most}", after.array + after.drivers);
    }
}
