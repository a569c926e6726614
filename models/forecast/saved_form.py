"""A forecast as texts: LightGBM's own format, JSON, and a manifest with hashes. Reading it runs no code."""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from itertools import pairwise
from typing import Any

from pydantic import TypeAdapter

from features.catalog.feature import UNWRITTEN, Feature, counting
from features.errors import InputError
from features.families.feature_list import feature_list
from features.source_spec import FeatureOptions, SourceSpec
from models.calibration.intercept_and_slope import Calibration
from models.estimator.estimator import Estimator
from models.forecast.forecast import Forecast
from models.forecast.grades import Grades
from models.forecast.target_model import TargetModel
from models.forecast.time_to_outcome import Timing

FORMAT = 2
MANIFEST = "manifest.json"
FORECAST = "forecast.json"
TIMING = "timing.txt"
MOST = 1e18
"""No number of a forecast is as large: durations in microseconds are not."""
_KINDS = re.compile(r"(?:forecast\.json|[a-z_]{1,40}\.(?:estimator\.json|timing\.txt|booster_[1-9]\d{0,2}\.txt))")
"""Names of the files that a saved forecast may have beside its manifest."""
_DAMAGE = (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError, RecursionError)
"""What reading JSON of another shape ends with."""


def to_files(forecast: Forecast) -> dict[str, str]:
    """Return a forecast as texts by file name; the same forecast gives the same texts.

    Returns
    -------
    dict of str to str
        ``forecast.json``; ``TARGET.estimator.json``, ``TARGET.booster_N.txt`` and, where there is one,
        ``TARGET.timing.txt`` for each target; ``manifest.json``.
    """
    tree = {
        "spec": forecast.spec.model_dump(mode="json", by_alias=True),
        "feature_options": forecast.feature_options.model_dump(mode="json"),
        "features": _features().dump_python(forecast.features, mode="json", exclude={"__all__": set(UNWRITTEN)}),
        "calibrations": {name: asdict(model.calibration) for name, model in forecast.targets.items()},
        "timings": {name: m.timing.to_json() for name, m in forecast.targets.items() if m.timing is not None},
        "grades": None if forecast.grades is None else asdict(forecast.grades),
    }
    files = {FORECAST: json.dumps(tree, allow_nan=False, indent=1, ensure_ascii=False) + "\n"}
    for name, model in forecast.targets.items():
        files |= {f"{name}.{file}": text for file, text in model.estimator.to_files().items()}
        if model.timing is not None and model.timing.text is not None:
            files[f"{name}.{TIMING}"] = model.timing.text
    hashes = {file: text_digest(text) for file, text in sorted(files.items())}
    return files | {MANIFEST: json.dumps({"format": FORMAT, "sha256": hashes}, indent=1) + "\n"}


def from_files(files: Mapping[str, str]) -> Forecast:
    """Rebuild a forecast; its predictions are the same bit for bit.

    Raises
    ------
    InputError
        If a file is missing, was added, is of no kind that a forecast has, or is not as the manifest says; if the
        format is not one we read, or what the files say does not fit together.
    """
    verify(files)
    try:
        return _rebuild(files)
    except _DAMAGE as error:
        if isinstance(error, InputError):
            raise
        problem = f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"
        expected = "a forecast saved by this version of leadscore"
        raise InputError(expected=expected, found=problem, table=FORECAST) from None


def verify(files: Mapping[str, str]) -> None:
    """Raise an InputError unless every file is there and is what the manifest says."""
    manifest = _manifest(files)
    named = manifest["sha256"]
    for file in sorted(named):
        if not _KINDS.fullmatch(file):
            expected = f"in {MANIFEST} only {FORECAST}, estimators, boosters and timings"
            raise InputError(expected=expected, found=repr(file[:80]), table=MANIFEST, hint="Train the model again")
    for file in sorted(named.keys() - files.keys()):
        raise InputError(expected=f"the file {file} named in {MANIFEST}", found="no such file", table=file)
    for file in sorted(files.keys() - named.keys() - {MANIFEST}):
        raise InputError(expected=f"only the files named in {MANIFEST}", found=f"also {file}", table=file)
    for file, digest in sorted(named.items()):
        sha256 = text_digest(files[file])
        if sha256 != digest:
            raise InputError(
                expected=f"SHA-256 {str(digest)[:12]}… as {MANIFEST} says",
                found=f"{sha256[:12]}…",
                table=file,
                hint="The file was changed after it was saved. Restore it or train again",
            )


