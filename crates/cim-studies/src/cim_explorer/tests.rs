//! The study on a handful of images.

use std::collections::BTreeMap;
use std::sync::Mutex;

use cim_core::{Ohms, Seconds, Siemens, Stream, Tally, Volts};
use cim_device::{EffectSpec, ModelSpec, StuckSpec, published_names};
use cim_nn::Dataset;
use cim_nn::network::first_images;
use cim_tile::Grid;
use cim_tile::full_scale::for_each_group_of_currents;
use cim_tile::mapping::Numbers;

use super::CimExplorer;
use super::architecture::{BlockSpec, HiddenSpec};
use super::chips;
use super::design::Design;
use super::disturb::disturbed;
use super::draft::{Converters, Draft};
use super::further::FurtherSpec;
use super::hand::Hand;
use super::networks::{FewNumbers, untrained};
use super::points::Point;
use super::range::{Errors, Range, SharedBy};
use super::reads::{DisturbSpec, Refresh};
use super::spec::Spec;
use crate::context::{Context, Store, StoreError};
use crate::parse::parse;
use crate::shared::images::Images;
use crate::shared::nowhere::Nowhere;
use crate::study::{Found, Study, StudySpec};

fn images(count: usize, seed: u64) -> Dataset {
    let mut pixels = vec![0.0; count * 784];
    Stream::root(seed).fill_uniform(0, &mut pixels);
    let bytes = pixels.iter().map(|u| (u * 255.0) as u8).collect();
    let labels = (0..count).map(|k| (k % 10) as u8).collect();
    Dataset::new(bytes, labels, 28, 28, 10).expect("a data set")
}

fn small() -> Spec {
    let mut spec: Spec = parse(CimExplorer::PRESET).expect("valid");
    spec.hidden.widths = vec![24];
    spec.training.network.epochs = 1;
    spec.tile.rows = 96;
    spec.design.columns = 16;
    spec.calibration.images = 20;
    spec.evaluation.chips = 2;
    spec.sweep.adc_bits = vec![4, 6];
    spec.sweep.spreads.truncate(2);
    spec.sweep.rows = vec![96];
    spec.disturb.read_voltages.truncate(1);
    spec.disturb.read_times.truncate(1);
    spec.wired.pitches.clear();
    spec.further.clear();
    spec.sweep.ranges = [0, 2, 6].map(|k| spec.sweep.ranges[k]).to_vec();
    spec
}

/// Blocks of a perceptron, of a small LeNet and of a small VGG.
fn architectures() -> [Vec<BlockSpec>; 3] {
    let block = |convolutions, channels, kernel| BlockSpec { convolutions, channels, kernel };
    [vec![], vec![block(1, 3, 5), block(1, 4, 5)], vec![block(2, 3, 3), block(2, 4, 3)]]
}

fn untrained_network(spec: &Spec, numbers: Numbers, test: &Dataset) -> FewNumbers {
    let (start, paths) = untrained(spec, numbers, test, Stream::root(5)).expect("a network");
    let calibration = first_images(test, spec.calibration.images);
    FewNumbers::of(numbers, &start, &paths, calibration.view(), test)
}

/// Cells that hold what was asked for, converters fine enough for every sum: every chip of every mapping
/// answers as the network of integers does. Of perceptrons: what stands behind the pools of convolutions that were
/// not trained is the same for all images.
#[test]
fn every_mapping_is_the_network_where_nothing_spreads_and_nothing_is_rounded() {
    let (mut spec, test) = (small(), images(60, 3));
    spec.converters.adc_bits = 16;
    (spec.design.spread, spec.design.range) = (0.0, Some(Range::WorstCase));
    for blocks in architectures() {
        spec.hidden.blocks = blocks;
        spec.hidden.check("hidden").expect("a network");
        if !spec.hidden.blocks.is_empty() {
            continue;
        }
        for numbers in [Numbers::Binary, Numbers::Ternary] {
            let networks = [untrained_network(&spec, numbers, &test)];
            let (hands, [network]) = (Hand::deal(&test, 1, &networks), &networks);
            // Classes that are as good as each other, as whole sums can be, are told apart by roundings.
            let (logits, _) = network.network.logits(&network.network.exact(), &test);
            let tied = |row: ndarray::ArrayView1<'_, f32>| {
                let most = row.iter().fold(f32::MIN, |most, logit| most.max(*logit));
                row.iter().filter(|logit| **logit == most).count() > 1
            };
            let ties = logits.rows().into_iter().filter(|row| tied(*row)).count();
            assert!(ties < 30, "{ties}");
            for point in spec.default_points() {
                if point.low_bit.numbers != numbers {
                    continue;
                }
                let draft = Draft::of(point, network, &spec).expect("a draft");
                let family = [(point, &draft.converters(&point).expect("converters"))];
                let hands: Vec<&Hand> = hands.iter().collect();
                let right = chips::measure(&draft, &family, &hands, Stream::root(6));
                let right = &right.expect("a chip")[0];
                let off = (right.accuracies[0] - network.digital).abs() * 60.0;
                assert!(off <= ties as f64 + 1e-9, "{}: {off} images", point.low_bit.name);
                assert_eq!(right.adc_clips, 0, "{}", point.low_bit.name);
            }
        }
    }
}

