//! Pictures: a canvas, axes and marks on top of plotters, and the colours all pictures share.

pub mod axis;
pub mod canvas;
pub mod marks;
pub mod palette;
