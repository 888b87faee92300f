//! Products whose rows and columns are scaled around the tiles: the same function, the same noise at the
//! converters, less of it in the outputs.

use cim_chip::sections::{CircuitSpec, EnergySpec, MappingSpec, OptimiserSpec};
use cim_chip::{
    ChipDesign, Felt, FullScale, Layer, LayerInputs, Mapped, Network, Parts, Reference, Rules,
    Scaled, Scaling, Sensitive, Stream, Task, Truth, Unfollowed, WrittenDesign, best_scalings,
    estimate, measure,
};
use cim_tests::written::{self, CHIP, changed};
use ndarray::{Array1, Array2};
use toml::Table;

/// Cells with an error that is the same part of the window everywhere, and nothing else that is not exact.
fn preset() -> Table {
    let keys = [
        ("device.model.programming.constant", "\"2 uS\""),
        ("device.model.programming.proportional", "0.0"),
        ("device.model.read.proportional", "0.0"),
        ("circuit.bandwidth", "\"1 Hz\""),
        ("circuit.fano_factor", "0.0"),
        ("converters.dac_bits", "12"),
        ("converters.adc_bits", "14"),
        ("converters.adc_noise", "\"0 A\""),
        ("optimiser.clip_points", "8"),
    ];
    changed(CHIP, &keys)
}

fn section<T: serde::de::DeserializeOwned>(name: &str) -> T {
    written::section(&preset(), name)
}

fn parts() -> Parts {
    let mapping: MappingSpec = toml::from_str("kind = \"differential\"").expect("a mapping");
    written::parts(&preset(), mapping)
}

fn normal(rows: usize, cols: usize, address: u64) -> Array2<f32> {
    let mut values = Array2::zeros((rows, cols));
    let to = values.as_slice_mut().expect("standard layout");
    Stream::root(address).fill_standard_normal(0, to);
    values
}

/// Weights whose rows and columns differ by up to a factor of 20, with a dead row and a dead column.
fn weights() -> Array2<f32> {
    let mut w = normal(40, 12, 1);
    for ((row, col), w) in w.indexed_iter_mut() {
        *w *= 20f32.powf((row % 7) as f32 / 6.0 - 1.0) * 20f32.powf((col % 5) as f32 / 4.0 - 1.0);
        if row == 3 || col == 8 {
            *w = 0.0;
        }
    }
    w
}

fn network(weights: Array2<f32>) -> Network {
    let bias = Array1::zeros(weights.ncols());
    Network::from_layers(vec![Layer { weights, bias }]).expect("one layer")
}

/// Closed-form squared error of each output of the network, naive on these parts.
fn errors(network: &impl Mapped, samples: &Array2<f32>) -> Array1<f64> {
    let inputs = LayerInputs::driven(network, samples.view()).expect("they fit");
    let design = ChipDesign::by_policy(parts(), network, &inputs, FullScale::WorstCase);
    let errors = design.expect("a design").errors_of_outputs(network, &inputs);
    errors.expect("it has errors")[0].output_error()
}

fn scaled_errors(network: &Network, scaling: Scaling, samples: &Array2<f32>) -> Array1<f64> {
    errors(&Scaled::alike(network, scaling), samples)
}

#[test]
fn a_scaled_product_is_the_product() {
    let network = network(weights());
    let samples = normal(9, 40, 2);
    let want = network.digital_outputs(samples.view()).expect("they fit");
    let size = want.iter().fold(0.0f32, |m, y| m.max(y.abs()));
    for scaling in Scaling::ALL {
        let scaled = Scaled::alike(&network, scaling);
        let exact: Vec<_> =
            scaled.products().iter().map(|own| cim_core::Exact(own.weights.to_owned())).collect();
        let (got, _) = scaled.outputs(&exact, samples.view()).expect("they fit");
        let off = (&got - &want).iter().fold(0.0f32, |m, e| m.max(e.abs()));
        // Two roundings a factor and one a product: some ten of 6e-8 each, and sums of 40.
        assert!(off <= 1e-5 * size, "{scaling:?}: {off} of {size}");
        assert!(got.column(8).iter().all(|&y| y == 0.0), "{scaling:?}: a dead column is exact");
        let largest = |w: f32, m: &f32| w.max(m.abs());
        let weights = &scaled.products()[0].weights.to_owned();
        // After columns alone or last, rows stay below it.
        if matches!(scaling, Scaling::Rows | Scaling::ColumnsRows) {
            let tops = weights.rows().into_iter().map(|row| row.iter().fold(0.0, largest));
            assert!(tops.enumerate().all(|(row, top)| top == if row == 3 { 0.0 } else { 1.0 }));
        }
    }
}

