//! Constants of nature, exact in the SI since 2019.

/// Boltzmann constant (J/K).
pub const BOLTZMANN_J_K: f64 = 1.380_649e-23;

/// Elementary charge (C).
pub const ELEMENTARY_CHARGE_C: f64 = 1.602_176_634e-19;
