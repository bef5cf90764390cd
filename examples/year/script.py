"""The year made from a seed: who sends what on which day, who permits, withdraws, waives, when nobody is there.

The year is 2026: its rules change in October (:mod:`examples.year.definitions`), its units merge in July.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import cached_property

from catalog import Catalog
from catalog.model import UnitEventRecord, UnitRecord
from domain.clock import ZONE
from domain.notice import Contact
from domain.period import Period, PeriodKind
from domain.unit import EventKind, EventShare
from examples.chance import chance
from examples.filing import Filing
from examples.province import SOURCE, Province, make_province, period_before
from examples.reports import Asked, report_of
from examples.year.deeds import (
    Closes,
    Deed,
    Defines,
    Freezes,
    Introduces,
    Looks,
    Outage,
    Permits,
    Registers,
    Reopens,
    Restores,
    Retries,
    Script,
    Sends,
    Waives,
    Wakes,
    Withdraws,
)
from examples.year.slips import slipped
from examples.year.tales import MERGED, RENAMED, TALES, Permit, Restore, Retry, Send, Step, Tale, Waive, Withdraw
from examples.year.yearly import subtree_of, year_of

YEAR = 2026
MERGED_ON, MERGER_RECORDED = date(2026, 7, 1), date(2026, 7, 3)
NEW_SINCE, NEW_RECORDED = date(2026, 4, 1), date(2026, 6, 16)
RENAMED_ON, RENAMING_RECORDED = date(2026, 8, 1), date(2026, 9, 21)
#: The rule that was too strict is mended, and what it had refused is taken up.
MENDED_ON = date(2026, 6, 19)
STRICTER_ON = date(2026, 10, 1)
REOPENED, CLOSED_AGAIN = ("2026-Q2", date(2026, 7, 22)), date(2026, 7, 24)
CONFERENCE = date(2027, 1, 8)

MERGER, RENAMING = "NQ 12/NQ-HĐND", "QĐ 45-QĐ/TU"

#: Days after the last day of a period on which the machine is on.
_AWAKE = (0, 2, 5, 8, 12, 15, 22)
#: Besides: a day before the last, for whoever is too early; and what happens between the periods.
_AWAKE_BESIDES = {"2026-Q2": (-1, 36, 38, 40), "2026-Q3": (7,)}
#: Of the third quarter nobody runs from the day before the last to the third after.
_OUTAGE = ("2026-Q3", -1, 3)

#: One unit of each tale for so many cells.
_CELLS_A_TALE = 60

#: What the committee that speaks for its subtree states; one figure of it is not the sum of its parts.
_SUBTREE_FIELDS = (
    "dissemination_sessions",
    "dissemination_attendees",
    "model_groups",
    "model_group_meetings",
    "registered_deeds",
)
_SUBTREE_OFF = ("dissemination_attendees", 5)


def make_script(catalog: Catalog, seed: int, units: int = 38) -> Script:
    """The year of a province of about ``units`` units. ``catalog``: the shipped definitions."""
    communes = max(4, units // 80)
    province = make_province(seed, communes, units)
    return _Maker(catalog, province, seed).script()


def _at(day: date, hour: int, minute: int = 0, second: int = 0) -> datetime:
    return datetime.combine(day, time(hour, minute, second), ZONE)


@dataclass(frozen=True)
class _Lives:
    """Who a unit was and became. ``sends_as``: the record it sends under."""

    unit: UnitRecord
    since: date
    until: date | None = None

    def lived_on(self, day: date) -> bool:
        return self.since <= day and (self.until is None or day <= self.until)


@dataclass
class _Maker:
    catalog: Catalog
    province: Province
    seed: int

    # -------------------------------------------------------------------------------------------- periods

    @cached_property
    def periods(self) -> dict[str, Period]:
        """``Q1`` … ``Q4`` and ``year``."""
        mine = [p for p in self.catalog.periods(YEAR, "ND09") if p.kind in (PeriodKind.QUARTER, PeriodKind.YEAR)]
        return {("year" if p.kind is PeriodKind.YEAR else f"Q{p.ordinal}"): p for p in mine}

    @cached_property
    def _before(self) -> dict[str, Period]:
        """Code of a period → the one before it."""
        return {period.code: period_before(self.catalog, period) for period in self.periods.values()}

    def _day(self, period: str, offset: int) -> date:
        return self.periods[period].window.last + timedelta(days=offset)

    # -------------------------------------------------------------------------------------------- units

    @cached_property
    def merged(self) -> dict[str, str]:
        """Old code → new code: the first communes, two and two, in both branches; one pair for ten communes."""
        numbers = sorted({unit.code.split(".")[2] for unit in self.province.units if unit.code.startswith("P99.DU.")})
        pairs = max(1, len(numbers) // 10)
        return {
            f"P99.{branch}.{old}": f"P99.{branch}.{900 + pair}"
            for pair in range(pairs)
            for old in numbers[2 * pair : 2 * pair + 2]
            for branch in ("DU", "UB")
        }

    @cached_property
    def _by_code(self) -> dict[str, UnitRecord]:
        return {unit.code: unit for unit in self.province.units}

    @cached_property
    def heirs(self) -> dict[str, UnitRecord]:
        """The units that merge into being, by code."""
        olds: dict[str, list[UnitRecord]] = {}
        for old, new in self.merged.items():
            olds.setdefault(new, []).append(self._by_code[old])
        return {
            new: parts[0].model_copy(
                update={
                    "code": new,
                    "valid_from": MERGED_ON,
                    "name": f"{parts[0].name} – {parts[1].name.split(' ', 2)[2]}",
                    "source": MERGER,
                }
            )
            for new, parts in olds.items()
        }

    @cached_property
    def moved(self) -> tuple[UnitRecord, ...]:
        """Cells of the second commune of each pair that get a row of their own under the new superior; the others
        simply go on, and what their superior went into takes its place."""
        second = {old for number, old in enumerate(self.merged) if old.startswith("P99.DU") and number // 2 % 2}
        cells = [unit for unit in self.province.units if unit.kind == "chi_bo" and unit.parent in second]
        return tuple(cells[::2])

    @cached_property
    def newcomer(self) -> UnitRecord:
        last = max(unit.code for unit in self.province.units if unit.kind == "dang_bo_xa")
        return UnitRecord(
            code="P99.CB.MOI", valid_from=NEW_SINCE, name="Chi bộ Khu công nghiệp mới", kind="chi_bo", parent=last,
            source=SOURCE,
        )  # fmt: skip

    @cached_property
    def cells(self) -> list[UnitRecord]:
        """The cells that tales are told of: those nothing happens to in the register, in an order of chance."""
        apart = {unit.code for unit in self.moved}
        cells = [unit for unit in self.province.units if unit.kind == "chi_bo" and unit.code not in apart]
        chance(self.seed, "tales").shuffle(cells)
        return sorted(cells, key=lambda unit: unit.parent == self.speaker.code)

    @cached_property
    def renamed(self) -> dict[str, UnitRecord]:
        """Old code → the cell as it is now: one mends its report under the new name, one was silent till then."""
        return {
            old.code: old.model_copy(
                update={
                    "code": f"{old.code}.M",
                    "valid_from": RENAMED_ON,
                    "name": f"{old.name} (mới)",
                    "parent": self.merged.get(old.parent or "", old.parent),
                    "source": RENAMING,
                }
            )
            for old in self.cells[-2:]
        }

    @cached_property
    def _was(self) -> dict[str, UnitRecord]:
        """New code → the cell as it was."""
        return {new.code: self._by_code[old] for old, new in self.renamed.items()}

    @cached_property
    def speaker(self) -> UnitRecord:
        """The committee that speaks for its whole subtree in the last quarter."""
        return next(u for u in self.province.units if u.kind.startswith("dang_bo") and u.code not in self.merged)

    @cached_property
    def tales(self) -> dict[str, str]:
        """Unit → tale."""
        times = max(1, len(self.cells) // _CELLS_A_TALE)
        # whom the speaker speaks for reports its last quarter: else its figures are of a part alone
        ordered = sorted(TALES, key=lambda name: "Q4" not in TALES[name])
        names = [name for name in ordered for _ in range(times)]
        if len(names) >= len(self.cells):
            raise ValueError(f"{len(names)} tales need more than {len(self.cells)} cells: ask for more units")
        return {unit.code: name for unit, name in zip(self.cells, names, strict=False)}

    def _sending(self, period: Period) -> Iterator[UnitRecord]:
        """Who sends a report of a period, under the name it knows itself by."""
        day = period.window.last
        for unit in self.province.units:
            if unit.code in self.merged and day >= MERGED_ON and not self._reports_once_more(unit, period):
                continue
            yield self.renamed[unit.code] if unit.code in self.renamed and day > RENAMING_RECORDED else unit
        if day >= NEW_SINCE:
            yield self.newcomer
        if day >= MERGED_ON:
            yield from self.heirs.values()

    def _reports_once_more(self, unit: UnitRecord, period: Period) -> bool:
        """The first committee that is no more reports the quarter in which it ended, for the days it lived."""
        return unit.code == next(iter(self.merged)) and period.window.first < MERGED_ON

    def _children(self, code: str, day: date) -> int:
        """Cells directly below a committee on a day; of one that is no more, as it was left."""
        is_after = day >= MERGED_ON and code not in self.merged
        joined = self.newcomer.parent == code and (day if is_after else min(day, MERGED_ON)) >= NEW_SINCE
        return self._cells_below[is_after].get(code, 0) + joined

    @cached_property
    def _cells_below(self) -> dict[bool, Counter[str]]:
        """Before the merger and after it: committee → cells directly below, without the one that comes in the year."""
        parents = [unit.parent or "" for unit in self.province.units if unit.kind == "chi_bo"]
        return {False: Counter(parents), True: Counter(self.merged.get(parent, parent) for parent in parents)}

    # -------------------------------------------------------------------------------------------- reports

    def _asked(self, unit: UnitRecord, period: Period) -> Asked:
        """What is asked of a unit; a renamed one goes on as it was."""
        self_ = self._was.get(unit.code, unit)
        return Asked(self_, period, self._before[period.code], self.seed, self._children(unit.code, period.window.last))

    def _forms(self, unit: UnitRecord, period: Period) -> list[str]:
        return [item.form for item in self.catalog.owed(unit.kind, period)]

    # -------------------------------------------------------------------------------------------- the year

    def script(self) -> Script:
        deeds: list[Deed] = [*self._reports(), *self._register(), *self._acts(), *self._wakes(), *self._looks()]
        period, first, last = _OUTAGE
        quarter = period.partition("-")[2]
        outage = Outage(_at(self._day(quarter, first), 0), _at(self._day(quarter, last), 23, 59))
        deeds = [d for d in deeds if not (isinstance(d, Wakes) and outage.since <= d.at <= outage.until)]
        deeds.append(Wakes(_at(self._day(quarter, last + 1), 7)))
        roles: dict[str, list[str]] = {}
        for unit, name in self.tales.items():
            roles.setdefault(name, []).append(unit)
        return Script(
            YEAR,
            self.seed,
            self.province,
            tuple(sorted(_at_once(deeds), key=lambda deed: deed.at)),
            (outage,),
            {name: tuple(units) for name, units in roles.items()},
        )

    def _reports(self) -> Iterator[Deed]:
        #: (unit of the beginning, form) → what it stands by, quarter after quarter
        meant: dict[tuple[str, str], list[Filing]] = {}
        for name, period in self.periods.items():
            spoken: dict[str, Filing] = {}
            senders = list(self._sending(period))
            # superiors after those below them: one of them speaks for all
            for number, unit in enumerate(sorted(senders, key=lambda unit: unit.kind != "chi_bo")):
                for form in self._forms(unit, period):
                    key = (self._asked(unit, period).unit.code, form)
                    sound = self._sound(unit, name, form, meant.get(key, []), spoken)
                    told = list(self._told(unit, name, sound, meant.get(key, []), number))
                    yield from (deed for deed, _ in told)
                    stands = [filing for _, filing in told if filing is not None] or [sound]
                    is_own = stands[-1].scope == "own"
                    meant.setdefault(key, []).append(stands[-1] if is_own else self._own(unit, period, form))
                    if unit.parent == self.speaker.code:
                        spoken[unit.code] = stands[-1]

    def _own(self, unit: UnitRecord, period: Period, form: str) -> Filing:
        return replace(report_of(self._asked(unit, period), form), unit=unit.code)

    def _sound(self, unit: UnitRecord, name: str, form: str, before: list[Filing], spoken: dict[str, Filing]) -> Filing:
        period = self.periods[name]
        if name == "year":
            return replace(year_of(before, self._asked(unit, period)), unit=unit.code)
        sound = self._own(unit, period, form)
        if name == "Q4" and unit.code == self.speaker.code:
            figures = subtree_of(list(spoken.values()), _SUBTREE_FIELDS)
            field, off = _SUBTREE_OFF
            figures[field] = int(figures[field]) + off
            return replace(sound, scope="subtree", figures=figures)
        return sound

    def _told(
        self, unit: UnitRecord, name: str, sound: Filing, before: list[Filing], number: int
    ) -> Iterator[tuple[Deed, Filing | None]]:
        """The deeds of a unit's report; beside each file the report it stands by from then on, if it is one."""
        tale = self._tale(unit)
        steps = tale.get(name, (Send(self._usual_day(unit)),))
        minute, second = divmod(number // 2, 60)
        version, last = 0, ""
        for step in steps:
            code = self._called(unit, self._day(name, step.day))
            if isinstance(step, Send):
                version += 1
                kind = "" if sound.form == "review-report" else "_hs"
                file = f"{code}_{sound.period}{kind}_{version}.xlsx"
                told = replace(before[-1] if step.copies else sound, period=sound.period, unit=code)
                filing = slipped(told, step.slips)
                at = _at(self._day(name, step.day), 8 + minute // 60, minute % 60, second)
                yield (
                    Sends(at, file, filing, step.slips, step.damage, last if step.same else ""),
                    filing if step.is_meant else None,
                )
                last = file
            else:
                yield self._act(step, code, name, last), None

    def _called(self, unit: UnitRecord, day: date) -> str:
        """The code a unit reports under on a day: the new one only when it is on record."""
        new = self.renamed.get(unit.code)
        return new.code if new and day > RENAMING_RECORDED else unit.code

    def _tale(self, unit: UnitRecord) -> Tale:
        if unit.code in self.renamed:
            return RENAMED[list(self.renamed).index(unit.code)]
        if unit.code in self.merged:
            return MERGED
        return TALES[self.tales[unit.code]] if unit.code in self.tales else {}

    def _usual_day(self, unit: UnitRecord) -> int:
        return 0 if unit.kind == "chi_bo" else 3

    def _act(self, step: Step, unit: str, name: str, file: str) -> Deed:
        at = _at(self._day(name, step.day), 15)
        match step:
            case Permit():
                return Permits(
                    at, unit, self.periods[name].code, self._day(name, step.until), "mưa lũ, đường bị chia cắt"
                )
            case Withdraw():
                return Withdraws(at, file, "đơn vị báo gửi nhầm")
            case Restore():
                return Restores(at, file, "đơn vị xác nhận số liệu đúng")
            case Waive():
                return Waives(at, file, step.rule, self._day(name, step.until), "đã xác minh với đơn vị")
            case Retry():
                return Retries(at, "gửi sớm, nay kỳ đã hết", (file,))
        raise TypeError(f"no act: {step}")

    # -------------------------------------------------------------------------------------------- the register

    def _register(self) -> Iterator[Deed]:
        units = self.province.units
        yield Registers(_at(date(YEAR, 1, 5), 9), "ban-dau", units, (), "danh mục đầu năm")
        yield Registers(_at(NEW_RECORDED, 9), "chi-bo-moi", (self.newcomer,), (), "bổ sung chi bộ mới lập")
        yield Registers(_at(MERGER_RECORDED, 9), "sap-nhap", *self._merger(), MERGER)
        pairs = [(self._by_code[old], new) for old, new in self.renamed.items()]
        rows = [row for old, new in pairs for row in (_ended(old, RENAMED_ON), new)]
        events = [_event(EventKind.RENAME, old, new, RENAMED_ON, RENAMING) for old, new in pairs]
        yield Registers(_at(RENAMING_RECORDED, 9), "doi-ten", tuple(rows), tuple(events), "ghi muộn việc đổi tên")

    def _contacts(self) -> tuple[Contact, ...]:
        """An administrator, the focal point of the province, and the people of every other cell."""
        told = [unit for unit in self.province.units if unit.kind == "chi_bo"][::2]
        told += [self._by_code[old] for old in self.renamed if self._by_code[old] not in told]
        return (
            Contact("", "admin", "Quản trị", "quan-tri@tinh-mau.example", "vi"),
            Contact("P99.DU", "focal", "Đầu mối tỉnh", "dau-moi@tinh-mau.example", "vi"),
            *(Contact(u.code, "unit", f"Bí thư {u.name}", f"{u.code.lower()}@tinh-mau.example", "vi") for u in told),
        )

    def _merger(self) -> tuple[tuple[UnitRecord, ...], tuple[UnitEventRecord, ...]]:
        ended = [_ended(self._by_code[code], MERGED_ON) for code in self.merged]
        events = [
            _event(EventKind.MERGE, self._by_code[old], self.heirs[new], MERGED_ON, MERGER)
            for old, new in self.merged.items()
        ]
        rows = [*ended, *self.heirs.values()]
        for cell in self.moved:
            under = cell.model_copy(update={"valid_from": MERGED_ON, "parent": self.merged[cell.parent or ""]})
            rows += [_ended(cell, MERGED_ON), under]
            events.append(_event(EventKind.REPARENT, cell, under, MERGED_ON, MERGER))
        return tuple(rows), tuple(events)

    # -------------------------------------------------------------------------------------------- the house

    def _acts(self) -> Iterator[Deed]:
        yield Defines(_at(date(YEAR, 1, 5), 8), "january")
        yield Introduces(_at(date(YEAR, 1, 5), 9, 30), self._contacts(), "danh sách đầu năm")
        yield Defines(_at(MENDED_ON, 9), "june")
        yield Retries(_at(MENDED_ON, 10), "quy tắc quá chặt đã sửa, đơn vị mới đã ghi", mended=True)
        yield Defines(_at(STRICTER_ON, 9), "october")
        period, day = REOPENED
        yield Reopens(_at(day, 14), period, "đơn vị sửa số liệu theo kết luận kiểm tra")
        yield Retries(
            _at(day, 15),
            "kỳ đã mở lại",
            tuple(f"{unit}_{period}_2.xlsx" for unit, tale in self.tales.items() if tale == "after the close"),
        )
        yield Closes(_at(CLOSED_AGAIN, 16), period, "đã sửa xong")
        yield Freezes(_at(CONFERENCE, 9), YEAR, "P99.DU", "chốt số liệu hội nghị tổng kết")

    def _wakes(self) -> Iterator[Wakes]:
        yield Wakes(_at(date(YEAR, 1, 5), 10))
        for quarter in ("Q1", "Q2", "Q3", "Q4"):
            period = self.periods[quarter]
            for day in (*_AWAKE, *_AWAKE_BESIDES.get(period.code, ())):
                yield Wakes(_at(period.window.last + timedelta(days=day), 20))

    def _looks(self) -> Iterator[Looks]:
        for quarter in ("Q1", "Q2", "Q3", "Q4"):
            yield Looks(_at(self._day(quarter, 6), 23), f"giữa đợt {quarter}")
            yield Looks(_at(self._day(quarter, 23), 23), f"sau đợt {quarter}")
        yield Looks(_at(CLOSED_AGAIN, 23), "kỳ mở lại đã đóng")
        yield Looks(_at(CONFERENCE, 23), "cuối năm")


def _at_once(deeds: list[Deed]) -> Iterator[Deed]:
    """The deeds, with what is to be judged anew at one moment for one reason in one."""
    asked: dict[tuple[datetime, str], list[Retries]] = {}
    for deed in deeds:
        if isinstance(deed, Retries):
            asked.setdefault((deed.at, deed.reason), []).append(deed)
        else:
            yield deed
    for same in asked.values():
        yield replace(same[0], files=tuple(file for deed in same for file in deed.files))


def _ended(unit: UnitRecord, day: date) -> UnitRecord:
    """The row of a unit that lived up to the day before."""
    return unit.model_copy(update={"valid_to": day - timedelta(days=1)})


def _event(kind: EventKind, old: UnitRecord, new: UnitRecord, day: date, document: str) -> UnitEventRecord:
    return UnitEventRecord(
        kind=kind, day=day, old_code=old.code, old_valid_from=old.valid_from, new_code=new.code,
        new_valid_from=new.valid_from, share=EventShare.FULL, document=document,
    )  # fmt: skip
