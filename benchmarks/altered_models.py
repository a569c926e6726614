"""Whether a saved model that somebody altered, with a manifest that fits, can end or hang the process that reads it.

    python benchmarks/altered_models.py --model OUT/train/model [--each 8] [--seed 7] [--seconds 30]

Every kind of alteration is drawn ``--each`` times: LightGBM's text (children that loop or lie out of range, sizes below
zero, numbers that are none, …), the estimators' and the forecast's JSON, and foreign files. A process of its own reads
each altered model and, if it is not refused, forecasts, explains and dates 70 rows and 5 rows of any values. The answer
is right if the model is refused with an ``InputError`` or all that it says is finite; a process that ends, a reading
that takes longer than ``--seconds``, another exception or a number that is none is wrong. The last line is
``N of N refused or finite``; the exit code is 1 where one is wrong.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import re
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from features.errors import InputError
from models.forecast.forecast import Forecast
from models.forecast.saved_form import MANIFEST, from_files

Files = dict[str, str]
Alteration = Callable[[Files, random.Random], Files]


def _boosters(files: Mapping[str, str]) -> list[str]:
    return sorted(name for name in files if name.endswith(".txt"))


def _with_sizes(text: str) -> str:
    """Return a text whose ``tree_sizes`` fit its trees again."""
    head, _, body = text.partition("\n\n")
    trees = re.findall(r"Tree=.*?(?=Tree=|end of trees)", body, re.S)
    sizes = " ".join(str(len(tree)) for tree in trees)
    return re.sub(r"tree_sizes=[^\n]*", f"tree_sizes={sizes}", head) + "\n\n" + body


def _of_text(change: Callable[[str, random.Random], str], *, sized: bool = True) -> Alteration:
    def alter(files: Files, rng: random.Random) -> Files:
        name = rng.choice(_boosters(files))
        text = change(files[name], rng)
        return files | {name: _with_sizes(text) if sized else text}

    return alter


def _line(key: str, value: Callable[[list[str], random.Random], list[str]]) -> Alteration:
    """Change the values of one line of one tree."""

    def change(text: str, rng: random.Random) -> str:
        lines = list(re.finditer(rf"^{key}=([^\n]+)$", text, re.M))
        hit = rng.choice(lines)
        return text[: hit.start(1)] + " ".join(value(hit[1].split(" "), rng)) + text[hit.end(1) :]

    return _of_text(change)


def _one(word: Callable[[list[str], random.Random], str] | str) -> Callable[[list[str], random.Random], list[str]]:
    """Replace one value of a line."""

    def value(words: list[str], rng: random.Random) -> list[str]:
        place = rng.randrange(len(words))
        new = word if isinstance(word, str) else word(words, rng)
        return [*words[:place], new, *words[place + 1 :]]

    return value


def _head(key: str, value: str) -> Alteration:
    return _of_text(lambda text, _: re.sub(rf"^{key}=[^\n]*", f"{key}={value}", text, count=1, flags=re.M), sized=False)


def _as_category(text: str, rng: random.Random) -> str:
    """Make a decision one about a category, with sets that do not fit."""
    hit = rng.choice(list(re.finditer(r"num_cat=0\n(.*?)decision_type=(\d+)(.*?)is_linear", text, re.S)))
    edges = rng.choice(["0 1", "0 99", "0 -1", "1 0", "0", "0 1 1"])
    words = rng.choice(["7", "", "99999999999", "-1", "7 7 7"])
    block = f"num_cat=1\n{hit[1]}decision_type=1{hit[3]}cat_boundaries={edges}\ncat_threshold={words}\nis_linear"
    return text[: hit.start()] + block + text[hit.end() :]


def _bytes_flipped(text: str, rng: random.Random) -> str:
    letters = list(text)
    for _ in range(rng.randint(1, 20)):
        letters[rng.randrange(len(letters))] = chr(rng.randint(0, 127))
    return "".join(letters)


def _lines(change: Callable[[list[str], int], object]) -> Alteration:
    def alter(text: str, rng: random.Random) -> str:
        lines = text.split("\n")
        change(lines, rng.randrange(min(len(lines), 400)))
        return "\n".join(lines)

    return _of_text(alter, sized=False)


def _json(suffix: str, change: Callable[[dict[str, Any], random.Random], object]) -> Alteration:
    def alter(files: Files, rng: random.Random) -> Files:
        name = rng.choice(sorted(file for file in files if file.endswith(suffix)))
        tree = json.loads(files[name])
        change(tree, rng)
        return files | {name: json.dumps(tree)}

    return alter


def _number(files: Files, rng: random.Random) -> Files:
    """Put something else in the place of any number of an estimator or of the forecast."""
    name = rng.choice(sorted(file for file in files if file.endswith(".json") and file != MANIFEST))
    hit = rng.choice(list(re.finditer(r"(?<=[ \[])-?\d+(?:\.\d+)?(?:e-?\d+)?(?=[,\n\]])", files[name])))
    new = rng.choice(["NaN", "Infinity", "-1e308", "1e308", '"x"', "null", "-1", "0", "[]", "9" * 5_000, "true"])
    return files | {name: files[name][: hit.start()] + new + files[name][hit.end() :]}


def _shorter(key: str) -> Callable[[dict[str, Any], random.Random], None]:
    def change(tree: dict[str, Any], rng: random.Random) -> None:
        listed = tree["linear"][key]
        listed.pop(rng.randrange(len(listed)))

    return change


def _rates(tree: dict[str, Any], rng: random.Random) -> None:
    for part in tree["boosters"]:
        for table in part["rates"] or []:
            table.pop(rng.randrange(len(table)))


def _vocabulary(tree: dict[str, Any], rng: random.Random) -> None:
    rng.choice(tree["encoding"]["vocabularies"] or [{"known": []}])["known"].append("more")
    tree["encoding"]["numbers"].append(tree["encoding"]["numbers"][0])


def _foreign(name: str, text: str) -> Alteration:
    return lambda files, _: files | {name: text}


def _swapped(files: Files, rng: random.Random) -> Files:
    a, b = rng.sample(_boosters(files), 2)
    return files | {a: files[b], b: files[a]}


def _deep(files: Files, rng: random.Random) -> Files:
    name = rng.choice(sorted(file for file in files if file.endswith(".json") and file != MANIFEST))
    depth = rng.choice([1_000, 100_000])
    return files | {name: "[" * depth + "]" * depth}


KINDS: dict[str, Alteration] = {
    "a child that leads back": _line("left_child", _one("0")),
    "a child that is its own parent": _line("right_child", lambda words, rng: [str(i) for i in range(len(words))]),
    "a child out of range": _line("left_child", _one("999999")),
    "a leaf out of range": _line("right_child", _one("-99999")),
    "two ways to one child": _line("left_child", lambda words, _: [words[0]] * len(words)),
    "a column out of range": _line("split_feature", _one("100000")),
    "a column below zero": _line("split_feature", _one("-7")),
    "more leaves": _line("num_leaves", _one(lambda words, _: str(int(words[0]) + 5))),
    "no leaves": _line("num_leaves", _one("0")),
    "leaves below zero": _line("num_leaves", _one("-3")),
    "leaves beyond memory": _line("num_leaves", _one("2147483647")),
    "sets of categories that are not there": _line("num_cat", _one("4")),
    "sets below zero": _line("num_cat", _one("-1")),
    "categories that do not fit": _of_text(_as_category),
    "a decision of no kind": _line("decision_type", _one(lambda _, rng: str(rng.choice([255, -1, 12, 1, 64])))),
    "a leaf that is no number": _line("leaf_value", _one("nan")),
    "an infinite leaf": _line("leaf_value", _one("inf")),
    "a leaf too large": _line("leaf_value", _one("1e300")),
    "a leaf missing": _line("leaf_value", lambda words, _: words[:-1]),
    "rows below zero": _line("leaf_count", _one(lambda _, rng: str(rng.choice([0, -5])))),
    "no rows at a decision": _line("internal_count", _one("0")),
    "a threshold of letters": _line("threshold", _one("abc")),
    "a threshold missing": _line("threshold", lambda words, _: words[1:]),
    "a number of 5,000 digits": _line("threshold", _one("9" * 5_000)),
    "another size of a tree": _of_text(
        lambda text, rng: re.sub(r"tree_sizes=(\d+)", f"tree_sizes={rng.choice([0, 1, 10**9])}", text), sized=False
    ),
    "a size below zero": _of_text(lambda text, _: text.replace("tree_sizes=", "tree_sizes=-"), sized=False),
    "no sizes": _of_text(lambda text, _: re.sub(r"tree_sizes=[^\n]*\n", "", text), sized=False),
    "a tree left out": _of_text(lambda text, _: re.sub(r"Tree=1\n.*?(?=Tree=2)", "", text, flags=re.S), sized=False),
    "more columns": _head("max_feature_idx", "99999"),
    "columns below zero": _head("max_feature_idx", "-5"),
    "several outputs": _head("num_class", "5"),
    "no tree a round": _head("num_tree_per_iteration", "0"),
    "an unknown objective": _head("objective", "custom"),
    "another version": _head("version", "v99"),
    "linear leaves": _line("is_linear", _one("1")),
    "a shrinkage that is none": _line("shrinkage", _one("nan")),
    "cut off": _of_text(lambda text, rng: text[: rng.randrange(len(text))], sized=False),
    "bytes changed": _of_text(_bytes_flipped, sized=False),
    "a line left out": _lines(lambda lines, at: lines.pop(at) and None),
    "a line twice": _lines(lambda lines, at: lines.insert(at, lines[at])),
    "nothing": _of_text(lambda text, _: "", sized=False),
    "parameters changed": _of_text(
        lambda text, _: re.sub(r"\[num_threads: \d+\]", "[num_threads: -99999999999]", text), sized=False
    ),
    "boosters swapped": _swapped,
    "any number of the JSON": _number,
    "a deep tree of JSON": _deep,
    "fewer slopes": _json("estimator.json", _shorter("slope")),
    "fewer shifts": _json("estimator.json", _shorter("shifts")),
    "fewer steps": _json("estimator.json", _shorter("edges")),
    "fewer rates": _json("estimator.json", _rates),
    "a category more": _json("estimator.json", _vocabulary),
    "threads without end": _json(
        "estimator.json", lambda tree, _: [part.update(threads=10**9) for part in tree["boosters"]] and None
    ),
    "no targets": _json("forecast.json", lambda tree, _: tree.update(calibrations={})),
    "a pickle": _foreign("model.pkl", "cos\nsystem\n(S'true'\ntR."),
    "a file elsewhere": _foreign("../../etc/passwd", "root"),
    "code": _foreign("sql.estimator.py", "import os"),
}


def altered(files: Files, kind: str, seed: str) -> Files:
    """Return the files with one alteration and a manifest that fits them."""
    rng = random.Random(f"{kind} {seed}")
    changed = KINDS[kind](files, rng)
    named = {name: hashlib.sha256(text.encode()).hexdigest() for name, text in changed.items() if name != MANIFEST}
    return changed | {MANIFEST: json.dumps(json.loads(files[MANIFEST]) | {"sha256": named})}


def rows_of(forecast: Forecast, count: int, seed: int) -> pd.DataFrame:
    """Return rows of any values, some of them missing."""
    rng = np.random.default_rng(seed)
    columns: dict[str, Any] = {}
    for feature in forecast.features:
        if feature.dtype == "category":
            columns[feature.name] = rng.choice(np.array(["head", "other", None], dtype=object), count)
        else:
            values = np.where(rng.random(count) < 0.2, np.nan, rng.exponential(20.0, count))
            columns[feature.name] = (values > 5).astype(float) if feature.dtype == "boolean" else values
    return pd.DataFrame(columns)


def answer(files: Files) -> str:
    """Return what became of a model: ``refused``, ``finite``, or what is wrong."""
    try:
        forecast = from_files(files)
    except InputError:
        return "refused"
    for count in (70, 5):
        rows = rows_of(forecast, count, count)
        table = forecast.predict(rows)
        for target in forecast.targets:
            explained = forecast.explain(rows, target)
            open_rows = ~table[f"reached_{target}"].to_numpy(dtype=bool)  # what is reached has no reasons
            numbers = [table[f"p_{target}"], table[f"log_odds_{target}"][open_rows], explained.contributions[open_rows]]
            if not all(np.isfinite(np.asarray(part, dtype=float)).all() for part in numbers):
                return "a number that is none"
            curve = forecast.curve(rows, target, [10**9, 10**11])
            if np.isinf(curve).any() or (curve < 0).any() or (curve > 1).any():
                return "a curve outside 0 to 1"
    return "finite"


def read_altered(model: Path, cases: list[tuple[str, str]], first: int) -> None:
    """Read the altered models from one on, and say before each which it is and after it what became of it."""
    files = {file.name: file.read_text(encoding="utf-8") for file in model.iterdir()}
    answer(files)
    print("ready", flush=True)
    for number, (kind, seed) in enumerate(cases[first:], start=first):
        print(f"begin {number}", flush=True)
        try:
            said = answer(altered(files, kind, seed))
        except Exception as error:  # noqa: BLE001 - whatever it is, it is what became of the model
            said = f"{type(error).__name__}: {error}".splitlines()[0][:200]
        print(f"end {number} {said}", flush=True)


def watched(arguments: list[str], cases: int, *, first: int, seconds: float) -> dict[int, str]:
    """Run a reading process from a case on until it is through, ends or hangs; return what became of each case."""
    command = [sys.executable, __file__, *arguments, "--first", str(first)]
    results: dict[int, str] = {}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        current, timer = first, threading.Timer(120.0, process.kill)
        timer.start()
        for line in process.stdout:
            word, *rest = line.split(" ", 2)
            if word == "begin":
                current = int(rest[0])
            elif word == "end":
                results[int(rest[0])] = rest[1].strip()
                current = int(rest[0]) + 1
            timer.cancel()
            timer = threading.Timer(seconds, process.kill)
            timer.start()
        timer.cancel()
        process.wait()
    if current < cases:
        results[current] = (
            "the process hung" if process.returncode == -9 else f"the process ended: {process.returncode}"
        )
    return results


def main() -> None:
    """Alter, read, and say what became of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--each", type=int, default=8)
    parser.add_argument("--seed", default="7")
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--first", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    cases = [(kind, f"{given.seed}.{draw}") for kind in KINDS for draw in range(given.each)]
    if given.first is not None:
        read_altered(given.model, cases, given.first)
        return
    arguments = ["--model", str(given.model), "--each", str(given.each), "--seed", given.seed]
    results: dict[int, str] = {}
    while len(results) < len(cases):
        results |= watched(arguments, len(cases), first=len(results), seconds=given.seconds)
    for kind in KINDS:
        said = Counter(results[number] for number, (one, _) in enumerate(cases) if one == kind)
        print(f"{kind:45s} {', '.join(f'{count} × {word}' for word, count in sorted(said.items()))}")
    right = sum(word in ("refused", "finite") for word in results.values())
    print(f"{right} of {len(cases)} refused or finite, {len(KINDS)} kinds")
    if right < len(cases):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
