//! The learner against the steps it stands for, their equation, and ngspice.
#![expect(clippy::print_stdout, reason = "figures are shown on request")]

#[path = "common/ngspice.rs"]
mod ngspice;

use cim_core::{Amps, Farads, Kelvin, Seconds, Stream};
use cim_dynamics::log_domain::{
    Bias, Converters, Learner, LearnerSpec, Sgdr, Task, Trajectory, Transistors, Unit, continuous,
    deviation, discrete, netlist,
};
use cim_dynamics::runge_kutta::{Steps, Tolerance, integrate};
use ndarray::Array2;

const RULE: Sgdr = Sgdr { rate: 0.05, decay: 0.02, presentation: Seconds(10e-6) };

fn task(weights: usize) -> Task {
    Task::regression(16, weights, 0.05, Stream::root(3))
}

#[test]
fn the_closed_form_is_the_equation() {
    let task = task(5);
    let closed = continuous(&RULE, &task, 40).unwrap();
    let mut w = vec![0.0; 5];
    for step in 0..40 {
        let (x, y) = task.sample(step);
        let slope = |_: f64, w: &[f64], out: &mut [f64]| {
            let error: f64 = x.iter().zip(w).map(|(x, w)| x * w).sum::<f64>() - y;
            for (out, (x, w)) in out.iter_mut().zip(x.iter().zip(w)) {
                *out = -RULE.rate * (error * x + RULE.decay * w);
            }
        };
        integrate(slope, 0.0, 1.0, Tolerance::FINE, &mut w, &mut Steps::default()).unwrap();
        for (i, w) in w.iter().enumerate() {
            assert!((w - closed.weights[(step + 1, i)]).abs() < 1e-7, "{step} {i}");
        }
    }
}

#[test]
fn steps_approach_the_equation_as_the_rate_falls() {
    let apart = |share: usize| {
        let rule = Sgdr { rate: 0.2 / share as f64, ..RULE };
        let task = task(4);
        let steps = 80 * share;
        let run = continuous(&rule, &task, steps).unwrap();
        deviation(&run, &discrete(&rule, &task, steps).unwrap()).unwrap().rms
    };
    let ratio = apart(1) / apart(2);
    // The steps are an Euler method: first order.
    assert!(1.6 < ratio && ratio < 2.6, "{ratio}");
}

#[test]
fn a_circuit_without_imperfections_is_the_equation() {
    for unit in [Unit::Linear, Unit::Logistic] {
        let base = task(8);
        let inputs = Array2::from_shape_fn((16, 8), |(k, i)| base.sample(k).0[i] - 0.3);
        let targets = (0..16).map(|k| f64::from(u8::from(base.sample(k).1 > 0.0))).collect();
        let task = Task::new(unit, inputs, targets).unwrap();
        let learner = LearnerSpec::ideal(RULE).build(8, Stream::root(1)).unwrap();
        let run = learner.run(&task, 200).unwrap();
        let far = deviation(&run, &continuous(&RULE, &task, 200).unwrap()).unwrap();
        // The split adds products of the least current, a hundred thousandth of the unit.
        assert!(far.rms < 1e-4, "{unit:?} {far:?}");
    }
}

#[test]
fn rates_fall_with_temperature_unless_biases_rise_with_it() {
    let task = task(3);
    let run = |temperature, bias| {
        let spec =
            LearnerSpec { temperature: Kelvin(temperature), bias, ..LearnerSpec::ideal(RULE) };
        spec.build(3, Stream::root(1)).unwrap().run(&task, 30).unwrap()
    };
    let cold = run(300.0, Bias::Constant);
    let ptat = deviation(&run(350.0, Bias::Ptat), &cold).unwrap();
    assert!(ptat.rms < 1e-6, "{ptat:?}");
    // A rate of 300 / 350: the same as a rule that is slower by so much.
    let slower = Sgdr { rate: RULE.rate * 300.0 / 350.0, ..RULE };
    let want = continuous(&slower, &task, 30).unwrap();
    let warm = deviation(&run(350.0, Bias::Constant), &want).unwrap();
    assert!(warm.rms < 1e-4, "{warm:?}");
}

#[test]
fn eight_bits_are_within_a_percent() {
    let task = task(8);
    let rule = Sgdr { rate: 0.01, ..RULE };
    let spec = LearnerSpec { converters: Converters::Bits(8), ..LearnerSpec::ideal(rule) };
    let run = spec.build(8, Stream::root(1)).unwrap().run(&task, 600).unwrap();
    let steps = deviation(&run, &discrete(&rule, &task, 600).unwrap()).unwrap();
    let equation = deviation(&run, &continuous(&rule, &task, 600).unwrap()).unwrap();
    println!("8 bits against the steps: {steps:?}, the equation {equation:?}");
    assert!(steps.rms < 0.0087 && equation.rms < 0.0087, "{steps:?} {equation:?}");
}

