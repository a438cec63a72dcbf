"""What of the program a function may run: the text of every item of `src/` that can be reached from it by name.

Too much rather than too little: a name that stands in the text of an item counts as used, an `impl` of a trait belongs to its
type, and a method of a reached type is reached when its name stands anywhere in what is reached. Tests, comments and imports
are left out. Made for `scripts/fuzz`, which must know whether a program that was built is still the one of the sources.

    python3 scripts/reached.py fuzzing date       places of all that `fuzzing::date` may run
"""

import re
import sys
from functools import cache
from pathlib import Path

SRC = Path(__file__).resolve().parent.parent / "src"
IMPORT = re.compile(r"^\s*(?:pub(?:\([^)]*\))? )?use ([^;]+);\n", re.M)
# What rustfmt leaves at the left margin begins an item, but for what closes one.
ITEM = re.compile(r"^(?![\s})\]]|where\b)", re.M)
NAMED = re.compile(
    r"^(?:pub(?:\([^)]*\))? )?(?:unsafe |async |const (?=fn))*(?:struct|enum|union|trait|type|fn|const|static|mod|macro_rules!) (?:mut )?(\w+)",
    re.M,
)
METHOD = re.compile(r"^    (?:pub(?:\([^)]*\))? )?(?:unsafe |async |const )*fn (\w+)", re.M)
# Texts, raw or not, and characters, of which one may be a quotation mark.
STRING = re.compile(r'''r(#+)".*?"\1|b?'(?:\\(?:u\{[^}]*\}|.)|[^'\\\n])'|"(?:[^"\\]|\\.)*"''', re.S)
WORD = re.compile(r"[^\W\d]\w*")
PATH = re.compile(r"(?<![\w:])[^\W\d]\w*(?:::[^\W\d]\w*)+")


def named_in(string):
    """What a text names: what it shows by name, or a path that an attribute gives; its words are no names."""
    text = string[0][1:-1]
    return text if re.fullmatch(r"[\w:]+", text) else " ".join(re.findall(r"\{(\w+)", text))


class Item:
    """A piece of a file: its names (none: an `impl`), its head (of an `impl`), its text."""

    def __init__(self, file, names, head, text):
        self.file, self.names, self.head, self.text = file, names, head, text
        told = STRING.sub(named_in, text)
        self.words = set(WORD.findall(told))
        # A field or a method is never an item.
        self.items = set(re.findall(r"(?<![\w.])[^\W\d]\w*", told.replace("..", " ")))
        self.paths = {tuple(path.split("::")) for path in PATH.findall(told)}


def plain(text):
    """Without tests and lines of comments."""
    text = re.split(r"^#\[cfg\(test\)\]\nmod \w+ \{$", text, flags=re.M)[0]
    text = re.sub(r"^\s*//.*\n", "", text, flags=re.M)
    return re.sub(r"^#\[cfg\(test\)\]\n(?:pub(?:\([^)]*\))? )?(?:mod|use) [^;]*;\n", "", text, flags=re.M)


def leaves(tree, before=()):
    """Paths that a `use` brings, each with the name that it gets."""
    head, brace, rest = tree.strip().partition("{")
    path = before + tuple(part.strip() for part in head.split("::") if part.strip())
    if not brace:
        last, _, name = path[-1].partition(" as ")
        whole = path[:-1] if last == "self" else (*path[:-1], last)
        yield whole, name or whole[-1]
        return
    depth, part = 0, ""
    for letter in rest[: rest.rindex("}")] + ",":
        depth += (letter == "{") - (letter == "}")
        if letter == "," and not depth:
            if part.strip():
                yield from leaves(part, path)
            part = ""
        else:
            part += letter


