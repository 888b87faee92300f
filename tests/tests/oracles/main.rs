//! Oracles: closed forms against the real datapath, and against values computed elsewhere.

mod activation;
mod circuit_noise;
mod effects;
mod front_end;
mod full_scale;
mod in_use;
mod mapped_moments;
mod moments;
mod newton;
mod ngspice;
mod operating_points;
mod output_error;
mod ranking;
mod signal_to_noise;
mod wired;
