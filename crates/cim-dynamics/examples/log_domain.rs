//! Figures of the learner in the log domain: `cargo run --release -p cim-dynamics --example log_domain`;
//! with `netlist`, the eight weights for ngspice.
#![expect(clippy::print_stdout, reason = "an example prints")]

#[path = "../tests/common/ngspice.rs"]
mod ngspice;

use cim_core::{Amps, Kelvin, Seconds, Stream};
use cim_dynamics::log_domain::{
    Bias, Bill, Converters, LearnerSpec, Prices, Sgdr, Task, Transistors, Unit, continuous,
    deviation, discrete, netlist,
};

const PRESENTATIONS: usize = 600;

/// Zeros against ones, 8 × 8 pixels, by a logistic unit: accuracy as steps, and as circuits.
fn digits() -> Result<(), Box<dyn std::error::Error>> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../data/digits/digits.csv");
    let text = std::fs::read_to_string(path)?;
    let read = |set: &str| -> Result<Task, Box<dyn std::error::Error>> {
        let (mut inputs, mut targets) = (Vec::new(), Vec::new());
        for line in text.lines().filter(|line| line.starts_with(set)) {
            let mut words = line.split(',').skip(2);
            targets.push(words.next().unwrap_or_default().parse()?);
            for word in words {
                inputs.push(word.parse::<f64>()? / 16.0);
            }
        }
        let shape = (targets.len(), inputs.len() / targets.len().max(1));
        Ok(Task::new(Unit::Logistic, ndarray::Array2::from_shape_vec(shape, inputs)?, targets)?)
    };
    let (train, test) = (read("train")?, read("test")?);
    let rule = Sgdr { rate: 0.01, decay: 0.01, presentation: Seconds(10e-6) };
    let steps = discrete(&rule, &train, 1000)?;
    println!(
        "digits 0 and 1, logistic: steps {:.2} % of test",
        100.0 * test.accuracy(&steps.last())
    );
    let ideal = LearnerSpec::ideal(rule);
    let typical = LearnerSpec { transistors: Transistors::TYPICAL, noise: 1.0, ..ideal };
    for (name, spec) in [
        ("circuit", ideal),
        ("8 bits", LearnerSpec { converters: Converters::Bits(8), ..ideal }),
        ("typical devices", typical),
    ] {
        let run = spec.build(train.weights(), Stream::root(1))?.run(&train, 1000)?;
        let far = deviation(&run, &steps)?;
        let accuracy = 100.0 * test.accuracy(&run.last());
        println!("  {name}: {accuracy:.2} %, {:.3} % of range from the steps", 100.0 * far.rms);
    }
    println!("  least decay of the circuit: {:.2e}", ideal.least_decay());
    Ok(())
}

fn on_ngspice() -> (LearnerSpec, Task) {
    let rule = Sgdr { rate: 0.1, decay: 0.02, presentation: Seconds(10e-6) };
    let spec = LearnerSpec { least: Amps(1e-9), ..LearnerSpec::ideal(rule) };
    (spec, Task::regression(16, 8, 0.05, Stream::root(3)))
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    if std::env::args().nth(1).as_deref() == Some("netlist") {
        let (spec, task) = on_ngspice();
        println!("{}", netlist::regression(&spec.build(8, Stream::root(1))?, &task, 48)?);
        return Ok(());
    }
    let rule = Sgdr { rate: 0.01, decay: 0.02, presentation: Seconds(10e-6) };
    for weights in [1, 8] {
        let task = Task::regression(16, weights, 0.05, Stream::root(3));
        let steps = discrete(&rule, &task, PRESENTATIONS)?;
        let equation = continuous(&rule, &task, PRESENTATIONS)?;
        let limit = deviation(&equation, &steps)?;
        println!("{weights} weights; equation against steps: {:.3} % of range", 100.0 * limit.rms);
        let show = |name: &str, spec: LearnerSpec| -> Result<(), Box<dyn std::error::Error>> {
            let run = spec.build(weights, Stream::root(1))?.run(&task, PRESENTATIONS)?;
            let (a, b) = (deviation(&run, &steps)?, deviation(&run, &equation)?);
            println!(
                "  {name:34} steps {:.3} % (MSE {:.4} %), equation {:.3} %, {:.1} bits",
                100.0 * a.rms,
                100.0 * a.mean_square,
                100.0 * b.rms,
                b.bits
            );
            Ok(())
        };
        let ideal = LearnerSpec::ideal(rule);
        show("circuit", ideal)?;
        for bits in [3, 4, 5, 6, 7, 8, 9, 10, 12] {
            let converters = Converters::Bits(bits);
            show(&format!("converters of {bits} bits"), LearnerSpec { converters, ..ideal })?;
        }
        let early = Transistors { early_per_v: 0.01, ..ideal.transistors };
        show("output conductance 1 %/V", LearnerSpec { transistors: early, ..ideal })?;
        show("noise kT/C", LearnerSpec { noise: 1.0, ..ideal })?;
        for area_um2 in [4.0, 25.0, 100.0, 400.0] {
            let transistors = Transistors { mismatch_v_um: 3.5e-3, area_um2, ..ideal.transistors };
            show(&format!("mismatch at {area_um2} um2"), LearnerSpec { transistors, ..ideal })?;
        }
        for celsius in [-20.0, 80.0] {
            for bias in [Bias::Constant, Bias::Ptat] {
                let temperature = Kelvin(273.15 + celsius);
                show(
                    &format!("{celsius} C, {bias:?}"),
                    LearnerSpec { temperature, bias, ..ideal },
                )?;
            }
        }
        for rate in [1e-4, 1e-3, 1e-2, 1e-1] {
            let rule = Sgdr { rate, ..rule };
            let run = LearnerSpec::ideal(rule)
                .build(weights, Stream::root(1))?
                .run(&task, PRESENTATIONS)?;
            let far = deviation(&run, &discrete(&rule, &task, PRESENTATIONS)?)?;
            println!("  rate {rate}: {:.3} % of range from the steps", 100.0 * far.rms);
        }
        for decay in [1e-3, 1e-2, 1e-1, 1.0] {
            let rule = Sgdr { decay, ..rule };
            let run = LearnerSpec::ideal(rule)
                .build(weights, Stream::root(1))?
                .run(&task, PRESENTATIONS)?;
            let far = deviation(&run, &discrete(&rule, &task, PRESENTATIONS)?)?;
            println!("  decay {decay}: {:.3} % of range from the steps", 100.0 * far.rms);
        }
        let bill = Bill::of(&ideal, weights, [0.5, 0.5, 0.1]);
        println!(
            "  {} transistors, {:.0} um2, {:.2} uW, {} a presentation",
            bill.transistors,
            bill.area_um2(&ideal, &Prices::TYPICAL),
            1e6 * bill.power_w(&Prices::TYPICAL),
            bill.energy(&ideal, &Prices::TYPICAL)
        );
    }
    digits()?;
    let (spec, task) = on_ngspice();
    let learner = spec.build(8, Stream::root(1))?;
    if let Some(printed) = ngspice::run(&netlist::regression(&learner, &task, 48)?) {
        let spice = netlist::trajectory(&spec, &task, 48, &printed)?;
        let model = learner.run(&task, 48)?;
        let far = deviation(&model, &spice)?;
        println!(
            "eight weights on ngspice: {:.3} % of range, largest {:.3} %",
            100.0 * far.rms,
            100.0 * far.largest
        );
    }
    Ok(())
}
