//! What holds between sources, what frequencies are given, and what comparators look up.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::raw::{ClusterKind, MeasureWord, PairTable, RowsWord};
use super::{Draft, FrequencySpec, link_type};
use crate::domain::Day;
use crate::frame::TableSpec;
use crate::link::generic::{Policy, Readers, RowsOfPerson};
use crate::spec::place::beside;
use crate::tables::Tables;

impl Draft {
    /// The policy of all pairs of sources: what the type means, then what `pair` says.
    pub(super) fn policy(&mut self) -> Policy {
        let link = self.raw.link.clone();
        let names: Vec<String> = self.raw.source.keys().cloned().collect();
        let keep = link.keep_at.min(link.link_at);
        let mut policy = Policy::new(link_type(link.kind), names.len(), link.link_at, keep);
        if !link.other_pairs {
            policy.look_nowhere();
        }
        for (at, pair) in link.pair.iter().enumerate() {
            let key = format!("link.pair[{at}]");
            let place = |name: &String| names.iter().position(|known| known == name);
            let (Some(one), Some(other)) = (place(&pair.sources[0]), place(&pair.sources[1])) else {
                let [a, b] = &pair.sources;
                let message = format!("there is no source `{a}`, or no `{b}`");
                let help = format!("sources: {}", names.join(", "));
                self.error("unknown_source", &format!("{key}.sources"), message, &help);
                continue;
            };
            let same = |before: &PairTable| {
                let ([a, b], [c, d]) = (&before.sources, &pair.sources);
                (a, b) == (c, d) || (b, a) == (c, d)
            };
            if link.pair[..at].iter().any(same) {
                let message = "the two sources stand in an earlier pair";
                self.error("pair_twice", &key, message, "say all of them in one");
            }
            let link_at = pair.link_at.unwrap_or(link.link_at);
            let keep_at = pair.keep_at.unwrap_or(link.keep_at).min(link_at);
            policy.change(one, other, |held| {
                (held.looked_at, held.link_at, held.keep_at) = (pair.look, link_at, keep_at);
            });
            match pair.rows {
                Some(rows) => self.hold(&mut policy, (one, other), rows, &format!("{key}.rows")),
                // A source in which pairs are looked for may have several rows of a person.
                None if one == other && pair.look => policy.change(one, one, |held| held.one = false),
                None => {}
            }
        }
        let said = !link.other_pairs || !link.pair.is_empty();
        if said && policy.least(|_| 0.0) > 0.0 {
            let help = "name one in [[link.pair]]";
            self.error("pair_none", "link.other_pairs", "no pair of sources is looked at", help);
        }
        policy
    }

    /// Holds two sources to so many rows of a person, where that can be kept.
    fn hold(&mut self, policy: &mut Policy, (one, other): (usize, usize), rows: RowsWord, key: &str) {
        if one == other {
            let help = "take `rows` away; `look` says whether a person may have several rows here";
            self.error("pair_rows", key, "within one source nothing is paired off", help);
        } else if self.raw.link.clusters == ClusterKind::Components {
            let help = "set clusters = \"unattended\", which keeps to it";
            self.error("pair_rows", key, "a chain of links does not count rows", help);
        } else {
            policy.hold(
                one,
                other,
                match rows {
                    RowsWord::OneToOne => RowsOfPerson::OneToOne,
                    RowsWord::OneToMany => RowsOfPerson::OneToMany,
                    RowsWord::ManyToOne => RowsOfPerson::ManyToOne,
                    RowsWord::ManyToMany => RowsOfPerson::ManyToMany,
                },
            );
        }
    }

    pub(super) fn frequencies(&mut self) -> Vec<FrequencySpec> {
        let mut specs = Vec::new();
        for (column, table) in self.raw.link.frequency.clone() {
            let key = format!("link.frequency.{column}");
            let path = beside(&self.folder, &table.file);
            if !path.is_file() {
                let message = format!("there is no file {}", path.display());
                let help = "paths are relative to the pipeline file";
                self.error("file_unreadable", &format!("{key}.file"), message, help);
            }
            for (part, value) in [("total", table.total), ("unlisted", table.unlisted)] {
                if value.is_some_and(|value| !(value > 0.0 && value.is_finite())) {
                    self.error("out_of_range", &format!("{key}.{part}"), "a frequency above 0 is needed", "");
                }
            }
            specs.push(FrequencySpec {
                table: TableSpec {
                    name: column.clone(),
                    path,
                    id: table.value,
                    sheet: None,
                    headings: BTreeMap::new(),
                    spot: self.lines.spot(&key),
                },
                column,
                frequency: table.frequency,
                total: table.total,
                unlisted: table.unlisted,
            });
        }
        specs
    }

    /// What the comparators of people's fields look up, when one is used.
    pub(super) fn readers(&mut self) -> Option<Readers> {
        let comparisons = self.raw.link.comparison.clone();
        if comparisons.iter().all(|one| one.measure.and_then(MeasureWord::named).is_none()) {
            return None;
        }
        let numbers = comparisons.iter().any(|one| one.measure == Some(MeasureWord::ResidentId));
        let as_of = self.raw.link.as_of.clone();
        let day = as_of.as_deref().and_then(Day::parse_iso);
        if day.is_none() && (as_of.is_some() || numbers) {
            let help = "as_of = \"2026-03-31\": nobody in the data is born after it";
            self.error("as_of", "link.as_of", "the day of the data is needed, as YYYY-MM-DD", help);
        }
        let folder = self.raw.tables.as_ref().map(|tables| beside(&self.folder, tables));
        match Tables::load(folder.as_deref()) {
            // Without numbers nothing asks for the day.
            Ok(tables) => Some(Readers { tables: Arc::new(tables), as_of: day.unwrap_or(Day::from_days(0)) }),
            Err(found) => {
                self.problems.extend(found);
                None
            }
        }
    }
}
