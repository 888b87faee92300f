//! The front end of tiles: closed form against sampled chips, and against sums written out by hand.

use std::sync::Arc;

use cim_adc::{DacSpec, Nonlinearity, Polarity};
use cim_chip::{ChipDesign, LayerInputs, Network, check_model};
use cim_core::{
    Amps, Farads, Hertz, Joules, Kelvin, Ohms, Seconds, Siemens, Stream, Tally, Volts, Watts,
};
use cim_crossbar::{Ambient, Wires};
use cim_device::models::NoiseSpec;
use cim_device::{Conduction, GaussianSpec, Window};
use cim_tests::chip::{carried, design, silent, uniforms, worst_case};
use cim_tests::statistics::Sample;
use cim_tile::{
    Calibration, ColumnCalibration, Drivers, EnergySpec, FrontEnd, Grid, LayerErrors, MappingSpec,
    Parts,
};
use ndarray::{Array2, array};

fn us(x: f64) -> Siemens {
    Siemens(x * 1e-6)
}

fn mv(x: f64) -> Volts {
    Volts(x * 1e-3)
}

fn cells(programming: f64, law: Conduction) -> Arc<dyn cim_device::Device> {
    let noise = |constant| NoiseSpec { constant: us(constant), ..NoiseSpec::NONE };
    let device = GaussianSpec {
        g_off: us(0.5),
        g_on: us(300.0),
        programming: noise(programming),
        read: noise(0.2 * programming),
        current_voltage: law,
    };
    Arc::new(device.build().expect("a device"))
}

/// Exact cells, converters of 14 bits with a little noise, so that no code stands still.
fn quiet(mapping: MappingSpec, polarity: Polarity, ohm: f64) -> Parts {
    Parts {
        device: cells(0.0, Conduction::Ohmic),
        mapping: mapping.build().expect("a mapping"),
        window: Window::new(us(10.0), us(90.0)).expect("a window"),
        read_voltage: Volts(0.1),
        dac: DacSpec { bits: 6, polarity },
        adc_bits: 14,
        adc_noise: Amps(6e-9),
        wires: Wires::new(Ohms(ohm), Ohms(ohm)),
        ..silent(6, 3)
    }
}

