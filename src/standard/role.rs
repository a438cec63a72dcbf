//! A contract's mentions with every field resolved to a column, so that no name is looked up in a row.

use indexmap::IndexMap;

use crate::domain::{Contract, MentionSpec, Relation, RelationSource, Sex};
use crate::tables::Tables;

/// One role of an extract.
pub(super) struct Role {
    pub(super) name: usize,
    pub(super) former_name: Option<usize>,
    pub(super) resident_id: Option<usize>,
    pub(super) id_kind: Option<usize>,
    /// Labels of `id_kind` that mean a resident number.
    pub(super) id_kind_resident: Vec<String>,
    pub(super) birth_date: Option<usize>,
    pub(super) sex: Option<usize>,
    pub(super) sex_is: Sex,
    /// Index of the columns that tell where the person lives, see [`Roles::places`].
    pub(super) place: Option<usize>,
    pub(super) phone: Option<usize>,
    pub(super) historic_id: Option<usize>,
    pub(super) card_number: Option<usize>,
    /// Namespace and field of local keys.
    pub(super) local_key: Vec<(u16, usize)>,
    /// Namespace and field of households.
    pub(super) household: Vec<(u16, usize)>,
    pub(super) of: Option<u8>,
    pub(super) relation: RelationPlan,
}

/// Where the relation comes from.
pub(super) enum RelationPlan {
    Is(Relation),
    Field(usize),
}

/// Columns that tell where a person lives.
#[derive(PartialEq, Eq)]
pub(super) struct PlaceColumns {
    pub(super) town: Option<usize>,
    pub(super) village: Option<usize>,
    pub(super) address: Vec<usize>,
}

/// All roles of one extract, in contract order.
pub(super) struct Roles {
    pub(super) roles: Vec<Role>,
    /// Distinct sets of place columns.
    pub(super) places: Vec<PlaceColumns>,
}

/// The names of a run's namespaces, sorted.
pub(super) struct Namespaces {
    pub(super) local_keys: Vec<String>,
    pub(super) households: Vec<String>,
}

impl Namespaces {
    /// Namespaces that the mentions of these contracts declare.
    pub(super) fn of<'a>(contracts: &(impl Iterator<Item = &'a Contract> + Clone)) -> Self {
        let sorted = |of: fn(&MentionSpec) -> &IndexMap<String, String>| {
            let mut names: Vec<String> = contracts
                .clone()
                .flat_map(|contract| &contract.mention)
                .flat_map(|mention| of(mention).keys().cloned())
                .collect();
            names.sort();
            names.dedup();
            names
        };
        Self { local_keys: sorted(|mention| &mention.local_key), households: sorted(|m| &m.household) }
    }
}

/// Position of a namespace; there are far fewer than 2¹⁶.
fn position(names: &[String], name: &str) -> Option<u16> {
    names.binary_search_by(|known| known.as_str().cmp(name)).ok().and_then(|at| u16::try_from(at).ok())
}

impl Roles {
    /// Resolves the mentions of a contract. A mention whose name field does not exist is left out of
    /// every row (`spec` refuses such a contract before).
    pub(super) fn of(contract: &Contract, namespaces: &Namespaces) -> Self {
        let mut places = Vec::new();
        let roles =
            contract.mention.iter().map(|spec| Role::of(spec, contract, namespaces, &mut places)).collect();
        Self { roles, places }
    }
}

impl Role {
    fn of(
        spec: &MentionSpec,
        contract: &Contract,
        namespaces: &Namespaces,
        places: &mut Vec<PlaceColumns>,
    ) -> Self {
        let index = |name: &str| contract.field.get_index_of(name);
        let optional = |name: &Option<String>| name.as_deref().and_then(index);
        let keyed = |keys: &IndexMap<String, String>, names: &[String]| -> Vec<(u16, usize)> {
            keys.iter().filter_map(|(space, field)| Some((position(names, space)?, index(field)?))).collect()
        };
        let columns = PlaceColumns {
            town: optional(&spec.town),
            village: optional(&spec.village),
            address: spec.address.iter().filter_map(|field| index(field)).collect(),
        };
        let of = spec.of.as_ref().and_then(|of| contract.mention.iter().position(|other| other.role == *of));
        Self {
            name: index(&spec.name).expect("spec refuses a mention without a name field"),
            former_name: optional(&spec.former_name),
            resident_id: optional(&spec.resident_id),
            id_kind: optional(&spec.id_kind),
            id_kind_resident: spec.id_kind_resident.clone(),
            birth_date: optional(&spec.birth_date),
            sex: optional(&spec.sex),
            sex_is: spec.sex_is.map_or(Sex::Unknown, Sex::from),
            place: place_index(columns, places),
            phone: optional(&spec.phone),
            historic_id: optional(&spec.historic_id),
            card_number: optional(&spec.card_number),
            local_key: keyed(&spec.local_key, &namespaces.local_keys),
            household: keyed(&spec.household, &namespaces.households),
            of: of.and_then(|at| u8::try_from(at).ok()),
            relation: match &spec.relation {
                None => RelationPlan::Is(Relation::None),
                Some(RelationSource::Is(relation)) => RelationPlan::Is(*relation),
                Some(RelationSource::Field(field)) => {
                    index(field).map_or(RelationPlan::Is(Relation::None), RelationPlan::Field)
                }
            },
        }
    }
}

/// Position of the columns among those of earlier roles; `None` when the role has no such column.
fn place_index(columns: PlaceColumns, places: &mut Vec<PlaceColumns>) -> Option<usize> {
    if columns.town.is_none() && columns.village.is_none() && columns.address.is_empty() {
        return None;
    }
    let known = places.iter().position(|other| *other == columns);
    Some(known.unwrap_or_else(|| {
        places.push(columns);
        places.len() - 1
    }))
}

impl RelationPlan {
    /// The relation of a row, given the label of the relation field.
    pub(super) fn relation<'a>(&self, label: impl Fn(usize) -> Option<&'a str>, tables: &Tables) -> Relation {
        match self {
            Self::Is(relation) => *relation,
            Self::Field(field) => {
                label(*field).and_then(|label| tables.relations.get(label)).copied().unwrap_or_default()
            }
        }
    }
}
