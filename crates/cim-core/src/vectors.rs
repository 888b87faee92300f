//! The vector instructions that kernels are run with.

/// What those of this machine are called: AVX-512 or AVX2 on x86-64, Neon and the like elsewhere, `no vectors` where
/// there are none. Results do not depend on it below the last digits that documents name.
pub fn vectors() -> String {
    let level = format!("{:?}", pulp::Arch::new());
    match level.split(['(', ' ']).next().unwrap_or_default() {
        "V4" => "AVX-512",
        "V3" => "AVX2 with fused multiply-add",
        "Scalar" => "no vectors",
        other => other,
    }
    .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The levels of other machines have their names already.
    #[test]
    #[cfg(target_arch = "x86_64")]
    fn a_level_is_named_by_its_instructions() {
        let has = [
            (std::is_x86_feature_detected!("avx512f"), "AVX-512"),
            (std::is_x86_feature_detected!("avx2"), "AVX2 with fused multiply-add"),
            (true, "no vectors"),
        ];
        let known = has.map(|(_, name)| name);
        assert!(known.contains(&&*vectors()), "{}", vectors());
        let best = has.iter().position(|(is_there, _)| *is_there).expect("scalars");
        let named = known.iter().position(|name| *name == vectors()).expect("is one");
        assert!(best <= named, "{} without its instructions", vectors());
    }
}
