//! From measurements to a device.

use cim_core::{Seconds, Siemens};
use cim_device::models::{
    CurveSpec, ErrorSpec, Growth, GrowthSpec, MeasuredRelaxation, Tails, TelegraphSpec,
};
use cim_device::{Conduction, MeasuredSpec};

use crate::choose::Tried;
use crate::deviations::deviations;
use crate::episodes::{Episode, episodes};
use crate::error::FitError;
use crate::fitted::{Choice, Deviations, Fitted, HeldOut, Parameter};
use crate::growing::{Growing, Span};
use crate::held_out::held_out;
use crate::measurements::Measurements;
use crate::moments::Law;
use crate::observation::{KnownSigma, changes, programmings, reads};
use crate::steps::Part;
use crate::tails::tails;
use crate::telegraph::{self, Cell};
use crate::two_states::TwoStates;

/// Fits the device that measurements are of: noise of reads from looks with more than one read, normal or of two states,
/// programming from first looks, relaxation from later ones.
///
/// # Errors
/// [`FitError`] where there are too few cells or targets, or numbers that determine no law.
pub fn fit(measurements: &Measurements) -> Result<Fitted, FitError> {
    let episodes = episodes(measurements)?;
    let mut levels: Vec<f64> = episodes.iter().map(|episode| episode.target).collect();
    levels.sort_by(f64::total_cmp);
    levels.dedup();
    let (&[g_off, ..], &[.., unit]) = (&levels[..], &levels[..]) else {
        return Err(FitError::Empty);
    };
    if levels.len() < 2 {
        return Err(FitError::OneTarget);
    }
    check(measurements, levels.len())?;
    levels.iter_mut().for_each(|level| *level /= unit);
    let mut found = Found {
        levels,
        unit,
        choices: Vec::new(),
        parameters: Vec::new(),
        telegraph: None,
        reads: None,
        not_told: Vec::new(),
    };
    let (read, read_curve) = found.read(&episodes)?;
    let (programming, of_programming) = found.programming(&episodes, read.as_ref())?;
    let (relaxation, of_relaxation) = found.relaxation(&episodes, read.as_ref())?;
    found.not_told.push("Current against voltage was not measured: cells are ohmic.".to_owned());
    let spec = MeasuredSpec {
        g_off: Siemens(g_off),
        g_on: Siemens(unit),
        programming,
        read: read_curve,
        relaxation,
        current_voltage: Conduction::Ohmic,
    };
    spec.clone().build()?;
    Ok(Fitted {
        spec,
        telegraph: found.telegraph,
        parameters: found.parameters,
        choices: found.choices,
        programming: of_programming,
        relaxation: of_relaxation,
        reads: found.reads,
        cells: measurements.cells(),
        programmings: episodes.len(),
        not_told: found.not_told,
    })
}

/// Rows of every exact value that tell targets from what was achieved.
const OFTEN: usize = 5;

/// Refuses channels that read one number whatever was asked for, and columns that are exchanged: few
/// values, each read often, of targets that are nearly all different.
fn check(measurements: &Measurements, targets: usize) -> Result<(), FitError> {
    let mut achieved: Vec<f64> = measurements.rows.iter().map(|row| row.achieved).collect();
    achieved.sort_by(f64::total_cmp);
    let runs = || achieved.chunk_by(|a, b| a == b);
    let values = runs().count();
    if values == 1 {
        return Err(FitError::Undetermined { what: "achieved" });
    }
    if achieved.len() < 2 * targets && runs().all(|run| OFTEN <= run.len()) {
        return Err(FitError::Exchanged { achieved: values, targets });
    }
    Ok(())
}

/// What was found so far; conductances in one unit (S).
struct Found {
    levels: Vec<f64>,
    unit: f64,
    choices: Vec<Choice>,
    parameters: Vec<Parameter>,
    telegraph: Option<TelegraphSpec>,
    reads: Option<Deviations>,
    not_told: Vec<String>,
}

