//! Values that depend on samples, and what each is made from.

use super::layer::Step;

/// A value that depends on samples.
pub(super) struct Value {
    /// Dimensions, with that of samples.
    pub rank: usize,
    /// How it comes about.
    pub made: Made,
    /// The last value that everything between samples and this one goes through.
    pub fork: usize,
    /// Values of that kind in front of it.
    depth: usize,
}

/// How a value comes about.
pub(super) enum Made {
    /// Samples.
    Given,
    /// By a layer, from a value.
    By(Step, usize),
    /// As the sum of two values, by a node with this name and operator.
    Sum([String; 2], [usize; 2]),
    /// As shares that add up to one, of a value, by a node with this name and operator.
    Shares([String; 2], usize),
}

/// All of them, each after what it is made from.
pub(super) struct Values(Vec<Value>);

impl Values {
    /// Number of the samples.
    pub(super) const SAMPLES: usize = 0;

    /// Samples of `rank` dimensions, that of samples included.
    pub(super) fn new(rank: usize) -> Self {
        Self(vec![Value { rank, made: Made::Given, fork: Self::SAMPLES, depth: 0 }])
    }

    pub(super) fn get(&self, value: usize) -> &Value {
        &self.0[value]
    }

    pub(super) fn get_mut(&mut self, value: usize) -> &mut Value {
        &mut self.0[value]
    }

    /// Adds a value and returns its number.
    pub(super) fn push(&mut self, made: Made, rank: usize) -> usize {
        let fork = match &made {
            Made::Given => Self::SAMPLES,
            Made::By(_, from) | Made::Shares(_, from) => *from,
            Made::Sum(_, [a, b]) => self.common(*a, *b),
        };
        let depth = self.0[fork].depth + 1;
        self.0.push(Value { rank, made, fork, depth });
        self.0.len() - 1
    }

    /// The last value that everything between samples and both of these goes through.
    fn common(&self, mut a: usize, mut b: usize) -> usize {
        while a != b {
            if self.0[a].depth < self.0[b].depth {
                b = self.0[b].fork;
            } else {
                a = self.0[a].fork;
            }
        }
        a
    }
}