/// Points that share chips: each gets what it gets alone, whatever the others are, and what it costs.
#[test]
fn a_point_gets_what_it_gets_alone() {
    let (mut spec, test) = (small(), images(60, 3));
    spec.sweep.mappings = vec!["bnn-ii".to_owned(), "bnn-iv".to_owned(), "bnn-vi".to_owned()];
    spec.sweep.wires = vec![Ohms(2.0)];
    spec.sweep.adc_bits = vec![3, 5];
    spec.sweep.spreads = vec![0.12];
    for blocks in &architectures()[..2] {
        spec.hidden.blocks.clone_from(blocks);
        let networks = [untrained_network(&spec, Numbers::Binary, &test)];
        let hands = Hand::deal(&test, 2, &networks);
        let hands: Vec<&Hand> = hands.iter().collect();
        for points in spec.points().chunk_by(|a, b| a.shares_chips(b)) {
            let draft = Draft::of(points[0], &networks[0], &spec).expect("a draft");
            let converters: Vec<_> =
                points.iter().map(|point| draft.converters(point).expect("converters")).collect();
            let family: Vec<_> = points.iter().copied().zip(&converters).collect();
            let root = Stream::root(6);
            let together = chips::measure(&draft, &family, &hands, root).expect("chips");
            assert_eq!(together.len(), 2 * spec.sweep.ranges.len());
            for (own, together) in family.iter().zip(&together) {
                let alone = chips::measure(&draft, &[*own], &hands, root).expect("chips");
                assert_eq!(&alone[0], together, "{:?}", own.0);
                assert!(together.energy_j > 0.0);
            }
        }
    }
}

/// On the currents that they were placed for, the converters themselves being the judges: thresholds of a tile
/// err no more than any equal steps of as many codes, and thresholds of each column no more than those of its tile.
#[test]
fn placed_thresholds_err_least_on_what_they_were_placed_for() {
    let (spec, test) = (small(), images(60, 3));
    for numbers in [Numbers::Binary, Numbers::Ternary] {
        let network = untrained_network(&spec, numbers, &test);
        for point in spec.default_points() {
            if point.low_bit.numbers != numbers {
                continue;
            }
            let draft = Draft::of(point, &network, &spec).expect("a draft");
            let error = |range: Range, adc_bits: u32| {
                let design = Design { range, adc_bits, ..point.design };
                let point = Point { design, ..point };
                let converters = draft.converters(&point).expect("converters");
                squared_error(&draft, &point, &converters)
            };
            let placed = |shared_by| Range::Placed { shared_by, errors: Errors::Equal };
            let [tile, column] = [SharedBy::Tile, SharedBy::None].map(|by| error(placed(by), 3));
            let name = point.low_bit.name;
            let percentiles =
                [90.0, 99.7, 100.0].map(|percentile| Range::Percentile { percentile });
            for range in percentiles.into_iter().chain([Range::WorstCase, Range::MseOptimal]) {
                assert!(tile < error(range, 3), "{name}: {range}");
            }
            assert!(column < 0.8 * tile, "{name}: {column} of {tile}");
        }
    }
}

