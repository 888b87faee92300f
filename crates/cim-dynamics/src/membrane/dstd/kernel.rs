//! The vector loops of the grid: what one interval does to all neurons of a layer.

use pulp::Arch;

/// Relaxation over one interval: `φ / h = (1 − e^{−x}) / x` and `ψ(x) = (x e^{−x} − 1 + e^{−x}) / x²`, for
/// `x = G h ≥ 0`; to 3e-7.
#[inline(always)]
fn relax(x: f32) -> (f32, f32) {
    let x = x.max(1e-20);
    // e^{−x} = 2^{−k} e^{−r} with |r| ≤ ln 2 / 2.
    let k = (x * std::f32::consts::LOG2_E).min(120.0).round_ties_even();
    let r = x.min(90.0) - k * std::f32::consts::LN_2;
    let scale = f32::from_bits(((127 - k as i32) as u32) << 23);
    let gone = -r
        * (1.0
            - r * (0.5
                - r * (1.0 / 6.0
                    - r * (1.0 / 24.0 - r * (1.0 / 120.0 - r * (1.0 / 720.0 - r / 5040.0))))));
    let gone = scale * gone + (scale - 1.0);
    let ratio = -gone / x;
    let by_series = -0.5
        + x * (1.0 / 3.0
            - x * (1.0 / 8.0
                - x * (1.0 / 30.0
                    - x * (1.0 / 144.0 - x * (1.0 / 840.0 - x * (1.0 / 5760.0 - x / 45360.0))))));
    let by_closed_form = (1.0 + gone - ratio) / x;
    (ratio, if x < 0.5 { by_series } else { by_closed_form })
}

/// `v ← v + (S − G v) φ` for all neurons.
pub(super) fn advance(width: f32, s: &[f32], g: &[f32], v: &[f32], next: &mut [f32]) {
    Arch::new().dispatch(
        #[inline(always)]
        || {
            for (((next, &v), &s), &g) in next.iter_mut().zip(v).zip(s).zip(g) {
                let (ratio, _) = relax(g * width);
                *next = v + (s - g * v) * width * ratio;
            }
        },
    );
}

/// One interval back: writes the adjoints of drive and conductance, and moves that of the membrane.
pub(super) fn retreat(
    width: f32,
    [s, g, v]: [&[f32]; 3],
    a: &mut [f32],
    by_s: &mut [f32],
    by_g: &mut [f32],
) {
    Arch::new().dispatch(
        #[inline(always)]
        || {
            let state = s.iter().zip(g).zip(v);
            for ((((&s, &g), &v), a), (by_s, by_g)) in
                state.zip(a.iter_mut()).zip(by_s.iter_mut().zip(by_g))
            {
                let (ratio, psi) = relax(g * width);
                let phi = width * ratio;
                *by_s = *a * phi;
                *by_g = *a * ((s - g * v) * width * width * psi - v * phi);
                *a *= 1.0 - g * phi;
            }
        },
    );
}

/// Neurons side by side on the way back: fixed, so that sums have one order on every machine.
const LANES: usize = 16;

/// Rows of weights that are added at once: fewer stores for each.
pub(super) const GROUP: usize = 4;

/// Adds four inputs of one interval to drive and conductance at its two ends.
///
/// `fraction` is how far in the interval each input is; `close` is 1, or 0 for a row that does not count.
pub(super) fn close(
    rows: [&[f32]; GROUP],
    fraction: [f32; GROUP],
    close: [f32; GROUP],
    [excitatory, inhibitory]: [f32; 2],
    [s0, s1, g0, g1]: [&mut [f32]; 4],
) {
    Arch::new().dispatch(
        #[inline(always)]
        || {
            let n = s0.len();
            let [r0, r1, r2, r3] = rows.map(|row| &row[..n]);
            let (s1, g0, g1) = (&mut s1[..n], &mut g0[..n], &mut g1[..n]);
            let first = [0, 1, 2, 3].map(|j| close[j] * (1.0 - fraction[j]));
            let second = [0, 1, 2, 3].map(|j| close[j] * fraction[j]);
            for i in 0..n {
                let w = [r0[i], r1[i], r2[i], r3[i]];
                let q = w.map(|w| (w * excitatory).max(w * inhibitory));
                s0[i] += dot(w, first);
                s1[i] += dot(w, second);
                g0[i] += dot(q, first);
                g1[i] += dot(q, second);
            }
        },
    );
}

#[inline(always)]
fn dot(a: [f32; GROUP], b: [f32; GROUP]) -> f32 {
    (a[0] * b[0] + a[1] * b[1]) + (a[2] * b[2] + a[3] * b[3])
}

/// One input back: adds to the gradient of its weights, and returns that of its fraction.
///
/// `[s0, ds, g0, dg]` are adjoints at the start of the interval, and what they gain to its end.
pub(super) fn open(
    weights: &[f32],
    fraction: f32,
    [excitatory, inhibitory]: [f32; 2],
    [s0, ds, g0, dg]: [&[f32]; 4],
    by_weight: &mut [f32],
) -> f32 {
    Arch::new().dispatch(
        #[inline(always)]
        || {
            let n = weights.len();
            let adjoints = [&s0[..n], &ds[..n], &g0[..n], &dg[..n]];
            let [s0, ds, g0, dg] = adjoints.map(|values| values.as_chunks::<LANES>());
            let (to, to_rest) = by_weight[..n].as_chunks_mut::<LANES>();
            let (w, w_rest) = weights.as_chunks::<LANES>();
            let mut lanes = [0.0_f32; LANES];
            let blocks = w.iter().zip(s0.0).zip(ds.0).zip(g0.0).zip(dg.0).zip(to);
            for (((((w, s0), ds), g0), dg), to) in blocks {
                for i in 0..LANES {
                    let slope = if w[i] < 0.0 { inhibitory } else { excitatory };
                    let gain = ds[i] + slope * dg[i];
                    to[i] += s0[i] + slope * g0[i] + fraction * gain;
                    lanes[i] += w[i] * gain;
                }
            }
            let rest = w_rest.iter().zip(s0.1).zip(ds.1).zip(g0.1).zip(dg.1).zip(to_rest);
            for (((((w, s0), ds), g0), dg), to) in rest {
                let slope = if *w < 0.0 { inhibitory } else { excitatory };
                let gain = ds + slope * dg;
                *to += s0 + slope * g0 + fraction * gain;
                lanes[0] += w * gain;
            }
            lanes.iter().sum()
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relaxation_is_that_of_double_precision() {
        for step in 0..4000 {
            let x = 1e-6 * 1.005_f64.powi(step);
            let gone = (-x).exp_m1();
            let (ratio, psi) = relax(x as f32);
            let (ratio_want, psi_want) = (-gone / x, (x * (1.0 + gone) + gone) / (x * x));
            assert!((f64::from(ratio) / ratio_want - 1.0).abs() < 1e-6, "{x} {ratio}");
            if 1e-4 < x {
                assert!((f64::from(psi) - psi_want).abs() < 3e-6 * psi_want.abs() + 1e-7, "{x}");
            }
        }
        assert_eq!(relax(0.0), (1.0, -0.5));
    }
}
