//! The life of a case: which event leads from which phase to which. One table, nothing beside it.

use super::event::EventKind as E;
use crate::domain::Phase as P;

/// (phase before, event, phase after); `None` before the case exists. What does not stand here cannot
/// happen.
const TRANSITIONS: [(Option<P>, E, P); 50] = [
    (None, E::Opened, P::New),
    // Asked.
    (Some(P::New), E::Sent, P::Sent),
    (Some(P::New), E::Changed, P::New),
    (Some(P::New), E::Acknowledged, P::New),
    (Some(P::New), E::Answered, P::Answered),
    (Some(P::New), E::Withdrawn, P::Withdrawn),
    (Some(P::Reopened), E::Sent, P::Sent),
    (Some(P::Reopened), E::Changed, P::Reopened),
    (Some(P::Reopened), E::Acknowledged, P::Reopened),
    (Some(P::Reopened), E::Answered, P::Answered),
    (Some(P::Reopened), E::Withdrawn, P::Withdrawn),
    (Some(P::Sent), E::Changed, P::Sent),
    (Some(P::Sent), E::Acknowledged, P::Sent),
    (Some(P::Sent), E::Answered, P::Answered),
    (Some(P::Sent), E::Withdrawn, P::Withdrawn),
    // Answered, with or without a second person.
    (Some(P::Answered), E::Answered, P::Answered),
    (Some(P::Answered), E::Changed, P::Answered),
    (Some(P::Answered), E::Disputed, P::Disputed),
    (Some(P::Answered), E::Approved, P::Approved),
    (Some(P::Answered), E::Closed, P::Closed),
    (Some(P::Answered), E::Suspended, P::Suspended),
    (Some(P::Answered), E::Withdrawn, P::Withdrawn),
    (Some(P::Approved), E::Changed, P::Approved),
    (Some(P::Approved), E::Closed, P::Closed),
    (Some(P::Approved), E::Suspended, P::Suspended),
    // Only an approval settles a dispute.
    (Some(P::Disputed), E::Answered, P::Disputed),
    (Some(P::Disputed), E::Changed, P::Disputed),
    (Some(P::Disputed), E::Approved, P::Approved),
    (Some(P::Disputed), E::Withdrawn, P::Withdrawn),
    // Who answers late is heard; a contradiction opens the case again.
    (Some(P::Approved), E::Answered, P::Approved),
    (Some(P::Closed), E::Answered, P::Closed),
    (Some(P::Suspended), E::Answered, P::Suspended),
    (Some(P::Withdrawn), E::Answered, P::Withdrawn),
    // So is who signs late: it counts when the case comes back.
    (Some(P::Withdrawn), E::Approved, P::Withdrawn),
    (Some(P::Suspended), E::Suspended, P::Suspended),
    (Some(P::Approved), E::Disputed, P::Disputed),
    (Some(P::Closed), E::Disputed, P::Disputed),
    (Some(P::Suspended), E::Disputed, P::Disputed),
    // Asked again, or known to be explained when it comes back.
    (Some(P::Closed), E::Reopened, P::Reopened),
    (Some(P::Suspended), E::Reopened, P::Reopened),
    (Some(P::Withdrawn), E::Reopened, P::Reopened),
    (Some(P::Withdrawn), E::Closed, P::Closed),
    (Some(P::Withdrawn), E::Suspended, P::Suspended),
    // What two persons settled is told to whom it concerns, who may object until two persons decide; a decision
    // against it explains the case.
    (Some(P::Approved), E::Noticed, P::Approved),
    (Some(P::Closed), E::Noticed, P::Closed),
    (Some(P::Approved), E::Objected, P::Objected),
    (Some(P::Closed), E::Objected, P::Objected),
    (Some(P::Objected), E::Changed, P::Objected),
    (Some(P::Objected), E::Upheld, P::Approved),
    (Some(P::Objected), E::Revoked, P::Closed),
];

/// The phase after an event; `None` when the event cannot follow.
pub(super) fn after(before: Option<P>, event: E) -> Option<P> {
    TRANSITIONS.iter().find(|(from, kind, _)| (*from, *kind) == (before, event)).map(|(.., to)| *to)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The whole table as a person reads it: for each phase the events in the order of `EventKind::ALL`
    /// and where they lead; `·` is forbidden.
    #[test]
    fn every_phase_and_event_leads_where_it_should_or_nowhere() {
        let letter = |phase: P| match phase {
            P::New => 'N',
            P::Sent => 'S',
            P::Answered => 'A',
            P::Disputed => 'D',
            P::Approved => 'P',
            P::Objected => 'O',
            P::Closed => 'C',
            P::Suspended => 'U',
            P::Reopened => 'R',
            P::Withdrawn => 'W',
        };
        let row = |from: Option<P>| -> String {
            E::ALL.iter().map(|event| after(from, *event).map_or('·', letter)).collect()
        };
        // Opened Changed Withdrawn Reopened Sent Acknowledged Answered Disputed Approved Closed Suspended Noticed Objected Upheld
        // Revoked
        assert_eq!(row(None), "N··············");
        let expected = [
            (P::New, "·NW·SNA········"),
            (P::Sent, "·SW··SA········"),
            (P::Answered, "·AW···ADPCU····"),
            (P::Disputed, "·DW···D·P······"),
            (P::Approved, "·P····PD·CUPO··"),
            (P::Objected, "·O···········PC"),
            (P::Closed, "···R··CD···CO··"),
            (P::Suspended, "···R··UD··U····"),
            (P::Reopened, "·RW·SRA········"),
            (P::Withdrawn, "···R··W·WCU····"),
        ];
        assert_eq!(expected.map(|(phase, _)| phase), P::ALL);
        for (phase, events) in expected {
            assert_eq!(row(Some(phase)), events, "{phase:?}");
        }
    }

    #[test]
    fn no_step_stands_twice_and_every_phase_can_be_reached_and_left() {
        for (at, (from, event, _)) in TRANSITIONS.iter().enumerate() {
            assert!(!TRANSITIONS[..at].iter().any(|(f, e, _)| (f, e) == (from, event)), "{from:?} {event:?}");
        }
        for phase in P::ALL {
            let reached = TRANSITIONS.iter().any(|(from, _, to)| *to == phase && *from != Some(phase));
            let left = TRANSITIONS.iter().any(|(from, _, to)| *from == Some(phase) && *to != phase);
            assert!(reached && left, "{phase:?}");
        }
    }
}
