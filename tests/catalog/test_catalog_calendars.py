"""The two calendars: which days a label names, when a report is due, and what may be added."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from catalog.calendars import periods_of
from catalog.holidays import MONDAY_TO_FRIDAY, HolidayYear, WorkingDays
from catalog.model import Calendar
from catalog.read import Reader
from domain.period import Period, PeriodKind, Window, WindowError, add_windows
from tests.catalog.walls import is_worked, working_day

YEARS = (2020, 2023, 2024, 2025, 2026, 2028)


@pytest.fixture(scope="module")
def calendars() -> dict[str, Calendar]:
    from catalog.load import DATA

    reader = Reader(DATA)
    loaded = {calendar.id: calendar for calendar in reader.items(Calendar, "calendars.yaml")}
    assert reader.faults == []
    return loaded


@pytest.fixture(scope="module")
def working() -> WorkingDays:
    from catalog.load import DATA

    return WorkingDays(tuple(Reader(DATA).items(HolidayYear, "holidays.yaml")))


def _by_code(calendar: Calendar, year: int) -> dict[str, Period]:
    return {period.code: period for period in periods_of(calendar, year, MONDAY_TO_FRIDAY)}


@pytest.mark.parametrize(
    ("code", "first", "last"),
    [
        ("2025-Q1", date(2024, 12, 15), date(2025, 3, 14)),
        ("2025-Q2", date(2025, 3, 15), date(2025, 6, 14)),
        ("2025-Q3", date(2025, 6, 15), date(2025, 9, 14)),
        ("2025-Q4", date(2025, 9, 15), date(2025, 12, 14)),
        ("2025-H1", date(2024, 12, 15), date(2025, 6, 14)),
        ("2025-H2", date(2025, 6, 15), date(2025, 12, 14)),
        ("2025-9M", date(2024, 12, 15), date(2025, 9, 14)),
        ("2025", date(2024, 12, 15), date(2025, 12, 14)),
        ("2025-M01", date(2024, 12, 15), date(2025, 1, 14)),
        ("2025-M04", date(2025, 3, 15), date(2025, 4, 14)),
    ],
)
def test_decree_09_windows_of_2025(calendars: dict[str, Calendar], code: str, first: date, last: date) -> None:
    assert _by_code(calendars["ND09"], 2025)[code].window == Window(first, last)


@pytest.mark.parametrize(
    ("code", "first", "last"),
    [
        ("2023-M04@CALENDAR", date(2023, 4, 1), date(2023, 4, 30)),
        ("2023-Q1@CALENDAR", date(2023, 1, 1), date(2023, 3, 31)),
        ("2023-9M@CALENDAR", date(2023, 1, 1), date(2023, 9, 30)),
        ("2023@CALENDAR", date(2023, 1, 1), date(2023, 12, 31)),
    ],
)
def test_calendar_months_bear_a_suffix(calendars: dict[str, Calendar], code: str, first: date, last: date) -> None:
    assert _by_code(calendars["CALENDAR"], 2023)[code].window == Window(first, last)


def test_the_leap_day_belongs_to_exactly_one_month(calendars: dict[str, Calendar]) -> None:
    leap = date(2024, 2, 29)
    for calendar, expected in (("ND09", "2024-M03"), ("CALENDAR", "2024-M02@CALENDAR")):
        months = [p for p in periods_of(calendars[calendar], 2024, MONDAY_TO_FRIDAY) if p.kind is PeriodKind.MONTH]
        assert [month.code for month in months if leap in month.window] == [expected]


@pytest.mark.parametrize("year", YEARS)
@pytest.mark.parametrize(
    ("whole", "parts"),
    [
        ("-H1", ("-Q1", "-Q2")),
        ("-H2", ("-Q3", "-Q4")),
        ("-9M", ("-H1", "-Q3")),
        ("", ("-Q1", "-Q2", "-Q3", "-Q4")),
        ("", tuple(f"-M{month:02d}" for month in range(1, 13))),
    ],
)
@pytest.mark.parametrize("calendar", ["ND09", "CALENDAR"])
def test_parts_tile_the_whole(
    calendars: dict[str, Calendar], calendar: str, year: int, whole: str, parts: tuple[str, ...]
) -> None:
    suffix = "" if calendar == "ND09" else "@CALENDAR"
    periods = _by_code(calendars[calendar], year)
    tiles = [periods[f"{year}{part}{suffix}"].window for part in parts]
    assert add_windows(tiles) == periods[f"{year}{whole}{suffix}"].window


def test_a_year_begins_the_day_after_the_last_one_ended(calendars: dict[str, Calendar]) -> None:
    for calendar, suffix in (("ND09", ""), ("CALENDAR", "@CALENDAR")):
        before = _by_code(calendars[calendar], 2024)[f"2024{suffix}"].window
        after = _by_code(calendars[calendar], 2025)[f"2025{suffix}"].window
        assert after.first - before.last == timedelta(days=1)


def test_windows_of_two_calendars_are_not_added(calendars: dict[str, Calendar]) -> None:
    decree = _by_code(calendars["ND09"], 2025)
    months = _by_code(calendars["CALENDAR"], 2025)
    with pytest.raises(WindowError, match="days are missing"):
        add_windows([decree["2025-Q1"].window, months["2025-Q2@CALENDAR"].window])
    with pytest.raises(WindowError, match="overlap"):
        add_windows([months["2025-Q1@CALENDAR"].window, decree["2025-Q2"].window])


@pytest.mark.parametrize("year", YEARS)
def test_provinces_report_by_the_25th_and_lower_levels_earlier(calendars: dict[str, Calendar], year: int) -> None:
    """Nghị định 09/2019, Điều 13 (the 25th) and Điều 8 (a working day at least, a deadline for every level)."""
    for period in periods_of(calendars["ND09"], year, MONDAY_TO_FRIDAY):
        due = [period.due[level] for level in ("cell", "base", "commune", "district", "province")]
        assert period.cutoff < due[0]
        assert due == sorted(set(due)), period.code
        assert due[-1] <= period.window.last.replace(day=25), period.code
        assert all(day.weekday() < 5 for day in due)


@pytest.mark.parametrize("year", range(2025, 2031))
def test_the_25th_holds_around_tet_too(calendars: dict[str, Calendar], working: WorkingDays, year: int) -> None:
    """Where holidays leave too few days nobody is due after the last working day up to the 25th, and all have one."""
    for period in periods_of(calendars["ND09"], year, working):
        due = list(period.due.values())
        assert due == sorted(due), period.code
        assert working_day(period.cutoff, 1) <= due[0], period.code
        assert due[-1] <= period.window.last.replace(day=25), period.code
        assert all(map(is_worked, due)), period.code


def test_the_deadlines_of_tet_2026_by_hand(calendars: dict[str, Calendar], working: WorkingDays) -> None:
    """14/2 is a Saturday; nobody works before Monday 23/2, three working days are left to the 25th."""
    due = {period.code: period.due for period in periods_of(calendars["ND09"], 2026, working)}
    days = {"cell": 23, "base": 24, "commune": 25, "district": 25, "province": 25}
    assert due["2026-M02"] == {level: date(2026, 2, day) for level, day in days.items()}
    of_months = {period.code: period.due for period in periods_of(calendars["CALENDAR"], 2026, working)}
    assert of_months["2026-M01@CALENDAR"]["province"] == date(2026, 2, 10), "before Tết"
    assert of_months["2026-M08@CALENDAR"]["cell"] == date(2026, 9, 3), "after 1 and 2 September"
    all_away = WorkingDays((_year_off(date(2026, 2, 15), date(2026, 3, 3)),))
    late = {period.code: period.due for period in periods_of(calendars["ND09"], 2026, all_away)}["2026-M02"]
    assert set(late.values()) == {date(2026, 3, 4)}, "one working day is left to everybody, if past the 25th"


def _year_off(first: date, last: date) -> HolidayYear:
    days = [first + timedelta(days=step) for step in range((last - first).days + 1)]
    off = {"label_vi": "nghỉ", "label_en": "off", "days": days}
    return HolidayYear.model_validate({"year": 2026, "status": "reckoned", "source": "thử", "days_off": [off]})


def test_labels_say_which_half_and_which_month(calendars: dict[str, Calendar]) -> None:
    periods = _by_code(calendars["ND09"], 2025)
    labels = {code: (periods[code].label_vi, periods[code].label_en) for code in ("2025-H2", "2025-Q1", "2025-M04")}
    assert labels == {
        "2025-H2": ("6 tháng cuối năm 2025", "Second half of 2025"),
        "2025-Q1": ("Quý 1 năm 2025", "Quarter 1 of 2025"),
        "2025-M04": ("Tháng 4 năm 2025", "April 2025"),
    }


def test_names_must_cover_every_start(calendars: dict[str, Calendar]) -> None:
    half = next(pattern for pattern in calendars["ND09"].patterns if pattern.kind is PeriodKind.HALF)
    with pytest.raises(ValueError, match="a name is needed for each of the 2 starts"):
        type(half).model_validate(half.model_dump() | {"names_vi": ("đầu",)})
