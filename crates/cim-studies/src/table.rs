//! From the table of studies to their modules and entries.

/// Makes the modules and [`STUDIES`](crate::STUDIES) from one line for each folder:
/// `mod folder => Name;`.
macro_rules! studies {
    ($($vis:vis mod $module:ident => $Name:ident;)*) => {
        $($vis mod $module;)*

        /// All studies; the first is the default.
        pub const STUDIES: &[crate::entry::Entry] =
            &[$(crate::entry::Entry::of::<$module::$Name>(),)*];
    };
}
