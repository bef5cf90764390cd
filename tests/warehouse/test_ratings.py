"""Ratings over both databases: what is proposed from what is in force, and what a person decides beside it."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from sqlalchemy import Engine, text
from world import CATALOG, arrive, batch, furnish

from catalog import Catalog
from catalog.model import CodeItem, CodeList
from catalog.rating import RatingRules
from conference.frozen import SCHEMAS
from domain.act import ActRefusedError
from domain.period import Period
from tasks import rating as deciding
from tasks.rating import Proposed, decide, propose, ratings_frame, within
from tasks.rating_words import cap_words
from tasks.rolling import refresh_roll_up
from warehouse import queries
from warehouse.load import load_batch
from warehouse.ratings import RatingsMovedError, decisions_of

_ORIGIN = {"origin": "judgement", "source": "thử", "label_vi": "Tỷ lệ giải quyết", "label_en": "Share resolved"}

RULES = RatingRules.model_validate(
    {
        "id": "THU-1",
        "label_vi": "Quy định thử",
        "label_en": "Rules to try",
        "valid_from": "2025-01-01",
        "source": "thử",
        "text_read": False,
        "form": "bieu-1",
        "branches": ["state"],
        "period_kinds": ["quarter"],
        "grades": [
            {"grade": "excellent", "from_points": 90},
            {"grade": "good", "from_points": 70},
            {"grade": "failed"},
        ],
        "grades_origin": "judgement",
        "grades_source": "thử",
        "criteria": [{"id": "share", "weight": 100, "measure": "100 * solved / received", **_ORIGIN}],
        "conditions": [
            {"id": "grave", "needed_for": "good", **_ORIGIN, "label_vi": "Không vi phạm", "label_en": "Clean"}
        ],
        "cap": {
            "grade": "excellent",
            "share": 50,
            "denominator": "good_only",
            "peer_group": ["superior", "kind", "level"],
            "rounding": "floor",
            "origin": "judgement",
            "source": "thử",
        },
        "margin": 2,
    }
)

_WORDS = {"excellent": "Xuất sắc", "good": "Tốt", "failed": "Không hoàn thành"}
GRADES = CodeList(
    id="grade",
    label_vi="Mức",
    label_en="Grade",
    items=tuple(CodeItem(code=code, label_vi=vi, label_en=code) for code, vi in _WORDS.items()),
)

KNOWN: Catalog = replace(CATALOG, ratings=(RULES,), codelists={"grade": GRADES})


def period(code: str = "2025-Q1") -> Period:
    found = KNOWN.period(code)
    assert found is not None
    return found


def filled(engine: Engine, *shares: float | None) -> None:
    """X01, X02, X03 with so many of 100 dossiers resolved; rejected where there is none."""
    run = furnish(engine)
    files = arrive(engine, run, *"abc"[: len(shares)])
    reports = [
        (file, f"X0{number}", "rejected" if share is None else "accepted", {"received": 100.0, "solved": share or 0.0})
        for number, (file, share) in enumerate(zip(files, shares, strict=True), 1)
    ]
    load_batch(engine, run, batch(*reports))
    refresh_roll_up(engine, KNOWN, "2025-Q1", "bieu-1")


def proposed(found: Proposed) -> dict[str, str | None]:
    return dict(found.units.sort("unit").select("unit", "proposed").iter_rows())


def given(engine: Engine, unit: str, grade: str, **more: object) -> int:
    return decide(engine, KNOWN, unit, period(), grade, **{"who": "Lê An", "reason": None, **more})[0]  # type: ignore[arg-type]


def test_the_proposal_names_points_the_cap_and_whoever_is_not_rated(engine: Engine) -> None:
    filled(engine, 95.0, 89.0, None)
    found = propose(engine, KNOWN, period())
    assert proposed(found) == {"X01": "good", "X02": "good", "X03": None}
    rows = {row["unit"]: row for row in found.units.to_dicts()}
    assert (rows["X01"]["points"], rows["X01"]["place"]) == (95.0, "beyond")
    assert "vượt giới hạn 0 đơn vị" in rows["X01"]["why_vi"]
    assert rows["X01"]["missing_vi"] == "Không vi phạm: người đánh giá xác nhận"
    assert rows["X02"]["just_under"] == "excellent"
    assert rows["X03"]["missing_vi"] == "báo cáo bị trả lại"
    assert rows["X03"]["points_upper"] is None
    group = found.groups.row(0, named=True)
    assert cap_words(group, RULES)[0] == "x ≤ 50 % × (2 − x) → x ≤ 0,66 → 0"
    assert within(engine, found, "X02").units["unit"].to_list() == ["X02"]
    assert within(engine, found, "X02").groups["good_sure"].to_list() == [2]


def test_a_silent_unit_is_not_rated_and_a_failed_resubmission_is_told(engine: Engine) -> None:
    filled(engine, 95.0)
    (again,) = arrive(engine, _run(engine), "z")
    load_batch(engine, _run(engine), batch((again, "X01", "rejected", {"received": 1.0, "solved": 1.0})))
    rows = {row["unit"]: row for row in propose(engine, KNOWN, period()).units.to_dicts()}
    assert rows["X01"]["points"] == 95.0
    assert "bản gửi sau chưa được nhận" in rows["X01"]["missing_vi"]
    assert rows["X02"]["missing_vi"] == "chưa gửi báo cáo"


def _run(engine: Engine) -> str:
    with engine.connect() as connection:
        return str(connection.scalar(text("SELECT id FROM run ORDER BY started_at")))


def test_a_decision_is_a_version_with_what_was_proposed_then(engine: Engine) -> None:
    filled(engine, 80.0, 60.0, 75.0)
    assert given(engine, "X01", "good") == 1
    with pytest.raises(ActRefusedError, match="differs from what is proposed"):
        given(engine, "X02", "good")
    assert given(engine, "X02", "good", reason="khắc phục xong") == 1
    assert given(engine, "X02", "failed", reason="xét lại", second="Trần Bình") == 2
    now = decisions_of(engine, period="2025-Q1")
    assert now.select("unit", "grade", "proposed", "version", "second_person").rows() == [
        ("X01", "good", "good", 1, None),
        ("X02", "failed", "failed", 2, "Trần Bình"),
    ]
    past = decisions_of(engine, units=["X02"], history=True)
    assert past.select("version", "grade", "reason").rows() == [
        (1, "good", "khắc phục xong"),
        (2, "failed", "xét lại"),
    ]
    kept = json.loads(past["proposal"][0])
    assert (kept["unit"]["points"], kept["group"]["peer_group"]) == (60.0, "T01/xa/commune")
    with engine.connect() as connection:
        mart = connection.execute(text("SELECT unit, grade, as_proposed, decided_by FROM mart_rating ORDER BY unit"))
        assert mart.all() == [("X01", "good", 1, "Lê An"), ("X02", "failed", 1, "Lê An")]
    told = [row["words_vi"] for row in queries.history_of(engine, "X02", "2025-Q1") if row["kind"] == "act"]
    assert told == [
        "quyết định xếp loại Tốt: khắc phục xong",
        "quyết định xếp loại Không hoàn thành (cùng Trần Bình): xét lại",
    ]


def test_nobody_goes_over_the_cap_without_saying_so(engine: Engine) -> None:
    """Three good or better: x ≤ 50 % × (3 − x) → 1."""
    filled(engine, 95.0, 94.0, 80.0)
    assert proposed(propose(engine, KNOWN, period())) == {"X01": "excellent", "X02": "good", "X03": "good"}
    given(engine, "X01", "excellent")
    for more in ({}, {"reason": "vì"}, {"over_cap": True}, {"reason": "vì", "over_cap": True}):
        with pytest.raises(ActRefusedError):
            given(engine, "X02", "excellent", **more)
    with pytest.raises(ActRefusedError, match="other than"):
        given(engine, "X02", "excellent", reason="vì", over_cap=True, second="le an")
    # a grade below good makes the group smaller: the one that stands would be over the cap
    with pytest.raises(ActRefusedError, match="cap is 0"):
        given(engine, "X03", "failed", reason="vi phạm")
    assert decisions_of(engine).height == 1
    given(engine, "X02", "excellent", reason="theo nghị quyết", over_cap=True, second="Trần Bình")
    assert decisions_of(engine)["over_cap"].to_list() == [False, True]


def test_a_person_chooses_among_units_that_are_tied_at_the_cap(engine: Engine) -> None:
    filled(engine, 95.0, 95.0, 80.0)
    found = propose(engine, KNOWN, period())
    assert proposed(found) == {"X01": "excellent|good", "X02": "excellent|good", "X03": "good"}
    assert "người quyết định chọn" in found.units["why_vi"][0]
    given(engine, "X02", "excellent", reason="nhiều sáng kiến hơn")
    # what was proposed when it was decided stays beside the decision; the other has no place left
    assert proposed(propose(engine, KNOWN, period())) == {"X01": "good", "X02": "excellent|good", "X03": "good"}


def test_two_decisions_at_once_are_one_after_the_other(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    filled(engine, 95.0, 95.0, 80.0)
    put, meetings = deciding.put_decision, []

    def interrupted(*args: object, **more: object) -> int:
        if not meetings:
            meetings.append(True)
            given(engine, "X01", "excellent", reason="trước")
        return put(*args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(deciding, "put_decision", interrupted)
    with pytest.raises(ActRefusedError, match="the cap is 1"):
        given(engine, "X02", "excellent", reason="sau")
    assert decisions_of(engine)["unit"].to_list() == ["X01"]
    monkeypatch.setattr(deciding, "put_decision", lambda *_, **__: (_ for _ in ()).throw(RatingsMovedError))
    with pytest.raises(ActRefusedError, match="keeps deciding"):
        given(engine, "X03", "good")


def test_what_cannot_be_rated_is_refused_with_the_reason(engine: Engine) -> None:
    filled(engine, 95.0)
    for code, words in (("2024-Q4", "No rating rules"), ("2025", "does not rate")):
        with pytest.raises(ActRefusedError, match=words):
            propose(engine, KNOWN, period(code))
    with pytest.raises(ActRefusedError, match="is not rated"):
        given(engine, "T01", "good", reason="thử")
    with pytest.raises(ActRefusedError, match="there are: excellent, good, failed"):
        given(engine, "X01", "great")
    with pytest.raises(ActRefusedError, match="differs from what is proposed"):
        given(engine, "X02", "failed")
    assert given(engine, "X02", "failed", reason="không báo cáo") == 1


def test_the_frame_of_a_freeze_has_its_columns_and_only_what_was_asked(engine: Engine) -> None:
    filled(engine, 95.0, 80.0, None)
    given(engine, "X02", "good")
    frame = ratings_frame(engine, KNOWN, ["X02", "X03"], ["2025-Q1", "2025", "2024-Q4", "2025-Q2"])
    assert frame.schema == dict(SCHEMAS["ratings"])
    rows = {(row["period"], row["unit"]): row for row in frame.to_dicts()}
    assert rows["2025-Q1", "X02"]["decided_vi"] == "Tốt"
    assert rows["2025-Q1", "X03"]["proposed"] is None
    assert rows["2025-Q1", "X03"]["why_vi"] == "không xếp loại: báo cáo bị trả lại"
    assert rows["2025-Q2", "X02"]["missing_en"] == "sent no report"
    assert ratings_frame(engine, KNOWN, ["X02"], []).schema == dict(SCHEMAS["ratings"])
