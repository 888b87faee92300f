//! Every effect moves every figure that knows of it, and parts without signal cost nothing.

use std::sync::Arc;

use cim_adc::{DacSpec, Nonlinearity, Polarity};
use cim_core::{Amps, Farads, Hertz, Joules, Kelvin, Ohms, Seconds, Siemens, Stream, Volts, Watts};
use cim_crossbar::{Ambient, Wires};
use cim_device::models::NoiseSpec;
use cim_device::{Conduction, GaussianSpec, Window};
use cim_opt::terms::{Reference, check_signal, circuit_terms, device_terms, layer_terms};
use cim_opt::{Budget, Evaluation, Limits, WindowProblem, evaluate};
use cim_tests::chip::{silent, uniforms, worst_case};
use cim_tests::registered::CODES;
use cim_tile::{
    Calibration, ColumnErrors, Differential, Drivers, EnergySpec, LayerDesign, LayerErrors,
    MappingSpec, Parts, StoredVariance, TileError,
};
use ndarray::{Array1, Array2, s};

const INPUTS: usize = 20;
const OUTPUTS: usize = 5;

/// Figures that are reported of a layer, by name.
const FIGURES: [&str; 7] =
    ["shares", "output error", "objective", "read sigma", "output sigma", "stored", "energy"];

/// What is felt of every output.
fn felt() -> Array1<f64> {
    Array1::ones(OUTPUTS)
}

/// What the program says of a design, and what nothing in it changes.
fn evaluated(
    parts: &Parts,
    design: &LayerDesign,
    weights: &Array2<f32>,
    calibration: &Calibration,
) -> (Evaluation, f64) {
    let felt = felt();
    let felt = (felt.view(), Reference::Exact);
    let terms = layer_terms(parts, 0, design, weights.view(), calibration, felt, 64);
    let terms = terms.expect("a layer with signal");
    let unit = parts.read_voltage.0 * design.drive_gain * parts.window.span().0;
    let ranges: Vec<f64> = terms.places.iter().map(|&at| design.full_scale[at].0 / unit).collect();
    let problem = WindowProblem {
        device: device_terms(parts, Volts(0.01), Volts(0.5)),
        circuit: circuit_terms(parts, Volts(0.9), Seconds(1e-6)),
        tiles: terms.tiles,
        limits: Limits::default(),
    };
    let Window { g_min, g_max } = parts.window;
    let found = evaluate(&problem, g_min, g_max, parts.read_voltage, &ranges);
    (found.expect("one range each"), terms.fixed_loss)
}

fn budget(
    parts: &Parts,
    design: &LayerDesign,
    weights: &Array2<f32>,
    calibration: &Calibration,
) -> Budget {
    evaluated(parts, design, weights, calibration).0.budget
}

fn figures(
    parts: &Parts,
    design: &LayerDesign,
    weights: &Array2<f32>,
    x: &Array2<f32>,
) -> [f64; 7] {
    let dac = parts.check().expect("parts");
    let calibration = Calibration::new(x.view(), design.input_limit, &dac);
    let errors = LayerErrors::of(parts, design, weights.view(), &calibration).expect("errors");
    let (supply, read_time) = (Volts(0.9), Seconds(1e-6));
    let (evaluated, fixed) = evaluated(parts, design, weights, &calibration);
    let objective = evaluated.objective + fixed;
    let prices = EnergySpec {
        node_nm: 45.0,
        supply,
        read_time,
        dac_unit: Farads(1e-15),
        accumulate: Joules(1e-15),
        activation: Joules(1e-15),
        buffer_byte: Joules(1e-14),
    };
    let energy = prices.layer(parts, design, weights.view(), &calibration).expect("prices");
    [
        errors.shares().total(),
        errors.output_error().sum(),
        objective,
        errors.read_sigma().sum(),
        errors.output_sigma(),
        StoredVariance::of(parts, design.weight_clip).at(0.3),
        energy.total(),
    ]
}

fn us(x: f64) -> Siemens {
    Siemens(x * 1e-6)
}

