"""Sentences, selections and the data of the outline: what is said, and what is said when nothing can be."""

from __future__ import annotations

import dataclasses

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conference.annex_cells import CELL_LIMIT, pieces
from conference.blocks import Paragraph, Quote, Table
from conference.facts import Facts
from conference.outline import outline, split, style_of, styles
from conference.review import Review, review
from conference.selecting import shortened
from tests import frozen_samples as samples
from tests.frozen_samples import FORM, catalog, change, figure


def told(frozen: samples.Frozen, unit: str | None = None, language: str = "vi") -> Review:
    return review(Facts(frozen, unit or frozen.unit, outline(), language))


def sentences(one: Review) -> list[str]:
    return [block.text for block in one.blocks if isinstance(block, Paragraph)]


def with_figures(frozen: samples.Frozen, *rows: dict[str, object]) -> samples.Frozen:
    made = pl.DataFrame(list(rows), infer_schema_length=None)
    return samples.frozen(frozen.unit, {**frozen.frames, "figures": made})


# ------------------------------------------------------------------------------------------------ sentences


def test_the_sentence_of_an_phu_is_made_from_its_figures() -> None:
    said = " ".join(sentences(told(samples.ward())))
    assert (
        "Tiếp nhận 11.713 hồ sơ thủ tục hành chính (23/25 đơn vị báo cáo); tăng 481,3 % so với năm 2016 (2.015), "
        "trong đó giải quyết đúng hạn 11.709 hồ sơ, giải quyết quá hạn 1 hồ sơ và đang giải quyết 3 hồ sơ."
    ) in said
    assert "Duy trì hơn 1.500 mô hình học tập và làm theo (23/25 đơn vị báo cáo)" in said
    assert "không so sánh được với năm 2016: kỳ gốc không có số liệu" in said
    assert "99,97 % (23/25 đơn vị báo cáo); tăng 2,47 điểm % so với năm 2016 (97,5 %)" in said
    assert "2/3 đơn vị phải báo cáo đã có báo cáo được tiếp nhận (66,7 %), 1 báo cáo gửi muộn" in said
    assert "Chi bộ Trường Tiểu học (chưa gửi)" in said


def test_the_same_figures_in_english() -> None:
    said = " ".join(sentences(told(samples.ward(), language="en")))
    assert "11,713 dossiers were received (23/25 units reported); up 481.3% on year 2016 (2,015)" in said
    assert "Over 1,500 models are in operation" in said


def test_what_cannot_be_computed_is_told_with_its_reason_and_never_as_0() -> None:
    said = sentences(told(samples.ward()))
    lacking = " ".join(text for text in said if text.startswith("Chưa đủ số liệu"))
    assert "Tỷ lệ dự họp chi ủy, sinh hoạt chi bộ (không cộng được giữa các đơn vị)" in lacking
    assert "Số người đăng ký làm theo (chưa đơn vị nào có số liệu)" in lacking
    nobody = told(samples.nobody())
    with_0 = [text for text in sentences(nobody) if " 0 " in text]
    assert with_0 == [text for text in sentences(nobody) if "0/2 đơn vị phải báo cáo" in text]
    cells = [cell for block in nobody.blocks if isinstance(block, Table) for row in block.rows for cell in row]
    assert "0" not in cells


def test_a_clause_with_another_coverage_says_its_own() -> None:
    top = samples.AN_PHU
    whole = {"level": "total", "expected": 25}
    said = sentences(
        told(
            with_figures(
                samples.ward(),
                figure(top, "dossiers_received", 90, reported=23, **whole),
                figure(top, "dossiers_pending", 3, reported=7, **whole),
                figure(top, "dossiers_resolved_overdue", 2, reported=23, **whole),
            )
        )
    )
    line = next(text for text in said if text.startswith("Tiếp nhận 90 hồ sơ"))
    assert "giải quyết quá hạn 2 hồ sơ và đang giải quyết 3 hồ sơ (7/25 đơn vị)" in line


def test_a_change_nobody_can_tell_is_not_called_a_rise() -> None:
    from domain.comparison import WORDS, Caution

    caution = dict(zip(("caution_vi", "caution_en"), WORDS[Caution.DIRECTION_UNKNOWN], strict=True))
    rough = change(
        samples.AN_PHU, "dossiers_received", 11700, 11713, change_qualifier="approx", growth_lower=-2.0,
        growth_upper=3.0, **caution,
    )  # fmt: skip
    frames = {**samples.ward().frames, "changes": pl.DataFrame([rough], infer_schema_length=None)}
    said = " ".join(sentences(told(samples.frozen(samples.AN_PHU, frames))))
    assert "không rõ tăng hay giảm so với năm 2016 (11.700) (từ -2 % đến +3 %)" in said
    assert "tăng 0,1 %" not in said


def test_targets_are_judged_beside_the_figure_and_in_the_assessment() -> None:
    said = sentences(told(samples.province(3, 4)))
    registered = next(text for text in said if text.startswith("Các chỉ tiêu đạt"))
    assert "đạt chỉ tiêu năm 2017 (ít nhất 95 %, bằng 106,3 %)" in registered
    missed = next(text for text in said if text.startswith("Các chỉ tiêu không đạt"))
    assert "Hồ sơ giải quyết quá hạn (không đạt chỉ tiêu năm 2017 (không quá 50))" in missed


def test_a_sentence_never_mixes_two_forms() -> None:
    top = samples.AN_PHU
    rows = [figure(top, "dossiers_received", 90), figure(top, "dossiers_pending", 7) | {"form": "one-stop-dossiers"}]
    line = next(text for text in sentences(told(with_figures(samples.ward(), *rows))) if "Tiếp nhận 90" in text)
    assert "7 hồ sơ" not in line


