"""What the warehouse says of itself: schema, clock, runs, periods, what waits, backups, what was frozen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from catalog import Catalog, CatalogError
from catalog.occasions import CUTOFF, occasions
from catalog.register import Said
from domain import clock
from domain.act import ActRefusedError
from domain.life import Life
from domain.notice import NoticeState
from domain.numbers import vi_number
from domain.occasion import Occasion, OccasionKind
from tasks import keeping
from tasks.archive import find
from tasks.condition import Condition, Look
from tasks.conference import verify
from tasks.occasions import all_due, left_open
from tasks.periods import interrupted
from tasks.places import GLANCE, missing, require
from tasks.settings import Settings
from tasks.store import definitions, engine_for
from warehouse import intake, leases, migrate, operations, schedule
from warehouse.conferences import conferences
from warehouse.engine import Engine, is_postgres, missing_file, prove_writable, safe_url, unreachable

#: Clocks that differ by more than the first deserve a look; by more than the second they are wrong.
SKEW, WRONG_SKEW = timedelta(seconds=5), timedelta(seconds=60)

#: No run takes as long as this.
LONG_RUN = timedelta(hours=6)

#: Closing a period is a collection and a report.
LONG_CLOSING = timedelta(hours=6)

#: What is opened again is opened for some days.
LONG_OPEN = timedelta(days=7)

#: A notice that has waited for longer than this is not going out; one that was handed over that long ago got no answer.
LONG_WAIT, NO_ANSWER = timedelta(hours=2), timedelta(minutes=15)

#: What falls due is done a moment later, or when the run before it is over.
GRACE = timedelta(hours=1)

#: No calendar goes longer than this without a period's end.
_AHEAD = timedelta(days=400)

#: A backup a week, and a day to make it.
OLD_BACKUP = timedelta(days=8)

_INGEST = Said("Chạy: tongket ingest (tự lấy lại việc dở dang)", "Run: tongket ingest (takes up what was left)")


def warehouse_conditions(settings: Settings) -> Iterator[Condition]:
    """Whether it answers, can be written to, and has the program's schema; if so, what it says at once."""
    look = Look("warehouse", Said("Kho số liệu", "Warehouse"))
    if (gone := missing_file(settings.url)) is not None:  # whoever connected would make an empty one in its place
        yield look.fault(
            Said(f"không thấy tệp {gone}", f"the file {gone} is not there"),
            Said(
                "Ổ đĩa chưa gắn hay tệp bị chuyển đi thì đưa lại; kho mới: tongket init",
                "Bring the disk or the file back; for a new one: tongket init",
            ),
        )
        return
    try:
        engine = engine_for(settings.url)
        schema = migrate.current(engine)
        prove_writable(engine)  # however readily it answers, one that cannot be written to is not well
    except Exception as error:
        cause = unreachable(error)
        if cause is None:
            raise
        yield look.fault(
            Said(f"Kho số liệu không trả lời: {cause}", f"The warehouse did not answer: {cause}"),
            Said(
                "Kiểm tra máy chủ, quyền ghi, chỗ trống và TONGKET_WAREHOUSE_URL",
                "Check the server, permissions, free disk and TONGKET_WAREHOUSE_URL",
            ),
        )
        return
    yield look.well(Said.same(safe_url(settings.url)))
    yield schema_condition(schema)
    if schema == migrate.head():
        yield from _at_once(settings, engine)


def schema_condition(schema: str | None) -> Condition:
    look = Look("schema", Said("Phiên bản kho", "Schema"))
    head = migrate.head()
    if schema == head:
        return look.well(Said.same(schema))
    seen = Said(f"{schema or 'trống'}, chương trình cần {head}", f"{schema or 'empty'}, the program needs {head}")
    if schema is None or schema in migrate.known():
        return look.fault(seen, Said("Chạy: tongket init", "Run: tongket init"))
    return look.fault(
        Said(f"{schema}, mới hơn chương trình ({head})", f"{schema}, newer than the program ({head})"),
        Said("Cập nhật chương trình trên máy này", "Update the program on this machine"),
    )


def _at_once(settings: Settings, engine: Engine) -> Iterator[Condition]:
    yield from clock_conditions(engine)
    yield from runs_conditions(engine)
    yield periods_condition(settings, engine)
    yield notices_condition(engine)
    yield from occasion_conditions(settings, engine)