def text_digest(text: str) -> str:
    """Return the SHA-256 of a text in UTF-8."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def _manifest(files: Mapping[str, str]) -> dict[str, Any]:
    if MANIFEST not in files:
        raise InputError(expected=f"a saved model with {MANIFEST}", found=f"{len(files)} files without it")
    try:
        manifest = json.loads(files[MANIFEST])
    except (ValueError, RecursionError) as error:
        raise InputError(expected="JSON", found=str(error)[:200], table=MANIFEST) from None
    if not isinstance(manifest, dict) or not isinstance(manifest.get("sha256"), dict):
        raise InputError(expected="format and sha256", found="something else", table=MANIFEST)
    if manifest.get("format") != FORMAT:
        saved_format = f"format {manifest.get('format')!r}"
        raise InputError(expected=f"format {FORMAT}", found=saved_format, table=MANIFEST, hint="Train the model again")
    return manifest


def _rebuild(files: Mapping[str, str]) -> Forecast:
    tree = json.loads(files[FORECAST])
    _require(set(files) == _expected_files(tree, files), "the files of its targets, each used once")
    targets: dict[str, TargetModel] = {}
    for name, calibration in tree["calibrations"].items():
        texts = {file.removeprefix(f"{name}."): text for file, text in files.items() if file.startswith(f"{name}.")}
        when = tree["timings"].get(name)
        timing = None if when is None else Timing.from_json(when, texts.get(TIMING))
        targets[name] = TargetModel(Estimator.from_files(texts), Calibration(**calibration), timing)
    grades = tree["grades"]
    spec, options = SourceSpec.model_validate(tree["spec"]), FeatureOptions.model_validate(tree["feature_options"])
    forecast = Forecast(
        spec=spec,
        feature_options=options,
        features=counting(_features().validate_python(tree["features"]), feature_list(spec, options)),
        targets=targets,
        grades=None if grades is None else Grades(tuple(grades["fit_edges"]), tuple(grades["behaviour_edges"])),
    )
    _require_fitting(forecast)
    return forecast


def _expected_files(tree: Mapping[str, Any], files: Mapping[str, str]) -> set[str]:
    expected = {MANIFEST, FORECAST}
    for name in tree["calibrations"]:
        parts = json.loads(files[f"{name}.estimator.json"])["boosters"]
        count = sum(part["texts"] for part in parts)
        _require(isinstance(count, int) and 0 <= count < len(files), "as many boosters as it has files")
        expected |= {f"{name}.estimator.json", *(f"{name}.booster_{number}.txt" for number in range(1, count + 1))}
        if f"{name}.{TIMING}" in files and tree["timings"].get(name) is not None:
            expected.add(f"{name}.{TIMING}")
    return expected


def _require(holds: bool, expected: str) -> None:
    if not holds:
        raise InputError(expected=f"a saved forecast with {expected}", found="another", table=FORECAST)


def _require_fitting(forecast: Forecast) -> None:
    """Check that targets, features, calibrations and timings fit each other, and hold numbers."""
    names = {feature.name for feature in forecast.features}
    _require(list(forecast.targets) == list(forecast.spec.targets), "its source's targets in their order")
    edges = () if forecast.grades is None else (forecast.grades.fit_edges, forecast.grades.behaviour_edges)
    _require(all(len(three) == 3 and _rise(three) for three in edges), "three edges for each grade")
    for model in forecast.targets.values():
        _require(set(model.estimator.features) <= names, "columns that are features")
        calibration = asdict(model.calibration)
        _require(all(_is_number(value) for value in calibration.values()), "numbers in its calibrations")
        timing = model.timing
        if timing is None:
            continue
        _require(_is_number(timing.horizon_us) and timing.horizon_us > 0, "a horizon above 0")
        _require(_is_number(timing.centre), "a centre of its delays")
        _require(len(timing.spread) > 1 and _rise(timing.spread), "a spread of its delays that rises")
        _require(timing.columns in (None, len(model.estimator.encoding.columns)), "a timing of the same columns")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and math.isfinite(value) and abs(value) < MOST


def _rise(values: Sequence[float]) -> bool:
    return all(map(_is_number, values)) and all(a <= b for a, b in pairwise(values))


def _features() -> TypeAdapter[tuple[Feature, ...]]:
    return TypeAdapter(tuple[Feature, ...])
