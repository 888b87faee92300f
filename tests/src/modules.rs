//! Which file of a crate uses which: read from the paths in its source, tests left out.
//!
//! The rule. An edge goes from a file to the file that defines what it names, in a `use` or in the
//! middle of code, by a path that begins with `crate`, `self`, `super`, a child module or a module
//! that was imported. A name that a module re-exports (`pub use`) counts as a use of the file behind
//! it, and the re-export itself is no edge: a `mod.rs` that lists its children does not depend on
//! them, one whose code calls them does. A path to a module alone is an edge to its file. A line
//! `mod file => Name(Spec);` of a table makes a module, uses it and hands both names on.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Files of a crate, by module path, and who uses whom.
pub struct FileGraph {
    modules: BTreeMap<Vec<String>, Module>,
}

#[derive(Default)]
struct Module {
    file: PathBuf,
    defines: BTreeSet<String>,
    /// Names handed on, with the path they come from.
    exports: Vec<(String, Vec<String>)>,
    /// Names taken in, with the path they come from.
    imports: Vec<(String, Vec<String>)>,
    /// Paths in the middle of code.
    paths: Vec<Vec<String>>,
    children: Vec<String>,
}

impl FileGraph {
    /// Reads the crate whose source lies in `src`.
    pub fn of(src: &Path) -> Self {
        let mut graph = Self { modules: BTreeMap::new() };
        let root = ["lib.rs", "main.rs"].map(|name| src.join(name));
        let root = root.into_iter().find(|file| file.exists()).expect("a crate has a root");
        graph.read(src, root, Vec::new());
        graph
    }

    fn read(&mut self, folder: &Path, file: PathBuf, at: Vec<String>) {
        let text = fs::read_to_string(&file).expect("a module's file can be read");
        let mut module = Module { file, ..Module::default() };
        Parser { tokens: tokens(&text), next: 0 }.items(&mut module);
        for child in module.children.clone() {
            let mut path = at.clone();
            path.push(child.clone());
            let flat = folder.join(format!("{child}.rs"));
            let inner = folder.join(&child);
            let file = if flat.exists() { flat } else { inner.join("mod.rs") };
            self.read(&inner, file, path);
        }
        self.modules.insert(at, module);
    }

    /// Files used by each file.
    pub fn edges(&self) -> BTreeMap<&Path, BTreeSet<&Path>> {
        let mut edges = BTreeMap::new();
        for (at, module) in &self.modules {
            let mut used = BTreeSet::new();
            let imported = module.imports.iter().map(|(_, path)| path.clone());
            let in_code = module.paths.iter().map(|path| {
                let alias = module.imports.iter().find(|(name, _)| *name == path[0]);
                match alias {
                    Some((_, from)) => [from, &path[1..]].concat(),
                    None => path.clone(),
                }
            });
            for path in imported.chain(in_code) {
                used.extend(self.resolve(at, &path, 0));
            }
            used.remove(module.file.as_path());
            edges.insert(module.file.as_path(), used);
        }
        edges
    }

    /// The file behind `path`, written in module `at`; nothing for what is not of this crate.
    fn resolve(&self, at: &[String], path: &[String], depth: usize) -> Option<&Path> {
        let mut here = at.to_vec();
        let mut rest = path;
        match path.first()?.as_str() {
            "crate" => {
                here.clear();
                rest = &rest[1..];
            }
            "self" => rest = &rest[1..],
            "super" => {}
            child if self.modules[at].children.iter().any(|c| c == child) => {}
            _ => return None,
        }
        while let Some(next) = rest.first() {
            if next == "super" {
                here.pop();
            } else {
                here.push(next.clone());
                if !self.modules.contains_key(&here) {
                    here.pop();
                    return self.behind(&here, next, depth);
                }
            }
            rest = &rest[1..];
        }
        Some(&self.modules[&here].file)
    }

    /// The file behind a name of a module.
    fn behind(&self, at: &[String], name: &str, depth: usize) -> Option<&Path> {
        let module = &self.modules[at];
        if module.defines.contains(name) || 8 < depth {
            return Some(&module.file);
        }
        let handed_on = module.exports.iter().find(|(export, _)| export == name);
        if let Some((_, path)) = handed_on {
            return self.resolve(at, path, depth + 1);
        }
        let globs = module.exports.iter().filter(|(export, _)| export == "*");
        let mut found = globs.filter_map(|(_, path)| {
            let file = self.resolve(at, path, depth + 1)?;
            let target = self.modules.values().find(|module| module.file == file)?;
            target.defines.contains(name).then_some(target.file.as_path())
        });
        found.next().or(Some(&module.file))
    }

