//! From the table of cells and effects to the enums that dispatch to them.

/// Makes [`ModelSpec`](super::ModelSpec), the published devices of all files and the specifications
/// that the laws run over, from one line for each file: `mod file => Name(Spec);`.
///
/// Each file has the device `Name` and a type `Spec` with its keys (serde), its
/// `build() -> Result<Name, DeviceError>` and `impl Registered`: entries of the catalogue and numbers
/// for the laws. Those below `published` have entries alone. The name in files is that of `Name` in
/// kebab case.
macro_rules! models {
    (
        cells { $($(#[$doc:meta])* $vis:vis mod $module:ident => $Name:ident($Spec:ident);)* }
        published { $($own_vis:vis mod $own:ident => $Own:ident;)* }
    ) => {
        $($vis mod $module;)*
        $($own_vis mod $own;)*
        $(pub use $module::{$Name, $Spec};)*

        /// A kind of cell.
        #[expect(clippy::large_enum_variant, reason = "a file has one, and it is built once")]
        #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
        #[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
        pub enum ModelSpec {
            /// A device of the catalogue.
            Published {
                /// Its name.
                name: String,
            },
            $($(#[$doc])* #[doc = concat!("[`", stringify!($Name), "`].")] $Name($Spec),)*
        }

        /// Entries of the catalogue, file by file.
        pub(crate) const PUBLISHED: &[&[&dyn crate::card::Listed]] =
            &[
                $(<$Spec as crate::card::Registered>::PUBLISHED,)*
                $(<$own::$Own as crate::card::Registered>::PUBLISHED,)*
            ];

        impl ModelSpec {
            /// Checks the specification and builds the device.
            ///
            /// # Errors
            /// [`DeviceError`](crate::DeviceError) of the model.
            pub fn build(self) -> Result<std::sync::Arc<dyn crate::Device>, crate::DeviceError> {
                Ok(match self {
                    Self::Published { name } => crate::card::find(PUBLISHED, &name)?.build()?,
                    $(Self::$Name(spec) => std::sync::Arc::new(spec.build()?),)*
                })
            }

            /// Every kind of cell with the numbers at which the laws are tested, and every published
            /// device, by name.
            pub fn registered() -> Vec<(&'static str, Self)> {
                let mut all = Vec::new();
                $({
                    let examples = <$Spec as crate::card::Registered>::examples();
                    all.extend(examples.into_iter().map(|(name, spec)| (name, Self::$Name(spec))));
                })*
                all.extend(PUBLISHED.iter().copied().flatten().map(|entry| {
                    (entry.name(), Self::Published { name: entry.name().to_owned() })
                }));
                all
            }
        }
    };
}

/// Makes [`EffectSpec`](super::EffectSpec) from one line for each file, as the table of cells: here
/// `build(inner)` puts the effect around a device.
macro_rules! effects {
    ($($(#[$doc:meta])* $vis:vis mod $module:ident => $Name:ident($Spec:ident);)*) => {
        $($vis mod $module;)*
        $(pub use $module::{$Name, $Spec};)*

        /// An effect around a device.
        #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
        #[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
        pub enum EffectSpec {
            $($(#[$doc])* #[doc = concat!("[`", stringify!($Name), "`].")] $Name($Spec),)*
        }

        impl EffectSpec {
            /// Checks the specification and puts the effect around a device.
            ///
            /// # Errors
            /// [`DeviceError`](crate::DeviceError) of the effect.
            pub fn build(
                self,
                inner: std::sync::Arc<dyn crate::Device>,
            ) -> Result<std::sync::Arc<dyn crate::Device>, crate::DeviceError> {
                Ok(match self { $(Self::$Name(spec) => std::sync::Arc::new(spec.build(inner)?),)* })
            }

            /// Every effect with the numbers at which the laws are tested, around phase-change
            /// memory, by name.
            pub fn registered() -> Vec<(&'static str, Self)> {
                let mut all = Vec::new();
                $({
                    let examples = <$Spec as crate::card::Registered>::examples();
                    all.extend(examples.into_iter().map(|(name, spec)| (name, Self::$Name(spec))));
                })*
                all
            }
        }
    };
}
