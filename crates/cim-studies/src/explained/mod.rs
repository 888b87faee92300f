//! Keys of presets with the values that the built-in ones have.

pub(crate) mod reference;

use std::fmt;

use cim_chip::sections::keys::{KEYS, Key, Range};
use serde::Serialize;
use toml::Table;

use self::reference::{Place, Row, places, rows};
use crate::STUDIES;
use crate::error::StudyError;
use crate::slips::nearest;

/// A key as `cim explain` shows it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Explained {
    /// Whole name, such as `converters.adc_bits`.
    pub key: String,
    /// Other places where it means the same.
    pub also: Vec<String>,
    /// Whether it is of the sections that make chips, which many studies and networks of one's own have.
    pub of_chips: bool,
    /// Studies whose presets have it as their own.
    pub studies: Vec<&'static str>,
    /// Kinds that have it, such as `kind = gaussian`; none if all do.
    pub kinds: Vec<&'static str>,
    /// What it means.
    pub meaning: &'static str,
    /// Unit in which it is written, or what kind of value it is.
    pub unit: String,
    /// What can be, where the meaning does not say it.
    pub range: Option<String>,
    /// Keys that it has in turn, each with the kind that has it.
    pub keys: Vec<String>,
    /// Its value in every built-in preset that has it; left to its single places where there are several.
    pub built_in: Vec<BuiltIn>,
    /// Where the built-in values come from; the comments of a preset say it of a study's own keys.
    pub source: Option<&'static str>,
}

/// A value of a built-in preset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BuiltIn {
    /// Name of the preset.
    pub preset: &'static str,
    /// The value as TOML.
    pub value: String,
}

/// Up to ten keys whose names hold `part`, or what is most like it: a key, a section, a kind, a value, or the key
/// whose last part is. Capitals and spaces around are of no matter; nothing is like nothing.
fn keys_like(part: &str) -> Vec<String> {
    let asked = part.trim().to_lowercase();
    if asked.is_empty() {
        return Vec::new();
    }
    let places = places();
    let mut names: Vec<String> = KEYS.iter().map(|key| key.name.to_owned()).collect();
    names.extend(places.iter().map(Place::path));
    let mut like: Vec<String> = Vec::new();
    for name in names.iter().filter(|name| name.contains(&asked)) {
        if !like.contains(name) {
            like.push(name.clone());
        }
    }
    if like.is_empty() {
        let mut whole: Vec<&str> = names.iter().map(String::as_str).collect();
        whole.extend(names.iter().filter_map(|name| Some(name.rsplit_once('.')?.0)));
        KEYS.iter().flat_map(values_of_key).for_each(|value| whole.push(value));
        for Place { row, .. } in &places {
            whole.push(kind_name(row.kind));
            values_of_row(row).for_each(|value| whole.push(value));
        }
        let near = nearest(whole, &asked).or_else(|| {
            let last = nearest(names.iter().map(|name| last(name)), last(&asked))?;
            names.iter().map(String::as_str).find(|name| self::last(name) == last)
        });
        like.extend(near.map(str::to_owned));
    }
    like.truncate(10);
    like
}

fn last(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}

/// The words that a key can be, if it is one of few.
fn values_of_key(key: &Key) -> impl Iterator<Item = &'static str> + use<> {
    let words = match key.range {
        Range::Words(words) if key.unit == "word" => words,
        _ => "",
    };
    words.split([',', ';']).map(str::trim).filter(|word| !word.is_empty() && !word.contains(' '))
}

/// As [`values_of_key`], of a row: what stands between backticks.
fn values_of_row(row: &Row) -> impl Iterator<Item = &'static str> + use<> {
    row.value.split('`').skip(1).step_by(2)
}

impl Explained {
    /// [`of`](Self::of) what was asked for, which is there.
    ///
    /// # Errors
    /// [`StudyError::Refused`] with what is like it.
    pub fn asked(asked: Option<&str>) -> Result<Vec<Self>, StudyError> {
        let found = Self::of(asked);
        let Some(asked) = asked.filter(|_| found.is_empty()) else { return Ok(found) };
        let help = match keys_like(asked).as_slice() {
            [] => "`cim explain` lists those of chips, `cim preset NAME` has those of a study"
                .to_owned(),
            near => format!("did you mean {}?", near.join(", ")),
        };
        Err(StudyError::Refused { what: format!("no preset has the key `{asked}`"), help })
    }

