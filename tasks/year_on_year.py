"""Two periods compared: figures of both on the boundaries of one, through every reform between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from catalog import Catalog
from domain.comparison import WORDS, Boundaries, Caution, NotComparable
from domain.period import Period
from tasks.rolling import labels_of
from transform.compare import Totals, compared, with_stated_guests
from transform.roll_up import roll_up
from transform.seating import Seating, ancestry, below, expected_below, seated
from warehouse import queries
from warehouse.engine import Engine

#: Units named in a reason; of the others the number is told.
_NAMED = 3


class NoSuchUnitError(LookupError):
    """On the day the comparison stands on no unit bears the code."""

    def __init__(self, code: str, period: Period) -> None:
        self.code, self.period = code, period
        super().__init__(f"no unit bears the code {code} on {period.window.last}")


@dataclass(frozen=True)
class Asked:
    """Which two periods, and on whose boundaries."""

    then: Period
    now: Period
    boundaries: Boundaries = Boundaries.NOW


@dataclass(frozen=True)
class Ground:
    """The units of both periods, and how those of one sit among those of the other.

    ``standing`` is the side whose boundaries hold, ``moved`` the other; for figures as filed the later one stands.
    """

    asked: Asked
    then: pl.DataFrame
    now: pl.DataFrame
    seating: Seating
    deeds: pl.DataFrame

    @property
    def is_back(self) -> bool:
        return self.asked.boundaries is Boundaries.THEN

    @property
    def standing(self) -> pl.DataFrame:
        return self.then if self.is_back else self.now

    @property
    def moved(self) -> pl.DataFrame:
        return self.now if self.is_back else self.then

    @property
    def standing_period(self) -> Period:
        return self.asked.then if self.is_back else self.asked.now


def ground_of(engine: Engine, asked: Asked) -> Ground:
    """The units of both periods; raises ``ValueError`` unless the older period ends before the later one begins."""
    earlier, later = asked.then.window, asked.now.window
    if earlier.last >= later.first:
        raise ValueError(f"{asked.then.code} does not end before {asked.now.code} begins")
    then = queries.units_of_period(engine, earlier.first, earlier.last)
    now = queries.units_of_period(engine, later.first, later.last)
    if asked.boundaries is Boundaries.THEN:
        seating = seated(then, now, queries.trails_backward(engine, earlier.last, now))
    else:
        seating = seated(now, then, queries.trails_forward(engine, then, later.last))
    return Ground(asked, then, now, seating, queries.deeds(engine, earlier.first, later.last))


# ------------------------------------------------------------------------------------------------ one unit


def compare_unit(
    engine: Engine, catalog: Catalog, asked: Asked, unit: str, forms: Sequence[str], indicator: str | None = None
) -> list[dict[str, Any]]:
    """Every total of a unit in both periods: :data:`transform.compare.COMPARED` with ``period, base_period, boundaries,
    unit`` (its code), ``unit_name, form, label_*, measure_*, kind, reason_vi, reason_en, caution_vi, caution_en``.

    In the order of the definitions; ``indicator`` chooses one. Raises :class:`NoSuchUnitError`.
    """
    ground = ground_of(engine, asked)
    here = _unit_on(ground.standing, unit, ground.standing_period)
    there = _unit_on(ground.then, unit, asked.then) if asked.boundaries is Boundaries.FILED else here
    frames = [_compared_alone(engine, catalog, ground, form, here, there) for form in forms]
    rows = _in_words(pl.concat(frames), catalog).with_columns(
        unit=pl.lit(unit),
        unit_name=pl.lit(here["name"]),
        period=pl.lit(asked.now.code),
        base_period=pl.lit(asked.then.code),
        boundaries=pl.lit(asked.boundaries.value),
    )
    chosen = rows if indicator is None else rows.filter(pl.col("indicator") == indicator)
    order = {code: number for number, code in enumerate(catalog.indicators)}
    return [
        {**row, **labels_of(catalog, row["indicator"])}
        for row in sorted(chosen.to_dicts(), key=lambda row: (row["form"], order[row["indicator"]], row["breakdown"]))
    ]


def _unit_on(units: pl.DataFrame, code: str, period: Period) -> dict[str, Any]:
    found = units.filter((pl.col("code") == code) & (pl.col("until") == period.window.last))
    if found.is_empty():
        raise NoSuchUnitError(code, period)
    return found.row(0, named=True)


def _compared_alone(
    engine: Engine, catalog: Catalog, ground: Ground, form: str, here: dict[str, Any], there: dict[str, Any]
) -> pl.DataFrame:
    """What is compared of one unit, without looking at what other units reported."""
    if ground.asked.boundaries is Boundaries.FILED:
        then = _filed(engine, catalog, ground.asked.then, form, _part(ground.then, there["unit"]))
        now = _filed(engine, catalog, ground.asked.now, form, _part(ground.now, here["unit"]))
        then, now = _only(then, there["unit"], here["unit"]), _only(now, here["unit"], here["unit"])
        stops = _stops_as_filed(ground, here, there)
    else:
        part = _part(ground.seating.tree, here["unit"])
        then, now = _both(engine, catalog, ground, form, part)
        then, now = _only(then, here["unit"], here["unit"]), _only(now, here["unit"], here["unit"])
        stops = _stops(ground)
    told = compared(then, now, stops.drop("stop_vi", "stop_en"), catalog)
    return told.join(stops.select("unit", "stop_vi", "stop_en"), on="unit", how="left").with_columns(form=pl.lit(form))


def _part(tree: pl.DataFrame, unit: str) -> pl.DataFrame:
    return tree.select("unit", "parent").join(below(tree, unit), on="unit", how="semi")


def _only(totals: Totals, unit: str, name: str) -> Totals:
    """The totals of one unit, under another name."""
    rows, expected = (
        frame.filter(pl.col("unit") == unit).with_columns(unit=pl.lit(name)) for frame in (totals.rows, totals.expected)
    )
    return Totals(rows, expected, totals.period)


# ------------------------------------------------------------------------------------------------ every unit


def refresh_year_on_year(engine: Engine, catalog: Catalog, period: str, form: str) -> None:
    """Compare the totals of a period with those of the year before, and those of the year after with these, anew.

    For every unit with units below it, as the totals themselves; on the boundaries of the later period. A pair of which
    either period has no report in force has no rows, and what neither period has a figure of has none.
    """
    here = catalog.period(period)
    if here is None:
        raise LookupError(f"the period {period} is not in the calendars")
    before, after = catalog.year_before(here), catalog.year_before(here, -1)
    for then, now in ((before, here), (here, after)):
        if then is not None and now is not None and then.window.last < now.window.first:
            _refresh(engine, catalog, Asked(then, now), form)


def _refresh(engine: Engine, catalog: Catalog, asked: Asked, form: str) -> None:
    """Most periods have no year before them in the warehouse: nothing is locked and nothing read for these."""
    if not _both_reported(engine, asked, form) and not queries.has_year_on_year(engine, asked.now.code, form):
        return
    as_of = queries.settled(engine)
    rows = _compared_all(engine, catalog, asked, form) if _both_reported(engine, asked, form) else _NOTHING
    queries.write_year_on_year(engine, asked.now.code, form, rows, as_of=as_of)


def _both_reported(engine: Engine, asked: Asked, form: str) -> bool:
    return all(queries.has_figures(engine, period.code, form) for period in (asked.then, asked.now))


def _compared_all(engine: Engine, catalog: Catalog, asked: Asked, form: str) -> pl.DataFrame:
    ground = ground_of(engine, asked)
    superiors = ground.standing.select(unit="parent").unique().drop_nulls()
    kept = [
        Totals(totals.rows.join(superiors, on="unit", how="semi"), totals.expected, totals.period)
        for totals in _both(engine, catalog, ground, form, ground.seating.tree)
    ]
    stops = _stops(ground)
    told = compared(kept[0], kept[1], stops.drop("stop_vi", "stop_en"), catalog)
    said = _in_words(told.join(stops.select("unit", "stop_vi", "stop_en"), on="unit", how="left"), catalog)
    codes = ground.standing.select("unit", "code")
    told_of = pl.col("value_then").is_not_null() | pl.col("value_now").is_not_null()
    return (
        said.filter(told_of)
        .join(codes, on="unit")
        .with_columns(unit="code", base_period=pl.lit(asked.then.code))
        .drop("code")
    )


_NOTHING = pl.DataFrame()


# ------------------------------------------------------------------------------------------------ the totals


def _both(engine: Engine, catalog: Catalog, ground: Ground, form: str, tree: pl.DataFrame) -> tuple[Totals, Totals]:
    """Both sides over ``tree``, which is that of the seating or a part of it."""
    asked, seats = ground.asked, ground.seating.seats.rename({"moved": "unit"})
    stays = ground.standing.select("unit", seat="unit")
    standing_tree = tree.join(ground.standing, on="unit", how="semi")
    if ground.is_back:
        then = _totals(engine, catalog, asked.then, form, standing_tree, stays)
        return then, _totals(engine, catalog, asked.now, form, tree, seats)
    then = _totals(engine, catalog, asked.then, form, tree, seats)
    return then, _totals(engine, catalog, asked.now, form, standing_tree, stays)


def _filed(engine: Engine, catalog: Catalog, period: Period, form: str, tree: pl.DataFrame) -> Totals:
    return _totals(engine, catalog, period, form, tree, tree.select("unit", seat="unit"))


def _totals(
    engine: Engine, catalog: Catalog, period: Period, form: str, tree: pl.DataFrame, seats: pl.DataFrame
) -> Totals:
    """The figures of a period, each where its unit sits, added up over ``tree`` by the indicators' own rules."""
    places = seats.join(tree.select(seat="unit"), on="seat", how="semi")
    if not queries.has_figures(engine, period.code, form):
        figures = _NO_FIGURES
    else:
        figures = queries.observations_in_force(engine, period.code, form)
    owed = _owed(engine, period, form)
    seated_figures, seated_owed = (
        frame.with_columns(unit=pl.col("unit_id").cast(pl.String))
        .join(places, on="unit", how="inner")
        .with_columns(unit="seat")
        .drop("seat")
        for frame in (figures, owed)
    )
    rows = with_stated_guests(roll_up(seated_figures, tree, seated_owed, catalog), tree)
    return Totals(rows, expected_below(tree, seated_owed.select("unit")), period)


