"""A pipeline's folders as something that can be copied, hurt, looked at and compared: what `test-faults` works on."""

import collections
import datetime
import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import tempfile
from pathlib import Path

from county import County
from receipts import ROOT, fill

START = datetime.date(2026, 11, 20)
# Rules enough for every kind of list, annex and policy-free workbook, for a short look.
QUICK = ["d_hukou_no_roll", "e_dead_paid", "u_orphan", "x_carer_died", "q_visit_overdue", "z_id_invalid"]
# Instants are for people; a run that is repeated has another one, and another number of its commit.
INSTANTS = ("committed", "imported")
# Every list and annex knows these answers.
ANSWERS = [
    {"核查结果": "属实", "核查人": "王某", "情况说明": "已上门"},
    {"核查结果": "无法核实", "核查人": "赵某"},
    {"核查结果": "不属实", "原因分类": "其他", "情况说明": "另有情况", "核查人": "钱某"},
]


def program():
    target = os.environ.get("CARGO_TARGET_DIR", str(ROOT / "target"))
    return os.environ.get("DOUDI", str(Path(target) / "release" / "doudi"))


class World:
    """The state and the runs of one pipeline."""

    def __init__(self, folder):
        self.folder, self.state, self.out = folder, folder / "state", folder / "out"

    def copied(self, to):
        if to.exists():
            shutil.rmtree(to)
        shutil.copytree(self.folder, to, symlinks=True)
        return World(to)

    def partial(self):
        """Name of the folder in which its runs work."""
        return ".partial-" + hashlib.sha256(str(self.state.resolve()).encode()).hexdigest()[:8]


class Look:
    """What a world holds: the tables of its ledger, the files of its runs, the registers, what lies beside them."""

    def __init__(self, world):
        self.tables = tables(world.state)
        self.runs, self.latest, self.beside, self.registers = {}, None, set(), set()
        for entry in sorted(world.out.iterdir()) if world.out.is_dir() else []:
            if entry.name == "latest" and entry.is_symlink():
                self.latest = os.readlink(entry)
            elif entry.name[0].isdigit() and entry.is_dir():
                self.runs[entry.name] = files(entry)
            elif entry.name != ".lock":
                self.beside.add(f"out/{entry.name}")
        for path in sorted(world.state.rglob("*")) if world.state.is_dir() else []:
            name = str(path.relative_to(world.state))
            if name.startswith("register/") and path.suffix == ".parquet":
                self.registers.add(name if register_is_whole(path) else f"{name}, which is not what its name says")
            elif path.is_file() and name not in ("lock", "ledger.sqlite"):
                self.beside.add(f"state/{name}")

    def against(self, wanted):
        """What is different from another look, in words; how much is missing, and how much is too much."""
        words, lost, doubled = [], 0, 0
        for table in sorted({*self.tables, *wanted.tables}):
            less = sum((wanted.tables.get(table, collections.Counter()) - self.tables.get(table, collections.Counter())).values())
            more = sum((self.tables.get(table, collections.Counter()) - wanted.tables.get(table, collections.Counter())).values())
            lost, doubled = lost + less, doubled + more
            if less or more:
                words.append(f"table {table}: {less} rows missing, {more} too many")
        for run in sorted({*self.runs, *wanted.runs}):
            here, there = self.runs.get(run, {}), wanted.runs.get(run, {})
            less = [name for name in there if here.get(name) != there[name]]
            more = [name for name in here if name not in there]
            lost, doubled = lost + len(less), doubled + len(more)
            if less or more:
                words.append(f"run {run}: {len(less)} files missing or changed, {len(more)} too many: {(less + more)[:2]}")
        if self.latest != wanted.latest:
            words.append(f"latest points to {self.latest}, not {wanted.latest}")
        if self.beside != wanted.beside:
            words.append(f"beside them: {sorted(self.beside - wanted.beside)} too many, {sorted(wanted.beside - self.beside)} missing")
        # A register of a run that never got to its commit may stay, if it is whole: its name is its digest.
        words += [f"{name} is missing" for name in sorted(wanted.registers - self.registers)]
        words += [name for name in sorted(self.registers) if "not what" in name]
        return words, lost, doubled


def tables(state):
    """Rows of every table of a ledger without instants; commits and receipts by their order. The ledger itself is not
    opened, so that nothing is put right by the look."""
    if not (state / "ledger.sqlite").is_file():
        return {}
    found = {}
    with tempfile.TemporaryDirectory() as made:
        for end in ("", "-wal", "-journal"):
            if (state / f"ledger.sqlite{end}").is_file():
                shutil.copy(state / f"ledger.sqlite{end}", f"{made}/ledger.sqlite{end}")
        ledger = sqlite3.connect(f"{made}/ledger.sqlite")
        for (table,) in ledger.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            rows = ledger.execute(f"SELECT * FROM {table}")
            columns = [column[0] for column in rows.description]
            rows = [dict(zip(columns, row)) for row in rows.fetchall()]
            order = sorted(row["commit_no"] for row in rows) if "commit_no" in columns else []
            for row in rows:
                if order:
                    row["commit_no"] = order.index(row["commit_no"])
            found[table] = collections.Counter(tuple(value for name, value in row.items() if name not in INSTANTS) for row in rows)
        found["(integrity)"] = collections.Counter(ledger.execute("PRAGMA integrity_check").fetchall())
        ledger.close()
    return found