    /// The knots: sets of files of which each uses every other, by whatever way round.
    pub fn knots(&self) -> Vec<Vec<&Path>> {
        let edges = self.edges();
        let reach = |from: &'_ Path| {
            let mut seen = BTreeSet::new();
            let mut todo: Vec<&Path> = edges[from].iter().copied().collect();
            while let Some(file) = todo.pop() {
                if seen.insert(file) {
                    todo.extend(&edges[file]);
                }
            }
            seen
        };
        let reached: BTreeMap<&Path, BTreeSet<&Path>> =
            edges.keys().map(|file| (*file, reach(file))).collect();
        let mut knots: Vec<Vec<&Path>> = Vec::new();
        for (file, seen) in &reached {
            if seen.contains(file) && !knots.iter().any(|knot| knot.contains(file)) {
                knots.push(seen.iter().copied().filter(|to| reached[to].contains(file)).collect());
            }
        }
        knots
    }
}

/// Words and signs of Rust source, without comments, texts and characters.
fn tokens(text: &str) -> Vec<String> {
    let chars: Vec<char> = text.chars().collect();
    let (mut tokens, mut i) = (Vec::new(), 0);
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let begins =
        |i: usize, what: &str| what.chars().enumerate().all(|(k, c)| chars.get(i + k) == Some(&c));
    while i < chars.len() {
        if begins(i, "//") {
            while i < chars.len() && chars[i] != '\n' {
                i += 1;
            }
        } else if begins(i, "/*") {
            while i < chars.len() && !begins(i, "*/") {
                i += 1;
            }
            i += 2;
        } else if chars[i] == '"' || (matches!(chars[i], 'r' | 'b') && raw_or_text(&chars, i)) {
            i = after_text(&chars, i);
        } else if chars[i] == '\'' {
            // A character, or a lifetime.
            let escaped = chars.get(i + 1) == Some(&'\\');
            let closed = chars.get(i + 2) == Some(&'\'');
            i += match (escaped, closed) {
                (true, _) => {
                    3 + chars[(i + 3).min(chars.len())..].iter().take_while(|c| **c != '\'').count()
                }
                (false, true) => 3,
                (false, false) => 1,
            };
        } else if is_word(chars[i]) {
            let begin = i;
            while i < chars.len() && is_word(chars[i]) {
                i += 1;
            }
            tokens.push(chars[begin..i].iter().collect());
        } else if begins(i, "::") {
            tokens.push("::".into());
            i += 2;
        } else {
            if !chars[i].is_whitespace() {
                tokens.push(chars[i].to_string());
            }
            i += 1;
        }
    }
    tokens
}

/// Whether a raw or byte text begins at `i`, and not a word.
fn raw_or_text(chars: &[char], i: usize) -> bool {
    let after_word = i > 0 && (chars[i - 1].is_alphanumeric() || chars[i - 1] == '_');
    let rest = chars[i..].iter().skip_while(|c| matches!(c, 'r' | 'b')).skip_while(|c| **c == '#');
    let prefix = chars[i..].iter().take_while(|c| matches!(c, 'r' | 'b')).count();
    !after_word && prefix <= 2 && rest.clone().next() == Some(&'"')
}

fn after_text(chars: &[char], mut i: usize) -> usize {
    let raw = chars[i..].iter().take_while(|c| **c != '"').any(|c| *c == 'r');
    while matches!(chars[i], 'r' | 'b') {
        i += 1;
    }
    let hashes = chars[i..].iter().take_while(|c| **c == '#').count();
    i += hashes + 1;
    while i < chars.len() {
        if chars[i] == '\\' && !raw {
            i += 2;
            continue;
        }
        let end = chars[i] == '"'
            && chars[i + 1..].iter().take(hashes).filter(|c| **c == '#').count() == hashes;
        i += 1;
        if end {
            return i + hashes;
        }
    }
    i
}

struct Parser {
    tokens: Vec<String>,
    next: usize,
}