impl Found {
    /// Noise of reads, to be taken from all else, and as a curve.
    fn read(&mut self, episodes: &[Episode]) -> Result<(Option<KnownSigma>, CurveSpec), FitError> {
        let seen = reads(episodes, self.unit);
        if seen.is_empty() {
            self.not_told.push(
                "No cell was read twice at one time: read noise is not told apart, and is part of \
                 programming and relaxation; so is telegraph noise, which takes three reads."
                    .to_owned(),
            );
            return Ok((None, CurveSpec::constant(Siemens::ZERO)));
        }
        let levels = self.levels.clone();
        let part =
            Part { name: "read noise", seen: &seen, levels: &levels, has_mean: false, span: None };
        let (tried, choices) = part.choose()?;
        self.choices.extend(choices);
        let cells = telegraph::cells(episodes, self.unit);
        if let Some(known) = self.telegraph(&part, &tried, &cells) {
            let curve = known.knots.curve(&known.values, self.unit);
            return Ok((Some(known), curve));
        }
        let Tried { law, theta, .. } = tried;
        self.parameters.extend(part.parameters(&law, theta.clone(), self.unit)?);
        let values: Vec<f64> = theta.iter().map(|x| libm::exp(*x)).collect();
        let curve = law.sigma.curve(&values, self.unit);
        Ok((Some(KnownSigma { knots: law.sigma, values, states: None }), curve))
    }

    /// Noise of reads where some cells have two states, if such a law is chosen.
    fn telegraph(&mut self, part: &Part<'_>, normal: &Tried, cells: &[Cell]) -> Option<KnownSigma> {
        if telegraph::telling(cells) < LEAST {
            self.not_told.push(format!(
                "Fewer than {LEAST} cells were read three times at one time: telegraph noise is not looked for, \
                 and is part of read noise and relaxation."
            ));
            return None;
        }
        let (found, choices) = telegraph::choose(normal, cells, &part.curves());
        let choice = |(what, candidates)| Choice { part: "telegraph noise", what, candidates };
        self.choices.extend(choices.into_iter().map(choice));
        let Some(found) = found else {
            self.not_told
                .push("Reads show one state in every cell: no telegraph noise.".to_owned());
            return None;
        };
        let Some(states) = found.states() else {
            self.not_told.push(
                "Reads of some cells spread more than those of others, with no two states: cells of the device \
                 have one spread for all."
                    .to_owned(),
            );
            return None;
        };
        let Some(parameters) = found.parameters(cells, self.unit) else {
            self.not_told.push(
                "Reads show two states, but not their parameters: they are part of read noise and relaxation."
                    .to_owned(),
            );
            return None;
        };
        self.parameters.extend(parameters);
        self.reads = Some(deviations(&found, states, cells));
        let (spec, said) = effect(found.share(), states);
        self.telegraph = Some(spec);
        self.not_told.push(said);
        let (knots, values) = (found.law.sigma.clone(), found.sigmas());
        Some(KnownSigma { knots, values, states: Some((found.share(), states)) })
    }

    fn programming(
        &mut self,
        episodes: &[Episode],
        read: Option<&KnownSigma>,
    ) -> Result<(ErrorSpec, Vec<HeldOut>), FitError> {
        let seen = programmings(episodes, self.unit, read);
        let levels = self.levels.clone();
        let part =
            Part { name: "programming", seen: &seen, levels: &levels, has_mean: true, span: None };
        let (Tried { law, theta, by_fold, .. }, choices) = part.choose()?;
        self.parameters.extend(part.parameters(&law, theta.clone(), self.unit)?);
        self.choices.extend(choices);
        let foretold = held_out(&law, &by_fold, &seen, self.unit);
        let (shift, spread) = curves(&law, &theta, self.unit);
        Ok((ErrorSpec { shift, spread }, foretold))
    }