def committed(state, run_id):
    """Whether the ledger knows a commit of a run."""
    return any(run_id in row for row in tables(state).get("run", ()))


def files(run):
    """Digest of every file of a run; of the manifest without its timings."""
    found = {}
    for path in sorted(path for path in run.rglob("*") if path.is_file()):
        data = path.read_bytes()
        if path.name == "manifest.json":
            try:
                manifest = json.loads(data)
                manifest.pop("timings", None)
                data = json.dumps(manifest).encode()
            except ValueError:
                pass
        found[str(path.relative_to(run))] = hashlib.sha256(data).hexdigest()
    return found


def register_is_whole(path):
    return hashlib.sha256(path.read_bytes()).hexdigest() == path.stem


class Bench:
    """Deliveries of the nights, a pipeline without a day of its own, and the program under its shim."""

    def __init__(self, work, seed, quick):
        self.work, self.seed = work, seed
        for part in ("pipelines", "schemas"):
            shutil.copytree(ROOT / part, work / part, dirs_exist_ok=True)
        self.pipeline = work / "pipelines" / "nightly.toml"
        lines = self.pipeline.read_text(encoding="utf-8").splitlines(keepends=True)
        text = "".join(line for line in lines if not line.startswith("as_of"))
        if quick:
            start = text.index("run = [")
            text = text[:start] + f"run = {json.dumps(QUICK)}" + text[text.index("\n]", start) + 2:]
            text = "".join(line for line in text.splitlines(keepends=True) if not line.startswith("policies"))
        self.pipeline.write_text(text, encoding="utf-8")
        self.shim = work / "failpoint.so"
        subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-Wall", "-o", self.shim, ROOT / "scripts" / "failpoint.c", "-ldl"], check=True)
        self.county, self.nights = County(ROOT / "fixtures" / "demo", seed, START), 0

    def day(self, night):
        return START + datetime.timedelta(days=night - 1)

    def deliveries(self, night):
        """The folder of a night's deliveries, made when it is asked for first."""
        while self.nights < night:
            self.nights += 1
            self.county.begin_day(self.day(self.nights))
            self.county.deliver(self.work / "county", {})
            shutil.copytree(self.work / "county", self.work / "nights" / str(self.nights))
        return self.work / "nights" / str(night)

    def night(self, night, world, folder=None, day=True):
        """The command of a night."""
        command = ["run", self.pipeline, "--threads", 1, "--input", folder or self.deliveries(night), "--out", world.out,
                   "--state", world.state]
        return command + (["--as-of", self.day(night)] if day else [])

    def take(self, answers, night, world, day=True):
        """The command that imports filled-in workbooks."""
        command = ["feedback", "import", *answers, "--json", "--pipeline", self.pipeline, "--state", world.state]
        return command + (["--as-of", self.day(night)] if day else [])

    def answers(self, world, night, share):
        """The workbooks of the last run, filled in for every `share`-th clue of the night. Clues get their
        answers by their number, so workbooks that list the same clue agree."""
        to = self.work / "filled" / str(night)
        to.mkdir(parents=True, exist_ok=True)
        filled = []

        def answer_of(clue):
            number = sum(map(ord, clue))
            if number % share != night % share:
                return None
            answer = {**ANSWERS[number // share % len(ANSWERS)], "核查时间": self.day(night).isoformat()}
            return {heading: text.strip() for heading, text in answer.items()}

        for at, book in enumerate(sorted((world.out / "latest" / "lists").glob("*/*.xlsx"))):
            path = to / f"{at:02}-{book.parent.name}-{book.name}"
            if fill(book, path, answer_of):
                filled.append(path)
        return filled

    def call(self, command, world=None, how=None, at=0, aside="", log=None, clock=0, limit=None, wait=True):
        """Runs the program; with a fault, when there is a world and `how`."""
        environment = {name: text for name, text in os.environ.items() if not name.startswith("FAULT_")}
        told = None
        if world is not None and (how or log or clock):
            told = world.folder.parent / f"{world.folder.name}.told"
            told.unlink(missing_ok=True)
            environment.update(LD_PRELOAD=str(self.shim), FAULT_ROOT=str(world.folder), FAULT_AT=str(at), FAULT_HOW=how or "",
                               FAULT_ASIDE=str(aside), FAULT_TELL=str(told), FAULT_CLOCK=str(clock), FAULT_LOG=str(log or ""))
        command = [program(), *map(str, command)]
        # An interrupt is for this script; the program ends its run.
        options = {"cwd": ROOT, "env": environment, "text": True, "start_new_session": True}
        if not wait:
            return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **options)
        if limit is not None:
            command = ["sh", "-c", f'ulimit -v {limit * 1024} && exec "$@"', "sh", *command]
        done = subprocess.run(command, capture_output=True, timeout=600, **options)
        # What the shim says it was: (call, path below the world).
        done.fired = tuple(told.read_text().rstrip("\n").split("\t")[1:]) if told is not None and told.exists() else None
        return done


def said(done):
    """The last line of what a command complained about."""
    lines = [line.strip() for line in done.stderr.splitlines() if line.strip() and " INFO " not in line]
    return lines[-1] if lines else ""


def kinds(state):
    """Events of a ledger by kind."""
    found = collections.Counter()
    for row, number in tables(state).get("event", {}).items():
        found[row[3]] += number
    return dict(sorted(found.items()))
