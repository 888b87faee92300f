//! The learner for ngspice, in transistors of weak inversion.
//!
//! Every transistor is a source that follows the law of [`Transistors`](super::device::Transistors). Loops,
//! followers, charge mirrors, stores and leaks are transistors; copies of a current elsewhere are ideal, and
//! so are the sum's subtraction and the error's rectifier. Sources of the loops sit on a rail at 0.25 V, so
//! that followers have room below.
//!
//! A device off by its mismatch carries a multiple of its law's current: one device a loop, whose gain is the loop's, and
//! the second of each mirror.
//!
//! A loop of four: gates of the first pair at `A`, of the second at `D`; sources of the outer two on the
//! rail, of the inner two at `B`. Then `I_1 I_3 = I_2 I_4`, whatever `κ`. A follower pulls `B` to where the
//! third carries its current; its gate is shifted by 0.4 V, to leave the third room. Both nodes have 0.1 fF to ground:
//! without, ngspice finds singular matrices at steps of the inputs, and stops there or jumps.

use std::fmt::Write;

use super::device::thermal_voltage;
use super::learner::{Learner, LearnerSpec};
use super::task::{Task, Trajectory, Unit};
use crate::DynamicsError;
use crate::error::{ended, fits};

/// Rail of the loops, level shift of their followers and supply (V).
const RAIL_V: f64 = 0.25;
const SHIFT_V: f64 = 0.4;
const SUPPLY_V: f64 = 1.8;

/// The netlist of one cell whose gradient is a step: `drive` times the unit from a tenth of `end_s` on.
///
/// The weight's current is printed in units, at equal times (s); the closed form is
/// [`one_weight_law`].
pub fn one_weight(spec: &LearnerSpec, drive: f64, end_s: f64) -> String {
    let mut out = head(spec);
    let (rise, low, high, at) = (1e-4 * end_s, START, drive, 0.1 * end_s);
    let _ = writeln!(out, "Vg g 0 PWL(0 {low:e} {at:e} {low:e} {:e} {high:e})", at + rise);
    let _ = writeln!(out, "Xw g iw cell\n.ic v(xw.c)={:e}", Guess::new(spec).store(START));
    tail(&mut out, end_s, "v(iw)");
    out
}

/// Weight and gradient with which [`one_weight`] starts, in units.
const START: f64 = 0.01;

/// The current of the weight of [`one_weight`] at a time, in units: a low-pass of first order.
pub fn one_weight_law(spec: &LearnerSpec, drive: f64, end_s: f64, time_s: f64) -> f64 {
    let learn = spec.rule.rate / spec.rule.presentation.0;
    let forget = learn * spec.rule.decay;
    let relax = |from: f64, to: f64, dt: f64| to + (from - to) * (-forget * dt).exp();
    let (at, gain) = (0.1 * end_s, 1.0 / spec.rule.decay);
    let before = relax(START, START * gain, time_s.min(at));
    if time_s <= at { before } else { relax(before, drive * gain, time_s - at) }
}