_NO_FIGURES = pl.DataFrame(
    schema={
        **dict.fromkeys(("unit_id",), pl.Int64),
        **dict.fromkeys(("unit", "indicator", "breakdown", "qualifier", "status", "scope"), pl.String),
        **dict.fromkeys(("value", "numerator", "denominator", "lower", "upper"), pl.Float64),
    }
)


def _owed(engine: Engine, period: Period, form: str) -> pl.DataFrame:
    try:
        return queries.expected_units(engine, period.code, form)
    except queries.UnknownPeriodError:  # nobody was ever asked for it, so nobody owes it
        return pl.DataFrame(schema={"unit_id": pl.Int64, "unit": pl.String})


# ------------------------------------------------------------------------------------------------ why not

_EVENT_VI = {"merge": "sáp nhập", "split": "chia tách", "rename": "đổi tên", "reparent": "chuyển cấp trên"}
_EVENT_EN = {"merge": "merger", "split": "split", "rename": "renaming", "reparent": "change of superior"}


def _stops(ground: Ground) -> pl.DataFrame:
    """``unit, stop, hidden, cautions, stop_vi, stop_en`` of every standing unit."""
    split = _crossed(ground)
    untold = _untold(ground).join(split, on="unit", how="anti")
    stopped = pl.concat([split, untold])
    hidden = "now" if ground.is_back else "then"
    cautions = _cautions_below(ground)
    return (
        ground.standing.select("unit")
        .join(stopped, on="unit", how="left")
        .join(cautions, on="unit", how="left")
        .with_columns(hidden=pl.when(pl.col("stop").is_not_null()).then(pl.lit(hidden)))
        .select("unit", "stop", "hidden", pl.col("cautions").fill_null(""), "stop_vi", "stop_en")
    )


