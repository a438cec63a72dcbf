#!/usr/bin/env python3
"""Makes fixtures/broken/<kind>/: one small delivery for each kind of dirt that readers must survive.

The files are committed; run this again only to add a kind. A second run with the same packages
gives the same bytes:

    pip install openpyxl==3.1.5 xlwt==1.3.0 pyarrow==26.0.1
    python3 scripts/make-broken-fixtures.py
    cargo insta test --release --test suite --accept    # then read what changed in the snapshots

Every person is generated: names from a syllable list, numbers of region 320681 with a valid check
digit. Each kind is an input folder as `doudi run --input` takes it; `last.toml` tells the last
accepted delivery where a kind needs one.
"""

import csv
import hashlib
import io
import re
import shutil
import tomllib
import zipfile
from datetime import date, datetime
from pathlib import Path

import openpyxl
import pyarrow
import pyarrow.parquet
import xlwt

ROOT = Path(__file__).resolve().parent.parent / "fixtures" / "broken"
CIVIL, EDUCATION = "civil-affairs", "education"
POLICE, DISABILITY = "public-security", "disability-federation"
WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]
SURNAMES, GIVEN = "赵钱孙李周吴郑王冯陈", ["一诺", "子涵", "宇轩", "欣怡", "浩然", "梓萱", "俊杰", "雨桐", "明", "静"]
TOWNS = ["汇龙镇", "吕四港镇", "寅阳镇"]


def resident_id(index: int) -> str:
    """The number of the index-th generated person."""
    return checked(f"320681{2009 + index % 10}{1 + index % 12:02}{1 + index % 28:02}{(index * 7) % 1000:03}")


def adult_id(index: int) -> str:
    """The number of somebody who may be the index-th person's grandparent."""
    return checked(f"320626{1950 + index % 10}{1 + index % 12:02}{1 + index % 28:02}{(index * 7) % 1000:03}")


def checked(body: str) -> str:
    total = sum(int(digit) * weight for digit, weight in zip(body, WEIGHTS))
    return body + "10X98765432"[total % 11]


def birth(index: int) -> str:
    text = resident_id(index)
    return f"{text[6:10]}-{text[10:12]}-{text[12:14]}"