    /// What `asked` can be: a whole name, all keys of a section, the last parts of names, or a kind, else a word that
    /// keys can be; keys of the sections that make chips for nothing; none if no preset has it.
    pub fn of(asked: Option<&str>) -> Vec<Self> {
        let presets: Vec<Preset> = STUDIES
            .iter()
            .map(|study| {
                (study.name, study.study, study.preset.parse().expect("built-in presets are TOML"))
            })
            .collect();
        let Some(asked) = asked else {
            return KEYS.iter().map(|key| Self::of_chips(key, &presets)).collect();
        };
        let has_own = |place: &Place| {
            place.row.kind.is_empty()
                && place.study.is_none()
                && KEYS.iter().any(|key| key.name == place.path())
        };
        let places: Vec<Place> = places().into_iter().filter(|place| !has_own(place)).collect();
        let is_kind =
            |place: &Place| place.row.key.is_empty() && kind_name(place.row.kind) == asked;
        let ends = |name: &str| name.strip_suffix(asked).is_some_and(|rest| rest.ends_with('.'));
        let begins =
            |name: &str| name.strip_prefix(asked).is_some_and(|rest| rest.starts_with('.'));
        let of_study = |place: &Place| !place.row.of.starts_with('[');
        let is_whole = |name: &str, place: Option<&Place>| {
            name == asked || begins(name) && place.is_none_or(of_study)
        };
        let is_part = |name: &str, place: Option<&Place>| ends(name) || place.is_some_and(is_kind);
        let find = |fits: &dyn Fn(&str, Option<&Place>) -> bool| {
            let chips = KEYS.iter().filter(|key| fits(key.name, None));
            let mut found: Vec<Self> = chips.map(|key| Self::of_chips(key, &presets)).collect();
            let below = places.iter().filter(|place| fits(&place.path(), Some(place)));
            found.extend(Self::of_places(below, &presets));
            found
        };
        // A name with its section is one place; a single word is whatever is called so.
        let whole = find(&is_whole);
        if asked.contains('.') && !whole.is_empty() {
            return whole;
        }
        let parts = find(&|name, place| is_part(name, place) && !is_whole(name, place));
        let found = [whole, parts].concat();
        if !found.is_empty() {
            return found;
        }
        // A word that is no name can be what is written behind one.
        let can_be = |name: &str, place: Option<&Place>| match place {
            Some(place) => values_of_row(&place.row).any(|value| value == asked),
            None => KEYS
                .iter()
                .any(|key| key.name == name && values_of_key(key).any(|value| value == asked)),
        };
        find(&can_be)
    }

    fn of_chips(key: &Key, presets: &[Preset]) -> Self {
        let Key { name, meaning, unit, range, source } = *key;
        let in_preset =
            |(preset, _, table): &Preset| Some(BuiltIn { preset, value: value(table, name)? });
        let table = rows()
            .into_iter()
            .find(|row| row.of == "chips" && (row.key == name || is_kind_of(row, name)));
        Self {
            key: name.to_owned(),
            also: Vec::new(),
            of_chips: true,
            studies: Vec::new(),
            kinds: Vec::new(),
            meaning,
            unit: unit.to_owned(),
            range: Some(range.to_string()),
            keys: table.map_or_else(Vec::new, |row| keys_of(row.table)),
            built_in: presets.iter().filter_map(in_preset).collect(),
            source: Some(source),
        }
    }

    /// Places of one key and one meaning are one explanation.
    fn of_places<'a>(places: impl Iterator<Item = &'a Place>, presets: &[Preset]) -> Vec<Self> {
        let mut all: Vec<(Self, Vec<&Place>)> = Vec::new();
        for place in places {
            let Row { kind, table, meaning, .. } = place.row;
            let unit = written(&place.row);
            let name = |path: &str| path.rsplit('.').next().unwrap_or_default().to_owned();
            let path = place.path();
            let same = |(own, at): &&mut (Self, Vec<&Place>)| {
                let is_row = at.iter().any(|other| other.row == place.row);
                let is_alike = own.key == path && (&*own.unit, own.meaning) == (&*unit, meaning);
                (is_row && name(&own.key) == name(&path)) || is_alike
            };
            let Some((own, at)) = all.iter_mut().find(same) else {
                let own = Self {
                    key: path,
                    also: Vec::new(),
                    of_chips: place.study.is_none(),
                    studies: place.study.into_iter().collect(),
                    kinds: Some(kind).filter(|kind| !kind.is_empty()).into_iter().collect(),
                    meaning,
                    unit,
                    range: None,
                    keys: keys_of(table),
                    built_in: Vec::new(),
                    source: None,
                };
                all.push((own, vec![place]));
                continue;
            };
            if own.key != path && !own.also.contains(&path) {
                own.also.push(path);
            }
            own.of_chips |= place.study.is_none();
            own.studies.extend(place.study.filter(|study| !own.studies.contains(study)));
            if !kind.is_empty() && !own.kinds.contains(&kind) {
                own.kinds.push(kind);
            }
            at.push(place);
        }
        for (own, at) in &mut all {
            if own.also.is_empty() {
                own.built_in = in_presets(at, presets);
            }
        }
        all.into_iter().map(|(own, _)| own).collect()
    }
}