def warehouse_details(settings: Settings) -> Iterator[Condition]:
    """What has to be looked for: archived files, backups, what was frozen. Nothing where the warehouse is not well."""
    if missing_file(settings.url) is not None:
        return  # said by warehouse_conditions
    try:
        engine = engine_for(settings.url)
        if not migrate.is_current(engine):
            return
    except Exception as error:
        if unreachable(error) is None:
            raise
        return  # said by warehouse_conditions
    yield archive_condition(settings, engine)
    yield backup_condition(settings, engine)
    yield from conference_conditions(engine)


# ------------------------------------------------------------------------------------------------ clocks


def clock_conditions(engine: Engine) -> Iterator[Condition]:
    """The machine's clock against the warehouse's, and against what was written down before."""
    look = Look("clock", Said("Đồng hồ", "Clock"))
    skew = _skew(engine) if is_postgres(engine) else timedelta()
    seconds = abs(skew.total_seconds())
    differs = Said(f"lệch {vi_number(round(seconds, 1))} giây so với kho", f"{seconds:.1f} seconds off the warehouse's")
    skewed = skew_condition(look, skew, differs)
    if skewed is not None:
        yield skewed
    newest = operations.newest(engine)
    present = max(clock.now(), datetime.now(UTC))
    if newest is not None and newest.at > present + WRONG_SKEW:
        yield look.fault(
            Said(
                f"kho có mốc {_shown(newest.at)} (bảng {newest.table}) ở tương lai: đồng hồ đã lùi hoặc từng chạy sai",
                f"the warehouse bears {_shown(newest.at)} (table {newest.table}): the clock went back, or was wrong",
            ),
            Said("Chỉnh giờ máy trước khi chạy tiếp", "Set the machine's clock before anything runs"),
        )
    elif skewed is None:
        here = datetime.now().astimezone()
        zone = f"{here:%H:%M:%S %z}"
        yield look.well(Said(f"{zone} · hạn tính theo {clock.ZONE.key}", f"{zone} · deadlines by {clock.ZONE.key}"))


def skew_condition(look: Look, skew: timedelta, seen: Said) -> Condition | None:
    """How bad it is that a clock is that far off this machine's; ``None``: it is not."""
    if abs(skew) <= SKEW:
        return None
    ntp = Said("Bật đồng bộ giờ (NTP) trên mọi máy", "Synchronise the clocks (NTP) of all machines")
    return look.fault(seen, ntp) if abs(skew) > WRONG_SKEW else look.attention(seen, ntp)


def _skew(engine: Engine) -> timedelta:
    """How far the warehouse is ahead, judged by the middle of the question's time."""
    before = datetime.now(UTC)
    theirs = operations.clock_of(engine)
    after = datetime.now(UTC)
    return theirs - (before + (after - before) / 2)


def _shown(moment: datetime) -> str:
    return f"{moment.astimezone(clock.ZONE):%d/%m/%Y %H:%M:%S}"


# ------------------------------------------------------------------------------------------------ runs, periods


def runs_conditions(engine: Engine) -> Iterator[Condition]:
    """Runs that say they are running, whether they are, and whether what waits has somebody who works on it."""
    look = Look("runs", Said("Lượt chạy", "Runs"))
    runs = leases.running_now(engine)
    dead = [run for run in runs if not run.is_alive]
    alive = len(runs) - len(dead)
    old = [run for run in runs if run.is_alive and datetime.now(UTC) - run.started_at > LONG_RUN]
    seen = Said(f"{alive} đang chạy, {len(dead)} bị ngắt", f"{alive} running, {len(dead)} died")
    if dead:
        yield look.fault(seen, _INGEST)
    elif old:
        where = f"{old[0].kind} · {old[0].host} · {old[0].pid}"
        yield look.attention(
            Said(f"chạy quá 6 giờ: {where}", f"running for over 6 hours: {where}"),
            Said("Xem tiến trình ấy còn làm việc không", "See whether that process still works"),
        )
    else:
        yield look.well(seen)
    left, waits = operations.waiting(engine), Look("waiting", Said("Báo cáo đang chờ xử lý", "Submissions waiting"))
    if left.count and not alive:
        yield waits.fault(Said.same(left.count), Said("Chạy: tongket ingest", "Run: tongket ingest"))
    else:
        yield waits.well(Said.same(left.count))