#[test]
fn noise_and_mismatch_are_those_of_their_address() {
    let task = task(4);
    let spec =
        LearnerSpec { transistors: Transistors::TYPICAL, noise: 1.0, ..LearnerSpec::ideal(RULE) };
    let run = |seed| spec.build(4, Stream::root(seed)).unwrap().run(&task, 20).unwrap();
    assert_eq!(run(1), run(1));
    assert_ne!(run(1), run(2));
}

#[test]
fn impossible_circuits_are_refused() {
    let good = LearnerSpec::ideal(RULE);
    for bad in [
        LearnerSpec { capacitance: Farads(-1e-12), ..good },
        LearnerSpec { rule: Sgdr { rate: 0.0, ..RULE }, ..good },
        LearnerSpec { rule: Sgdr { decay: -1.0, ..RULE }, ..good },
        LearnerSpec { least: Amps(1.0), ..good },
        LearnerSpec { temperature: Kelvin(0.0), ..good },
        LearnerSpec { converters: Converters::Bits(0), ..good },
    ] {
        assert!(bad.build(1, Stream::root(1)).is_err(), "{bad:?}");
    }
}

/// One cell on ngspice is a low-pass of first order.
#[test]
fn one_weight_on_ngspice() {
    let rule = Sgdr { rate: 0.1, decay: 0.5, presentation: Seconds(10e-6) };
    let spec = LearnerSpec { least: Amps(1e-11), ..LearnerSpec::ideal(rule) };
    let (drive, end) = (0.4, 2e-3);
    let Some(printed) = ngspice::run(&netlist::one_weight(&spec, drive, end)) else { return };
    let rows = netlist::table(&printed).unwrap();
    assert!(rows.len() > 1000, "{printed}");
    let (mut sum, mut largest) = (0.0, 0.0_f64);
    for row in &rows {
        let want = netlist::one_weight_law(&spec, drive, end, row[0]);
        let error = row[1] - want;
        (sum, largest) = (sum + error * error, largest.max(error.abs()));
    }
    let range = drive / rule.decay;
    let rms = (sum / rows.len() as f64).sqrt() / range;
    println!("one weight: {rms:.2e} of the range, largest {:.2e}", largest / range);
    assert!(largest / range < 0.01);
}

/// Eight weights of a circuit on ngspice.
fn on_ngspice(learner: &Learner, task: &Task, presentations: usize) -> Option<Trajectory> {
    let text = netlist::regression(learner, task, presentations).unwrap();
    let printed = ngspice::run(&text)?;
    let run = netlist::trajectory(learner.spec(), task, presentations, &printed);
    Some(run.unwrap_or_else(|error| panic!("{error}: {printed}")))
}

/// Eight weights on ngspice learn as the model does.
#[test]
fn a_regression_of_eight_weights_on_ngspice() {
    let spec = LearnerSpec { least: Amps(1e-9), ..LearnerSpec::ideal(Sgdr { rate: 0.1, ..RULE }) };
    let (task, presentations) = (task(8), 12);
    let learner = spec.build(8, Stream::root(1)).unwrap();
    let Some(spice) = on_ngspice(&learner, &task, presentations) else { return };
    let far = deviation(&learner.run(&task, presentations).unwrap(), &spice).unwrap();
    println!("eight weights: {far:?}");
    assert!(far.rms < 0.01, "{far:?}");
}

/// The same with typical devices: a transistor of every loop and mirror that is off by its gain, and an output
/// conductance in all of them. They move the weights, and the model follows.
#[test]
fn typical_devices_on_ngspice() {
    let ideal = LearnerSpec { least: Amps(1e-9), ..LearnerSpec::ideal(Sgdr { rate: 0.1, ..RULE }) };
    let (task, presentations) = (task(8), 12);
    let typical = LearnerSpec { transistors: Transistors::TYPICAL, ..ideal };
    let learner = typical.build(8, Stream::root(1)).unwrap();
    let Some(spice) = on_ngspice(&learner, &task, presentations) else { return };
    let far = deviation(&learner.run(&task, presentations).unwrap(), &spice).unwrap();
    let equal = ideal.build(8, Stream::root(1)).unwrap().run(&task, presentations).unwrap();
    let moved = deviation(&equal, &spice).unwrap();
    println!("typical devices: model {far:?}, one of equal devices {moved:?}");
    assert!(far.rms < 0.01, "{far:?}");
    assert!(3.0 * far.rms < moved.rms, "{far:?} {moved:?}");
}
