//! What the module has, one line each.

use pyo3::prelude::*;

/// Analog compute-in-memory: resistive arrays, memristive cells, and networks on simulated chips.
///
/// Arrays are NumPy's; numbers are in SI units unless a name says otherwise, and wherever one number is
/// asked for, a text with its unit is taken, too ("5 uS", "1 day"). Everything random takes a seed: the
/// same seed gives the same bytes, at any number of threads, here and from the command line.
#[pymodule]
mod cim {
    use pyo3::prelude::*;

    #[pymodule_export]
    use crate::chip::Chip;
    #[pymodule_export]
    use crate::design::Design;
    #[pymodule_export]
    use crate::device::{Device, device, devices};
    #[pymodule_export]
    use crate::evaluation::Evaluation;
    #[pymodule_export]
    use crate::fit::{Fitted, fit};
    #[pymodule_export]
    use crate::optimise::optimise;
    #[pymodule_export]
    use crate::preset::{preset, presets};
    #[pymodule_export]
    use crate::product::Product;
    #[pymodule_export]
    use crate::program::{Programmed, program, programmers};
    #[pymodule_export]
    use crate::solve::{Solution, solve, solve_nodes};
    #[pymodule_export]
    use crate::transfer::Transfer;
    #[pymodule_export]
    use crate::tuned::Tuned;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", env!("CARGO_PKG_VERSION"))?;
        crate::error::add_to(module)
    }
}