def periods_condition(settings: Settings, engine: Engine) -> Condition:
    """A period that is being closed is closed soon, or whoever closed it died."""
    look = Look("periods", Said("Kỳ báo cáo", "Periods"))
    present = clock.now()
    periods = operations.periods_now(engine, present)
    slow = [
        period.code
        for period in periods
        if period.life is Life.CLOSING and period.since is not None and present - period.since > LONG_CLOSING
    ]
    stuck = sorted({*interrupted(settings), *slow})
    if stuck:
        named = ", ".join(stuck)
        return look.fault(
            Said(f"đóng dở, không lượt nào làm tiếp: {named}", f"left half closed: {named}"),
            Said(
                f'Đóng lại: tongket period close {stuck[0]} --reason "…"',
                f'Close it again: tongket period close {stuck[0]} --reason "…"',
            ),
        )
    return _left_open_condition(settings, look, present) or _taking_condition(look, periods)


def _taking_condition(look: Look, periods: Sequence[operations.PeriodNow]) -> Condition:
    taking = [period.code for period in periods if period.life is not Life.CLOSED]
    named = ", ".join(taking)
    return look.well(Said(f"đang nhận: {named or 'không kỳ nào'}", f"open: {named or 'none'}"))


def _left_open_condition(settings: Settings, look: Look, present: datetime) -> Condition | None:
    """A period that was opened again is closed by whoever opened it, unless that is forgotten."""
    try:
        left = [item for item in left_open(settings) if present - item.since > LONG_OPEN]
    except CatalogError:
        return None  # said by definitions_condition
    if not left:
        return None
    first = left[0].period
    named = ", ".join(f"{item.period} ({item.since.astimezone(clock.ZONE):%d/%m/%Y})" for item in left)
    return look.attention(
        Said(f"mở lâu rồi mà lịch không đóng: {named}", f"open for long, and the schedule does not close it: {named}"),
        Said(
            f'Xong thì đóng: tongket period close {first} --reason "…"',
            f'When it is enough: tongket period close {first} --reason "…"',
        ),
    )


def occasion_conditions(settings: Settings, engine: Engine) -> Iterator[Condition]:
    """What the calendar asked for and nobody did, and when it next cuts off; nothing before the schedule is kept."""
    look = Look("calendar", Said("Lịch báo cáo", "Reporting calendar"))
    try:
        catalog, present = definitions(settings), clock.now()
    except CatalogError:
        return  # said by definitions_condition
    coming = next_cutoff(catalog, present)
    nearest = Said("–", "–")
    if coming is not None:
        at = f"{coming.period} · {_shown(coming.at)}"
        nearest = Said(f"hạn chốt tới: {at}", f"next cut-off: {at}")
    if schedule.schedule_since(engine) is None:
        told = Said(f"chưa chạy theo lịch; {nearest.vi}", f"no schedule is kept; {nearest.en}")
        yield look.well(told)
        return
    late = overdue(settings, present)
    if not late:
        yield look.well(nearest)
        return
    first = f"{late[0].kind} {late[0].period}"
    yield look.fault(
        Said(
            f"{vi_number(len(late))} việc quá giờ chưa làm, từ {_shown(late[0].at)}: {first}",
            f"{len(late):,} overdue since {_shown(late[0].at)}: {first}",
        ),
        Said(
            "Chạy: tongket serve (làm bù một lần); xem: tongket schedule",
            "Run: tongket serve (makes up for all at once); see: tongket schedule",
        ),
    )


def overdue(settings: Settings, moment: datetime) -> list[Occasion]:
    """What fell due long enough before ``moment`` that it should have been done, the oldest first; what was to be done
    before the schedule was kept had no time before that."""
    since = schedule.schedule_since(engine_for(settings.url))
    if since is None or since > moment - GRACE:
        return []
    return all_due(settings, moment - GRACE)


def next_cutoff(catalog: Catalog, moment: datetime) -> Occasion | None:
    """The next last collection of a period."""
    coming = occasions(catalog, moment, moment + _AHEAD)
    return next((item for item in coming if item.kind is OccasionKind.COLLECT and item.label == CUTOFF), None)