fn device(programming: f64, read: f64, sinh: Option<f64>) -> GaussianSpec {
    let noise = |constant| NoiseSpec { constant: us(constant), ..NoiseSpec::NONE };
    GaussianSpec {
        g_off: us(5.0),
        g_on: us(100.0),
        programming: noise(programming),
        read: noise(read),
        current_voltage: sinh
            .map_or(Conduction::Ohmic, |scale| Conduction::Sinh { scale: Volts(scale) }),
    }
}

fn layer(spec: MappingSpec, polarity: Polarity) -> (Parts, LayerDesign, Array2<f32>, Array2<f32>) {
    let parts = Parts {
        device: Arc::new(device(0.0, 0.0, None).build().expect("a device")),
        mapping: spec.build().expect("a mapping"),
        window: Window::new(us(10.0), us(90.0)).expect("a window"),
        dac: DacSpec { bits: 8, polarity },
        adc_bits: 12,
        ambient: Ambient { temperature: Kelvin(300.0), ..Ambient::SILENT },
        ..silent(10, 3)
    };
    // On levels of the mapping: an effect is not to vanish beside the rounding of weights.
    let top = parts.mapping.top_weight() as f32;
    let weights = uniforms(INPUTS, OUTPUTS, -1.0, 1.0, Stream::root(1));
    let weights = weights.mapv(|w| 0.9 * (w * top).round() / top);
    let least = if polarity.is_signed() { -1.0 } else { 0.0 };
    let x = uniforms(30, INPUTS, least, 1.0, Stream::root(2));
    let design = worst_case(&parts, weights.view(), 0.9, 1.0);
    (parts, design, weights, x)
}

/// An effect, and the figures that it raises by a fifth at least, by their places in [`FIGURES`].
type Effect = (&'static str, fn(&mut Parts, &mut LayerDesign), &'static [usize]);

const EFFECTS: [Effect; 25] = [
    ("programming", |p, _| p.device = with(device(2.0, 0.0, None)), &[0, 1, 2, 4, 5]),
    ("distortion", |p, _| p.device = with(device(0.0, 0.0, Some(0.15))), &[0, 1, 2]),
    ("read", |p, _| p.device = with(device(0.0, 2.0, None)), &[0, 1, 2, 3, 4]),
    ("thermal", |p, _| p.ambient = ambient(1e12, 0.0), &[0, 1, 2, 3, 4]),
    ("shot", |p, _| p.ambient = ambient(1e12, 1.0), &[0, 1, 2, 3, 4]),
    ("ADC noise", |p, _| p.adc_noise = Amps(2e-6), &[0, 1, 2, 3, 4]),
    ("quantisation", |p, _| p.adc_bits = 5, &[0, 1, 2]),
    ("clipping", |_, d| d.full_scale.mapv_inplace(|fs| fs * 0.1), &[0, 1, 2]),
    ("wires", |p, _| p.wires = Wires::new(Ohms(50.0), Ohms(50.0)), &[0, 1, 2]),
    ("weight clip", |_, d| clip(d, 0.5), &[0, 1, 2]),
    ("weight rounding", |p, _| p.mapping = Arc::new(Differential::new(3)), &[0, 1, 2]),
    ("DAC rounding", |p, _| p.dac.bits = 3, &[0, 1, 2]),
    ("two phases", |p, _| p.dac.polarity = Polarity::TwoPhase, &[6]),
    ("finer converters", |p, _| p.adc_bits = 16, &[6]),
    ("amplifier offset", |p, _| p.front_end.amplifier_offset = Volts(2e-3), &[0, 1, 2, 3, 4]),
    ("gain spread", |p, _| p.front_end.gain_spread = 0.03, &[0, 1, 2, 3, 4]),
    ("driver noise", |p, _| p.front_end.driver_noise = Volts(2e-3), &[0, 1, 2, 3, 4]),
    ("DAC sigma", |p, _| p.front_end.dac_integral = Nonlinearity::SigmaLsb(2.0), &[0, 1, 2, 3, 4]),
    ("DAC table", |p, _| p.front_end.dac_integral = bow(p.dac.levels(), 3.0), &[0, 1, 2]),
    ("ADC sigma", |p, _| p.front_end.adc_integral = Nonlinearity::SigmaLsb(4.0), &[0, 1, 2, 3, 4]),
    ("ADC table", |p, _| p.front_end.adc_integral = bow((1 << 12) - 2, 20.0), &[0, 1, 2, 3]),
    ("widths of codes", |p, _| p.front_end.adc_differential = 4.0, &[0, 1, 2, 3, 4]),
    ("drivers", |p, _| p.front_end.drivers = Drivers::Supply, &[6]),
    ("power at rest", |p, _| p.front_end.amplifier_power = Watts(1e-3), &[6]),
    ("leakage", |p, _| p.front_end.leakage = Watts(1e-2), &[6]),
];

