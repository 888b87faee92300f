//! The whole study on a handful of small images: what it reports, and what its choices see.

use cim_core::Volts;
use cim_report::Report;
use serde_json::Value;

use super::run;
use super::spec::{PRESET, Spec};
use crate::method::bench::Bench;
use crate::method::choose::heuristics;
use crate::method::digital::Digital;
use crate::parse::parse;
use crate::shared::corners::data;
use crate::shared::images::Images;
use crate::shared::learning::Learning;
use crate::shared::nowhere::Nowhere;
use crate::shared::training::Training;
use crate::study::StudySpec;

/// The built-in preset in miniature.
fn spec() -> Spec {
    let mut spec = parse::<Spec>(PRESET).expect("valid").quick();
    spec.network.widths = Some(vec![36, 12, 8, 4]);
    spec.tile.rows = 20;
    spec.tile.outputs = 8;
    spec.holdout.images = 80;
    spec.calibration.images = 32;
    spec.networks.count = 3;
    spec.choices.clip_shares = vec![0.5, 1.0];
    spec.sweeps.programming_scale = vec![1.0, 2.0];
    spec.sweeps.program_bits = vec![3, 6];
    spec.error_model.chips = 20;
    spec.error_model.images = 4;
    spec.error_model.designs = 8;
    let training = &mut spec.training;
    for recipe in [&mut training.digital, &mut training.further, &mut training.bits] {
        recipe.epochs = 4;
        recipe.batch = 20;
    }
    spec
}

fn report(images: &Images) -> Report {
    let spec = spec();
    run::run(&spec, images, &Nowhere.context()).expect("it runs").report
}

fn of<'a>(report: &'a Report, path: &str) -> &'a Value {
    let (key, rest) = path.split_once('/').unwrap_or((path, ""));
    let found = report.data.get(key).unwrap_or_else(|| panic!("{key} is reported"));
    if rest.is_empty() { found } else { found.pointer(&format!("/{rest}")).expect("a key") }
}

/// The same training set with two test sets: all that was learned and chosen is the same to the byte,
/// and what was measured is not.
#[test]
fn what_is_chosen_does_not_depend_on_the_test_set() {
    let (a, b) = (report(&data(0)), report(&data(1)));
    for key in ["choices", "optimiser", "digital/history", "error_model", "error_budget", "energy"]
    {
        assert_eq!(of(&a, key), of(&b, key), "{key}");
    }
    for place in 0..of(&a, "baselines").as_array().expect("a list").len() {
        let key = format!("baselines/{place}/holdout_accuracy");
        assert_eq!(of(&a, &key), of(&b, &key));
    }
    assert_ne!(of(&a, "variants/0/accuracy"), of(&b, "variants/0/accuracy"));
}

#[test]
fn the_report_has_what_earned_it() {
    let report = report(&data(0));
    assert_eq!(of(&report, "networks"), 3);
    for key in [
        "control/accuracy",
        "naive_loss/mean",
        "naive_loss/ci95",
        "recovered_loss_estimate/mean",
        "recovered_loss_estimate/ci95",
        "energy_vs_naive_at_equal_voltage/mean",
        "optimiser/gap",
        "optimiser/in_use/gap",
        "optimiser/in_use/g_min_s",
        "optimiser/in_use/g_max_s",
        "optimiser/in_use/read_voltage_v",
        "objective_rank_correlation",
        "objective_rank/low",
        "objective_rank/high",
        "against_training_alone/0/accuracy/mean",
        "against_training_alone/1/energy_saved/ci95",
    ] {
        assert!(of(&report, key).as_f64().is_some_and(f64::is_finite), "{key}");
    }
    let names = |list: &str| {
        let list = of(&report, list).as_array().expect("a list");
        list.iter().map(|row| row["name"].as_str().expect("a name").to_owned()).collect::<Vec<_>>()
    };
    let baselines = [
        "naive",
        "percentile",
        "mse_optimal",
        "percentile_clip",
        "calibrated_input_ranges",
        "searched_window",
        "training_alone",
        "full",
        "full_frugal",
    ];
    assert_eq!(names("baselines"), baselines.repeat(2), "at both voltages");
    let parts = [
        "window",
        "read_voltage",
        "clip",
        "full_scale",
        "relu",
        "noise",
        "learned_full_scale",
        "distillation",
    ];
    assert_eq!(names("leave_one_out"), parts);
    assert_eq!(names("add_one_in"), parts);
    assert_eq!(names("replaced"), ["clip", "full_scale"]);
    for key in ["program_alone/0/recovered/mean", "program_alone/1/difference/mean"] {
        assert!(of(&report, key).as_f64().is_some_and(f64::is_finite), "{key}");
    }
    // Chips are nested in networks: 2 of each of 3.
    assert_eq!(of(&report, "leave_one_out/0/difference/chips"), 6);
    assert!(report.lead.contains("least_read_voltage"), "{}", report.lead);
    assert!(report.comparison.iter().all(|row| row.target.is_none()), "no targets in miniature");
}

