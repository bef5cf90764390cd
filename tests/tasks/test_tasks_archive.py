"""Nothing that arrives is lost, nothing is taken twice, and nobody else's folder is touched."""

from __future__ import annotations

import hashlib
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tasks import archive


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    folder = tmp_path / "inbox"
    folder.mkdir()
    return folder


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    return tmp_path / "archive"


def write(path: Path, content: bytes, at: int = 1_700_000_000) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    os.utime(path, (at, at))
    return path


def files_below(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_a_file_lies_under_the_hash_of_its_bytes(inbox: Path, kept: Path) -> None:
    (stored,) = archive.store([write(inbox / "Báo cáo.XLSX", b"abc")], kept)
    digest = hashlib.sha256(b"abc").hexdigest()
    assert (stored.sha256, stored.size, stored.media, stored.name) == (digest, 3, "xlsx", "Báo cáo.XLSX")
    assert stored.path == kept / digest[:2] / f"{digest}.xlsx"
    assert stored.path.read_bytes() == b"abc"


def test_a_file_arrives_when_it_comes_to_lie_there_not_when_it_says_it_was_saved(inbox: Path, kept: Path) -> None:
    path = write(inbox / "a.xlsx", b"abc")
    moment = datetime(2025, 4, 3, tzinfo=UTC)
    before = path.stat().st_ctime
    (by_the_system,) = archive.store([path], kept)
    assert by_the_system.arrived_at.timestamp() == pytest.approx(before, abs=0.001)
    (by_its_word,) = archive.store([path], kept, archive.arrived_when_saved)
    assert by_its_word.arrived_at.timestamp() == 1_700_000_000
    (as_submitted,) = archive.store_found([path], kept, archive.arrived_at(moment))
    assert as_submitted.arrived_at == moment


def test_archived_bytes_are_found_where_the_workspace_was_moved_to(tmp_path: Path, inbox: Path, kept: Path) -> None:
    (stored,) = archive.store([write(inbox / "a.xlsx", b"abc")], kept)
    assert archive.find(tmp_path / "elsewhere", str(stored.path)) == stored.path
    moved = kept.rename(tmp_path / "moved")
    assert archive.find(moved, str(stored.path)).read_bytes() == b"abc"


def test_the_same_bytes_are_kept_once(inbox: Path, kept: Path) -> None:
    one, two = archive.store([write(inbox / "a.xlsx", b"abc"), write(inbox / "b.xlsx", b"abc")], kept)
    assert one.path == two.path
    assert files_below(kept) == [one.path]


def test_a_copy_cut_off_by_a_crash_is_replaced_by_the_whole_one(inbox: Path, kept: Path) -> None:
    path = write(inbox / "a.xlsx", b"abcdef")
    place = archive.place_of(kept, hashlib.sha256(b"abcdef").hexdigest(), "xlsx")
    write(place, b"abc")
    archive.store([path], kept)
    assert place.read_bytes() == b"abcdef"


def test_a_file_larger_than_one_piece_is_kept_whole(inbox: Path, kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "_IN_ONE_PIECE", 4)
    (stored,) = archive.store([write(inbox / "a.csv", b"0123456789")], kept)
    assert stored.path.read_bytes() == b"0123456789"
    assert stored.sha256 == hashlib.sha256(b"0123456789").hexdigest()


def test_files_come_in_the_order_they_arrived_from_folders_too(inbox: Path) -> None:
    late = write(inbox / "a.xlsx", b"1", at=300)
    early = write(inbox / "xã" / "b.xlsx", b"2", at=100)
    middle = write(inbox / "c.json", b"3", at=200)
    assert archive.waiting(inbox) == [early, middle, late]


@pytest.mark.parametrize(
    "name",
    [
        "~$bao cao.xlsx",
        ".~lock.bao cao.xlsx#",
        ".hidden.xlsx",
        ".stversions/bao cao.xlsx",
        "bao cao.xlsx.part",
        "bao cao.crdownload",
        "bao cao.TMP",
        "Thumbs.db",
        "desktop.ini",
    ],
)
def test_what_programs_leave_behind_is_no_submission(inbox: Path, name: str) -> None:
    write(inbox / name, b"x")
    sent = write(inbox / "bao cao.xlsx", b"x")
    assert archive.waiting(inbox) == [sent]


def test_pipes_and_dangling_links_are_no_submissions(inbox: Path) -> None:
    (inbox / "nowhere.xlsx").symlink_to(inbox / "gone")
    os.mkfifo(inbox / "pipe.xlsx")
    assert archive.waiting(inbox) == []


def test_an_inbox_in_a_hidden_folder_is_looked_into(tmp_path: Path) -> None:
    sent = write(tmp_path / ".sync" / "inbox" / "a.xlsx", b"x")
    assert archive.waiting(tmp_path / ".sync" / "inbox") == [sent]


def test_a_file_that_another_run_took_is_passed_over(inbox: Path, kept: Path) -> None:
    there = write(inbox / "a.xlsx", b"1")
    (stored,) = archive.store_found([inbox / "gone.xlsx", there], kept)
    assert stored.name == "a.xlsx"


def test_a_file_that_was_named_and_is_gone_is_a_fault(inbox: Path, kept: Path) -> None:
    with pytest.raises(FileNotFoundError):
        archive.store([inbox / "gone.xlsx"], kept)


def test_what_is_in_the_archive_leaves_the_inbox(inbox: Path, kept: Path) -> None:
    archive.clear(archive.store([write(inbox / "a.xlsx", b"1")], kept))
    assert files_below(inbox) == []


def test_clearing_twice_is_no_fault(inbox: Path, kept: Path) -> None:
    stored = archive.store([write(inbox / "a.xlsx", b"1")], kept)
    archive.clear(stored)
    archive.clear(stored)
    assert files_below(inbox) == []


def test_a_file_written_to_after_it_was_copied_stays(inbox: Path, kept: Path) -> None:
    path = write(inbox / "a.xlsx", b"first", at=100)
    stored = archive.store([path], kept)
    write(path, b"corrected", at=200)
    archive.clear(stored)
    assert path.read_bytes() == b"corrected"
    assert stored[0].path.read_bytes() == b"first"


def test_a_file_replaced_after_it_was_copied_stays(inbox: Path, kept: Path) -> None:
    """Same size, same time: it is another file all the same."""
    path = write(inbox / "a.xlsx", b"first", at=100)
    stored = archive.store([path], kept)
    write(inbox / "b", b"other", at=100).replace(path)
    archive.clear(stored)
    assert path.read_bytes() == b"other"


def test_a_file_that_grows_while_it_is_copied_stays(inbox: Path, kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(inbox / "a.xlsx", b"half", at=100)

    def grow(reader: object) -> list[bytes]:
        content: bytes = reader.read()  # type: ignore[attr-defined]
        path.write_bytes(b"half and the rest")
        return [content]

    monkeypatch.setattr(archive, "_pieces", grow)
    stored = archive.store([path], kept)
    archive.clear(stored)
    assert stored[0].sha256 == hashlib.sha256(b"half").hexdigest()
    assert stored[0].path.read_bytes() == b"half"
    assert path.read_bytes() == b"half and the rest"


def test_a_name_in_another_encoding_is_kept_as_far_as_text_can_hold_it(inbox: Path, kept: Path) -> None:
    (stored,) = archive.store([write(inbox / os.fsdecode(b"b\xe1o c\xe1o.csv"), b"abc")], kept)
    assert stored.name == "b\ufffdo c\ufffdo.csv"
    archive.clear([stored])
    assert not files_below(inbox)
