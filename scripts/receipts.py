"""Officers' answers in real files: workbooks filled in as a person would, saved by LibreOffice, imported, and
what the ledger holds of them. Only the standard library of Python and `soffice` are needed.
"""

import json
import os
import re
import sqlite3
import subprocess
import sys
import zipfile
from pathlib import Path
from xml.sax.saxutils import escape

ROOT = Path(__file__).resolve().parent.parent
CSV = "csv:Text - txt - csv (StarCalc):44,34,{code},1,,0,false,true,false,false,false,-1"
FORMATS = {"xlsx": "xlsx", "xls": "xls", "csv-utf8": CSV.format(code=76), "csv-gb18030": CSV.format(code=85)}
CLUE = re.compile(r"[0-9A-Z]{4}-[0-9A-Z]{4}")


def doudi(*arguments, state=None, codes=(0,)):
    target = os.environ.get("CARGO_TARGET_DIR", str(ROOT / "target"))
    program = os.environ.get("DOUDI", str(Path(target) / "release" / "doudi"))
    command = [program, *map(str, arguments)]
    if state is not None:
        command += ["--state", str(state)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if done.returncode not in codes:
        sys.exit(f"failed: {' '.join(command)}\n{done.stdout}{done.stderr}")
    return done.stdout


def build():
    """The program as it is in this checkout, unless the environment names one."""
    if "DOUDI" not in os.environ:
        subprocess.run(["cargo", "build", "--release", "--quiet", "--bin", "doudi"], cwd=ROOT, check=True)


def imported(files, day, state):
    """Imports files and gives what the program tells of it."""
    return json.loads(doudi("feedback", "import", *files, "--json", "--as-of", day, state=state, codes=(0, 3, 4)))


def text_of(cell, shared):
    inline = re.search(r"<is>.*?<t[^>]*>(.*?)</t>", cell, re.S)
    value = re.search(r"<v>(.*?)</v>", cell, re.S)
    if inline:
        return inline.group(1)
    return shared[int(value.group(1))] if value and 't="s"' in cell else ""


def fill(book, filled, answer_of):
    """Writes answers into the cells of the answer columns; gives the clue numbers that were answered.

    `answer_of` gives the cells of a clue number by heading, or `None` where the officer leaves the row empty.
    A heading that the sheet does not have is left out.
    """
    answered = set()
    with zipfile.ZipFile(book) as source, zipfile.ZipFile(filled, "w", zipfile.ZIP_DEFLATED) as out:
        strings = source.read("xl/sharedStrings.xml").decode() if "xl/sharedStrings.xml" in source.namelist() else ""
        shared = ["".join(re.findall(r"<t[^>]*>(.*?)</t>", item, re.S)) for item in re.findall(r"<si>(.*?)</si>", strings, re.S)]
        for name in source.namelist():
            data = source.read(name)
            if name.startswith("xl/worksheets/sheet"):
                data = fill_sheet(data.decode(), shared, answer_of, answered).encode()
            out.writestr(name, data)
    return answered


def fill_sheet(xml, shared, answer_of, answered):
    rows = re.findall(r'<row r="(\d+)".*?</row>', xml, re.S)
    if "3" not in rows:
        return xml
    heading_row = re.search(r'<row r="3".*?</row>', xml, re.S).group(0)
    cells = re.findall(r'<c r="([A-Z]+)3"(.*?)</c>', heading_row, re.S)
    columns = {text_of(cell, shared): column for column, cell in cells}
    # A ledger (台账) shows clue numbers and results too, and asks nobody.
    if "线索编号" not in columns or "核查人" not in columns:
        return xml

    def row(match):
        number, body = int(match.group(1)), match.group(0)
        clue_cell = re.search(rf'<c r="{columns["线索编号"]}{number}".*?</c>', body, re.S)
        clue = text_of(clue_cell.group(0), shared) if number > 3 and clue_cell else ""
        answer = answer_of(clue) if CLUE.fullmatch(clue) else None
        if answer is None:
            return body
        for heading, text in answer.items():
            if heading not in columns:
                continue
            cell = f"{columns[heading]}{number}"
            content = f't="inlineStr"><is><t xml:space="preserve">{escape(text)}</t></is></c>'
            body, count = re.subn(rf'(<c r="{cell}"[^>]*?)\s*/>', lambda m: f"{m.group(1)} {content}", body)
            if count != 1:
                sys.exit(f"failed: no empty cell {cell} for {heading}")
        answered.add(clue)
        return body

    return re.sub(r'<row r="(\d+)".*?</row>', row, xml, flags=re.S)


def saved(files, kind, folder, profile):
    """The files as LibreOffice saves them."""
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(
        ["soffice", f"-env:UserInstallation=file://{profile}", "--headless", "--convert-to", FORMATS[kind],
         "--outdir", str(folder), *map(str, files)],
        check=True, capture_output=True)
    found = sorted(folder.iterdir())
    # A sheet without clue numbers is a file of its own as csv, which nobody would send.
    if kind.startswith("csv"):
        found = [file for file in found if ",线索编号,".encode("utf-8" if kind == "csv-utf8" else "gb18030") in file.read_bytes()]
    return found


def rows(state, query, parameters=()):
    """Rows of the ledger, which is opened read-only."""
    ledger = sqlite3.connect(f"file:{state}/ledger.sqlite?mode=ro", uri=True)
    try:
        return ledger.execute(query, parameters).fetchall()
    finally:
        ledger.close()


def held(state):
    """What a ledger holds of the answers: the clue number and what was written about it, in any order."""
    return rows(state, """SELECT n.number, e.kind, e.payload FROM event e JOIN case_number n USING (case_key)
                          WHERE e.run_id LIKE 'receipt-%' ORDER BY 1, 2, 3""")