@cache
def read(file):
    """Items of a file, and its imports by name."""
    whole = plain(file.read_text())
    text, imports = IMPORT.sub("", whole), {}
    for tree in IMPORT.findall(whole):
        for path, name in leaves(tree):
            imports.setdefault(name, []).append(path)
    items, attributes = [], ""
    begins = [found.start() for found in ITEM.finditer(text)]
    for begin, end in zip(begins, [*begins[1:], len(text)]):
        piece = text[begin:end]
        if piece.startswith("#["):
            attributes += piece
            continue
        head = piece[: piece.find("{")] if re.match(r"(?:unsafe )?impl\b", piece) else ""
        methods = [found.start() for found in METHOD.finditer(piece)] if head and " for " not in head else []
        if methods:
            for start, stop in zip(methods, [*methods[1:], len(piece)]):
                items.append(Item(file, {METHOD.match(piece[start:])[1]}, head, piece[start:stop]))
            piece = piece[: methods[0]]
        named = NAMED.match(piece)
        items.append(Item(file, {named[1]} if named else set(), head, attributes + piece))
        attributes = ""
    return items, imports


@cache
def file_of(module):
    beside = SRC.joinpath(*module[:-1], f"{module[-1]}.rs") if module else SRC / "lib.rs"
    return next((path for path in (beside, SRC.joinpath(*module, "mod.rs")) if path.is_file()), None)


def module_of(file):
    parts = file.relative_to(SRC).with_suffix("").parts
    return parts[:-1] if parts[-1] in ("mod", "lib") else parts


def from_root(path, module):
    """A path that stands in a module, from the root of the program; None: of another crate."""
    if path[0] == "crate":
        return path[1:]
    if path[0] == "self":
        return module + path[1:]
    above = next((at for at, part in enumerate(path) if part != "super"), len(path))
    if above:
        return module[: len(module) - above] + path[above:]
    return module + path if module and file_of(module + path[:1]) else None


@cache
def meant(path):
    """Where a path from the root leads to: files, each with a name in it; `*` stands for all, none for the file itself."""
    module = ()
    while len(module) < len(path) and file_of(path[: len(module) + 1]):
        module = path[: len(module) + 1]
    if not module:
        return frozenset()
    rest, (_, imports) = path[len(module) :], read(file_of(module))
    found = set()
    for target in imports.get(rest[0], []) if rest else []:
        whole = from_root(target, module)
        if whole and whole != path[: len(whole)]:
            found |= meant(whole + rest[1:])
    return frozenset(found or {(file_of(module), rest[0] if rest else "")})


def mentioned(item):
    """What stands in an item, as files with names."""
    (_, imports), module = read(item.file), module_of(item.file)
    found = {(item.file, word) for word in item.items}
    for path in item.paths | {(word,) for word in item.items if word in imports}:
        for target in [target + path[1:] for target in imports[path[0]]] if path[0] in imports else [path]:
            if len(target) > 1 and (whole := from_root(target, module)) is not None:
                found |= meant(whole)
    for target in imports.get("_", []) + imports.get("*", []):
        if whole := from_root(target, module):
            found |= meant(whole)
    return {(file, name) for file, name in found if name}


@cache
def implementations(top):
    """All pieces of `impl`s of a module at the root, and in what they name."""
    below = SRC / top
    files = sorted(below.rglob("*.rs")) if below.is_dir() else [below]
    return [(item, set(WORD.findall(item.head))) for file in files for item in read(file)[0] if item.head]


def reached(module, name):
    """All items that a function of a module may run."""
    wanted, seen, words, types, found = [(file_of((module,)), name)], set(), set(), set(), {}

    def take(item):
        found[item] = None
        types.update(item.names if not item.head else ())
        words.update(item.words)
        wanted.extend(mentioned(item))

    before = -1
    while before < len(found):
        before = len(found)
        while wanted:
            file, word = place = wanted.pop()
            if place not in seen:
                seen.add(place)
                for item in read(file)[0]:
                    if not item.head and (word in item.names or word == "*"):
                        take(item)
        # Calls of macros and the like, which have no name.
        for item in [item for file in {item.file for item in found} for item in read(file)[0]]:
            if item not in found and not item.names and not item.head:
                take(item)
        for top in sorted({item.file.relative_to(SRC).parts[0] for item in found}):
            for item, head in implementations(top):
                if item not in found and head & types and (not item.names or item.names & words):
                    take(item)
    return sorted(found, key=lambda item: (item.file, item.text))


if __name__ == "__main__":
    for item in reached(*sys.argv[1:]):
        print(item.file.relative_to(SRC), *sorted(item.names), item.head.strip())
