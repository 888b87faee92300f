//! What carries the products of a network: anything that multiplies, and the path of training.

#[cfg(test)]
pub(crate) mod exact;
pub(crate) mod on_products;
pub(crate) mod path;
pub(crate) mod probe;
