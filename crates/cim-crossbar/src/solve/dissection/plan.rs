//! Which nodes are removed in which order: everything that does not depend on the conductances.

use std::ops::Range;

use crate::error::CircuitError;
use crate::layout::{Layout, Side};

/// Blocks up to this many cells are reduced at once.
const LEAF_CELLS: usize = 4;

/// What becomes of the ends that are held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HeldEnds {
    /// Each stays a node: in the end what lies between every two is known.
    Apart,
    /// All become one node, the ground. Fronts then are no larger than the borders of their blocks,
    /// however many lines end in them.
    Joined,
}

/// An order of elimination for one array.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub layout: Layout,
    /// The node that stands for each node: ideal wires and shorts make one of several.
    pub alias: Vec<u32>,
    /// Nodes that no element joins to others.
    pub alone: Vec<u32>,
    /// Children before parents; the last is the whole array, in which only terminals are left.
    pub fronts: Vec<FrontPlan>,
    nodes: Vec<u32>,
    slots: Vec<u32>,
    links: Vec<Link>,
}

/// One block of cells: its nodes, those that are removed first.
#[derive(Clone, Debug)]
pub(crate) struct FrontPlan {
    nodes: Range<u32>,
    removed: u32,
    /// The last of its nodes, of which nothing between two is needed: of ends that stay apart those
    /// of rows, as only the currents of columns are asked for; else the one node of all ends.
    last: u32,
    children: u32,
    /// For each child in turn, where the nodes that it left go.
    slots: Range<u32>,
    links: Range<u32>,
}

impl FrontPlan {
    /// Nodes that are removed: its first.
    pub fn removed(&self) -> usize {
        self.removed as usize
    }

    /// Nodes that come last.
    pub fn last(&self) -> usize {
        self.last as usize
    }

    /// Fronts that it joins.
    pub fn children(&self) -> usize {
        self.children as usize
    }
}

/// A range of the plan's lists.
fn within(range: &Range<u32>) -> Range<usize> {
    range.start as usize..range.end as usize
}

/// An element between two nodes of a front.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Link {
    pub element: u32,
    /// The smaller slot; links are in fronts of a few cells only.
    pub from: u16,
    /// The larger slot.
    pub to: u16,
}

impl Plan {
    /// Plans for an array of which the terminals `held` (by node) are never removed. `merged` are
    /// pairs of nodes that are one. The two ends of a line may be.
    ///
    /// # Errors
    /// [`CircuitError::Shorted`] if held terminals of two lines are one node.
    pub fn new(
        layout: Layout,
        held: &[bool],
        merged: impl IntoIterator<Item = (usize, usize)>,
        ends: HeldEnds,
    ) -> Result<Self, CircuitError> {
        let alias = aliases(layout, held, merged)?;
        let nodes_and_ground = layout.nodes() + 1;
        let mut builder = Builder {
            layout,
            ends,
            kept: vec![false; nodes_and_ground],
            open_links: vec![0; nodes_and_ground],
            waiting: vec![0; nodes_and_ground],
            place: vec![NOWHERE; nodes_and_ground],
            met: Vec::new(),
            seen: Vec::new(),
            plan: Self {
                layout,
                alias,
                alone: Vec::new(),
                fronts: Vec::with_capacity(layout.cells()),
                nodes: Vec::with_capacity(10 * layout.cells()),
                slots: Vec::with_capacity(7 * layout.cells()),
                links: Vec::with_capacity(layout.elements()),
            },
        };
        for (node, &held) in held.iter().enumerate() {
            if held {
                builder.kept[builder.plan.alias[node] as usize] = true;
            }
        }
        builder.kept[layout.nodes()] = true;
        builder.count_links(held);
        builder.plan.alone = (0..layout.inner() as u32).filter(|&n| builder.is_alone(n)).collect();
        builder.block(0..layout.rows, 0..layout.cols, held);
        Ok(builder.plan)
    }

    pub fn nodes(&self, front: &FrontPlan) -> &[u32] {
        &self.nodes[within(&front.nodes)]
    }

    pub fn slots(&self, front: &FrontPlan) -> &[u32] {
        &self.slots[within(&front.slots)]
    }

    pub fn links(&self, front: &FrontPlan) -> &[Link] {
        &self.links[within(&front.links)]
    }

    /// The terminals (by node) that are left in the end.
    pub fn left(&self) -> &[u32] {
        let root = self.fronts.last().expect("an array has cells");
        &self.nodes(root)[root.removed()..]
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
    ends: HeldEnds,
    /// Nodes, and after them the ground, that are never removed.
    kept: Vec<bool>,
    /// Elements of each node that no front has seen yet.
    open_links: Vec<u32>,
    /// Fronts that were left with each node and are not joined yet: a node merged from many may be
    /// in several.
    waiting: Vec<u32>,
    /// Place of each node in the front that is being made.
    place: Vec<u32>,
    /// Nodes of that front, as they are met.
    met: Vec<u32>,
    /// Elements of that front, with their ends.
    seen: Vec<(usize, (u32, u32))>,
    plan: Plan,
}

/// Whether a node comes after all others of its front.
fn is_last(layout: Layout, ends: HeldEnds, node: usize) -> bool {
    match ends {
        HeldEnds::Joined => node == layout.nodes(),
        HeldEnds::Apart => (layout.inner()..layout.terminal(Side::Top, 0)).contains(&node),
    }
}

impl Builder {
    /// An element between two different nodes.
    fn ends(&self, (a, b): (usize, usize)) -> Option<(u32, u32)> {
        let (a, b) = (self.stands_for(a), self.stands_for(b));
        (a != b).then_some((a, b))
    }

