"""Officers who answer: when, on which workbook, what, and with which mistakes.

What is true the county tells them; what they write follows from that and from the outcome table of the lists.
Some are late, some never answer, some err, some contradict each other, some send a file twice or leave out who
they are. Everything follows from the seed.
"""

import csv
import datetime
import random

from deliveries import ROOT

OFFICERS = ("陈立", "王敏", "张强", "李静", "赵勇", "钱芳")
SECONDS = ("周正", "吴华", "郑平")
# `list` of a finding → `list` of the outcome table.
TEMPLATE = {"benefit_exit": "exit", "data_error": "data"}


def outcomes():
    """(list, result) → rows of the outcome table that go with it."""
    table = {}
    with open(ROOT / "schemas" / "tables" / "outcomes.csv", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            for result in row["results"].split("|"):
                table.setdefault((row["list"], result), []).append(row)
    return table


class Answer:
    """One row that an officer fills in on a day."""

    def __init__(self, clue, folder, day, cells, kind="answer", whole=True):
        self.clue, self.folder, self.day, self.cells, self.kind, self.whole = clue, folder, day, cells, kind, whole


class Officers:
    def __init__(self, seed):
        self.seed, self.table = seed, outcomes()
        self.due, self.planned = {}, set()

    def plan(self, clue, case, folders, day):
        """Decides, once for each question, who will answer it and when."""
        question = (clue.number, case.phase, case.waits(), case.listed_on, len(case.answers))
        if question in self.planned:
            return
        self.planned.add(question)
        dice = random.Random(f"{self.seed}|officer|{question}")
        folder = self.choose(folders, dice)
        if case.waits():
            self.approve(clue, case, folder, day, dice)
        elif case.phase == "disputed":
            self.settle(clue, folder, day, dice, case)
        else:
            self.answer(clue, folder, folders, day, dice)

    def choose(self, folders, dice):
        agencies = sorted(folder for folder in folders if not folder.startswith("town-"))
        towns = sorted(set(folders) - set(agencies))
        return dice.choice(agencies if agencies and (not towns or dice.random() < 0.7) else towns)

    def put(self, answer):
        self.due.setdefault(answer.day, []).append(answer)

    def answer(self, clue, folder, folders, day, dice):
        if dice.random() < 0.04:
            return
        wait = dice.randint(0, 2) if clue.list == "urgent" else dice.randint(1, 12)
        wait += dice.randint(15, 30) if dice.random() < 0.10 else 0
        on = day + datetime.timedelta(days=wait)
        officer = dice.choice(OFFICERS)
        erring, unsure = dice.random() < 0.03, dice.random() < 0.05
        cells = self.cells(clue, clue.truth != erring, on, officer, dice, unsure)
        if dice.random() < 0.02:
            broken = {heading: text for heading, text in cells.items() if heading != "核查人"}
            self.put(Answer(clue, folder, on, broken, whole=False))
            on += datetime.timedelta(days=2)
            cells = {**cells, "核查时间": on.isoformat()}
        if cells.get("处理意见") in ("停发", "调整类别", "追回") and dice.random() < 0.4:
            cells["审核人"] = dice.choice(SECONDS)
        self.put(Answer(clue, folder, on, cells))
        if dice.random() < 0.04:
            other = on + datetime.timedelta(days=dice.randint(1, 4))
            colleague = dice.choice([name for name in OFFICERS if name != officer])
            cells = self.cells(clue, clue.truth == erring, other, colleague, dice, False)
            self.put(Answer(clue, self.choose(folders, dice), other, cells, kind="contradiction"))

    def settle(self, clue, folder, day, dice, case):
        """A third person looks and signs, with a second name."""
        on = day + datetime.timedelta(days=dice.randint(2, 6))
        said = {answer["officer"] for answer in case.answers}
        officer = dice.choice(sorted(set(OFFICERS) - said) or ["孙明"])
        cells = {**self.cells(clue, clue.truth, on, officer, dice, False), "审核人": dice.choice(SECONDS)}
        self.put(Answer(clue, folder, on, cells))

    def approve(self, clue, case, folder, day, dice):
        if dice.random() < 0.05:
            return
        on = day + datetime.timedelta(days=dice.randint(1, 6))
        self.put(Answer(clue, folder, on, {"审核人": dice.choice(SECONDS)}, kind="approval"))

    def cells(self, clue, true, on, officer, dice, unsure):
        cells = {"核查人": officer, "核查时间": on.isoformat()}
        if clue.compared and clue.annex:
            # The question of the annex is whether the two rows are one person.
            return {**cells, "是否同一人": "同一人" if clue.same else "不是同一人"}
        if unsure:
            return {**cells, "核查结果": "无法核实", "情况说明": "多次联系未果"}
        name = TEMPLATE.get(clue.list, clue.list)
        result = ("部分属实" if dice.random() < 0.1 else "属实") if true else "不属实"
        rows = [row for row in self.table[name, result] if row["label"] != "其他" and self.fits(row, true, clue)]
        row = dice.choice(rows)
        cells.update({"核查结果": result, "原因分类": row["label"], "情况说明": "已上门核实，“情况”见记录"})
        if row["silence"] == "proof":
            until = on + datetime.timedelta(days=dice.choice((20, 45, 120, 300)))
            cells["证明有效期至"] = until.isoformat()
        if true and name == "exit":
            cells["处理意见"] = dice.choice(("停发", "停发", "追回", "转办"))
        return cells

    def fits(self, row, true, clue):
        """Reasons that go with the truth; what proves two rows to be one person belongs to the annex, and what says that
        a spot check found nothing to spot checks."""
        if row["code"] == "spot_check_fine":
            return False
        if true:
            return row["silence"] == "gone"
        if clue.why == "decoy" and clue.rule == "q_visit_overdue":
            return row["label"] == "已做未录入"
        return row["silence"] in ("fact", "proof", "days") and row["proves"] == "" and row["silence"] != "gone"

    def answers_on(self, day):
        return self.due.pop(day, [])
