//! Devices against the numbers of their sources, and their noise against its stated law.

mod noise;
mod synaptogen;
