//! All points of the sweep as comma-separated values, in SI units.

use std::fmt::Write;

use super::measured::Measured;

/// Names of the columns.
const COLUMNS: &str = "mapping,network,rows,low_S,high_S,spread_S,row_Ohm,column_Ohm,range,adc_bits,accuracy,accuracy_ci95,\
                       chips,accuracy_lost,accuracy_below_ideal_converters,energy_J,conversions,clipped_share,cells\n";

pub fn sheet(measured: &Measured) -> String {
    let mut text = COLUMNS.to_owned();
    for finished in &measured.sweep {
        let (point, design, right) = (finished.point, finished.point.design, &finished.right);
        let accuracy = finished.accuracy();
        let (states, [row, column]) = (design.states(measured.window), design.pitches());
        let below = measured.ideal_of(finished).map(|ideal| ideal.accuracy().mean - accuracy.mean);
        let below = below.map_or_else(String::new, |below| below.to_string());
        let _ = writeln!(
            text,
            "{},{},{},{},{},{},{},{},\"{}\",{},{},{},{},{},{below},{},{},{},{}",
            point.low_bit.key,
            measured.name_of(point.low_bit.numbers),
            point.rows,
            states.g_min.0,
            states.g_max.0,
            design.spread_of(measured.window).0,
            row.0,
            column.0,
            design.range,
            design.adc_bits,
            accuracy.mean,
            accuracy.ci95,
            accuracy.chips,
            measured.lost(finished),
            right.energy_j,
            finished.conversions(),
            finished.clipped(),
            right.cells,
        );
    }
    text
}
