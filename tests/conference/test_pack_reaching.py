"""Targets and levels in a pack: every one of them is told, with what was reached and how that is judged."""

from __future__ import annotations

import io
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
from pptx import Presentation

from conference.blocks import Paragraph, Table
from conference.facts import Facts
from conference.outline import outline
from conference.pack import build_pack
from conference.review import Review, review
from tests import frozen_samples as samples
from tests.frozen_samples import AN_PHU, MADE_AT
from tests.xlsx_read import Cell, Sheet, read


def told(frozen: samples.Frozen, language: str = "vi") -> Review:
    return review(Facts(frozen, frozen.unit, outline(), language))


def sentences(one: Review) -> list[str]:
    return [block.text for block in one.blocks if isinstance(block, Paragraph)]


def table(one: Review, start: str) -> Table:
    return next(block for block in one.blocks if isinstance(block, Table) and block.caption.startswith(start))


def files(folder: Path, frozen: samples.Frozen, name: str) -> bytes:
    paths = build_pack(frozen, frozen.unit, folder, made_at=MADE_AT, formats=[name])
    return next(path for path in paths if path.stem == name).read_bytes()


def slides(folder: Path, frozen: samples.Frozen) -> list[tuple[str, str]]:
    """Title and whole text of each slide."""
    deck = Presentation(io.BytesIO(files(folder, frozen, "slides")))
    return [
        (slide.shapes.title.text_frame.text, "\n".join(s.text_frame.text for s in slide.shapes if s.has_text_frame))
        for slide in deck.slides
    ]


def with_rows(frozen: samples.Frozen, frame: str, *rows: dict[str, Any]) -> samples.Frozen:
    made = pl.DataFrame(list(rows), infer_schema_length=None)
    return samples.frozen(frozen.unit, {**frozen.frames, frame: made})


def target(indicator: str, asked: float, value: float | None, **more: Any) -> dict[str, Any]:
    said = {"unit": AN_PHU, "indicator": indicator, "year": 2017, "direction": "at_least", "target": asked}
    return {**said, "source": "NQ", "value": value, **more}


def ward_with_targets() -> samples.Frozen:
    return with_rows(
        samples.ward(),
        "targets",
        target("dossiers_received", 10000, 11713, attainment=117.13, met=True),
        target("models_total", 2000, 1500, attainment=75.0, note="incomplete=23/25,not_met_so_far"),
        target("on_time_rate_received", 99, 99.96585, note="year_runs=ND09-2017,incomplete=23/25,met_so_far"),
        target("registrants", 90, None, note="nothing_reported"),
        target("dossiers_resolved_overdue", 0, 1, direction="at_most", met=False, note="zero_target"),
    )


# ------------------------------------------------------------------------------------------------ targets


def test_slides_count_all_targets_and_tell_each(tmp_path: Path) -> None:
    found = [one for one in slides(tmp_path / "pack", ward_with_targets()) if "chỉ tiêu được giao" in one[0]]
    counts = "Đạt 1/5 chỉ tiêu được giao; 1 đến nay đạt, 1 không đạt, 1 đến nay chưa đạt, 1 chưa có số liệu"
    assert [title for title, _ in found] == [f"{counts} (1/2)", f"{counts} (2/2)"]
    text = "\n".join(text for _, text in found)
    for label in ("Tỷ lệ đúng hạn", "Số người đăng ký", "Hồ sơ giải quyết quá hạn", "Số mô hình", "tiếp nhận"):
        assert label in text, label


def test_the_report_has_a_row_for_every_target_of_the_year() -> None:
    rows = {row[0]: row[1:] for row in table(told(ward_with_targets()), "Thực hiện chỉ tiêu năm 2017").rows}
    assert len(rows) == 5
    part = "mới có 23/25 đơn vị có số liệu"
    assert sorted(rows.values()) == sorted(
        [
            ("ít nhất 10.000", "11.713", "23/25 đơn vị", "Đạt", ""),
            ("ít nhất 2.000", "hơn 1.500", "23/25 đơn vị", "Đến nay chưa đạt", part),
            (
                "ít nhất 99 %",
                "99,97 %",
                "23/25 đơn vị",
                "Đến nay đạt",
                f"số của ND09-2017, chưa phải cả năm; {part}",
            ),
            ("ít nhất 90", "chưa đủ số liệu", "–", "Chưa có số liệu", ""),
            ("không quá 0", "1", "23/25 đơn vị", "Không đạt", "chỉ tiêu bằng 0, không có tỷ lệ phần trăm"),
        ]
    )


def test_the_assessment_tells_every_target_once() -> None:
    said = [text for text in sentences(told(ward_with_targets())) if text.startswith("Các chỉ tiêu")]
    assert [text.partition(":")[0] for text in said] == [
        "Các chỉ tiêu đạt",
        "Các chỉ tiêu đến nay đạt",
        "Các chỉ tiêu không đạt",
        "Các chỉ tiêu đến nay chưa đạt",
        "Các chỉ tiêu chưa có số liệu",
    ]
    assert all("=" not in text for text in said)


