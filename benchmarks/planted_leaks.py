"""Plant leaks of ten kinds in simulated funnels; count how many ``leadscore check`` names, and what falsely.

    python benchmarks/planted_leaks.py --draws 20 [--sizes 3000 4500 6000] [--out DIR] [--data DIR]

Each draw is a funnel of its own (3,000, 4,500 or 6,000 leads). One leak of each kind is planted in it, blatant, clear,
faint or hidden in turn, beside honest columns that are strong, rare, unique or dated ahead. The same funnel without
the leaks is the clean one. The leaks are judged twice: under the names that such columns have in a CRM, and with
the names replaced by col_1, col_2 …. Prints a table by kind and one by strength, with 95 % Wilson
intervals, and the false alarms of every clean source. ``--data`` (a folder with the public data sets, see the sources'
READMEs) adds these.
"""

from __future__ import annotations

import argparse
import importlib.util
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import yaml

from features.answers import LEAK_WORDS
from features.errors import InputError
from features.leaks.column_signs import COLUMNS, EVENT_TYPES
from pipeline.check.command import check_source
from pipeline.check.report import SourceReport
from pipeline.settings.settings import Settings, parse_overrides
from pipeline.settings.simulate_options import SimulateOptions
from pipeline.simulate.stage import simulate
from pipeline.source.folder import read_source

if TYPE_CHECKING:
    from leak_kinds import Planted

ROOT = Path(__file__).resolve().parent.parent
SIZES = (3_000, 4_500, 6_000)
PUBLIC = {
    "x_education": "",
    "olist_funnel": "",
    **{f"bpi2012+{days}": f"snapshots.after={days}d" for days in (0, 3, 7, 14)},
}
EVENTS_PER_LEAD = 20
"""Fewer page views and newsletters than the demo has, so that a draw takes seconds; all else keeps its amount."""
LEFT_OUT = "left out by the source"
Z = 1.959964


def _beside(name: str) -> ModuleType:
    """Import a module that lies beside this one, however this one was loaded."""
    if name not in sys.modules:
        module_spec = importlib.util.spec_from_file_location(name, Path(__file__).parent / f"{name}.py")
        assert module_spec is not None
        assert module_spec.loader is not None
        module = importlib.util.module_from_spec(module_spec)
        sys.modules[name] = module
        module_spec.loader.exec_module(module)
    return sys.modules[name]


leak_kinds = _beside("leak_kinds")


def wilson(hits: int, of: int) -> tuple[float, float]:
    """Return the 95 % Wilson interval of a share."""
    if of == 0:
        return 0.0, 1.0
    share, z2 = hits / of, Z**2 / of
    middle, reach = share + z2 / 2, Z * np.sqrt(share * (1 - share) / of + z2 / (4 * of))
    return float((middle - reach) / (1 + z2)), float((middle + reach) / (1 + z2))


def draw_funnel(seed: int, leads: int, folder: Path) -> dict[str, pd.DataFrame]:
    """Simulate a funnel; return its tables, and the truth of each lead's first look as ``truth``."""
    folder.mkdir(parents=True)
    options = SimulateOptions(leads=leads, events_per_lead=EVENTS_PER_LEAD)
    simulate(options, read_source(ROOT / "sources" / "demo").spec, seed, folder)
    tables = {name: pd.read_parquet(folder / "export" / f"{name}.parquet") for name in leak_kinds.TABLES}
    truth = pd.read_parquet(folder / "truth" / "truth.parquet").sort_values("as_of").drop_duplicates("lead_id")
    return tables | {"truth": truth}


def judge(tables: dict[str, pd.DataFrame], planted: list[Planted], folder: Path) -> SourceReport:
    """Write a source with its data, and check it."""
    source, data = folder / "source", folder / "data"
    source.mkdir(parents=True)
    data.mkdir()
    text = (ROOT / "sources" / "demo" / "source.yaml").read_text(encoding="utf-8")
    declared = yaml.safe_load(text)
    for leak in planted:
        if leak.is_event:
            declared["events"][leak.name] = {"types": [leak.name], "actor": leak.actor}
    (source / "source.yaml").write_text(yaml.safe_dump(declared, allow_unicode=True), encoding="utf-8")
    for name in leak_kinds.TABLES:
        tables[name].to_parquet(data / f"{name}.parquet", index=False)
    return check_source(read_source(source), data, Settings())