def _crossed(ground: Ground) -> pl.DataFrame:
    """``unit, stop, stop_vi, stop_en`` of the units that hold parts of others, each naming the event and its deed."""
    side = "new" if ground.is_back else "old"
    causes = (
        ground.seating.crossed.join(ground.moved.select(moved="unit", code="code", name="name"), on="moved")
        .join(_told(ground.deeds, side), on="moved", how="left")
        .with_columns(pl.col("deed_vi").fill_null("theo cấp trên"), pl.col("deed_en").fill_null("by its superior"))
    )
    vi = "{} ({}) nay gồm cả phần ngoài địa bàn này ({})" if ground.is_back else "chỉ một phần của {} ({}) ở đây ({})"
    en = "{} ({}) now also holds what is not of here ({})" if ground.is_back else "only a part of {} ({}) is here ({})"
    return _listed(
        causes.select(
            "unit",
            vi=pl.format(vi, "name", "code", "deed_vi"),
            en=pl.format(en, "name", "code", "deed_en"),
        ),
        NotComparable.SPLIT,
    )


def _told(deeds: pl.DataFrame, side: str) -> pl.DataFrame:
    """``moved, deed_vi, deed_en``: the events a unit went out of (``old``) or came from (``new``), with documents."""
    day = pl.col("day").dt.strftime("%d/%m/%Y")
    kind_vi, kind_en = (pl.col("kind").replace_strict(words) for words in (_EVENT_VI, _EVENT_EN))
    return (
        deeds.select(
            moved=side,
            deed_vi=pl.format("{} {}, {}", kind_vi, day, "document"),
            deed_en=pl.format("{} {}, {}", kind_en, day, "document"),
        )
        .group_by("moved", maintain_order=True)
        .agg(pl.col("deed_vi", "deed_en").unique(maintain_order=True).str.join("; "))
    )


