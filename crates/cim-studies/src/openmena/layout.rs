//! Which columns of the board's crossbar carry what.

/// Rows and columns of the board's crossbar.
pub const SIDE: usize = 8;

/// First column and number of columns of the digits.
pub const DIGIT: (usize, usize) = (0, 1);

/// First column and number of columns of the robot's wheels.
pub const WHEELS: (usize, usize) = (1, 2);

/// First column of the network of two layers: hidden columns come first, then one for the output.
pub const TWO_LAYERS: usize = 3;

/// Columns that are left for hidden values.
pub const MOST_HIDDEN: usize = SIDE - TWO_LAYERS - 1;

/// Calls of fine-tuning count from 0, those of measurements from here, so that none meets noise of
/// another.
pub const MEASURE: u64 = 1 << 40;