    fn relaxation(
        &mut self,
        episodes: &[Episode],
        read: Option<&KnownSigma>,
    ) -> Result<(MeasuredRelaxation, Vec<HeldOut>), FitError> {
        let seen = changes(episodes, self.unit, read);
        let times = || seen.iter().map(|seen| seen.elapsed);
        let (from, to) = (times().fold(f64::INFINITY, f64::min), times().fold(0.0, f64::max));
        if seen.is_empty() || from >= to {
            self.not_told.push(
                "Cells were not looked at at two later times or more: nothing is known of time."
                    .to_owned(),
            );
            return Ok((still(), Vec::new()));
        }
        let levels = self.levels.clone();
        let span = Some(Span { from, to });
        let part = Part { name: "relaxation", seen: &seen, levels: &levels, has_mean: true, span };
        let (mut tried, choices) = part.choose()?;
        self.choices.extend(choices);
        let tails = tails(&tried.law, &tried.theta, &seen);
        if tails != Tails::NONE {
            // Where conductances end at zero, moments depend on the tails.
            let (again, choices) = part.with_tails(tried, tails)?;
            self.choices.extend(choices);
            tried = again;
        }
        let Tried { law, theta, by_fold, .. } = tried;
        self.parameters.extend(part.parameters(&law, theta.clone(), self.unit)?);
        let foretold = held_out(&law, &by_fold, &seen, self.unit);
        let (shift, spread) = curves(&law, &theta, self.unit);
        let none = GrowthSpec::constant(Growth::Power { exponent: 0.0 });
        let (from_shift, from_variance) = (law.shift_growth_from(), law.variance_growth_from());
        let of_shift = &theta[from_shift..from_variance];
        let growth = |growing: &Growing, theta: &[f64]| growing.spec(theta, self.unit);
        let times = law.times.as_ref();
        let [shift_growth, variance_growth] = [
            times.filter(|_| law.mean.is_some()).map(|times| growth(&times.shift, of_shift)),
            times.map(|times| growth(&times.variance, &theta[from_variance..])),
        ]
        .map(|growth| growth.unwrap_or_else(|| none.clone()));
        let relaxation = MeasuredRelaxation {
            shift,
            spread,
            shift_growth,
            variance_growth,
            tails: law.tails,
            from: Seconds(from),
            to: Seconds(to),
        };
        Ok((relaxation, foretold))
    }
}

/// Fewest cells with three reads that are looked at for two states.
const LEAST: usize = 10;

/// The effect for a read every second, and what is not known of its times.
fn effect(share: f64, states: TwoStates) -> (TelegraphSpec, String) {
    let TwoStates { depth, low, memory } = states;
    let is_anew = memory < 0.01;
    let rate = -libm::log(memory);
    let (high, down) = (1.0 / (rate * low), 1.0 / (rate * (1.0 - low)));
    let known = match is_anew {
        true => "States are anew at every read: mean times in them are short beside the time between reads, and \
                 only their ratio is known."
            .to_owned(),
        false => format!("Cells stay {high:.2} reads in the higher state and {down:.2} in the lower."),
    };
    let said = format!(
        "Telegraph noise: {known} The measurements do not say how long it is from read to read: `high` and `low` \
         of the effect are for 1 s, and want to be multiplied by the time there was (s). The effect acts as \
         time passes, and moves nothing at the moment of programming."
    );
    (TelegraphSpec { share, depth, high: Seconds(high), low: Seconds(down) }, said)
}

/// Curves of the mean and the standard deviation.
fn curves(law: &Law, theta: &[f64], unit: f64) -> (CurveSpec, CurveSpec) {
    let first = law.sigma_from();
    let shift = match &law.mean {
        Some(knots) => knots.curve(&theta[..first], unit),
        None => CurveSpec::constant(Siemens::ZERO),
    };
    let values: Vec<f64> =
        theta[first..first + law.sigma.len()].iter().map(|x| libm::exp(*x)).collect();
    (shift, law.sigma.curve(&values, unit))
}

/// Cells of which no later time is known.
fn still() -> MeasuredRelaxation {
    let none = || CurveSpec::constant(Siemens::ZERO);
    let growth = || GrowthSpec::constant(Growth::Power { exponent: 0.0 });
    MeasuredRelaxation {
        shift: none(),
        spread: none(),
        shift_growth: growth(),
        variance_growth: growth(),
        tails: Tails::NONE,
        from: Seconds::ZERO,
        to: Seconds::ZERO,
    }
}