    /// The node of fronts that stands for a node of the layout.
    fn stands_for(&self, node: usize) -> u32 {
        let alias = self.plan.alias[node];
        match self.ends {
            HeldEnds::Joined if self.kept[alias as usize] => self.layout.nodes() as u32,
            _ => alias,
        }
    }

    fn is_alone(&self, node: u32) -> bool {
        let stands = self.plan.alias[node as usize] == node;
        stands && self.open_links[node as usize] == 0
    }

    fn count_links(&mut self, held: &[bool]) {
        let Layout { rows, cols } = self.layout;
        let mut open_links = std::mem::take(&mut self.open_links);
        self.inside(&(0..rows), &(0..cols), held, |_, (a, b)| {
            open_links[a as usize] += 1;
            open_links[b as usize] += 1;
        });
        self.open_links = open_links;
    }

    /// Shows the elements that lie inside a block, those to its terminals too.
    fn inside(
        &self,
        rows: &Range<usize>,
        cols: &Range<usize>,
        held: &[bool],
        mut see: impl FnMut(usize, (u32, u32)),
    ) {
        let layout = self.layout;
        let mut add = |element: usize, ends: (usize, usize)| {
            if let Some(ends) = self.ends(ends) {
                see(element, ends);
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
    }

    /// Adds the fronts of a block; the last is its own.
    ///
    /// A wire that a cut goes through belongs to the block before the cut, with the node at its
    /// other end: both blocks are left with that one line of nodes, and joining them removes it.
    fn block(&mut self, rows: Range<usize>, cols: Range<usize>, held: &[bool]) {
        if rows.len() * cols.len() <= LEAF_CELLS {
            let mut links = std::mem::take(&mut self.seen);
            links.clear();
            self.inside(&rows, &cols, held, |element, ends| links.push((element, ends)));
            self.front(&[], &links);
            self.seen = links;
            return;
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
        let mut all = std::mem::take(&mut self.met);
        all.clear();
        let meet = |node: u32, place: &mut [u32], all: &mut Vec<u32>| {
            if place[node as usize] == NOWHERE {
                place[node as usize] = 0;
                all.push(node);
            }
        };
        for &child in children {
            let child = &self.plan.fronts[child];
            for &node in &self.plan.nodes(child)[child.removed()..] {
                meet(node, &mut self.place, &mut all);
                self.waiting[node as usize] -= 1;
            }
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
        let is_last = |node: &u32| is_last(self.layout, self.ends, *node as usize);
        let nodes = self.plan.nodes.len();
        self.plan.nodes.extend(all.iter().filter(|node| done(node)));
        let removed = self.plan.nodes.len() - nodes;
        let kept = || all.iter().filter(|node| !done(node));
        self.plan.nodes.extend(kept().filter(|node| !is_last(node)));
        let last = nodes + all.len() - self.plan.nodes.len();
        self.plan.nodes.extend(kept().filter(|node| is_last(node)));
        for (place, &node) in self.plan.nodes[nodes..].iter().enumerate() {
            self.place[node as usize] = place as u32;
            self.waiting[node as usize] += u32::from(removed <= place);
        }
        let (slots, first_link) = (self.plan.slots.len(), self.plan.links.len());
        for &child in children {
            let child = &self.plan.fronts[child];
            let left = within(&child.nodes).skip(child.removed());
            self.plan.slots.extend(left.map(|at| self.place[self.plan.nodes[at] as usize]));
        }
        for &(element, (a, b)) in links {
            let (a, b) = (self.place[a as usize], self.place[b as usize]);
            let link = Link { element: element as u32, from: a.min(b) as u16, to: a.max(b) as u16 };
            self.plan.links.push(link);
        }
        all.iter().for_each(|&node| self.place[node as usize] = NOWHERE);
        self.met = all;
        let range = |first: usize, end: usize| first as u32..end as u32;
        self.plan.fronts.push(FrontPlan {
            nodes: range(nodes, self.plan.nodes.len()),
            removed: removed as u32,
            last: last as u32,
            children: children.len() as u32,
            slots: range(slots, self.plan.slots.len()),
            links: range(first_link, self.plan.links.len()),
        });
    }
}

/// Segments of a line that belong to the cells `range`: those after each of them, and that before
/// the first cell of the line.
fn segments(range: &Range<usize>) -> Range<usize> {
    let first = if range.start == 0 { 0 } else { range.start + 1 };
    first..range.end + 1
}