/// Name of a built-in preset, of its study, and what it holds.
type Preset = (&'static str, &'static str, Table);

fn in_presets(at: &[&Place], presets: &[Preset]) -> Vec<BuiltIn> {
    let mut found = Vec::new();
    for place in at {
        for (preset, study, table) in presets {
            if place.study.is_none_or(|of| of == *study) {
                for value in place.values(table) {
                    let built_in = BuiltIn { preset, value };
                    if !found.contains(&built_in) {
                        found.push(built_in);
                    }
                }
            }
        }
    }
    found
}

/// What is written behind a key, in words.
fn written(row: &Row) -> String {
    match (row.value, row.table) {
        ("", _) => "a kind".to_owned(),
        (value, "") => value.to_owned(),
        (value, _) => format!("table ({value})"),
    }
}

/// Whether a row leads to the kinds of the section of which `name` is the key that says which.
fn is_kind_of(row: &Row, name: &str) -> bool {
    name.strip_prefix(row.key) == Some(".kind")
}

fn kind_name(kind: &str) -> &str {
    kind.split_once(" = ").map_or(kind, |(_, name)| name)
}

/// Keys of a table, those of kinds behind the kind.
fn keys_of(table: &str) -> Vec<String> {
    let of = format!("[{table}]");
    let rows: Vec<Row> = rows().into_iter().filter(|row| row.of == of).collect();
    let mut kinds: Vec<(&str, Vec<&str>)> = Vec::new();
    for row in &rows {
        match kinds.iter_mut().find(|(kind, _)| *kind == row.kind) {
            Some((_, keys)) => keys.push(row.key),
            None => kinds.push((row.kind, vec![row.key])),
        }
    }
    let one = |(kind, keys): (&str, Vec<&str>)| {
        let keys: Vec<&str> = keys.into_iter().filter(|key| !key.is_empty()).collect();
        match (kind, keys.is_empty()) {
            ("", _) => keys.join(", "),
            (kind, true) => kind.to_owned(),
            (kind, false) => format!("{kind}: {}", keys.join(", ")),
        }
    };
    kinds.into_iter().map(one).collect()
}

/// The value of a key in a preset, as written.
fn value(table: &Table, name: &str) -> Option<String> {
    let mut parts = name.split('.');
    let mut found = table.get(parts.next()?)?;
    for part in parts {
        found = found.get(part)?;
    }
    Some(found.to_string())
}