/// Deviations of so many levels, `lsb` in the middle.
fn bow(levels: usize, lsb: f64) -> Nonlinearity {
    let x = |k: usize| k as f64 / (levels - 1) as f64;
    Nonlinearity::TableLsb((0..levels).map(|k| lsb * 4.0 * x(k) * (1.0 - x(k))).collect())
}

fn with(spec: GaussianSpec) -> Arc<dyn cim_device::Device> {
    Arc::new(spec.build().expect("a device"))
}

/// A smaller weight clip, by which all currents grow, with the full scales for them.
fn clip(design: &mut LayerDesign, clip: f32) {
    let grown = f64::from(design.weight_clip / clip);
    design.weight_clip = clip;
    design.full_scale.mapv_inplace(|fs| fs * grown);
}

fn ambient(bandwidth: f64, fano_factor: f64) -> Ambient {
    Ambient {
        temperature: Kelvin(if fano_factor > 0.0 { 1e-3 } else { 300.0 }),
        bandwidth: Hertz(bandwidth),
        amplifier_factor: 0.0,
        fano_factor,
    }
}

#[test]
fn every_effect_moves_every_figure_that_knows_of_it() {
    let mut holes = Vec::new();
    for spec in MappingSpec::registered() {
        for polarity in [Polarity::Unipolar, Polarity::TwoPhase] {
            let (parts, design, weights, x) = layer(spec, polarity);
            let before = figures(&parts, &design, &weights, &x);
            for (name, effect, moved) in EFFECTS {
                // A second phase takes the offset with it: `front_end::two_phases_cancel_offsets`.
                let none = ["two phases", "amplifier offset"].contains(&name);
                // Slices have levels of their own, and full scales for each.
                let other = !matches!(spec, MappingSpec::Differential(_));
                // Beside the coarse rounding of slices, steps of fine converters are small.
                let steps =
                    name.contains("DAC ") || name.contains("ADC ") || name.contains("codes");
                let small = name == "weight rounding" || steps && name != "ADC noise";
                if none && polarity == Polarity::TwoPhase || small && other {
                    continue;
                }
                let (mut parts, mut design) = (parts.clone(), design.clone());
                effect(&mut parts, &mut design);
                let after = figures(&parts, &design, &weights, &x);
                for &figure in moved {
                    let (before, after) = (before[figure], after[figure]);
                    // Energies are sums without rounding, and most of them is not the rows'.
                    let least = if FIGURES[figure] == "energy" { 1.1 } else { 1.2 };
                    if after <= least * before {
                        let figure = FIGURES[figure];
                        let what = format!("{spec:?}, {polarity:?}: {name} on {figure}");
                        holes.push(format!("{what}: {before:e} to {after:e}"));
                    }
                }
            }
        }
    }
    assert!(holes.is_empty(), "{}", holes.join("\n"));
}

/// Whether nothing is subtracted from currents before they are converted.
fn is_lone(parts: &Parts) -> bool {
    parts.mapping.layout(1).senses.iter().all(|sense| sense.minus.is_none())
}

/// Whether some currents of an output are subtracted from others, after their converters.
fn counts_both_ways(parts: &Parts) -> bool {
    parts.mapping.layout(1).senses.iter().any(|sense| sense.weight < 0)
}

/// Whether a weight 0 raises cells whose currents nothing is subtracted from.
fn raises_zeros(parts: &Parts) -> bool {
    is_lone(parts) && parts.mapping.layout(1).levels.iter().any(|level| *level > 0)
}

