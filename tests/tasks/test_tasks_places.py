"""Inbox and archive in an object store: nothing is lost, nothing is taken twice, nobody else's object is touched."""

from __future__ import annotations

import errno
import hashlib
import os
import pickle
import socket
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from console.faults import explain
from domain.act import ActRefusedError
from tasks import archive, health, keeping, places
from tasks import collect as steps
from tasks.cluster import ClusterLostError, _travelling
from tasks.collect import _passes, receive
from tasks.retrying import Wanted, reopen
from tasks.returning import place_of, to_return, write_returned
from tasks.settings import Settings
from tasks.setup import initialise
from tasks.store import engine_for
from tasks.timing import Stopwatch
from tests.collecting import collect
from tests.commands import run_here
from tests.conftest import Collected
from tests.delivered import Delivery, figures, install, totals
from warehouse import intake, returns

BUCKET = "bucket"


@pytest.fixture(scope="module")
def server() -> Iterator[Any]:
    """An S3 server of this module; three keys a page, so that every listing has several."""
    from moto.server import ThreadedMotoServer

    before = dict(os.environ)
    running = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    running.start()
    host, port = running.get_host_and_port()
    os.environ |= {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": "thu",
        "AWS_SECRET_ACCESS_KEY": "thu",
        "AWS_DEFAULT_REGION": "us-east-1",
        "MOTO_S3_DEFAULT_MAX_KEYS": "3",
    }
    yield running
    running.stop()
    os.environ.clear()
    os.environ |= before


@pytest.fixture
def store(server: Any, tmp_path: Path) -> Iterator[Any]:
    """An empty bucket and the library that speaks to it."""
    import fsspec

    fs = fsspec.filesystem("s3", skip_instance_cache=True)
    fs.mkdir(BUCKET)
    yield fs
    fs.rm(BUCKET, recursive=True)


@pytest.fixture
def inbox(store: Any) -> Any:
    place = places.place_at(f"s3://{BUCKET}/inbox")
    places.make(place)
    return place


@pytest.fixture
def kept(store: Any) -> Any:
    place = places.place_at(f"s3://{BUCKET}/archive")
    places.make(place)
    return place


def names(store: Any, prefix: str) -> list[str]:
    store.invalidate_cache()
    return sorted(name.removeprefix(f"{BUCKET}/{prefix}/") for name in store.find(f"{BUCKET}/{prefix}"))


SENT = ("Báo cáo quý I.xlsx", "xã Tân Lộc/báo cáo.xlsx", "a#b+c.xlsx", "50%20.csv", "d//e.xlsx", "f.XLSX", "g")
PASSED_OVER = ("~$x.xlsx", ".ẩn/x.xlsx", "x.xlsx.part", "Thumbs.db", "folder/")


def test_objects_of_any_name_go_from_inbox_to_archive_under_their_hash(store: Any, inbox: Any, kept: Any) -> None:
    for name in (*SENT, *PASSED_OVER):
        store.pipe_file(f"{BUCKET}/inbox/{name}", name.encode())
    waiting = archive.waiting(inbox)
    assert sorted(str(item) for item in waiting) == sorted(f"s3://{BUCKET}/inbox/{name}" for name in SENT)
    stored = archive.store_found(waiting, kept)
    assert {item.name for item in stored} == {name.rpartition("/")[2] for name in SENT}
    for item in stored:
        name = str(item.source).removeprefix(f"s3://{BUCKET}/inbox/")
        assert item.sha256 == hashlib.sha256(name.encode()).hexdigest()
        assert item.path == archive.find(kept, str(item.path))
        assert (item.size, item.path.read_bytes()) == (len(name.encode()), name.encode())
    archive.clear(stored)
    archive.clear(stored)  # gone already: no fault
    assert names(store, "inbox") == sorted([*PASSED_OVER[:-1], "folder/", places.MARKER])
    assert archive.waiting(inbox) == []


