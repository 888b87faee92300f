//! What reports of several studies say.

/// That no simulator of circuits was at hand, if none answered.
pub fn unsimulated<T>(answer: Option<&T>) -> Option<String> {
    let words = "No simulator of circuits was found: the comparison with ngspice is left out.";
    answer.is_none().then(|| words.to_owned())
}
