//! The same measurements are the same fit, whatever their unit; what is no measurement of cells is none.

use cim_core::Stream;
use cim_fit::{FitError, Fitted, Measurements, fit};

/// 160 cells at four targets that fall with the logarithm of time, with noise that does not grow: exponents
/// of the variance have no inner optimum.
fn drifting(unit: &str, factor: f64) -> String {
    let mut noise = vec![0.0_f32; 160 * 12];
    Stream::root(11).fill_standard_normal(0, &mut noise);
    let mut csv = format!("cell,target ({unit}),achieved ({unit}),time (s),read\n");
    for cell in 0..160 {
        let (target, noise) =
            ([5.0, 10.0, 20.0, 40.0][cell % 4], &noise[12 * cell..12 * cell + 12]);
        let first = target + 0.5 * f64::from(noise[0]);
        for (t_idx, time) in [0.0, 1.0, 10.0, 100.0_f64].into_iter().enumerate() {
            let moved = if t_idx == 0 { 0.0 } else { 0.2 * f64::from(noise[t_idx]) };
            for read in 0..2 {
                let seen = 0.05 * f64::from(noise[4 + 2 * t_idx + read]);
                let seen = first - 0.3 * (1.0 + time).log10() + moved + seen;
                csv += &format!("{cell},{},{},{time},{read}\n", target * factor, seen * factor);
            }
        }
    }
    csv
}

fn fitted(csv: &str) -> Result<Fitted, FitError> {
    fit(&Measurements::from_csv(csv.as_bytes()).expect("readable"))
}

#[test]
fn the_same_rows_in_other_units_are_the_same_fit() {
    let want = fitted(&drifting("uS", 1.0)).expect("a fit");
    for (unit, factor) in [("nS", 1e3), ("mS", 1e-3), ("S", 1e-6)] {
        let found = fitted(&drifting(unit, factor)).expect("a fit");
        let names = |fit: &Fitted| -> Vec<String> {
            fit.choices
                .iter()
                .flat_map(|choice| &choice.candidates)
                .filter(|one| one.is_chosen)
                .map(|one| one.words.clone())
                .collect()
        };
        assert_eq!(names(&found), names(&want), "{unit}");
        for (found, want) in found.parameters.iter().zip(&want.parameters) {
            let near = |a: f64, b: f64| (a - b).abs() <= 1e-6 * b.abs() || a == b;
            assert!(
                near(found.value, want.value)
                    && near(found.low, want.low)
                    && near(found.high, want.high),
                "{unit}: {found:?}, {want:?}"
            );
        }
    }
}

#[test]
fn what_is_no_measurement_of_cells_is_refused() {
    let mut noise = [0.0_f32; 120];
    Stream::root(5).fill_standard_normal(0, &mut noise);
    let csv = |header: &str, of: &dyn Fn(f64, f64) -> f64| {
        let rows = (0..120).map(|k| {
            let target = [5.0, 10.0, 20.0, 40.0][k % 4];
            format!("{target},{}\n", of(target, f64::from(noise[k])))
        });
        format!("{header}\n{}", rows.collect::<String>())
    };
    let header = "target (uS),achieved (uS)";
    let dead = fitted(&csv(header, &|_, _| 0.0)).expect_err("a dead channel");
    assert_eq!(dead, FitError::Undetermined { what: "achieved" });
    let swapped = csv("achieved (uS),target (uS)", &|target, noise| target + 0.5 * noise);
    let swapped = fitted(&swapped).expect_err("columns exchanged");
    assert_eq!(swapped, FitError::Exchanged { achieved: 4, targets: 120 });
}