def test_the_report_begins_with_what_became_of_earlier_conclusions() -> None:
    blocks = told(samples.province(3, 4)).blocks
    first = next(block for block in blocks if isinstance(block, Table))
    assert first.caption == "Việc thực hiện kết luận của các hội nghị trước"
    assert first.rows[0][4] == "Đang thực hiện (quá hạn)"


def test_a_unit_below_is_told_of_the_conclusions_it_carries_out() -> None:
    whole = samples.province(3, 4)
    assert set(whole["conclusions"]["owner"]) == {"X001"}
    assert whole.within("X001")["conclusions"].equals(whole["conclusions"])
    assert whole.within("X002")["conclusions"].is_empty()


def test_a_leaf_tells_its_own_figures_without_a_coverage() -> None:
    said = " ".join(sentences(told(samples.leaf())))
    assert (
        "Tiếp nhận 832 hồ sơ thủ tục hành chính, trong đó giải quyết đúng hạn 832 hồ sơ và đang giải quyết 0 hồ sơ."
        in said
    )


def test_a_unit_below_is_told_alone_and_knows_who_stands_above_it() -> None:
    whole = samples.province(3, 4)
    facts = Facts(whole, "X001", outline(), "vi")
    assert facts.superior == "Tỉnh ủy Đồng Tháp"
    assert set(facts.frozen["units"]["unit"]) == {"X001", *(f"X001.{n:02d}" for n in range(4))}
    assert all("X000" not in figure.trace for figure in facts.figures_of_children("registrants", FORM).values())


# ------------------------------------------------------------------------------------------------ words of units


def test_every_branch_speaks_and_those_not_shown_are_counted() -> None:
    one = told(samples.province(12, 5))
    quotes = [block.unit for block in one.blocks if isinstance(block, Quote)]
    assert len({unit.rpartition(" ")[2] for unit in quotes[:6]}) == 6
    assert any("Nêu ý kiến của 6 trong 60 đơn vị có thuyết minh mục này; 54 đơn vị" in text for text in sentences(one))


def test_what_a_unit_wrote_is_cut_between_sentences_and_never_reworded() -> None:
    text = "Câu một, gần 1.600 mô hình. Câu hai dài hơn. Câu ba."
    assert shortened(text, 30) == "Câu một, gần 1.600 mô hình."
    assert shortened(text, 3) == "Câu một, gần 1.600 mô hình."
    assert shortened("Đoạn một.\nĐoạn hai rất dài.", 12) == "Đoạn một."
    quotes = [block for block in told(samples.evil()).blocks if isinstance(block, Quote)]
    long = next(quote for quote in quotes if quote.extract)
    assert samples.LONG_BODY.startswith(long.text)


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=50), st.integers(1, 3))
def test_a_text_longer_than_a_cell_is_cut_and_nothing_is_lost(text: str, times: int) -> None:
    long = text * (times * CELL_LIMIT // max(len(text), 1) + 1)
    parts = list(pieces(long))
    assert "".join(parts) == long
    assert all(len(part.encode("utf-16-le")) // 2 <= CELL_LIMIT for part in parts)


# ------------------------------------------------------------------------------------------------ the data


def test_every_name_of_the_outline_is_defined_in_the_catalog() -> None:
    known = catalog()
    fields = {field.code for form in known.forms.values() for field in form.fields}
    for name in outline().figures:
        indicator, breakdown = split(name)
        assert indicator in known.indicators, name
        assert not breakdown or name in fields, f"{name} is no cell of a form"
    assert set(outline().forms) <= set(known.forms)
    paragraphs = {n.code for form in known.forms.values() for s in form.sections for n in getattr(s, "narratives", ())}
    lists = {
        s.code: {c.code for c in s.columns} for form in known.forms.values() for s in form.sections if s.kind == "list"
    }
    for part in outline().parts:
        for section in part.sections:
            assert set(section.narratives) <= paragraphs, section.id
            charts = {chart.id for chart in section.charts}
            assert {s.chart for s in section.sentences if s.chart} <= charts, section.id
    for annex in outline().annexes:
        if annex.list:
            assert {column.key for column in annex.list.columns} <= lists[annex.list.code], annex.number
            assert {c.codelist for c in annex.list.columns if c.codelist} <= set(known.codelists)
        if annex.breakdown:
            assert set(annex.breakdown.dimensions) <= set(known.codelists)
    assert [annex.number for annex in outline().annexes] == list(range(1, 11))


def test_every_sentence_has_a_place_for_its_figure_in_both_languages() -> None:
    for part in outline().parts:
        for section in part.sections:
            for sentence in section.sentences:
                for said in (sentence, *sentence.clauses):
                    assert said.vi.count("{figure}") == said.en.count("{figure}") == 1, said


def test_party_units_get_the_party_style_and_all_others_that_of_the_state() -> None:
    kinds = catalog().unit_kinds
    assert set(styles()) == {"state", "party"}
    for code, kind in kinds.items():
        assert style_of(code).standard == ("party" if kind.branch == "party" else "state"), code
    assert style_of("tinh_uy", "state").standard == "state"


def test_no_number_is_typed_into_the_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """Doubling every figure doubles what is said: nothing stands in the sentences that is not a figure."""
    one = samples.ward()
    twice = one["figures"].with_columns(pl.col("value") * 2)
    other = dataclasses.replace(one, frames={**one.frames, "figures": twice})
    assert "Tiếp nhận 23.426 hồ sơ" in " ".join(sentences(told(other)))