type Effect = (&'static str, fn(&mut Parts));

/// Effects one by one, and all together among all other noise.
const EFFECTS: [Effect; 9] = [
    ("amplifier offset", |p| p.front_end.amplifier_offset = mv(1.0)),
    ("gain spread", |p| p.front_end.gain_spread = 0.03),
    ("driver noise", |p| p.front_end.driver_noise = mv(1.0)),
    ("DAC non-linearity", |p| p.front_end.dac_integral = Nonlinearity::SigmaLsb(0.8)),
    ("ADC non-linearity", |p| {
        p.adc_bits = 10;
        p.adc_noise = Amps(6e-8);
        p.front_end.adc_integral = Nonlinearity::SigmaLsb(5.0);
    }),
    ("widths of codes", |p| {
        p.adc_bits = 8;
        p.adc_noise = Amps(2e-7);
        p.front_end.adc_differential = 0.5;
    }),
    ("offset after its calibration", |p| {
        let (reads, offset_noise, offset_step) = (4, mv(0.6), mv(0.3));
        p.front_end.amplifier_offset = mv(4.0);
        p.front_end.calibration = ColumnCalibration::Zero { reads, offset_noise, offset_step };
    }),
    ("both after their calibration", |p| {
        p.front_end.amplifier_offset = mv(4.0);
        p.front_end.gain_spread = 0.05;
        p.front_end.calibration = ColumnCalibration::ZeroAndGain {
            reads: 9,
            offset_noise: mv(0.9),
            offset_step: mv(0.2),
            gain_noise: 0.03,
            gain_step: 0.01,
        };
    }),
    ("all", |p| {
        p.device = cells(1.0, Conduction::Sinh { scale: Volts(0.15) });
        p.ambient = Ambient {
            temperature: Kelvin(300.0),
            bandwidth: Hertz(1e8),
            amplifier_factor: 0.5,
            fano_factor: 1.0,
        };
        p.adc_bits = 8;
        p.adc_noise = Amps(2e-8);
        p.front_end = FrontEnd {
            amplifier_offset: mv(0.4),
            gain_spread: 0.01,
            driver_noise: mv(0.5),
            dac_integral: Nonlinearity::SigmaLsb(0.3),
            adc_integral: Nonlinearity::SigmaLsb(0.8),
            adc_differential: 0.3,
            ..FrontEnd::IDEAL
        };
    }),
];

/// Variances within 3 % on average and 94 to 96 % of all answers within 1.96 standard deviations.
///
/// Every effect meets pairs under every drive, and each of the other mappings under one of the four.
fn assert_closed_form_holds(polarity: Polarity, ohm: f64, seed: u64) {
    let mut wrong = Vec::new();
    for (case, mapping) in MappingSpec::registered().into_iter().enumerate() {
        let network = Network::new(&[24, 6], Stream::root(seed)).expect("widths");
        let least = if polarity.is_signed() { -1.0 } else { 0.0 };
        let samples = uniforms(3, 24, least, 1.0, Stream::root(seed).child("x", 0));
        let inputs = LayerInputs::of(&network, samples.view());
        for (effect, (name, apply)) in EFFECTS.into_iter().enumerate() {
            if 0 < case && (case + effect) as u64 % 4 != seed - 1 {
                continue;
            }
            let mut parts = quiet(mapping, polarity, ohm);
            apply(&mut parts);
            let mut design = ChipDesign::naive(parts, &network, &inputs.limits());
            // Errors pass the worst case of what was asked for now and then.
            design.layers[0].full_scale.mapv_inplace(|fs| fs * 1.3);
            let at = Stream::root(seed).child("case", (16 * case + effect) as u64);
            let check = check_model(&design, &network, &inputs, 2000, at, || ()).expect("chips");
            let (ratio, covered) = (check.variance_ratio_mean, check.coverage95);
            if !((0.97..=1.03).contains(&ratio) && (0.94..=0.96).contains(&covered)) {
                wrong.push(format!("{mapping:?}, {name}: ratio {ratio:.4}, coverage {covered:.4}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{polarity:?}, {ohm} Ohm:\n{}", wrong.join("\n"));
}

#[test]
fn the_closed_form_of_every_effect_is_that_of_sampled_chips() {
    assert_closed_form_holds(Polarity::Unipolar, 0.0, 1);
}

#[test]
fn the_closed_form_of_every_effect_holds_on_wires() {
    assert_closed_form_holds(Polarity::Unipolar, 40.0, 2);
}

/// In two phases offsets cancel, and gain and converter meet both.
#[test]
fn the_closed_form_of_every_effect_holds_in_two_phases() {
    assert_closed_form_holds(Polarity::TwoPhase, 0.0, 3);
}

#[test]
fn the_closed_form_of_every_effect_holds_for_voltages_of_both_signs() {
    assert_closed_form_holds(Polarity::Bipolar, 15.0, 4);
}

/// Codes, voltages, currents and thresholds by hand for pairs of exact cells, in three bits.
#[test]
fn tables_of_both_converters_are_followed_to_the_code() {
    let dac_lsb = vec![0.0, 0.4, -0.3, 0.8, 0.1, -0.6, 0.2, -0.1];
    let adc_lsb = vec![0.3, -0.7, 0.2, 0.6, -0.4, 0.5];
    let mut parts = Parts {
        dac: DacSpec { bits: 3, polarity: Polarity::Unipolar },
        adc_bits: 3,
        adc_noise: Amps::ZERO,
        ..quiet(MappingSpec::registered()[0], Polarity::Unipolar, 0.0)
    };
    parts.front_end.dac_integral = Nonlinearity::TableLsb(dac_lsb.clone());
    parts.front_end.adc_integral = Nonlinearity::TableLsb(adc_lsb.clone());
    let weights = uniforms(6, 3, -1.0, 1.0, Stream::root(5));
    let x = uniforms(400, 6, 0.0, 1.0, Stream::root(6));
    let design = design(&parts, (6, 3), 1.0, 1.0, 2.0);
    let at = Stream::root(7);
    let grid = Grid::program(&parts, &design, weights.view(), at, &mut Tally::default());
    let (y, tally) = carried(&grid.expect("a grid"), x.view(), 0);
    let calibration = Calibration::new(x.view(), 1.0, &parts.check().expect("parts"));
    let errors = LayerErrors::of(&parts, &design, weights.view(), &calibration).expect("errors");
    let (span, step, mut clips) = (80e-6, 2.0 * 2.0 / 7.0, 0);
    for ((sample, output), &y) in y.indexed_iter() {
        let current: f64 = (0..6)
            .map(|row| {
                let code = (f64::from(x[[sample, row]]) * 7.0).round_ties_even();
                let volts = 0.1 * (code + dac_lsb[code as usize]) / 7.0;
                volts * span * f64::from(weights[[row, output]])
            })
            .sum();
        // One output unit is the current of a full cell at full drive.
        let steps = current / (0.1 * span) / step;
        let near =
            adc_lsb.iter().enumerate().any(|(k, lsb)| (k as f64 - 2.5 + lsb - steps).abs() < 1e-3);
        clips += u64::from(steps.abs() > 3.5);
        if near {
            continue;
        }
        let passed = adc_lsb.iter().enumerate().filter(|(k, lsb)| *k as f64 - 2.5 + *lsb < steps);
        let want = (passed.count() as f64 - 3.0) * step;
        assert!((f64::from(y) - want).abs() < 1e-5, "{sample} {output}: {y} for {want}");
        let mean = errors.tiles[0].mean_a[[sample, output]] / errors.amps_per_output;
        assert!((mean - want).abs() < 1e-5, "{sample} {output}: closed form {mean} for {want}");
    }
    assert_eq!(tally.adc_clips, clips, "clips are counted where the range ends");
}

/// At rest a pair is off by `V₊ G₊ − V₋ G₋`, with the conductances of its columns as programmed.
#[test]
fn offsets_stand_against_the_conductance_of_each_column() {
    let weights = array![[0.5f32, -1.0], [0.25, 0.75], [-0.125, 0.0]];
    let mut parts = Parts {
        adc_noise: Amps::ZERO,
        adc_bits: 16,
        ..quiet(MappingSpec::registered()[0], Polarity::Unipolar, 0.0)
    };
    parts.front_end.amplifier_offset = mv(2.0);
    let design = design(&parts, (3, 2), 1.0, 1.0, 4.0);
    let x = Array2::zeros((1, 3));
    let chips = 4000;
    let mut answers = Array2::zeros((chips, 2));
    for (chip, mut row) in answers.rows_mut().into_iter().enumerate() {
        let at = Stream::root(8).child("chip", chip as u64);
        let grid = Grid::program(&parts, &design, weights.view(), at, &mut Tally::default());
        let (y, _) = carried(&grid.expect("a grid"), x.view(), 0);
        row.iter_mut().zip(&y).for_each(|(to, y)| *to = f64::from(*y));
    }
    for output in 0..2 {
        let column = |sign: f32| -> f64 {
            let raised = weights.column(output).into_iter().map(|w| f64::from((sign * w).max(0.0)));
            raised.map(|w| 10e-6 + 80e-6 * w).sum()
        };
        let want = 2e-3 * column(1.0).hypot(column(-1.0)) / (0.1 * 80e-6);
        let got = Sample::of(answers.column(output).iter().copied());
        // Five standard errors of a standard deviation of 4,000 are 5/√8000 = 5.6 %.
        assert!((got.variance.sqrt() / want - 1.0).abs() < 0.056, "{output}: {got:?} for {want}");
        assert!(got.mean.abs() < 5.0 * got.mean_error(), "{output}: {got:?}");
    }
}

/// Subtracting the second phase takes the offset with it: an auto-zero for the price of a read.
#[test]
fn two_phases_cancel_offsets() {
    let error = |polarity| {
        let mut parts =
            Parts { adc_noise: Amps::ZERO, ..quiet(MappingSpec::registered()[0], polarity, 0.0) };
        parts.front_end.amplifier_offset = mv(2.0);
        let weights = uniforms(6, 3, -1.0, 1.0, Stream::root(9));
        let design = worst_case(&parts, weights.view(), 1.0, 1.0);
        let x = uniforms(20, 6, 0.0, 1.0, Stream::root(10));
        let calibration = Calibration::new(x.view(), 1.0, &parts.check().expect("parts"));
        let errors = LayerErrors::of(&parts, &design, weights.view(), &calibration);
        let shares = errors.expect("errors").shares();
        shares.sources().into_iter().find(|(name, _)| *name == "amplifier offset").expect("it").1
    };
    assert!(error(Polarity::Bipolar) > 1e-3);
    assert!(error(Polarity::TwoPhase) < 1e-12);
}

/// Nothing that is zero changes a byte, however it is written.
#[test]
fn a_front_end_without_errors_changes_no_byte() {
    for mapping in MappingSpec::registered() {
        for polarity in [Polarity::Unipolar, Polarity::Bipolar, Polarity::TwoPhase] {
            let ideal =
                Parts { device: cells(1.0, Conduction::Ohmic), ..quiet(mapping, polarity, 3.0) };
            let (reads, offset_noise, offset_step) = (3, Volts::ZERO, mv(0.1));
            let zero = Parts {
                front_end: FrontEnd {
                    adc_integral: Nonlinearity::TableLsb(vec![0.0; (1 << 14) - 2]),
                    calibration: ColumnCalibration::Zero { reads, offset_noise, offset_step },
                    drivers: Drivers::Supply,
                    leakage: Watts(1.0),
                    ..FrontEnd::IDEAL
                },
                ..ideal.clone()
            };
            let weights = uniforms(20, 7, -1.0, 1.0, Stream::root(11));
            let x = uniforms(
                9,
                20,
                if polarity.is_signed() { -1.0 } else { 0.0 },
                1.0,
                Stream::root(12),
            );
            let design = worst_case(&ideal, weights.view(), 1.0, 1.0);
            let run = |parts: &Parts| {
                let mut tally = Tally::default();
                let grid =
                    Grid::program(parts, &design, weights.view(), Stream::root(13), &mut tally);
                let (y, counts) = carried(&grid.expect("a grid"), x.view(), 3);
                (y.mapv(f32::to_bits), tally, counts)
            };
            assert_eq!(run(&ideal), run(&zero), "{mapping:?} {polarity:?}");
            let calibration = Calibration::new(x.view(), 1.0, &ideal.check().expect("parts"));
            let errors = |parts| LayerErrors::of(parts, &design, weights.view(), &calibration);
            assert_eq!(errors(&ideal), errors(&zero), "{mapping:?} {polarity:?}");
        }
    }
}

/// What was made once stays: the same chip later, and in every call, but another chip is another.
#[test]
fn static_errors_belong_to_the_chip() {
    let mut parts = Parts {
        adc_noise: Amps::ZERO,
        ..quiet(MappingSpec::registered()[0], Polarity::Unipolar, 5.0)
    };
    parts.front_end.amplifier_offset = mv(2.0);
    parts.front_end.gain_spread = 0.05;
    parts.front_end.dac_integral = Nonlinearity::SigmaLsb(1.0);
    parts.front_end.adc_integral = Nonlinearity::SigmaLsb(10.0);
    let weights = uniforms(12, 5, -1.0, 1.0, Stream::root(14));
    let design = worst_case(&parts, weights.view(), 1.0, 1.0);
    let x = uniforms(4, 12, 0.0, 1.0, Stream::root(15));
    let program = |chip| {
        let at = Stream::root(16).child("chip", chip);
        Grid::program(&parts, &design, weights.view(), at, &mut Tally::default()).expect("a grid")
    };
    let grid = program(0);
    let first = carried(&grid, x.view(), 0).0;
    assert_eq!(carried(&grid, x.view(), 7).0, first);
    assert_eq!(carried(&grid.aged(Seconds(1e4)).expect("a time"), x.view(), 0).0, first);
    assert_ne!(carried(&program(1), x.view(), 0).0, first);
    let noisy = Parts {
        front_end: FrontEnd { driver_noise: mv(1.0), ..parts.front_end.clone() },
        ..parts.clone()
    };
    let grid =
        Grid::program(&noisy, &design, weights.view(), Stream::root(16), &mut Tally::default());
    let grid = grid.expect("a grid");
    assert_ne!(carried(&grid, x.view(), 0).0, carried(&grid, x.view(), 1).0);
}

/// Row by row and cell by cell: `V_dd u V G t` out of the supply, of which the cells take `(u V)² G t`.
#[test]
fn rows_take_their_energy_from_the_supply() {
    let weights = array![[0.5f32, -1.0], [0.25, 0.75], [-0.125, 0.0]];
    let x = array![[1.0f32, 0.2, 0.6], [0.0, 0.8, 0.4]];
    let (supply, time) = (0.9, 5e-8);
    let prices = EnergySpec {
        node_nm: 45.0,
        supply: Volts(supply),
        read_time: Seconds(time),
        dac_unit: Farads(1e-15),
        accumulate: Joules(1e-15),
        activation: Joules(1e-15),
        buffer_byte: Joules(1e-14),
    };
    let parts = Parts {
        dac: DacSpec { bits: 8, polarity: Polarity::Unipolar },
        ..quiet(MappingSpec::registered()[0], Polarity::Unipolar, 0.0)
    };
    let design = design(&parts, (3, 2), 1.0, 1.0, 4.0);
    let calibration = Calibration::new(x.view(), 1.0, &parts.check().expect("parts"));
    let energy = |front_end: FrontEnd| {
        let parts = Parts { front_end, ..parts.clone() };
        prices.layer(&parts, &design, weights.view(), &calibration).expect("prices")
    };
    let before = energy(FrontEnd::IDEAL);
    let after = energy(FrontEnd {
        drivers: Drivers::Supply,
        driver_power: Watts(1e-6),
        amplifier_power: Watts(3e-6),
        leakage: Watts(7e-6),
        ..FrontEnd::IDEAL
    });
    let (mut cells, mut drawn) = (0.0, 0.0);
    for sample in 0..2 {
        for row in 0..3 {
            // Of the tile's three outputs one is not used: its two cells rest at the bottom.
            let unused = 2.0 * 10e-6;
            let used: f64 =
                (0..2).map(|k| 20e-6 + 80e-6 * f64::from(weights[[row, k]].abs())).sum();
            let volts = 0.1 * f64::from((x[[sample, row]] * 255.0).round()) / 255.0;
            cells += 0.5 * volts * volts * (used + unused) * time;
            drawn += 0.5 * supply * volts * (used + unused) * time;
        }
    }
    assert!((before.array / cells - 1.0).abs() < 1e-6 && after.array == before.array);
    assert!(((after.array + after.drivers) / drawn - 1.0).abs() < 1e-6, "{after:?} for {drawn}");
    // Three rows, four columns, one tile.
    let idle = (3.0 * 1e-6 + 4.0 * 3e-6 + 7e-6) * time;
    assert!((after.idle / idle - 1.0).abs() < 1e-9, "{} for {idle}", after.idle);
    assert_eq!((before.drivers, before.idle), (0.0, 0.0));
    let rest =
        |parts: cim_tile::EnergyParts| parts.total() - parts.array - parts.drivers - parts.idle;
    assert!((rest(after) / rest(before) - 1.0).abs() < 1e-12);
}

/// Converters, amplifiers, sums and bytes are paid for as often as a run counts them; every column of tiles has row
/// converters of its own, whose codes a run makes once for all.
#[test]
fn prices_are_paid_as_often_as_a_run_counts() {
    let (supply, read_time) = (Volts(0.9), Seconds(5e-8));
    let prices = EnergySpec {
        node_nm: 45.0,
        supply,
        read_time,
        dac_unit: Farads(2e-15),
        accumulate: Joules(3e-15),
        activation: Joules(5e-15),
        buffer_byte: Joules(7e-14),
    };
    let (inputs, outputs, vectors) = (13, 5, 4);
    let weights = uniforms(inputs, outputs, -1.0, 1.0, Stream::root(90));
    let x = uniforms(vectors, inputs, 0.0, 1.0, Stream::root(91));
    for mapping in MappingSpec::registered() {
        for polarity in
            [Polarity::Unipolar, Polarity::TwoPhase, Polarity::Offset, Polarity::TwoRows]
        {
            let parts = Parts { adc_bits: 8, ..quiet(mapping, polarity, 0.0) };
            let design = design(&parts, (inputs, outputs), 1.0, 1.0, 4.0);
            let calibration = Calibration::new(x.view(), 1.0, &parts.check().expect("parts"));
            let paid = prices.layer(&parts, &design, weights.view(), &calibration);
            let paid = paid.expect("prices");
            let at = Stream::root(92);
            let grid = Grid::program(&parts, &design, weights.view(), at, &mut Tally::default());
            let (_, tally) = carried(&grid.expect("a grid"), x.view(), 0);
            let each = |count: u64| count as f64 / vectors as f64;
            let (row_codes, codes) = (each(tally.dac_conversions), each(tally.adc_conversions));
            let column_tiles = parts.grid_shape(inputs, outputs).1 as f64;
            let row_code =
                f64::from(1 << parts.dac.driven_bits()) * prices.dac_unit.0 * supply.0.powi(2);
            let rate = Hertz(1.0 / read_time.0);
            let code = cim_adc::energy::conversion(8, rate, 45.0).expect("a price").0;
            let full_scale = design.full_scale[[0, 0]].0;
            for (what, paid, counted) in [
                ("DAC", paid.dac, row_codes * column_tiles * row_code),
                ("ADC", paid.adc, codes * code),
                ("sense", paid.sense, codes * full_scale * supply.0 * read_time.0),
                ("digital", paid.digital, codes * 3e-15 + 5.0 * 5e-15),
                ("buffer", paid.buffer, 18.0 * 7e-14),
            ] {
                let off = paid / counted - 1.0;
                assert!(off.abs() < 1e-9, "{mapping:?} {polarity:?} {what}: {paid} for {counted}");
            }
        }
    }
}
