#!/usr/bin/env python3
"""Writes the ledgers of tests/suite/compat that no program of their time left behind: versions 2, 3, 6, 7 and 8.

    scripts/make-old-ledgers.py

Each begins with a real ledger of an earlier version (1, 4 and 5 are kept), takes the steps of `src/ledger/schema.rs` up to its own
version, and gets what a program of that version wrote: events with their chain, receipts, looks with their own chain. The hashes
are worked out here from the description of the chain, not by the program. Needs only Python.
"""

import hashlib
import json
import re
import shutil
import sqlite3
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
KEPT = ROOT / "tests/suite/compat"
STEPS = {int(to): sql for to, sql in re.findall(r'to: (\d+),\s*sql: "(.*?)"', (ROOT / "src/ledger/schema.rs").read_text(), re.S)}


def chained(*parts):
    """Every part with its length before it."""
    told = [str(part).encode() for part in parts]
    return hashlib.sha256(b"".join(len(part).to_bytes(8, "big") + part for part in told)).hexdigest()


class Old:
    """A ledger of `version`, begun with the one of another."""

    def __init__(self, version, begun_with):
        self.path, self.version = KEPT / f"ledger-v{version}.sqlite", version
        shutil.copyfile(KEPT / f"ledger-v{begun_with}.sqlite", self.path)
        self.file = sqlite3.connect(self.path, isolation_level=None)
        for step in range(begun_with + 1, version + 1):
            self.file.executescript(STEPS[step])

    def last(self, table):
        return self.file.execute(f"SELECT seq, hash FROM {table} ORDER BY seq DESC LIMIT 1").fetchone() or (0, "")

    def event(self, run, case, kind, at, **payload):
        (seq, prev), payload = self.last("event"), json.dumps({"kind": kind, **payload}, ensure_ascii=False, separators=(",", ":"))
        told = (seq + 1, run, case, kind, at, payload, prev)
        told += (chained(prev, seq + 1, run, case, kind, at, payload),)
        self.file.execute("INSERT INTO event VALUES (?, ?, ?, ?, ?, ?, ?, ?)", told)
        self.file.execute("UPDATE chain SET head = ?", told[-1:])

    def look(self, at, account, command, what, reason, approval):
        seq, prev = self.last("access")
        told = {"seq": seq + 1, "at": at, "account": account, "command": command, "what": what, "reason": reason, "approval": approval}
        told |= {"prev": prev, "hash": chained(prev, *told.values())}
        self.file.execute(f"INSERT INTO access ({', '.join(told)}) VALUES ({', '.join('?' * len(told))})", tuple(told.values()))
        self.file.execute("UPDATE access_chain SET head = ?", (told["hash"],))

    def answered(self):
        """An officer explains the case of row b, which was found again."""
        case, day = "d|roll|b|2026-2027", "2026-11-05"
        self.event("run-4", case, "sent", day)
        answer = {"outcome": "refuted", "code": "elsewhere", "reason": "省外就读", "fields": {}, "officer": "甲", "approver": "",
                  "silence": "fact", "needs_approval": False, "corrects": [], "class": "plain", "pairs": []}
        self.event("receipt-1", case, "answered", day, answer=answer)
        self.event("receipt-1", case, "closed", day, reason="不属实（省外就读）", gone=False)
        head = self.last("event")[1]
        files = json.dumps([["a.csv", hashlib.sha256(b"a").hexdigest()]], separators=(",", ":"))
        self.file.execute("INSERT INTO receipt VALUES (1, 'receipt-1', ?, ?, ?, 1, 0, ?)", (day, f"{day}T09:00:00+08:00", files, head))

    def erased(self):
        """The time of the case of row a, which was withdrawn, is over."""
        case, day = "d|roll|a|2026-2027", "2029-11-20"
        of_case = self.file.execute("SELECT seq, hash FROM event WHERE case_key = ? ORDER BY seq", (case,)).fetchall()
        number = self.file.execute("SELECT number FROM case_number WHERE case_key = ?", (case,)).fetchone()[0]
        certificate = "删除证明_2029-11-20_1.csv"
        self.event("purge", "", "purged", day, by="周某", certificate=certificate, sha256=hashlib.sha256(b"b").hexdigest(), classes=[])
        self.event("purge", "", "erased", day, by="周某", certificate=certificate, cases=[{"number": number, "events": of_case}])
        for seq, _ in of_case:
            self.file.execute("UPDATE event SET payload = '', case_key = '' WHERE seq = ?", (seq,))
        self.file.execute("UPDATE case_number SET case_key = 'erased ' || number WHERE number = ?", (number,))

    def packed(self):
        """The first file that was handed over left encrypted."""
        run, path, digest, recipient = self.file.execute("SELECT run_id, path, sha256, recipient FROM handover ORDER BY path").fetchone()
        told = (run, path, digest, recipient, "2026-11-21T09:00:00+08:00", "wangmou", f"{Path(path).name}.age", hashlib.sha256(b"c").hexdigest(), "age1")
        self.file.execute("INSERT INTO packing VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", told)

    def sent(self):
        """The first file that was handed over was sent to a remote."""
        run, path, digest, recipient = self.file.execute("SELECT run_id, path, sha256, recipient FROM handover ORDER BY path").fetchone()
        told = (1, run, path, digest, recipient, "office", "in", Path(path).name, "2026-11-21T09:00:00+08:00", "wangmou", "arrived", "")
        self.file.execute("INSERT INTO sending VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", told)

    def done(self):
        self.file.execute(f"PRAGMA user_version = {self.version}")
        self.file.execute("VACUUM")
        self.file.close()
        print(f"written: {self.path.relative_to(ROOT)}")


def main():
    second = Old(2, begun_with=1)
    second.answered()
    second.done()
    # Version 4 changed no table, and nothing in this one is of a kind that came with it.
    Old(3, begun_with=4).done()
    sixth = Old(6, begun_with=5)
    sixth.look("2026-11-21T09:00:00+08:00", "wangmou", "explain case", "7K3D-9Q2M", "电话核对", "周某 2026-11-01 批准，至 2026-12-31")
    sixth.done()
    seventh = Old(7, begun_with=2)
    seventh.erased()
    seventh.done()
    eighth = Old(8, begun_with=6)
    eighth.packed()
    eighth.done()
    ninth = Old(9, begun_with=8)
    ninth.sent()
    ninth.done()


if __name__ == "__main__":
    main()