def notices_condition(engine: Engine) -> Condition:
    """Notices nobody knows the fate of, that cannot go out, or that were refused."""
    look = Look("notices", Said("Thông báo", "Notices"))
    present = clock.now()
    counts = operations.notices_by_state(engine)
    unknown = operations.notices_since(engine, NoticeState.SENDING, present - NO_ANSWER)
    late = operations.notices_since(engine, NoticeState.WAITING, present - LONG_WAIT)
    refused = counts[NoticeState.REFUSED.value]
    if unknown:
        return look.attention(
            Said(f"{unknown} thông báo không rõ đã đi chưa", f"whether {unknown} notices left is not known"),
            Said(
                "Hỏi người nhận (tongket notices list --state sending); chưa đến: notices resend, đã đến: notices drop",
                "Ask whom it went to (tongket notices list --state sending): notices resend if it did not, else drop",
            ),
        )
    if late:
        return look.attention(
            Said(f"{late} thông báo chờ gửi quá 2 giờ", f"{late} notices have waited for over 2 hours"),
            Said("Xem máy chủ thư, rồi: tongket notices send", "See to the mail server, then: tongket notices send"),
        )
    if refused:
        return look.attention(
            Said(f"{refused} thông báo bị từ chối", f"{refused} notices were refused"),
            Said(
                "Sửa địa chỉ (tongket contacts import) rồi notices resend; đã báo cách khác: tongket notices drop",
                "Mend the address (tongket contacts import), then notices resend; told otherwise: tongket notices drop",
            ),
        )
    sent, waiting = counts[NoticeState.SENT.value], counts[NoticeState.WAITING.value]
    return look.well(Said(f"{vi_number(sent)} đã gửi, {vi_number(waiting)} chờ", f"{sent:,} sent, {waiting:,} waiting"))


# ------------------------------------------------------------------------------------------------ what is kept


def archive_condition(settings: Settings, engine: Engine) -> Condition:
    """Reports that wait and whose bytes are not where they were kept."""
    look = Look("archive", Said("Tệp lưu trữ của báo cáo đang chờ", "Archived files of what waits"))
    pending = intake.pending(engine)
    try:
        if pending:
            require(settings.archive_place, GLANCE)  # of a store that is away each file would be asked for in vain
        found = missing([find(settings.archive_place, item.archive_path) for item in pending])
    except (OSError, ActRefusedError) as error:
        return look.fault(
            Said(f"không với tới: {error}", f"out of reach: {error}"),
            Said("Kiểm tra TONGKET_ARCHIVE và quyền đọc", "Check TONGKET_ARCHIVE and the permissions"),
        )
    gone = [pending[at] for at in found]
    if not gone:
        return look.well(Said("đủ", "all there"))
    first = f"{gone[0].submission_id} · {gone[0].archive_path}"
    return look.fault(
        Said(f"thiếu {len(gone)}: {first}", f"{len(gone)} missing: {first}"),
        Said(
            'Khôi phục tệp từ bản sao lưu, hoặc rút báo cáo: tongket withdraw SỐ --reason "…"',
            'Bring the file back from a backup, or withdraw the report: tongket withdraw ID --reason "…"',
        ),
    )


def backup_condition(settings: Settings, engine: Engine) -> Condition:
    """How old the last backup is, and whether it can be read; a workspace without reports has nothing to lose."""
    look = Look("backup", Said("Sao lưu", "Backup"))
    make = Said("Chạy: tongket backup", "Run: tongket backup")
    last = keeping.last_backup(settings)
    if last is None:
        if not operations.has_reports(engine):
            return look.well(Said("chưa có gì để sao lưu", "nothing to back up yet"))
        folder = settings.workspace.backups
        return look.attention(Said(f"chưa có bản nào trong {folder}", f"none in {folder}"), make)
    try:
        moment = keeping.moment_of(last)
    except ActRefusedError as error:
        return look.fault(Said(f"{last.name}: {error.vi}", f"{last.name}: {error.en}"), make)
    return _age_condition(look, last, moment, make)


def _age_condition(look: Look, last: Path, moment: datetime, make: Said) -> Condition:
    age = datetime.now(UTC) - moment
    seen = Said(f"{last.name} · {age.days} ngày trước", f"{last.name} · {age.days} days ago")
    return look.attention(seen, make) if age > OLD_BACKUP else look.well(seen)


def conference_conditions(engine: Engine) -> Iterator[Condition]:
    """Every frozen conference is what was frozen: each seal is computed anew."""
    look = Look("conferences", Said("Số liệu đã chốt", "Frozen figures"))
    frozen = [item.code for item in conferences(engine) if item.is_frozen]
    harmed = [code for code in frozen if not verify(engine, code).holds]
    if harmed:
        yield look.fault(
            Said(f"đã bị thay đổi: {', '.join(harmed)}", f"harmed: {', '.join(harmed)}"),
            Said(
                f"Xem: tongket conference verify {harmed[0]}; khôi phục bản sao lưu",
                f"See: tongket conference verify {harmed[0]}; bring back a backup",
            ),
        )
    elif frozen:
        yield look.well(Said(f"{len(frozen)} hội nghị nguyên vẹn", f"{len(frozen)} conferences intact"))
