//! How the weights of a product are scaled.

use serde::{Deserialize, Serialize};

/// How the weights of a product are scaled before they are mapped, digitally undone around the tiles:
/// `y_j = b_j Σ_i (w_ij / (a_i b_j)) (a_i x_i)`.
///
/// Errors of cells are a part of the window whatever a cell stands for, so that rows and columns of small
/// weights drown in those of large ones. For given columns no factors of rows are better than those of
/// [`Rows`](Self::Rows) against errors of cells (no larger a part of a larger conductance) and against noise behind an array
/// whose full scales follow its currents; against what grows with the weights in cells (rounding by the DAC, drivers and row
/// converters that are off, offsets of amplifiers, wires, full scales for the worst case) they can lose, see `docs/model.md`,
/// *Scaling*. A factor for every column is what others know as scaling by channel (Rasch et al. 2023); factors of rows move
/// the range of inputs into weights (Xiao et al. 2023, there half of it).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scaling {
    /// Weights are mapped as they are.
    #[default]
    None,
    /// Each column by its largest weight.
    Columns,
    /// Each row by its largest weight.
    Rows,
    /// Columns first, then rows.
    ColumnsRows,
    /// Rows first, then columns, whose largest weights are then no larger than those of rows.
    RowsColumns,
}

impl Scaling {
    /// Every kind, the plainest first.
    pub const ALL: [Self; 5] =
        [Self::None, Self::Columns, Self::Rows, Self::ColumnsRows, Self::RowsColumns];

    /// Its name in a file.
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Columns => "columns",
            Self::Rows => "rows",
            Self::ColumnsRows => "columns-rows",
            Self::RowsColumns => "rows-columns",
        }
    }

    /// The steps in which weights are divided, each by what is largest then.
    pub(crate) fn steps(self) -> &'static [Along] {
        match self {
            Self::None => &[],
            Self::Columns => &[Along::Columns],
            Self::Rows => &[Along::Rows],
            Self::ColumnsRows => &[Along::Columns, Along::Rows],
            Self::RowsColumns => &[Along::Rows, Along::Columns],
        }
    }

    /// Whether each output has a factor of its own.
    pub fn scales_columns(self) -> bool {
        self.steps().contains(&Along::Columns)
    }

    /// Whether each input has a factor of its own.
    pub fn scales_rows(self) -> bool {
        self.steps().contains(&Along::Rows)
    }
}

/// What is divided by its largest weight.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Along {
    /// Every row.
    Rows,
    /// Every column.
    Columns,
}
