#![doc = include_str!("../README.md")]

mod arrays;
mod chip;
mod circuit;
mod design;
mod device;
mod error;
mod evaluation;
mod fit;
mod interrupt;
mod module;
mod network;
mod optimise;
mod preset;
mod product;
mod program;
mod quantity;
mod question;
mod solve;
mod transfer;
mod tuned;