def _nowhere(ground: Ground) -> pl.DataFrame:
    """``unit``: standing units nothing leads to. Of one that ended within its period what there was before leads past
    it, to what it became: nothing is lacking there."""
    lives = ground.standing.filter(pl.col("until") == ground.standing_period.window.last).select("unit")
    return ground.seating.untold.join(lives, on="unit", how="semi")


def _untold(ground: Ground) -> pl.DataFrame:
    named = _nowhere(ground).join(ground.standing, on="unit")
    if ground.is_back:
        vi, en = "không sự kiện nào ghi {} ({}) đã đi đâu", "no event says where {} ({}) went"
    else:
        vi, en = "không sự kiện nào ghi {} ({}) được lập từ đâu", "no event says what {} ({}) was made of"
    told = named.select("unit", vi=pl.format(vi, "name", "code"), en=pl.format(en, "name", "code"))
    return _listed(told, NotComparable.UNTOLD)


def _listed(causes: pl.DataFrame, stop: NotComparable) -> pl.DataFrame:
    """The first few causes of each unit in one sentence, and how many more there are."""
    rest = pl.len().cast(pl.Int64) - _NAMED
    return (
        causes.sort("unit", "vi")
        .group_by("unit", maintain_order=True)
        .agg(stop_vi=pl.col("vi").head(_NAMED).str.join("; "), stop_en=pl.col("en").head(_NAMED).str.join("; "), n=rest)
        .with_columns(
            stop_vi=pl.when(pl.col("n") > 0)
            .then(pl.format("{}; và {} đơn vị khác", "stop_vi", "n"))
            .otherwise("stop_vi"),
            stop_en=pl.when(pl.col("n") > 0)
            .then(pl.format("{}; and {} more units", "stop_en", "n"))
            .otherwise("stop_en"),
        )
        .select("unit", "stop_vi", "stop_en", stop=pl.lit(stop.value))
    )


