//! Tables of what every device reaches.

use cim_report::Table;
use cim_report::format::{percent, percent_estimate, points_estimate, si};

use super::findings::{DeviceFound, Findings, MethodFound, label};
use super::on_device::METHODS;
use crate::shared::estimates::Ratio;

/// Title of the table of accuracies.
pub const ACCURACY: &str = "Test accuracy, device by device";
/// Title of the table of differences.
pub const EARNED: &str = "What program and training earn";
/// Title of the table of energies.
pub const ENERGY: &str = "Energy per inference and read voltage";
/// Title of the table of designs.
pub const DESIGNS: &str = "Designs of the full method, first network";
/// Title of the table of sources.
pub const SOURCES: &str = "The devices";

/// All of them.
pub fn all(findings: &Findings) -> Vec<Table> {
    let by_method = |title: &str, cell: fn(&MethodFound) -> String| {
        let columns = ["device"].into_iter().chain(METHODS.map(label));
        let rows = findings.devices.iter().map(|device| {
            let cells = device.methods.iter().map(cell);
            [device.name.clone()].into_iter().chain(cells).collect::<Vec<_>>()
        });
        Table::new(title, columns, rows)
    };
    vec![
        by_method(ACCURACY, |method| percent_estimate(&method.accuracy)),
        earned(findings),
        by_method(ENERGY, |method| {
            format!("{} at {}", si(method.energy_j, "J"), si(method.read_voltage_v, "V"))
        }),
        designs(findings),
        sources(findings),
    ]
}

fn earned(findings: &Findings) -> Table {
    let won = |ratio: &Ratio| percent_estimate(&ratio.estimate());
    let rows = findings.devices.iter().map(|device| {
        let (program, full) = (device.method("program"), device.method("full"));
        vec![
            device.name.clone(),
            points_estimate(&program.against_fixed_rule),
            points_estimate(&program.against_heuristic),
            won(&device.program_recovered),
            points_estimate(&device.method("training_alone").against_heuristic),
            points_estimate(&full.against_heuristic),
            won(&device.full_recovered),
            points_estimate(&full.against_training_alone),
        ]
    });
    let columns = [
        "device",
        "program − fixed rule (points)",
        "program − heuristic",
        "of its loss won back",
        "training − heuristic",
        "full − heuristic",
        "of its loss won back by all",
        "full − training alone",
    ];
    Table::new(EARNED, columns, rows)
}

fn designs(findings: &Findings) -> Table {
    let window = |low, high| format!("{} to {}", si(low, "S"), si(high, "S"));
    let row = |device: &DeviceFound| {
        let (point, [low, high]) = (device.in_use, device.window_s);
        vec![
            device.name.clone(),
            window(low, high),
            window(point.g_min_s, point.g_max_s),
            si(point.read_voltage_v, "V"),
            percent(point.gap),
            device.objective_rank.words(),
        ]
    };
    let columns = [
        "device",
        "offered",
        "in use",
        "read voltage",
        "gap to the proven bound",
        "rank correlation of objective and loss",
    ];
    Table::new(DESIGNS, columns, findings.devices.iter().map(row))
}

fn sources(findings: &Findings) -> Table {
    let rows = findings.devices.iter().map(|device| {
        let mut heuristics = device.heuristics.clone();
        heuristics.sort_unstable();
        heuristics.dedup();
        let heuristics = heuristics.join(", ");
        vec![device.name.clone(), device.cell.clone(), device.source.clone(), heuristics]
    });
    Table::new(SOURCES, ["device", "cell", "source", "best heuristic"], rows).folded()
}
