//! The simulator's own tables (surnames, given names, sound-alikes, look-alikes, places), parsed once
//! from `data/`. They are never the matcher's tables: errors must come from elsewhere.

use rustc_hash::FxHashMap;

use crate::domain::Sex;

/// A village or community of the county.
pub(crate) struct Village {
    /// Its town's name.
    pub(crate) town: &'static str,
    /// Its name without 村委会 or 居委会.
    pub(crate) name: &'static str,
    /// The name as the statistics office writes it.
    pub(crate) official: &'static str,
    /// Whether it is a community with house blocks.
    pub(crate) urban: bool,
}

/// A county elsewhere, with the years in which its code was valid.
pub(crate) struct Elsewhere {
    /// Six-digit code.
    pub(crate) code: u32,
    /// First year of the code.
    pub(crate) first: i32,
    /// Last year of the code.
    pub(crate) last: i32,
    /// Province, city, county.
    pub(crate) place: &'static str,
}

/// What is written for a rare character when a system cannot hold it.
pub(crate) struct Rare {
    /// The character.
    pub(crate) ch: char,
    /// Its reading without tone.
    pub(crate) pinyin: &'static str,
    /// Its parts, as an officer describes them.
    pub(crate) parts: &'static str,
    /// Whether GBK lacks it.
    pub(crate) outside_gbk: bool,
}

/// Given names of one cohort and sex.
pub(crate) struct Cohort {
    first_year: i32,
    sex: Sex,
    /// Frequent names, most frequent first.
    pub(crate) heads: Vec<&'static str>,
    /// First characters of the tail.
    pub(crate) first: Vec<char>,
    /// Second characters of the tail.
    pub(crate) second: Vec<char>,
}

/// Characters of one syllable by tone.
pub(crate) struct Sounds {
    /// Same syllable and tone, most frequent first.
    pub(crate) same_tone: Vec<char>,
    /// Same syllable, another tone.
    pub(crate) other_tone: Vec<char>,
}

