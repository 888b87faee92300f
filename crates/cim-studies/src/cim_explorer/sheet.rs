//! All points of the sweep as comma-separated values, in SI units.

use std::fmt::Write;

use super::measured::Measured;

/// Names of the columns.
const COLUMNS: &str = "mapping,network,rows,low_S,high_S,spread_S,wire_Ohm,range,adc_bits,accuracy,accuracy_ci95,\
                       chips,accuracy_lost,accuracy_below_ideal_converters,energy_J,conversions,clipped_share,cells\n";

pub fn sheet(measured: &Measured) -> String {
    let mut text = COLUMNS.to_owned();
    for finished in &measured.sweep {
        let (point, design, right) = (finished.point, finished.point.design, &finished.right);
        let accuracy = finished.accuracy();
        let below = measured.ideal_of(finished).map(|ideal| ideal.accuracy().mean - accuracy.mean);
        let below = below.map_or_else(String::new, |below| below.to_string());
        let _ = writeln!(
            text,
            "{},{},{},{},{},{},{},\"{}\",{},{},{},{},{},{below},{},{},{},{}",
            point.low_bit.key,
            measured.name_of(point.low_bit.numbers),
            point.rows,
            design.low.0,
            design.high.0,
            design.spread.0,
            design.wire.0,
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