def test_the_sheet_of_targets_speaks_as_the_command_does_and_keeps_words_and_signs(tmp_path: Path) -> None:
    sheet = read(files(tmp_path / "pack", ward_with_targets(), "annex"))["9b Chỉ tiêu"]
    models, rate = row_of(sheet, "mô hình"), row_of(sheet, "Tỷ lệ đúng hạn")
    assert [models[column].value for column in (3, 4, 7)] == ["ít nhất 2.000", 1500, "Đến nay chưa đạt"]
    assert models[4].number_format == '[$-42A]"hơn "#,##0'
    assert models[9].value == "mới có 23/25 đơn vị có số liệu"
    assert [rate[column].value for column in (3, 7)] == ["ít nhất 99 %", "Đến nay đạt"]
    assert rate[4].number_format == '[$-42A]0.00" %"'
    texts = [cell.value for cell in sheet.values() if isinstance(cell.value, str)]
    assert not [text for text in texts if "so_far" in text or "incomplete" in text or "year_runs" in text]


def row_of(sheet: Sheet, word: str) -> dict[int, Cell]:
    at = next(row for (row, column), cell in sheet.items() if column == 2 and row > 6 and word in str(cell.value))
    return {column: cell for (row, column), cell in sheet.items() if row == at}


def test_the_target_comes_after_the_parts_of_the_figure() -> None:
    said = " ".join(sentences(told(ward_with_targets())))
    assert (
        "Tiếp nhận 11.713 hồ sơ thủ tục hành chính (23/25 đơn vị báo cáo); tăng 481,3 % so với năm 2016 (2.015), "
        "trong đó giải quyết đúng hạn 11.709 hồ sơ, giải quyết quá hạn 1 hồ sơ và đang giải quyết 3 hồ sơ; "
        "đạt chỉ tiêu năm 2017 (ít nhất 10.000, bằng 117,1 %)."
    ) in said


# ------------------------------------------------------------------------------------------------ conclusions


def conclusion(number: int, state: str, asked: float | None, value: float | None, met: str | None) -> dict[str, Any]:
    return {
        "conference": "HN2016",
        "held_on": date(2017, 2, 10),
        "number": number,
        "text": f"Nhiệm vụ thứ {number}",
        "owner": AN_PHU,
        "indicator": "models_total" if asked else None,
        "target": asked,
        "state": state,
        "state_vi": {"done": "đã hoàn thành", "open": "chưa thực hiện"}[state],
        "state_en": state,
        "overdue": False,
        "direction": "at_least" if asked else None,
        "value": value,
        "met": met,
    }


def ward_with_conclusions() -> samples.Frozen:
    return with_rows(
        samples.ward(),
        "conclusions",
        conclusion(1, "done", 1500, 1200, "not_met"),
        conclusion(2, "done", None, None, None),
        conclusion(3, "open", 1400, 1500, "met"),
        conclusion(4, "done", 1600, None, "not_known"),
        {**conclusion(5, "open", 1400, 1500, "not_met"), "direction": "at_most"},
    )


def test_a_conclusion_tells_what_was_required_and_reached_also_when_it_is_said_to_be_done(tmp_path: Path) -> None:
    one = told(ward_with_conclusions())
    rows = table(one, "Việc thực hiện kết luận").rows
    levels = [row[6].partition(": ")[2] for row in rows]
    assert levels == [
        "phải đạt ít nhất 1.500; đạt 1.200: chưa đạt",
        "",
        "phải đạt ít nhất 1.400; đạt hơn 1.500: đã đạt",
        "phải đạt ít nhất 1.600; chưa có số liệu",
        "không được vượt 1.400; đạt hơn 1.500: chưa đạt",
    ]
    said = " ".join(sentences(one))
    assert "1 kết luận ghi là đã hoàn thành nhưng chưa đạt mức phải đạt: HN2016 1." in said
    sheet = read(files(tmp_path / "pack", ward_with_conclusions(), "annex"))["Kết luận trước"]
    cells = [sheet[row, 8].value for row in range(7, 12)]
    assert [str(cell or "").partition(": ")[2] for cell in cells] == levels
    text = next(text for title, text in slides(tmp_path / "slides", ward_with_conclusions()) if "kết luận" in title)
    assert "1 trong 3 việc đã hoàn thành chưa đạt mức phải đạt" in text
    assert "1 trong 3 việc đã hoàn thành chưa rõ có đạt mức phải đạt hay không" in text


def test_the_table_of_conclusions_says_as_of_which_day() -> None:
    for language, words in (
        ("vi", "khi chốt số liệu, ngày 01/02/2018; quá hạn được xét theo ngày họp, 09/02/2018."),
        ("en", "frozen, 01/02/2018; overdue is asked of the day of the conference, 09/02/2018."),
    ):
        tables = [block for block in told(ward_with_conclusions(), language).blocks if isinstance(block, Table)]
        assert tables[0].note.endswith(words)


# ------------------------------------------------------------------------------------------------ a leaf


def test_a_unit_without_units_below_says_why_nothing_is_compared_and_has_no_dashes(tmp_path: Path) -> None:
    one = told(samples.leaf())
    assert "bản chốt chỉ so sánh số tổng hợp" in sentences(one)[0]
    assert "tongket compare --unit " + samples.leaf().unit in sentences(one)[0]
    results = [block for block in one.blocks if isinstance(block, Table) and "kết quả" in block.caption]
    assert results
    assert not [text for block in results for row in block.rows for text in row if text == "–"]
    assert "Dấu – là chưa đủ số liệu" not in files(tmp_path / "pack", samples.leaf(), "page").decode()
    assert "bản chốt chỉ so sánh" not in sentences(told(samples.ward()))[0]
