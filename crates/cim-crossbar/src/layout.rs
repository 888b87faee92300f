//! Numbers of the nodes and elements of an array.

/// The nodes and elements of an array of `rows × cols` cells.
///
/// Every cell joins a node of its row wire to one of its column wire. A row wire has `cols + 1`
/// segments: the first from the left terminal to the first cell, the last from the last cell to
/// the right terminal; likewise a column wire from the top to the bottom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    pub rows: usize,
    pub cols: usize,
}

/// The four sides of an array, in the order in which terminals are numbered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Left ends of the rows.
    Left,
    /// Right ends of the rows.
    Right,
    /// Top ends of the columns.
    Top,
    /// Bottom ends of the columns.
    Bottom,
}

impl Side {
    pub(crate) const ALL: [Self; 4] = [Self::Left, Self::Right, Self::Top, Self::Bottom];

    /// Whether it is an end of rows.
    pub(crate) fn is_row(self) -> bool {
        matches!(self, Self::Left | Self::Right)
    }
}

impl std::fmt::Display for Side {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Left => "left end of row",
            Self::Right => "right end of row",
            Self::Top => "top end of column",
            Self::Bottom => "bottom end of column",
        })
    }
}

impl Layout {
    pub fn cells(self) -> usize {
        self.rows * self.cols
    }

    /// Node of a row wire at a cell.
    pub fn upper(self, row: usize, col: usize) -> usize {
        row * self.cols + col
    }

    /// Node of a column wire at a cell.
    pub fn lower(self, row: usize, col: usize) -> usize {
        self.cells() + row * self.cols + col
    }

    /// Nodes that are not terminals.
    pub fn inner(self) -> usize {
        2 * self.cells()
    }

    /// The terminal of a line at a side.
    pub fn terminal(self, side: Side, line: usize) -> usize {
        let (rows, cols) = (self.rows, self.cols);
        self.inner()
            + line
            + match side {
                Side::Left => 0,
                Side::Right => rows,
                Side::Top => 2 * rows,
                Side::Bottom => 2 * rows + cols,
            }
    }

    /// Lines that end at a side.
    pub fn lines(self, side: Side) -> usize {
        match side {
            Side::Left | Side::Right => self.rows,
            Side::Top | Side::Bottom => self.cols,
        }
    }

    pub fn terminals(self) -> usize {
        2 * (self.rows + self.cols)
    }

    pub fn nodes(self) -> usize {
        self.inner() + self.terminals()
    }

    /// The side and line of a terminal, counted from the first terminal.
    pub fn end(self, terminal: usize) -> (Side, usize) {
        let [first @ .., last] = Side::ALL;
        let mut line = terminal;
        for side in first {
            if line < self.lines(side) {
                return (side, line);
            }
            line -= self.lines(side);
        }
        (last, line)
    }

    /// The cell at whose wires a node lies: of a terminal, the cell next to it.
    pub fn cell_of(self, node: usize) -> (usize, usize) {
        if node < self.inner() {
            let cell = node % self.cells();
            return (cell / self.cols, cell % self.cols);
        }
        match self.end(node - self.inner()) {
            (Side::Left, row) => (row, 0),
            (Side::Right, row) => (row, self.cols - 1),
            (Side::Top, col) => (0, col),
            (Side::Bottom, col) => (self.rows - 1, col),
        }
    }

    pub fn cell(self, row: usize, col: usize) -> usize {
        row * self.cols + col
    }

    /// Segment of a row wire to the left of cell `segment`; the last is right of the last cell.
    pub fn row_segment(self, row: usize, segment: usize) -> usize {
        self.cells() + row * (self.cols + 1) + segment
    }

    /// Segment of a column wire above cell `segment`; the last is below the last cell.
    pub fn column_segment(self, segment: usize, col: usize) -> usize {
        self.cells() + self.rows * (self.cols + 1) + segment * self.cols + col
    }

    pub fn elements(self) -> usize {
        self.cells() + self.rows * (self.cols + 1) + (self.rows + 1) * self.cols
    }

    /// Shows every element with the nodes at its ends, in the order of their numbers: from row to
    /// column, from left to right, from top to bottom.
    pub fn each_element(self, mut see: impl FnMut(usize, (usize, usize))) {
        for cell in 0..self.cells() {
            see(cell, (cell, self.cells() + cell));
        }
        for row in 0..self.rows {
            for segment in 0..=self.cols {
                see(self.row_segment(row, segment), self.row_segment_ends(row, segment));
            }
        }
        for segment in 0..=self.rows {
            for col in 0..self.cols {
                see(self.column_segment(segment, col), self.column_segment_ends(segment, col));
            }
        }
    }

    pub fn row_segment_ends(self, row: usize, segment: usize) -> (usize, usize) {
        let left = if segment == 0 {
            self.terminal(Side::Left, row)
        } else {
            self.upper(row, segment - 1)
        };
        let right = if segment == self.cols {
            self.terminal(Side::Right, row)
        } else {
            self.upper(row, segment)
        };
        (left, right)
    }

    pub fn column_segment_ends(self, segment: usize, col: usize) -> (usize, usize) {
        let above =
            if segment == 0 { self.terminal(Side::Top, col) } else { self.lower(segment - 1, col) };
        let below = if segment == self.rows {
            self.terminal(Side::Bottom, col)
        } else {
            self.lower(segment, col)
        };
        (above, below)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_node_and_element_has_one_number() {
        let layout = Layout { rows: 3, cols: 5 };
        let mut nodes = vec![0; layout.nodes()];
        let mut elements = vec![0; layout.elements()];
        for row in 0..3 {
            for col in 0..5 {
                nodes[layout.upper(row, col)] += 1;
                nodes[layout.lower(row, col)] += 1;
                assert_eq!(layout.cell_of(layout.lower(row, col)), (row, col));
                elements[layout.cell(row, col)] += 1;
            }
            (0..=5).for_each(|s| elements[layout.row_segment(row, s)] += 1);
        }
        (0..=3).for_each(|s| (0..5).for_each(|c| elements[layout.column_segment(s, c)] += 1));
        let mut ends = Vec::new();
        layout.each_element(|element, nodes| {
            assert_eq!(element, ends.len());
            ends.push(nodes);
        });
        assert_eq!(ends.len(), layout.elements());
        assert_eq!(ends[layout.cell(2, 4)], (layout.upper(2, 4), layout.lower(2, 4)));
        assert_eq!(ends[layout.row_segment(1, 5)], layout.row_segment_ends(1, 5));
        assert_eq!(ends[layout.column_segment(3, 2)], layout.column_segment_ends(3, 2));
        for side in Side::ALL {
            for line in 0..layout.lines(side) {
                let node = layout.terminal(side, line);
                nodes[node] += 1;
                assert_eq!(layout.end(node - layout.inner()), (side, line));
            }
        }
        assert!(nodes.iter().chain(&elements).all(|&n| n == 1));
    }

    #[test]
    fn segments_join_neighbours() {
        let layout = Layout { rows: 2, cols: 2 };
        let left = (layout.terminal(Side::Left, 1), layout.upper(1, 0));
        assert_eq!(layout.row_segment_ends(1, 0), left);
        assert_eq!(layout.row_segment_ends(1, 1), (layout.upper(1, 0), layout.upper(1, 1)));
        let bottom = (layout.lower(1, 0), layout.terminal(Side::Bottom, 0));
        assert_eq!(layout.column_segment_ends(2, 0), bottom);
    }
}