/// The netlist of a linear unit that learns `task` for so many presentations, with the mismatch of its devices; inputs
/// are zero or above.
///
/// Weights are printed as rising and falling currents at equal times.
///
/// # Errors
/// [`DynamicsError`] for a logistic unit or a negative input: they need more parts than this circuit has.
pub fn regression(
    learner: &Learner,
    task: &Task,
    presentations: usize,
) -> Result<String, DynamicsError> {
    let spec = learner.spec();
    fits("linear units", usize::from(task.unit() == Unit::Linear), 1)?;
    fits("weights of the task", task.weights(), learner.weights())?;
    let hold = spec.rule.presentation.0;
    let guess = Guess::new(spec);
    let least = spec.least / spec.unit;
    let mut out = head(spec);
    // Currents are carried between parts as volts: one volt is the unit current.
    let mut sums = [String::new(), String::new()];
    let mut printed = Vec::new();
    let staircase = |value: &dyn Fn(usize) -> f64| {
        let edge = 1e-3 * hold;
        (0..presentations).fold(String::new(), |mut text, step| {
            let (start, level) = (step as f64 * hold, value(step));
            let from = if step == 0 { 0.0 } else { start + edge };
            let _ = write!(text, " {from:e} {level:e} {:e} {level:e}", start + hold);
            text
        })
    };
    let split = |x: f64| 0.5 * (x + (x * x + 4.0 * least * least).sqrt());
    let errors = [split(-task.sample(0).1), split(task.sample(0).1)];
    for i in 0..task.weights() {
        for step in 0..presentations {
            let x = task.sample(step).0[i];
            crate::error::not_negative("an input", x, x)?;
        }
        let _ = writeln!(out, "Vx{i} x{i} 0 PWL({})", staircase(&|s| split(task.sample(s).0[i])));
        // The falling part of an input, f² / x, is left out.
        let (x, [e_up, e_down]) = (split(task.sample(0).0[i]), errors);
        let off = learner.mismatch(i);
        for (side, up, sum, e) in [("p", "en", 0, e_down), ("n", "ep", 1, e_up)] {
            let (carried, charged, [charge, leak]) =
                (off.carried[sum], off.charged[sum], off.biases[sum]);
            let _ = writeln!(
                out,
                "Xf{side}{i} x{i} w{side}{i} y{side}{i} multiply off={carried:e}\n\
                 Xg{side}{i} {up} x{i} g{side}{i} multiply off={charged:e}\n\
                 Xw{side}{i} g{side}{i} w{side}{i} cell charge={charge:e} leak={leak:e}"
            );
            let _ = writeln!(out, ".ic v(xw{side}{i}.c)={:e}", guess.store(least));
            guess.multiply(&mut out, &format!("xf{side}{i}"), x, least);
            guess.multiply(&mut out, &format!("xg{side}{i}"), e, x);
            guess.cell(&mut out, &format!("xw{side}{i}"), e * x, least);
            let _ = writeln!(
                out,
                ".nodeset v(y{side}{i})={:e} v(g{side}{i})={:e} v(w{side}{i})={least:e}",
                x * least,
                e * x
            );
            let _ = write!(sums[sum], "+v(y{side}{i})");
            printed.push(format!("v(w{side}{i})"));
        }
    }
    let _ = writeln!(out, "Vy y 0 PWL({})", staircase(&|s| task.sample(s).1));
    let _ = writeln!(out, "Be e 0 V=({})-({})-v(y)", sums[0], sums[1]);
    let four = 4.0 * least * least;
    for (name, sign, e) in [("ep", "", errors[0]), ("en", "-", errors[1])] {
        let _ = writeln!(out, "B{name} {name} 0 V=0.5*({sign}v(e)+sqrt(v(e)*v(e)+{four:e}))");
        let _ = writeln!(out, ".nodeset v({name})={e:e}");
    }
    let _ = writeln!(out, ".nodeset v(e)={:e}", -task.sample(0).1);
    tail(&mut out, hold * presentations as f64, &printed.join(" "));
    Ok(out)
}

/// The weights after every presentation from what ngspice printed for [`regression`].
///
/// # Errors
/// [`DynamicsError::Stopped`] if ngspice did not come to the end, [`DynamicsError::Shape`] if the numbers printed are
/// not those of the netlist.
pub fn trajectory(
    spec: &LearnerSpec,
    task: &Task,
    presentations: usize,
    printed: &str,
) -> Result<Trajectory, DynamicsError> {
    let n = task.weights();
    let rows = table(printed)?;
    let mut weights = ndarray::Array2::zeros((presentations + 1, n));
    for step in 0..=presentations {
        let time = step as f64 * spec.rule.presentation.0;
        let near = rows.iter().min_by(|a, b| (a[0] - time).abs().total_cmp(&(b[0] - time).abs()));
        let row = near.map_or(&[][..], |row| row);
        fits("columns that ngspice printed", row.len(), 2 * n + 1)?;
        for i in 0..n {
            weights[(step, i)] = row[1 + 2 * i] - row[2 + 2 * i];
        }
    }
    Ok(Trajectory { weights })
}

/// Rows of time (s) and values that `wrdata` wrote.
///
/// # Errors
/// [`DynamicsError::Stopped`] if ngspice did not come to the end.
pub fn table(printed: &str) -> Result<Vec<Vec<f64>>, DynamicsError> {
    ended(printed)?;
    let row = |line: &str| -> Option<Vec<f64>> {
        let numbers: Option<Vec<f64>> =
            line.split_whitespace().map(|word| word.parse().ok()).collect();
        numbers.filter(|numbers| numbers.len() > 1)
    };
    Ok(printed.lines().filter_map(row).collect())
}

/// Voltages at rest, from the law of the devices: where ngspice starts to look.
struct Guess {
    u_t: f64,
    kappa: f64,
    /// Units of current over `I_0`.
    unit: f64,
    rate: f64,
    leak: f64,
}

impl Guess {
    fn new(spec: &LearnerSpec) -> Self {
        Self {
            u_t: thermal_voltage(spec.temperature).0,
            kappa: spec.transistors.kappa,
            unit: spec.unit.0 / spec.transistors.i_0.0,
            rate: spec.rate_bias() / spec.unit,
            leak: spec.leak_bias() / spec.unit,
        }
    }

    /// The gate at which a device on ground carries a current.
    fn gate(&self, units: f64) -> f64 {
        self.u_t * (units * self.unit).ln() / self.kappa
    }

    /// The gate at which a device on the rail carries a current: that of a store.
    fn store(&self, units: f64) -> f64 {
        RAIL_V / self.kappa + self.gate(units)
    }

