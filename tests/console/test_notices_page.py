"""The page on notices, run from its first command to its last, with a mail server that remembers what it took."""

from __future__ import annotations

import re
import shlex
import shutil
import socket
from collections.abc import Iterator
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from tests.commands import Ran, run_here

pytestmark = [pytest.mark.server, pytest.mark.usefixtures("one_process")]

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "notices.md").read_text(encoding="utf-8")

#: Run by the page on operations, and long.
ELSEWHERE = "tongket catalog check"

#: The port of the page, where something else may listen.
PORT = "8025"


class Box:
    """Takes every mail."""

    def __init__(self) -> None:
        self.taken: list[bytes] = []

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        self.taken.append(envelope.original_content)
        return "250 taken"


@pytest.fixture
def box() -> Iterator[tuple[Box, int]]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = int(free.getsockname()[1])
    taking = Box()
    controller = Controller(taking, hostname="127.0.0.1", port=port)
    controller.start()
    yield taking, port
    controller.stop()


def _words(line: str, here: Path) -> list[str]:
    words: list[str] = []
    for word in shlex.split(line.replace("$PWD", str(here)), comments=True):
        found = sorted(str(path) for path in here.glob(word)) if "*" in word else []
        words += found or [word]
    return words


def test_every_command_of_the_page_does_what_it_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, box: tuple[Box, int]
) -> None:
    for name in ("rating", "notices"):
        shutil.copytree(ROOT / "examples" / name, tmp_path / "examples" / name)
    said: dict[str, Ran] = {}
    typed = "".join(re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)).splitlines()
    for line in (line for line in typed if line != ELSEWHERE):
        program, *rest = _words(line.replace(PORT, str(box[1])), tmp_path) or ["#"]
        if program == "export":
            for given in rest:
                monkeypatch.setenv(*given.split("=", 1))
        elif program != "#":
            assert program == "tongket", line
            ran = run_here(*rest)
            assert (ran.code, ran.err) == (0, ""), f"{line}\n{ran.said}"
            said[" ".join(rest)] = ran

    assert "thêm 5" in said["contacts import examples/notices/contacts.csv --dry-run"].out
    assert {row["unit"] for row in said["notices list --kind rejected --json"].json} == {"VD.CB.07", "DU.28687"}
    assert (
        "Bí thư Chi bộ <chi-bo-08@xa.example.vn>"
        in said["notices preview --kind overdue --unit VD.CB.08 --period 2025"].out
    )
    assert "đã gửi 1" in said["notices send"].out
    (mail,) = [message_from_bytes(content, policy=policy.default) for content in box[0].taken]
    assert mail["To"].addresses[0].addr_spec == "chi-bo-07@xa.example.vn"
    assert [part.get_filename() for part in mail.iter_attachments()] == ["VD.CB.07_review-report_7.xlsx"]
