//! What stands between numbers and the array: drivers of rows, amplifiers of columns, converters
//! that are not straight, and what a calibration makes of them.

mod calibration;
mod drivers;
mod rounding;
mod sampled;
mod spec;

pub use calibration::ColumnCalibration;
pub use drivers::Drivers;
pub(crate) use sampled::Sampled;
pub use spec::FrontEnd;
