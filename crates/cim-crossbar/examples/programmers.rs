//! The table of programmers: `cargo run --release -p cim-crossbar --example programmers`.
//!
//! Three kinds of cells, 64 × 64, uniform targets over 5 to 80 % of the window; every figure is of
//! what the cells hold, read noise aside. The products are those of the array on ideal wires and on
//! wires of the resistance given; cell-by-cell schemes do not see the wires.
#![expect(clippy::print_stdout, reason = "an example prints")]

use cim_core::{Ohms, Siemens, Stream, Tally};
use cim_crossbar::{GdpSpec, Wires, product_error};
use cim_device::program::{CellsPreset, PROGRAMMERS, Programmer};
use cim_device::{DeviceError, Window};
use ndarray::Array2;

const N: usize = 64;
const SEED: u64 = 7;

fn targets(window: Window) -> Array2<f64> {
    let mut u = vec![0.0f32; N * N];
    Stream::root(SEED).child("targets", 0).fill_uniform(0, &mut u);
    Array2::from_shape_fn((N, N), |(row, col)| {
        window.g_min.0 + window.span().0 * (0.05 + 0.75 * f64::from(u[row * N + col]))
    })
}

struct Bench {
    cells: CellsPreset,
    target_s: Array2<f64>,
    wires: Wires,
}

impl Bench {
    fn line(
        &self,
        name: &str,
        band: Siemens,
        programmer: &dyn Programmer,
        gdp: Option<&dyn Programmer>,
    ) -> Result<(), Box<dyn std::error::Error>> {
        let program = |programmer: &dyn Programmer| {
            let at = Stream::root(SEED);
            let mut array = self.cells.cells.fresh((N, N), at.child("cells", 0))?;
            let mut tally = Tally::default();
            let at = at.child("program", 0);
            let done = programmer.program(array.as_mut(), self.target_s.view(), at, &mut tally)?;
            Ok::<_, DeviceError>((done, tally))
        };
        let (done, tally) = program(programmer)?;
        let wired = match gdp {
            Some(gdp) => program(gdp)?.0,
            None => done.clone(),
        };
        let target_s = self.target_s.view();
        let ideal = product_error(done.held_s.view(), target_s, Wires::NONE)?;
        let wired = product_error(wired.held_s.view(), target_s, self.wires)?;
        let count = (N * N) as f64;
        let percent = |part: u64| 100.0 * part as f64 / count;
        println!(
            "| {name} | ±{:.2} | {:.2} | {:.1} | {:.1} | {:.1} | {:.1} | {:.2} | {:.2e} | {:.2e} | {:.2} | {:.2} | {:.2} |",
            1e6 * band.0,
            1e6 * done.rms_error_s(target_s),
            percent(tally.cells_in_band),
            percent(tally.cells_stuck),
            percent(tally.cells_given_up),
            tally.pulses as f64 / count,
            tally.polarity_changes as f64 / count,
            tally.programming_energy().0 / count,
            tally.programming_time().0 / count,
            100.0 * ideal.relative,
            100.0 * wired.relative,
            100.0 * wired.after_gain,
        );
        Ok(())
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Wires that take about a tenth of the product, for cells of very different conductance.
    for (name, fine, ohm) in
        [("openmena", 5e-6, 0.3), ("synaptogen", 2e-6, 0.5), ("pcm", 0.5e-6, 3.0)]
    {
        let cells = CellsPreset::named(name)?;
        let wires = Wires::new(Ohms(ohm), Ohms(ohm));
        let bench = Bench { target_s: targets(cells.cells.window()?), wires, cells };
        println!(
            "\n{name}, wires {ohm} Ohm per pitch\n\n\
             | programmer | band (uS) | RMS error (uS) | in band (%) | stuck (%) | given up (%) | pulses | \
             polarity changes | J per cell | s per cell | product error, ideal wires (%) | with wires (%) | with \
             wires, after a common gain (%) |\n|---|---|---|---|---|---|---|---|---|---|---|---|---|"
        );
        for &programmer in PROGRAMMERS {
            for band in [bench.cells.band, Siemens(fine), Siemens(0.5 * fine)] {
                let built = match bench.cells.programmer(programmer, band) {
                    Err(DeviceError::NotPossible { reason, .. }) => {
                        println!("| {programmer} | not possible: {reason} |");
                        break;
                    }
                    other => other?.build()?,
                };
                bench.line(programmer, band, built.as_ref(), None)?;
            }
        }
        let band = Siemens(fine);
        let gdp = |wires| GdpSpec::suiting(&bench.cells, band, N, wires)?.build();
        bench.line("gdp", band, &gdp(Wires::NONE)?, Some(&gdp(wires)?))?;
    }
    Ok(())
}