def test_an_object_that_was_replaced_is_another_and_stays(store: Any, inbox: Any, kept: Any) -> None:
    store.pipe_file(f"{BUCKET}/inbox/a.xlsx", b"first")
    (listed,) = archive.waiting(inbox)
    stored = archive.store_found([listed], kept)
    store.pipe_file(f"{BUCKET}/inbox/a.xlsx", b"other")
    archive.clear(stored)
    assert store.cat_file(f"{BUCKET}/inbox/a.xlsx") == b"other"
    assert archive.store_found([listed], kept) == [], "what was listed is not there any more: the next run takes it"
    places.remove(listed)
    assert names(store, "inbox") == [places.MARKER, "a.xlsx"]


def test_the_store_compares_once_more_while_it_deletes(
    store: Any, inbox: Any, kept: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Replaced between the look and the deletion."""
    store.pipe_file(f"{BUCKET}/inbox/a.xlsx", b"first")
    stored = archive.store_found(archive.waiting(inbox), kept)

    def look(met: places.Met) -> str:
        store.pipe_file(f"{BUCKET}/inbox/a.xlsx", b"other")
        return met.tag

    monkeypatch.setattr(places, "_tag_now", look)
    archive.clear(stored)
    assert store.cat_file(f"{BUCKET}/inbox/a.xlsx") == b"other"


def test_what_the_store_did_not_keep_leaves_no_inbox(
    store: Any, inbox: Any, kept: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.pipe_file(f"{BUCKET}/inbox/a.xlsx", b"whole")
    (met,) = archive.waiting(inbox)
    monkeypatch.setattr(kept.fs, "pipe_file", lambda path, data: store.pipe_file(path, data[:2]))
    with pytest.raises(OSError, match="does not hold"):
        archive.store_found([met], kept)


def test_large_objects_go_over_the_disk(
    store: Any, inbox: Any, kept: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "IN_MEMORY", 4)
    monkeypatch.setattr(archive, "_IN_ONE_PIECE", 4)
    store.pipe_file(f"{BUCKET}/inbox/a.csv", b"0123456789")
    (in_store,) = archive.store_found(archive.waiting(inbox), kept)
    (in_folder,) = archive.store_found(archive.waiting(inbox), tmp_path / "archive")
    digest = hashlib.sha256(b"0123456789").hexdigest()
    assert in_store.sha256 == in_folder.sha256 == digest
    assert in_store.path.read_bytes() == in_folder.path.read_bytes() == b"0123456789"


def test_one_that_may_not_be_read_is_named_and_stops_nobody(
    store: Any, inbox: Any, kept: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a", "b"):
        store.pipe_file(f"{BUCKET}/inbox/{name}.csv", name.encode())
    store.call_s3("put_object", Bucket=BUCKET, Key="inbox/v?versionId=1.csv", Body=b"x")
    for ask in ("cat_file", "info"):

        def refused(path: str, *rest: Any, method: Any = getattr(inbox.fs, ask), **more: Any) -> Any:  # noqa: B008
            if path.endswith("b.csv"):
                raise PermissionError("Access Denied")
            return method(path, *rest, **more)

        monkeypatch.setattr(inbox.fs, ask, refused)
    stored = archive.store_found(archive.waiting(inbox), kept)
    assert "a.csv" in {item.name for item in stored}
    assert "b.csv" not in {item.name for item in stored}
    assert [str(item).rpartition("/")[2] for item in archive.closed(inbox)] == ["b.csv", "v?versionId=1.csv"]
    store.call_s3("delete_object", Bucket=BUCKET, Key="inbox/v?versionId=1.csv")


def test_a_bucket_or_prefix_that_is_away_is_no_empty_inbox(store: Any, inbox: Any, tmp_path: Path) -> None:
    assert archive.waiting(inbox) == []
    for address in ("s3://khong-co/inbox", f"s3://{BUCKET}/inbxo"):
        with pytest.raises(FileNotFoundError) as fault:
            archive.waiting(places.place_at(address))
        assert address in str(fault.value)
    with pytest.raises(FileNotFoundError):
        initialise(Settings(home=tmp_path / "home", inbox="s3://khong-co/inbox"), f"sqlite:///{tmp_path / 'w.db'}")


def test_a_store_out_of_reach_is_a_fault_that_passes(store: Any, inbox: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    import fsspec

    away = fsspec.filesystem("s3", skip_instance_cache=True, client_kwargs={"endpoint_url": "http://127.0.0.1:9"})
    away.retries = 1
    with pytest.raises(ConnectionError, match="EndpointConnectionError") as fault, places.telling("s3://x/y"):
        away.cat_file("x/y")
    assert _passes(fault.value)
    assert fault.value.filename == "s3://x/y"


def test_what_is_wrong_with_a_store_is_said_with_its_address_and_what_to_do(
    store: Any, inbox: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also of a fault that came from another machine."""
    away = places.place_at(f"s3://{BUCKET}/inbxo")

    def refused() -> None:
        with places.telling(away):
            raise PermissionError("Forbidden")

    for fault, cause, advice in (
        (lambda: places.require(away), os.strerror(errno.ENOENT), "tongket init"),
        (refused, "Forbidden", "AWS_ACCESS_KEY_ID"),
    ):
        with pytest.raises(OSError, match=str(away)) as raised:
            fault()
        for error in (raised.value, _travelling(raised.value), pickle.loads(pickle.dumps(raised.value))):
            said = explain(error)
            assert said is not None
            assert str(away) in said
            assert cause in said
            assert advice in said
    told = health.inbox_condition(Settings(inbox=str(away)), is_thorough=False)
    assert told.seen.vi == f"không với tới {away}: {os.strerror(errno.ENOENT)}"
    for offset, level in ((0, "well"), (30, "attention"), (7200, "fault")):
        if offset:
            late = datetime.now(UTC) - timedelta(seconds=offset)
            monkeypatch.setattr(places, "clock_of", lambda _, late=late: late)
        told = health.inbox_condition(Settings(inbox=str(inbox)), is_thorough=True)
        assert told.level.word == level, told.seen.en


def test_a_look_at_a_store_that_hangs_has_an_end(store: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that takes the connection and says nothing: whoever asks whether all is well must get an answer."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{silent.getsockname()[1]}")
        monkeypatch.setattr(places, "GLANCE", 0.2)
        import fsspec

        fsspec.filesystem("s3").clear_instance_cache()
        try:
            settings = Settings(home=tmp_path, inbox="s3://b/inbox", archive="s3://b/archive")
            began = time.monotonic()
            told = [item for item in health.place_conditions(settings) if item.code in ("inbox", "store")]
        finally:
            fsspec.filesystem("s3").clear_instance_cache()
    assert [(item.code, item.is_fault) for item in told] == [("inbox", True), ("store", True)]
    assert all(os.strerror(errno.ETIMEDOUT) in item.seen.vi for item in told)
    assert "AWS_ENDPOINT_URL" in told[0].advice.vi
    assert time.monotonic() - began < 5


def test_a_store_nobody_can_open_is_refused_with_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(ActRefusedError, match="cluster"):
        places.place_at("nope://bucket/inbox")
    settings = Settings(home=tmp_path, inbox="nope://b/inbox", archive="nope://b/archive")
    told = [item for item in health.place_conditions(settings) if item.is_fault]
    assert [(item.code, "make install-server" in item.advice.vi) for item in told] == [("inbox", True), ("store", True)]


def test_a_workspace_in_a_store_comes_to_what_one_in_a_folder_does(
    store: Any, delivery: Delivery, collected_sqlite: Collected, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Received, checked, returned, tried again, looked after, backed up and brought back."""
    here = {"inbox": f"s3://{BUCKET}/hộp thư", "archive": f"s3://{BUCKET}/lưu trữ"}
    for name, value in here.items():
        monkeypatch.setenv(f"TONGKET_{name.upper()}", value)
    monkeypatch.setenv("TONGKET_HOME", str(tmp_path / "home"))
    settings = install(tmp_path / "home", delivery)
    for path in delivery.files:
        store.pipe_file(f"{BUCKET}/hộp thư/{path.name}", path.read_bytes())
    collect(settings, [], inbox=settings.inbox_place)
    engine = engine_for(settings.url)
    assert figures(engine) == figures(collected_sqlite.engine)
    assert totals(engine) == totals(collected_sqlite.engine)
    assert names(store, "hộp thư") == [places.MARKER]
    copies = sorted(path.name for path in settings.workspace.returned.rglob("*.xlsx"))
    assert len(copies) == len(list(collected_sqlite.settings.workspace.returned.rglob("*.xlsx"))) > 0

    with monkeypatch.context() as patch:
        _returned_by_a_cluster(settings, patch)

    foreign = places.place_at(f"s3://{BUCKET}/của người khác")
    store.pipe_file(f"{BUCKET}/của người khác/một.xlsx", delivery.files[0].read_bytes())
    run = intake.start_run(engine, "collect-period")
    receive.fn(run, settings, foreign, (), Stopwatch())
    intake.finish_run(engine, run, "completed")
    assert names(store, "của người khác") == ["một.xlsx"]

    failed = reopen(settings, Wanted(all_failed=True), who="An", reason="thử lại").taken
    gone = store.find(f"{BUCKET}/lưu trữ")[1:2]
    lost = _submission_of(engine, gone[0])
    collect(settings, [])
    with engine.connect() as connection:
        again = connection.execute(
            text("select submission_id from attempt where outcome <> 'same_bytes' group by 1 having count(*) > 1")
        )
        assert sorted(again.scalars()) == sorted(failed)
    assert failed

    saved = tmp_path / "a.zip"
    store.rm(gone)
    manifest = keeping.backup(settings, engine, saved)
    assert manifest["lost"] == [lost]
    for name, value in {"inbox": "", "archive": f"s3://{BUCKET}/nơi khác"}.items():
        monkeypatch.setenv(f"TONGKET_{name.upper()}", value)
    anew = Settings(home=tmp_path / "mới")
    keeping.restore(anew, _opened, saved)
    back = {name.rpartition("/")[2] for name in store.find(f"{BUCKET}/nơi khác")}
    were = {name.rpartition("/")[2] for name in store.find(f"{BUCKET}/lưu trữ")} - {places.MARKER}
    assert back - {places.MARKER} == were
    monkeypatch.setenv("TONGKET_HOME", str(anew.workspace.home))
    told = {item["name"]: item for item in run_here("doctor", "--json").json}
    assert told["Hộp thư"]["well"]
    assert told["Kho lưu trữ"]["well"]
    monkeypatch.setenv("TONGKET_ARCHIVE", f"s3://{BUCKET}/gõ sai")
    (wrong,) = [item for item in run_here("doctor", "--json").json if item["code"] == "store"]
    assert (wrong["well"], f"s3://{BUCKET}/gõ sai" in wrong["seen"]) == (False, True), "a misspelt archive is a fault"


class _Away(places.Alone):
    def map(self, work: Any, items: Any) -> Any:
        raise ClusterLostError


def _returned_by_a_cluster(settings: Settings, patch: pytest.MonkeyPatch) -> None:
    """The same copies, whoever makes them; also when the cluster goes away."""
    engine, to = engine_for(settings.url), settings.workspace.returned
    were = {path: path.read_bytes() for path in to.rglob("*.xlsx")}
    rows = returns.returnable(engine).head(4)
    again = [item.head for item in to_return(engine, rows, settings.archive_place)]
    patch.setattr(steps, "COPIES_AT_A_TIME", 2)
    written: list[str] = []
    patch.setattr(steps, "write_returned", lambda *args: written.append("here") or write_returned(*args))
    for helpers, here in ((places.Alone(), []), (_Away(), ["here"])):
        returns.unmark_returned(engine, [head.submission for head in again])
        for head in again:
            place_of(head, to).unlink()
        steps.return_workbooks.fn(settings, None, Stopwatch(), "lượt", helpers)
        assert {path: path.read_bytes() for path in to.rglob("*.xlsx")} == were
        assert written == here
        assert returns.returnable(engine, only_new=True).is_empty()


def _submission_of(engine: Any, path: str) -> str:
    return path.rpartition("/")[2].partition(".")[0]


def _opened(url: str) -> Any:
    from warehouse.migrate import upgrade

    engine = engine_for(url)
    upgrade(engine)
    return engine
