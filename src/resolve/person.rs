//! The best values of a person.

use crate::domain::{
    Day, Grade, IdState, Identity, IdentityId, Mention, MentionSet, NameForm, NameId, Place, ResidentId, Sex,
};

/// The identity that a person's mentions, the most telling first, amount to. A disputed number counts only where all
/// are: then nothing else is known.
pub(super) fn identity(
    id: IdentityId,
    members: &[u32],
    mentions: &MentionSet,
    (grades, disputed): (&[Grade], &[bool]),
) -> Identity {
    let all = || members.iter().map(|&at| &mentions.mentions[at as usize]);
    let all_disputed = members.iter().all(|&at| disputed[at as usize]);
    let own_number = || {
        let counts = |at: &&u32| all_disputed || !disputed[**at as usize];
        members.iter().filter(counts).map(|&at| &mentions.mentions[at as usize])
    };
    let name = best(all().filter(|m| tells(mentions, m.name)).map(|m| m.name));
    let name = name.or_else(|| all().map(|m| m.name).find(|name| name.is_some()));
    let usable = |m: &&Mention| matches!(m.id_state, IdState::Valid | IdState::Extended);
    // A number that the row's own birth date contradicts is likely another person's: it stands for this
    // one only when no other does.
    let agrees =
        |m: &&Mention| m.birth_from_id || m.birth.is_none() || m.id.and_then(ResidentId::birth) == m.birth;
    let resident_id: Option<ResidentId> =
        best(own_number().filter(usable).filter(agrees).filter_map(|m| m.id))
            .or_else(|| best(own_number().filter(usable).filter_map(|m| m.id)));
    let own: Option<Day> = best(all().filter(|m| !m.birth_from_id).filter_map(|m| m.birth));
    let place = |wanted: fn(Place) -> bool| best(all().map(|m| m.place).filter(|place| wanted(*place)));
    let place = place(|p| p.village != 0).or_else(|| place(|p| p.town != 0)).or_else(|| place(|p| p.outside));
    Identity {
        id,
        name: name
            .and_then(|name| mentions.names.get(name))
            .map_or_else(String::new, |n| n.display.to_string()),
        resident_id,
        birth: resident_id.and_then(ResidentId::birth).or(own),
        sex: best(all().map(|m| m.sex).filter(|sex| *sex != Sex::Unknown)).unwrap_or_default(),
        place: place.unwrap_or_default(),
        grade: members.iter().map(|&at| grades[at as usize]).max().unwrap_or(Grade::A),
        mentions: u32::try_from(members.len()).unwrap_or(u32::MAX),
    }
}

fn tells(mentions: &MentionSet, name: NameId) -> bool {
    mentions.names.get(name).is_some_and(|name| name.form == NameForm::Full)
}

/// The most frequent value; among equally frequent ones the one told first.
fn best<T: PartialEq + Copy>(values: impl Iterator<Item = T>) -> Option<T> {
    let mut counts: Vec<(T, u32)> = Vec::new();
    for value in values {
        match counts.iter_mut().find(|(known, _)| *known == value) {
            Some((_, n)) => *n += 1,
            None => counts.push((value, 1)),
        }
    }
    let most = counts.iter().map(|&(_, n)| n).max()?;
    counts.into_iter().find(|&(_, n)| n == most).map(|(value, _)| value)
}

#[cfg(test)]
mod tests {

    use super::*;
    use crate::domain::Relation;

    fn mention(number: u64, birth: Day) -> Mention {
        Mention {
            extract: 0,
            role: 0,
            sex: Sex::Unknown,
            row: 0,
            name: NameId::NONE,
            former_name: NameId::NONE,
            id: Some(ResidentId::from_body(number)),
            id_state: IdState::Valid,
            birth: Some(birth),
            birth_from_id: false,
            place: Place::default(),
            phone: 0,
            of: None,
            relation: Relation::None,
        }
    }

    fn of(rows: &[Mention], disputed: [bool; 2]) -> Identity {
        let mentions = MentionSet { mentions: rows.to_vec(), ..MentionSet::default() };
        identity(IdentityId(1), &[0, 1], &mentions, (&[Grade::A; 2], &disputed))
    }

    #[track_caller]
    fn check(rows: &[Mention], expected: u64) {
        let best = of(rows, [false; 2]);
        let number = ResidentId::from_body(expected);
        assert!(best.resident_id == Some(number));
        assert_eq!(best.birth, number.birth());
    }

    #[test]
    fn a_number_that_is_somebody_elses_gives_neither_number_nor_birth() {
        let fathers = 999_999_199_004_133_u64 * 100 + 3;
        let day = Day::from_ymd(2019, 1, 14).unwrap();
        let lent = Mention { birth_from_id: true, ..mention(fathers, Day::from_ymd(1990, 4, 13).unwrap()) };
        let own = Mention { id: None, id_state: IdState::Missing, ..mention(fathers, day) };
        let best = of(&[lent.clone(), own], [true, false]);
        assert!(best.resident_id.is_none());
        assert_eq!(best.birth, Some(day));
        // Where nothing else is known, what is written stands.
        assert!(of(&[lent.clone(), lent], [true, true]).resident_id.is_some());
    }

    #[test]
    fn a_number_that_its_row_contradicts_gives_way_to_another() {
        let (childs, own) = (999_999_201_802_262_u64 * 100 + 20, 999_999_195_801_313_u64 * 100 + 96);
        let day = Day::from_ymd(1958, 1, 31).unwrap();
        check(&[mention(childs, day), mention(own, day)], own);
        check(&[mention(childs, day), mention(childs, day)], childs);
    }
}
