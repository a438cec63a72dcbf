"""A Debian machine in a folder: made once by debootstrap, copied for each test, booted by systemd-nspawn with a systemd and
a cron of its own, without a network.

For scripts/test-schedule and scripts/test-package. Needs root on a Debian machine that may be changed.
"""

import contextlib
import os
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TOOLS = {"debootstrap": "debootstrap", "systemd-nspawn": "systemd-container", "dpkg-deb": "dpkg"}
INSIDE = ["systemd", "systemd-sysv", "dbus", "cron", "procps"]


class Unfit(Exception):
    """This machine cannot carry such a test."""


def shell(*command, **options):
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, **options)
    if done.returncode:
        sys.exit(f"failed: {shlex.join(map(str, command))}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def codename():
    facts = Path("/etc/os-release").read_text() if Path("/etc/os-release").exists() else ""
    found = [line.partition("=")[2].strip('"') for line in facts.splitlines() if line.startswith("VERSION_CODENAME=")]
    if os.geteuid() != 0 or not found or shutil.which("apt-get") is None:
        raise Unfit("run this as root on a Debian machine that may be changed, a container say")
    return found[0]


def mirror():
    """Where this machine has its own packages from."""
    for line in shell("apt-cache", "policy").splitlines():
        words = line.split()
        if len(words) > 2 and words[1].startswith("http") and words[2] == f"{codename()}/main":
            return words[1]
    raise Unfit("no source of Debian packages is configured")


def base(more=(), bare=False):
    """The folder that is copied; the same edition of Debian as here, so that a program built here runs there. Bare: as an
    image for containers is, without a systemd."""
    missing = [package for tool, package in TOOLS.items() if shutil.which(tool) is None]
    if missing:
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        shell("apt-get", "update", env=environment)
        shell("apt-get", "install", "-y", "--no-install-recommends", *missing, env=environment)
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "doudi"
    inside = [*([] if bare else INSIDE), *more]
    folder = cache / "-".join(["bare" if bare else "machine", codename(), *more])
    if not folder.is_dir():
        cache.mkdir(parents=True, exist_ok=True)
        part = folder.with_name(f"{folder.name}.part")
        shutil.rmtree(part, ignore_errors=True)
        include = [f"--include={','.join(inside)}"] if inside else []
        shell("debootstrap", "--variant=minbase", *include, codename(), part, mirror())
        part.rename(folder)
    return folder


def program():
    """The program to test: DOUDI, else what cargo builds."""
    if "DOUDI" in os.environ:
        return Path(os.environ["DOUDI"]).resolve()
    shell("cargo", "build", "--release", "--locked", "--quiet", "--bin", "doudi", cwd=ROOT)
    return Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")).resolve() / "release" / "doudi"


class Machine:
    """One machine, on or off."""

    def __init__(self, folder, more=()):
        self.root, self.log, self.process, self.boots = folder / "root", folder / "console", None, 0
        shell("cp", "-a", base(more), self.root)

    def chroot(self, *command, **options):
        """Something done while the machine is off."""
        return shell("systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "--private-network", "--pipe",
                     "--resolv-conf=off", "-D", self.root, *command, stdin=subprocess.DEVNULL, **options)

    def on(self):
        self.boots += 1
        log = open(self.log.with_suffix(f".{self.boots}"), "wb")
        self.process = subprocess.Popen(
            ["systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "--private-network", "--resolv-conf=off",
             "--timezone=off", "-D", str(self.root), "--boot"],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        self.first = self.find_first()
        end = time.monotonic() + 120
        while time.monotonic() < end:
            if self.does("systemctl", "is-system-running").stdout.strip() in ("running", "degraded"):
                return
            time.sleep(0.5)
        raise Unfit(f"the machine does not come up: {self.log}.{self.boots}")

    def find_first(self):
        """Process 1 of the machine, as it is numbered here."""
        end = time.monotonic() + 60
        while time.monotonic() < end and self.process.poll() is None:
            wanted = {self.process.pid}
            for process in sorted((path for path in Path("/proc").iterdir() if path.name.isdigit()), key=lambda p: int(p.name)):
                with contextlib.suppress(OSError, StopIteration, ValueError):
                    facts = dict(line.split(":", 1) for line in (process / "status").read_text().splitlines() if ":" in line)
                    if int(facts["PPid"]) in wanted:
                        wanted.add(int(process.name))
                        if facts["NSpid"].split()[1:] == ["1"] and facts["Name"].strip() == "systemd":
                            return int(process.name)
            time.sleep(0.2)
        raise Unfit(f"systemd-nspawn boots no machine here: {self.log.with_suffix(f'.{self.boots}').read_text()[-600:]}")

    def does(self, *command):
        """A command in the machine that is on; its end is for the caller to judge."""
        inside = ["nsenter", "-t", self.first, "-m", "-u", "-i", "-n", "-p", "-C", "-r", "-w", "env", "-i",
                  "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8", *command]
        return subprocess.run(list(map(str, inside)), capture_output=True, text=True, stdin=subprocess.DEVNULL)

    def well(self, *command):
        done = self.does(*command)
        if done.returncode:
            sys.exit(f"failed in the machine: {shlex.join(map(str, command))}: exit {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout

    def facts(self, unit, *names):
        """Properties of a unit."""
        lines = self.well("systemctl", "show", unit, "-p", ",".join(names)).splitlines()
        return dict(line.split("=", 1) for line in lines)

    def off(self):
        if self.process and self.process.poll() is None:
            self.does("systemctl", "poweroff")
            try:
                self.process.wait(90)
            except subprocess.TimeoutExpired:
                self.process.terminate()
                self.process.wait(30)
        self.process = None