#[test]
fn errors_of_cells_fall_by_what_rows_and_columns_leave_of_the_window() {
    let w = weights();
    let network = network(w.clone());
    let samples = normal(200, 40, 3);
    let x2: Array1<f64> = samples.mapv(|x| f64::from(x).powi(2)).sum_axis(ndarray::Axis(0));
    let abs = w.mapv(|w| f64::from(w.abs()));
    let top = |lane: ndarray::ArrayView1<'_, f64>| lane.iter().fold(0.0f64, |m, &w| m.max(w));
    let all = top(abs.flatten().view());
    let row: Array1<f64> = abs.rows().into_iter().map(top).collect();
    let column: Array1<f64> = abs.columns().into_iter().map(top).collect();
    let ratio = |scaling| {
        let (with, without) = (
            scaled_errors(&network, scaling, &samples),
            scaled_errors(&network, Scaling::None, &samples),
        );
        with / without
    };
    // One standard deviation a cell: an output's variance is Σ x² times the square of the weight at the top.
    let by_rows = (&x2 * &row.mapv(|w| w * w)).sum() / (x2.sum() * all * all);
    for (output, found) in ratio(Scaling::Rows).iter().enumerate() {
        // Rounding of 12 and 14 bits is 1e-3 of it.
        assert!((found / by_rows - 1.0).abs() < 0.01, "output {output}: {found}, not {by_rows}");
    }
    for (output, found) in ratio(Scaling::Columns).iter().enumerate() {
        let want = (column[output] / all).powi(2);
        assert!((found - want).abs() <= 0.01 * want, "output {output}: {found}, not {want}");
    }
}

#[test]
fn what_has_no_inverse_is_nothing() {
    for tiny in [1e-45f32, 1e-40, 1e-39] {
        let mut w = weights();
        w.row_mut(5).fill(tiny);
        let network = network(w);
        let samples = normal(30, 40, 12);
        let inputs = LayerInputs::driven(&network, samples.view()).expect("they fit");
        for scaling in Scaling::ALL {
            let scaled = Scaled::alike(&network, scaling);
            let between = LayerInputs::driven(&scaled, samples.view()).expect("they fit");
            let felt = scaled.sensitivities(&between, Felt::Logits).expect("samples fit");
            assert!(felt.outputs[0].iter().all(|felt| felt.is_finite()), "{tiny} {scaling:?}");
            assert!(scaled.inputs(&inputs).limits()[0].is_finite());
        }
    }
}

#[test]
fn columns_after_rows_only_gain() {
    let network = network(weights());
    let samples = normal(100, 40, 8);
    let rows = scaled_errors(&network, Scaling::Rows, &samples);
    let both = scaled_errors(&network, Scaling::RowsColumns, &samples);
    assert!(rows.iter().zip(&both).all(|(rows, both)| *both <= 1.0001 * rows), "{rows} {both}");
    assert!(both.sum() < 0.9 * rows.sum(), "a column of small weights has room left");
}

#[test]
fn no_other_factors_of_rows_are_better_against_errors_of_cells() {
    let w = weights();
    let samples = normal(100, 40, 4);
    let best = scaled_errors(&network(w.clone()), Scaling::Rows, &samples).sum();
    for trial in 0..40 {
        let spread = normal(40, 1, 100 + trial);
        let top =
            w.map_axis(ndarray::Axis(1), |row| row.iter().fold(0.0f32, |m, w| m.max(w.abs())));
        // From hardly off the best to far off it.
        let by = 2f32.powi(-(trial as i32 % 8));
        let factors: Array1<f32> =
            top.iter().zip(&spread).map(|(t, s)| t.max(1e-3) * (by * s).exp()).collect();
        let mut other = w.clone();
        other.rows_mut().into_iter().zip(&factors).for_each(|(mut row, a)| row /= *a);
        let driven = &samples * &factors;
        let found = errors(&network(other), &driven).sum();
        assert!(best <= 1.0001 * found, "trial {trial}: {best} against {found}");
    }
}

#[test]
fn chips_lose_what_the_closed_form_says() {
    let network = network(weights());
    let samples = normal(60, 40, 5);
    let answers = network.digital_outputs(samples.view()).expect("they fit");
    let power = answers.mapv(|y| f64::from(y).powi(2)).sum_axis(ndarray::Axis(0)).sum() / 60.0;
    let task = Task::new(samples.clone(), Truth::Targets(answers), cim_chip::Metric::Mse);
    let task = task.expect("a task");
    let reference = Reference::of(&network, &task).expect("it answers");
    for scaling in Scaling::ALL {
        let scaled = Scaled::alike(&network, scaling);
        let inputs = LayerInputs::driven(&scaled, samples.view()).expect("they fit");
        let design = ChipDesign::by_policy(parts(), &scaled, &inputs, FullScale::WorstCase);
        let design = design.expect("a design");
        let chip = |chip: u64| {
            let asked = (&task, &reference);
            let at = Stream::root(7).child("run", chip);
            measure(&design, &scaled, asked, 1, at, || ()).expect("chips").output_mse
        };
        let found: Vec<f64> = (0..60).map(chip).collect();
        let found = estimate(&found);
        let want = scaled_errors(&network, scaling, &samples).sum() / power;
        // By source they are behind the factors too: nothing here errs twice in the same way.
        let sources = design.errors_of_outputs(&scaled, &inputs).expect("errors")[0].shares();
        assert!(
            (sources.total() / want - 1.0).abs() < 0.01,
            "{scaling:?}: {sources:?}, not {want}"
        );
        // Twice the 95 % interval: about one in 10,000 seeds, for five kinds.
        assert!(
            (found.mean - want).abs() <= 2.0 * found.ci95,
            "{scaling:?}: {found:?}, not {want}"
        );
    }
}

