//! The study on a handful of images.

use std::collections::BTreeMap;
use std::sync::Mutex;

use cim_adc::FullScale;
use cim_core::{Siemens, Stream};
use cim_nn::Dataset;
use cim_nn::network::first_images;
use cim_tile::mapping::Numbers;

use super::CimExplorer;
use super::networks::{FewNumbers, untrained};
use super::points::{Designed, Hand};
use super::spec::{PointSpec, Spec};
use crate::context::{Context, Store, StoreError};
use crate::parse::parse;
use crate::shared::images::Images;
use crate::shared::nowhere::Nowhere;
use crate::study::{Found, Study};

fn images(count: usize, seed: u64) -> Dataset {
    let mut pixels = vec![0.0; count * 784];
    Stream::root(seed).fill_uniform(0, &mut pixels);
    let bytes = pixels.iter().map(|u| (u * 255.0) as u8).collect();
    let labels = (0..count).map(|k| (k % 10) as u8).collect();
    Dataset::new(bytes, labels, 28, 28, 10).expect("a data set")
}

fn small() -> Spec {
    let mut spec: Spec = parse(CimExplorer::PRESET).expect("valid");
    spec.network.hidden = vec![24];
    spec.training.network.epochs = 1;
    spec.array.rows = 96;
    spec.array.columns = 16;
    spec.calibration.images = 20;
    spec.evaluation.chips = 2;
    spec.sweep.adc_bits = vec![4, 6];
    spec.sweep.spreads.truncate(2);
    spec
}

/// Cells that hold what was asked for, converters fine enough for every sum: every chip of every mapping
/// answers as the network of integers does.
#[test]
fn every_mapping_is_the_network_where_nothing_spreads_and_nothing_is_rounded() {
    let (mut spec, test) = (small(), images(60, 3));
    let (spread, range) = (Siemens::ZERO, FullScale::WorstCase);
    spec.design = PointSpec { adc_bits: 16, spread, range, ..spec.design };
    let hands = Hand::deal(&test, 1);
    for numbers in [Numbers::Binary, Numbers::Ternary] {
        let (start, paths) = untrained(&spec, numbers, &test, Stream::root(5)).expect("a network");
        let calibration = first_images(&test, 20);
        let network = FewNumbers::of(numbers, &start, &paths, calibration.view(), &test);
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
            let designed = Designed::of(point, &network, &spec.array).expect("a design");
            let hand: Vec<&Hand> = hands.iter().collect();
            let right = designed.measure(&point, &network, &spec.array, &hand, Stream::root(6));
            let right = right.expect("a chip");
            let off = (right.accuracies[0] - network.digital).abs() * 60.0;
            assert!(off <= ties as f64 + 1e-9, "{}: {off} images", point.low_bit.name);
            assert_eq!(right.adc_clips, 0, "{}", point.low_bit.name);
        }
    }
}

#[test]
fn hands_hold_every_image_once() {
    let test = images(23, 4);
    for of in [1, 2, 5] {
        let images: usize = Hand::deal(&test, of).iter().map(Hand::len).sum();
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
    assert_eq!(second.report.tables, alone.report.tables);
    assert_eq!(second.report.figures.keys().count(), 2 + 2 + 11);
}
