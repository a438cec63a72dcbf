"""Deliveries of the agencies as rows that can be changed, and written again with a later date.

Reads the files of a county as `doudi synth` writes them (CSV and xlsx; other files are passed on as they are),
keeps every cell as it was written, and knows from `truth.csv` who is named in which row. Only the standard
library of Python is needed.
"""

import csv
import datetime
import fnmatch
import hashlib
import io
import random
import re
import tomllib
import unicodedata
import zipfile
from pathlib import Path
from xml.sax.saxutils import escape

ROOT = Path(__file__).resolve().parent.parent
CODES = ROOT / "schemas" / "tables" / "codes"


class Number(str):
    """A cell that a workbook holds as a number; `style` tells a date."""

    style = ""


class Row(dict):
    """Field → cell; `who`: role → person of the truth."""

    __slots__ = ("sheet", "who")

    def __init__(self, cells, sheet="", who=None):
        super().__init__(cells)
        self.sheet, self.who = sheet, dict(who or {})

    def copy(self, **changes):
        row = Row(self, self.sheet, self.who)
        row.update(changes)
        return row


def heading(text):
    """A heading as it is compared: narrow, without spaces."""
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", text)).replace("(", "").replace(")", "")


class Contract:
    """What a delivery of one extract looks like."""

    def __init__(self, path):
        told = tomllib.loads(path.read_text(encoding="utf-8"))
        self.extract, self.agency = path.stem, path.parent.name
        self.files, self.key = told["files"], told["key"]
        self.fields = told["field"]
        self.of_heading = {heading(name): field for field, spec in self.fields.items() for name in spec["headers"]}
        self.tables = {field: spec.get("table") for field, spec in self.fields.items()}


def contracts():
    paths = (ROOT / "schemas").glob("*/*.toml")
    return [Contract(path) for path in sorted(paths) if path.parent.name not in ("tables", "json")]


class Labels:
    """Cells of coded fields as labels: a cell holds the label, the number or `number-label`."""

    def __init__(self):
        self.known = {}

    def of(self, table, cell):
        text = unicodedata.normalize("NFKC", str(cell)).strip()
        if table not in self.known:
            with open(CODES / f"{table}.csv", encoding="utf-8-sig", newline="") as file:
                rows = list(csv.DictReader(file))
            words = {}
            for row in rows:
                for word in [row["label"], row["code"], *(row["synonyms"] or "").split("|")]:
                    words.setdefault(word.strip(), row["label"])
            self.known[table] = words
        words = self.known[table]
        return words.get(text) or words.get(re.sub(r"^\w+\s*[-－]\s*", "", text)) or words.get(text.lstrip("0"), text)


def day_of(cell):
    """The day of a cell in any of the forms the agencies use; None where there is none."""
    text = unicodedata.normalize("NFKC", str(cell)).strip()
    if re.fullmatch(r"\d{5}(\.0)?", text):
        return datetime.date(1899, 12, 30) + datetime.timedelta(int(float(text)))
    parts = [part for part in re.split(r"\D+", text) if part]
    if parts and len(parts[0]) == 8:
        parts = [parts[0][:4], parts[0][4:6], parts[0][6:]]
    try:
        return datetime.date(*map(int, parts[:3]))
    except (TypeError, ValueError):
        return None


def month_of(cell):
    """`YYYYMM` of a month's cell."""
    digits = re.findall(r"\d+", unicodedata.normalize("NFKC", str(cell)))
    joined = digits[0] if digits and len(digits[0]) >= 6 else "".join(part.zfill(2) for part in digits[:2])
    return joined[:6]


def next_month(month, step=1):
    at = int(month[:4]) * 12 + int(month[4:6]) - 1 + step
    return f"{at // 12}{at % 12 + 1:02}"


# --- reading ---------------------------------------------------------------------------------------------------

COLUMN = re.compile(r"([A-Z]+)(\d+)")


def letters(index):
    name = ""
    while index >= 0:
        name, index = chr(65 + index % 26) + name, index // 26 - 1
    return name


def index_of(name):
    at = 0
    for letter in name:
        at = at * 26 + ord(letter) - 64
    return at - 1


