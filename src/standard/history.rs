//! Registers of changes: their rows name nobody, but give further numbers and former names to mentions
//! of other extracts that carry the same local key.

use rustc_hash::FxHashMap;

use super::cell::{Cells, key_folded};
use super::column::Column;
use super::person::believable;
use crate::domain::{Contract, MentionSet, OtherId, OtherIdSource, ResidentId, StdName};

/// Changes of all registers of a run.
#[derive(Default)]
pub(super) struct History {
    /// Namespace → local key → changes in the order of the records.
    changes: FxHashMap<String, FxHashMap<String, Vec<Change>>>,
}

enum Change {
    Numbers(Vec<ResidentId>),
    Names { before: StdName, after: Option<StdName> },
}

impl History {
    /// Takes in the rows of a register; other extracts have none.
    pub(super) fn read(&mut self, contract: &Contract, columns: &[Column], rows: &[u32], cells: &Cells<'_>) {
        let Some(register) = &contract.id_history else { return };
        let column = |field: &str| contract.field.get_index_of(field).map(|index| &columns[index]);
        let (Some(person), Some(kind), Some(before)) =
            (column(&register.person), column(&register.kind), column(&register.before))
        else {
            return;
        };
        let after = register.after.as_deref().and_then(column);
        let persons = self.changes.entry(register.namespace.clone()).or_default();
        for row in rows.iter().map(|&row| row as usize) {
            let (Some(key), Some(label)) = (person.str(row), kind.str(row)) else { continue };
            let before = before.str(row);
            let after = after.and_then(|column| column.str(row));
            let change = if register.id_kinds.iter().any(|known| known == label) {
                let texts = before.into_iter().chain(after);
                let numbers = texts.filter_map(|text| cells.resident_id(text).0);
                Some(Change::Numbers(numbers.filter(|number| believable(*number)).collect()))
            } else if register.name_kinds.iter().any(|known| known == label) {
                let name = |text: &str| cells.name(text).map(|(name, ..)| name);
                before.and_then(name).map(|before| Change::Names { before, after: after.and_then(name) })
            } else {
                None
            };
            if let Some(change) = change {
                persons.entry(key_folded(key).into_owned()).or_default().push(change);
            }
        }
    }

    /// Gives the numbers and names to the mentions with the local keys.
    pub(super) fn apply(self, set: &mut MentionSet) {
        let mut others = Vec::new();
        for key in &set.local_keys {
            let namespace = &set.namespaces[usize::from(key.namespace)];
            let Some(changes) = self.changes.get(namespace).and_then(|persons| persons.get(&*key.value))
            else {
                continue;
            };
            let mention = &mut set.mentions[key.mention as usize];
            for change in changes {
                match change {
                    Change::Numbers(numbers) => {
                        let further = numbers.iter().filter(|number| Some(**number) != mention.id);
                        others.extend(further.map(|&id| OtherId {
                            mention: key.mention,
                            id,
                            source: OtherIdSource::ChangeLog,
                        }));
                    }
                    Change::Names { before, after } => {
                        let same = set.names.get(mention.name).is_some_and(|name| name.key == before.key);
                        let other: Option<&StdName> = if same { after.as_ref() } else { Some(before) };
                        if let Some(other) = other.filter(|_| !mention.former_name.is_some()) {
                            mention.former_name = set.names.intern(other.clone());
                        }
                    }
                }
            }
        }
        if !others.is_empty() {
            set.other_ids.append(&mut others);
            set.other_ids.sort_by_key(|other| (other.mention, other.source, other.id));
            set.other_ids.dedup_by(|a, b| (a.mention, a.source, a.id) == (b.mention, b.source, b.id));
        }
    }
}
