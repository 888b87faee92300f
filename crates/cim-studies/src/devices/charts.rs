//! The picture: what every device loses, method by method.

use cim_report::chart::{Chart, GroupPanel, GroupRow, Groups, Named, Plot, Tone};

use super::findings::{DeviceFound, Findings, label};
use super::on_device::METHODS;

/// Losses of all devices.
pub fn losses(findings: &Findings) -> Chart {
    let tone = |name: &str| match name {
        "naive" => Tone::Baseline,
        "best_heuristic" => Tone::Reference,
        "program" => Tone::Between,
        "training_alone" => Tone::Goal,
        _ => Tone::Subject,
    };
    let drawn = |name: &str| name != "fixed_rule";
    let series = METHODS.into_iter().filter(|name| drawn(name));
    let series = series.map(|name| Named { name: label(name).to_owned(), tone: tone(name) });
    let row = |device: &DeviceFound| GroupRow {
        label: device.name.clone(),
        values: device
            .methods
            .iter()
            .filter(|method| drawn(method.name))
            .map(|method| 100.0 * (findings.control.mean - method.accuracy.mean))
            .collect(),
    };
    Chart {
        name: "losses".to_owned(),
        title: "What every published device loses".to_owned(),
        caption: "Accuracy lost on the test set against numbers that trained as long, in points, on a \
                  logarithmic scale; mean over networks and chips. A missing bar is no loss, or far \
                  below the scale; the fixed rule is in the table."
            .to_owned(),
        plot: Plot::Groups(Groups {
            x_label: "accuracy lost (points)".to_owned(),
            series: series.collect(),
            panels: vec![GroupPanel {
                title: String::new(),
                rows: findings.devices.iter().map(row).collect(),
            }],
        }),
    }
}
