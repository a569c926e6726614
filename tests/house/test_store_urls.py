"""The job writes and the server reads: two modules that may not import each other understand a store's URL alike."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from features.errors import InputError
from pipeline.score.sinks import store_url as job
from pipeline.score.sinks.score_store import ScoreStore
from pipeline.score.sinks.store_url import STORE_VARIABLE
from serve.reading import store_url as server
from serve.settings import ENVIRONMENT, ServeSettings


@pytest.mark.parametrize(
    "text",
    [
        "sqlite:///relative.sqlite", "sqlite:////absolute/scores.sqlite", "sqlite+pysqlite:////a/scores.sqlite",
        "sqlite:////with%3Fmark/100%25.sqlite", "postgresql://crm:secret@db.example.com/scores",
        "postgres://db/scores", "postgresql+psycopg://db:5433/scores?sslmode=require", "postgresql://crm:p%40@db/scores",
    ],
)  # fmt: skip
def test_both_read_a_url_alike_and_say_it_alike(text: str) -> None:
    written, read = job.read_url(text), server.read_url(text)
    assert written == read
    assert job.shown(written) == server.shown(read)


@pytest.mark.parametrize("text", ["", "no url", "postgresql://crm:se@cret@db/x", "postgresql://crm:se@cr/et@db/x"])
def test_both_refuse_what_is_no_url_and_quote_no_piece_of_it(text: str) -> None:
    for module in (job, server):
        with pytest.raises(InputError) as refused:
            module.read_url(text)
        assert not any(piece in str(refused.value) for piece in ("crm", "cret", "cr/et", "no url"))


@pytest.mark.parametrize("name", ["plain", "a?b", "100%", "%41", "a#b", "größe"])
def test_both_look_into_the_same_file_where_nobody_says_which(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(STORE_VARIABLE, raising=False)
    out = tmp_path / name
    ScoreStore.from_settings({"url": None}, out).migrate()
    settings = ServeSettings(out=out, api_key="a-key-for-these-tests")
    opened = sa.create_engine(server.for_reading(server.read_url(settings.store_url)))
    with opened.connect() as connection:
        assert sa.inspect(connection).has_table("scores")
    opened.dispose()
    assert [file.name for file in tmp_path.iterdir()] == [name]


def test_both_ask_the_same_variable() -> None:
    assert ENVIRONMENT["store"] == STORE_VARIABLE