def name(index: int) -> str:
    return SURNAMES[index % 10] + GIVEN[(index // 10 + index) % 10]


def place(kind: str, agency: str, file: str) -> Path:
    path = ROOT / kind / agency / file
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def put(kind: str, agency: str, file: str, content: bytes) -> None:
    place(kind, agency, file).write_bytes(content)


def last(kind: str, text: str) -> None:
    (ROOT / kind / "last.toml").write_text(text, encoding="utf-8")


def csv_text(rows, end="\n") -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator=end).writerows(rows)
    return out.getvalue()


def settle(path: Path) -> None:
    """Rewrites a zip container with fixed times, so that a second run gives the same bytes."""
    entries = [(info, data) for info, data in read_zip(path)]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        for info, data in entries:
            out.writestr(zipfile.ZipInfo(info.filename, (2026, 11, 30, 0, 0, 0)), data, zipfile.ZIP_DEFLATED)


def read_zip(path: Path):
    with zipfile.ZipFile(path) as archive:
        return [(info, archive.read(info)) for info in archive.infolist()]


def share_strings(path: Path) -> None:
    """Moves inline texts into a table of strings, as Excel itself writes them."""
    texts: dict[str, int] = {}

    def shared(match: re.Match) -> str:
        index = texts.setdefault(match[2], len(texts))
        return f'<c{match[1]} t="s"><v>{index}</v></c>'

    entries = {info.filename: data.decode() for info, data in read_zip(path)}
    # openpyxl writes the time of saving here, whatever the properties of the book say.
    modified = r"(<dcterms:modified[^>]*>)[^<]*"
    entries["docProps/core.xml"] = re.sub(modified, r"\g<1>2026-11-30T00:00:00Z", entries["docProps/core.xml"])
    for name, data in entries.items():
        if "worksheets/" in name:
            pattern = r'<c((?: [rs]="[^"]*")*) t="inlineStr"><is><t[^>]*>([^<]*)</t></is></c>'
            entries[name] = re.sub(pattern, shared, data)
    office = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings"
    cells = "".join(f'<si><t xml:space="preserve">{text}</t></si>' for text in texts)
    entries["xl/sharedStrings.xml"] = (
        '<?xml version="1.0" encoding="UTF-8"?><sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" '
        f'count="{len(texts)}" uniqueCount="{len(texts)}">{cells}</sst>')
    for name, end, more in [
        ("[Content_Types].xml", "</Types>", f'<Override PartName="/xl/sharedStrings.xml" ContentType="{office}" />'),
        ("xl/_rels/workbook.xml.rels", "</Relationships>", f'<Relationship Type="{kind}" Target="sharedStrings.xml" Id="rIdS" />'),
    ]:
        entries[name] = entries[name].replace(end, more + end)
    with zipfile.ZipFile(path, "w") as out:
        for name, data in entries.items():
            out.writestr(name, data)


def save(book: openpyxl.Workbook, path: Path) -> None:
    book.properties.created = book.properties.modified = datetime(2026, 11, 30)
    book.save(path)
    share_strings(path)
    settle(path)


def sheet_of(book: openpyxl.Workbook, title: str, rows):
    sheet = book.create_sheet(title)
    for row in rows:
        sheet.append(row)
    return sheet


def workbook() -> openpyxl.Workbook:
    book = openpyxl.Workbook()
    book.remove(book.active)
    return book


# Rows of real extracts ------------------------------------------------------------------------

VISITS = ["记录编号", "儿童编号", "姓名", "身份证号", "走访日期", "走访类型", "走访人", "发现问题", "独居"]
CUSTODY = ["编号", "姓名", "身份证号", "措施类别", "起始日期", "期满日期", "解除日期", "有无未成年子女"]
ROSTER = ["序号", "儿童编号", "姓名", "身份证号", "性别", "出生日期", "镇(街道)", "村(社区)", "儿童类别", "人员状态", "监护人电话"]
LEDGER = ["序号", "镇(街道)", "姓名", "身份证号", "学校名称", "登记日期", "类型", "劝返次数", "状态"]
CARDS = ["残疾人证号", "姓名", "身份证号", "性别", "出生日期", "残疾类别", "残疾等级", "首次发证日期", "有效期至", "证件状态", "镇(街道)"]
ABSENCES = ["学籍号", "姓名", "日期", "类型", "请假依据"]
RELIEF = ["户编号", "救助类别", "姓名", "身份证号", "与户主关系", "镇(街道)", "起保年月", "状态", "月保障金额"]


def visit(i):
    return [f"ZF{i:05}", f"ET{i:05}", name(i), resident_id(i), f"2026-11-{1 + i % 28:02}", "月访", name(i + 50), "", "否"]


def custody(i):
    return [f"JY{i:05}", name(i), resident_id(i), "逮捕", f"2026-0{1 + i % 9}-15", "", "", "有"]


def child(i, town=None):
    return [i, f"ET{i:05}", name(i), resident_id(i), "男" if int(resident_id(i)[16]) % 2 else "女", birth(i),
            town or TOWNS[i % 3], "民胜村", "5", "登记在册", f"1380513{1000 + i}"]


def ledger(i):
    return [i, TOWNS[i % 3], name(i), resident_id(i), "实验小学", "2026-09-01", "疑似辍学", 1, "在册"]


def card(i):
    return [resident_id(i) + "43", name(i), resident_id(i), "男", birth(i), "4", "3", "2020-05-01", "2030-05-01", "正常", TOWNS[i % 3]]


def absence(i):
    return ["G" + resident_id(i), name(i), "2026-11-12", "事假", ""]


def relief(i):
    return [f"H{i:04}", "低保", name(i), resident_id(i), "户主", TOWNS[i % 3], "202501", "正常", 780.5]


def roster_sheet(rows, headings=()):
    """A roster with further columns behind the usual ones."""
    book = workbook()
    sheet_of(book, "Sheet1", [ROSTER + list(headings)] + rows)
    return book


def visits(rows, end="\n", header=None):
    return csv_text([header or VISITS] + rows, end)


# Kinds ----------------------------------------------------------------------------------------

def encodings():
    rows = [visit(i) for i in range(1, 6)]
    put("encoding-plain", CIVIL, "走访记录_20261130.csv", visits(rows).encode())
    put("encoding-bom-crlf", CIVIL, "走访记录_20261130.csv", visits(rows, "\r\n").encode("utf-8-sig"))
    put("encoding-declared-wrongly", CIVIL, "走访记录_20261130.csv", visits(rows).encode("gb18030"))
    tabs = visits(rows, "\r\n").replace(",", "\t")
    put("encoding-utf16-tabs", CIVIL, "走访记录_20261130.csv", tabs.encode("utf-16"))
    held = [custody(i) for i in range(1, 5)]
    for row, rare in zip(held, ["赵𠮷", "钱㐂", "孙𬭚", "李\ue863"]):
        row[1] = rare
    put("encoding-four-bytes", POLICE, "羁押强戒_20261130.csv", csv_text([CUSTODY] + held).encode("gb18030"))
    broken = visits(rows).encode().replace(name(2).encode(), name(2).encode()[:-1], 1)
    put("encoding-broken-bytes", CIVIL, "走访记录_20261130.csv", broken)
    noise = visits(rows).encode().replace("月访".encode(), b"\xff\xfe\x81") * 40
    put("encoding-unknown", CIVIL, "走访记录_20261130.csv", noise)


def layouts():
    rows = [visit(i) for i in range(1, 6)]
    rows[1][7] = "家中无人，\n改日再访"
    rows[3][7] = '自述"很好"'
    text = visits(rows, "\r\n") + "\r\n" + visits([visit(9)])[len(visits([])):]
    put("layout-quoted-line-breaks", CIVIL, "走访记录_20261130.csv", text.encode())
    wide = [row + ["", ""] for row in [VISITS] + [visit(i) for i in range(1, 4)]]
    put("layout-trailing-columns", CIVIL, "走访记录_20261130.csv", csv_text(wide).encode())
    ragged = [VISITS, visit(1), visit(2)[:7], visit(3)[:4], visit(4) + ["多出"], visit(5) + [""], visit(6)]
    put("layout-ragged", CIVIL, "走访记录_20261130.csv", csv_text(ragged).encode())


def headers():
    spelled = ["记录 编号", "儿童编号*", "姓名：", "公民身份号码", "走访日期（必填）", "走访类型", "走访人", "存在问题", "是否独居"]
    put("header-spelling", CIVIL, "走访记录_20261130.csv", visits([visit(1), visit(2)], header=spelled).encode())
    order = [8, 5, 4, 3, 2, 1, 0]
    moved = [[row[i] for i in order] + ["139"] for row in [VISITS, visit(1), visit(2)]]
    moved[0][-1] = "填报人手机"
    put("header-order-extra", CIVIL, "走访记录_20261130.csv", csv_text(moved).encode())
    without = [row[:4] + row[5:] for row in [VISITS, visit(1)]]
    put("header-required-missing", CIVIL, "走访记录_20261130.csv", csv_text(without).encode())
    put("header-none", CIVIL, "走访记录_20261130.csv", csv_text([visit(1), visit(2)]).encode())
    loose = ["序号", "儿童编号*", "姓 名", "身份证号码", "性别", "出生\n日期", "镇（街道）", "村（社区）", "儿童类别", "人员状态", "监护人电话"]
    book = workbook()
    sheet_of(book, "Sheet1", [loose, child(1), child(2)])
    save(book, place("header-spelling", CIVIL, "儿童名册_20261130.xlsx"))
    twice = [row + [row[3]] for row in [VISITS, visit(1)]]
    twice[0][-1] = "公民身份号码"
    put("header-twice", CIVIL, "走访记录_20261130.csv", csv_text(twice).encode())


def sheets():
    book = workbook()
    for at, town in enumerate(TOWNS):
        rows = [[f"启东市{town}儿童名册"], [], ROSTER]
        rows += [child(i, town) for i in range(10 * at + 1, 10 * at + 4)] + [[]]
        rows += [["小计", "3人"]] + [child(10 * at + 5, town)] + [["合 计", None, "4人"], [], ["填表人：办事员"]]
        sheet_of(book, town, rows).merge_cells("A1:K1")
    save(book, place("sheet-titles-sums", CIVIL, "儿童名册_20261130.xlsx"))

    book = workbook()
    rows = [["控辍保学台账"], LEDGER] + [ledger(i) for i in range(1, 8)]
    for row in rows[2:]:
        row[1] = None
    rows[2][1], rows[5][1], rows[8][1] = TOWNS
    sheet = sheet_of(book, "台账", rows)
    for region in ["A1:I1", "B3:B5", "B6:B8"]:
        sheet.merge_cells(region)
    save(book, place("sheet-merged", EDUCATION, "控辍台账_20261130.xlsx"))

    book = workbook()
    sheet_of(book, "汇龙镇", [ROSTER, child(1), child(2)])
    sheet_of(book, "旧数据", [ROSTER, child(3)]).sheet_state = "hidden"
    sheet_of(book, "代码", [ROSTER, child(4)]).sheet_state = "veryHidden"
    sheet_of(book, "填表说明", [["说明"], ["姓名", "填写户口本上的姓名"], ["儿童类别", "按代码表填写"]])
    sheet_of(book, "空表", [])
    save(book, place("sheet-hidden-and-notes", CIVIL, "儿童名册_20261130.xlsx"))

    book = workbook()
    sheet_of(book, "汇龙镇", [ROSTER, child(1)])
    sheet_of(book, "寅阳镇", [ROSTER[:1] + ROSTER[2:], child(2)[:1] + child(2)[2:]])
    save(book, place("sheet-required-missing", CIVIL, "儿童名册_20261130.xlsx"))


def cells():
    book = workbook()
    rows = [child(i) for i in range(1, 9)]
    rows[0][5] = datetime(2012, 3, 4)
    rows[1][3] = int(resident_id(2)[:17] + "1")
    rows[2][3] = "3.20681E+17"
    rows[3][4] = "#N/A"
    rows[4][2] = "#N/A"
    rows[5][8], rows[5][10] = 5, 13805131006
    rows[6][5] = 41000
    rows[7][4] = True
    sheet = sheet_of(book, "Sheet1", [ROSTER] + rows)
    for at in ["E5", "C6"]:
        sheet[at].data_type = "e"
    save(book, place("cell-types", CIVIL, "儿童名册_20261130.xlsx"))

    book = workbook()
    book.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904
    rows = [child(1), child(2)]
    rows[0][5], rows[1][5] = datetime(2012, 3, 4), 39510
    sheet_of(book, "Sheet1", [ROSTER] + rows)
    save(book, place("cell-dates-1904", CIVIL, "儿童名册_20261130.xlsx"))


def numbers():
    """Numbers that a spreadsheet holds as text, and numbers that should have been text."""
    months = ["202501", 202501, "2025-01", "2025年1月", "2025年01月", datetime(2025, 1, 1), "2025", "长期"]
    amounts = [780.5, "780.50", "７８０．５", "1,780.5", "￥780.5", "780.505", "780元", "面议"]
    rows = []
    for at, (month, amount) in enumerate(zip(months, amounts)):
        row = relief(at + 1)
        row[6], row[8] = month, amount
        rows.append(row)
    book = workbook()
    sheet_of(book, "Sheet1", [RELIEF] + rows)
    save(book, place("field-month-amount-forms", CIVIL, "救助对象_20261130.xlsx"))

    # Excel keeps fifteen digits; a number that ends in X stays a text.
    rows = [child(i) for i in range(1, 31)]
    for row in rows:
        row[3] = row[3] if row[3].endswith("X") else int(row[3][:15] + "000")
    save(roster_sheet(rows), place("field-id-rounded", CIVIL, "儿童名册_20261130.xlsx"))

    rows = [child(i) + [name(i + 60), adult_id(i), "祖父"] for i in range(1, 6)]
    rows[1][3] = rows[1][12]
    rows[3][12] = rows[3][3]
    book = roster_sheet(rows, ["监护人姓名", "监护人身份证号", "监护人关系"])
    save(book, place("field-id-of-guardian", CIVIL, "儿童名册_20261130.xlsx"))


def xls():
    book = xlwt.Workbook(encoding="utf-8")
    day = xlwt.easyxf(num_format_str="YYYY-MM-DD")
    sheet = book.add_sheet("持证人员")
    sheet.write_merge(0, 0, 0, 10, "残疾人证名册")
    for at, heading in enumerate(CARDS):
        sheet.write(1, at, heading)
    for i in range(1, 7):
        for at, value in enumerate(card(i)):
            if at == 10 and i in (1, 2, 3):
                continue
            if at == 4 and i == 2:
                sheet.write(i + 1, at, datetime(2011, 1, 1), day)
            elif at == 2 and i == 3:
                sheet.write(i + 1, at, int(resident_id(3)[:17] + "0"))
            elif at == 5 and i == 4:
                sheet.write(i + 1, at, 4)
            elif at == 7 and i == 5:
                sheet.write(i + 1, at, xlwt.Formula("NA()"))
            else:
                sheet.write(i + 1, at, value)
    sheet.write_merge(2, 4, 10, 10, TOWNS[0])
    sheet.write(8, 0, "合计")
    sheet.write(8, 1, 6)
    hidden = book.add_sheet("底稿")
    hidden.visibility = 1
    for at, heading in enumerate(CARDS):
        hidden.write(0, at, heading)
    book.save(str(place("xls-workbook", DISABILITY, "残疾人证_20261130.xls")))


def parquet():
    rows = range(1, 6)
    table = pyarrow.table({
        "人员编号": pyarrow.array([320681000 + i for i in rows], pyarrow.int64()),
        "公民身份号码": [resident_id(i) for i in rows],
        "姓名": [name(i) if i != 4 else None for i in rows],
        "性别": pyarrow.array(["男", "女", "男", None, "女"]).dictionary_encode(),
        "出生日期": pyarrow.array([date(2012, 1, i) for i in rows], pyarrow.date32()),
        "户号": pyarrow.array([float(100 + i) for i in rows], pyarrow.float64()),
        "镇(街道)": [TOWNS[i % 3] for i in rows],
        "注销状态": pyarrow.array([0, 0, 1, 0, 3], pyarrow.int8()),
        "采集时间": pyarrow.array([datetime(2026, 11, i) for i in rows], pyarrow.timestamp("ms")),
    })
    path = place("parquet-types", POLICE, "人口_20261130.parquet")
    pyarrow.parquet.write_table(table, path, compression="snappy")
    whole = path.read_bytes()
    put("batch-truncated-parquet", POLICE, "人口_20261130.parquet", whole[: len(whole) * 2 // 3])


def fields():
    good = resident_id(1)
    wide = "".join(chr(ord(c) + 0xFEE0) for c in good)
    x = next(resident_id(i) for i in range(1, 200) if resident_id(i).endswith("X"))
    ids = [x.lower(), wide, x[:-1] + "×", x[:-1] + "*", f"{good[:6]} {good[6:14]} {good[14:]}", good[:9] + "\u00a0" + good[9:],
           good[:4] + "\u200b" + good[4:], "'" + good, "\t" + good, good[:6] + good[8:17], good[:17], good[:10] + "9" + good[11:],
           good[:12] + good[13] + good[12] + good[14:], good[:17] + ("0" if good[17] != "0" else "1"), "无", "0", "1" * 18,
           "E12345678", "G" + good, "J" + good, "L" + good, "3.20681E+17", good[:15] + "000", ""]
    rows = []
    for at, text in enumerate(ids):
        row = visit(at + 1)
        row[3] = text
        rows.append(row)
    put("field-id-forms", CIVIL, "走访记录_20261130.csv", visits(rows).encode())
    names = ["张　三丰", " 李 四 ", "阿依古丽•买买提", "阿依古丽·买买提", "阿依古丽．买买提", "阿依古丽.买买提", "張偉", "王喆", "王?喆", "王□", "王＊",
             "李\ue863", "zhang san", "陈静（曾用名：陈婧）", "张毛毛", "王某之子", "刘璐璐璐", "?", "赵𠮷",
             # Pinyin and an entity for a rare character; a homophone, a look-alike, a dropped character.
             "李zi韦", "李yan", "王&#183118;", "王子函", "王梓函", "王梓",
             # A described character; UTF-8 read as GBK, with bytes lost and whole; a former name before the name.
             "张(龙天)", "（龙天）志", "寮犳娑", "鐜嬪皬鏄", "鐜嬪枂", "（曾用名李三）李四", "劉偉", "張·偉"]
    rows = []
    for at, text in enumerate(names):
        row = custody(at + 1)
        row[1] = text
        rows.append(row)
    put("field-name-forms", POLICE, "羁押强戒_20261130.csv", csv_text([CUSTODY] + rows).encode("gb18030"))
    dates = ["20110101", "2011-1-1", "2011.01.01", "2011/1/1", "2011年1月1日", "2011-01-01 00:00:00", "40544", "201101",
             "00000000", "2011-31-12", "1911-01-01", "2111-01-01", "二〇一一年", " 2011-01-01 ",
             # 一 in place of a dash, a range, no such time, the year last, a year of two digits, no such day.
             "2011一1一1", "2011-01-01 08:00至2012-01-01", "2011-01-01 99:99", "01/02/2011", "11-1-1", "2011-02-30",
             "40544.5", "二〇一一年一月一日"]
    rows = []
    for at, text in enumerate(dates):
        row = custody(at + 1)
        row[4] = text
        rows.append(row)
    put("field-date-forms", POLICE, "羁押强戒_20261130.csv", csv_text([CUSTODY] + rows).encode("gb18030"))
    codes = ["月访", " 月 访 ", "1", "1-月访", "月访_1", "摸底排查", "电话", "不存在的类型", "#N/A", "　"]
    rows = []
    for at, text in enumerate(codes):
        row = visit(at + 1)
        row[5] = text
        rows.append(row)
    put("field-code-forms", CIVIL, "走访记录_20261130.csv", visits(rows).encode())


def odd_values():
    """Cells that are read and are wrong all the same: they are told, and no row is lost."""
    kind = "field-odd-values"
    rows = [child(i) for i in range(1, 6)]
    rows[0][4], rows[1][10], rows[2][10] = "不明", "电话待补充", "12345"
    save(roster_sheet(rows), place(kind, CIVIL, "儿童名册_20261130.xlsx"))
    rows = [ledger(i) for i in range(1, 5)]
    rows[0][7], rows[1][7], rows[2][7] = "3,5", "两次", "2.0"
    book = workbook()
    sheet_of(book, "台账", [LEDGER] + rows)
    save(book, place(kind, EDUCATION, "控辍台账_20261130.xlsx"))
    rows = [relief(i) for i in range(1, 4)]
    rows[0][8], rows[1][8] = -780.5, 0
    book = workbook()
    sheet_of(book, "Sheet1", [RELIEF] + rows)
    save(book, place(kind, CIVIL, "救助对象_20261130.xlsx"))
    rows = [custody(i) for i in range(1, 4)]
    rows[0][5], rows[1][4] = "2020-01-01", "2027-01-01"
    put(kind, POLICE, "羁押强戒_20261130.csv", csv_text([CUSTODY] + rows).encode("gb18030"))
    rows = [visit(i) + ([] if i != 2 else ["", "多出"]) for i in range(1, 4)]
    put(kind, CIVIL, "走访记录_20261130.csv", csv_text([VISITS + [""]] + rows).encode())


def rows_kinds():
    rows = [absence(i) for i in range(1, 7)]
    rows[1][0] = ""
    rows[3][1] = " \u3000"
    rows[4][2] = "#REF!"
    put("row-required-empty", EDUCATION, "缺勤_20261130.csv", csv_text([ABSENCES] + rows).encode())
    rows = [absence(i) for i in range(1, 5)]
    rows += [list(rows[0]), [*rows[1][:3], "病假", "医院证明"], list(rows[2])]
    put("row-repeated", EDUCATION, "缺勤_实验小学_20261130.csv", csv_text([ABSENCES] + rows).encode())
    again = [absence(4), absence(9)]
    put("row-repeated", EDUCATION, "缺勤_汇龙小学_20261130.csv", csv_text([ABSENCES] + again).encode())


def towns_book(path: Path, numbers, dated=ROSTER):
    book = workbook()
    sheet_of(book, "Sheet1", [dated] + [child(i) for i in numbers])
    save(book, path)


def batches():
    path = place("batch-last-month-renamed", CIVIL, "儿童名册_20261130.xlsx")
    towns_book(path, range(1, 7))
    again = hashlib.sha256(path.read_bytes()).hexdigest()
    last("batch-last-month-renamed", f'[child_roster]\nas_of = "2026-10-31"\nrows = 6\nsha256s = ["{again}"]\n')
    towns_book(place("batch-older-than-last", CIVIL, "儿童名册_20261031.xlsx"), range(1, 7))
    last("batch-older-than-last", '[child_roster]\nas_of = "2026-11-15"\nrows = 6\n')
    path = place("batch-unchanged", CIVIL, "儿童名册_20261115.xlsx")
    towns_book(path, range(1, 7))
    again = hashlib.sha256(path.read_bytes()).hexdigest()
    last("batch-unchanged", f'[child_roster]\nas_of = "2026-11-15"\nrows = 6\nsha256s = ["{again}"]\n')
    towns_book(place("batch-towns-missing", CIVIL, "儿童名册_20261130.xlsx"), [i for i in range(1, 41) if i % 3 == 0])
    last("batch-towns-missing", '[child_roster]\nas_of = "2026-10-31"\nrows = 40\n'
         'towns = [["汇龙镇", 13], ["吕四港镇", 14], ["寅阳镇", 13]]\n')
    # As many rows as last time, but one town has lost half of its own.
    book, rows = workbook(), []
    for town, count in zip(TOWNS, [15, 38, 37]):
        rows += [child(len(rows) + 1 + at, town) for at in range(count)]
    sheet_of(book, "Sheet1", [ROSTER] + rows)
    save(book, place("batch-town-halved", CIVIL, "儿童名册_20261130.xlsx"))
    last("batch-town-halved", '[child_roster]\nas_of = "2026-10-31"\nrows = 90\n'
         'towns = [["汇龙镇", 30], ["吕四港镇", 30], ["寅阳镇", 30]]\n')
    put("batch-part-missing", EDUCATION, "缺勤_实验小学_20261130.csv", csv_text([ABSENCES] + [absence(i) for i in range(1, 5)]).encode())
    last("batch-part-missing", '[absence]\nas_of = "2026-10-31"\nrows = 4\n'
         'names = ["缺勤_实验小学_20261031.csv", "缺勤_汇龙小学_20261031.csv"]\n')
    towns_book(place("batch-dates", CIVIL, "儿童名册_20260630.xlsx"), range(1, 4))
    put("batch-dates", CIVIL, "走访记录_20271130.csv", visits([visit(1)]).encode())
    put("batch-dates", CIVIL, "收养登记_无日期.csv", csv_text([["登记号", "被收养人姓名", "登记日期", "登记类型"], ["SY1", name(1), "2026-05-01", "收养"]]).encode("gb18030"))
    towns_book(place("batch-two-months", CIVIL, "儿童名册_汇龙镇_20261031.xlsx"), [3, 6])
    towns_book(place("batch-two-months", CIVIL, "儿童名册_汇龙镇_20261130.xlsx"), [3, 6, 9])
    towns_book(place("batch-two-months", CIVIL, "儿童名册_寅阳镇_20261130.xlsx"), [2, 5])
    put("batch-same-file-twice", CIVIL, "走访记录_20261130.csv", visits([visit(1)]).encode())
    put("batch-same-file-twice", CIVIL, "走访记录_副本_20261130.csv", visits([visit(1)]).encode())
    put("batch-header-only", CIVIL, "走访记录_20261130.csv", visits([]).encode())
    put("batch-header-only", CIVIL, "收养登记_20261130.csv", b"")
    put("batch-header-only", CIVIL, "火化登记_20261130.csv", b"\r\n\r\n")
    towns_book(place("batch-header-only", CIVIL, "儿童名册_20261130.xlsx"), [])
    empty = pyarrow.parquet.read_table(ROOT / "parquet-types" / POLICE / "人口_20261130.parquet").slice(0, 0)
    pyarrow.parquet.write_table(empty, place("batch-header-only", POLICE, "人口_20261130.parquet"))
    book = xlwt.Workbook(encoding="utf-8")
    sheet = book.add_sheet("持证人员")
    for at, heading in enumerate(CARDS):
        sheet.write(0, at, heading)
    book.save(str(place("batch-header-only", DISABILITY, "残疾人证_20261130.xls")))
    path = place("batch-truncated", CIVIL, "儿童名册_20261130.xlsx")
    towns_book(path, range(1, 30))
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    put("batch-truncated", CIVIL, "走访记录_20261130.csv", visits([visit(i) for i in range(1, 9)]).encode()[:-30])
    put("batch-truncated", CIVIL, "收养登记_20261130.csv", '登记号,被收养人姓名,登记日期,登记类型\nSY1,"张某'.encode("gb18030"))
    old = ROOT / "xls-workbook" / DISABILITY / "残疾人证_20261130.xls"
    put("batch-truncated", DISABILITY, "残疾人证_20261130.xls", old.read_bytes()[:3000])


def contents():
    kind = "content-not-the-extension"
    old = (ROOT / "xls-workbook" / DISABILITY / "残疾人证_20261130.xls").read_bytes()
    new = (ROOT / "cell-types" / CIVIL / "儿童名册_20261130.xlsx").read_bytes()
    put(kind, DISABILITY, "残疾人证_一_20261130.xlsx", old)
    put(kind, DISABILITY, "残疾人证_二_20261130.xls", new)
    put(kind, DISABILITY, "残疾人证_三_20261130.xls", "<html><table><tr><td>姓名</td></tr></table></html>".encode())
    put(kind, CIVIL, "走访记录_20261130.csv", new)
    put(kind, CIVIL, "儿童名册_20261130.xlsx", visits([visit(1)]).encode())
    put(kind, CIVIL, "收养登记_20261130.csv", b"%PDF-1.7\n")
    put(kind, CIVIL, "火化登记_20261130.csv", bytes(range(256)) * 4)
    put(kind, POLICE, "人口_20261130.parquet", visits([visit(1)]).encode())
    path = place("content-zip-bomb", CIVIL, "儿童名册_20261130.xlsx")
    towns_book(path, range(1, 4))
    entries = read_zip(path)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        for info, data in entries:
            if info.filename.endswith("sheet1.xml"):
                data = data.replace(b"</sheetData>", b"<row/>" * (4 << 20) + b"</sheetData>")
            entry = zipfile.ZipInfo(info.filename, (2026, 11, 30, 0, 0, 0))
            out.writestr(entry, data, zipfile.ZIP_DEFLATED, 9)


def manifests():
    kind, lines = "manifest", ["文件名,来源单位,提供人,截止日期,行数,校验值,依据文号".split(",")]
    files = {
        "走访记录_一_20261130.csv": ([1, 2], "2026-11-29", 2, "sha256:"),
        "走访记录_二_20261130.csv": ([3, 4], "2026-11-30", 3, "sha256:"),
        "走访记录_三_20261130.csv": ([5], "2026-11-30", 1, "sha256:00"),
        "走访记录_四_20261130.csv": ([6], "2026-11-30", 1, ""),
        "走访记录_五_20261130.csv": ([7], "2026-11-30", "约1行", "sha256:"),
        "走访记录_六_20261130.csv": ([8], "", "", None),
    }
    for file, (numbers, day, rows, digest) in files.items():
        content = visits([visit(i) for i in numbers]).encode()
        put(kind, CIVIL, file, content)
        found = hashlib.sha256(content).hexdigest()
        given = "" if digest is None else "sha256:" + "0" * 64 if digest.endswith("00") else digest + found
        lines.append([file, "民政局", "经办", day, rows, given, ""])
    lines.append(["走访记录_七_20261130.csv", "民政局", "经办", "2026-11-30", 1, "", ""])
    put(kind, CIVIL, "走访记录_八_20261130.csv", visits([visit(9)]).encode())
    content = csv_text([ABSENCES, absence(1)]).encode()
    put(kind, EDUCATION, "缺勤_20261130.csv", content)
    sm3 = hashlib.new("sm3", content).hexdigest()
    put(kind, CIVIL, "manifest.csv", csv_text(lines).encode())
    head = [lines[0], ["缺勤_20261130.csv", "教体局", "经办", "2026年11月28日", 1, "SM3:" + sm3.upper(), ""]]
    put(kind, EDUCATION, "manifest.csv", csv_text(head, "\r\n").encode("utf-8-sig"))
    put("manifest-unreadable", CIVIL, "manifest.csv", b"a,b\n1,2\n")
    put("manifest-unreadable", CIVIL, "走访记录_20261130.csv", visits([visit(1)]).encode())


def strays():
    kind = "stray-files"
    put(kind, CIVIL, "走访记录_20261130.csv", visits([visit(1)]).encode())
    put(kind, CIVIL, "~$儿童名册_20261130.xlsx", b"\x05user")
    put(kind, CIVIL, "走访记录_新_20261130.csv.part", b"half")
    put(kind, CIVIL, ".隐藏.csv", b"x")
    put(kind, CIVIL, "通知.docx", b"PK\x03\x04")
    put(kind, CIVIL, "往月/走访记录_20261031.csv", visits([visit(2)]).encode())


def plain():
    """One conforming file of every extract, from its contract: official headings, two rows."""
    schemas = ROOT.parent.parent / "schemas"
    for path in sorted(schemas.glob("*/*.toml")):
        if path.parent.name == "tables":
            continue
        contract = tomllib.loads(path.read_text(encoding="utf-8"))
        if "files" not in contract:
            continue
        headings = [field["headers"][0] for field in contract["field"].values()]
        rows = [[plain_cell(field, i) for field in contract["field"].values()] for i in (1, 2)]
        pattern = contract["files"][0]
        target = place("plain-every-extract", path.parent.name, pattern.replace("*", "20261130"))
        if pattern.endswith(".csv"):
            target.write_bytes(csv_text([headings] + rows).encode(contract["encodings"][0]))
        elif pattern.endswith(".xlsx"):
            book = workbook()
            sheet_of(book, "Sheet1", [headings] + rows)
            save(book, target)
        else:
            book = xlwt.Workbook(encoding="utf-8")
            sheet = book.add_sheet("Sheet1")
            for row, cells in enumerate([headings] + rows):
                for column, cell in enumerate(cells):
                    sheet.write(row, column, cell)
            book.save(str(target))


def plain_cell(field, i):
    table = ROOT.parent.parent / "schemas" / "tables" / "codes" / f"{field.get('table')}.csv"
    if field["type"] == "code" and table.exists():
        return table.read_text(encoding="utf-8").splitlines()[1].split(",")[1]
    return {
        "name": name(i), "resident_id": resident_id(i), "date": "2026-10-0" + str(i), "month": "202610",
        "yuan": "100.50", "integer": str(i), "sex": "男", "card_number": resident_id(i) + "43",
        "roll_number": "G" + resident_id(i), "phone": f"1380513{1000 + i}", "address": f"{TOWNS[0]}民胜村{i}组",
    }.get(field["type"], f"甲{i}")


def main():
    shutil.rmtree(ROOT, ignore_errors=True)
    for make in [plain, encodings, layouts, headers, sheets, cells, numbers, xls, parquet, fields, odd_values, rows_kinds, batches, contents, manifests, strays]:
        make()
    print(f"{sum(1 for _ in ROOT.iterdir())} kinds, {sum(f.stat().st_size for f in ROOT.rglob('*') if f.is_file())} bytes")


if __name__ == "__main__":
    main()
