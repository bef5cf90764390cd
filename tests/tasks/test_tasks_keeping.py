"""Backups: row for row the same on either database, of one moment, and refused whole when a byte is wrong."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest
from pydantic import SecretStr
from sqlalchemy import Engine, text

from domain.act import ActRefusedError
from tasks import keeping
from tasks.settings import Settings
from tests.conftest import Collected
from tests.delivered import PERIOD, totals
from warehouse import leases, migrate, queries, whole
from warehouse.engine import make_engine, snapshot, write


def rows(engine: Engine) -> dict[str, pl.DataFrame]:
    with snapshot(engine) as connection:
        found: dict[str, list[pl.DataFrame]] = {}
        for name, frame in whole.parts(connection):
            found.setdefault(name, []).append(frame)
    return {name: pl.concat(frames) for name, frames in found.items()}


def same(one: dict[str, pl.DataFrame], two: dict[str, pl.DataFrame]) -> bool:
    """PostgreSQL orders text by its language: rows are compared in an order of our own."""
    return one.keys() == two.keys() and all(
        one[name].schema == two[name].schema
        and one[name].sort(pl.all(), nulls_last=True).equals(two[name].sort(pl.all(), nulls_last=True))
        for name in one
    )


@pytest.fixture
def saved(collected: Collected, tmp_path: Path) -> Path:
    out = tmp_path / "sao-lưu.zip"
    keeping.backup(collected.settings, collected.engine, out)
    return out


@pytest.fixture
def anew(tmp_path: Path, empty_url: str) -> Settings:
    return Settings(home=tmp_path / "mới", warehouse_url=SecretStr(empty_url))


@pytest.fixture
def opened() -> Iterator[object]:
    engines: list[Engine] = []

    def engine_of(url: str) -> Engine:
        engines.append(make_engine(url))
        return engines[-1]

    yield engine_of
    for engine in engines:
        engine.dispose()


@pytest.mark.thorough("sqlite-sqlite", "postgres-postgres")
def test_what_comes_back_is_what_went_in_on_either_database(
    collected: Collected, saved: Path, anew: Settings, opened: object
) -> None:
    """From each database to each: also from SQLite to PostgreSQL and back."""
    manifest = keeping.restore(anew, opened, saved)
    engine = make_engine(anew.url)
    try:
        assert same(rows(engine), rows(collected.engine))
        assert manifest["tables"]["observation"] > 1000
        assert migrate.is_current(engine)
        assert totals(engine) == totals(collected.engine)
        assert queries.status(engine, PERIOD, "P99.DU") == queries.status(collected.engine, PERIOD, "P99.DU")
        there, here = (
            {path.relative_to(home): path.read_bytes() for path in home.rglob("*.*") if path.is_file()}
            for home in (collected.settings.workspace.archive, anew.workspace.archive)
        )
        assert here == there
        assert not (anew.workspace.home / "definitions").exists()
        with pytest.raises(ActRefusedError, match="not empty"):
            keeping.restore(anew, opened, saved)
    finally:
        engine.dispose()


def test_a_warehouse_is_only_replaced_with_a_reason_that_is_kept(
    collected: Collected, saved: Path, anew: Settings, opened: object
) -> None:
    keeping.restore(anew, opened, saved)
    engine = make_engine(anew.url)
    try:
        with write(engine) as connection:
            connection.execute(text("UPDATE unit SET name = 'hỏng'"))
            connection.execute(text("DELETE FROM mart_roll_up"))
        before = rows(engine)
        with leases.running(engine, "collect-period"), pytest.raises(ActRefusedError, match="run is writing"):
            keeping.restore(anew, opened, saved, is_replacing=True, who="An", reason="thử")
        with write(engine) as connection:
            unused = "state = 'completed' AND id NOT IN (SELECT run_id FROM attempt UNION SELECT run_id FROM receipt)"
            connection.execute(text(f"DELETE FROM run WHERE {unused}"))
        with pytest.raises(ActRefusedError):
            keeping.restore(anew, opened, saved, is_replacing=True, who="An", reason=" ")
        assert same(
            {n: f for n, f in rows(engine).items() if n != "run"}, {n: f for n, f in before.items() if n != "run"}
        )
        keeping.restore(anew, opened, saved, is_replacing=True, who="An", reason="kho hỏng")
        after = rows(engine)
        (act,) = after.pop("action").to_dicts()
        assert (act["what"], act["who"], act["reason"]) == ("replace_warehouse", "An", "kho hỏng")
        assert same(after, {n: f for n, f in rows(collected.engine).items() if n != "action"})
    finally:
        engine.dispose()


def test_rows_written_meanwhile_are_not_half_in_the_backup(
    url: str, collected_sqlite: Collected, tmp_path: Path
) -> None:
    """A writer commits between two tables of the backup: none of what it wrote is in it."""
    engine = make_engine(url)
    with snapshot(collected_sqlite.engine) as connection:
        whole.fill(engine, str(migrate.head()), whole.parts(connection), {})
    before = rows(engine)
    found: dict[str, list[pl.DataFrame]] = {}
    with snapshot(engine) as connection:
        for number, (name, frame) in enumerate(whole.parts(connection)):
            found.setdefault(name, []).append(frame)
            if number == 2:
                with write(engine) as other:
                    other.execute(text("UPDATE submission SET state = 'withdrawn' WHERE state = 'accepted'"))
                    other.execute(text("DELETE FROM observation"))
    assert same({name: pl.concat(frames) for name, frames in found.items()}, before)
    assert not same(rows(engine), before)
    engine.dispose()


def _tampered(saved: Path, out: Path, how: str) -> Path:
    if how == "cut":
        out.write_bytes(saved.read_bytes()[:-200])
        return out
    with zipfile.ZipFile(saved) as package, zipfile.ZipFile(out, "w") as other:
        names = package.namelist()
        victim = next(name for name in names if "observation.parquet" in name)
        for name in names:
            content = package.read(name)
            if name == victim and how == "gone":
                continue
            if name == victim and how == "changed":
                content = content[:100] + bytes([content[100] ^ 1]) + content[101:]
            if name == keeping.MANIFEST and how == "newer":
                content = json.dumps({**json.loads(content), "schema": "9999"}).encode()
            if name == keeping.MANIFEST and how == "outside":
                told = json.loads(content)
                told["members"]["archive/../../thoát.txt"] = told["members"][victim]
                content = json.dumps(told).encode()
            other.writestr(name, content)
        if how == "more":
            other.writestr("archive/aa/thêm", b"a")
        if how == "outside":
            other.writestr("archive/../../thoát.txt", package.read(victim))
    return out


@pytest.mark.parametrize("how", ["cut", "gone", "changed", "more", "newer", "outside", "bits"])
def test_a_damaged_backup_is_refused_and_nothing_is_changed(
    collected_sqlite: Collected, tmp_path: Path, how: str, opened: object
) -> None:
    saved = tmp_path / "a.zip"
    keeping.backup(collected_sqlite.settings, collected_sqlite.engine, saved)
    anew = Settings(home=tmp_path / "trong" / "mới")
    if how == "bits":
        with zipfile.ZipFile(saved) as package:
            places = [info.header_offset + 80 + len(info.filename.encode()) for info in package.infolist()[::40]]
        raw = saved.read_bytes()
        damaged = [raw[:place] + bytes([raw[place] ^ 4]) + raw[place + 1 :] for place in places]
    else:
        damaged = [_tampered(saved, tmp_path / "b.zip", how).read_bytes()]
    for number, content in enumerate(damaged):
        file = tmp_path / f"hỏng-{number}.zip"
        file.write_bytes(content)
        with pytest.raises(ActRefusedError):
            keeping.restore(anew, opened, file)
        file.unlink()
    assert not anew.home.exists()
    assert not (tmp_path / "thoát.txt").exists()


def test_archived_files_that_are_gone_or_spoiled_are_named(
    collected_sqlite: Collected, tmp_path: Path, opened: object
) -> None:
    first = Settings(home=tmp_path / "một")
    saved = tmp_path / "a.zip"
    keeping.backup(collected_sqlite.settings, collected_sqlite.engine, saved)
    keeping.restore(first, opened, saved)
    engine = make_engine(first.url)
    with write(engine) as connection:  # as if the other workspace were not on this machine
        connection.execute(text("UPDATE file SET archive_path = replace(archive_path, '/archive/', '/ở-máy-khác/')"))
    gone, spoiled = sorted(path for path in first.workspace.archive.rglob("*.xlsx"))[:2]
    gone.unlink()
    spoiled.write_bytes(b"x")
    manifest = keeping.backup(first, engine, tmp_path / "b.zip")
    assert sorted(manifest["lost"]) == sorted([gone.stem, spoiled.stem])
    engine.dispose()


def test_a_backup_never_takes_the_place_of_a_file_and_leaves_no_draft(
    collected_sqlite: Collected, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.zip").write_text("của tôi")
    with pytest.raises(ActRefusedError):
        keeping.backup(collected_sqlite.settings, collected_sqlite.engine, tmp_path / "a.zip")

    def full(*_: object) -> bool:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(keeping, "_kept", full)
    with pytest.raises(OSError, match="space"):
        keeping.backup(collected_sqlite.settings, collected_sqlite.engine, tmp_path / "b.zip")
    assert [path.name for path in tmp_path.iterdir()] == ["a.zip"]


def test_other_definitions_come_back_beside_the_programs_own(
    collected_sqlite: Collected, tmp_path: Path, opened: object
) -> None:
    from catalog import DATA

    shutil.copytree(DATA, tmp_path / "định-nghĩa")
    messages = next(path for path in (tmp_path / "định-nghĩa").rglob("*.yaml"))
    messages.write_text(messages.read_text(encoding="utf-8") + "\n# của tỉnh\n", encoding="utf-8")
    theirs = collected_sqlite.settings.model_copy(update={"catalog": tmp_path / "định-nghĩa"})
    keeping.backup(theirs, collected_sqlite.engine, tmp_path / "a.zip")
    anew = Settings(home=tmp_path / "mới")
    keeping.restore(anew, opened, tmp_path / "a.zip")
    back = anew.workspace.home / "definitions" / messages.relative_to(tmp_path / "định-nghĩa")
    assert back.read_bytes() == messages.read_bytes()
