//! From the list of operations to the enums that dispatch to them.

/// Makes the modules, [`OperationSpec`](super::OperationSpec), as written in a file, and
/// [`Operation`](super::Operation), built for a shape, from one line for each operation. A file that
/// has two operations is named by the first.
///
/// In tests each specification has [`Random`](super::gradients::Random), by which its gradient is
/// compared with difference quotients.
macro_rules! operations {
    ($($(#[$doc:meta])* $variant:ident = $name:literal: $spec:ty => $model:ty $(, mod $module:ident)?;)*) => {
        $($(pub mod $module;)?)*

        /// An operation as written in a file: `{ op = "conv2d", channels = 6, kernel = 5 }`.
        #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
        #[serde(tag = "op")]
        pub enum OperationSpec {
            $($(#[$doc])* #[serde(rename = $name)] $variant($spec),)*
        }

        /// An operation of a network, for one shape of samples.
        #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
        pub enum Operation {
            $($(#[$doc])* $variant($model),)*
        }

        /// The names of all operations, as in files.
        pub const NAMES: &[&str] = &[$($name),*];

        impl OperationSpec {
            /// Its name in files.
            pub fn name(&self) -> &'static str {
                match self { $(Self::$variant(_) => $name),* }
            }
        }

        /// Random settings of the operation called `name` and a shape for it, if its gradient is that of
        /// its value.
        #[cfg(test)]
        fn random(
            name: &str,
            draws: &mut gradients::Draws,
        ) -> Option<(OperationSpec, crate::shape::Shape)> {
            use gradients::Random;
            match name {
                $($name => {
                    let (spec, shape) = <$spec>::random(draws)?;
                    Some((OperationSpec::$variant(spec), shape))
                })*
                _ => None,
            }
        }

        impl Specify for OperationSpec {
            type Operation = Operation;

            fn name(&self) -> &'static str {
                Self::name(self)
            }

            fn build(
                &self,
                input: crate::shape::Shape,
                builder: &mut Builder,
            ) -> Result<Operation, crate::error::NetworkError> {
                match self { $(Self::$variant(spec) => spec.build(input, builder).map(Operation::$variant)),* }
            }
        }

        impl Operation {
            /// Its name in files.
            pub fn name(&self) -> &'static str {
                match self { $(Self::$variant(_) => $name),* }
            }
        }

        impl Operate for Operation {
            fn output(&self) -> crate::shape::Shape {
                match self { $(Self::$variant(model) => model.output()),* }
            }

            fn products(&self) -> std::ops::Range<usize> {
                match self { $(Self::$variant(model) => model.products()),* }
            }

            fn keeps_range(&self) -> bool {
                match self { $(Self::$variant(model) => model.keeps_range()),* }
            }

            fn weighted(&self) -> std::ops::Range<usize> {
                match self { $(Self::$variant(model) => model.weighted()),* }
            }

            fn gives_signs(&self, given: bool) -> bool {
                match self { $(Self::$variant(model) => model.gives_signs(given)),* }
            }

            fn has_places(&self) -> bool {
                match self { $(Self::$variant(model) => model.has_places()),* }
            }

            fn rectify_between(&mut self, before: Option<usize>, next: Option<usize>) -> bool {
                match self { $(Self::$variant(model) => model.rectify_between(before, next)),* }
            }

            fn forward<T: crate::real::Real, C: Carrier<T>>(
                &self,
                context: &mut Context<'_, T, C>,
                batch: usize,
                x: &[T],
                y: &mut Vec<T>,
                saved: &mut Saved<T>,
            ) {
                match self { $(Self::$variant(model) => model.forward(context, batch, x, y, saved)),* }
            }

            fn backward<T: crate::real::Real, C: Backward<T>>(
                &self,
                context: &mut Context<'_, T, C>,
                batch: usize,
                x: &[T],
                y: &[T],
                dy: &mut Vec<T>,
                dx: &mut Vec<T>,
                wanted: bool,
                saved: &mut Saved<T>,
            ) {
                match self {
                    $(Self::$variant(model) => {
                        model.backward(context, batch, x, y, dy, dx, wanted, saved);
                    })*
                }
            }
        }
    };
}
