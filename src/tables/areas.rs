//! Names of provinces, cities and counties at the start of an address: ours, or elsewhere.

use std::collections::{BTreeMap, BTreeSet};

use super::prefixes::Prefixes;
use super::regions::{Region, Regions};

/// What the start of an address says about province, city and county.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Area {
    /// Names our county; the address goes on after this many bytes.
    Own(usize),
    /// Names our province or city but no county; goes on after this many bytes.
    Above(usize),
    /// Names another county, city or province.
    Elsewhere,
    /// Names none; the address starts below the county.
    Untold,
}

/// Names of all areas, told apart into ours and others.
#[derive(Clone, Debug, Default)]
pub(super) struct Areas {
    own_province: Prefixes,
    own_city: Prefixes,
    own_county: Prefixes,
    /// Other counties of our city, full and short.
    beside: Prefixes,
    /// Other cities and counties of our province.
    around: Prefixes,
    /// Other provinces, cities and counties by their full names.
    far: Prefixes,
    /// Short names of other provinces; the value is an index into `within`.
    far_short: Prefixes,
    /// Cities and counties of each other province, full and short.
    within: Vec<Prefixes>,
}

const COUNTRY: &str = "中国";

impl Areas {
    pub(super) fn at(&self, text: &str) -> Area {
        let mut at = if text.starts_with(COUNTRY) { COUNTRY.len() } else { 0 };
        let mut level = 0;
        for (depth, names) in [&self.own_province, &self.own_city, &self.own_county].into_iter().enumerate() {
            while let Some((length, _)) = names.longest(&text[at..]) {
                at += length;
                level = depth + 1;
            }
        }
        let rest = &text[at..];
        let elsewhere = match level {
            3 => return Area::Own(at),
            2 => self.beside.longest(rest).is_some(),
            1 => self.around.longest(rest).is_some(),
            _ => self.is_far(rest),
        };
        match (elsewhere, level) {
            (true, _) => Area::Elsewhere,
            (false, 0) => Area::Untold,
            (false, _) => Area::Above(at),
        }
    }

    /// `text` without names of our province, city and county at its start.
    pub(super) fn without_own<'a>(&self, text: &'a str) -> &'a str {
        let mut rest = text;
        for names in [&self.own_province, &self.own_city, &self.own_county] {
            if let Some((length, _)) = names.longest(rest) {
                rest = &rest[length..];
            }
        }
        rest
    }

    fn is_far(&self, text: &str) -> bool {
        let short = |(length, province): (usize, u16)| {
            let rest = &text[length..];
            self.within.get(usize::from(province)).is_some_and(|places| places.longest(rest).is_some())
        };
        self.far.longest(text).is_some() || self.far_short.all(text).any(short)
    }

    /// Sorts all names of the history into ours (those whose present code is in `own`) and others.
    pub(super) fn build(regions: &Regions, own: &BTreeSet<u32>) -> Self {
        let mut areas = Self::default();
        let is_own = |row: &&Region| own.contains(&row.current);
        let mut own_names = [BTreeSet::new(), BTreeSet::new(), BTreeSet::new()];
        for row in regions.rows().iter().filter(is_own) {
            for (set, name) in own_names.iter_mut().zip([row.province, row.city, row.county]) {
                set.insert(name);
            }
        }
        let [own_provinces, own_cities, own_counties] = &own_names;
        let lists = [&mut areas.own_province, &mut areas.own_city, &mut areas.own_county];
        for (list, names) in lists.into_iter().zip(&own_names) {
            for name in names.iter().map(|&name| regions.name(name)) {
                list.add(name, 0);
                list.add(short(name), 0);
            }
        }
        // 市辖区 and the like stand for a city in many provinces and name none.
        let mut provinces_of: BTreeMap<u16, BTreeSet<u16>> = BTreeMap::new();
        for row in regions.rows() {
            provinces_of.entry(row.city).or_default().insert(row.province);
        }
        let mut within: BTreeMap<u16, Prefixes> = BTreeMap::new();
        let mut seen = BTreeSet::new();
        for row in regions.rows().iter().filter(|row| !is_own(row)) {
            if !seen.insert((row.province, row.city, row.county)) {
                continue;
            }
            let (county, city) = (regions.name(row.county), regions.name(row.city));
            let named_city = provinces_of[&row.city].len() == 1 && !own_cities.contains(&row.city);
            let named_county = !own_counties.contains(&row.county);
            let places = [(city, named_city), (county, named_county)];
            for name in places.iter().filter(|(_, named)| *named).map(|(name, _)| *name) {
                areas.far.add_long(name);
                if own_provinces.contains(&row.province) {
                    areas.around.add_long(name);
                } else {
                    let list = within.entry(row.province).or_default();
                    list.add(name, 0);
                    list.add(short(name), 0);
                }
            }
            if named_county && own_cities.contains(&row.city) {
                areas.beside.add(county, 0);
                areas.beside.add(short(county), 0);
            }
        }
        for (province, places) in within {
            areas.far.add_long(regions.name(province));
            let index = u16::try_from(areas.within.len()).expect("fewer provinces than names");
            areas.far_short.add(short(regions.name(province)), index);
            areas.within.push(places);
        }
        areas
    }
}

impl Prefixes {
    /// Adds a name of three characters or more; shorter ones (城区, 新县) match by accident.
    fn add_long(&mut self, name: &str) {
        if name.chars().nth(2).is_some() {
            self.add(name, 0);
        }
    }
}

/// A name without its kind: 江苏省 → 江苏, 广西壮族自治区 → 广西, 启东市 → 启东.
fn short(name: &str) -> &str {
    const KINDS: [&str; 10] =
        ["维吾尔自治区", "壮族自治区", "回族自治区", "自治区", "地区", "省", "市", "县", "区", "盟"];
    let stem = KINDS.iter().find_map(|kind| name.strip_suffix(kind)).unwrap_or(name);
    if stem.chars().count() >= 2 { stem } else { name }
}
