//! Ways of programming against each other, on three kinds of cells.

use cim_core::{Siemens, Stream, Tally};
use cim_device::program::{CellsPreset, PROGRAMMERS};
use cim_device::{DeviceError, End, Outcome, Window};
use ndarray::Array2;

const N: usize = 48;

fn targets(window: Window) -> Array2<f64> {
    let mut u = vec![0.0f32; N * N];
    Stream::root(4).fill_uniform(0, &mut u);
    Array2::from_shape_fn((N, N), |(row, col)| {
        window.g_min.0 + window.span().0 * (0.1 + 0.8 * f64::from(u[row * N + col]))
    })
}

fn programmed(
    cells: &CellsPreset,
    programmer: &str,
    band: Siemens,
) -> Result<(Outcome, Tally, f64), DeviceError> {
    let programmer = cells.programmer(programmer, band)?.build()?;
    let at = Stream::root(5);
    let mut array = cells.cells.fresh((N, N), at.child("cells", 0))?;
    let target_s = targets(array.window());
    let mut tally = Tally::default();
    let outcome =
        programmer.program(array.as_mut(), target_s.view(), at.child("program", 0), &mut tally)?;
    let rms = outcome.rms_error_s(target_s.view());
    assert_eq!(outcome.held_s, array.conductances());
    Ok((outcome, tally, rms))
}

fn run(cells: &str, programmer: &str) -> (Outcome, Tally, f64) {
    let cells = CellsPreset::named(cells).expect("known");
    programmed(&cells, programmer, cells.band).expect("possible")
}

#[test]
fn every_cell_ends_somewhere_and_the_tally_is_the_sum_of_its_cells() {
    for cells in ["openmena", "synaptogen", "pcm", "cmo-hfox"] {
        let preset = CellsPreset::named(cells).expect("known");
        for programmer in PROGRAMMERS {
            let (outcome, tally, rms_s) = match programmed(&preset, programmer, preset.band) {
                Err(DeviceError::NotPossible { .. }) => continue,
                other => other.expect("possible"),
            };
            let what = format!("{programmer} on {cells}");
            assert_eq!(outcome.count(End::Untouched), 0, "{what}");
            let ends = tally.cells_in_band + tally.cells_stuck + tally.cells_given_up;
            assert_eq!((ends, tally.cells_programmed), ((N * N) as u64, ends), "{what}");
            let pulses = outcome.pulses.iter().map(|&n| u64::from(n)).sum::<u64>();
            assert_eq!((tally.pulses, pulses > 0), (pulses, true), "{what}");
            // Rounded to whole femtojoules and nanoseconds cell by cell.
            let cells = (N * N) as f64;
            assert!((tally.programming_energy().0 - outcome.energy_j.sum()).abs() < 1e-15 * cells);
            assert!((tally.programming_time().0 - outcome.time_s.sum()).abs() < 1e-9 * cells);
            assert!(rms_s.is_finite(), "{what}");
            let again = programmed(&preset, programmer, preset.band).expect("as before");
            assert_eq!((again.0, again.1), (outcome, tally), "{what}: same address, same bytes");
        }
    }
}

#[test]
fn climbing_voltages_bring_nearly_all_cells_in_and_one_shot_does_not() {
    for cells in ["openmena", "synaptogen", "pcm"] {
        let (climbed, _, climbed_rms) = run(cells, "ispva");
        let (trimmed, ..) = run(cells, "trim");
        let (shot, _, _) = run(cells, "one-shot");
        assert!(0.99 <= climbed.share(End::InBand), "{cells}: {}", climbed.share(End::InBand));
        assert!(0.99 <= trimmed.share(End::InBand), "{cells}: {}", trimmed.share(End::InBand));
        assert!(shot.share(End::InBand) < 0.8, "{cells}");
        let band = CellsPreset::named(cells).expect("known").band;
        assert!(climbed_rms < 1.5 * band.0, "{cells}: {climbed_rms} in a band of {band}");
    }
}