/// What the program counts for offsets, gains and drivers is what the closed form of the tile has for them,
/// which sampled chips confirm: one amplifier per column of cells, none of whose offset is left where two
/// phases are subtracted. In the same units they differ by rounding; gains also act on what noise there is.
#[test]
fn the_program_has_the_front_end_of_the_closed_form() {
    type Source = (fn(&mut Parts), fn(&ColumnErrors) -> f64, fn(&Budget) -> f64);
    let sources: [Source; 3] = [
        (|p| p.front_end.amplifier_offset = Volts(2e-3), |c| c.offset, |b| b.offset),
        (|p| p.front_end.gain_spread = 0.03, |c| c.gain, |b| b.gain),
        (|p| p.front_end.driver_noise = Volts(2e-3), |c| c.driver, |b| b.drivers),
    ];
    for spec in MappingSpec::registered() {
        for polarity in CODES {
            for (source, (effect, closed, counted)) in sources.iter().enumerate() {
                let (mut parts, design, weights, x) = layer(spec, polarity);
                effect(&mut parts);
                // In two phases the currents of one output share a gain, which the program takes apart.
                if source == 1 && polarity == Polarity::TwoPhase {
                    continue;
                }
                let dac = parts.check().expect("parts");
                let calibration = Calibration::new(x.view(), design.input_limit, &dac);
                let errors = LayerErrors::of(&parts, &design, weights.view(), &calibration);
                let errors = errors.expect("errors");
                let columns = errors.tiles.iter().flat_map(|tile| &tile.columns);
                let want = columns.map(closed).sum::<f64>() / errors.amps_per_output.powi(2);
                let got = counted(&budget(&parts, &design, &weights, &calibration));
                // Where the bottom of the window, here an eighth of its width, takes away from what an
                // output carries, the program counts nothing for that: of two bits less than a quarter.
                let above = if is_lone(&parts) && counts_both_ways(&parts) { 0.25 } else { 1e-6 };
                let found = format!("{spec:?} {polarity:?} {source}: {got:e} for {want:e}");
                assert!((1.0 - 1e-6) * want <= got && got <= (1.0 + above) * want, "{found}");
            }
        }
    }
}

/// A clip of a third of the largest weight loses what the digital product loses with such weights,
/// in the closed form as in the objective, and nothing else is to be seen beside it.
#[test]
fn a_weight_clip_loses_what_the_product_of_clipped_weights_loses() {
    for spec in MappingSpec::registered() {
        let (parts, mut design, weights, x) = layer(spec, Polarity::Unipolar);
        clip(&mut design, 0.3);
        let lost = x.dot(&weights.mapv(|w| w - w.clamp(-0.3, 0.3)));
        let lost = lost.iter().map(|&y| f64::from(y).powi(2)).sum::<f64>() / x.nrows() as f64;
        let power = x.dot(&weights).iter().map(|&y| f64::from(y).powi(2)).sum::<f64>();
        let share = lost / (power / x.nrows() as f64);
        let [shares, error, objective, ..] = figures(&parts, &design, &weights, &x);
        // 12-bit outputs, 8-bit inputs and levels of slices are below a hundredth of it.
        for (got, want) in [(shares, share), (error, lost), (objective, lost)] {
            assert!((got / want - 1.0).abs() < 0.05, "{spec:?}: {got} for {want}");
        }
    }
}

/// Black rows and a block of zeros (where zeros raise no lone cell): these tiles are left out, and the others' terms, objective and
/// closed form are those of the layer without them.
#[test]
fn tiles_without_signal_cost_nothing() {
    for spec in MappingSpec::registered() {
        for polarity in CODES {
            let (parts, design, mut weights, mut x) = layer(spec, polarity);
            if raises_zeros(&parts) {
                continue;
            }
            let groups = parts.mapping.full_scale_groups();
            x.slice_mut(s![.., ..10]).fill(0.0);
            weights.slice_mut(s![10.., 3..]).fill(0.0);
            let calibration = Calibration::new(x.view(), 1.0, &parts.check().expect("parts"));
            let terms = layer_terms(
                &parts,
                0,
                &design,
                weights.view(),
                &calibration,
                (felt().view(), Reference::Exact),
                64,
            );
            let terms = terms.expect("one tile has a signal");
            // An offset column is subtracted exactly where all weights are zero.
            assert!(terms.places.iter().all(|&(row, col)| row == 1 && col < groups), "{spec:?}");
            assert!(!terms.tiles.is_empty() && terms.tiles.len() == terms.places.len());
            let sums = figures(&parts, &design, &weights, &x);
            assert!(sums.iter().all(|figure| figure.is_finite()), "{spec:?}: {sums:?}");
            let alone = layer_terms(
                &parts,
                0,
                &LayerDesign {
                    full_scale: design.full_scale.slice(s![1.., ..groups]).to_owned(),
                    ..design
                },
                weights.slice(s![10.., ..3]),
                &Calibration {
                    drive: calibration.drive.slice(s![.., 10..]).to_owned(),
                    wanted: calibration.wanted.slice(s![.., 10..]).to_owned(),
                },
                (felt().slice(s![..3]), Reference::Exact),
                64,
            );
            assert_eq!(alone.expect("the tile alone").tiles, terms.tiles, "{spec:?}");
        }
    }
}