def answers(result: SourceReport) -> dict[str, tuple[str, str]]:
    """Return answer and reason by column or type of event."""
    judged = result.of(COLUMNS) | result.of(EVENT_TYPES)
    return {name: (LEAK_WORDS.of(one.answer), one.sentence) for name, one in judged.items()}


def one_draw(
    seed: int, leads: int, folder: Path, ways: tuple[str, ...] = ("real", "scrambled")
) -> Iterator[dict[str, object]]:
    """Judge one funnel with its leaks and without, under names and without; one row a column or type of event."""
    tables = draw_funnel(seed, leads, folder / "simulated")
    rng = np.random.default_rng([seed, 77])
    honest = leak_kinds.add_honest(rng, tables)
    strengths = [leak_kinds.STRENGTHS[(seed + i) % 4] for i in range(len(leak_kinds.KINDS))]
    dirty, planted = leak_kinds.plant(rng, honest, strengths)
    for names in ways:
        for what, leaks, given in (("planted", planted, dirty), ("clean", [], honest)):
            if what == "clean" and names != ways[0]:
                continue  # the names of honest columns say nothing anyway
            shown, spelt = leak_kinds.scrambled(given, leaks) if names == "scrambled" else (given, {})
            renamed = [leak.renamed(spelt.get(leak.name, leak.name)) for leak in leaks]
            said = answers(judge(shown, renamed, folder / f"{what}_{names}"))
            kinds = {leak.name: leak for leak in renamed}
            back = {new: old for old, new in spelt.items()}
            for name, (answer, why) in said.items():
                leak = kinds.get(name)
                yield {
                    "seed": seed,
                    "leads": len(given["leads"]),
                    "source": what,
                    "names": names,
                    "name": back.get(name, name),
                    "kind": leak.kind if leak else "",
                    "strength": leak.strength if leak else "",
                    "answer": answer,
                    "why": why,
                }


def public_rows(data: Path, folder: Path) -> Iterator[dict[str, object]]:
    """Judge the public sources; the columns that a source leaves out once more as col_1, col_2 …."""
    for name, override in PUBLIC.items():
        source, exports = ROOT / "sources" / name.split("+")[0], data / name.split("+")[0]
        if not exports.is_dir():
            raise InputError(expected=f"a folder {exports.name}", found="none", hint=f"See {source}/README.md")
        overrides = parse_overrides([override] if override else [])
        result = check_source(read_source(source, overrides), exports, Settings())
        left_out = [name for name, one in result.of(COLUMNS).items() if not one.figures["used"]]
        yield from _public(name, "real", result, left_out, {})
        if left_out:
            spelt = {column: f"col_{i}" for i, column in enumerate(left_out, 1)}
            result = check_source(read_source(_renamed(source, spelt, folder / name)), exports, Settings())
            yield from _public(name, "scrambled", result, left_out, {new: old for old, new in spelt.items()})


def _public(
    name: str, names: str, result: SourceReport, left_out: list[str], back: dict[str, str]
) -> Iterator[dict[str, object]]:
    for found, (answer, why) in answers(result).items():
        column = back.get(found, found)
        kind = LEFT_OUT if column in left_out else ""
        row = {"seed": -1, "leads": 0, "source": name, "names": names, "name": column, "kind": kind, "strength": ""}
        yield row | {"answer": answer, "why": why}