def unescape(text):
    for mark, char in (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&apos;", "'"), ("&#10;", "\n"), ("&amp;", "&")):
        text = text.replace(mark, char)
    return text


def texts(xml):
    return unescape("".join(re.findall(r"<t[^>]*>(.*?)</t>", xml, re.S)))


def sheets_of(path):
    """Visible sheets: name and rows (row number, cells by column index)."""
    with zipfile.ZipFile(path) as book:
        names = book.namelist()
        strings = book.read("xl/sharedStrings.xml").decode() if "xl/sharedStrings.xml" in names else ""
        shared = [texts(item) for item in re.findall(r"<si>(.*?)</si>", strings, re.S)]
        listed = re.findall(r"<sheet ([^>]*)/>", book.read("xl/workbook.xml").decode())
        for at, attributes in enumerate(listed):
            if "hidden" in attributes.lower():
                continue
            name = unescape(re.search(r'name="([^"]*)"', attributes).group(1))
            yield name, rows_of(book.read(f"xl/worksheets/sheet{at + 1}.xml").decode(), shared)


def rows_of(xml, shared):
    rows = {}
    for number, body in re.findall(r'<row r="(\d+)"[^>]*?>(.*?)</row>', xml, re.S):
        cells = {}
        for attributes, content in re.findall(r"<c ([^>]*?)(?:/>|>(.*?)</c>)", body, re.S):
            name = COLUMN.search(re.search(r'r="([^"]*)"', attributes).group(1)).group(1)
            kind = re.search(r' t="([^"]*)"', " " + attributes)
            value = re.search(r"<v>(.*?)</v>", content, re.S)
            if kind and kind.group(1) == "inlineStr":
                cells[index_of(name)] = texts(content)
            elif kind and kind.group(1) == "s":
                cells[index_of(name)] = shared[int(value.group(1))]
            elif kind and value:
                cells[index_of(name)] = unescape(value.group(1))
            elif value:
                number_cell = Number(value.group(1))
                style = re.search(r' s="([^"]*)"', " " + attributes)
                number_cell.style = style.group(1) if style else ""
                cells[index_of(name)] = number_cell
        rows[int(number)] = cells
    for first, last in re.findall(r'<mergeCell ref="([A-Z]+\d+):([A-Z]+\d+)"', xml):
        (left, top), (right, bottom) = COLUMN.match(first).groups(), COLUMN.match(last).groups()
        value = rows.get(int(top), {}).get(index_of(left))
        if left == right and value is not None:
            for row in range(int(top) + 1, int(bottom) + 1):
                rows.setdefault(row, {}).setdefault(index_of(left), value)
    return rows


def decoded(data):
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        return text, "utf-8" if encoding == "utf-8-sig" and not data.startswith(b"\xef\xbb\xbf") else encoding
    raise ValueError("neither UTF-8 nor GB 18030")


class Part:
    """One file of an extract, whatever its date: headings and rows, or the bytes of what is not changed."""

    def __init__(self, contract, path, truth):
        self.contract, self.name = contract, path.name
        self.prefix, self.suffix = re.match(r"(.*)_\d{8}(\.\w+)$", path.name).groups()
        self.headings, self.fields, self.rows, self.raw, self.encoding = [], [], [], None, ""
        who = truth.get(path.name, {})
        if self.suffix == ".csv":
            text, self.encoding = decoded(path.read_bytes())
            lines = list(csv.reader(io.StringIO(text, newline="")))
            self.take("", {at + 1: dict(enumerate(line)) for at, line in enumerate(lines)}, who)
        elif self.suffix == ".xlsx":
            for sheet, rows in sheets_of(path):
                self.take(sheet, rows, who)
        # What cannot be read (another format, no heading) is passed on as it is.
        if not self.headings:
            self.raw = path.read_bytes()

    def take(self, sheet, rows, who):
        numbers = sorted(rows)
        known = self.contract.of_heading
        head = next((n for n in numbers if sum(heading(c) in known for c in rows[n].values()) >= 3), None)
        if head is None:
            return
        headings = [str(rows[head].get(at, "")) for at in range(max(rows[head]) + 1)]
        fields = [known.get(heading(text), text) for text in headings]
        if not self.fields:
            self.headings, self.fields = headings, fields
        for number in (n for n in numbers if n > head):
            cells = {field: rows[number].get(at, "") for at, field in enumerate(fields) if field}
            filled = [cell for cell in cells.values() if cell != ""]
            if not filled or any(heading(str(cell)) in ("合计", "小计") for cell in filled[:2]):
                continue
            self.rows.append(Row(cells, sheet, who.get((sheet, number), {})))

    # --- writing ---

    def bytes(self, day, rng):
        """The file as it is delivered on a day: an export has no order of its own."""
        if self.raw is not None:
            return self.raw
        rows = list(self.rows)
        rng.shuffle(rows)
        if self.suffix == ".csv":
            out = io.StringIO()
            # Two exports on two days never are the same bytes.
            writer = csv.writer(out, lineterminator="\r\n" if day.toordinal() % 2 else "\n")
            writer.writerow([text for text in self.headings if text])
            writer.writerows([row.get(field, "") for field in self.fields if field] for row in rows)
            return out.getvalue().encode(self.encoding)
        return workbook(self, rows, day)


def cell_xml(at, number, value):
    if value == "":
        return ""
    place = f'r="{letters(at)}{number}"'
    if isinstance(value, Number):
        style = ' s="1"' if value.style not in ("", "0") else ""
        return f"<c {place}{style}><v>{value}</v></c>"
    return f'<c {place} t="inlineStr"><is><t xml:space="preserve">{escape(str(value))}</t></is></c>'


def sheet_xml(part, rows):
    lines = ["".join(cell_xml(at, 1, text) for at, text in enumerate(part.headings))]
    for number, row in enumerate(rows, 2):
        lines.append("".join(cell_xml(at, number, row.get(field, "")) for at, field in enumerate(part.fields)))
    data = "".join(f'<row r="{number}">{line}</row>' for number, line in enumerate(lines, 1))
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    return f'<?xml version="1.0" encoding="UTF-8"?><worksheet xmlns="{space}"><sheetData>{data}</sheetData></worksheet>'


def workbook(part, rows, day):
    """A workbook with one sheet for each sheet the rows came from."""
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    relations = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    names = sorted({row.sheet or "Sheet1" for row in rows}) or ["Sheet1"]
    files = {
        "_rels/.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="rId1" '
        f'Type="{relations}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/styles.xml": f'<styleSheet xmlns="{main}"><fonts count="1"><font/></fonts><fills count="1"><fill/></fills>'
        '<borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="2"><xf/>'
        '<xf numFmtId="14" applyNumberFormat="1"/></cellXfs></styleSheet>',
    }
    types, sheets, targets = "", "", ""
    for at, name in enumerate(names, 1):
        files[f"xl/worksheets/sheet{at}.xml"] = sheet_xml(part, [row for row in rows if (row.sheet or "Sheet1") == name])
        kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
        types += f'<Override PartName="/xl/worksheets/sheet{at}.xml" ContentType="{kind}.worksheet+xml"/>'
        sheets += f'<sheet name="{escape(name)}" sheetId="{at}" r:id="rId{at}"/>'
        targets += f'<Relationship Id="rId{at}" Type="{relations}/worksheet" Target="worksheets/sheet{at}.xml"/>'
    targets += f'<Relationship Id="rId{len(names) + 1}" Type="{relations}/styles" Target="styles.xml"/>'
    files["xl/workbook.xml"] = f'<workbook xmlns="{main}" xmlns:r="{relations}"><sheets>{sheets}</sheets></workbook>'
    files["xl/_rels/workbook.xml.rels"] = f'<Relationships xmlns="{package}/relationships">{targets}</Relationships>'
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    files["[Content_Types].xml"] = (
        f'<Types xmlns="{package}/content-types"><Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" '
        f'ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="{kind}.sheet.main+xml"/>'
        f'<Override PartName="/xl/styles.xml" ContentType="{kind}.styles+xml"/>{types}</Types>'
    )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as book:
        for name in sorted(files, key=lambda name: name != "[Content_Types].xml"):
            info = zipfile.ZipInfo(name, (day.year, day.month, day.day, 6, 0, 0))
            book.writestr(info, files[name], zipfile.ZIP_DEFLATED)
    return out.getvalue()


class Deliveries:
    """All extracts of a county."""

    def __init__(self, folder):
        self.labels = Labels()
        self.parts, self.contracts = [], {}
        known = contracts()
        truth = read_truth(folder / "truth.csv")
        for path in sorted(folder.glob("*/*")):
            fitting = [
                (len(pattern), contract) for contract in known for pattern in contract.files
                if contract.agency == path.parent.name and fnmatch.fnmatchcase(path.name, pattern)
            ]
            if fitting:
                contract = max(fitting, key=lambda one: one[0])[1]
                self.contracts[contract.extract] = contract
                self.parts.append(Part(contract, path, truth))

    def parts_of(self, extract):
        return [part for part in self.parts if part.contract.extract == extract]

    def rows(self, extract):
        return [row for part in self.parts_of(extract) for row in part.rows]

    def label(self, extract, field, row):
        return self.labels.of(self.contracts[extract].tables[field], row.get(field, ""))

    def agencies(self):
        return sorted({part.contract.agency for part in self.parts})

    def deliver(self, folder, agency, day, seed):
        """Writes all files of an agency with its manifest; what lay there before is taken away."""
        target = folder / agency
        target.mkdir(parents=True, exist_ok=True)
        for old in target.iterdir():
            old.unlink()
        lines = ["文件名,来源单位,提供人,截止日期,行数,校验值,依据文号"]
        for part in (part for part in self.parts if part.contract.agency == agency):
            name = f"{part.prefix}_{day:%Y%m%d}{part.suffix}" if part.raw is None else part.name
            data = part.bytes(day, random.Random(f"{seed}|{name}"))
            (target / name).write_bytes(data)
            until = day.isoformat() if part.raw is None else ""
            rows = len(part.rows) if part.raw is None else ""
            lines.append(f"{name},{agency},信息科,{until},{rows},sha256:{hashlib.sha256(data).hexdigest()},")
        (target / "manifest.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def read_truth(path):
    """File → (sheet, row) → role → person."""
    truth = {}
    with open(path, encoding="utf-8", newline="") as file:
        for line in csv.DictReader(file):
            place = truth.setdefault(line["file"], {}).setdefault((line["sheet"], int(line["row"])), {})
            place[line["role"]] = line["person"]
    return truth
