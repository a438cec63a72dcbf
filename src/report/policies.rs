//! What the sheets of 一童一策 show to whom: a recipient sees them when it may see every policy's verdict.

use std::collections::BTreeMap;

use super::book::{PolicyChild, PolicySheets};
use super::disclosure::RecipientKind;
use super::gate::{Cleared, Gate, PLAIN};
use super::input::{Person, PolicyFacts, PublishInput, RuleFacts};
use super::rows::{Receiver, sex_word, unknown_last};
use crate::domain::{Entitlement, IdentityId, PolicyMatch};

/// The sheets for one recipient; `None` when it may not see a policy's class, or nobody was judged.
pub(super) fn sheets(
    input: &PublishInput<'_>,
    receiver: Receiver<'_>,
    kind: RecipientKind,
    name: &str,
) -> Option<PolicySheets> {
    let gate = receiver.gate();
    let open = input.policies.iter().all(|policy| gate.knows(&policy.class)) && gate.knows("identity");
    if kind != RecipientKind::Agency || !open || input.matches.is_empty() {
        return None;
    }
    let mut children: BTreeMap<IdentityId, Vec<&PolicyMatch>> = BTreeMap::new();
    for found in input.matches {
        children.entry(found.identity).or_default().push(found);
    }
    let mut sorted: Vec<(Person, Vec<&PolicyMatch>)> =
        children.into_iter().map(|(identity, matches)| ((input.identity)(identity), matches)).collect();
    sorted.sort_by_cached_key(|(person, matches)| {
        let place = (unknown_last(person.place.town), unknown_last(person.place.village));
        (place, person.name.clone(), matches.first().map(|found| found.identity))
    });
    let of_policy = |gate: Gate<'_>, matches: &[&PolicyMatch]| {
        let verdict =
            |id: &String| matches.iter().find(|found| found.policy == *id).map(|found| found.entitlement);
        let known = |policy: &PolicyFacts| verdict(&policy.id).filter(|_| gate.knows(&policy.class));
        input.policies.iter().map(known).collect()
    };
    let child = |(person, matches): &(Person, Vec<&PolicyMatch>)| {
        let gate = receiver.gate_of(person);
        PolicyChild {
            who: [&person.town, &person.village, &person.name, sex_word(person.sex)]
                .map(|text| gate.cell("identity", text).into_text()),
            birth: gate.day("identity", person.birth),
            number: gate.number("id_number", person).into_text(),
            verdicts: of_policy(gate, matches),
        }
    };
    Some(PolicySheets {
        name: name.to_owned(),
        policies: input.policies.iter().map(|policy| policy.title.clone()).collect(),
        children: sorted.iter().map(child).collect(),
        reasons: reasons(input, receiver, &sorted),
    })
}

/// What may have to be looked at, the missed ones first; within a verdict in the order of the children.
fn reasons(
    input: &PublishInput<'_>,
    receiver: Receiver<'_>,
    children: &[(Person, Vec<&PolicyMatch>)],
) -> Vec<[String; 9]> {
    let rules: BTreeMap<&str, &RuleFacts> = input.rules.iter().map(|rule| (rule.id.as_str(), rule)).collect();
    let mut rows: Vec<(u8, [String; 9])> = Vec::new();
    for (person, matches) in children {
        let gate = receiver.gate_of(person);
        for found in matches {
            let Some(rank) = rank(found) else { continue };
            let Some(policy) = input.policies.iter().find(|policy| policy.id == found.policy) else {
                continue;
            };
            let rule = rules.get(found.finding.as_str()).map_or_else(String::new, |rule| gate.title(rule));
            let identity = |text: &str| gate.cell("identity", text);
            let cells = [
                identity(&person.town),
                identity(&person.village),
                identity(&person.name),
                gate.number("id_number", person),
                gate.cell(PLAIN, &policy.title),
                gate.cell(&policy.class, found.entitlement.title()),
                gate.cell(&policy.class, &gate.redact(&found.words())),
                gate.cell(PLAIN, &rule),
                gate.cell(PLAIN, &policy.basis.join("；")),
            ];
            rows.push((rank, cells.map(Cleared::into_text)));
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