/// Squared error of a product's converters on the currents of calibration, relative to the squares of the
/// currents, summed over products.
fn squared_error(draft: &Draft<'_>, point: &Point, converters: &Converters) -> f64 {
    let parts = draft.parts(point);
    let mut sum = 0.0;
    for (idx, own) in converters.layers.iter().enumerate() {
        let layer = &draft.layers[idx];
        let weights = draft.network.network.layers()[idx].weights.view();
        let cells = Grid::from_blueprint(
            &parts,
            &layer.design,
            &layer.blueprint,
            Stream::root(1),
            &mut Tally::default(),
        );
        let cells = cells.expect("a grid");
        let grid = match &own.placed {
            Some(placed) => cells.with_placed(placed),
            None => cells
                .with_converters(&parts, &own.design, &layer.blueprint, Stream::root(1))
                .expect("converters"),
        };
        let adcs: Vec<_> = grid.tiles().iter().flat_map(|tile| tile.converters()).collect();
        let (mut group, mut off, mut all) = (0, 0.0, 0.0);
        let amps = layer.design.amps_per_weight(&parts);
        let calibration = &layer.calibration;
        for_each_group_of_currents(&parts, weights, 1.0, amps, calibration, |currents| {
            let input: Vec<f32> = currents.currents_a.iter().map(|a| *a as f32).collect();
            let mut codes = vec![0; input.len()];
            adcs[group].convert(&input, &mut codes, &mut Tally::default());
            let step_a = adcs[group].step().0;
            for (code, i_a) in codes.iter().zip(&input) {
                off += (f64::from(*code) * step_a - f64::from(*i_a)).powi(2);
                all += f64::from(*i_a).powi(2);
            }
            group += 1;
        });
        sum += off / all;
    }
    sum
}

/// Without a loss a chip that was read often is the chip; what is left never falls with refreshing, whole arrays
/// are written no less often than their cells alone, and each way does what it says.
#[test]
fn refreshing_keeps_what_reads_take() {
    let (mut spec, test) = (small(), images(60, 3));
    spec.disturb.read_times = vec![Seconds(1e-7)];
    spec.disturb.read_voltages = vec![Volts(0.4)];
    let network = untrained_network(&spec, Numbers::Binary, &test);
    let hands = Hand::deal(&test, 2, &[]);
    let hands: Vec<&Hand> = hands.iter().collect();
    for name in ["bnn-i", "bnn-iv", "bnn-v"] {
        let points = spec.default_points();
        let point = *points.iter().find(|point| point.low_bit.key == name).expect("listed");
        let draft = Draft::of(point, &network, &spec).expect("a draft");
        let converters = draft.converters(&point).expect("converters");
        let of = |inferences: u64, refresh: Refresh| {
            let disturb = DisturbSpec { inferences, ..spec.disturb.clone() };
            let case = (Volts(0.4), Seconds(1e-7), refresh);
            let parts = (&draft, point, &converters);
            disturbed(&disturb, parts, case, &hands, Stream::root(6)).expect("chips")
        };
        let fresh = chips::measure(&draft, &[(point, &converters)], &hands, Stream::root(6));
        for refresh in Refresh::ALL {
            let few = of(1, refresh);
            assert_eq!(few.accuracies, fresh.as_ref().expect("chips")[0].accuracies);
            assert_eq!((few.writes, few.left), (Some(0), 1.0));
        }
        // The onset is at 2,414 reads of 100 ns of a row that is always driven.
        let [never, arrays, cells] = Refresh::ALL.map(|refresh| of(1_000_000, refresh));
        let p = spec.disturb.law.exponent(Volts(0.4));
        assert!((arrays.left - spec.disturb.onsets.powf(-p)).abs() < 1e-12, "{}", arrays.left);
        assert!((cells.left - (1.0 - spec.disturb.tolerance)).abs() < 1e-12, "{}", cells.left);
        assert!(never.left < cells.left && never.writes == Some(0));
        let (arrays, cells) = (arrays.writes.expect("alive"), cells.writes.expect("alive"));
        assert!(0 < cells && cells < arrays, "{cells} and {arrays}");
        assert_eq!(of(1_000_000_000_000, Refresh::Arrays).writes, None, "worn out");
    }
}

