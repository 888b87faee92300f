//! The crates form the graph that the architecture page draws, and no other; their READMEs say how to depend on them.

use std::{collections::BTreeMap, fs, path::Path};

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package};
use toml::{Table, Value};

/// What each crate may know, in an order in which every crate comes after all that it knows.
const MAY_KNOW: [(&str, &[&str]); 20] = [
    ("xtask", &[]),
    ("cim-api", &[]),
    ("cim-features", &[]),
    ("cim-report", &[]),
    ("cim-core", &[]),
    ("cim-device", &["cim-core"]),
    ("cim-fit", &["cim-core", "cim-device", "cim-report"]),
    ("cim-adc", &["cim-core"]),
    ("cim-nn", &["cim-core"]),
    ("cim-data", &["cim-nn"]),
    ("cim-dynamics", &["cim-core"]),
    ("cim-graph", &["cim-core"]),
    ("cim-crossbar", &["cim-core", "cim-device"]),
    ("cim-tile", &["cim-core", "cim-device", "cim-adc", "cim-crossbar"]),
    ("cim-laws", &["cim-core", "cim-device", "cim-adc", "cim-tile"]),
    ("cim-opt", &["cim-core", "cim-tile"]),
    (
        "cim-chip",
        &[
            "cim-core",
            "cim-device",
            "cim-adc",
            "cim-nn",
            "cim-graph",
            "cim-crossbar",
            "cim-tile",
            "cim-opt",
        ],
    ),
    (
        "cim-studies",
        &[
            "cim-core",
            "cim-device",
            "cim-adc",
            "cim-dynamics",
            "cim-nn",
            "cim-data",
            "cim-graph",
            "cim-crossbar",
            "cim-tile",
            "cim-opt",
            "cim-chip",
            "cim-report",
        ],
    ),
    (
        "cim-cli",
        &[
            "cim-core",
            "cim-device",
            "cim-fit",
            "cim-nn",
            "cim-data",
            "cim-graph",
            "cim-crossbar",
            "cim-chip",
            "cim-tile",
            "cim-report",
            "cim-studies",
        ],
    ),
    (
        "cim-py",
        &[
            "cim-features",
            "cim-core",
            "cim-device",
            "cim-fit",
            "cim-nn",
            "cim-data",
            "cim-graph",
            "cim-crossbar",
            "cim-chip",
            "cim-tile",
            "cim-opt",
            "cim-report",
            "cim-studies",
        ],
    ),
];

/// Packages that know all crates and that no crate may know.
const ABOVE_ALL: [&str; 2] = ["cim-tests", "cim-benches"];

/// Dependencies whose types must not spread, and the one crate that has them.
const KEPT_IN: [(&str, &str); 2] = [("clarabel", "cim-opt"), ("mnist", "cim-data")];

#[test]
fn a_crate_knows_only_what_it_may() {
    let workspace = workspace();
    for package in members(&workspace).into_values() {
        let name = package.name.as_str();
        if ABOVE_ALL.contains(&name) {
            continue;
        }
        let (_, allowed) =
            MAY_KNOW.iter().find(|(listed, _)| *listed == name).unwrap_or_else(|| {
                panic!(
                    "{name} is new: say in this file and on the architecture page what it may know"
                )
            });
        for known in
            cim_dependencies(&workspace, package, &[DependencyKind::Normal, DependencyKind::Build])
        {
            assert!(allowed.contains(&known), "{name} must not know {known}, only {allowed:?}");
        }
    }
}

#[test]
fn every_listed_crate_exists() {
    let workspace = workspace();
    let members = members(&workspace);
    for name in MAY_KNOW.iter().map(|(name, _)| *name).chain(ABOVE_ALL) {
        assert!(members.contains_key(name), "{name} is listed but is not in the workspace");
    }
}

/// Tests included: a crate is usable, and testable, without those above it.
#[test]
fn the_graph_has_no_cycle() {
    let workspace = workspace();
    let mut left: BTreeMap<&str, Vec<&str>> = members(&workspace)
        .into_iter()
        .map(|(name, package)| (name, cim_dependencies(&workspace, package, &ALL_KINDS)))
        .collect();
    while !left.is_empty() {
        let ready: Vec<&str> = left
            .iter()
            .filter(|(_, known)| known.iter().all(|known| !left.contains_key(known)))
            .map(|(name, _)| *name)
            .collect();
        assert!(!ready.is_empty(), "a cycle is among {left:?}");
        ready.iter().for_each(|name| drop(left.remove(name)));
    }
}

#[test]
fn a_foreign_type_stays_in_its_crate() {
    let workspace = workspace();
    for (dependency, owner) in KEPT_IN {
        let users: Vec<&str> = members(&workspace)
            .into_iter()
            .filter(|(_, package)| package.dependencies.iter().any(|d| d.name == dependency))
            .map(|(name, _)| name)
            .collect();
        assert_eq!(users, [owner], "{dependency} belongs to {owner} alone");
    }
}

