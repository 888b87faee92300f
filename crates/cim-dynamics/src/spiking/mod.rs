//! Spiking layers whose products are [`MatMul`](cim_core::MatMul)s called once for each step of time.

pub mod cost;
pub mod learn;
pub mod lif;
pub mod network;
pub mod run;

pub use cost::{Latency, PART, Prices, Rule, Work, Written, count, rows_in_sequence};
pub use learn::{Feedback, Teacher, aligned, backward, feedback, random};
pub use lif::{Firing, Lif, LifSpec, Reset};
pub use network::{Arrays, Network, Shape};
pub use run::{Record, run};