/// All tables.
pub(crate) struct Tables {
    /// Villages, town by town.
    pub(crate) villages: Vec<Village>,
    /// Surnames.
    pub(crate) surnames: Vec<&'static str>,
    /// Cumulative weights of the surnames.
    pub(crate) surname_sums: Vec<f64>,
    /// Given names.
    pub(crate) cohorts: Vec<Cohort>,
    /// Rare characters.
    pub(crate) rare: Vec<Rare>,
    /// Minority names.
    pub(crate) minority: Vec<(&'static str, Sex)>,
    /// Counties elsewhere.
    pub(crate) elsewhere: Vec<Elsewhere>,
    /// Sound-alikes.
    pub(crate) sounds: FxHashMap<char, Sounds>,
    /// Look-alikes.
    pub(crate) looks: FxHashMap<char, Vec<char>>,
    /// Traditional or variant form.
    pub(crate) traditional: FxHashMap<char, char>,
    /// Surnames written for each other.
    pub(crate) surname_variants: FxHashMap<&'static str, &'static str>,
    /// Local-speech confusions.
    pub(crate) dialect: FxHashMap<char, char>,
}

fn lines(text: &'static str) -> impl Iterator<Item = &'static str> {
    text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'))
}

fn number<T: std::str::FromStr + Default>(text: Option<&str>) -> T {
    text.and_then(|t| t.parse().ok()).unwrap_or_default()
}

fn sex(text: &str) -> Sex {
    if text == "M" { Sex::Male } else { Sex::Female }
}

fn villages() -> Vec<Village> {
    let mut out: Vec<Village> = include_str!("data/divisions.csv")
        .lines()
        .filter_map(|line| {
            let mut cells = line.split(',').skip(1);
            let (level, official, town) = (cells.next()?, cells.next()?, cells.next()?);
            let bare = official.split('（').next().unwrap_or(official);
            let name = bare.strip_suffix("村委会").or(bare.strip_suffix("居委会")).unwrap_or(bare);
            let urban = official.contains("居委会");
            (level == "village").then_some(Village { town, name, official, urban })
        })
        .collect();
    out.sort_by_key(|village| town_rank(village.town));
    out
}

/// The big towns come first, so that small worlds have every kind of town.
fn town_rank(town: &str) -> usize {
    const ORDER: [&str; 10] = [
        "汇龙镇",
        "吕四港镇",
        "南阳镇",
        "北新镇",
        "王鲍镇",
        "海复镇",
        "惠萍镇",
        "东海镇",
        "合作镇",
        "启东经济开发区",
    ];
    ORDER.iter().position(|&name| name == town).unwrap_or(ORDER.len())
}

fn cohorts() -> Vec<Cohort> {
    let mut out: Vec<Cohort> = lines(include_str!("data/given_heads.txt"))
        .map(|line| {
            let mut words = line.split(' ');
            let first_year = number(words.next());
            let sex = sex(words.next().unwrap_or_default());
            Cohort { first_year, sex, heads: words.collect(), first: Vec::new(), second: Vec::new() }
        })
        .collect();
    for (cohort, line) in out.iter_mut().zip(lines(include_str!("data/given_chars.txt"))) {
        let words: Vec<&str> = line.split(' ').collect();
        cohort.first = words.get(2).map(|w| w.chars().collect()).unwrap_or_default();
        cohort.second = words.get(4).map(|w| w.chars().collect()).unwrap_or_default();
    }
    out
}

fn sounds() -> FxHashMap<char, Sounds> {
    let mut out = FxHashMap::default();
    for line in lines(include_str!("data/same_sound.txt")) {
        let mut words = line.split(' ');
        if let Some(ch) = words.next().and_then(|w| w.chars().next()) {
            let mut list = || words.next().unwrap_or("-").chars().filter(|&c| c != '-').collect();
            out.insert(ch, Sounds { same_tone: list(), other_tone: list() });
        }
    }
    // The hand-made syllables are better for names, so they replace the general list.
    for line in lines(include_str!("data/homophones.txt")) {
        let tones: Vec<Vec<char>> = line
            .split_once(' ')
            .map_or("", |(_, tones)| tones)
            .split('|')
            .map(|tone| tone.chars().filter(|&c| c != '-').collect())
            .collect();
        for (index, tone) in tones.iter().enumerate() {
            for &ch in tone {
                let same_tone = tone.iter().copied().filter(|&c| c != ch).collect();
                let others = tones.iter().enumerate().filter(|(other, _)| *other != index);
                let other_tone = others.flat_map(|(_, t)| t.iter().copied()).collect();
                out.insert(ch, Sounds { same_tone, other_tone });
            }
        }
    }
    out
}

fn looks() -> FxHashMap<char, Vec<char>> {
    let mut out: FxHashMap<char, Vec<char>> = FxHashMap::default();
    for line in lines(include_str!("data/look_alikes.txt")) {
        for ch in line.chars() {
            out.entry(ch).or_default().extend(line.chars().filter(|&c| c != ch));
        }
    }
    out
}

fn char_pairs(text: &'static str) -> FxHashMap<char, char> {
    lines(text)
        .filter_map(|line| {
            let mut words = line.split(' ');
            Some((words.next()?.chars().next()?, words.next()?.chars().next()?))
        })
        .collect()
}

fn rare() -> Vec<Rare> {
    lines(include_str!("data/rare_chars.txt"))
        .filter_map(|line| {
            let words: Vec<&'static str> = line.split(' ').collect();
            let [ch, pinyin, parts, set] = words[..] else { return None };
            Some(Rare { ch: ch.chars().next()?, pinyin, parts, outside_gbk: set == "X" })
        })
        .collect()
}

fn elsewhere() -> Vec<Elsewhere> {
    lines(include_str!("data/other_regions.txt"))
        .filter_map(|line| {
            let mut words = line.split(' ');
            let (code, first, last) = (number(words.next()), number(words.next()), number(words.next()));
            Some(Elsewhere { code, first, last, place: words.next()? })
        })
        .collect()
}

impl Tables {
    /// Parses the bundled files.
    pub(crate) fn load() -> Self {
        let pairs: Vec<(&'static str, f64)> = lines(include_str!("data/surnames.txt"))
            .filter_map(|line| line.split_once(' '))
            .map(|(name, weight)| (name, number(Some(weight))))
            .collect();
        let mut sum = 0.0;
        let surname_sums = pairs
            .iter()
            .map(|(_, weight)| {
                sum += weight;
                sum
            })
            .collect();
        Self {
            villages: villages(),
            surnames: pairs.iter().map(|(name, _)| *name).collect(),
            surname_sums,
            cohorts: cohorts(),
            rare: rare(),
            minority: lines(include_str!("data/minority_names.txt"))
                .filter_map(|line| line.split_once(' '))
                .map(|(name, s)| (name, sex(s)))
                .collect(),
            elsewhere: elsewhere(),
            sounds: sounds(),
            looks: looks(),
            traditional: char_pairs(include_str!("data/traditional.txt")),
            surname_variants: lines(include_str!("data/surname_variants.txt"))
                .filter_map(|line| line.split_once(' '))
                .collect(),
            dialect: char_pairs(include_str!("data/dialect_folds.txt")),
        }
    }

    /// The given names of a sex and birth year.
    pub(crate) fn cohort(&self, sex: Sex, year: i32) -> &Cohort {
        let fitting = |c: &&Cohort| c.sex == sex && c.first_year <= year;
        self.cohorts.iter().rfind(fitting).unwrap_or(&self.cohorts[0])
    }

    /// What is known of a rare character.
    pub(crate) fn rare_char(&self, ch: char) -> Option<&Rare> {
        self.rare.iter().find(|rare| rare.ch == ch)
    }
}
