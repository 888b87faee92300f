//! From the table of studies to their modules and entries.

/// Makes the modules and [`STUDIES`](crate::STUDIES) from one line for each folder:
/// `mod folder => Name;`. Tests meet every study with its types by
/// [`for_every_study`](crate::table::for_every_study).
macro_rules! studies {
    ($($vis:vis mod $module:ident => $Name:ident;)*) => {
        $($vis mod $module;)*

        /// All studies; the first is the default.
        /// A static and no constant: whoever names a constant compiles all studies again.
        pub static STUDIES: &[crate::entry::Entry] =
            &[$(crate::entry::Entry::of::<$module::$Name>(),)*];

        #[cfg(test)]
        impl<T: crate::table::EveryStudy> crate::table::InTurn for T {
            fn in_turn(&self) {
                $(self.of::<$module::$Name>();)*
            }
        }
    };
}

/// A test of all studies.
#[cfg(test)]
pub trait EveryStudy {
    /// Tests one.
    fn of<S: crate::study::Study<Spec: PartialEq + std::fmt::Debug>>(&self);
}

/// What the table of studies makes of a test of one.
#[cfg(test)]
pub trait InTurn {
    /// Tests every study of the table.
    fn in_turn(&self);
}

/// Runs a test for every study of the table.
#[cfg(test)]
pub fn for_every_study(test: &impl InTurn) {
    test.in_turn();
}
