//! A published device as a reader meets it: its card, its window and how far off cells are programmed.

use std::fmt;

use cim_core::Siemens;
use serde::Serialize;

use crate::card::Card;
use crate::catalogue::Published;

/// A card with what the device itself says.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Described {
    /// What is known of it.
    #[serde(flatten)]
    pub card: Card,
    /// Bottom of the conductance window (S).
    pub g_min_s: f64,
    /// Top of the conductance window (S).
    pub g_max_s: f64,
    /// How far the posynomial that optimisers use is above the programming variance at most, relative.
    pub variance_excess: f64,
    /// At the bottom, in the middle and at the top of the window.
    pub programmed: [ProgrammedAt; 3],
}

/// How far off cells are programmed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ProgrammedAt {
    /// Target (S).
    pub target_s: f64,
    /// Standard deviation of what cells hold (S).
    pub sigma_s: f64,
}

impl Described {
    /// Of a published device.
    pub fn of(Published { card, device }: &Published) -> Self {
        let window = device.window();
        let programmed = [0.0, 0.5, 1.0].map(|share| {
            let target_s = window.g_min.0 + share * window.span().0;
            ProgrammedAt { target_s, sigma_s: device.programmed(target_s).variance.sqrt() }
        });
        Self {
            card: card.clone(),
            g_min_s: window.g_min.0,
            g_max_s: window.g_max.0,
            variance_excess: device.program_variance().excess,
            programmed,
        }
    }

    /// Name, window and cell on one line of a list.
    pub fn line(&self) -> String {
        let Self { card: Card { name, cell, .. }, g_min_s, g_max_s, .. } = self;
        format!("  {name:16} {:>9.2} to {:>9.2}  {cell}", Siemens(*g_min_s), Siemens(*g_max_s))
    }
}

impl fmt::Display for Described {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (g_min, g_max) = (Siemens(self.g_min_s), Siemens(self.g_max_s));
        let [low, middle, high] = self.programmed.map(|ProgrammedAt { target_s, sigma_s }| {
            format!("{:.3} at {:.3}", Siemens(sigma_s), Siemens(target_s))
        });
        let excess = 100.0 * self.variance_excess;
        write!(f, "{}", self.card)?;
        writeln!(f, "  {:13} {g_min} to {g_max}", "window")?;
        writeln!(
            f,
            "  {:13} programming variance from above: at most {excess:.0} % more",
            "posynomial"
        )?;
        writeln!(f, "  {:13} sigma {low}, {middle}, {high}", "programmed")
    }
}
