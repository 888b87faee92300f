//! Which nodes are removed in which order: everything that does not depend on the conductances.

use std::ops::Range;

use crate::error::CircuitError;
use crate::layout::{Layout, Side};

/// Blocks up to this many cells are reduced at once.
const LEAF_CELLS: usize = 16;

/// An order of elimination for one array.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub layout: Layout,
    /// The node that stands for each node: ideal wires and shorts make one of several.
    pub alias: Vec<u32>,
    /// Children before parents; the last is the whole array, in which only terminals are left.
    pub fronts: Vec<FrontPlan>,
    nodes: Vec<u32>,
    slots: Vec<u32>,
    links: Vec<Link>,
}

/// One block of cells: its nodes, those that are removed first.
#[derive(Clone, Debug)]
pub(crate) struct FrontPlan {
    nodes: Range<usize>,
    pub removed: usize,
    /// Ends of rows that are left, the last of its nodes: what lies between two of them is not
    /// needed for the currents of columns at ground.
    pub row_ends: usize,
    pub children: usize,
    /// For each child in turn, where the nodes that it left go.
    slots: Range<usize>,
    links: Range<usize>,
}

/// An element between two nodes of a front.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Link {
    pub element: u32,
    /// The smaller slot.
    pub from: u32,
    /// The larger slot.
    pub to: u32,
}

impl Plan {
    /// Plans for an array of which the terminals `held` (by node) are kept. `merged` are pairs of
    /// nodes that are one. The two ends of a line may be.
    ///
    /// # Errors
    /// [`CircuitError::Shorted`] if held terminals of two lines are one node.
    pub fn new(
        layout: Layout,
        held: &[bool],
        merged: impl IntoIterator<Item = (usize, usize)>,
    ) -> Result<Self, CircuitError> {
        let alias = aliases(layout, held, merged)?;
        let mut builder = Builder {
            layout,
            kept: vec![false; layout.nodes()],
            open_links: vec![0; layout.nodes()],
            waiting: vec![0; layout.nodes()],
            place: vec![NOWHERE; layout.nodes()],
            plan: Self {
                layout,
                alias,
                fronts: Vec::new(),
                nodes: Vec::new(),
                slots: Vec::new(),
                links: Vec::new(),
            },
        };
        for (node, &held) in held.iter().enumerate() {
            if held {
                builder.kept[builder.plan.alias[node] as usize] = true;
            }
        }
        builder.count_links(held);
        builder.block(0..layout.rows, 0..layout.cols, held);
        Ok(builder.plan)
    }

    pub fn nodes(&self, front: &FrontPlan) -> &[u32] {
        &self.nodes[front.nodes.clone()]
    }

    pub fn slots(&self, front: &FrontPlan) -> &[u32] {
        &self.slots[front.slots.clone()]
    }

    pub fn links(&self, front: &FrontPlan) -> &[Link] {
        &self.links[front.links.clone()]
    }

    /// The terminals (by node) that are left in the end.
    pub fn left(&self) -> &[u32] {
        let root = self.fronts.last().expect("an array has cells");
        &self.nodes(root)[root.removed..]
    }
}

/// Joins merged nodes; a held terminal stands for all that it is merged with.
fn aliases(
    layout: Layout,
    held: &[bool],
    merged: impl IntoIterator<Item = (usize, usize)>,
) -> Result<Vec<u32>, CircuitError> {
    let mut parent: Vec<u32> = (0..layout.nodes() as u32).collect();
    fn root(parent: &mut [u32], mut node: usize) -> usize {
        while parent[node] as usize != node {
            parent[node] = parent[parent[node] as usize];
            node = parent[node] as usize;
        }
        node
    }
    for (a, b) in merged {
        let (a, b) = (root(&mut parent, a), root(&mut parent, b));
        if a == b {
            continue;
        }
        if held[a] && held[b] && !one_line(layout, a, b) {
            let [(side, line), (other_side, other_line)] =
                [a, b].map(|node| layout.end(node - layout.inner()));
            return Err(CircuitError::Shorted { side, line, other_side, other_line });
        }
        if held[a] { parent[b] = a as u32 } else { parent[a] = b as u32 }
    }
    (0..layout.nodes()).for_each(|node| {
        let root = root(&mut parent, node);
        parent[node] = root as u32;
    });
    Ok(parent)
}

/// Whether two terminals are the ends of one line.
fn one_line(layout: Layout, a: usize, b: usize) -> bool {
    let [(side, line), (other_side, other_line)] =
        [a, b].map(|node| layout.end(node - layout.inner()));
    line == other_line && side.is_row() == other_side.is_row()
}

const NOWHERE: u32 = u32::MAX;

struct Builder {
    layout: Layout,
    /// Nodes that are never removed.
    kept: Vec<bool>,
    /// Elements of each node that no front has seen yet.
    open_links: Vec<u32>,
    /// Fronts that were left with each node and are not joined yet: a node merged from many may be
    /// in several.
    waiting: Vec<u32>,
    /// Place of each node in the front that is being made.
    place: Vec<u32>,
    plan: Plan,
}

impl Builder {
    /// An element between two different nodes.
    fn ends(&self, (a, b): (usize, usize)) -> Option<(u32, u32)> {
        let (a, b) = (self.plan.alias[a], self.plan.alias[b]);
        (a != b).then_some((a, b))
    }

