"""``conference pack`` at the command line, with a freeze that comes from no warehouse."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import typer
from typer.testing import CliRunner, Result

from tests import frozen_samples as samples


@pytest.fixture
def ask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> object:
    """The command in a workspace of its own, on a conference that is frozen."""
    from console import packing

    frozen = samples.province(3, 4)
    chosen = SimpleNamespace(workspace=SimpleNamespace(home=tmp_path))
    monkeypatch.setattr(packing, "open_warehouse", lambda: (chosen, None))
    monkeypatch.setitem(sys.modules, "tasks.conference", SimpleNamespace(frozen_of=lambda engine, code: frozen))
    app = typer.Typer()
    app.callback()(lambda: None)
    packing.register(app)

    def run(*words: str) -> Result:
        return CliRunner().invoke(app, ["pack", *words])

    return run


def test_a_pack_stands_in_the_workspace_or_where_it_was_asked_for(ask: object, tmp_path: Path) -> None:
    made = ask("HN2017", "--format", "page", "--json")  # type: ignore[operator]
    assert made.exit_code == 0, made.output
    assert [Path(file).name for file in json.loads(made.output)["files"]] == ["page.html", "figures.json", "pack.json"]
    assert (tmp_path / "packs" / "HN2017" / "TU" / "page.html").exists()
    below = ask("HN2017", "--unit", "X001", "--out", str(tmp_path / "X001"), "--format", "report", "--style", "state")  # type: ignore[operator]
    assert below.exit_code == 0, below.output
    assert json.loads((tmp_path / "X001" / "pack.json").read_bytes())["style"] == "state"


@pytest.mark.parametrize(
    "words",
    [
        ("HN2017", "--unit", "KHAC"),
        ("HN2017", "--format", "report,pdf"),
        ("HN2017", "--format", ""),
        ("HN2017", "--style", "army"),
    ],
)
def test_what_cannot_be_made_is_refused_and_nothing_is_written(
    ask: object, tmp_path: Path, words: tuple[str, ...]
) -> None:
    assert ask(*words).exit_code == 2  # type: ignore[operator]
    assert not (tmp_path / "packs").exists()


def test_a_folder_of_something_else_is_refused(ask: object, tmp_path: Path) -> None:
    (tmp_path / "khac").mkdir()
    (tmp_path / "khac" / "a.txt").write_text("a", encoding="utf-8")
    assert ask("HN2017", "--out", str(tmp_path / "khac"), "--format", "page").exit_code == 2  # type: ignore[operator]
    assert [path.name for path in (tmp_path / "khac").iterdir()] == ["a.txt"]