/// Any cell of the catalogue, alone and with stuck cells, under drives of every kind: chips answer.
#[test]
fn every_published_device_answers_alone_and_with_stuck_cells() {
    let (mut spec, test) = (small(), images(60, 3));
    let networks =
        [Numbers::Binary, Numbers::Ternary].map(|kind| untrained_network(&spec, kind, &test));
    let hands = Hand::deal(&test, 2, &networks);
    let hands: Vec<&Hand> = hands.iter().collect();
    spec.sweep.mappings = ["bnn-i", "bnn-iv", "bnn-v", "tnn-iv"].map(str::to_owned).to_vec();
    spec.converters.adc_bits = 8;
    let stuck = StuckSpec::Random {
        share_low: 0.3,
        share_high: 0.0,
        low: Siemens::ZERO,
        high: Siemens(1e-6),
    };
    for name in published_names() {
        spec.device.model = ModelSpec::Published { name: name.to_owned() };
        for effects in [vec![], vec![EffectSpec::Stuck(stuck.clone())]] {
            let is_stuck = !effects.is_empty();
            spec.device.effects = effects;
            spec.check().unwrap_or_else(|error| panic!("{name}: {error}"));
            for point in spec.default_points() {
                let is_own = |network: &&FewNumbers| network.numbers == point.low_bit.numbers;
                let network = networks.iter().find(is_own).expect("one of each");
                let draft = Draft::of(point, network, &spec).expect("a draft");
                let family = [(point, &draft.converters(&point).expect("converters"))];
                let right = chips::measure(&draft, &family, &hands, Stream::root(6));
                let right = &right.expect("chips")[0];
                assert!(right.accuracies.iter().all(|share| (0.0..=1.0).contains(share)));
                let is_some = 0.0 < right.energy_j && right.energy_j.is_finite();
                assert!(is_some && 0 < right.adc_conversions, "{name}: {}", point.low_bit.name);
                // Three in ten cells are stuck at nothing, but for the errors of the design on top.
                let point = Point { design: Design { spread: 0.0, ..point.design }, ..point };
                let held = draft.cells(&point, 0, Stream::root(7), &mut Tally::default());
                let cells: usize = held.iter().map(ndarray::ArrayBase::len).sum();
                let none = held.iter().flatten().filter(|g| **g == 0.0).count();
                assert!(
                    !is_stuck || 0.25 < none as f64 / cells as f64,
                    "{name}: {none} of {cells}"
                );
            }
        }
    }
}

/// Without errors of the design cells hold what their device alone leaves on a grid; with them they are off by as
/// much as it says, on top of it and independently of it.
#[test]
fn the_spread_is_on_top_of_the_device() {
    let (mut spec, test) = (small(), images(60, 3));
    spec.device.model = toml::from_str::<ModelSpec>(
        r#"
        kind = "gaussian"
        g_off = "100 uS"
        g_on = "200 uS"
        programming = { constant = "5 uS", proportional = 0.0, inverse = "0 S", inverse_at = "0 S", linear = "0 S" }
        read = { constant = "0 S", proportional = 0.0, inverse = "0 S", inverse_at = "0 S", linear = "0 S" }
        current_voltage = { law = "ohmic" }
        "#,
    )
    .expect("a device");
    let network = untrained_network(&spec, Numbers::Binary, &test);
    let point = spec.default_points()[0];
    let at = Stream::root(6);
    let of = |spread: f64| {
        let point = Point { design: Design { spread, ..point.design }, ..point };
        let draft = Draft::of(point, &network, &spec).expect("a draft");
        let held = draft.cells(&point, 0, at, &mut Tally::default());
        (draft, point, held)
    };
    let (draft, point, alone) = of(0.0);
    let layer = &draft.layers[0];
    let (parts, tally) = (draft.parts(&point), &mut Tally::default());
    let grid = Grid::from_blueprint(&parts, &layer.design, &layer.blueprint, at, tally);
    for (tile, alone) in grid.expect("a grid").tiles().iter().zip(&alone) {
        assert_eq!(tile.array().conductances(), alone);
    }
    let (_, _, spread) = of(0.04);
    let own = alone.iter().zip(layer.blueprint.targets()).flat_map(|(alone, target)| {
        let off: Vec<f64> = (alone - &target).into_iter().collect();
        off
    });
    let added = spread.iter().zip(&alone).flat_map(|(spread, alone)| {
        let off: Vec<f64> = (spread - alone).into_iter().collect();
        off
    });
    let (own, added): (Vec<f64>, Vec<f64>) = (own.collect(), added.collect());
    let n = own.len() as f64;
    let mean = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>() / n;
    // Five standard errors of a variance, and of a product of independent normals.
    let apart = (mean(&added, &added) / 4e-6_f64.powi(2) - 1.0).abs();
    assert!(apart < 5.0 * (2.0 / n).sqrt(), "{apart} of {n} cells");
    let together = mean(&own, &added) / (5e-6 * 4e-6);
    assert!(together.abs() < 5.0 / n.sqrt(), "{together} of {n} cells");
}

