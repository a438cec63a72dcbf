"""The ledger read a second time: its events folded by another program than the one that wrote them, its hash
chain worked out anew, and a ledger built from nothing but its events.
"""

import hashlib
import json
import sqlite3

EVENTS = "SELECT seq, run_id, case_key, kind, at, payload, prev, hash FROM event WHERE seq > ? ORDER BY seq"
OPEN = ("new", "sent", "reopened", "disputed")
# Events that belong to no case.
CASELESS = ("released", "purged", "erased")
# Where an event leads; an answer leads on only while the case is asked about.
LEADS = {"opened": "new", "sent": "sent", "withdrawn": "withdrawn", "reopened": "reopened", "disputed": "disputed",
         "approved": "approved", "closed": "closed", "suspended": "suspended", "objected": "objected",
         "upheld": "approved", "revoked": "closed"}


class Case:
    """What the events of one case say about it."""

    def __init__(self, number, at, finding):
        self.number, self.finding, self.phase = number, finding, "new"
        self.first_seen = self.listed_on = at
        self.answers, self.earlier, self.silent_through, self.gone = [], 0, None, False
        self.settled_finding, self.why = None, ""

    def take(self, kind, at, said):
        if kind == "answered":
            self.answers.append({**said["answer"], "approved_by": "", "on": at, "revoked": False})
            if self.phase in OPEN and self.phase != "disputed":
                self.phase = "answered"
            return
        if kind == "noticed":
            return
        if kind == "changed":
            self.finding = said["finding"]
            return
        if kind != "approved" or self.phase != "withdrawn":
            self.phase = LEADS[kind]
        if kind == "approved":
            self.answers[self.earlier + said["answer"]]["approved_by"] = said["by"]
        elif kind == "closed":
            self.gone, self.settled_finding = said["gone"], self.finding
        elif kind == "revoked":
            self.gone, self.settled_finding = False, self.finding
            for answer in self.current():
                answer["revoked"] = True
        elif kind == "suspended":
            self.silent_through, self.settled_finding = said["through"], self.finding
        elif kind == "reopened":
            self.finding, self.listed_on, self.silent_through, self.gone = said["finding"], at, None, False
            self.earlier, self.settled_finding, self.why = len(self.answers), None, said.get("why", "")

    def current(self):
        return self.answers[self.earlier:]

    def standing(self):
        if self.phase in ("disputed", "objected"):
            return None
        current = [answer for answer in self.current() if not answer["revoked"]]
        approved = [answer for answer in current if answer["approved_by"]]
        return (approved or current or [None])[-1]

    def waits(self):
        standing = self.standing()
        return self.phase == "answered" and standing is not None and standing["needs_approval"]

    def told(self):
        """As `doudi case list --json` tells it."""
        return {
            "clue": self.number, "phase": self.phase, "waits_for_approval": self.waits(), "rule": self.finding["rule"],
            "first_seen": self.first_seen, "listed_on": self.listed_on, "silent_through": self.silent_through,
            "answers": len(self.current()),
        }


class Fold:
    """All cases, from events in their order."""

    def __init__(self):
        self.cases, self.seq, self.head = {}, 0, ""

    def take(self, event):
        """One event; gives its case (None where it belongs to none) and what it says. A wrong link of the chain is an
        error."""
        seq, run_id, key, kind, at, payload, prev, digest = event
        emptied = kind not in CASELESS and key == payload == ""
        if seq != self.seq + 1 or prev != self.head or (not emptied and digest != chained(event)):
            raise ValueError(f"event {seq} does not fit the chain")
        self.seq, self.head = seq, digest
        if emptied:
            return None, {}
        said = json.loads(payload)
        if kind in CASELESS:
            return None, said
        if kind == "opened":
            self.cases[key] = Case(said["number"], at, said["finding"])
        else:
            self.cases[key].take(kind, at, said)
        return self.cases[key], said

    def told(self):
        return {case.number: case.told() for case in self.cases.values()}


def chained(event):
    """SHA-256 over the link before and all parts, each with its length."""
    seq, run_id, key, kind, at, payload, prev, _ = event
    digest = hashlib.sha256()
    for part in (prev, str(seq), run_id, key, kind, at, payload):
        data = part.encode()
        digest.update(len(data).to_bytes(8, "big") + data)
    return digest.hexdigest()


def rebuilt(state, to):
    """A ledger that holds nothing but what follows from the events of another one: the events with links worked
    out anew, the numbers of their cases, the end of the chain, and the runs they name."""
    to.mkdir(parents=True)
    old = sqlite3.connect(f"file:{state}/ledger.sqlite?mode=ro", uri=True)
    new = sqlite3.connect(to / "ledger.sqlite")
    for (sql,) in old.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'"):
        new.execute(sql)
    new.execute(f"PRAGMA user_version = {old.execute('PRAGMA user_version').fetchone()[0]}")
    head = ""
    for event in old.execute(EVENTS, (0,)).fetchall():
        event = (*event[:6], head, "")
        head = chained(event)
        new.execute("INSERT INTO event VALUES (?, ?, ?, ?, ?, ?, ?, ?)", (*event[:7], head))
        if event[3] == "opened":
            new.execute("INSERT INTO case_number (number, case_key) VALUES (?, ?)", (json.loads(event[5])["number"], event[2]))
    new.execute("INSERT INTO chain (id, head) VALUES (1, ?)", (head,))
    new.executemany("INSERT INTO run VALUES (?, ?, ?, ?, ?, ?, ?)", old.execute("SELECT * FROM run").fetchall())
    new.commit()
    new.close()
    old.close()
    return head
