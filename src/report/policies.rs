//! What the sheets of 一童一策 show to whom: a recipient sees them when it may see every policy's verdict.

use std::collections::BTreeMap;

use super::book::{PolicyChild, PolicySheets};
use super::disclosure::{RecipientKind, Show};
use super::input::{Person, PublishInput, RuleFacts};
use super::rows::{Receiver, number, sex_word};
use crate::domain::{Entitlement, IdentityId, PolicyMatch};

/// The sheets for one recipient; `None` when it may not see a policy's class, or nobody was judged.
pub(super) fn sheets(
    input: &PublishInput<'_>,
    receiver: Receiver<'_>,
    kind: RecipientKind,
    name: &str,
) -> Option<PolicySheets> {
    let disclosure = receiver.context.disclosure();
    let full = |class: &str| disclosure.show(receiver.id, class) == Show::Full;
    let open = input.policies.iter().all(|policy| full(&policy.class)) && full("identity");
    if kind != RecipientKind::Agency || !open || input.matches.is_empty() {
        return None;
    }
    let mut children: BTreeMap<IdentityId, Vec<&PolicyMatch>> = BTreeMap::new();
    for found in input.matches {
        children.entry(found.identity).or_default().push(found);
    }
    let mut sorted: Vec<(Person, Vec<&PolicyMatch>)> =
        children.into_iter().map(|(identity, matches)| ((input.identity)(identity), matches)).collect();
    let last = |index: u16| if index == 0 { u16::MAX } else { index };
    sorted.sort_by_cached_key(|(person, matches)| {
        let place = (last(person.place.town), last(person.place.village));
        (place, person.name.clone(), matches.first().map(|found| found.identity))
    });
    let show = disclosure.show(receiver.id, "id_number");
    let of_policy = |matches: &[&PolicyMatch]| {
        let verdict =
            |id: &String| matches.iter().find(|found| found.policy == *id).map(|found| found.entitlement);
        input.policies.iter().map(|policy| verdict(&policy.id)).collect()
    };
    let child = |(person, matches): &(Person, Vec<&PolicyMatch>)| PolicyChild {
        who: [
            person.town.clone(),
            person.village.clone(),
            person.name.clone(),
            sex_word(person.sex).to_owned(),
        ],
        birth: person.birth,
        number: number(person, show),
        verdicts: of_policy(matches),
    };
    Some(PolicySheets {
        name: name.to_owned(),
        policies: input.policies.iter().map(|policy| policy.title.clone()).collect(),
        children: sorted.iter().map(child).collect(),
        reasons: reasons(input, receiver, &sorted, show),
    })
}

/// What may have to be looked at, the missed ones first; within a verdict in the order of the children.
fn reasons(
    input: &PublishInput<'_>,
    receiver: Receiver<'_>,
    children: &[(Person, Vec<&PolicyMatch>)],
    show: Show,
) -> Vec<[String; 9]> {
    let rules: BTreeMap<&str, &RuleFacts> = input.rules.iter().map(|rule| (rule.id.as_str(), rule)).collect();
    let mut rows: Vec<(u8, [String; 9])> = Vec::new();
    for (person, matches) in children {
        for found in matches {
            let Some(rank) = rank(found) else { continue };
            let Some(policy) = input.policies.iter().find(|policy| policy.id == found.policy) else {
                continue;
            };
            let rule =
                rules.get(found.finding.as_str()).map_or_else(String::new, |rule| receiver.title(rule));
            rows.push((
                rank,
                [
                    person.town.clone(),
                    person.village.clone(),
                    person.name.clone(),
                    number(person, show),
                    policy.title.clone(),
                    found.entitlement.title().to_owned(),
                    receiver.context.disclosure().redact(receiver.id, &found.words()),
                    rule,
                    policy.basis.join("；"),
                ],
            ));
        }
    }
    rows.sort_by_key(|(rank, _)| *rank);
    rows.into_iter().map(|(_, row)| row).collect()
}

/// Place of a verdict among the reasons; `None` when there is nothing to look at.
fn rank(found: &PolicyMatch) -> Option<u8> {
    match found.entitlement {
        Entitlement::Missed => Some(0),
        Entitlement::Unmet if found.enjoys == Some(true) => Some(1),
        Entitlement::Excluded => Some(2),
        Entitlement::Unknown => Some(3),
        Entitlement::Unmet | Entitlement::Enjoyed => None,
    }
}
