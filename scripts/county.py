"""A county that changes from night to night, and what is true in it.

The agencies' files of one day are the beginning. Every day things happen (deaths, moves, alerts, absences,
visits, payments of a new month), offices do what officers decided (stop, cover, correct, visit), and agencies
deliver. The county knows which of its clues are true: from the truth beside the first files, from what it made
happen itself, and, where time alone makes a fact, from its own rows by the persons that stand in them.
Everything follows from the seed.
"""

import calendar
import collections
import csv
import datetime
import hashlib
import random
import re
import tomllib
import unicodedata

from deliveries import ROOT, Deliveries, day_of, month_of, next_month

# Days of the week on which an agency delivers; who is not named delivers every night.
DELIVERS = {
    "education": {0, 2, 4}, "disability-federation": {1}, "health": {0, 3}, "justice": {2}, "court": {3},
    "medical-insurance": {4}, "emergency": {0, 2, 4}, "human-resources": set(),
}
PERSONAL = {"name", "resident_id", "card_number", "roll_number", "phone", "address"}
# Of the cases of a list, how many have an explanation that stands in no file.
EXPLAINED = {"dropout": 0.18, "benefit_exit": 0.12, "uncovered": 0.15, "quality": 0.12, "urgent": 0.10, "data_error": 0.0}

# Rules after which money is stopped when they are true, and those that are about a disabled person's subsidy.
STOPS = {
    "e_dead_paid", "e_hukou_moved", "e_age18_not_school", "e_parent_released", "e_paid_after_end", "e_over18_school_ended",
    "e_adopted", "e_orphan_parent_alive", "e_matrix_fail", "e_parent_drug_done", "e_lost_parent_seen", "e_parent_card_changed",
    "e_child_card_changed",
}
# Days between two visits by the colour of the risk, as the pipeline's parameters have it.
COLOUR_DAYS = {"红": 7, "黄": 15}
SUBSIDIES = {"e_orphan_living_subsidy", "e_tk_disability_subsidy", "e_living_no_dibao", "e_subsidy_card_invalid", "e_nursing_grade_gone"}

Fact = collections.namedtuple("Fact", "event true since why")


def number_of(text):
    """A resident number without what people write around it."""
    return re.sub(r"[^0-9X]", "", unicodedata.normalize("NFKC", str(text)).upper())


def check_digit(body):
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return "10X98765432"[sum(int(digit) * weight for digit, weight in zip(body, weights)) % 11]


def is_number(text):
    return bool(re.fullmatch(r"\d{17}[0-9X]", text)) and check_digit(text[:17]) == text[17]


def iso(day):
    return day.isoformat()


