//! What was found, as numbers: the keys of `report.json` that only this study has.

use cim_chip::InUse;
use cim_device::{Window, published};
use cim_report::Estimate;
use serde::Serialize;

use crate::error::StudyError;
use crate::method::rows::Row;
use crate::shared::estimates::{Rank, Ratio, share_won};

/// Every key that the report has beside those of any report.
#[derive(Clone, Debug, Serialize)]
pub struct Findings {
    /// Independently trained networks behind every figure.
    pub networks: usize,
    /// Epochs beyond those of the digital networks, of the control and of all that is trained.
    pub further_epochs: usize,
    /// Accuracy of the digital networks.
    pub digital: Estimate,
    /// Accuracy of the digital networks that trained as long as the rest.
    pub control: Estimate,
    /// One for each device, in the order of the preset.
    pub devices: Vec<DeviceFound>,
}

/// What one device reaches.
#[derive(Clone, Debug, Serialize)]
pub struct DeviceFound {
    /// Name in the catalogue.
    pub name: String,
    /// The cell.
    pub cell: String,
    /// Where its laws are from.
    pub source: String,
    /// Conductances that it offers (S).
    pub window_s: [f64; 2],
    /// Which heuristic is best on the held-out images, for each network.
    pub heuristics: Vec<&'static str>,
    /// Naive, fixed rule, best heuristic, program, training alone, full.
    pub methods: Vec<MethodFound>,
    /// Part of what the best heuristic is short of the control that the program alone wins back; 1 is all.
    pub program_recovered: Ratio,
    /// The same of the full method.
    pub full_recovered: Ratio,
    /// The full method's design of the first network.
    pub in_use: PointFound,
    /// How the program's objective orders random designs of the first network, against what they lose on the
    /// held-out images.
    pub objective_rank: Rank,
}

/// What one method reaches on a device.
#[derive(Clone, Debug, Serialize)]
pub struct MethodFound {
    /// Its name.
    pub name: &'static str,
    /// Fraction of the test set classified correctly.
    pub accuracy: Estimate,
    /// Accuracy minus that of the fixed rule on the same chips.
    pub against_fixed_rule: Estimate,
    /// Accuracy minus that of the best heuristic on the same chips.
    pub against_heuristic: Estimate,
    /// Accuracy minus that of training alone on the same chips.
    pub against_training_alone: Estimate,
    /// Error of the logits against the same weights computed digitally, per unit signal power.
    pub output_mse: f64,
    /// Energy per inference (J), mean over networks.
    pub energy_j: f64,
    /// Read voltage (V), mean over networks.
    pub read_voltage_v: f64,
}

/// A design against what is proven.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct PointFound {
    /// `(objective − bound) / objective`.
    pub gap: f64,
    /// Bottom of the window (S).
    pub g_min_s: f64,
    /// Top of the window (S).
    pub g_max_s: f64,
    /// Read voltage in use (V).
    pub read_voltage_v: f64,
}

impl DeviceFound {
    /// From rows in the order of [`METHODS`](super::on_device::METHODS) and the accuracies of the control.
    pub fn of(
        name: &str,
        rows: Vec<Row>,
        heuristics: Vec<&'static str>,
        (in_use, objective_rank): (InUse, Rank),
        control: &[f64],
    ) -> Result<Self, StudyError> {
        let device = published(name)?;
        let Window { g_min, g_max } = device.device.window();
        let of_methods: &[Row; super::on_device::METHODS.len()] =
            rows.as_slice().try_into().expect("a row for each method");
        let [_, rule, heuristic, program, alone, full] = of_methods;
        let won = |row: &Row| share_won(&row.means(), &heuristic.means(), control);
        let method = |row: &Row| MethodFound {
            name: row.name,
            accuracy: row.accuracy(),
            against_fixed_rule: row.minus(rule),
            against_heuristic: row.minus(heuristic),
            against_training_alone: row.minus(alone),
            output_mse: row.mean(|network| network.measured.output_mse),
            energy_j: row.mean(|network| network.energy.total()),
            read_voltage_v: row.mean(|network| network.read_voltage_v),
        };
        Ok(Self {
            name: name.to_owned(),
            cell: device.card.cell.clone(),
            source: device.card.source.clone(),
            window_s: [g_min.0, g_max.0],
            heuristics,
            methods: rows.iter().map(method).collect(),
            program_recovered: won(program),
            full_recovered: won(full),
            in_use: PointFound {
                gap: in_use.gap,
                g_min_s: in_use.g_min.0,
                g_max_s: in_use.g_max.0,
                read_voltage_v: in_use.read_voltage.0,
            },
            objective_rank,
        })
    }

    /// The method called `name`.
    pub fn method(&self, name: &str) -> &MethodFound {
        let found = self.methods.iter().find(|method| method.name == name);
        found.expect("every device has every method")
    }
}

/// Name of a method as a reader wants it.
pub fn label(name: &str) -> &str {
    match name {
        "fixed_rule" => "fixed rule",
        "best_heuristic" => "best heuristic",
        "program" => "program alone",
        "training_alone" => "training alone",
        "full" => "full method",
        other => other,
    }
}