    fn count_links(&mut self, held: &[bool]) {
        let Layout { rows, cols } = self.layout;
        let all = self.inside(&(0..rows), &(0..cols), held);
        for (_, (a, b)) in all {
            self.open_links[a as usize] += 1;
            self.open_links[b as usize] += 1;
        }
    }

    /// Elements that lie inside a block, those to its terminals too.
    fn inside(
        &self,
        rows: &Range<usize>,
        cols: &Range<usize>,
        held: &[bool],
    ) -> Vec<(usize, (u32, u32))> {
        let layout = self.layout;
        let mut found = Vec::with_capacity(3 * rows.len() * cols.len() + rows.len() + cols.len());
        let mut add = |element: usize, ends: (usize, usize)| {
            if let Some(ends) = self.ends(ends) {
                found.push((element, ends));
            }
        };
        let terminal_held = |node: usize| node < layout.inner() || held[node];
        for row in rows.clone() {
            for col in cols.clone() {
                let ends = (layout.upper(row, col), layout.lower(row, col));
                add(layout.cell(row, col), ends);
            }
            for segment in segments(cols) {
                let ends = layout.row_segment_ends(row, segment);
                if terminal_held(ends.0) && terminal_held(ends.1) {
                    add(layout.row_segment(row, segment), ends);
                }
            }
        }
        for segment in segments(rows) {
            for col in cols.clone() {
                let ends = layout.column_segment_ends(segment, col);
                if terminal_held(ends.0) && terminal_held(ends.1) {
                    add(layout.column_segment(segment, col), ends);
                }
            }
        }
        found
    }

    /// Adds the fronts of a block; the last is its own.
    ///
    /// A wire that a cut goes through belongs to the block before the cut, with the node at its
    /// other end: both blocks are left with that one line of nodes, and joining them removes it.
    fn block(&mut self, rows: Range<usize>, cols: Range<usize>, held: &[bool]) {
        if rows.len() * cols.len() <= LEAF_CELLS {
            let links = self.inside(&rows, &cols, held);
            return self.front(&[], &links);
        }
        let (first, second) = if rows.len() < cols.len() {
            let cut = cols.start + cols.len() / 2;
            ((rows.clone(), cols.start..cut), (rows, cut..cols.end))
        } else {
            let cut = rows.start + rows.len() / 2;
            ((rows.start..cut, cols.clone()), (cut..rows.end, cols))
        };
        self.block(first.0, first.1, held);
        let first = self.plan.fronts.len() - 1;
        self.block(second.0, second.1, held);
        self.front(&[first, self.plan.fronts.len() - 1], &[]);
    }

    /// Adds a front that joins others and the elements between them.
    fn front(&mut self, children: &[usize], links: &[(usize, (u32, u32))]) {
        let mut all: Vec<u32> = Vec::new();
        let meet = |node: u32, place: &mut [u32], all: &mut Vec<u32>| {
            if place[node as usize] == NOWHERE {
                place[node as usize] = 0;
                all.push(node);
            }
        };
        let left: Vec<u32> = children
            .iter()
            .flat_map(|&child| {
                let child = &self.plan.fronts[child];
                self.plan.nodes(child)[child.removed..].iter().copied()
            })
            .collect();
        for &node in &left {
            meet(node, &mut self.place, &mut all);
            self.waiting[node as usize] -= 1;
        }
        for &(_, (a, b)) in links {
            for node in [a, b] {
                meet(node, &mut self.place, &mut all);
                self.open_links[node as usize] -= 1;
            }
        }
        let done = |node: &u32| {
            let node = *node as usize;
            self.open_links[node] == 0 && self.waiting[node] == 0 && !self.kept[node]
        };
        let removed = all.iter().filter(|node| done(node)).count();
        let nodes = self.plan.nodes.len();
        self.plan.nodes.extend(all.iter().filter(|node| done(node)));
        let (first_end, ends) = (self.layout.inner(), self.layout.terminal(Side::Top, 0));
        let is_row_end = |node: &u32| (first_end..ends).contains(&(*node as usize));
        let kept = || all.iter().filter(|node| !done(node));
        self.plan.nodes.extend(kept().filter(|node| !is_row_end(node)));
        let row_ends = kept().filter(|node| is_row_end(node)).count();
        self.plan.nodes.extend(kept().filter(|node| is_row_end(node)));
        for (place, &node) in self.plan.nodes[nodes..].iter().enumerate() {
            self.place[node as usize] = place as u32;
            self.waiting[node as usize] += u32::from(removed <= place);
        }
        let (slots, first_link) = (self.plan.slots.len(), self.plan.links.len());
        self.plan.slots.extend(left.iter().map(|&node| self.place[node as usize]));
        for &(element, (a, b)) in links {
            let (a, b) = (self.place[a as usize], self.place[b as usize]);
            let link = Link { element: element as u32, from: a.min(b), to: a.max(b) };
            self.plan.links.push(link);
        }
        all.iter().for_each(|&node| self.place[node as usize] = NOWHERE);
        self.plan.fronts.push(FrontPlan {
            nodes: nodes..self.plan.nodes.len(),
            removed,
            row_ends,
            children: children.len(),
            slots: slots..self.plan.slots.len(),
            links: first_link..self.plan.links.len(),
        });
    }
}

/// Segments of a line that belong to the cells `range`: those after each of them, and that before
/// the first cell of the line.
fn segments(range: &Range<usize>) -> Range<usize> {
    let first = if range.start == 0 { 0 } else { range.start + 1 };
    first..range.end + 1
}
