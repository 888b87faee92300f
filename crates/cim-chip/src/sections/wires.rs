//! `[wires]`: resistances of one cell pitch of row and column wire (Ω), and of what lies between the
//! array and its drivers and amplifiers; zero is an ideal wire. Checked by [`Wires::check`].

pub use cim_crossbar::Wires;