/// The finding of the 4-kbit arrays: smaller steps of the gate, less spread, more energy.
#[test]
fn smaller_gate_steps_lower_the_spread_and_cost_energy() {
    use cim_core::Volts;
    use cim_device::ProgrammerSpec;

    let cells = CellsPreset::named("openmena").expect("known");
    let climb = |step: f64| {
        // One climb, no second look at an overshoot: the step alone decides.
        let ProgrammerSpec::Igvva(spec) = cells.programmer("igvva", Siemens(1e-6)).expect("known")
        else {
            panic!("igvva is igvva")
        };
        let spec = ProgrammerSpec::Igvva(cim_device::program::IgvvaSpec {
            step: Volts(step),
            most_overshoots: 0,
            ..spec
        });
        let at = Stream::root(6);
        let mut array = cells.cells.fresh((N, N), at.child("cells", 0)).expect("cells");
        let target_s = targets(array.window());
        let mut tally = Tally::default();
        let programmer = spec.build().expect("a programmer");
        let outcome = programmer
            .program(array.as_mut(), target_s.view(), at.child("program", 0), &mut tally)
            .expect("possible");
        let error = &outcome.held_s - &target_s;
        (error.std(0.0), tally.programming_energy().0)
    };
    let (coarse, fine) = (climb(0.05), climb(0.01));
    assert!(fine.0 < 0.5 * coarse.0, "{fine:?} {coarse:?}");
    assert!(3.0 * coarse.1 < fine.1, "{fine:?} {coarse:?}");
}

#[test]
fn passes_with_a_wait_bring_relaxed_cells_back() {
    use cim_device::program::RelaxationSpec;
    use cim_device::{ProgrammerSpec, PulseCellsSpec, ThresholdSpec};

    let preset = CellsPreset::named("openmena").expect("known");
    let cells =
        PulseCellsSpec::Threshold(ThresholdSpec { relaxation: 0.04, ..ThresholdSpec::OPENMENA });
    let after = |passes: u32| {
        let spec = preset.programmer("relaxation", preset.band).expect("known");
        let ProgrammerSpec::Relaxation(spec) = spec else { panic!("it is what it is called") };
        let spec = ProgrammerSpec::Relaxation(RelaxationSpec { passes, ..spec });
        let at = Stream::root(8);
        let mut array = cells.fresh((N, N), at.child("cells", 0)).expect("cells");
        let target_s = targets(array.window());
        let mut tally = Tally::default();
        let outcome = spec
            .build()
            .expect("a programmer")
            .program(array.as_mut(), target_s.view(), at.child("program", 0), &mut tally)
            .expect("possible");
        (outcome.share(End::InBand), tally.pulses)
    };
    let (once, thrice) = (after(1), after(3));
    assert!(once.0 < thrice.0 && once.1 < thrice.1, "{once:?} {thrice:?}");
}

#[test]
fn what_cannot_be_done_is_said_with_a_suggestion() {
    let error = CellsPreset::named("openmina").expect_err("unknown").to_string();
    assert!(error.contains("did you mean 'openmena'?"), "{error}");
    let cells = CellsPreset::named("synaptogen").expect("known");
    let error = cells.programmer("vippi", cells.band).expect_err("unknown").to_string();
    assert!(error.starts_with("no programmer is called 'vippi'"), "{error}");
    assert!(error.contains("did you mean 'vipi'?"), "{error}");
    let error = cells.programmer("igvva", cells.band).expect_err("no transistor").to_string();
    assert_eq!(error, "igvva cannot program Synaptogen cells: they have no access transistor");
}

#[test]
fn programmers_and_cells_read_from_files_and_refuse_unknown_keys() {
    use cim_device::{ProgrammerSpec, PulseCellsSpec};

    for cells in ["openmena", "synaptogen", "pcm"] {
        let preset = CellsPreset::named(cells).expect("known");
        let text = toml::to_string(&preset.cells).expect("written");
        assert_eq!(toml::from_str::<PulseCellsSpec>(&text).as_ref(), Ok(&preset.cells), "{text}");
        for programmer in PROGRAMMERS {
            let Ok(spec) = preset.programmer(programmer, preset.band) else { continue };
            let text = toml::to_string(&spec).expect("written");
            assert_eq!(toml::from_str::<ProgrammerSpec>(&text), Ok(spec), "{text}");
            let unknown = format!("colour = \"red\"\n{text}");
            let error =
                toml::from_str::<ProgrammerSpec>(&unknown).expect_err("unknown").to_string();
            assert!(error.contains("colour"), "{error}");
        }
    }
}
