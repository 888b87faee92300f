//! The stages of the study, in order.

use cim_core::{Kelvin, Stream};
use cim_dynamics::log_domain::{
    Bias, Bill, Converters, LearnerSpec, Sgdr, Task, Trajectory, Transistors, continuous,
    deviation, discrete, netlist,
};
use cim_report::Timing;

use super::data::Sets;
use super::layers::{self, at, each_chip};
use super::measured::{Errors, Law, Measured, Simulated, Varied};
use super::outcome;
use super::spec::Spec;
use crate::context::{Context, Simulator};
use crate::error::StudyError;
use crate::shared::stages::Stages;
use crate::study::Found;

/// Runs the whole study.
pub fn run(spec: &Spec, sets: &Sets, context: &Context<'_>) -> Result<Found, StudyError> {
    let root = Stream::root(spec.seed);
    let mut stages = Stages::new(context);
    let many = *spec.regression.inputs.last().expect("checked: not empty");
    let sweeps = &spec.sweeps;
    let varied = sweeps.bits.len() + sweeps.rates.len() + sweeps.decays.len();
    let all = spec.regression.inputs.len() + varied + sweeps.areas_um2.len() + 1;
    let steps = context.progress.begin("regressions", all);
    let laws = spec.regression.inputs.iter().map(|&inputs| {
        let law = law(spec, inputs, root);
        steps.step(1);
        law
    });
    let laws = laws.collect::<Result<Vec<_>, _>>()?;
    let vary = |value: f64, change: &(dyn Fn(LearnerSpec) -> LearnerSpec + Sync)| {
        let [matched, typical] = [spec.matched(spec.rule), spec.typical(spec.rule)]
            .map(|circuit| errors(spec, many, root, change(circuit)));
        steps.step(1);
        Ok::<_, StudyError>(Varied { value, matched: matched?, typical: typical? })
    };
    let bits = sweeps.bits.iter().map(|&bits| {
        vary(f64::from(bits), &|circuit| LearnerSpec {
            converters: Converters::Bits(bits),
            ..circuit
        })
    });
    let bits = bits.collect::<Result<_, _>>()?;
    let with_rule = |rule: Sgdr| move |circuit: LearnerSpec| LearnerSpec { rule, ..circuit };
    let rates = sweeps.rates.iter().map(|&v| vary(v, &with_rule(spec.rule(v, spec.rule.decay))));
    let rates = rates.collect::<Result<_, _>>()?;
    let decays = sweeps.decays.iter().map(|&v| vary(v, &with_rule(spec.rule(spec.rule.rate, v))));
    let decays = decays.collect::<Result<_, _>>()?;
    let areas = sweeps.areas_um2.iter().map(|&area_um2| {
        vary(area_um2, &|circuit| LearnerSpec {
            transistors: Transistors { area_um2, ..circuit.transistors },
            ..circuit
        })
    });
    let areas = areas.collect::<Result<_, _>>()?;
    let temperatures = temperatures(spec, many, root)?;
    let ways = ways(spec, many, root)?;
    drop(steps);
    stages.lap("regressions");

    let count = 1 + spec.evaluation.chips;
    let steps = context.progress.begin("digits", count);
    let digits = layers::digits(spec, sets, root, &*steps)?;
    drop(steps);
    stages.lap("digits");
    let steps = context.progress.begin("two layers", 1 + layers::count(spec));
    let layers = layers::images(spec, sets, root, &*steps)?;
    drop(steps);
    stages.lap("two layers");
    let steps = context.progress.begin("transistors", 1);
    let simulated = simulated(spec, many, root, context.simulator)?;
    drop(steps);
    stages.lap("transistors");
    let measured = Measured {
        laws,
        bits,
        rates,
        decays,
        areas,
        temperatures,
        digits,
        layers,
        simulated,
        ways,
    };
    let report = outcome::report(spec, sets, &measured);
    Ok(Found { report, timing: stages.into_timing(Timing::default()) })
}

/// The law that a circuit learns.
fn task(spec: &Spec, inputs: usize, root: Stream, chip: usize) -> Task {
    let at = at(root, chip).child("law", inputs as u64);
    Task::regression(spec.regression.samples, inputs + 1, spec.regression.noise, at)
}

/// What a circuit makes of its law.
fn learn(
    spec: &Spec,
    inputs: usize,
    root: Stream,
    (circuit, chip): (LearnerSpec, usize),
) -> Result<(Task, Trajectory), StudyError> {
    let task = task(spec, inputs, root, chip);
    let learner = circuit.build(inputs + 1, at(root, chip).child("devices", inputs as u64))?;
    let run = learner.run(&task, spec.regression.presentations)?;
    Ok((task, run))
}