const ALL_KINDS: [DependencyKind; 3] =
    [DependencyKind::Normal, DependencyKind::Build, DependencyKind::Development];

/// Whoever has no Python builds and tests without it: only `--workspace` reaches the module, and tests of it are not Rust's.
#[test]
fn a_plain_build_needs_no_python() {
    let workspace = workspace();
    let plain: Vec<&str> = workspace
        .workspace_default_packages()
        .iter()
        .map(|package| package.name.as_str())
        .collect();
    let tools = ["cim-api", "cim-benches", "cim-features", "cim-py", "xtask"];
    for (name, package) in members(&workspace) {
        assert_eq!(plain.contains(&name), !tools.contains(&name), "{name} of default-members");
        assert!(name != "cim-py" || package.targets.iter().all(|target| !target.test));
    }
}

/// What is under the heading `As a library` of a README, and the Rust that the README shows.
fn library_lines(readme: &str) -> Option<(Table, String)> {
    let (_, section) = readme.split_once("\n## As a library\n")?;
    let (_, toml) = section.split_once("```toml\n")?;
    let toml = toml.split("```").next()?.parse().ok()?;
    let blocks = readme.split("```rust").skip(1).filter_map(|block| block.split("```").next());
    let code = blocks.flat_map(str::lines).filter_map(|line| line.split("//").next());
    Some((toml, code.collect::<Vec<_>>().join("\n")))
}

/// Whether code names a crate by a path.
fn names(code: &str, package: &str) -> bool {
    let path = format!("{}::", package.replace('-', "_"));
    let mut before = code.match_indices(&path).map(|(at, _)| code[..at].chars().next_back());
    before.any(|letter| letter.is_none_or(|c| c.is_whitespace() || "(&<!".contains(c)))
}

/// A library is had from its repository, with everything that its examples name.
#[test]
fn a_readme_has_the_dependencies_of_its_examples() {
    let workspace = workspace();
    let members = members(&workspace);
    let mut shown = 0;
    for (name, package) in &members {
        let is_library = package.targets.iter().any(|target| target.is_lib());
        let is_published = package.publish.as_ref().is_none_or(|to| !to.is_empty());
        if !is_library || !is_published {
            continue;
        }
        let readme = package.readme().unwrap_or_else(|| panic!("{name} has no README"));
        let text = fs::read_to_string(readme).expect("a README");
        let (toml, code) = library_lines(&text).unwrap_or_else(|| {
            panic!("README of {name}: no `[dependencies]` under `## As a library`")
        });
        let section = if *name == "cim-laws" { "dev-dependencies" } else { "dependencies" };
        let listed = toml[section].as_table().expect("a table");
        let repository = package.repository.as_deref().expect("has a repository");
        for (member, _) in
            members.iter().filter(|(member, _)| *member == name || names(&code, member))
        {
            let from = listed.get(*member).and_then(|line| line.get("git")).and_then(Value::as_str);
            assert_eq!(from, Some(repository), "README of {name}: the line of {member}");
        }
        for other in package.dependencies.iter().filter(|other| !members.contains_key(&*other.name))
        {
            if names(&code, &other.name) {
                let version = listed.get(&other.name).and_then(Value::as_str).unwrap_or_default();
                assert_eq!(
                    format!("^{version}"),
                    other.req.to_string(),
                    "README of {name}: {}",
                    other.name
                );
            }
        }
        for line in listed.keys() {
            assert!(line == name || names(&code, line), "README of {name}: nothing needs {line}");
        }
        shown += 1;
    }
    assert_eq!(shown, 15, "libraries");
}

#[test]
fn a_crate_is_named_by_a_path_of_its_own() {
    let code =
        "use cim_core::Volts;\nlet a = std::fs::read(b);\ncim_nn::accuracy(&toml::from_str(c))";
    assert!(["cim-core", "cim-nn", "std", "toml"].iter().all(|name| names(code, name)));
    assert!(!names(code, "fs") && !names(code, "cim-tile") && !names(code, "core"));
    assert!(library_lines("# a\n\n```toml\n[dependencies]\n```\n").is_none());
}

/// The manifests only: nothing is resolved, so neither network nor lock file is touched.
fn workspace() -> Metadata {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.toml");
    let command = MetadataCommand::new().manifest_path(manifest).no_deps().exec();
    command.expect("cargo can read the workspace that this test was built from")
}

fn members(workspace: &Metadata) -> BTreeMap<&str, &Package> {
    workspace.workspace_packages().into_iter().map(|p| (p.name.as_str(), p)).collect()
}

/// Direct dependencies on other members, optional ones included, for any target.
fn cim_dependencies<'a>(
    workspace: &Metadata,
    package: &'a Package,
    kinds: &[DependencyKind],
) -> Vec<&'a str> {
    let members = members(workspace);
    let of_kinds = package.dependencies.iter().filter(|d| kinds.contains(&d.kind));
    of_kinds.map(|d| d.name.as_str()).filter(|name| members.contains_key(name)).collect()
}