/// A few lines for a terminal.
impl fmt::Display for Explained {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            key,
            also,
            of_chips,
            studies,
            kinds,
            meaning,
            unit,
            range,
            keys,
            built_in,
            source,
        } = self;
        let one = |BuiltIn { preset, value }: &BuiltIn| format!("{value} in `{preset}`");
        let values: Vec<String> = built_in.iter().map(one).collect();
        writeln!(f, "{key}: {meaning}")?;
        let line =
            |f: &mut fmt::Formatter<'_>, name: &str, text: &str| writeln!(f, "  {name:<8} {text}");
        if !also.is_empty() {
            line(f, "also", &also.join(", "))?;
        }
        if !studies.is_empty() {
            let chips = if *of_chips { "sections that make chips; studies: " } else { "studies: " };
            line(f, "of", &format!("{chips}{}", studies.join(", ")))?;
        }
        if !kinds.is_empty() {
            line(f, "where", &kinds.join(", "))?;
        }
        line(f, "unit", unit)?;
        for keys in keys {
            line(f, "keys", keys)?;
        }
        match range {
            Some(range) => line(f, "range", range)?,
            None => line(f, "range", "as its meaning says, else whatever its unit can be")?,
        }
        match (values.is_empty(), also.is_empty()) {
            (false, _) => line(f, "built-in", &values.join(", "))?,
            (true, true) if range.is_some() => line(f, "built-in", "left out in all")?,
            (true, true) => line(f, "built-in", "in none of the presets")?,
            (true, false) => line(f, "built-in", "ask for one of its places by the whole name")?,
        }
        line(
            f,
            "source",
            source.unwrap_or("comments of `cim preset NAME`, documentation of the type"),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_the_values_of_the_presets_and_a_section_all_of_its_keys() {
        let [bits] = &Explained::of(Some("converters.adc_bits"))[..] else { panic!("one key") };
        assert_eq!(bits.key, "converters.adc_bits");
        for study in STUDIES {
            let table: Table = toml::from_str(study.preset).expect("TOML");
            let section = table.get("converters").and_then(toml::Value::as_table);
            let written = section.and_then(|section| section.get("adc_bits"));
            let told = bits.built_in.iter().find(|own| own.preset == study.name);
            assert_eq!(told.map(|own| own.value.clone()), written.map(ToString::to_string));
        }
        let section = Explained::of(Some("converters"));
        assert!(3 < section.len() && section.iter().all(|own| own.key.starts_with("converters.")));
        assert_eq!(Explained::of(None).len(), KEYS.len());
        assert!(Explained::of(Some("no such key")).is_empty());
    }

    #[test]
    fn keys_of_tables_are_found_with_their_kinds_and_their_values() {
        let bottom = Explained::of(Some("device.model.g_off"));
        let of = |kind: &'static str| {
            bottom.iter().find(|own| own.kinds.contains(&kind)).unwrap_or_else(|| panic!("{kind}"))
        };
        assert_eq!(of("kind = pcm").meaning, "Lowest conductance that is used.");
        let gaussian = of("kind = gaussian");
        assert_eq!(gaussian.unit, "S");
        let in_paper = gaussian.built_in.iter().find(|own| own.preset == "paper");
        assert_eq!(in_paper.map(|own| own.value.as_str()), Some("\"10 uS\""));
        // Not of presets with a published cell, and not of other kinds.
        assert!(gaussian.built_in.iter().all(|own| own.preset != "pcm"));
        assert!(of("kind = pcm").built_in.is_empty());
        // By the last part everything that is called so.
        let called = Explained::of(Some("g_off"));
        assert!(bottom.iter().all(|own| called.iter().any(|other| other.meaning == own.meaning)));
        assert!(called.iter().any(|own| own.also.contains(&"puf.device.model.g_off".to_owned())));
        let [epochs] = &Explained::of(Some("training.digital.epochs"))[..] else { panic!("one") };
        let paper: Table = crate::named("paper").expect("a preset").preset.parse().expect("TOML");
        let written = paper["training"]["digital"]["epochs"].to_string();
        assert!(epochs.built_in.contains(&BuiltIn { preset: "paper", value: written }));
        assert!(epochs.studies.contains(&"paper") && epochs.studies.contains(&"pcm"));
        let cell = &Explained::of(Some("device.model"))[0];
        assert!(cell.keys.iter().any(|keys| keys.starts_with("kind = gaussian: g_off, g_on")));
        assert!(Explained::of(Some("training")).iter().any(|own| own.key == "training.digital"));
        assert_eq!(
            Explained::of(Some("gaussian"))[0].meaning,
            "Normal errors whose size depends on conductance."
        );
    }

    #[test]
    fn near_misses_are_told() {
        assert!(keys_like("bits").contains(&"converters.adc_bits".to_owned()));
        assert_eq!(keys_like("adc_bist")[0], "converters.adc_bits");
        assert_eq!(keys_like("converters.adc_bist")[0], "converters.adc_bits");
        assert!(keys_like("g_of").iter().any(|name| name == "device.model.g_off"));
        assert!(keys_like("nothing at all like it").is_empty());
        assert!(keys_like("").is_empty() && keys_like("  ").is_empty());
        // The nearest, not the first.
        assert_eq!(keys_like("tile.output"), ["tile.outputs"]);
        assert_eq!(keys_like("adc_bitz"), ["converters.adc_bits"]);
        // Sections, kinds and values; capitals are of no matter.
        for (asked, meant) in [
            ("convertrs", "converters"),
            ("gausian", "gaussian"),
            ("Gaussian", "gaussian"),
            ("rows-colums", "rows-columns"),
            ("Converters.ADC_bits", "converters.adc_bits"),
            ("ADC_BITS", "converters.adc_bits"),
        ] {
            assert_eq!(keys_like(asked)[0], meant, "{asked}");
            assert!(!Explained::of(Some(meant)).is_empty(), "{meant}");
        }
    }

    #[test]
    fn a_value_leads_to_the_keys_that_can_have_it() {
        let keys = |asked| Explained::of(Some(asked)).into_iter().map(|own| own.key);
        assert_eq!(keys("rows-columns").collect::<Vec<_>>(), ["scaling.by"]);
        assert!(keys("gain-and-offset").any(|key| key == "gains.fit"));
        assert_eq!(keys("lossless").collect::<Vec<_>>(), ["front_end.drivers"]);
    }
}