/// Errors of all circuits of a kind.
fn errors(
    spec: &Spec,
    inputs: usize,
    root: Stream,
    circuit: LearnerSpec,
) -> Result<Errors, StudyError> {
    let presentations = spec.regression.presentations;
    let chips = each_chip(spec, |chip| {
        let (task, run) = learn(spec, inputs, root, (circuit, chip))?;
        let steps = deviation(&run, &discrete(&circuit.rule, &task, presentations)?)?;
        let equation = deviation(&run, &continuous(&circuit.rule, &task, presentations)?)?;
        Ok([steps.rms, equation.rms, steps.mean_square])
    })?;
    let [steps, equation, mean_square] =
        [0, 1, 2].map(|k| chips.iter().map(|chip| chip[k]).collect());
    Ok(Errors { steps, equation, mean_square })
}

/// One regression, with the parts of the circuit added one by one.
fn law(spec: &Spec, inputs: usize, root: Stream) -> Result<Law, StudyError> {
    let matched = spec.matched(spec.rule);
    let typical = spec.learner.transistors;
    let exact = LearnerSpec { converters: Converters::Exact, ..matched };
    let devices = |early_per_v, mismatch_v_um| LearnerSpec {
        transistors: Transistors { early_per_v, mismatch_v_um, ..typical },
        ..exact
    };
    let circuits = [
        ("circuit of equal devices", exact),
        ("and converters", matched),
        ("equal devices, output conductance", devices(typical.early_per_v, 0.0)),
        ("equal devices, kT/C noise", LearnerSpec { noise: 1.0, ..exact }),
        ("mismatch alone", devices(0.0, typical.mismatch_v_um)),
        ("all of it", spec.typical(spec.rule)),
    ];
    let of = |(name, circuit)| Ok((name, errors(spec, inputs, root, circuit)?));
    let parts = circuits.into_iter().map(of).collect::<Result<Vec<_>, StudyError>>()?;
    let bill = bill(spec, inputs, root)?;
    Ok(Law { inputs, parts, bill })
}

/// Devices and currents of a learner, from the mean sizes on its way.
fn bill(spec: &Spec, inputs: usize, root: Stream) -> Result<Bill, StudyError> {
    let task = task(spec, inputs, root, 0);
    let run = discrete(&spec.rule, &task, spec.regression.presentations)?;
    let mean = |values: &mut dyn Iterator<Item = f64>| {
        let (sum, count) = values.fold((0.0, 0), |(sum, n), v| (sum + v.abs(), n + 1));
        sum / f64::from(count)
    };
    let samples = task.samples();
    let weight = mean(&mut run.weights.iter().copied());
    let input = mean(&mut (0..samples).flat_map(|k| task.sample(k).0.to_vec()));
    let error = mean(&mut run.weights.outer_iter().enumerate().map(|(step, w)| {
        let (x, y) = task.sample(step);
        task.unit().output(x.dot(&w)) - y
    }));
    Ok(Bill::of(&spec.matched(spec.rule), inputs + 1, [weight, input, error]))
}

fn temperatures(
    spec: &Spec,
    inputs: usize,
    root: Stream,
) -> Result<Vec<(Kelvin, [Errors; 2])>, StudyError> {
    let of = |&temperature: &Kelvin| {
        let [constant, ptat] = [Bias::Constant, Bias::Ptat].map(|bias| {
            let circuit = LearnerSpec { temperature, bias, ..spec.matched(spec.rule) };
            errors(spec, inputs, root, circuit)
        });
        Ok((temperature, [constant?, ptat?]))
    };
    spec.sweeps.temperatures.iter().map(of).collect()
}

/// Weights of the first circuit on their way.
fn ways(spec: &Spec, inputs: usize, root: Stream) -> Result<[Trajectory; 3], StudyError> {
    let steps = discrete(&spec.rule, &task(spec, inputs, root, 0), spec.regression.presentations)?;
    let [matched, typical] = [spec.matched(spec.rule), spec.typical(spec.rule)]
        .map(|circuit| learn(spec, inputs, root, (circuit, 0)));
    Ok([steps, matched?.1, typical?.1])
}

/// The regression in transistors, and how far model and equation are from it.
fn simulated(
    spec: &Spec,
    inputs: usize,
    root: Stream,
    simulator: &dyn Simulator,
) -> Result<Option<Simulated>, StudyError> {
    let presentations = spec.simulation.presentations;
    let rule = spec.rule(spec.simulation.rate, spec.rule.decay);
    let circuit = LearnerSpec {
        least: spec.simulation.least,
        converters: Converters::Exact,
        ..spec.matched(rule)
    };
    let task = task(spec, inputs, root, 0);
    let weights = inputs + 1;
    let learner = circuit.build(weights, at(root, 0))?;
    let text = netlist::regression(&learner, &task, presentations)?;
    let Some(printed) = simulator.run(&text) else { return Ok(None) };
    let transistors = match netlist::trajectory(&circuit, &task, presentations, &printed) {
        Ok(transistors) => transistors,
        Err(error) => {
            tracing::warn!(%error, "the comparison with a simulator of circuits is left out");
            return Ok(None);
        }
    };
    let model = learner.run(&task, presentations)?;
    let equation = continuous(&rule, &task, presentations)?;
    Ok(Some(Simulated {
        weights,
        model: deviation(&model, &transistors)?,
        equation: deviation(&equation, &transistors)?,
    }))
}
