//! Networks that others trained, where a user has them: none of them is part of this project.

mod resnet20;
mod spec;
mod transformer;
mod whole;

pub use resnet20::ResNet20;
pub use spec::ForeignSpec;
pub use whole::Given;
