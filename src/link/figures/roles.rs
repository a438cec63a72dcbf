//! How full the deliveries are, and how many of their persons were linked with nobody.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::super::prepare::Prepared;
use crate::comparator::resident_id;
use crate::domain::{RoleFigure, Sex};

/// Figures of every role, in the order of extracts and roles. `alone` says of a mention whether it is linked
/// with none, `comparable` whether it tells enough to be compared.
pub(in crate::link) fn roles(
    prepared: &Prepared<'_>,
    alone: impl Fn(u32) -> bool + Sync,
    comparable: impl Fn(u32) -> bool + Sync,
) -> Vec<RoleFigure> {
    type Counts = BTreeMap<(u16, u8), RoleFigure>;
    let part = |mut counts: Counts, at: u32| {
        let mention = prepared.mention(at);
        let figure = counts.entry((mention.extract, mention.role)).or_default();
        let usable = resident_id::usable(mention.id_state);
        let alone = alone(at);
        figure.mentions += 1;
        figure.name += u64::from(prepared.names.tells(mention.name));
        figure.number += u64::from(mention.id.is_some() && usable);
        figure.damaged += u64::from(mention.id.is_some() && !usable);
        figure.birth += u64::from(mention.birth.is_some());
        figure.sex += u64::from(mention.sex != Sex::Unknown);
        figure.village += u64::from(mention.place.village != 0);
        figure.phone += u64::from(mention.phone != 0);
        figure.alone += u64::from(alone);
        figure.unlinkable += u64::from(alone && !comparable(at));
        counts
    };
    let counts =
        (0..prepared.len()).into_par_iter().fold(Counts::new, part).reduce(Counts::new, |mut all, other| {
            for (key, figure) in other {
                all.entry(key).or_default().add(&figure);
            }
            all
        });
    counts
        .into_iter()
        .map(|(key, figure)| {
            let (extract, role) = prepared.title(key);
            RoleFigure { extract: extract.to_owned(), role: role.to_owned(), ..figure }
        })
        .collect()
}
