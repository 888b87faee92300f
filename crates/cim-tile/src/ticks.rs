//! What [`support`](crate::support) found, as a table of ticks.

use std::fmt;

use serde::Serialize;

use crate::support::{Carried, Found, TRIED};

/// Which effect works with which mapping.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Ticks {
    /// A row a mapping.
    pub mappings: Vec<Row>,
}

/// What was found of one mapping.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    /// Its name.
    pub mapping: String,
    /// Every effect, in the order of [`TRIED`].
    pub effects: Vec<Tick>,
}

/// One effect with one mapping.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Tick {
    /// Name of the effect.
    pub effect: &'static str,
    /// Whether chips have it, and as large as the closed form says.
    pub works: bool,
    /// The errors that say so.
    #[serde(flatten)]
    pub found: Found,
}

impl Ticks {
    /// Of mappings with what was found of each, effect by effect in the order of [`TRIED`].
    pub fn of(mappings: &[Carried], found: Vec<Vec<Found>>) -> Self {
        let tick =
            |(effect, found): (&'static str, Found)| Tick { effect, works: found.works(), found };
        let row = |(carried, found): (&Carried, Vec<Found>)| Row {
            mapping: carried.name.clone(),
            effects: TRIED.iter().map(|tried| tried.name).zip(found).map(tick).collect(),
        };
        Self { mappings: mappings.iter().zip(found).map(row).collect() }
    }
}

/// A matrix of ticks with what they mean below.
impl fmt::Display for Ticks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.mappings.iter().map(|row| row.mapping.len()).max().unwrap_or(0);
        write!(f, "{:width$}", "mapping")?;
        for effect in &TRIED {
            write!(f, "  {}", effect.name)?;
        }
        writeln!(f)?;
        for Row { mapping, effects } in &self.mappings {
            write!(f, "{mapping:width$}")?;
            for Tick { effect, works, .. } in effects {
                let tick = if *works { "✓" } else { "✗" };
                write!(f, "  {tick:^0$}", effect.len())?;
            }
            writeln!(f)?;
        }
        f.write_str(
            "\n✓: chips with the effect are further from the product than chips without it, and by as much as \
             the closed form says (within 40 %; age on chips alone). Mappings at the first numbers that laws are \
             tested at; those of binary and ternary networks under their own drives.\n",
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tick_stands_below_its_effect() {
        let mappings = Carried::all().expect("registered mappings");
        let found = |chips| Found { chips, closed_form: Some(chips) };
        let row = |_: &Carried| {
            (0..TRIED.len()).map(|idx| found([1.0, if idx == 3 { 2.0 } else { 1.0 }])).collect()
        };
        let ticks = Ticks::of(&mappings, mappings.iter().map(row).collect());
        assert!(ticks.mappings.iter().all(|row| row.effects[3].works && !row.effects[2].works));
        let text = ticks.to_string();
        let mut lines = text.lines();
        let head = lines.next().expect("a head");
        let start = head.find(TRIED[3].name).expect("the fourth effect");
        for line in lines.by_ref().take(mappings.len()) {
            let at = line.chars().position(|c| c == '✓').expect("one tick");
            assert!((start..start + TRIED[3].name.len()).contains(&at), "{line}");
            assert_eq!(line.matches('✓').count(), 1);
        }
    }
}
