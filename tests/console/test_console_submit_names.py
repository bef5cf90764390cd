"""A file whose name is no text is refused in a sentence before anything is stored."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.commands import run_here


@pytest.mark.skipif(os.name != "posix", reason="names of files are text elsewhere")
def test_submit_refuses_a_name_in_another_encoding(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"b\xe1o c\xe1o.csv")
    path.write_bytes(b"x;y")
    ran = run_here("submit", str(path))
    assert ran.code == 2
    assert "UTF-8" in ran.said
