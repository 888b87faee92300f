//! Every kernel runs by its name and has a committed number of instructions, and nothing else has.

use std::process::Command;

const COUNTS: &str = include_str!("../instructions.txt");

fn told(args: &[&str]) -> String {
    let output =
        Command::new(env!("CARGO_BIN_EXE_cim-kernels")).args(args).output().expect("it starts");
    assert!(output.status.success(), "{args:?}");
    String::from_utf8(output.stdout).expect("text")
}

#[test]
fn every_kernel_has_a_committed_count() {
    let counted: Vec<&str> =
        COUNTS.lines().skip(1).filter_map(|line| line.split(' ').next()).collect();
    assert_eq!(told(&[]).lines().collect::<Vec<_>>(), counted);
    for name in counted {
        assert_eq!(told(&[name, "1"]), "", "{name}");
    }
}
