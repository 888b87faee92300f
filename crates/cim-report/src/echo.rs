//! What a message repeats of files and options.

use std::error::Error;

use crate::format::shortened;

/// `text` without marks that control a terminal or turn the direction of writing: what is written instead names them,
/// as `\u{1b}`. Lines and tabs stay what they are.
pub fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    while let Some(c) = letters.next() {
        match c {
            '\r' if letters.peek() == Some(&'\n') => plain.push(c),
            c if is_harmless(c) => plain.push(c),
            c => plain.extend(c.escape_default()),
        }
    }
    plain
}

/// Whether a letter neither controls a terminal nor turns the direction of writing.
fn is_harmless(c: char) -> bool {
    let turns =
        matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    matches!(c, '\n' | '\t') || !c.is_control() && !turns
}

/// A message that repeats what a user gave, as a terminal may show it: [`plain`], no word of more than
/// 300 letters, whose middle is left out, and not more than 6000 letters.
pub fn shown(message: &str) -> String {
    const WORD: usize = 300;
    const ALL: usize = 6000;
    let word = |word: &str| {
        let letters = word.chars().count();
        if letters <= WORD {
            return plain(word);
        }
        let end: String = word.chars().skip(letters - WORD / 2).collect();
        plain(&shortened(word, WORD / 2)) + &plain(&end)
    };
    let words: Vec<String> = message.split(' ').map(word).collect();
    shortened(&words.join(" "), ALL)
}

/// Whether [`shown`] leaves a text as it is.
pub fn is_plain(text: &str) -> bool {
    shown(text) == text
}

/// An error with what it came from, as far as it does not say that itself.
pub fn caused(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let said = error.to_string();
        if !text.contains(&said) {
            text = format!("{text}: {said}");
        }
        cause = error.source();
    }
    text
}

/// Line and column (characters) of a byte of a text, both from 1; of one within a letter that of the letter.
pub fn line_and_column(text: &str, byte: usize) -> (usize, usize) {
    let start = (0..=byte.min(text.len())).rev().find(|&at| text.is_char_boundary(at));
    let before = &text[..start.unwrap_or(0)];
    let column = before.rsplit('\n').next().map_or(0, |line| line.chars().count()) + 1;
    (before.matches('\n').count() + 1, column)
}

/// A text of which the lines around one can be shown, letter for letter at the same bytes: marks that control a
/// terminal are others. None if these lines are long.
pub fn source(text: &str, line: usize) -> Option<String> {
    const LONGEST: usize = 1000;
    let mut lines = text.lines().skip(line.saturating_sub(2)).take(3);
    let other = |c: char| match (c, c.len_utf8()) {
        ('\r', _) => c,
        _ if is_harmless(c) => c,
        (_, 1) => '?',
        (_, 2) => '\u{bf}',
        _ => '\u{fffd}',
    };
    lines.all(|line| line.len() <= LONGEST).then(|| text.chars().map(other).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_user_gave_controls_no_terminal_and_fills_none() {
        assert_eq!(
            plain("a\x1b[31m\u{9b}b\r\n\tc\r\u{202e}µ"),
            "a\\u{1b}[31m\\u{9b}b\r\n\tc\\r\\u{202e}µ"
        );
        assert_eq!(shown("no key wires.raw: `it`\nis"), "no key wires.raw: `it`\nis");
        let long = shown(&format!("key a{}z is", "x".repeat(100_000)));
        assert!(long.starts_with("key axx") && long.ends_with("xxz is"), "{long}");
        assert_eq!(long.chars().count(), "key  is".len() + 300);
        assert!((5990..=6000).contains(&shown(&"a\n ".repeat(100_000)).chars().count()));
        let marks = shown(&"\x1b".repeat(100_000));
        assert!(marks.len() < 2000 && !marks.contains('\x1b'), "{marks}");
    }

    #[test]
    fn a_place_is_one_of_letters_and_its_lines_are_shown_where_they_can_be() {
        assert_eq!(line_and_column("\nµµ", 4), (2, 2), "within a letter of many bytes");
        assert_eq!(line_and_column("a\nb", 0), (1, 1));
        assert_eq!(line_and_column("a\nb", 99), (2, 2));
        let text = "a\x1bb\u{9b}\u{202e}\nc";
        let other = source(text, 1).expect("short lines");
        assert_eq!(other, "a?b\u{bf}\u{fffd}\nc");
        assert_eq!(other.len(), text.len());
        let long = format!("a\nb\nc\n{}\n", "d".repeat(100_000));
        assert!(source(&long, 1).is_some() && source(&long, 3).is_none());
    }

    #[test]
    fn what_caused_an_error_is_said_once() {
        let inner = std::io::Error::other("no room");
        let outer = crate::ReportError::Folder { path: "out".into(), source: inner };
        assert_eq!(caused(&outer), "failed to write into the folder out: no room");
        let said = std::io::Error::other(std::io::Error::other("no room"));
        assert_eq!(caused(&said), "no room");
    }
}