    /// The inner pair of a loop, from its third, fourth and second current.
    fn inner(&self, out: &mut String, name: &str, [third, fourth, second]: [f64; 3]) {
        let (b, low) = (RAIL_V + self.u_t * (fourth / third).ln(), self.gate(second + third));
        let _ = writeln!(
            out,
            ".nodeset v({name}.xi.b)={b:e} v({name}.xi.low)={low:e} v({name}.three)={:e}",
            low + SHIFT_V
        );
    }

    fn multiply(&self, out: &mut String, name: &str, x: f64, w: f64) {
        let [a, d] = [x, 1.0].map(|units| self.store(units));
        let _ = writeln!(out, ".nodeset v({name}.a)={a:e} v({name}.d)={d:e}");
        self.inner(out, name, [w, 1.0, x * w]);
    }

    fn cell(&self, out: &mut String, name: &str, g: f64, w: f64) {
        let charge = g * self.rate / w;
        let (a, p, l) = (self.store(g), SUPPLY_V - self.gate(charge), self.gate(self.leak));
        let _ = writeln!(out, ".nodeset v({name}.a)={a:e} v({name}.p)={p:e} v({name}.l)={l:e}");
        self.inner(out, name, [self.rate, w, charge]);
    }
}

fn head(spec: &LearnerSpec) -> String {
    let device = &spec.transistors;
    let u_t = thermal_voltage(spec.temperature).0;
    let (i_0, kappa, early) = (device.i_0.0, device.kappa, device.early_per_v);
    let (bias, leak, unit) = (spec.rate_bias().0, spec.leak_bias().0, spec.unit.0);
    let capacitance = spec.capacitance.0;
    // All transistors of n type: drain, gate, source; of p type the same below the supply.
    format!(
        "* learning in the log domain\n\
         .options reltol=1e-5 vntol=1e-8 abstol=1e-17 chgtol=1e-22 gmin=1e-15 rshunt=1e14 method=gear itl1=2000 itl4=200\n\
         .param ut={u_t:e} i0={i_0:e} kappa={kappa:e} early={early:e}\n\
         .func grow(x) {{exp(min(x,25))*(1+max(x-25,0))}}\n\
         .subckt nmos d g s off=1\n\
         B1 d s I={{i0*off}}*(grow({{kappa/ut}}*v(g)-v(s)/{{ut}})-grow({{kappa/ut}}*v(g)-v(d)/{{ut}}))*(1+{{early}}*v(d,s))\n\
         .ends\n\
         .subckt pmos d g s off=1\n\
         B1 s d I={{i0*off}}*(grow({{kappa/ut}}*({SUPPLY_V}-v(g))-({SUPPLY_V}-v(s))/{{ut}})\
         -grow({{kappa/ut}}*({SUPPLY_V}-v(g))-({SUPPLY_V}-v(d))/{{ut}}))*(1+{{early}}*v(s,d))\n\
         .ends\n\
         * inner pair and follower of a loop: gates a and d; i3 into the third, i2 out of p\n\
         .subckt inner a d three p\n\
         X2 p a b nmos\nX3 three d b nmos\nVl three low {SHIFT_V}\nX5 b low 0 nmos\nCt three 0 1e-16\nCb b 0 1e-16\n\
         .ends\n\
         * y = x w, in volts: one volt is the unit current\n\
         .subckt multiply x w y off=1\n\
         Vs s 0 {SUPPLY_V}\nVr r 0 {RAIL_V}\n\
         G1 s a x 0 {unit:e}\nX1 a a r nmos\n\
         I4 s d {unit:e}\nX4 d d r nmos off={{off}}\n\
         G3 s three w 0 {unit:e}\nXi a d three p inner\n\
         Vp s p 0\nFy 0 y Vp 1\nRy y 0 {:e}\n\
         .ends\n\
         * the gate c stores w; g b / w charges it, the leak discharges it\n\
         .subckt cell g w charge=1 leak=1\n\
         Vs s 0 {SUPPLY_V}\nVr r 0 {RAIL_V}\n\
         G1 s a g 0 {unit:e}\nX1 a a r nmos\n\
         I3 s three {bias:e}\nXi a c three p inner\n\
         Xp1 p p s pmos\nXp2 c p s pmos off={{charge}}\n\
         Cc c 0 {capacitance:e}\n\
         Il s l {leak:e}\nXl1 l l 0 nmos\nXl2 c l 0 nmos off={{leak}}\n\
         Vw s x 0\nX4 x c r nmos\nFw 0 w Vw 1\nRw w 0 {:e}\n\
         .ends\n",
        1.0 / unit,
        1.0 / unit
    )
}

fn tail(out: &mut String, end_s: f64, printed: &str) {
    let step = end_s / 4000.0;
    let _ = writeln!(
        out,
        ".control\nset numdgt=12\nset width=100000\nset nobreak\ntran {step:e} {end_s:e} 0 {step:e}\n\
         linearize\nset wr_singlescale\nwrdata out.txt {printed}\nshell cat out.txt\n.endc\n.end"
    );
}
