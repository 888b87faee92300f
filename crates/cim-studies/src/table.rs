//! From the table of studies to their modules and entries.

/// Makes the modules and [`STUDIES`](crate::STUDIES) from one line for each folder:
/// `mod folder => Name;`, or `mod folder => Name, VARIANT;` with further presets of the same study. Tests meet every study with its types by
/// [`for_every_study`](crate::table::for_every_study).
macro_rules! studies {
    ($($vis:vis mod $module:ident => $Name:ident $(, $VARIANT:ident)*;)*) => {
        $($vis mod $module;)*

        /// All studies with their presets; the first is the default.
        /// A static and no constant: whoever names a constant compiles all studies again.
        pub static STUDIES: &[crate::entry::Entry] =
            &[$(
                crate::entry::Entry::of::<$module::$Name>(),
                $(crate::entry::Entry::variant::<$module::$Name>($module::$VARIANT),)*
            )*];

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