def _renamed(source: Path, spelt: dict[str, str], folder: Path) -> Path:
    """Return a copy of a source whose leads have other names for some columns."""
    shutil.copytree(source, folder)
    query = (folder / "leads.sql").read_text(encoding="utf-8")
    new = ", ".join(f'"{old}" AS "{name}"' for old, name in spelt.items())
    old = ", ".join(f'"{column}"' for column in spelt)
    (folder / "leads.sql").write_text(f"SELECT * EXCLUDE ({old}), {new} FROM (\n{query}\n)", encoding="utf-8")
    return folder


def recall(rows: pd.DataFrame, by: str) -> pd.DataFrame:
    """Count planted leaks by answer; with the interval of the share named."""
    table = []
    for (names, group), part in rows[rows["kind"] != ""].groupby(["names", by], sort=False):
        named = int((part["answer"] == LEAK_WORDS.failed).sum())
        low, high = wilson(named, len(part))
        counts = {word: int((part["answer"] == word).sum()) for word in (LEAK_WORDS.unchecked, LEAK_WORDS.passed)}
        table.append(
            {"names": names, by: group, "planted": len(part), "named": named, **counts, "share": named / len(part)}
            | {"low": low, "high": high}
        )
    return pd.DataFrame(table)


def false_alarms(rows: pd.DataFrame) -> pd.DataFrame:
    """Count, for every source and way of naming, the honest columns and types of events that are called leaks."""
    honest = rows[rows["kind"] == ""]
    alarms = (
        honest.assign(alarm=honest["answer"] == LEAK_WORDS.failed, doubt=honest["answer"] == LEAK_WORDS.unchecked)
        .groupby(["source", "names", "seed"])
        .agg(judged=("name", "size"), alarms=("alarm", "sum"), doubts=("doubt", "sum"))
    )
    found = alarms.groupby(["source", "names"]).agg(
        sources=("alarms", "size"),
        judged=("judged", "mean"),
        alarms=("alarms", "sum"),
        most=("alarms", "max"),
        doubts=("doubts", "mean"),
    )
    return found.reset_index()


def report(rows: pd.DataFrame) -> str:
    """Return all the tables as text."""
    planted = rows[(rows["source"] == "planted") & (rows["kind"] != "")]
    shown = planted[planted["strength"] != "hidden"]
    sums = [recall(some.assign(all=name), "all") for name, some in (("but hidden ones", shown), ("all", planted))]
    by_kind = planted.assign(kind=planted["kind"] + planted["strength"].map({"hidden": ", hidden"}).fillna(""))
    tables = [recall(by_kind.sort_values("kind"), "kind"), recall(planted, "strength"), *sums, false_alarms(rows)]
    tables.append(recall(rows[rows["kind"] == LEFT_OUT], "source"))
    alarms = (
        rows[(rows["kind"] == "") & (rows["answer"] == LEAK_WORDS.failed)].groupby(["source", "names", "name"]).size()
    )
    parts = [table.round(3).to_string(index=False) for table in tables if len(table)]
    return "\n\n".join([*parts, f"Honest, and called leaks:\n{alarms.to_string() if len(alarms) else 'none'}"])


def main() -> None:
    """Run the draws and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--draws", type=int, default=20)
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES))
    parser.add_argument("--first-seed", type=int, default=1000)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--out", type=Path, default=ROOT / "data" / "planted_leaks")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    rows: list[dict[str, object]] = []
    for seed in range(arguments.first_seed, arguments.first_seed + arguments.draws):
        size = arguments.sizes[seed % len(arguments.sizes)]
        with tempfile.TemporaryDirectory() as folder:
            rows += one_draw(seed, size, Path(folder))
        pd.DataFrame(rows).to_csv(arguments.out / "verdicts.csv", index=False)
    if arguments.data is not None:
        with tempfile.TemporaryDirectory() as folder:
            rows += public_rows(arguments.data, Path(folder))
    table = pd.DataFrame(rows)
    table.to_csv(arguments.out / "verdicts.csv", index=False)
    text = report(table)
    (arguments.out / "report.txt").write_text(text + "\n", encoding="utf-8")
    sys.stdout.write(text + "\n")


if __name__ == "__main__":
    main()
