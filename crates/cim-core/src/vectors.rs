//! The vector instructions that kernels are run with.

/// Their name on this machine: `V4` (AVX-512) and `V3` (AVX2) on x86-64, `Neon` and the like elsewhere,
/// `Scalar` where there are none. Results do not depend on it below the last digits that documents name.
pub fn vectors() -> String {
    let name = format!("{:?}", pulp::Arch::new());
    name.split(['(', ' ']).next().unwrap_or_default().to_owned()
}