#[test]
fn a_layer_without_signal_is_named() {
    let (parts, design, weights, x) = layer(MappingSpec::registered()[0], Polarity::Unipolar);
    let dac = parts.check().expect("parts");
    let terms = |weights: &Array2<f32>, x: &Array2<f32>| {
        let calibration = Calibration::new(x.view(), 1.0, &dac);
        layer_terms(
            &parts,
            1,
            &design,
            weights.view(),
            &calibration,
            (felt().view(), Reference::Exact),
            64,
        )
        .map(|_| ())
    };
    assert_eq!(terms(&weights, &x), Ok(()));
    let dead = terms(&(&weights * 0.0), &x).expect_err("no weights");
    assert_eq!(dead.to_string(), "layer 2 carries no signal: all its weights are zero");
    let dark = terms(&weights, &(&x * 0.0)).expect_err("no drive");
    assert!(matches!(dark, TileError::NoSignal { layer: 2, .. }), "{dark}");
    let calibration = Calibration::new(x.view(), 1.0, &dac);
    assert_eq!(check_signal(0, weights.view(), &calibration), Ok(()));
}

/// Thermal and shot noise of the program at any read voltage, from far below the crossover at 52 mV
/// to far above it, beside the closed form of the same currents: never below it, and above by less
/// than 2 % of it, for drives between levels.
#[test]
fn noise_of_the_program_is_that_of_the_array_at_any_voltage() {
    for polarity in [Polarity::Unipolar, Polarity::TwoPhase] {
        let (mut parts, design, weights, x) = layer(MappingSpec::registered()[0], polarity);
        parts.ambient = Ambient {
            temperature: Kelvin(300.0),
            bandwidth: Hertz(1e9),
            amplifier_factor: 0.5,
            fano_factor: 1.0,
        };
        for volts in [0.002, 0.01, 0.03, 0.1, 0.4] {
            parts.read_voltage = Volts(volts);
            let mut design = design.clone();
            design.full_scale.mapv_inplace(|_| Amps(1.0));
            let calibration = Calibration::new(x.view(), 1.0, &parts.check().expect("parts"));
            let errors = LayerErrors::of(&parts, &design, weights.view(), &calibration);
            let errors = errors.expect("errors");
            let columns = errors.tiles.iter().flat_map(|tile| &tile.columns);
            let exact: f64 = columns.map(|column| column.thermal + column.shot).sum();
            let exact = exact / errors.amps_per_output.powi(2);
            let felt = (felt(), Reference::Exact);
            let terms = layer_terms(
                &parts,
                0,
                &design,
                weights.view(),
                &calibration,
                (felt.0.view(), felt.1),
                64,
            );
            let problem = WindowProblem {
                device: device_terms(&parts, Volts(0.001), Volts(0.5)),
                circuit: circuit_terms(&parts, Volts(0.9), Seconds(1e-7)),
                tiles: terms.expect("a layer with signal").tiles,
                limits: Limits::default(),
            };
            let Window { g_min, g_max } = parts.window;
            let ranges = vec![1.0; problem.tiles.len()];
            let budget = evaluate(&problem, g_min, g_max, parts.read_voltage, &ranges);
            let budget = budget.expect("one range each").budget;
            let ratio = (budget.thermal + budget.shot) / exact;
            assert!((1.0 - 1e-9..1.02).contains(&ratio), "{polarity:?}, {volts} V: {ratio}");
        }
    }
}
