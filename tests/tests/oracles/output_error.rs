//! The predicted error of designs against chips: every output against the exact digital product.

use cim_chip::{ChipDesign, FullScale, Goal, LayerInputs, SOFTENED, optimise, sensitivities};
use cim_core::{Stream, Tally};
use cim_nn::Network;
use cim_studies::Study;
use cim_studies::paper::{Paper, Spec};
use cim_tests::chip::{carried, uniforms};
use cim_tests::statistics::Sample;
use cim_tile::Grid;

const CHIPS: u64 = 300;

fn spec() -> Spec {
    toml::from_str(Paper::PRESET).expect("the preset")
}

struct World {
    spec: Spec,
    network: Network,
    inputs: LayerInputs,
}

fn world() -> World {
    let network = Network::new(&[150, 40, 12], Stream::root(1)).expect("widths");
    let x = uniforms(24, 150, 0.0, 1.0, Stream::root(2)).mapv(|x| (2.0 * x - 1.0).max(0.0));
    let inputs = LayerInputs::of(&network, x.view());
    World { spec: spec(), network, inputs }
}

/// Weighted squared errors of all outputs: predicted, and of every chip.
fn compare(world: &World, design: &ChipDesign) -> (f64, Vec<f64>) {
    let World { network, inputs, .. } = world;
    let felt = sensitivities(network, inputs, SOFTENED).outputs;
    let errors = design.errors(network, inputs).expect("errors");
    let predicted = errors.iter().zip(&felt).map(|(e, felt)| e.output_error().dot(felt)).sum();
    let chips = (0..CHIPS).map(|chip| {
        let at = Stream::root(3).child("chip", chip);
        let mut sum = 0.0;
        for (idx, product) in network.products().enumerate() {
            let at = at.child("layer", idx as u64);
            let (own, mut tally) = (&design.layers[idx], Tally::default());
            let grid = Grid::program(&design.parts, own, product.weights, at, &mut tally);
            let x = inputs.layer(idx);
            let (y, _) = carried(&grid.expect("a grid"), x, 0);
            // In f64: errors of a fine design are small beside the product.
            let exact = x.mapv(f64::from).dot(&product.weights.mapv(f64::from));
            for ((_, output), error) in (y.mapv(f64::from) - exact).indexed_iter() {
                sum += felt[idx][output] * error * error / x.nrows() as f64;
            }
        }
        sum
    });
    (predicted, chips.collect())
}

/// Naive, percentile and optimised designs, a clip of a third of the weights, inputs of three bits,
/// converters of three bits, and a read voltage of 20 mV.
///
/// The prediction is of the mean over chips. Its standard error is measured; what the closed form leaves
/// out (sums that are not quite Gaussian in front of a converter, `a₂ σ²` of the read noise) is less than
/// a percent, and all is held to 5 %.
#[test]
fn predicted_output_errors_are_those_of_programmed_chips() {
    let world = world();
    let World { spec, network, inputs } = &world;
    let parts = spec.parts().expect("parts");
    let by =
        |parts, policy| ChipDesign::by_policy(parts, network, inputs, policy).expect("a design");
    let naive = by(parts.clone(), FullScale::WorstCase);
    let percentile = by(parts.clone(), FullScale::Percentile { percentile: 99.0 });
    let turned = optimise(spec.rules(), &naive, network, inputs, Goal::of(true, true));
    let mut clipped = percentile.clone();
    clipped.layers.iter_mut().for_each(|layer| layer.weight_clip *= 0.33);
    let mut coarse = parts.clone();
    coarse.dac.bits = 3;
    let mut few = parts.clone();
    few.adc_bits = 3;
    let mut faint = percentile.clone();
    faint.parts.read_voltage = cim_core::Volts(0.02);
    for layer in &mut faint.layers {
        layer.drive_gain = 1.0;
        layer.full_scale.mapv_inplace(|fs| fs * 0.1);
    }
    let designs = [
        ("naive", naive),
        ("percentile", percentile),
        ("optimised", turned.expect("a program").design),
        ("tight clip", clipped),
        ("coarse inputs", by(coarse, FullScale::Percentile { percentile: 99.9 })),
        ("three bits", by(few, FullScale::Percentile { percentile: 99.0 })),
        ("20 mV", faint),
    ];
    for (name, design) in designs {
        let (predicted, chips) = compare(&world, &design);
        let measured = Sample::of(chips.iter().copied());
        let error = measured.mean_error() / measured.mean;
        let ratio = predicted / measured.mean;
        assert!(error < 0.01, "{name}: chips do not tell: {error}");
        assert!((ratio - 1.0).abs() < 0.05, "{name}: {ratio}");
    }
}

/// Sources of one design each make up what was done to it, and the error is of the exact product:
/// outputs of a layer whose weights are all clipped to nearly nothing are all error.
#[test]
fn a_layer_that_clips_everything_loses_all_of_its_signal() {
    let World { spec, network, inputs } = world();
    let naive = ChipDesign::by_policy(
        spec.parts().expect("parts"),
        &network,
        &inputs,
        FullScale::WorstCase,
    );
    let mut design = naive.expect("a design");
    design.layers.iter_mut().for_each(|layer| layer.weight_clip *= 1e-4);
    for errors in design.errors(&network, &inputs).expect("errors") {
        assert!((errors.shares().weight_clip - 1.0).abs() < 1e-2, "{:?}", errors.shares());
    }
}
