"""``leadscore init``: a commented starting source folder, written by looking at somebody's files."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

import duckdb

from features.errors import InputError
from pipeline.init.guess import guess
from pipeline.init.look_at_files import look_at
from pipeline.init.questions import Conversation
from pipeline.init.value_lines import files_section, remarks
from pipeline.init.write_source_yaml import rules_yaml, source_yaml
from pipeline.init.write_sql import sql_texts
from pipeline.runner.job_log import say
from pipeline.settings.limits import LimitOptions
from pipeline.source.data_folder import require_file, require_unpackable
from pipeline.source.folder import read_source

LONGEST_NAME = 100


def start_source(name: str, files: Sequence[Path], into: Path, talk: Conversation | None = None) -> Path:
    """Write a starting source folder and say what was understood, a line for each file.

    Parameters
    ----------
    name : str
        Name of the source: lower case letters, digits, underscores.
    files : sequence of Path
        CSV, Parquet or JSON files, all in one folder (the data folder of later runs).
    into : Path
        Folder that gets the new source folder.
    talk : Conversation, optional
        How questions are asked; by default on a terminal, and in a pipe the defaults are taken and said.

    Returns
    -------
    Path
        The new folder.

    Raises
    ------
    InputError
        If the name cannot be used, the folder is there already, or no file looks like leads.
    """
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name) or len(name) > LONGEST_NAME:
        expected = f"a name of at most {LONGEST_NAME} lower case letters, digits and underscores"
        raise InputError(expected=expected, found=repr(name[: LONGEST_NAME + 20]))
    folder, talk = into / name, talk or Conversation()
    if folder.exists():
        raise InputError(expected="a new folder", found=f"{folder} is there already", hint="Choose another name")
    if not files:
        raise InputError(expected="at least one file", found="none", hint="leadscore init NAME --from leads.csv")
    if len({file.resolve().parent for file in files}) > 1:
        raise InputError(expected="files of one folder", found="files of several", hint="Copy them into one folder")
    for file in files:
        if file.exists():
            require_file(file, LimitOptions())
            require_unpackable(file, LimitOptions())
    with duckdb.connect(config={"autoinstall_known_extensions": False, "autoload_known_extensions": False}) as con:
        con.execute("SET TimeZone = 'UTC'")
        con.execute("SET threads = 1")  # rows keep their order
        looks = [look_at(con, file) for file in dict.fromkeys(files)]
        draft = guess(con, looks, talk)
    texts = sql_texts(draft)
    whole = source_yaml(name, draft, talk.comments()) + "\n".join(files_section(looks)) + "\n"
    yaml = {"source.yaml": whole, "rules.example.yaml": rules_yaml(draft)}
    _write_whole(folder, {**yaml, **texts})
    for line in [*draft.said, *remarks(looks)]:
        say(line)
    data = files[0].resolve().parent
    for template in (file for file in texts if file.endswith(".example")):
        say(f"to be written by hand, if there is such a file: {folder / template}")
    say(f"Now look through {folder}/source.yaml, then: leadscore check {folder} --data {data}")
    return folder


def _write_whole(folder: Path, texts: dict[str, str]) -> None:
    """Write all files, read them back as a source, and only then put the folder in its place."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".init-") as scratch:
        draft = Path(scratch) / folder.name
        draft.mkdir()
        for file_name, text in texts.items():
            (draft / file_name).write_text(text, encoding="utf-8")
        read_source(draft)
        shutil.move(draft, folder)
