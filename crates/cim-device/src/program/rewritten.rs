//! Any device that programs to a target, as cells that pulses change.

use std::sync::Arc;

use cim_core::{Seconds, Stream, Tally, Volts};
use ndarray::{Array2, ArrayView2};
use serde::{Deserialize, Serialize};

use super::pulse::{Pulse, PulseCells, check_shape};
use crate::device::{Device, Life};
use crate::error::DeviceError;
use crate::window::Window;

/// What the amplitude of a pulse means to [`Rewritten`] cells, as written in a file.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AmplitudeSpec {
    /// Amplitude below which nothing happens, and at which a pulse aims at the near end.
    pub least: Volts,
    /// Amplitude at which a pulse aims at the far end of the window.
    pub greatest: Volts,
    /// Width of calibrated pulses; others do the same.
    pub width: Seconds,
}

impl AmplitudeSpec {
    /// Between a tenth and a half of what a phase-change cell takes; ours.
    pub const PLAIN: Self = Self { least: Volts(0.5), greatest: Volts(1.5), width: Seconds(50e-9) };
}

/// Cells that a pulse rewrites: the amplitude says to what, the law of a [`Device`] says how well.
///
/// *What it models:* cells of which only the spread after programming is known, such as phase-change
/// cells and measured programming laws. A pulse that raises aims at a share `(|V| − V_least)/
/// (V_greatest − V_least)` of the window from the bottom, one that lowers at that share from the top,
/// and ends where the device's programming ends, a fresh draw each time. A pulse that raises does
/// nothing to a cell that holds more than the level it aims at, and the other way round. Fresh cells
/// are programmed to the bottom of the window, with the spread that the device has there. What is
/// permanent in a cell, such as a defect, is drawn once, where the cells were made. Waiting ages the
/// cells by the device's own law.
///
/// *Source:* ours: the plainest link between amplitude and level. *Not modelled:* gradual motion,
/// pulse width, a level that depends on the one before. Most programming laws were measured on
/// verified cells; to verify such draws again chooses among them.
#[derive(Clone)]
pub struct Rewritten {
    device: Arc<dyn Device>,
    amplitude: AmplitudeSpec,
    /// What was programmed, what is held now (S), and in which life.
    programmed_s: Array2<f64>,
    held_s: Array2<f64>,
    life: Array2<u32>,
    /// Where the randomness of a life is, and when it began.
    lives: Vec<(Stream, f64)>,
    at: Stream,
    clock_s: f64,
}

impl Rewritten {
    /// Fresh cells, rows × columns, programmed to the bottom of the device's window.
    ///
    /// # Errors
    /// [`DeviceError::Parameter`] for amplitudes that do not rise, or a width that is not positive.
    pub fn fresh(
        device: Arc<dyn Device>,
        (rows, cols): (usize, usize),
        amplitude: AmplitudeSpec,
        at: Stream,
    ) -> Result<Self, DeviceError> {
        super::verify::positive("least", amplitude.least.0)?;
        super::verify::positive("width", amplitude.width.0)?;
        if !(amplitude.least < amplitude.greatest && amplitude.greatest.is_finite()) {
            let (name, value) = ("greatest", amplitude.greatest.0);
            return Err(DeviceError::Parameter { name, value, range: "voltages above least" });
        }
        let bottom_s = Array2::from_elem((rows, cols), device.window().g_min.0);
        let life = Life { born: at, at: at.child("life", 0) };
        let held_s = device.program_in(bottom_s.view(), life, &mut Tally::default());
        Ok(Self {
            device,
            amplitude,
            programmed_s: held_s.clone(),
            held_s,
            life: Array2::zeros((rows, cols)),
            lives: vec![(at.child("life", 0), 0.0)],
            at,
            clock_s: 0.0,
        })
    }

    /// Level (S) at which a pulse aims; none if it does nothing.
    fn aim(&self, pulse: Pulse) -> Option<f64> {
        let (least, greatest) = (self.amplitude.least.0, self.amplitude.greatest.0);
        let magnitude = pulse.volts.abs();
        if pulse.is_none() || magnitude < least {
            return None;
        }
        let share = ((magnitude - least) / (greatest - least)).min(1.0);
        let share = if 0.0 < pulse.volts { share } else { 1.0 - share };
        let window = self.window();
        Some(window.g_min.0 + share * window.span().0)
    }
}

impl PulseCells for Rewritten {
    fn name(&self) -> &'static str {
        "rewritten cells"
    }

    fn window(&self) -> Window {
        self.device.window()
    }

    fn conductances(&self) -> Array2<f64> {
        self.held_s.clone()
    }

    fn read_variance(&self, g_s: f64) -> f64 {
        self.device.read_variance(g_s)
    }

    fn pulse(
        &mut self,
        pulses: ArrayView2<'_, Pulse>,
        at: Stream,
    ) -> Result<Array2<f64>, DeviceError> {
        check_shape("the array of pulses", pulses.dim(), self.held_s.dim())?;
        let bottom_s = self.window().g_min.0;
        let aims = pulses.mapv(|pulse| self.aim(pulse).unwrap_or(bottom_s));
        let life_here = Life { born: self.at, at };
        let drawn_s = self.device.program_in(aims.view(), life_here, &mut Tally::default());
        let life = self.lives.len() as u32 - 1;
        let mut energy_j = Array2::zeros(self.held_s.dim());
        for (place, &pulse) in pulses.indexed_iter() {
            let before = self.held_s[place];
            let rises = 0.0 < pulse.volts;
            let moves = |aim: f64| if rises { before <= aim } else { aim <= before };
            if self.aim(pulse).is_some_and(moves) {
                self.held_s[place] = drawn_s[place];
                self.programmed_s[place] = drawn_s[place];
                self.life[place] = life;
            }
            let mean_s = 0.5 * (before + self.held_s[place]);
            energy_j[place] = pulse.energy_j(pulse.volts * mean_s);
        }
        Ok(energy_j)
    }

    fn wait(&mut self, elapsed: Seconds, _at: Stream) -> Result<(), DeviceError> {
        self.device.fitted_times().check(elapsed)?;
        self.clock_s += elapsed.0;
        for (life, &(at, born_s)) in self.lives.iter().enumerate() {
            let age = Seconds(self.clock_s - born_s);
            let life_then = Life { born: self.at, at };
            let aged_s = self.device.aged_in(self.programmed_s.view(), age, life_then)?;
            for (place, held_s) in self.held_s.indexed_iter_mut() {
                if self.life[place] == life as u32 {
                    *held_s = aged_s[place];
                }
            }
        }
        self.lives.push((self.at.child("life", self.lives.len() as u64), self.clock_s));
        Ok(())
    }

    fn typical_after(&self, from_s: f64, pulse: Pulse) -> f64 {
        match self.aim(pulse) {
            None => from_s,
            Some(aim) if 0.0 < pulse.volts && aim < from_s => from_s,
            Some(aim) if pulse.volts < 0.0 && from_s < aim => from_s,
            Some(aim) => self.device.programmed(aim).mean,
        }
    }

    fn aimed(&self, from_s: f64, to_s: f64) -> [Pulse; 2] {
        let window = self.window();
        let share = (to_s - window.g_min.0) / window.span().0;
        let (least, span) = (self.amplitude.least, self.amplitude.greatest - self.amplitude.least);
        let width_s = self.amplitude.width.0;
        let pulse = if from_s < to_s {
            Pulse::one((least + span * share).0, width_s)
        } else {
            Pulse::one(-(least + span * (1.0 - share)).0, width_s)
        };
        [pulse, Pulse::NONE]
    }
}
