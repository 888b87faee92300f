//! Laws: properties of every registered part, for the inputs that proptest or an address draws.

mod ageing;
mod bounded_currents;
mod broken;
mod circuit;
mod composition;
mod converters;
mod crossbar;
mod device;
mod extreme_circuits;
mod front_end;
mod grid;
mod low_bit;
mod mapping;
mod reference;