#[test]
fn a_design_says_how_it_is_scaled() {
    let network = network(weights());
    let samples = normal(20, 40, 6);
    let scaled = Scaled::alike(&network, Scaling::ColumnsRows);
    let inputs = LayerInputs::driven(&scaled, samples.view()).expect("they fit");
    let policy = FullScale::Percentile { percentile: 99.0 };
    let design = ChipDesign::by_policy(parts(), &scaled, &inputs, policy).expect("a design");
    let text = toml::to_string(&WrittenDesign::of(&design, &scaled)).expect("TOML");
    assert!(text.contains("scaling = \"columns-rows\""), "{text}");
    let written: WrittenDesign = toml::from_str(&text).expect("a design");
    let again = Scaled::new(&network, &written.scalings());
    let built = written.build(parts(), &again).expect("the same");
    assert!(built.layers == design.layers);
    // A clip of unscaled weights under factors: somebody changed one without the other.
    let mut by_hand = written.clone();
    by_hand.product[0].weight_clip = 3.5;
    let refused = by_hand.build(parts(), &again).err().expect("above 1").to_string();
    assert!(refused.contains("weight_clip"), "{refused}");
    let refused = written.build(parts(), &network).err().expect("not scaled").to_string();
    assert!(refused.contains("scaling") && refused.contains("columns-rows"), "{refused}");
}

#[test]
fn training_sees_errors_of_the_power_that_chips_have() {
    let network = network(weights());
    let samples = normal(300, 40, 9);
    let x2: f64 = samples.iter().map(|x| f64::from(x * x)).sum::<f64>() / 300.0;
    let inputs = LayerInputs::driven(&network, samples.view()).expect("they fit");
    for scaling in Scaling::ALL {
        let scaled = Scaled::alike(&network, scaling);
        let between = LayerInputs::driven(&scaled, samples.view()).expect("they fit");
        let design = ChipDesign::by_policy(parts(), &scaled, &between, FullScale::WorstCase);
        let paths = design.expect("a design").paths(&scaled, &between).expect("paths");
        let path = &scaled.paths(paths, &inputs)[0];
        // Two cells a weight, one standard deviation each, whatever the weight.
        let found = f64::from(path.weight_noise.c0) * x2;
        let want = scaled_errors(&network, scaling, &samples).mean().expect("outputs");
        assert!((found / want - 1.0).abs() < 0.01, "{scaling:?}: {found}, not {want}");
        let largest = weights().iter().fold(0.0f32, |m, w| m.max(w.abs()));
        assert!(path.weight_clip >= 0.999 * largest && path.input_limit == inputs.limits()[0]);
    }
}

#[test]
fn the_program_scales_what_drowns_and_a_factor_of_an_input_costs() {
    let samples = normal(60, 40, 10);
    let (optimiser, circuit, energy): (OptimiserSpec, CircuitSpec, EnergySpec) =
        (section("optimiser"), section("circuit"), section("energy"));
    let rules = Rules { optimiser: &optimiser, circuit: &circuit, energy: &energy };
    let chosen = |weights: Array2<f32>| {
        let network = network(weights);
        let inputs = LayerInputs::driven(&network, samples.view()).expect("they fit");
        best_scalings(rules, &parts(), &network, &inputs, Felt::Logits, &Unfollowed)
            .expect("a choice")[0]
    };
    assert!(chosen(weights()).scales_rows(), "rows differ by a factor of 20");
    // Rows and columns that all reach as far have nothing to gain.
    let flat = normal(40, 12, 11).mapv(f32::signum);
    assert_eq!(chosen(flat), Scaling::None);

    let network = network(weights());
    let joules = |scaling| {
        let scaled = Scaled::alike(&network, scaling);
        let inputs = LayerInputs::driven(&scaled, samples.view()).expect("they fit");
        let design = ChipDesign::by_policy(parts(), &scaled, &inputs, FullScale::WorstCase);
        design.expect("a design").energy(&scaled, &inputs, &energy).expect("prices").digital
    };
    let (plain, columns, rows) =
        (joules(Scaling::None), joules(Scaling::Columns), joules(Scaling::Rows));
    assert_eq!(plain, columns, "a factor of an output is a part of its price");
    assert!((rows - plain - 40.0 * 0.3e-12).abs() < 1e-18, "{rows} {plain}");
}
