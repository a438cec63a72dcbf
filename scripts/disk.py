"""A disk that loses its power: what is left of a folder when writes and names that were not synced are gone.

Reads the log of `failpoint.c` (calls and what they wrote, in their order) over a copy of the folder as it was before.
The model is POSIX's and simpler than any real disk: the bytes of a file are safe from the fsync of that file on, a name
(made, changed, taken away) from the fsync of its folder on, and nothing else is. File systems with a journal keep more.
What may be lost is lost as a whole (`nothing` is kept), by halves (all `names`, all `data`), or by the throw of a coin
for every write and for where each folder's names break off (`some`). The modes of files are always kept.
"""

import os
import random
import stat

KEEP = ("nothing", "names", "data", "some")


class File:
    def __init__(self, data=b"", mode=0o644):
        self.safe, self.pending, self.mode = bytes(data), [], mode

    def sync(self):
        self.safe, self.pending = self.after(lambda change: True), []

    def after(self, kept):
        """The bytes when the changes that `kept` names arrive."""
        changes = [change for change in self.pending if kept(change)]
        if not changes:
            return self.safe
        data = bytearray(self.safe)
        for offset, part in changes:
            if part is None:
                data[offset:] = b""
                data.extend(bytes(offset - len(data)))
            else:
                data.extend(bytes(max(0, offset - len(data))))
                data[offset:offset + len(part)] = part
        return bytes(data)


class Link:
    def __init__(self, target):
        self.target = target


class Folder:
    def __init__(self):
        self.safe, self.names, self.pending = {}, {}, []

    def change(self, *changes):
        """Names that change at once, also after a loss of power: (name, node or None)."""
        for name, node in changes:
            self.set(self.names, name, node)
        self.pending.append(changes)

    @staticmethod
    def set(names, name, node):
        if node is None:
            names.pop(name, None)
        else:
            names[name] = node

    def sync(self):
        self.safe, self.pending = dict(self.names), []

    def after(self, number):
        """The names when so many of the changes arrive, in their order."""
        names = dict(self.safe)
        for changes in self.pending[:number]:
            for name, node in changes:
                self.set(names, name, node)
        return names


def calls(log):
    """The calls of a log: (call, path, second path, offset, data)."""
    with open(log, "rb") as file:
        while line := file.readline():
            call, path, other, offset, size = line.decode()[:-1].split("\t")
            yield call, path, other, int(offset), file.read(int(size))


def read(path):
    """A folder as it lies; all of it is safe."""
    folder = Folder()
    for entry in os.scandir(path):
        if entry.is_symlink():
            node = Link(os.readlink(entry.path))
        elif entry.is_dir():
            node = read(entry.path)
        else:
            with open(entry.path, "rb") as file:
                node = File(file.read(), stat.S_IMODE(entry.stat().st_mode))
        folder.names[entry.name] = node
    folder.sync()
    return folder


class Disk:
    """The folder `before`, and what calls below `root` make of it."""

    def __init__(self, before, root):
        self.root, self.top = str(root), read(before)

    def at(self, path):
        """The folder a path lies in, and its name there."""
        parts = path[len(self.root):].strip("/").split("/")
        folder = self.top
        for part in parts[:-1]:
            folder = folder.names[part]
        return folder, parts[-1]

    def node(self, path):
        if path == self.root:
            return self.top
        folder, name = self.at(path)
        return folder.names[name]

    def take(self, call):
        what, path, other, offset, data = call
        if what == "failed":
            return None
        if what == "sync":
            return self.node(path).sync()
        if what == "write":
            return self.node(path).pending.append((offset, data))
        if what in ("resize", "truncate"):
            return self.node(path).pending.append((offset, None))
        if what == "chmod":
            self.node(path).mode = offset
            return None
        folder, name = self.at(path)
        if what == "rename":
            target, new = self.at(other)
            node = folder.names[name]
            if target is folder:
                return folder.change((name, None), (new, node))
            target.change((new, node))
        if what == "exchange":
            target, new = self.at(other)
            one, two = folder.names[name], target.names[new]
            if target is folder:
                return folder.change((name, two), (new, one))
            target.change((new, one))
            return folder.change((name, two))
        made = {"create": File, "mkdir": Folder, "symlink": lambda: Link(other), "link": lambda: self.node(other)}
        return folder.change((name, made[what]() if what in made else None))

    def write(self, to, keep, seed=0):
        """Writes what is left without power. `all` writes what the program saw."""
        coin = random.Random(seed)
        data = {"all": True, "data": True}.get(keep, False)
        kept = (lambda change: coin.random() < 0.5) if keep == "some" else (lambda change: data)
        self.put(self.top, to, keep, kept, coin)

    def put(self, folder, to, keep, kept, coin):
        number = len(folder.pending)
        if keep == "some":
            number = coin.randint(0, number)
        elif keep not in ("all", "names"):
            number = 0
        to.mkdir(parents=True, exist_ok=True)
        for name, node in sorted(folder.after(number).items()):
            path = to / name
            if isinstance(node, Folder):
                self.put(node, path, keep, kept, coin)
            elif isinstance(node, Link):
                path.symlink_to(node.target)
            else:
                path.write_bytes(node.after(kept))
                path.chmod(node.mode)
