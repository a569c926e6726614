from __future__ import annotations

import gzip
import os
import socket
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from features.errors import InputError
from pipeline.runner.workspace import export_digest, tree_digest
from pipeline.settings.limits import LimitOptions
from pipeline.source.data_folder import exported_files, require_bounded

LIMITS = LimitOptions()


@pytest.fixture
def data(tmp_path: Path) -> Path:
    (tmp_path / "data" / "sub").mkdir(parents=True)
    (tmp_path / "data" / "leads.csv").write_text("lead_id\nA\n")
    (tmp_path / "data" / "sub" / "events.csv").write_text("lead_id\nA\n")
    return tmp_path / "data"


def digest(data: Path, limits: LimitOptions = LIMITS) -> str:
    return export_digest(exported_files(data, limits))


def test_without_links_an_export_has_the_digest_of_its_files(data):
    assert digest(data) == tree_digest([data])


def test_a_change_behind_a_link_is_noticed(data, tmp_path):
    """A linked folder is entered, and so is one within the data folder; the data folder itself may be a link."""
    tonight = tmp_path / "tonight"
    tonight.mkdir()
    (tonight / "stages.csv").write_text("one")
    (data / "linked").symlink_to(tonight)
    (tmp_path / "latest").symlink_to(data)
    limits = LimitOptions(linked_folders=(tonight,))
    first = digest(tmp_path / "latest", limits)
    (tonight / "stages.csv").write_text("two")
    second = digest(tmp_path / "latest", limits)
    (tonight / "more.csv").write_text("three")
    assert len({first, second, digest(tmp_path / "latest", limits)}) == 3


def test_a_link_that_is_turned_elsewhere_in_the_folder_is_noticed(data):
    (data / "other").mkdir()
    (data / "other" / "events.csv").write_text("lead_id\nA\n")
    (data / "z").symlink_to("sub")
    first = digest(data)
    (data / "z").unlink()
    (data / "z").symlink_to("other")
    assert digest(data) != first


def test_links_in_a_circle_end(data):
    (data / "sub" / "up").symlink_to("..")
    (data / "itself").symlink_to("itself")
    (data / "nowhere").symlink_to("not-there.csv")
    names = [entry.name for entry in exported_files(data, LIMITS)]
    assert names == ["leads.csv", "sub/events.csv", "sub/up"]


@pytest.mark.parametrize("target", ["/etc", "/etc/passwd", "/proc/self/environ"])
def test_a_link_out_of_the_folder_is_refused_with_the_way_to_allow_it(data, target):
    (data / "link").symlink_to(target)
    with pytest.raises(InputError, match=r"link: expected links that stay in the data folder.*linked_folders"):
        exported_files(data, LIMITS)


def test_a_pipe_a_socket_and_a_device_are_refused_at_once(data, monkeypatch):
    os.mkfifo(data / "pipe.csv")
    with pytest.raises(InputError, match=r"pipe\.csv: expected files and folders, found a pipe"):
        exported_files(data, LIMITS)
    (data / "pipe.csv").unlink()
    monkeypatch.chdir(data)  # the name of a socket must be short
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("s")
        with pytest.raises(InputError, match="found a socket"):
            exported_files(data, LIMITS)
    (data / "s").unlink()
    (data / "zero.csv").symlink_to("/dev/zero")
    with pytest.raises(InputError, match="found a device"):
        exported_files(data, LimitOptions(linked_folders=(Path("/dev"),)))


def test_a_file_beyond_the_limit_is_named_with_the_limit(data):
    with pytest.raises(InputError, match=r"leads\.csv: expected at most 5 \(limits\.file_size\), found 10.*--set"):
        exported_files(data, LimitOptions(file_size="5B"))


@pytest.mark.parametrize("codec", ["gzip", "zstd"])
def test_a_small_file_that_unpacks_to_gigabytes_is_refused_and_a_usual_one_is_not(data, codec):
    zeros = b"0" * (1 << 20)
    with pa.output_stream(str(data / "events.csv.gz"), compression=codec) as stream:
        for _ in range(1_200):
            stream.write(zeros)
    assert (data / "events.csv.gz").stat().st_size < 2_000_000
    with pytest.raises(InputError, match=r"events\.csv\.gz: expected at most 200 \(limits\.expansion\)"):
        require_bounded(data, LIMITS)
    require_bounded(data, LimitOptions(expansion=1_000_000))
    with gzip.open(data / "events.csv.gz", "wt") as text:
        text.writelines(f"{n},{n * 7919 % 1000}\n" for n in range(100_000))
    require_bounded(data, LIMITS)


def test_what_is_packed_and_broken_is_left_to_who_reads_it(data):
    (data / "events.csv.gz").write_bytes(b"\x1f\x8b" + b"\0" * 3_000_000)
    (data / "leads.parquet").write_bytes(b"PAR1 and nothing else")
    require_bounded(data, LIMITS)


def test_a_parquet_file_of_too_many_rows_is_refused_by_what_it_says_of_itself(data):
    pq.write_table(pa.table({"lead_id": pa.array(["A"] * 1_000)}), data / "leads.parquet")
    with pytest.raises(InputError, match=r"leads\.parquet: expected at most 999 \(limits\.rows\), found 1,000"):
        require_bounded(data, LimitOptions(rows=999))
    require_bounded(data, LimitOptions(rows=1_000))
