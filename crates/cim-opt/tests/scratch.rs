mod support;
use cim_opt::*;
use support::*;
#[test]
fn explore() {
    let n: u64 = std::env::var("N").map_or(200, |n| n.parse().unwrap());
    let mode = std::env::var("MODE").unwrap_or_default();
    let (mut worst_gap, mut worst_fast, mut worst_pol, mut worst_rel) = (0.0f64, 0.0f64, 0.0f64, 0.0f64);
    let mut fails = 0;
    let from: u64 = std::env::var("FROM").map_or(0, |n| n.parse().unwrap());
    for seed in from..n {
        let mut d = Draws(seed * 7919);
        let mut p = random_problem(&mut d);
        if mode.contains('l') { limit(&mut p, &mut d); }
        if mode.contains('f') { floor(&mut p, &mut d); }
        if mode.contains('c') { ceiling(&mut p, &mut d); }
        let fast = solve_fast(&p);
        if let Err(e) = &fast { println!("{seed} fast: {e} {:?}", p.limits); fails += 1; }
        let slow = solve(&p);
        if let Err(e) = &slow { println!("{seed} slow: {e} {:?}", p.limits); fails += 1; }
        if let (Ok(f), Ok(s)) = (fast, slow) {
            worst_gap = worst_gap.max(s.certificate.gap).max(f.certificate.gap);
            worst_fast = worst_fast.max((f.objective / s.objective - 1.0).abs());
            worst_pol = worst_pol.max(s.certificate.before_polish.unwrap().abs());
            if s.certificate.before_polish.unwrap().abs() > 1e-6 { println!("{seed} before polish {:e} tight {}", s.certificate.before_polish.unwrap(), s.ceiling_tightened); }
            worst_rel = worst_rel.max(s.certificate.relaxed_gap.unwrap_or(0.0));
        }
        if mode.contains('g') {
            match frugal(&p, 0.05) { Ok(s) => worst_gap = worst_gap.max(s.certificate.gap), Err(e) => {println!("{seed} frugal: {e}  {:?}", p.limits); fails += 1;} }
        }
    }
    println!("fails {fails} gap {worst_gap:e} fast {worst_fast:e} before polish {worst_pol:e} relaxed {worst_rel}");
}
