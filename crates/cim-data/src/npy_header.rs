//! The header of an `.npy` file, in one pass over its bytes: three keys, no nesting.
//!
//! Source: `numpy.lib.format`, versions 1.0, 2.0 and 3.0 of the format.

/// What an `.npy` header says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// Type of the elements, such as `<f8`.
    pub descr: String,
    /// Whether the first index runs fastest.
    pub fortran: bool,
    /// Sizes, outermost first.
    pub shape: Vec<usize>,
    /// Where the elements begin.
    pub begins: usize,
}

/// The longest header that is read (bytes): numpy's own have 118 or 182 for any shape it writes.
const MAX_HEADER: usize = 4096;

/// Most sizes of a shape, as of numpy 2.
const MAX_DIMENSIONS: usize = 64;

/// Reads the header at the beginning of `bytes`; what is wrong is returned in words.
pub fn parse(bytes: &[u8]) -> Result<Header, String> {
    let Some(rest) = bytes.strip_prefix(b"\x93NUMPY") else {
        return Err("it does not begin with \\x93NUMPY".into());
    };
    let (length, text) = match rest {
        [1, _, a, b, text @ ..] => (usize::from(u16::from_le_bytes([*a, *b])), text),
        [2 | 3, _, a, b, c, d, text @ ..] => (u32::from_le_bytes([*a, *b, *c, *d]) as usize, text),
        [version @ 1..=3, ..] => {
            return Err(format!("it ends within its header of version {version}"));
        }
        [version, ..] => return Err(format!("its format has version {version}, not 1 to 3")),
        [] => return Err("it ends after its magic string".into()),
    };
    if MAX_HEADER < length {
        return Err(format!("its header has {length} bytes, more than {MAX_HEADER}"));
    }
    let text = text.get(..length).ok_or("it ends within its header")?;
    let begins = bytes.len() - rest.len() + (if rest[0] == 1 { 4 } else { 6 }) + length;
    let text = std::str::from_utf8(text).map_err(|_| "its header is no text".to_owned())?;
    let mut words = Words { rest: text };
    words.expect('{')?;
    let (mut descr, mut fortran, mut shape) = (None, None, None);
    while !words.take('}') {
        let key = words.quoted()?;
        words.expect(':')?;
        let is_new = match key {
            "descr" => descr.replace(words.quoted()?.to_owned()).is_none(),
            "fortran_order" => fortran.replace(words.boolean()?).is_none(),
            "shape" => shape.replace(words.shape()?).is_none(),
            other => return Err(format!("its header has the key {other:?}")),
        };
        if !is_new {
            return Err(format!("its header has the key {key:?} twice"));
        }
        if !words.take(',') {
            words.expect('}')?;
            break;
        }
    }
    match (descr, fortran, shape, words.rest.trim().is_empty()) {
        (Some(descr), Some(fortran), Some(shape), true) => {
            Ok(Header { descr, fortran, shape, begins })
        }
        (.., false) => Err("its header goes on after its end".into()),
        _ => Err("its header has not all of descr, fortran_order and shape".into()),
    }
}

/// What is left of the header's text.
struct Words<'a> {
    rest: &'a str,
}

impl<'a> Words<'a> {
    /// Skips `mark`, if it comes next.
    fn take(&mut self, mark: char) -> bool {
        let found = self.rest.trim_start().strip_prefix(mark);
        self.rest = found.unwrap_or(self.rest);
        found.is_some()
    }

    fn expect(&mut self, mark: char) -> Result<(), String> {
        if self.take(mark) {
            Ok(())
        } else {
            Err(format!("its header has no '{mark}' where one must be"))
        }
    }

    fn quoted(&mut self) -> Result<&'a str, String> {
        let rest = self.rest.trim_start();
        let quote = rest.chars().next().filter(|c| ['\'', '"'].contains(c));
        let quote = quote.ok_or(
            "its header has no text in quotes where one must be: structured types cannot be read",
        )?;
        let (word, rest) =
            rest[1..].split_once(quote).ok_or("its header has a quote that does not end")?;
        self.rest = rest;
        Ok(word)
    }

    fn boolean(&mut self) -> Result<bool, String> {
        let rest = self.rest.trim_start();
        for (word, value) in [("True", true), ("False", false)] {
            if let Some(rest) = rest.strip_prefix(word) {
                self.rest = rest;
                return Ok(value);
            }
        }
        Err("fortran_order is neither True nor False".into())
    }

    fn shape(&mut self) -> Result<Vec<usize>, String> {
        self.expect('(')?;
        let mut sizes = Vec::new();
        while !self.take(')') {
            let rest = self.rest.trim_start();
            let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            let size = rest[..digits].parse();
            sizes.push(size.map_err(|_| "its shape is no list of sizes".to_owned())?);
            if MAX_DIMENSIONS < sizes.len() {
                return Err(format!("its shape has more than {MAX_DIMENSIONS} dimensions"));
            }
            self.rest = &rest[digits..];
            if !self.take(',') {
                self.expect(')')?;
                break;
            }
        }
        Ok(sizes)
    }
}
