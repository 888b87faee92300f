//! Programming that looks at what the whole array computes, wires included.
//!
//! Ways of programming that look at one cell at a time are in `cim_device::program`.

mod account;
mod gdp;
mod product;

pub use account::{Account, AnyProgrammer, PerCell};
pub use gdp::{Gdp, GdpSpec};
pub use product::{ProductError, product_error};
