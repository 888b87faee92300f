//! Tables for a terminal.

use crate::format::aligned;
use crate::report::Table;

/// The columns of a table whose names begin as the first of each pair, under the second of it.
#[must_use]
pub fn table_of(table: &Table, shown: &[(&str, &str)]) -> String {
    let place = |begin: &str| table.columns.iter().position(|name| name.starts_with(begin));
    let shown = shown.iter().filter_map(|(begin, head)| Some((place(begin)?, *head)));
    let (places, heads): (Vec<usize>, Vec<&str>) = shown.unzip();
    let mut lines: Vec<Vec<&str>> = vec![heads];
    lines.extend(table.rows.iter().map(|row| places.iter().map(|&at| row[at].as_str()).collect()));
    aligned(&lines)
}

/// A whole table, its heads first.
#[must_use]
pub fn table(table: &Table) -> String {
    let lines = std::iter::once(&table.columns).chain(&table.rows);
    let lines: Vec<Vec<&str>> =
        lines.map(|line| line.iter().map(String::as_str).collect()).collect();
    aligned(&lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_found_by_how_their_names_begin_and_lines_end_where_their_text_does() {
        let columns = ["product", "energy (J)", "note"].map(str::to_owned).to_vec();
        let rows = vec![["conv1", "12 nJ", ""].map(str::to_owned).to_vec()];
        let data = Table { title: "products".into(), columns, rows, ..Table::default() };
        let shown = [("product", "product"), ("tiles", "tiles"), ("energy", "energy")];
        assert_eq!(table_of(&data, &shown), "product  energy\nconv1     12 nJ\n");
        assert_eq!(table(&data), "product  energy (J)  note\nconv1         12 nJ\n");
    }
}