def _cautions_below(ground: Ground) -> pl.DataFrame:
    """``unit, cautions``: units below of which nobody says where they are from, or that sit where their superior is."""
    chain = ancestry(ground.standing)
    untold = chain.filter(pl.col("steps") > 0).join(_nowhere(ground), left_on="below", right_on="unit", how="semi")
    adopted = chain.join(ground.seating.adopted.select(below="unit"), on="below", how="semi")
    said = [
        frame.select("unit", caution=pl.lit(code.value)).unique()
        for frame, code in ((untold, Caution.UNTOLD_BELOW), (adopted, Caution.ADOPTED_BELOW))
    ]
    return pl.concat(said).group_by("unit", maintain_order=True).agg(cautions=pl.col("caution").str.join(","))


def _stops_as_filed(ground: Ground, here: dict[str, Any], there: dict[str, Any]) -> pl.DataFrame:
    """The one row of :func:`_stops` for figures as filed: comparable only where the unit stayed itself."""
    unit, seats = here["unit"], ground.seating.seats
    below_then = below(ground.then, there["unit"])
    below_now = seats.join(below(ground.seating.tree, unit), left_on="seat", right_on="unit", how="semi")
    same_below = set(below_then["unit"]) == set(below_now["moved"])
    caution = "" if same_below else Caution.TREE_CHANGED.value
    row = _stops(ground).filter(pl.col("unit") == unit).with_columns(hidden=pl.lit(None, pl.String))
    itself = seats.filter((pl.col("moved") == there["unit"]) & (pl.col("seat") == unit)).height > 0
    if row["stop"][0] is None and not itself:
        row = row.drop("stop", "stop_vi", "stop_en").join(_not_the_same(ground, here), on="unit")
    return row.with_columns(cautions=pl.lit(caution))


def _not_the_same(ground: Ground, here: dict[str, Any]) -> pl.DataFrame:
    """Of what the unit is made, and by which deeds."""
    guests = ground.seating.tree.filter(pl.col("parent") == here["unit"]).select(seat="unit")
    inside = ground.seating.seats.filter(pl.col("seat") == here["unit"]).vstack(
        ground.seating.seats.join(guests, on="seat", how="semi")
    )
    made_of = inside.join(ground.then.select(moved="unit", code="code", name="name"), on="moved").join(
        _told(ground.deeds.filter(pl.col("new") == here["unit"]), "old"), on="moved"
    )
    causes = made_of.select(
        unit=pl.lit(here["unit"]),
        vi=pl.format("nay gồm {} ({}) ({})", "name", "code", "deed_vi"),
        en=pl.format("it now holds {} ({}) ({})", "name", "code", "deed_en"),
    )
    if causes.is_empty():
        vi, en = WORDS[NotComparable.NOT_THE_SAME]
        causes = pl.DataFrame({"unit": [here["unit"]], "vi": [vi], "en": [en]})
    return _listed(causes, NotComparable.NOT_THE_SAME)


# ------------------------------------------------------------------------------------------------ in words


def _in_words(told: pl.DataFrame, catalog: Catalog) -> pl.DataFrame:
    """The frame with ``reason_vi, reason_en, caution_vi, caution_en``; codes stay beside the words."""
    said = told
    for number, language in enumerate(("vi", "en")):
        words = {str(code): pair[number] for code, pair in WORDS.items()}
        never = {
            item.indicator: item.reason_vi if language == "vi" else item.reason_en
            for item in catalog.comparison.not_over_time
        }
        of_indicator = pl.col("indicator").replace_strict(never, default=None, return_dtype=pl.String)
        is_never = pl.col("reason") == NotComparable.NOT_OVER_TIME.value
        of_code = pl.col("reason").replace_strict(words, default=None, return_dtype=pl.String)
        said = said.with_columns(
            pl.coalesce(
                pl.when(pl.col("reason").is_in([str(code) for code in _OF_UNITS])).then(f"stop_{language}"),
                pl.when(is_never).then(of_indicator),
                of_code,
            ).alias(f"reason_{language}"),
            pl.col("cautions")
            .str.split(",")
            .list.eval(pl.element().replace_strict(words, default=None, return_dtype=pl.String))
            .list.drop_nulls()
            .list.join("; ")
            .alias(f"caution_{language}"),
        )
    return said.drop("stop_vi", "stop_en")


_OF_UNITS = (NotComparable.SPLIT, NotComparable.UNTOLD, NotComparable.NOT_THE_SAME)
