"""Texts of notices: every occasion has one in both languages, and no text names what is not known then."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from catalog import DATA, CatalogError, load_catalog
from catalog.notices import FIELDS, Audience, Case, NoticeText, text_faults
from catalog.read import Reader
from domain.notice import NoticeKind
from tasks.notice_words import clean, filled, how_long, listed


@pytest.fixture(scope="module")
def texts() -> list[NoticeText]:
    reader = Reader(DATA)
    found = reader.items(NoticeText, "notices.yaml")
    assert not reader.faults
    return found


def test_the_shipped_texts_say_everything(texts: list[NoticeText]) -> None:
    assert not list(text_faults(texts))
    assert {text.key for text in texts} == set(FIELDS)
    assert {kind for kind, _, _ in FIELDS} == set(NoticeKind)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"body_vi": "{finding}"}, "unknown field {finding}"),
        ({"subject_en": "{unit.code}"}, "unknown field {unit.code}"),
        ({"body_en": "{unit!r}"}, "can only be filled in as it is"),
        ({"body_en": "{unit:>9}"}, "can only be filled in as it is"),
        ({"body_vi": "{unit"}, "does not close"),
        ({"subject_vi": "một\nhai"}, "more than one line"),
        ({"subject_en": " "}, "is empty"),
        ({"audience": "admin"}, "told to nobody"),
    ],
)
def test_a_text_that_cannot_be_filled_in_is_a_fault(
    texts: list[NoticeText], change: dict[str, str], fault: str
) -> None:
    wrong = NoticeText.model_validate({**texts[0].model_dump(), **change})
    found = [what for _, what in text_faults([wrong, *texts[1:]])]
    assert any(fault in what for what in found), found


def test_a_missing_or_doubled_text_is_a_fault_of_the_definitions(tmp_path: Path) -> None:
    root = tmp_path / "data"
    shutil.copytree(DATA, root)
    file = root / "notices.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("- kind: digest", "- kind: accepted"), encoding="utf-8")
    with pytest.raises(CatalogError) as refused:
        load_catalog(root)
    told = str(refused.value)
    assert "notices.yaml · digest admin: has no text" in told
    assert "notices.yaml · accepted admin: is told to nobody" in told
    file.unlink()
    assert load_catalog(root).notice(NoticeKind.DIGEST, Audience.ADMIN), "definitions of before have the shipped words"


def test_what_is_filled_in_stays_words(texts: list[NoticeText]) -> None:
    """A name from a file can be no line of its own, no header, and no field."""
    text = next(text for text in texts if text.key == (NoticeKind.OPENED, Audience.UNIT, Case.USUAL))
    name = clean("Xã {ask}\r\nBcc: a@b.vn\u2028\x00" + "a" * 900)
    fields = {field: field for field in FIELDS[text.key]} | {"unit_name": name}
    for lang in ("vi", "en"):
        subject, body = filled(text, lang, fields)
        assert len(subject.splitlines()) == 1
        assert "\nBcc" not in body
        assert "{ask}" in body
        assert len(name) == 500


@pytest.mark.parametrize(
    ("left", "vi", "en"), [(3, "còn 3 ngày", "3 days left"), (-1, "quá hạn 1 ngày", "1 day overdue")]
)
def test_days_in_words(left: int, vi: str, en: str) -> None:
    assert (how_long(left, "vi"), how_long(left, "en")) == (vi, en)


def test_a_long_list_says_how_much_more_there_is() -> None:
    lines = [str(number) for number in range(1_234)]
    assert listed(lines, 10, ("lỗi", "faults"), "vi").splitlines()[-1] == "… và 1.224 lỗi khác"
    assert listed(lines[:10], 10, ("lỗi", "faults"), "vi") == "\n".join(lines[:10])
