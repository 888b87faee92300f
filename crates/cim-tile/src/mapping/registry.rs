//! The table of mappings: one line each.

/// Makes the modules, [`MappingSpec`](super::MappingSpec) and the list of what the laws run over from
/// lines `mod file => Name;`.
///
/// Each file has a type `Name`, a type `Spec` (what a file says, with serde), its
/// `build() -> Result<Name, MappingError>` and `EXAMPLES`, the specs that the laws run over. The
/// name in files is that of `Name` in kebab case.
macro_rules! mappings {
    ($($(#[doc = $doc:literal])* mod $module:ident => $Name:ident;)*) => {
        $(mod $module;)*
        $(pub use $module::$Name;)*

        /// A mapping as written in a file.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        #[serde(tag = "kind", rename_all = "kebab-case")]
        pub enum MappingSpec {
            $($(#[doc = $doc])* $Name($module::Spec),)*
        }

        impl MappingSpec {
            /// The mapping.
            ///
            /// # Errors
            /// [`MappingError`] for numbers that cannot be.
            pub fn build(self) -> Result<std::sync::Arc<dyn Mapping>, MappingError> {
                match self {
                    $(Self::$Name(spec) => Ok(std::sync::Arc::new(spec.build()?)),)*
                }
            }

            /// Every registered mapping, with the numbers at which the laws are tested.
            pub fn registered() -> Vec<Self> {
                let mut all = Vec::new();
                $(all.extend($module::EXAMPLES.iter().map(|spec| Self::$Name(*spec)));)*
                all
            }

            /// Its name in files.
            pub fn kind(&self) -> &'static str {
                match self {
                    $(Self::$Name(_) => $module::KIND,)*
                }
            }
        }
    };
}

pub(super) use mappings;
