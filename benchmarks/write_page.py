"""Run the benchmarks of speed one after the other, and write what they say to ``docs/benchmarks.md``.

    python benchmarks/write_page.py [--only NAME ...] [--page FILE] [--peers FOLDER]

Each runs in a process of its own and prints its reference beside our figure; the last line is the figure to quote.
Where one ends with an error, the page says so and the command ends with 1. With ``--only``, what the page says of the
others stays. ``--peers`` is a folder that the tools which are only compared with were installed into:
``pip install --target FOLDER polars woodelf-explainer treelite shapiq``.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
COMMANDS = {
    "features, nightly": "features.py --events 10e6 --leads 200e3 --moments 1",
    "features, training": "features.py --events 10e6 --leads 200e3 --moments 13 --turns 1",
    "features, as ingested": "features.py --events 10e6 --leads 200e3 --moments 1 --ordered",
    "features, a million events": "features.py --events 1e6 --leads 20e3 --moments 1 --ordered",
    "features, 100 million events": "features.py --events 100e6 --leads 2e6 --moments 1 --ordered --turns 1",
    "reasons": "reasons.py",
    "score rows": "score_rows.py",
    "request": "request.py",
    "training": "train_scale.py",
    "store": "store.py",
    "nightly job": "nightly.py --leads 1e6 --events 50e6",
    "where the slowest stage's time goes": "nightly.py --leads 20e3 --events 1e6 --profile",
    "spark": "scale.py --events 1e6 --copies 10 --spark",
}
"""What is run, by its name on the page; a benchmark whose file is not there is left out."""
WITH_PEERS = ("features.py", "reasons.py")
"""Benchmarks that compare with other tools, wherever these are installed."""
NOTES = {
    "where the slowest stage's time goes": (
        "Stage `score` without the store is the slowest. About a quarter of the profiled time, in which the store is "
        "counted too, is text: each row's reasons, points, curve and gates become JSON, some 1.7 kB a row. An encoder "
        "that is made once is no quicker (measured). What is left to gain is the step before the forecast that turns "
        "categories into numbers value by value, about a fifth; a profile overstates such small calls."
    ),
}
"""What is said of a section before its figures."""
PACKAGES = ("numpy", "numba", "duckdb", "pyarrow", "lightgbm", "pandas")
INTRODUCTION = """# Benchmarks of speed

Written by `make bench`. Each figure stands beside a named reference of the same run, because machines differ and are
shared: quote the ratio. Processor time counts user and system of all threads.
"""


def machine() -> str:
    """Return what the figures depend on: processor, cores, load, versions."""
    versions = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    load = os.getloadavg()[0]
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, {platform.machine()}, {os.cpu_count()} cores, load {load:.1f} at the start; "
        f"Python {platform.python_version()}, {versions}"
    )


def section(name: str, command: str, peers: Path | None) -> tuple[str, bool]:
    """Run a benchmark and return its part of the page, and whether it ended well."""
    about = machine()
    options = ["--peers", str(peers.resolve())] if peers and command.split()[0] in WITH_PEERS else []
    ran = subprocess.run(
        [sys.executable, *f"benchmarks/{command}".split(), *options],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    said = re.sub(r"^.*\r|^.*▏.*\n", "", ran.stdout, flags=re.MULTILINE).strip()  # without bars of progress
    if ran.returncode:
        sys.stderr.write(ran.stderr)
        said += f"\nended with {ran.returncode}: {ran.stderr.strip().splitlines()[-1] if ran.stderr.strip() else ''}"
    print(f"{name}: {said.splitlines()[-1] if said else 'nothing said'}", flush=True)
    said = said.replace(f"{ROOT}{os.sep}", "")
    note = f"{NOTES[name]}\n\n" if name in NOTES else ""
    text = f"## {title_of(name)}\n{note}`python benchmarks/{command}`; {about}\n```\n{said}\n```\n"
    return text, ran.returncode == 0


def title_of(name: str) -> str:
    """Return the title of a section."""
    return name.capitalize()


def sections_of(page: Path) -> dict[str, str]:
    """Return the parts of a page by their titles."""
    if not page.is_file():
        return {}
    parts = re.split(r"^(?=## )", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {part.splitlines()[0].removeprefix("## "): part for part in parts if part.startswith("## ")}


def page_of(parts: Mapping[str, str]) -> str:
    """Return the page: sections in the order of `COMMANDS`, then those that others wrote, an empty line between two."""
    ours = list(map(title_of, COMMANDS))
    titles = [*(title for title in ours if title in parts), *(title for title in parts if title not in ours)]
    return "\n".join([INTRODUCTION, *(parts[title].rstrip() + "\n" for title in titles)])


def main() -> None:
    """Run and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="*", choices=COMMANDS, default=list(COMMANDS))
    parser.add_argument("--peers", type=Path)
    parser.add_argument("--page", type=Path, default=ROOT / "docs" / "benchmarks.md")
    given = parser.parse_args()
    parts, all_well = sections_of(given.page), True
    for name in given.only:
        if not (ROOT / "benchmarks" / COMMANDS[name].split()[0]).is_file():
            print(f"{name}: left out, there is no {COMMANDS[name].split()[0]}")
            continue
        parts[title_of(name)], is_well = section(name, COMMANDS[name], given.peers)
        all_well = all_well and is_well
        given.page.write_text(page_of(parts), encoding="utf-8")
    sys.exit(0 if all_well else 1)


if __name__ == "__main__":
    main()