/// Points of sweeps at the preset's own place are chips that the table has: taken from there, where it has
/// enough of them, they are what they are measured to be where it has not.
#[test]
fn what_the_table_measured_stands_for_the_same_chips_of_a_sweep() {
    let with = |chips: usize| {
        let mut spec = spec();
        spec.networks.count = 2;
        spec.sweeps.bits = vec![3, 6];
        (spec.evaluation.chips, spec.sweeps.chips) = (chips, 2);
        run::run(&spec, &data(0), &Nowhere.context()).expect("it runs").report
    };
    let (few, enough) = (with(1), with(2));
    for key in ["sweeps", "bits_sweep"] {
        assert_eq!(of(&few, key), of(&enough, key), "{key}");
    }
    assert_ne!(of(&few, "variants"), of(&enough, "variants"));
}

/// An interval over designs holds its correlation, and is there for so many designs as were asked for.
#[test]
fn the_rank_correlation_lies_in_its_interval() {
    let report = report(&data(0));
    let rank =
        |key: &str| of(&report, &format!("objective_rank/{key}")).as_f64().expect("a number");
    assert!(rank("low") <= rank("correlation") && rank("correlation") <= rank("high"));
    assert_eq!(rank("designs"), 8.0);
    assert_eq!(of(&report, "objective_rank_correlation"), rank("correlation"));
}

/// Of all heuristics that are no less accurate than the best, but for the slack, none takes less energy
/// than the strongest; and with windows to search it takes less than without where the slack is wide.
#[test]
fn the_strongest_is_the_most_frugal_of_the_accurate() {
    let (images, context) = (data(0), Nowhere.context());
    let strongest = |tops: &[f64], slack: f64| {
        let mut spec = spec();
        spec.choices.window_tops = tops.to_vec();
        spec.choices.accuracy_slack = slack;
        let learning = Learning::of(&images, spec.holdout.images).expect("images");
        let training = Training::on(&context, &learning.data, "of a test", &spec.trained_by());
        let training = training.expect("nothing is kept");
        let job = spec.job().expect("parts");
        let bench = Bench::new(&job, &learning, &training, 0);
        let network = Digital::train(&bench).expect("it trains").network;
        let inputs = bench.inputs_of(&network);
        let found = heuristics::all(&bench, &network, &inputs, Volts(0.2)).expect("heuristics");
        let joules = |one: &heuristics::Heuristic| {
            one.design.energy(&network, &inputs, &spec.energy).expect("a price").total()
        };
        let last = found.last().expect("there are some");
        assert_eq!(last.name, heuristics::STRONGEST);
        let best = found.iter().map(|one| one.accuracy).fold(0.0, f64::max);
        assert!(best - slack <= last.accuracy);
        for one in found.iter().filter(|one| best - slack <= one.accuracy) {
            assert!(joules(last) <= joules(one), "{} {}", one.name, one.chosen);
        }
        joules(last)
    };
    let whole = strongest(&[1.0], 1.0);
    assert!(strongest(&[1.0, 0.5], 1.0) < whole);
    strongest(&[1.0, 0.5], 0.0);
}