impl Parser {
    fn peek(&self, ahead: usize) -> &str {
        self.tokens.get(self.next + ahead).map_or("", String::as_str)
    }

    fn items(&mut self, module: &mut Module) {
        let mut is_public = false;
        while self.next < self.tokens.len() {
            let ahead = |words: &[&str]| words.iter().enumerate().all(|(k, w)| self.peek(k) == *w);
            if ahead(&["#", "[", "cfg", "(", "test", ")", "]"]) {
                self.next += 7;
                self.skip_item();
            } else if self.peek(0) == "pub" {
                is_public = true;
                self.next += 1;
                if self.peek(0) == "(" {
                    self.skip_group();
                }
                continue;
            } else if self.peek(0) == "mod" && self.peek(2) == ";" {
                module.children.push(self.peek(1).to_owned());
                self.next += 3;
            } else if self.peek(0) == "mod" && self.peek(2) == "=" && self.peek(3) == ">" {
                let child = self.peek(1).to_owned();
                let mut names = vec![self.peek(4).to_owned()];
                if self.peek(5) == "(" {
                    names.push(self.peek(6).to_owned());
                }
                for name in names {
                    let path = vec![child.clone(), name.clone()];
                    module.paths.push(path.clone());
                    module.exports.push((name, path));
                }
                module.children.push(child);
                self.next += 5;
            } else if self.peek(0) == "use" && self.peek(1) != "<" {
                self.next += 1;
                let mut leaves = Vec::new();
                self.tree(&[], &mut leaves);
                let list = if is_public { &mut module.exports } else { &mut module.imports };
                list.extend(leaves);
            } else {
                let kinds = ["struct", "enum", "fn", "trait", "type", "const", "static", "union"];
                if kinds.contains(&self.peek(0)) {
                    module.defines.insert(self.peek(1).to_owned());
                }
                let before = self.next.checked_sub(1).map_or("", |at| self.tokens[at].as_str());
                let begins = self.peek(1) == "::" && before != "::";
                let mut path = vec![self.peek(0).to_owned()];
                self.next += 1;
                if begins {
                    while self.peek(0) == "::"
                        && self.peek(1).starts_with(|c: char| c.is_alphabetic() || c == '_')
                    {
                        path.push(self.peek(1).to_owned());
                        self.next += 2;
                    }
                    module.paths.push(path);
                }
            }
            is_public = false;
        }
    }

    /// One branch of a `use`, up to its comma, brace or semicolon.
    fn tree(&mut self, prefix: &[String], leaves: &mut Vec<(String, Vec<String>)>) {
        let mut path = prefix.to_vec();
        loop {
            match self.peek(0).to_owned().as_str() {
                "{" => {
                    self.next += 1;
                    while !["}", ";", ""].contains(&self.peek(0)) {
                        self.tree(&path, leaves);
                        if self.peek(0) == "," {
                            self.next += 1;
                        }
                    }
                    self.next += 1;
                    return;
                }
                "*" => {
                    self.next += 1;
                    leaves.push(("*".into(), path));
                    return;
                }
                "as" => {
                    leaves.push((self.peek(1).to_owned(), path));
                    self.next += 2;
                    return;
                }
                "::" => self.next += 1,
                "," | "}" | ";" | "" => {
                    if path.last().is_some_and(|last| last == "self") && 1 < path.len() {
                        path.pop();
                    }
                    if let Some(last) = path.last().cloned() {
                        leaves.push((last, path));
                    }
                    return;
                }
                word => {
                    path.push(word.to_owned());
                    self.next += 1;
                }
            }
        }
    }

    /// Skips what follows `#[cfg(test)]`, to its semicolon or closing brace.
    fn skip_item(&mut self) {
        while self.next < self.tokens.len() {
            match self.peek(0) {
                ";" => {
                    self.next += 1;
                    return;
                }
                "{" => return self.skip_group(),
                "(" | "[" => self.skip_group(),
                _ => self.next += 1,
            }
        }
    }

    /// Skips a bracket and all within.
    fn skip_group(&mut self) {
        let mut depth = 0usize;
        while self.next < self.tokens.len() {
            match self.peek(0) {
                "{" | "(" | "[" => depth += 1,
                "}" | ")" | "]" => depth -= 1,
                _ => {}
            }
            self.next += 1;
            if depth == 0 {
                return;
            }
        }
    }
}