/// Wires of nothing are those of the sweep; a further network is trained and has every mapping; thresholds that the
/// sweep chose are measured on as many chips as the design.
#[test]
fn wires_further_networks_and_few_bits_are_reported() {
    let images =
        Images { train: images(160, 1), test: images(120, 2), sha256: "as told".to_owned() };
    let mut spec = small();
    spec.sweep.mappings = vec!["bnn-i".to_owned(), "tnn-iv".to_owned()];
    spec.sweep.adc_bits = vec![3, spec.converters.adc_bits];
    spec.sweep.spreads = vec![spec.design.spread];
    let placed = Range::Placed { shared_by: SharedBy::None, errors: Errors::Decisions };
    spec.sweep.ranges = vec![spec.converters.full_scale.into(), placed];
    spec.sweep.chips = 3;
    spec.wired.pitches = vec![Ohms::ZERO, Ohms(2000.0)];
    spec.further = vec![FurtherSpec {
        name: "small-vgg".to_owned(),
        epochs: 1,
        hidden: HiddenSpec { blocks: architectures()[2].clone(), widths: vec![12] },
    }];
    spec.check().expect("a study");
    let found = CimExplorer::run(&spec, &images, &Nowhere.context()).expect("a run");
    found.report.check().expect("a whole report");
    let of = |name: &str| found.report.figures[name].estimate.mean;
    let sheet = &found.report.attachments[0].text;
    for name in ["bnn_i", "tnn_iv"] {
        let own = |line: &&str| {
            line.starts_with(&name.replace('_', "-")) && line.contains("% of currents\",5,")
        };
        let line = sheet.lines().find(own).expect("a point");
        let swept = line.split(',').nth(10).expect("an accuracy");
        assert_eq!(swept, of(&format!("accuracy_{name}_at_0_ohm")).to_string());
        let digital = of(&format!("digital_small_vgg_{}", measured_kind(name)));
        assert!((0.0..=1.0).contains(&digital));
        assert!((0.0..=1.0).contains(&of(&format!("accuracy_small_vgg_{name}"))));
        let placed = &found.report.figures[&format!("three_bits_placed_below_ideal_{name}")];
        assert_eq!(placed.estimate.chips, spec.evaluation.chips);
    }
    let table = |title: &str| {
        let of = |table: &&cim_report::Table| table.title == title;
        found.report.tables.iter().find(of).map(|table| table.rows.len())
    };
    assert_eq!(table("Every mapping at the design, small-vgg"), Some(2));
    assert_eq!(table("Every mapping at the design on wires"), Some(2));
}

fn measured_kind(name: &str) -> &'static str {
    if name.starts_with('b') { "binary" } else { "ternary" }
}

#[test]
fn hands_hold_every_image_once() {
    let test = images(23, 4);
    for of in [1, 2, 5] {
        let images: usize = Hand::deal(&test, of, &[]).iter().map(Hand::len).sum();
        assert_eq!(images, 23);
    }
}

/// Keeps bytes in memory.
#[derive(Default)]
struct Memory(Mutex<BTreeMap<String, Vec<u8>>>);

impl Store for Memory {
    fn names(&self) -> Result<Vec<String>, StoreError> {
        Ok(self.0.lock().expect("one thread").keys().cloned().collect())
    }

    fn load(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.0.lock().expect("one thread").get(name).cloned())
    }

    fn save(&self, name: &str, bytes: &[u8]) -> Result<(), StoreError> {
        self.0.lock().expect("one thread").insert(name.to_owned(), bytes.to_vec());
        Ok(())
    }

    fn place(&self, name: &str) -> String {
        name.to_owned()
    }
}

/// A second run measures what the first has not; what both have is the same, and as of one run alone.
#[test]
fn finished_points_are_taken_up() {
    let images =
        Images { train: images(160, 1), test: images(40, 2), sha256: "as told".to_owned() };
    let run = |spec: &Spec, store: &dyn Store| -> Found {
        let context = Context { store, ..Nowhere.context() };
        CimExplorer::run(spec, &images, &context).expect("a run")
    };
    let whole = small();
    let mut part = whole.clone();
    part.sweep.adc_bits.truncate(1);
    let memory = Memory::default();
    let first = run(&part, &memory);
    first.report.check().expect("a whole report");
    let notes = first.report.notes.join("\n");
    assert!(notes.contains("0 of 66 points were taken up"), "{notes}");
    let second = run(&whole, &memory);
    assert!(second.report.notes.iter().any(|note| note.contains("66 of 132 points were taken up")));
    let alone = run(&whole, &Memory::default());
    let sheet = &alone.report.attachments[0].text;
    let columns: Vec<usize> =
        sheet.lines().map(|line| line.replace(", ", "; ").split(',').count()).collect();
    assert_eq!(columns, vec![19; 133], "a line for every point below the names of columns");
    assert_eq!(second.report.attachments, alone.report.attachments);
    assert_eq!(second.report.tables, alone.report.tables);
    assert_eq!(second.report.figures.keys().count(), 2 + 2 + 11);
}
