"""Freezes made by hand: a province, a commune, nobody who reported, names and words nobody expects."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from functools import cache
from typing import Any

import polars as pl

from catalog import Catalog, load_catalog
from conference.frozen import KEYS, SCHEMAS, Frozen, empty
from conference.outline import outline, split

PERIOD, BASE = "ND09-2017", "ND09-2016"
FORM = "review-report"
MADE_AT = datetime(2018, 2, 1, 8, 30, tzinfo=UTC)
_EXTRA = [
    "dossiers_received[field=chung_thuc]",
    "dossiers_received[field=ho_tich]",
    "dossiers_received[field=khac]",
    "commended_collectives[by=tinh_uy;form=bang_khen]",
    "commended_collectives[by=cap_uy_co_so;form=giay_khen]",
    "commended_individuals[by=tinh_uy;form=bang_khen]",
    "commended_individuals[by=cap_uy_co_so;form=giay_khen]",
]
_STATED = {"meeting_attendance_rate"}


@cache
def catalog() -> Catalog:
    return load_catalog()


def frozen(unit: str, frames: dict[str, pl.DataFrame], **named: Any) -> Frozen:
    """A conference of these frames; what is not given is empty. Every frame has the types and order of the contract."""
    whole = {**_definitions(), **frames}
    made = {name: _as_agreed(name, whole.get(name, empty(name))) for name in SCHEMAS}
    said: dict[str, Any] = {
        "conference": "HN2017",
        "kind": "final",
        "title": "Tổng kết việc học tập và làm theo tư tưởng, đạo đức, phong cách Hồ Chí Minh năm 2017",
        "held_on": date(2018, 2, 9),
        "frozen_at": datetime(2018, 2, 1, 7, tzinfo=UTC),
        "frozen_by": "vanphong",
        "hash": "8f3a" * 16,
        "override": "",
    }
    return Frozen(unit=unit, frames=made, **{**said, **named})


def _as_agreed(name: str, frame: pl.DataFrame) -> pl.DataFrame:
    schema = dict(SCHEMAS[name])
    missing = [pl.lit(None, dtype=kind).alias(column) for column, kind in schema.items() if column not in frame.columns]
    return frame.with_columns(missing).select(list(schema)).cast(schema).sort(KEYS[name])  # type: ignore[arg-type]


@cache
def _definitions_once() -> dict[str, pl.DataFrame]:
    known = catalog()
    indicators = [
        {
            "indicator": i.code,
            "label_vi": i.label_vi,
            "label_en": i.label_en,
            "measure_vi": i.measure_vi,
            "measure_en": i.measure_en,
            "kind": i.kind.value,
            "nature": i.nature.value,
            "over_units": i.over_units.value,
            "numerator": "|".join(i.numerator),
            "denominator": "|".join(i.denominator),
        }
        for i in known.indicators.values()
    ]
    places = [
        {
            "form": form.id,
            "form_vi": form.label_vi,
            "form_en": form.label_en,
            "section": "",
            "section_vi": "",
            "section_en": "",
            "indicator": code,
            "sort": place,
        }
        for form in known.forms.values()
        for place, code in enumerate(known.indicators)
    ]
    labels = [
        {"list": one.id, "code": item.code, "label_vi": item.label_vi, "label_en": item.label_en}
        for one in known.codelists.values()
        for item in one.items
    ]
    periods = [
        {
            "period": code,
            "label_vi": f"Năm {year}",
            "label_en": f"Year {year}",
            "starts": date(year - 1, 12, 15),
            "ends": date(year, 12, 14),
            "closed": True,
        }
        for code, year in ((BASE, 2016), (PERIOD, 2017))
    ]
    versions = [{"part": part, "fingerprint": part[0] * 64} for part in ("catalog", "register", "rules")]
    rows = {"indicators": indicators, "places": places, "labels": labels, "periods": periods, "versions": versions}
    return {name: pl.DataFrame(found) for name, found in rows.items()}


def _definitions() -> dict[str, pl.DataFrame]:
    return dict(_definitions_once())


def tree(shape: list[tuple[str, str, str, str | None]]) -> pl.DataFrame:
    """``(code, name, kind, parent)``, top first."""
    depth: dict[str, int] = {}
    rows = []
    for place, (code, name, kind, parent) in enumerate(shape):
        depth[code] = depth[parent] + 1 if parent else 0
        label = catalog().unit_kinds[kind]
        rows.append(
            {
                "unit": code,
                "name": name,
                "kind": kind,
                "kind_vi": label.label_vi,
                "kind_en": label.label_en,
                "parent": parent,
                "depth": depth[code],
                "sort": place,
            }
        )
    return pl.DataFrame(rows, schema_overrides={"parent": pl.String})


def trace(period: str, unit: str, name: str) -> str:
    indicator, breakdown = split(name)
    return "/".join(filter(None, (period, unit, FORM, indicator, breakdown)))


def figure(unit: str, name: str, value: float | None, level: str = "filed", **more: Any) -> dict[str, Any]:
    indicator, breakdown = split(name)
    said = {
        "trace": trace(PERIOD, unit, name),
        "period": PERIOD,
        "unit": unit,
        "form": FORM,
        "indicator": indicator,
        "breakdown": breakdown,
        "level": level,
        "value": value,
        "lower": value,
        "upper": value,
        "qualifier": "exact",
        "sheet": "Số liệu",
        "cell": "E12",
    }
    totals = {"source": "computed", "sheet": None, "cell": None} if level == "total" else {}
    return {**said, **totals, **more}


def change(unit: str, name: str, then: float | None, now: float | None, **more: Any) -> dict[str, Any]:
    indicator, breakdown = split(name)
    points = name.endswith("rate") or "_rate" in name
    known = then is not None and now is not None
    difference = now - then if known else None  # type: ignore[operator]
    growth = None if not known or points or not then else 100 * (now / then - 1)  # type: ignore[operator]
    return {
        "period": PERIOD,
        "base_period": BASE,
        "unit": unit,
        "form": FORM,
        "indicator": indicator,
        "breakdown": breakdown,
        "value_then": then,
        "qualifier_then": "exact",
        "reported_then": 20,
        "expected_then": 25,
        "value_now": now,
        "qualifier_now": "exact",
        "reported_now": 23,
        "expected_now": 25,
        "change_kind": "points" if points else "percent",
        "difference": difference,
        "growth": growth,
        "change_qualifier": "exact",
        "comparable": known,
        "reason_vi": "" if known else "kỳ gốc không có số liệu",
        "reason_en": "" if known else "no figure in the base period",
        "caution_vi": "",
        "caution_en": "",
        **more,
    }


# ------------------------------------------------------------------------------------------------ a ward and a province

AN_PHU = "VD.23620"


def ward() -> Frozen:
    """The ward of document 002: 11.713 dossiers, up 481 % on a base that is given; a party committee with two cells."""
    units = tree(
        [
            (AN_PHU, "Đảng bộ phường An Phú", "dang_bo_phuong", None),
            ("CB01", "Chi bộ Tổ dân phố 1", "chi_bo", AN_PHU),
            ("CB02", "Chi bộ Trường Tiểu học", "chi_bo", AN_PHU),
        ]
    )
    whole = {"level": "total", "reported": 23, "expected": 25}
    figures = [
        figure(AN_PHU, "dossiers_received", 11713, **whole),
        figure(AN_PHU, "dossiers_resolved_on_time", 11709, **whole),
        figure(AN_PHU, "dossiers_pending", 3, **whole),
        figure(AN_PHU, "dossiers_resolved_overdue", 1, **whole),
        figure(AN_PHU, "on_time_rate_received", 99.96585, **whole, numerator=11709, denominator=11713),
        figure(AN_PHU, "models_total", 1500, qualifier="gt", **whole),
        figure(AN_PHU, "meeting_attendance_rate", None, note="not_additive", **whole),
        figure(AN_PHU, "registrants", None, note="nothing_reported", level="total", reported=0, expected=25),
        figure("CB01", "dossiers_received", 11000),
        figure("CB02", "dossiers_received", 713),
        figure("CB01", "meeting_attendance_rate", 80, qualifier="gt"),
    ]
    changes = [
        change(AN_PHU, "dossiers_received", 2015, 11713),
        change(AN_PHU, "on_time_rate_received", 97.5, 99.96585),
        change(AN_PHU, "models_total", None, 1500),
    ]
    reports = [
        {
            "period": PERIOD,
            "unit": unit,
            "form": FORM,
            "owed": True,
            "state": state,
            "late": late,
            "version": 1,
            "criticals": 0,
            "warnings": 0,
            "waived": 0,
        }
        for unit, state, late in (
            (AN_PHU, "accepted", False),
            ("CB01", "accepted_with_warnings", True),
            ("CB02", "missing", None),
        )
    ]
    return frozen(
        AN_PHU,
        {
            "units": units,
            "figures": pl.DataFrame(figures, infer_schema_length=None),
            "changes": pl.DataFrame(changes, infer_schema_length=None),
            "reports": pl.DataFrame(reports, infer_schema_length=None),
        },
    )


def province(communes: int = 12, cells: int = 5) -> Frozen:
    """A party committee of a province with so many communes of so many cells; figures, paragraphs and lists of all."""
    shape: list[tuple[str, str, str, str | None]] = [("TU", "Tỉnh ủy Đồng Tháp", "tinh_uy", None)]
    for c in range(communes):
        shape.append((f"X{c:03d}", f"Đảng bộ xã {_NAMES[c % len(_NAMES)]} {c + 1}", "dang_bo_xa", "TU"))
        shape += [
            (f"X{c:03d}.{n:02d}", f"Chi bộ ấp {n + 1}, xã {_NAMES[c % len(_NAMES)]} {c + 1}", "chi_bo", f"X{c:03d}")
            for n in range(cells)
        ]
    units = tree(shape)
    filed = _filed(units)
    totals = _totals(units, filed)
    return frozen(
        "TU",
        {
            "units": units,
            "figures": pl.concat([filed, totals], how="diagonal"),
            "changes": _changes(totals),
            "reports": _reports(units),
            "narratives": _narratives(units),
            "lists": _lists(units),
            "targets": _targets(),
            "conclusions": _conclusions(),
            "ratings": _ratings(units),
        },
    )


_NAMES = ["Long Bình", "Thanh Hưng", "Mỹ An Hưng", "Tân Phú Đông", "Vĩnh Kim", "Gò Công Tây"]


def _filed(units: pl.DataFrame) -> pl.DataFrame:
    """What every cell but each ninth sent: whole numbers that differ from cell to cell, never at random."""
    known = catalog().indicators
    names = [n for n in (*outline().figures, *_EXTRA) if not known[split(n)[0]].is_rate or split(n)[0] in _STATED]
    keys = pl.DataFrame({"name": names, "at": range(len(names))}).with_columns(
        indicator=pl.col("name").str.split("[").list.first(),
        breakdown=pl.col("name").str.split("[").list.get(1, null_on_oob=True).str.strip_suffix("]").fill_null(""),
    )
    senders = units.filter((pl.col("kind") == "chi_bo") & (pl.col("sort") % 9 != 0))
    rows = (
        senders.select("unit", "sort")
        .join(keys, how="cross")
        .with_columns(
            value=(pl.lit(3) + (pl.col("sort") * 7 + pl.col("at") * 13) % 97).cast(pl.Float64),
            qualifier=pl.when((pl.col("indicator") == "models_total") & (pl.col("sort") % 5 == 0))
            .then(pl.lit("gt"))
            .otherwise(pl.lit("exact")),
        )
    )
    return rows.select(
        pl.concat_str(
            pl.lit(PERIOD),
            "unit",
            pl.lit(FORM),
            "indicator",
            pl.when(pl.col("breakdown") != "").then(pl.col("breakdown")),
            separator="/",
            ignore_nulls=True,
        ).alias("trace"),
        pl.lit(PERIOD).alias("period"),
        "unit",
        pl.lit(FORM).alias("form"),
        "indicator",
        "breakdown",
        pl.lit("filed").alias("level"),
        "value",
        lower="value",
        upper="value",
        qualifier="qualifier",
        sheet=pl.lit("Số liệu"),
        cell=pl.concat_str(pl.lit("E"), (pl.col("at") + 5).cast(pl.String)),
    )


def _totals(units: pl.DataFrame, filed: pl.DataFrame) -> pl.DataFrame:
    cells = filed.join(units.select("unit", "parent"), on="unit")
    pairs = pl.concat([cells.with_columns(above="parent"), cells.with_columns(above=pl.lit("TU"))])
    owed = units.filter(pl.col("kind") == "chi_bo").group_by("parent").len("expected")
    owed = pl.concat([owed, owed.select(parent=pl.lit("TU"), expected=pl.col("expected").sum()).head(1)])
    keys = ["above", "indicator", "breakdown"]
    added = pairs.group_by(keys, maintain_order=True).agg(
        pl.col("value").sum(), reported=pl.len(), rough=(pl.col("qualifier") != "exact").any()
    )
    added = added.join(owed, left_on="above", right_on="parent")
    counts = added.with_columns(pl.lit(None, dtype=pl.Float64).alias(name) for name in ("numerator", "denominator"))
    rates = [
        _rate(added, code, i.numerator, i.denominator).select(counts.columns).cast(dict(counts.schema))  # type: ignore[arg-type]
        for code, i in catalog().indicators.items()
        if i.over_units.value == "ratio_of_sums" and i.numerator
    ]
    rows = pl.concat([counts, *rates])
    stated = pl.col("indicator").is_in(sorted(_STATED))
    value = pl.when(~stated).then("value")
    return rows.select(
        pl.concat_str(
            pl.lit(PERIOD),
            "above",
            pl.lit(FORM),
            "indicator",
            pl.when(pl.col("breakdown") != "").then(pl.col("breakdown")),
            separator="/",
            ignore_nulls=True,
        ).alias("trace"),
        pl.lit(PERIOD).alias("period"),
        pl.col("above").alias("unit"),
        pl.lit(FORM).alias("form"),
        "indicator",
        "breakdown",
        pl.lit("total").alias("level"),
        value=value,
        lower=value,
        upper=value,
        qualifier=pl.when("rough").then(pl.lit("gt")).otherwise(pl.lit("exact")),
        numerator="numerator",
        denominator="denominator",
        reported=pl.col("reported").cast(pl.Int64),
        expected=pl.col("expected").cast(pl.Int64),
        source=pl.lit("computed"),
        note=pl.when(stated).then(pl.lit("not_additive")),
    )


def _rate(added: pl.DataFrame, code: str, above: tuple[str, ...], below: tuple[str, ...]) -> pl.DataFrame:
    whole = added.filter(pl.col("breakdown") == "")
    sums = [
        whole.filter(pl.col("indicator").is_in(list(names))).group_by("above").agg(pl.col("value").sum().alias(to))
        for names, to in ((above, "numerator"), (below, "denominator"))
    ]
    first = whole.filter(pl.col("indicator") == below[0]).drop("value", "indicator")
    joined = first.join(sums[0], on="above").join(sums[1], on="above")
    return joined.with_columns(indicator=pl.lit(code), value=100 * pl.col("numerator") / pl.col("denominator"))


def _changes(totals: pl.DataFrame) -> pl.DataFrame:
    rows = [
        change(
            r["unit"],
            r["indicator"] + (f"[{r['breakdown']}]" if r["breakdown"] else ""),
            round(r["value"] * (0.8 + 0.05 * (len(r["indicator"]) % 9)), 2),
            r["value"],
        )
        for r in totals.filter((pl.col("unit") == "TU") & pl.col("value").is_not_null()).to_dicts()
    ]
    return pl.DataFrame(rows, infer_schema_length=None)


def _reports(units: pl.DataFrame) -> pl.DataFrame:
    return units.filter(pl.col("kind") == "chi_bo").select(
        pl.lit(PERIOD).alias("period"),
        "unit",
        pl.lit(FORM).alias("form"),
        pl.lit(True).alias("owed"),
        pl.when(pl.col("sort") % 18 == 0)
        .then(pl.lit("rejected"))
        .when(pl.col("sort") % 9 == 0)
        .then(pl.lit("missing"))
        .otherwise(pl.lit("accepted"))
        .alias("state"),
        late=pl.col("sort") % 11 == 0,
        version=pl.lit(1),
        criticals=pl.lit(0),
        warnings=pl.lit(0),
        waived=pl.lit(0),
        due=pl.lit(date(2017, 12, 20)),
    )


def _narratives(units: pl.DataFrame) -> pl.DataFrame:
    sections = {
        "dissemination": (
            "Lãnh đạo, chỉ đạo, quán triệt",
            "Chi ủy quán triệt đầy đủ các văn bản. Sinh hoạt chuyên đề được duy trì nền nếp.",
        ),
        "practice": (
            "Kết quả làm theo",
            "Cải cách hành chính là khâu đột phá. Bộ phận một cửa trả kết quả trong ngày đối với nhiều thủ tục.",
        ),
        "limitation": (
            "Hạn chế, khó khăn",
            "Một số đảng viên đi làm ăn xa chưa sinh hoạt đều. Đăng ký còn chung chung.\nKinh phí cho mô hình còn ít.",
        ),
        "proposal": ("Kiến nghị, đề xuất", "Đề nghị cấp trên bố trí kinh phí nhân rộng mô hình."),
    }
    frames = [
        units.filter(pl.col("kind") == "chi_bo").select(
            pl.lit(PERIOD).alias("period"),
            "unit",
            pl.lit(FORM).alias("form"),
            pl.lit(code).alias("section"),
            pl.lit(label).alias("section_vi"),
            pl.lit(code).alias("section_en"),
            pl.lit(place).alias("sort"),
            pl.concat_str(pl.lit("("), "name", pl.lit(") "), pl.lit(body)).alias("body"),
        )
        for place, (code, (label, body)) in enumerate(sections.items())
    ]
    return pl.concat(frames)


def _lists(units: pl.DataFrame) -> pl.DataFrame:
    rows = []
    for unit in units.filter(pl.col("kind") == "chi_bo").head(40)["unit"]:
        contents = {
            "initiatives": {
                "name": "Ngày thứ bảy với dân",
                "owner": unit,
                "level": "co_so",
                "status": "operating",
                "effective": "yes",
            },
            "documents": {"number": "81-KH/ĐU", "title": "Kế hoạch học tập năm 2017", "date": "2017-01-20"},
        }
        rows += [
            {
                "period": PERIOD,
                "unit": unit,
                "form": FORM,
                "list": code,
                "item": 1,
                "content": json.dumps(content, ensure_ascii=False, sort_keys=True),
            }
            for code, content in contents.items()
        ]
    return pl.DataFrame(rows)


def _targets() -> pl.DataFrame:
    return pl.DataFrame(
        [
            {
                "unit": "TU",
                "indicator": "registration_rate",
                "year": 2017,
                "direction": "at_least",
                "target": 95.0,
                "source": "NQ",
                "value": 101.0,
                "attainment": 106.3,
                "met": True,
                "note": "",
            },
            {
                "unit": "TU",
                "indicator": "dossiers_resolved_overdue",
                "year": 2017,
                "direction": "at_most",
                "target": 50.0,
                "source": "KH",
                "value": 1000.0,
                "attainment": None,
                "met": False,
                "note": "",
            },
        ],
        infer_schema_length=None,
    )


def _conclusions() -> pl.DataFrame:
    return pl.DataFrame(
        [
            {
                "conference": "HN2016",
                "held_on": date(2017, 2, 10),
                "number": n,
                "text": text,
                "owner": "X001",
                "owner_name": "Đảng bộ xã Thanh Hưng 2",
                "due": date(2017, 12, 31),
                "state": state,
                "state_vi": word,
                "state_en": state,
                "overdue": state == "open",
                "progress": "đã nhân rộng ở 5/8 ấp" if n == 1 else None,
            }
            for n, text, state, word in (
                (1, "Nhân rộng mô hình tổ nhân dân tự quản tại 08 ấp", "open", "Đang thực hiện"),
                (2, "Đăng ký làm theo cho mọi đảng viên", "done", "Hoàn thành"),
            )
        ],
        infer_schema_length=None,
    )


def _ratings(units: pl.DataFrame) -> pl.DataFrame:
    return units.filter(pl.col("kind") == "dang_bo_xa").select(
        pl.lit(PERIOD).alias("period"),
        "unit",
        pl.lit("QĐ 366 (2025)").alias("rules"),
        pl.lit("dang_bo_xa").alias("peer_group"),
        points=pl.lit(92.5),
        proposed=pl.lit("good"),
        proposed_vi=pl.lit("Hoàn thành tốt nhiệm vụ"),
        proposed_en=pl.lit("Good"),
        why_vi=pl.lit("đúng hạn 99,2 %"),
        why_en=pl.lit("on time 99.2%"),
        missing_vi=pl.lit(""),
        missing_en=pl.lit(""),
    )


def leaf() -> Frozen:
    """One commune with its own report and nobody below."""
    units = tree([("X1", "UBND xã Vĩnh Kim", "ubnd_xa", None)])
    figures = pl.DataFrame(
        [
            figure("X1", "dossiers_received", 832),
            figure("X1", "dossiers_resolved_on_time", 832),
            figure("X1", "dossiers_pending", 0),
        ],
        infer_schema_length=None,
    )
    reports = pl.DataFrame(
        [{"period": PERIOD, "unit": "X1", "form": FORM, "owed": True, "state": "accepted", "late": False}]
    )
    return frozen("X1", {"units": units, "figures": figures, "reports": reports})


def nobody() -> Frozen:
    """Two units owe a report, none came: no figure at all."""
    units = tree(
        [
            ("TU", "Tỉnh ủy", "tinh_uy", None),
            ("A", "Đảng bộ xã A", "dang_bo_xa", "TU"),
            ("B", "Đảng bộ xã B", "dang_bo_xa", "TU"),
        ]
    )
    reports = pl.DataFrame(
        [{"period": PERIOD, "unit": unit, "form": FORM, "owed": True, "state": "missing"} for unit in "AB"]
    )
    return frozen("TU", {"units": units, "reports": reports})


def bare() -> Frozen:
    """Neither periods nor figures nor reports."""
    return frozen("TU", {"units": tree([("TU", "Tỉnh ủy", "tinh_uy", None)]), "periods": empty("periods")})


EVIL_NAME = 'Đảng bộ xã </script><script>alert(1)</script> =HYPERLINK("http://x") & <b>' + "tên rất dài " * 11
LONG_BODY = "\n".join(
    f"Đoạn {n}: " + "chi bộ đã tổ chức sinh hoạt chuyên đề, nêu gương người đứng đầu. " * 12 for n in range(150)
)


def evil() -> Frozen:
    """A name of 200 letters with markup, words that look like formulas, control signs, a paragraph of fifty pages."""
    made = province(3, 4)
    frames = dict(made.frames)
    top = pl.col("unit") == "X001"
    frames["units"] = frames["units"].with_columns(name=pl.when(top).then(pl.lit(EVIL_NAME[:200])).otherwise("name"))
    bodies = ["=1+1\x07\x0b dừng\x00", "+cmd|' /C calc'!A0", "@SUM(A1)", "-2+3", LONG_BODY]
    frames["narratives"] = frames["narratives"].with_columns(
        body=pl.Series([bodies[n % len(bodies)] for n in range(len(frames["narratives"]))])
    )
    return Frozen(
        **{
            **{f: getattr(made, f) for f in made.__dataclass_fields__},
            "frames": frames,
            "title": "=cmd </script> $\\alpha$ \x01",
        }
    )