class County:
    def __init__(self, folder, seed, start):
        self.seed, self.day, self.start = seed, start, start
        # What happens does not depend on what officers answer.
        self.rng, self.office = random.Random(f"{seed}|county"), random.Random(f"{seed}|office")
        self.d = Deliveries(folder)
        self.roles = self.read_roles()
        self.facts = collections.defaultdict(list)
        with open(folder / "findings_truth.csv", encoding="utf-8", newline="") as file:
            for line in csv.DictReader(file):
                self.fact(line["rule"], line["person"], line["event"], True, start, "from the start")
        # What offices will do, by day; what was done about a person, for whoever asks why a clue is gone.
        self.later = collections.defaultdict(list)
        self.done = collections.defaultdict(list)
        self.stopped, self.unvisited, self.serial = set(), {}, 0
        self.happened = collections.Counter()
        self.index()
        self.paid_until = max(month_of(row["belonging_month"]) for row in self.d.rows("benefit_payment"))
        # Persons of the first truth are left as they are, and nobody has two things happen.
        self.taken = {person for _, person in self.facts}

    def read_roles(self):
        """Extract → role → the fields that name the person."""
        roles = {}
        for extract, contract in self.d.contracts.items():
            path = ROOT / "schemas" / contract.agency / f"{extract}.toml"
            mentions = tomllib.loads(path.read_text(encoding="utf-8")).get("mention", [])
            roles[extract] = {mention["role"]: mention for mention in mentions}
        return roles

    # --- who is who ---------------------------------------------------------------------------------------------

    def index(self):
        """Person → rows in which the person is named."""
        self.rows_of = collections.defaultdict(list)
        for part in self.d.parts:
            for row in part.rows:
                for role, person in row.who.items():
                    self.rows_of[person].append((part.contract.extract, row, role))
        self.keys = {}

    def values(self, person, what):
        for extract, row, role in self.rows_of[person]:
            field = self.roles[extract].get(role, {}).get(what)
            if isinstance(field, str) and row.get(field, "") != "":
                yield row[field]

    def most(self, values):
        counted = collections.Counter(values)
        return max(sorted(counted), key=counted.get) if counted else ""

    def id_of(self, person):
        return self.most(number for value in self.values(person, "resident_id") if is_number(number := number_of(value)))

    def name_of(self, person):
        return self.most(re.sub(r"\s|[\u200b\ufeff]", "", str(value)) for value in self.values(person, "name"))

    def birth_of(self, person):
        number = self.id_of(person)
        return day_of(number[6:14]) if number else next((d for d in map(day_of, self.values(person, "birth_date")) if d), None)

    def age(self, person, day):
        birth = self.birth_of(person)
        return None if birth is None else day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))

    def of(self, person, extract, role):
        return [row for e, row, r in self.rows_of[person] if (e, r) == (extract, role)]

    def row_of_key(self, extract, key):
        """The row that the program names by a key; its fields are cleaned here in a plain way."""
        if extract not in self.keys:
            self.keys[extract] = {self.key_of(extract, row): row for row in self.d.rows(extract)} if extract in self.d.contracts else {}
        return self.keys[extract].get(re.sub(r"#\d+$", "", key))

    def key_of(self, extract, row):
        contract, parts, personal = self.d.contracts[extract], [], False
        for field in contract.key:
            kind, text = contract.fields[field]["type"], unicodedata.normalize("NFKC", str(row.get(field, ""))).strip()
            personal = personal or kind in PERSONAL
            if kind == "name":
                text = re.sub(r"\s|[\u200b\ufeff]", "", text)
            elif kind in ("resident_id", "roll_number"):
                text = re.sub(r"[^0-9A-Z]", "", text.upper())
            elif kind == "card_number":
                text = re.sub(r"B\d+$", "", text.upper())
            elif kind == "date":
                text = iso(day) if (day := day_of(text)) else text
            elif kind == "month":
                text = f"{(month := month_of(text))[:4]}-{month[4:]}"
            elif kind == "code":
                text = self.d.labels.of(contract.tables[field], text)
            parts.append(text)
        joined = "|".join(parts)
        return hashlib.sha256(joined.encode()).hexdigest()[:16] if personal else joined

    # --- truth --------------------------------------------------------------------------------------------------

    def fact(self, rule, person, event, true, since, why):
        self.facts[rule, person].append(Fact(event, true, since, why))

    def hidden(self, rule_list, rule, person, event):
        """Whether an explanation exists that stands in no file: it belongs to the person, not to the night."""
        dice = random.Random(f"{self.seed}|explained|{rule}|{person}|{event}")
        return dice.random() < EXPLAINED.get(rule_list, 0.0)

    def judge(self, rule_list, rule, person, event, day):
        """Whether a clue is true, and how the county knows: the fact's `why`, or `nobody knows`."""
        told = self.facts.get((rule, person), [])
        fixed = rule in ("q_visit_overdue", "q_home_teaching_low", "d_absent_streak", "x_child_missing", "x_violence")
        fact = next((f for f in told if f.event == event), None)
        if fact is None and told and not fixed:
            fact = told[-1]
        if fact is None:
            fact = self.of_time(rule, person, event, day)
        if fact is None:
            return False, "nobody knows"
        if fact.true and fact.why != "decoy" and self.hidden(rule_list, rule, person, event):
            return False, "explained"
        return fact.true, fact.why

    def of_time(self, rule, person, event, day):
        """Facts that time makes, from the rows in which the person truly stands."""
        by_time = getattr(self, f"time_{rule}", None)
        if by_time is None or person is None:
            return None
        true = by_time(person, event, day)
        return None if true is None else Fact(event, true, day, "time")

    def listed_rows(self, person):
        return [row for row in self.of(person, "child_roster", "child") if self.is_listed(row)]

    def is_listed(self, row):
        return self.d.label("child_roster", "status", row) == "登记在册"

    def time_e_age18_not_school(self, person, event, day):
        birth = self.birth_of(person)
        paid = any(self.d.label("child_roster", "benefit_status", row) == "正常发放" for row in self.listed_rows(person))
        here = any(self.d.label("student_roll", "student_state", row) in ("在籍在读", "休学")
                   for row in self.of(person, "student_roll", "pupil"))
        return bool(birth and paid and not here and self.age(person, day) >= 18)

    def time_q_no_colour(self, person, event, day):
        months = [day_of(row.get("assessed_on", "")) for row in self.listed_rows(person) if row.get("risk_level", "")]
        return not months or min((day - seen).days for seen in months if seen) > 180 if all(months) else True

    def time_q_visit_overdue(self, person, event, day):
        since = datetime.date(int(event[:4]), int(event[4:]), 1)
        seen = [day_of(row["visit_date"]) for row in self.of(person, "visit_log", "subject")
                if self.d.label("visit_log", "visit_kind", row) != "电话"]
        return bool(self.listed_rows(person)) and not any(visit and visit >= since for visit in seen)

    def time_q_colour_interval(self, person, event, day):
        """Nobody was there for longer than the colour allows: days pass, and the county's routine sees not everybody."""
        seen = [day_of(row["visit_date"]) for row in self.of(person, "visit_log", "subject")
                if self.d.label("visit_log", "visit_kind", row) != "电话"]
        last = max((visit for visit in seen if visit and visit <= day), default=None)
        rows = [row for row in self.listed_rows(person) if row.get("risk_level", "")]
        if last is None or not rows:
            return None
        days = COLOUR_DAYS.get(self.d.label("child_roster", "risk_level", rows[0]))
        assessed = day_of(rows[0].get("assessed_on", "")) or last
        return None if days is None else max(last, assessed) + datetime.timedelta(days=days) < day

    def time_q_survey_twice(self, person, event, day):
        """A village is surveyed when one of its listed children was seen in a survey."""
        def village(row):
            return row["town"], re.sub("(居委会|村委会|村)$", "", str(row["village"]))
        since = day_of(event)
        mine = {village(row) for row in self.listed_rows(person)}
        for row in self.d.rows("child_roster"):
            if row.who.get("child") and village(row) in mine and self.is_listed(row):
                for visit in self.of(row.who["child"], "visit_log", "subject"):
                    on = day_of(visit["visit_date"])
                    if self.d.label("visit_log", "visit_kind", visit) == "摸底排查" and on and 0 <= (on - since).days < 184:
                        return False
        return True

    def time_q_home_teaching_low(self, person, event, day):
        lessons = {day_of(row["taught_on"]) for row in self.of(person, "home_teaching", "subject")}
        return sum(1 for lesson in lessons if lesson and f"{lesson:%Y%m}" == event) < 2

    def time_d_suspend_overdue(self, person, event, day):
        states = {self.d.label("student_roll", "student_state", row) for row in self.of(person, "student_roll", "pupil")}
        return states == {"休学"}

    def time_d_transfer_dangling(self, person, event, day):
        """Gone to another school for a while, and on no roll here."""
        return not any(self.d.label("student_roll", "student_state", row) == "在籍在读" for row in self.of(person, "student_roll", "pupil"))

    def time_e_parent_drug_done(self, person, event, day):
        return any("06" in str(row[f"{side}_state"]) or "强制" in str(row[f"{side}_state"])
                   for row in self.listed_rows(person) for side in ("father", "mother"))

    def time_q_system_not_updated(self, person, event, day):
        """Died or moved away, or a parent died, and the row still stands as it was: offices stop the money, and not
        all of them mend the row."""
        on, rows = day_of(event), self.listed_rows(person)
        parents = [who for row in rows for side, who in row.who.items() if side in ("father", "mother")
                   and self.d.label("child_roster", f"{side}_state", row) != "死亡"]
        died = any(day_of(row["death_date"]) == on for who in [person, *parents] for row in self.of(who, "death_cancellation", "subject"))
        moved = any(day_of(row["moved_on"]) == on and self.d.label("move_out", "move_kind", row) == "市外"
                    for row in self.of(person, "move_out", "subject"))
        return True if rows and (died or moved) else None

    def time_q_colour_not_raised(self, person, event, day):
        """Something happened to the child or its carer, and nobody assessed it since."""
        happened = [f for rule in ("x_carer_died", "x_guardian_taken", "x_violence", "x_child_missing")
                    for f in self.facts.get((rule, person), []) if f.event == event and f.true]
        seen = [day_of(row.get("assessed_on", "")) for row in self.listed_rows(person)]
        return True if happened and seen and all(on and on < day_of(event) for on in seen) else None

    def agreement_until(self, person):
        """The last day of the child's latest care agreement."""
        ends = [day_of(row["valid_until"]) for row in self.of(person, "care_agreement", "child")]
        return max(ends) if ends and all(ends) else None

    def time_q_care_agreement_expired(self, person, event, day):
        until = self.agreement_until(person)
        return True if until is not None and until == day_of(event) and until < day else None

    def time_e_left_behind_exit(self, person, event, day):
        """Sixteen: the day is a birthday."""
        birth, on = self.birth_of(person), day_of(event)
        return True if birth and on and (birth.year + 16, birth.month, birth.day) == (on.year, on.month, on.day) else None

    def ran_out(self, rule, person, day):
        """Whether a case is over because a term has ended, which nobody has to write down."""
        until = self.agreement_until(person) if rule == "x_carer_unfit" else None
        return until is not None and until < day

    def card_lapsed(self, persons, day):
        cards = [row for person in persons for row in self.of(person, "disability_card", "subject")]
        ends = [day_of(row.get("valid_until", "")) for row in cards]
        return any(end and end < day for end in ends) if cards else None

    def time_e_subsidy_card_invalid(self, person, event, day):
        return self.card_lapsed([person], day)

    time_e_child_card_changed = time_e_subsidy_card_invalid

    def time_e_parent_card_changed(self, person, event, day):
        rows = self.listed_rows(person)
        return self.card_lapsed([who for row in rows for role, who in row.who.items() if role in ("father", "mother")], day)

    # --- what happens -------------------------------------------------------------------------------------------

    def next_number(self, prefix):
        self.serial += 1
        return f"{prefix}9{self.serial:09}"

    def do(self, person, what):
        self.done[person].append((self.day, what))

    def add(self, extract, row, **who):
        row.who = dict(who) or row.who
        parts = self.d.parts_of(extract)
        part = next((part for part in parts if row.sheet and any(r.sheet == row.sheet for r in part.rows)), parts[0])
        part.rows.append(row)
        for role, person in row.who.items():
            self.rows_of[person].append((extract, row, role))

    def blank(self, extract, **cells):
        """A row of an extract with some cells."""
        pattern = self.d.rows(extract)[0]
        row = pattern.copy(**{field: "" for field in pattern})
        row.update(cells)
        return row

    def listed(self):
        """Listed minors with a proper number, each once, who are alive."""
        seen = {}
        for row in self.d.rows("child_roster"):
            person = row.who.get("child")
            if person and self.is_listed(row) and self.is_free(person) and (self.age(person, self.day) or 99) < 17:
                seen.setdefault(person, row)
        return seen

    def is_free(self, person):
        """Nothing was made happen to the person yet, and no clue was there at the start."""
        return person not in self.taken and bool(self.id_of(person))

    def begin_day(self, day):
        """One day of the county: what is due, what happens, then tonight's files can be written."""
        self.day = day
        self.index()
        if day == self.start:
            return
        for action in self.later.pop(day, []):
            action()
        self.routine()
        for _ in range(self.rng.choice((0, 1, 1, 2, 2, 3))):
            self.event()

    def event(self):
        kinds = [
            (3, self.child_dies), (2, self.child_moves), (2, self.parent_released), (4, self.child_missing), (2, self.violence),
            (3, self.guardian_dies), (2, self.guardian_taken), (5, self.absent), (5, self.mistyped), (1, self.moved_inside),
        ]
        weights, actions = zip(*kinds)
        action = self.rng.choices(actions, weights)[0]
        if action():
            self.happened[action.__name__] += 1

    def pick(self, persons):
        persons = sorted(persons)
        if not persons:
            return None
        person = self.rng.choice(persons)
        self.taken.add(person)
        return person

    def paid(self, person, month):
        return [row for row in self.of(person, "benefit_payment", "subject") if month_of(row["belonging_month"]) == month
                and self.d.label("benefit_payment", "payment_status", row) == "成功"]

    def child_dies(self):
        """A child who is paid for dies; the office hears of it late and pays on."""
        person = self.pick(p for p in self.listed() if self.paid(p, self.paid_until) and (p, "money") not in self.stopped)
        if person is None:
            return False
        died = self.day - datetime.timedelta(days=self.rng.randint(1, 3))
        self.dies(person, died)
        event = iso(died)
        self.fact("e_dead_paid", person, event, True, died, "happened")
        # What else is true of a child who died and of whom not every office has heard.
        for rule in ("d_name_there_child_not", "e_dibao_headcount"):
            self.fact(rule, person, event, True, died, "follows")
        return True

    def dies(self, person, died):
        number, name, birth = self.id_of(person), self.name_of(person), self.birth_of(person)
        sex = "男" if int(number[16]) % 2 else "女"
        self.add("death_cancellation", self.blank(
            "death_cancellation", resident_id=number, name=name, sex=sex, birth_date=iso(birth), death_date=iso(died),
            certificate_number=self.next_number("SW"), accepted_on=iso(self.day)), subject=person)
        self.add("cremation", self.blank(
            "cremation", cremation_number=self.next_number("HH"), name=name, resident_id=number, sex=sex,
            death_date=f"{died:%Y%m%d}", cremation_date=f"{self.day:%Y%m%d}"), subject=person)
        for row in self.of(person, "population", "resident"):
            row["cancel_state"] = "1-死亡"
        self.do(person, "died")

    def child_moves(self):
        """A child who is paid for moves away for good."""
        person = self.pick(p for p in self.listed() if self.paid(p, self.paid_until))
        if person is None:
            return False
        moved = self.day - datetime.timedelta(days=self.rng.randint(1, 4))
        self.moves(person, moved, "浙江省杭州市西湖区", "市外")
        self.fact("e_hukou_moved", person, iso(moved), True, moved, "happened")
        return True

    def moved_inside(self):
        """A move within the county changes nothing: nobody may be asked about it."""
        person = self.pick(p for p in self.listed() if self.paid(p, self.paid_until))
        if person is None:
            return False
        self.moves(person, self.day - datetime.timedelta(days=2), "启东市汇龙镇", "市内")
        self.fact("e_hukou_moved", person, None, False, self.day, "decoy")
        return True

    def moves(self, person, moved, place, kind):
        self.add("move_out", self.blank(
            "move_out", resident_id=self.id_of(person), name=self.name_of(person), birth_date=iso(self.birth_of(person)),
            moved_on=iso(moved), moved_to=place, move_kind=kind), subject=person)
        if kind == "市外":
            for row in self.of(person, "population", "resident"):
                row["cancel_state"] = "3-迁出"
        self.do(person, "moved")

    def parent_released(self):
        """A parent for whose sake a child is covered comes out of prison."""
        held = {row.who["subject"]: row for row in self.d.rows("prison_term")
                if row.get("released_on", "") == "" and self.d.label("prison_term", "enforcement", row) == "监狱服刑"}
        children = {}
        for person, row in self.listed().items():
            for side in ("father", "mother"):
                parent = row.who.get(side)
                recorded = self.d.label("child_roster", f"{side}_state", row) == "服刑在押"
                covered = self.d.label("child_roster", "category", row) == "事实无人抚养儿童"
                if parent in held and recorded and covered:
                    children[person] = parent
        person = self.pick(children)
        if person is None:
            return False
        out = self.day - datetime.timedelta(days=self.rng.randint(1, 5))
        held[children[person]]["released_on"] = iso(out)
        self.fact("e_parent_released", person, iso(out), True, out, "happened")
        for sibling, row in self.listed().items():
            if children[person] in row.who.values() and sibling != person:
                self.fact("e_parent_released", sibling, iso(out), True, out, "happened")
                self.taken.add(sibling)
        self.do(person, "parent released")
        return True

    def pupils(self):
        """Pupils whom nothing has happened to, in the compulsory years."""
        out = {}
        for row in self.d.rows("student_roll"):
            person = row.who.get("pupil")
            if person and self.is_free(person) and self.d.label("student_roll", "student_state", row) == "在籍在读":
                if 7 <= (self.age(person, self.day) or 0) <= 14 and is_number(number_of(row["resident_id"])):
                    out[person] = row
        return out

    def alert(self, person, kind, on, found):
        self.add("minor_alert", self.blank(
            "minor_alert", alert_number=self.next_number("JQ"), name=self.name_of(person), resident_id=self.id_of(person),
            birth_date=iso(self.birth_of(person)), alert_kind=kind, alert_date=iso(on), found_again=found), subject=person)
        return self.of(person, "minor_alert", "subject")[-1]

    def child_missing(self):
        person = self.pick(self.pupils())
        if person is None:
            return False
        on = self.day - datetime.timedelta(days=1)
        row = self.alert(person, "走失", on, "否")
        self.fact("x_child_missing", person, iso(on), True, on, "happened")
        # Most are home within a few days, and the police write it down.
        if self.rng.random() < 0.7:
            self.at(self.rng.randint(2, 9), lambda: self.found(person, row))
        return True

    def found(self, person, row):
        row["found_again"] = "是"
        self.do(person, "found again")

    def violence(self):
        person = self.pick(self.pupils())
        if person is None:
            return False
        on = self.day - datetime.timedelta(days=1)
        self.alert(person, self.rng.choice(("家庭暴力", "侵害")), on, "")
        self.fact("x_violence", person, iso(on), True, on, "happened")
        return True

    def guardians(self):
        """Listed children whose guardian is neither parent and named with a proper number."""
        out = {}
        for person, row in self.listed().items():
            guardian = row.who.get("guardian")
            grandparent = "祖" in self.d.label("child_roster", "guardian_relation", row)
            if not guardian or guardian in self.taken or not grandparent:
                continue
            if is_number(number_of(row["guardian_id"])) and self.of(guardian, "population", "resident"):
                if not self.of(guardian, "death_cancellation", "subject"):
                    out[person] = guardian
        return out

    def guardian_dies(self):
        children = self.guardians()
        person = self.pick(children)
        if person is None:
            return False
        guardian = children[person]
        self.taken.add(guardian)
        died = self.day - datetime.timedelta(days=1)
        self.dies(guardian, died)
        for child, row in self.d_listed_of(guardian):
            self.fact("x_carer_died", child, iso(died), True, died, "happened")
            self.taken.add(child)
            self.do(child, "carer died")
        return True

    def d_listed_of(self, guardian):
        for row in self.of(guardian, "child_roster", "guardian"):
            if self.is_listed(row) and row.who.get("child"):
                yield row.who["child"], row

    def guardian_taken(self):
        """The guardian of an orphan is taken into custody."""
        children = {}
        for person, guardian in self.guardians().items():
            row = self.listed()[person]
            states = {self.d.label("child_roster", f"{side}_state", row) for side in ("father", "mother")}
            if states == {"死亡"} and (self.age(guardian, self.day) or 99) < 75:
                children[person] = guardian
        person = self.pick(children)
        if person is None:
            return False
        guardian, on = children[person], self.day - datetime.timedelta(days=1)
        self.taken.add(guardian)
        self.add("custody", self.blank(
            "custody", record_number=self.next_number("JY"), name=self.name_of(guardian), resident_id=self.id_of(guardian),
            measure="刑事拘留", from_date=iso(on), term_end=iso(on + datetime.timedelta(days=30)), has_minor_children="是"),
            subject=guardian)
        for child, _ in self.d_listed_of(guardian):
            self.fact("x_guardian_taken", child, iso(on), True, on, "happened")
            self.taken.add(child)
            self.do(child, "carer taken")
        return True

    def is_school_day(self, day):
        winter = datetime.date(2027, 1, 25) <= day <= datetime.date(2027, 2, 20)
        return day.weekday() < 5 and not winter and day != datetime.date(2027, 1, 1)

    def absent(self):
        """A pupil stays away for some school days; some turn out to have been ill."""
        person = self.pick(self.pupils())
        if person is None or not self.is_school_day(self.day):
            return False
        row = self.of(person, "student_roll", "pupil")[0]
        days, at = [], self.day
        for _ in range(self.rng.randint(3, 7)):
            while not self.is_school_day(at):
                at += datetime.timedelta(days=1)
            days.append(at)
            at += datetime.timedelta(days=1)
        for day in days:
            self.on(day + datetime.timedelta(days=1), lambda day=day: self.add("absence", self.blank(
                "absence", roll_number=row["roll_number"], name=self.name_of(person), absent_on=iso(day), absence_kind="旷课"),
                subject=person))
        true = self.rng.random() < 0.8
        self.fact("d_absent_streak", person, iso(days[0]), true, days[2], "happened" if true else "decoy")
        if self.listed_rows(person):
            self.fact("x_child_missing", person, iso(days[0]), true, days[1], "happened" if true else "decoy")
        return True

    def mistyped(self):
        """A number is mistyped in a new visit: every later visit of that child copies it."""
        children = [p for p in self.listed() if self.of(p, "visit_log", "subject")]
        person = self.pick(children)
        if person is None:
            return False
        number = self.id_of(person)
        at = self.rng.randrange(10, 17)
        wrong = number[:at] + str((int(number[at]) + self.rng.randint(1, 8)) % 10) + number[at + 1:]
        if is_number(wrong):
            return False
        self.visit(person, self.day - datetime.timedelta(days=1), "月访", wrong)
        self.fact("z_id_invalid", person, "visit_log", True, self.day, "happened")
        return True

    # --- what happens every month -------------------------------------------------------------------------------

    def on(self, day, action):
        if day <= self.day:
            action()
        else:
            self.later[day].append(action)

    def at(self, days, action):
        self.on(self.day + datetime.timedelta(days=days), action)

    def routine(self):
        if self.day.day == 1 or self.day == self.start + datetime.timedelta(days=1):
            self.plan_visits()
            self.plan_lessons()
        if self.day.day == 6:
            self.pay(f"{self.day:%Y%m}")
        if self.day.day == 20:
            self.assess()
        if self.rng.random() < 0.25:
            self.adult_dies()

    def visit(self, person, on, kind, number=None):
        rows = self.of(person, "visit_log", "subject")
        listed = self.listed_rows(person)
        if not listed or self.of(person, "death_cancellation", "subject"):
            return
        row = rows[-1].copy() if rows else self.blank("visit_log", name=self.name_of(person))
        row.update(record_number=self.next_number("ZF"), child_number=listed[0]["child_number"], resident_id=number or self.id_of(person),
                   name=self.name_of(person), visit_date=iso(on), visit_kind=kind, visitor=listed[0]["director"], problem="",
                   lives_alone="否")
        self.add("visit_log", row, subject=person)

    def plan_visits(self):
        """Every listed child is visited on some day until the end of the month; few are forgotten, and some
        visits are only written down when somebody asks. In December the visits are the half-year's survey."""
        last = calendar.monthrange(self.day.year, self.day.month)[1]
        month = f"{self.day:%Y%m}"
        kind = "摸底排查" if self.day.month == 12 else "月访"
        skipped = {person for (rule, person) in self.facts if rule == "q_visit_overdue"}
        for person in sorted({row.who["child"] for row in self.d.rows("child_roster") if row.who.get("child") and self.is_listed(row)}):
            seen = [day_of(row["visit_date"]) for row in self.of(person, "visit_log", "subject")]
            if person in skipped or any(day and f"{day:%Y%m}" == month for day in seen):
                continue
            on = self.day.replace(day=self.rng.randint(self.day.day, last))
            dice = self.rng.random()
            if dice < 0.02:
                self.unvisited[person, month] = None
            elif dice < 0.035:
                self.unvisited[person, month] = on
            else:
                self.on(on + datetime.timedelta(days=1), lambda person=person, on=on: self.visit(person, on, kind))
        for (person, missed), on in self.unvisited.items():
            if missed == month:
                self.fact("q_visit_overdue", person, month, on is None, self.day, "happened" if on is None else "decoy")

    def plan_lessons(self):
        """Home teaching goes on as in the month before, in term."""
        if self.day.month not in (3, 4, 5, 6, 9, 10, 11, 12):
            return
        for placed in self.d.rows("placement"):
            person = placed.who.get("subject")
            lessons = self.of(person, "home_teaching", "subject") if person else []
            if not lessons or self.d.label("placement", "placement_kind", placed) != "送教上门":
                continue
            had = sum(1 for row in lessons if (on := day_of(row["taught_on"])) and f"{on:%Y%m}" == f"{self.day:%Y%m}")
            wanted = max(0, (1 if self.rng.random() < 0.1 else 3) - had)
            for on in self.rng.sample(range(max(2, self.day.day), 29), wanted):
                day = self.day.replace(day=on)
                row = lessons[-1].copy(record_number=self.next_number("SJ"), taught_on=iso(day))
                self.on(day + datetime.timedelta(days=1), lambda row=row, person=person: self.add("home_teaching", row, subject=person))

    def pay(self, month):
        """Last month's payments once more, without whom an office has stopped."""
        before = next_month(month, -1)
        for row in [r for r in self.d.rows("benefit_payment") if month_of(r["belonging_month"]) == before]:
            person = row.who.get("subject")
            if (person, "money") in self.stopped or self.d.label("benefit_payment", "payment_status", row) != "成功":
                continue
            copy = row.copy(payment_number=self.next_number("FF"), belonging_month=month, pay_date=iso(self.day))
            self.add("benefit_payment", copy, **row.who)
        for row in [r for r in self.d.rows("disability_subsidy") if month_of(r["belonging_month"]) == before]:
            person = row.who.get("subject")
            if (person, "subsidy") not in self.stopped and self.d.label("disability_subsidy", "status", row) == "正常":
                self.add("disability_subsidy", row.copy(belonging_month=month), **row.who)
        self.paid_until = month

    def assess(self):
        """Colours are assessed again before they are half a year old; some are forgotten."""
        skipped = {person for (rule, person) in self.facts if rule == "q_no_colour"}
        for row in self.d.rows("child_roster"):
            seen = day_of(row.get("assessed_on", ""))
            if row.who.get("child") in skipped or seen is None or (self.day - seen).days < 135:
                continue
            if random.Random(f"{self.seed}|assess|{row['child_number']}").random() < 0.93:
                row["assessed_on"] = iso(self.day)
                if row.who.get("child"):
                    self.do(row.who["child"], "assessed")

    def adult_dies(self):
        """Old people die; nobody is paid for them, and no child is theirs."""
        def alone(person):
            extracts = {(extract, role) for extract, _, role in self.rows_of[person]}
            return extracts <= {("population", "resident"), ("insurance", "subject")} and bool(self.id_of(person))
        old = [row.who["resident"] for row in self.d.rows("population")
               if (day_of(row.get("birth_date", "")) or self.day) < self.day.replace(year=self.day.year - 70)]
        person = self.pick(p for p in old if alone(p) and p not in self.taken)
        if person is not None:
            self.dies(person, self.day - datetime.timedelta(days=2))

    # --- what offices do about an answer --------------------------------------------------------------------------

    def respond(self, rule, person, extract, true, reason):
        """What follows in the files from a settled answer; most of it, and not at once."""
        if person is None:
            return
        action = None
        if true:
            action = self.mend(rule, person, extract)
        elif reason == "已做未录入" and rule == "q_visit_overdue":
            action = lambda: self.late_visits(person)
        if action is not None and self.office.random() < 0.8:
            self.at(self.office.randint(3, 25), lambda: (self.index(), action(), self.do(person, f"{rule} acted on")))

    def mend(self, rule, person, extract):
        if rule in STOPS:
            return lambda: self.stop(person, take_back=rule in ("e_dead_paid", "e_hukou_moved"))
        if rule in SUBSIDIES:
            return lambda: self.stopped.add((person, "subsidy"))
        if rule.startswith("d_"):
            return lambda: self.back_to_school(person)
        by_rule = {
            "x_child_missing": lambda: [self.found(person, row) for row in self.of(person, "minor_alert", "subject")
                                        if self.d.label("minor_alert", "alert_kind", row) == "走失"],
            "q_visit_overdue": lambda: self.visit(person, self.day, "月访"),
            "q_no_colour": lambda: [row.update(risk_level="蓝", assessed_on=iso(self.day)) for row in self.listed_rows(person)],
            "z_id_invalid": lambda: self.correct(person, extract),
            "z_guardian_id_as_child": lambda: self.correct(person, extract),
            "u_orphan": lambda: self.cover(person, "3-社会散居孤儿"),
            "u_de_facto_d_h": lambda: self.cover(person, "5-事实无人抚养儿童"),
            "u_de_facto_h_h": lambda: self.cover(person, "5-事实无人抚养儿童"),
            "u_severe_disabled": lambda: self.cover(person, "10-重残儿童"),
            "u_edu_aid_missing": lambda: self.aid(person),
        }
        return by_rule.get(rule)

    def late_visits(self, person):
        for (child, _), on in sorted(self.unvisited.items()):
            if child == person and on is not None:
                self.visit(person, on, "月访")

    def stop(self, person, take_back):
        """The office stops paying, and where money was paid too long, has it back."""
        self.stopped.add((person, "money"))
        for row in self.listed_rows(person):
            if self.d.label("child_roster", "benefit_status", row) in ("正常发放", "超龄续发"):
                row.update(benefit_status="2-已停发", end_month=self.paid_until)
        if take_back:
            since = min((f.since for key, told in self.facts.items() if key[1] == person for f in told if f.since >= self.start),
                        default=self.start)
            for row in self.of(person, "benefit_payment", "subject"):
                if month_of(row["belonging_month"]) >= next_month(f"{since:%Y%m}"):
                    row["payment_status"] = "退回"

    def back_to_school(self, person):
        """The child is on the roll again."""
        rows = self.of(person, "student_roll", "pupil")
        if rows:
            dead = self.of(person, "death_cancellation", "subject")
            rows[0]["student_state"] = "死亡" if dead else "在籍在读"
            return
        age = self.age(person, self.day) or 10
        peers = [row for row in self.d.rows("student_roll") if self.age(row.who.get("pupil", ""), self.day) == age]
        number, birth = self.id_of(person), self.birth_of(person)
        if not peers or not number:
            return
        peer = self.office.choice(peers)
        row = peer.copy(name=self.name_of(person), resident_id=number, roll_number=f"G{number}", birth_date=iso(birth),
                        sex="男" if int(number[16]) % 2 else "女", student_state="在籍在读")
        for field in [f for f in row if f.startswith("member_")]:
            row[field] = ""
        row.update({field: "0" for field in ("left_behind", "is_orphan", "gets_aid", "migrant_child", "inclusive_class") if field in row})
        part = next(part for part in self.d.parts_of("student_roll") if any(r is peer for r in part.rows))
        row.who = {"pupil": person}
        part.rows.append(row)
        self.rows_of[person].append(("student_roll", row, "pupil"))
        # A pupil in need who has no aid yet.
        self.fact("u_edu_aid_missing", person, None, True, self.day, "follows")
        # The new row says that nobody is left behind, as its pattern did.
        if any(self.d.label("child_roster", "category", row) == "农村留守儿童" for row in self.listed_rows(person)):
            self.fact("u_listed_not_in_school_code", person, None, True, self.day, "follows")

    def correct(self, person, extract):
        """The owner mends the number wherever the extract has it wrong."""
        number = self.id_of(person)
        for at, row, role in self.rows_of[person]:
            field = self.roles[at].get(role, {}).get("resident_id")
            if at == extract and number and isinstance(field, str) and row.get(field, "") and number_of(row[field]) != number:
                row[field] = number

    def cover(self, person, category):
        rows = self.listed_rows(person)
        if rows:
            rows[0].update(category=category, benefit_status="0-正常发放", start_month=f"{self.day:%Y%m}")
            return
        home = self.of(person, "population", "resident")
        number = self.id_of(person)
        if not home or not number:
            return
        pattern = self.d.rows("child_roster")[0]
        row = self.blank(
            "child_roster", child_number=self.next_number("3206"), name=self.name_of(person), resident_id=number,
            birth_date=iso(self.birth_of(person)), sex="男" if int(number[16]) % 2 else "女", register_class="2-本辖区户口",
            town=home[0]["town"], village=home[0]["village"], category=category, status="1-登记在册",
            benefit_status="0-正常发放", start_month=f"{self.day:%Y%m}", registered_on=iso(self.day), risk_level="蓝",
            assessed_on=iso(self.day), director=pattern["director"])
        row.sheet = next((r.sheet for r in self.d.rows("child_roster") if r["town"] == row["town"]), pattern.sheet)
        self.add("child_roster", row, child=person)
        # Whoever was put on the roll in a hurry has a thin file.
        self.fact("q_file_incomplete", person, None, True, self.day, "follows")

    def aid(self, person):
        roll = self.of(person, "student_roll", "pupil")
        if roll:
            self.add("education_aid", self.blank(
                "education_aid", name=self.name_of(person), resident_id=self.id_of(person), roll_number=roll[0]["roll_number"],
                aid_item="生活补助", term="2026秋季", amount="500"), subject=person)

    # --- deliveries -----------------------------------------------------------------------------------------------

    def deliver(self, folder, trouble):
        """Tonight's deliveries; `trouble` is what goes wrong: agency → kind."""
        for agency in self.d.agencies():
            due = self.day == self.start or self.day.weekday() in DELIVERS.get(agency, range(7))
            kind = trouble.get(agency, "")
            if kind == "late" or not (due or kind):
                continue
            if kind == "missing":
                for file in (folder / agency).iterdir():
                    file.unlink()
            elif kind == "stale":
                self.rename(folder / agency)
            else:
                self.d.deliver(folder, agency, self.day, self.seed)
                if kind == "half":
                    self.halve(folder / agency)
                elif kind == "damaged":
                    self.damage(folder / agency)

    def rename(self, folder):
        """The files of last time under tonight's date."""
        (folder / "manifest.csv").unlink(missing_ok=True)
        for file in sorted(folder.iterdir()):
            file.rename(folder / re.sub(r"_\d{8}\.", f"_{self.day:%Y%m%d}.", file.name))

    def halve(self, folder):
        """A file with half of its rows, as a delivery that broke off; the manifest is made from what is there."""
        for part in self.d.parts:
            if part.contract.agency == folder.name and part.contract.extract == "child_roster":
                kept, part.rows = part.rows, part.rows[: len(part.rows) // 2]
                name = f"{part.prefix}_{self.day:%Y%m%d}{part.suffix}"
                (folder / name).write_bytes(part.bytes(self.day, random.Random(name)))
                part.rows = kept
        (folder / "manifest.csv").unlink()

    def damage(self, folder):
        """One file is not what the manifest promises."""
        file = sorted(file for file in folder.iterdir() if file.suffix == ".csv" and file.name != "manifest.csv")[0]
        file.write_bytes(file.read_bytes() + b"\n")
