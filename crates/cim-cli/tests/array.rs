//! `cim solve` and `cim netlist`: what they compute from files, and what they say of bad ones.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use ndarray::{Array1, Array2, Array3, ShapeBuilder, array};
use ndarray_npy::{NpzReader, ReadNpyExt, WriteNpyExt};
use tempfile::TempDir;

struct Bench {
    folder: TempDir,
}

impl Bench {
    /// `g.npy` and `v.npy` of a lopsided array, 3 × 4.
    fn new() -> Self {
        let bench = Self { folder: tempfile::tempdir().expect("a temporary folder") };
        bench.save("g.npy", &conductances());
        bench.save("v.npy", &array![0.1, 0.2, 0.05]);
        bench
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn save(&self, name: &str, values: &impl WriteNpyExt) {
        let mut bytes = Vec::new();
        values.write_npy(&mut bytes).expect("written");
        fs::write(self.path(name), bytes).expect("written");
    }

    fn load<T: ReadNpyExt>(&self, name: &str) -> T {
        T::read_npy(&fs::read(self.path(name)).expect("is there")[..]).expect("an array")
    }

    fn cim(&self, args: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_cim"))
            .args(args)
            .current_dir(self.folder.path())
            .output()
            .expect("the binary starts")
    }

    fn try_solve(&self, more: &[&str]) -> Output {
        let base = ["solve", "--conductances", "g.npy", "--volts", "v.npy", "--out", "i.npy"];
        self.cim(&[&base[..], &["--r-row", "0", "--r-col", "0"], more].concat())
    }

    fn solve(&self, more: &[&str]) -> String {
        let output = self.try_solve(more);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{said}");
        assert_eq!(said, "");
        String::from_utf8(output.stdout).expect("UTF-8")
    }

    /// The command must fail with code 2, say all of `words`, and write nothing.
    fn must_refuse(&self, more: &[&str], words: &[&str]) {
        let output = self.try_solve(more);
        let said = String::from_utf8_lossy(&output.stderr).replace(['\n', '│'], " ");
        let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(output.status.code(), Some(2), "{said}");
        for word in words {
            assert!(said.contains(word), "'{word}' is not in: {said}");
        }
        assert!(!said.contains("panicked"), "{said}");
        assert!(!self.path("i.npy").exists(), "currents were written");
    }
}

fn conductances() -> Array2<f64> {
    Array2::from_shape_fn((3, 4), |(r, c)| 1e-6 * (1.0 + 7.0 * r as f64 + 13.0 * c as f64))
}

#[test]
fn ideal_wires_give_the_product() {
    let bench = Bench::new();
    let summary = bench.solve(&[]);
    assert!(summary.contains("3 × 4") && summary.contains("ideal"), "{summary}");
    let want = array![0.1, 0.2, 0.05].dot(&conductances());
    assert_eq!(bench.load::<Array1<f64>>("i.npy"), want);
}

#[test]
fn one_cell_has_the_closed_form_of_resistances_in_series() {
    // The cell at (1, 2) of 3 × 4: two pitches of row wire after the source, one of column wire
    // before the sense.
    let bench = Bench::new();
    for g in [1e-6, 1e-4, 1e-2, f64::INFINITY] {
        let mut only = Array2::zeros((3, 4));
        only[[1, 2]] = g;
        bench.save("g.npy", &only);
        for (wires, ohm) in [
            (vec!["--r-row", "1.5", "--r-col", "2.5 Ohm"], 3.0 * 1.5 + 2.0 * 2.5),
            (vec!["--r-row", "1.5", "--r-col", "0", "--r-source", "1 kOhm"], 1000.0 + 2.0 * 1.5),
            (vec!["--r-row", "0", "--r-col", "1e-3", "--r-sense", "10"], 1e-3 + 10.0),
        ] {
            bench.solve(&wires);
            let want = 0.2 / (1.0 / g + ohm);
            let got = bench.load::<Array1<f64>>("i.npy");
            for (col, &i) in got.iter().enumerate() {
                let want = if col == 2 { want } else { 0.0 };
                assert!((i - want).abs() <= 1e-14 * want, "{i} for {want}, {wires:?}");
            }
        }
    }
    // Driven and sensed from both ends: two ways in, (1 + 2) and (1 + 1) pitches, and two out.
    bench.solve(&["--r-row", "1.5", "--r-col", "2.5", "--drive", "both", "--sense", "both"]);
    let parallel = |a: f64, b: f64| a * b / (a + b);
    let want = 0.2 / (parallel(4.5, 3.0) + parallel(5.0, 5.0));
    let got = bench.load::<Array1<f64>>("i.npy")[2];
    assert!((got / want - 1.0).abs() < 1e-14, "{got} for {want}");
}

/// Within what was asked for of the exact currents, and said so; only reads of ohmic cells have a bound.
#[test]
fn currents_within_a_tolerance_are_proven() {
    let bench = Bench::new();
    bench.solve(&["--r-row", "30", "--r-col", "20"]);
    let exact = bench.load::<Array1<f64>>("i.npy");
    let largest = exact.fold(0.0_f64, |most, i| most.max(i.abs()));
    let summary = bench.solve(&["--r-row", "30", "--r-col", "20", "--tolerance", "1e-6"]);
    assert!(summary.contains("proven") && summary.contains("steps"), "{summary}");
    let got = bench.load::<Array1<f64>>("i.npy");
    for (got, exact) in got.iter().zip(&exact) {
        assert!((got - exact).abs() <= 1e-6 * largest, "{got} for {exact}");
    }
    for more in
        [&["--tolerance", "0"][..], &["--tolerance", "1e-3", "--iv", "sinh, scale = '0.5 V'"]]
    {
        assert!(!bench.try_solve(more).status.success(), "{more:?}");
    }
}

/// A ladder: one row, every cell to its own ground. Its voltages are those of a chain fraction.
#[test]
fn a_row_of_cells_is_a_ladder() {
    let bench = Bench::new();
    let g = [2e-4, 5e-4, 1e-3, 3e-4];
    bench.save("g.npy", &Array2::from_shape_vec((1, 4), g.to_vec()).expect("one row"));
    bench.save("v.npy", &array![0.3]);
    bench.solve(&["--r-row", "100", "--r-col", "0"]);
    let got = bench.load::<Array1<f64>>("i.npy");
    // Conductance seen at each node to its right, from the last one back.
    let mut seen = [0.0; 5];
    for k in (0..4).rev() {
        seen[k] = g[k] + if k == 3 { 0.0 } else { 1.0 / (100.0 + 1.0 / seen[k + 1]) };
    }
    let mut node_v = 0.3;
    for k in 0..4 {
        node_v /= 1.0 + 100.0 * seen[k];
        assert!((got[k] / (g[k] * node_v) - 1.0).abs() < 1e-14, "column {k}");
    }
}

#[test]
fn a_list_of_vectors_gives_a_list_of_currents_and_nodes() {
    let bench = Bench::new();
    let volts = array![[0.1, 0.2, 0.05], [0.0, 0.0, 0.0], [-0.1, 0.3, 0.2]];
    bench.save("v.npy", &volts);
    bench.solve(&["--r-row", "5", "--r-col", "3", "--nodes", "nodes.npz", "--plot", "p.svg"]);
    let all = bench.load::<Array2<f64>>("i.npy");
    assert_eq!(all.dim(), (3, 4));
    assert!(fs::read_to_string(bench.path("p.svg")).expect("a picture").starts_with("<svg"));
    let file = fs::File::open(bench.path("nodes.npz")).expect("nodes");
    let mut nodes = NpzReader::new(file).expect("an archive");
    let mut field = |name: &str| -> Array3<f64> { nodes.by_name(name).expect(name) };
    let (cell_a, column_wire_a) = (field("cell_a"), field("column_wire_a"));
    assert_eq!(field("row_v").dim(), (3, 3, 4));
    assert_eq!(field("column_v").dim(), (3, 3, 4));
    assert_eq!(field("row_wire_a").dim(), (3, 3, 5));
    assert_eq!(column_wire_a.dim(), (3, 4, 4));
    assert_eq!(
        nodes.by_name::<ndarray::OwnedRepr<f64>, ndarray::Ix1>("power_w").expect("power").len(),
        3
    );
    for vector in 0..3 {
        bench.save("v.npy", &volts.row(vector).to_owned());
        bench.solve(&["--r-row", "5", "--r-col", "3", "--nodes", "one.npz"]);
        let one = bench.load::<Array1<f64>>("i.npy");
        for col in 0..4 {
            let (got, want) = (all[[vector, col]], one[col]);
            assert!((got - want).abs() <= 1e-15 * want.abs(), "{got} for {want}");
            let cells: f64 = (0..3).map(|row| cell_a[[vector, row, col]]).sum();
            assert!((cells - want).abs() <= 1e-12 * want.abs());
            assert!((column_wire_a[[vector, 3, col]] - want).abs() <= 1e-12 * want.abs());
        }
        let file = fs::File::open(bench.path("one.npz")).expect("nodes");
        let mut nodes = NpzReader::new(file).expect("an archive");
        let row_v: Array2<f64> = nodes.by_name("row_v").expect("no leading axis");
        assert_eq!(row_v.dim(), (3, 4));
    }
}

#[test]
fn single_precision_and_columns_first_are_read() {
    let bench = Bench::new();
    bench.solve(&["--r-row", "5", "--r-col", "3"]);
    let want = bench.load::<Array1<f64>>("i.npy");
    let mut fortran = Array2::zeros((3, 4).f());
    fortran.assign(&conductances());
    bench.save("g.npy", &fortran);
    let header = fs::read(bench.path("g.npy")).expect("is there");
    assert!(String::from_utf8_lossy(&header[..100]).contains("'fortran_order': True"));
    bench.solve(&["--r-row", "5", "--r-col", "3"]);
    assert_eq!(bench.load::<Array1<f64>>("i.npy"), want);
    bench.save("g.npy", &conductances().mapv(|g| g as f32));
    bench.save("v.npy", &array![0.1_f32, 0.2, 0.05]);
    bench.solve(&["--r-row", "5", "--r-col", "3"]);
    for (got, want) in bench.load::<Array1<f64>>("i.npy").iter().zip(&want) {
        assert!((got / want - 1.0).abs() < 1e-7, "{got} for {want}");
    }
}

#[test]
fn one_cell_of_every_law_carries_its_current() {
    let bench = Bench::new();
    bench.save("g.npy", &array![[100e-6]]);
    bench.save("v.npy", &array![0.2]);
    let selector = {
        // V = I/G + v0 asinh(I/i0), bisected.
        let (mut lo, mut hi) = (0.0, 0.2 * 100e-6);
        for _ in 0..200 {
            let i = 0.5 * (lo + hi);
            let v: f64 = i / 100e-6 + 0.05 * f64::asinh(i / 1e-6);
            if v < 0.2 { lo = i } else { hi = i }
        }
        lo
    };
    for (law, want) in [
        ("ohmic", 20e-6),
        ("sinh, scale = '0.2 V'", 100e-6 * 0.2 * f64::sinh(1.0)),
        (
            "polynomial, square_per_v = 0.1, cubic_per_v2 = 0.4, range = '1 V'",
            100e-6 * (0.2 + 0.1 * 0.04 + 0.4 * 0.008),
        ),
        (
            "table, volts = [-1.0, 0.0, 0.1, 1.0], factor = [-1.0, 0.0, 0.05, 2.0]",
            100e-6 * (0.05 + 0.1 * 1.95 / 0.9),
        ),
        ("selector, current = '1 uA', scale = '50 mV'", selector),
    ] {
        bench.solve(&["--iv", law]);
        let got = bench.load::<Array1<f64>>("i.npy")[0];
        assert!((got / want - 1.0).abs() < 1e-12, "{law}: {got} for {want}");
    }
    bench.save("v.npy", &array![0.7]);
    fs::remove_file(bench.path("i.npy")).expect("was there");
    bench.must_refuse(&["--iv", "milo2021"], &["row 0, column 0", "0.7", "0.5 V", "--iv"]);
    bench.must_refuse(&["--iv", "exponential"], &["exponential", "sinh", "selector"]);
    bench.must_refuse(&["--iv", "sinh, scale = 0.2"], &["bare number"]);
    bench.must_refuse(&["--iv", "sinh, scale = '-1 V'"], &["--iv", "scale"]);
}

#[test]
fn bad_files_are_refused_with_their_place() {
    let bench = Bench::new();
    for (bad, words) in [
        (f64::NAN, vec!["g.npy", "row 1, column 3", "NaN", "siemens"]),
        (-1e-6, vec!["g.npy", "row 1, column 3", "-0.000001", "siemens"]),
    ] {
        let mut g = conductances();
        g[[1, 3]] = bad;
        bench.save("g.npy", &g);
        bench.must_refuse(&[], &words);
    }
    bench.save("g.npy", &conductances());
    bench.save("v.npy", &array![0.1, f64::NAN, 0.05]);
    bench.must_refuse(&[], &["v.npy", "row 1", "finite"]);
    bench.save("v.npy", &array![[0.1, 0.2, 0.3], [0.1, 0.2, f64::INFINITY]]);
    bench.must_refuse(&[], &["v.npy", "vector 1, row 2"]);
    bench.save("v.npy", &array![0.1, 0.2, 0.3, 0.4]);
    bench.must_refuse(&[], &["v.npy holds 4", "g.npy holds 3 × 4", "3 rows"]);
    bench.save("v.npy", &array![[0.1], [0.2], [0.3]]);
    bench.must_refuse(&[], &["v.npy holds 3 × 1", "g.npy holds 3 × 4"]);
    bench.save("v.npy", &array![1_i64, 2, 3]);
    bench.must_refuse(&[], &["v.npy", "<i8", "astype"]);
    fs::write(bench.path("v.npy"), "0.1 0.2 0.3").expect("written");
    bench.must_refuse(&[], &["v.npy", "not an .npy file", "numpy.save"]);
    bench.must_refuse(&["--volts", "nothing.npy"], &["cannot read nothing.npy"]);
    bench.save("v.npy", &array![0.1, 0.2, 0.3]);
    bench.save("g.npy", &array![1e-6, 1e-6]);
    bench.must_refuse(&[], &["g.npy", "rows × columns"]);
    bench.save("g.npy", &Array2::<f64>::zeros((3, 0)));
    bench.must_refuse(&[], &["g.npy", "no cells"]);
    bench.save("g.npy", &conductances());
    for (option, value, words) in [
        ("--r-row", "1.5 V", vec!["--r-row", "resistance", "1.5 Ohm"]),
        ("--r-row", "much", vec!["--r-row", "much"]),
        ("--r-col", "-1", vec!["--r-col", "-1", "zero"]),
        ("--r-sense", "inf", vec!["--r-sense", "finite"]),
        ("--r-source", "NaN", vec!["--r-source", "NaN"]),
    ] {
        bench.must_refuse(&[option, value], &words);
    }
    let mut g = conductances();
    g[[1, 3]] = f64::INFINITY;
    bench.save("g.npy", &g);
    bench.must_refuse(&[], &["g.npy", "row 1", "column 3", "shorted", "--r-source"]);
    // No folder, no file; and what is there stays.
    bench.must_refuse(&["--r-row", "1", "--out", "none/i.npy"], &["none/i.npy", "folder"]);
}

#[test]
fn a_netlist_is_printed_or_written() {
    let bench = Bench::new();
    bench.save("v.npy", &array![[0.1, 0.2, 0.05], [0.3, 0.2, 0.05]]);
    let base = ["netlist", "--conductances", "g.npy", "--volts", "v.npy", "--r-row", "1.5"];
    let netlist = |more: &[&str]| bench.cim(&[&base[..], &["--r-col", "0"], more].concat());
    let first = String::from_utf8(netlist(&[]).stdout).expect("UTF-8");
    for line in [
        "* Array of 3 rows and 4 columns",
        "Rrow_2_3 u_2_2 u_2_3 1.5e0",
        "Vleft_0 left_0 0 1e-1",
        ".end",
    ] {
        assert!(first.contains(line), "{line}: {first}");
    }
    let written = netlist(&["--vector", "1", "--out", "n.cir"]);
    assert!(written.status.success());
    let second = fs::read_to_string(bench.path("n.cir")).expect("written");
    assert_eq!(second, first.replace("Vleft_0 left_0 0 1e-1", "Vleft_0 left_0 0 3e-1"));
    let refused = netlist(&["--vector", "2"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("holds 2 vectors"));
}

/// Uniform wires written out segment by segment are the same circuit; a broken one is not.
#[test]
fn wires_are_given_segment_by_segment() {
    let bench = Bench::new();
    let uniform = ["--r-row", "2", "--r-col", "3"];
    let base = ["solve", "--conductances", "g.npy", "--volts", "v.npy", "--out", "i.npy"];
    let solve = |more: &[&str]| {
        let output = bench.cim(&[&base[..], more].concat());
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        bench.load::<Array1<f64>>("i.npy")
    };
    let want = solve(&uniform);
    let ends = |at: usize, last: usize, ohm: f64| if at == last { f64::INFINITY } else { ohm };
    let row = Array2::from_shape_fn((3, 5), |(_, segment)| ends(segment, 4, 2.0));
    let mut column = Array2::from_shape_fn((4, 4), |(segment, _)| ends(segment, 0, 3.0));
    bench.save("row.npy", &row);
    bench.save("column.npy", &column);
    let segments = ["--row-segments", "row.npy", "--column-segments", "column.npy"];
    assert_eq!(solve(&segments), want);
    // The last cell of column 1 is cut off from the sense.
    column[[3, 1]] = f64::INFINITY;
    bench.save("column.npy", &column);
    let broken = solve(&segments);
    assert_eq!(broken[1], 0.0);
    assert!(broken[0] > 0.0);
    bench.save("row.npy", &Array2::from_elem((3, 4), 2.0));
    let refused = bench.cim(&[&base[..], &segments].concat());
    assert_eq!(refused.status.code(), Some(2));
    let both = bench.cim(&[&base[..], &segments, &["--r-row", "1"]].concat());
    assert_eq!(both.status.code(), Some(2));
}

#[test]
fn a_write_holds_the_other_lines_by_its_scheme() {
    let bench = Bench::new();
    bench.save("g.npy", &Array2::from_elem((3, 4), 1e-5));
    let base = ["solve", "--conductances", "g.npy", "--out", "i.npy", "--nodes", "n.npz"];
    let wires = ["--r-row", "0", "--r-col", "0", "--r-source", "1e-6", "--r-sense", "1e-6"];
    let write = ["--select", "1,2", "--write-voltage", "1.2 V"];
    let across = |more: &[&str]| {
        let output = bench.cim(&[&base[..], &wires, more].concat());
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let file = fs::File::open(bench.path("n.npz")).expect("written");
        let mut nodes = NpzReader::new(file).expect("an archive");
        let row_v: Array2<f64> = nodes.by_name("row_v").expect("row_v");
        let column_v: Array2<f64> = nodes.by_name("column_v").expect("column_v");
        row_v - column_v
    };
    for (scheme, half) in [("half", 0.6), ("third", 0.4)] {
        let volts = across(&[&write[..], &["--scheme", scheme]].concat());
        assert!((volts[[1, 2]] - 1.2).abs() < 1e-6, "{volts}");
        assert!((volts[[1, 0]] - half).abs() < 1e-6, "{volts}");
    }
    // The same by hand: half of the voltage on all other lines.
    bench.save("v.npy", &array![0.6, 1.2, 0.6]);
    bench.save("c.npy", &array![0.6, 0.6, 0.0, 0.6]);
    let by_hand = across(&["--volts", "v.npy", "--column-volts", "c.npy"]);
    assert_eq!(by_hand, across(&[&write[..], &["--scheme", "half"]].concat()));
    // Floating lines are at what the cells make of them, and their ends carry nothing.
    let floats = ["--float-rows", "0,2", "--float-columns", "0,1,3"];
    let floating = across(&[&["--volts", "v.npy"][..], &floats].concat());
    let sneak = 1.2 / (1.0 / 3.0 + 1.0 / 6.0 + 1.0 / 2.0);
    assert!((floating[[1, 0]] - sneak / 3.0).abs() < 1e-6, "{floating}");
    assert_eq!(floating, across(&[&write[..], &["--scheme", "floating"]].concat()));
    let refused =
        bench.cim(&[&base[..], &wires, &["--volts", "v.npy", "--float-rows", "3"]].concat());
    assert_eq!(refused.status.code(), Some(2));
}

/// What is refused with all voltages asked for is refused without, and the other way round.
#[test]
fn the_verdict_does_not_depend_on_what_is_asked_for() {
    let bench = Bench::new();
    let wires = ["--r-row", "3", "--r-col", "3"];
    for g in [1e9, f64::INFINITY, -0.0] {
        let mut cells = conductances();
        cells[[1, 3]] = g;
        bench.save("g.npy", &cells);
        let said = [&[][..], &["--nodes", "n.npz"]].map(|more| {
            let output = bench.try_solve(&[&wires[..], more].concat());
            let current: Array1<f64> = bench.load("i.npy");
            assert!(current.iter().all(|i| i.is_finite()), "{g}: {current}");
            (output.status.code(), current)
        });
        assert_eq!(said[0], said[1], "{g}");
        assert_eq!(said[0].0, Some(0), "{g}");
    }
    // Both ends of an ideal row hold one voltage.
    bench.save("g.npy", &conductances());
    let one: Array1<f64> = {
        bench.solve(&["--r-col", "1"]);
        bench.load("i.npy")
    };
    bench.solve(&["--r-col", "1", "--drive", "both"]);
    assert_eq!(bench.load::<Array1<f64>>("i.npy"), one);
}

/// A result goes nowhere else than asked, and an input stays what it is.
#[test]
fn outputs_that_would_destroy_are_refused_before_any_work() {
    let bench = Bench::new();
    let at = |name: &str| bench.path(name).display().to_string();
    let (g, v, out) = (at("g.npy"), at("v.npy"), at("i.npy"));
    let array = ["solve", "--conductances", &g, "--volts", &v, "--r-row", "1", "--r-col", "1"];
    let crooked = format!("{}/./i.npy", bench.folder.path().display());
    let before = fs::read(&g).expect("is there");
    for (outputs, said) in [
        (vec!["--out", g.as_str()], "also an input"),
        (vec!["--out", out.as_str(), "--nodes", v.as_str()], "also an input"),
        (vec!["--out", out.as_str(), "--plot", crooked.as_str()], "also the file of --out"),
    ] {
        let done = bench.cim(&[&array[..], &outputs[..]].concat());
        let told = String::from_utf8_lossy(&done.stderr).into_owned();
        assert_eq!(done.status.code(), Some(2), "{told}");
        assert!(told.contains(said), "{told}");
    }
    assert_eq!(fs::read(&g).expect("is there"), before);
    assert!(!bench.path("i.npy").exists());
}

/// Every write to it fails as on a device without room.
#[cfg(target_os = "linux")]
#[test]
fn a_full_device_is_an_error_and_no_panic() {
    let full = fs::File::options().write(true).open("/dev/full").expect("Linux has one");
    let done = Command::new(env!("CARGO_BIN_EXE_cim"))
        .args(["preset", "paper"])
        .stdout(full)
        .output()
        .expect("runs");
    let told = String::from_utf8_lossy(&done.stderr);
    assert_eq!(done.status.code(), Some(2), "{told}");
    assert!(told.contains("cannot print the result"), "{told}");
}
