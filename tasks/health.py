"""Whether everything is well: settings, definitions, folders, disk, mail; what the warehouse and Prefect know of
themselves is looked at in :mod:`tasks.health_warehouse` and :mod:`tasks.health_prefect`.

Each function looks at one thing and says what it saw in both languages; nothing is ever changed. What a person can mend
is a condition, never an exception.
"""

from __future__ import annotations

import os
import smtplib
import ssl
import stat
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import SecretStr

from catalog import CatalogError
from catalog.register import Said
from domain.act import ActRefusedError
from domain.clock import today
from domain.notice import is_address
from domain.numbers import vi_number
from tasks import places
from tasks.archive import closed
from tasks.condition import Condition, Level, Look
from tasks.health_prefect import prefect_conditions
from tasks.health_warehouse import skew_condition, warehouse_conditions, warehouse_details
from tasks.holidays import to_complete
from tasks.places import advice_on, at_once, is_remote, require
from tasks.settings import Settings
from tasks.store import definitions
from warehouse.engine import unreachable

if TYPE_CHECKING:
    from tasks.places import Place

#: Below this the next quarter's files may not fit; below the second nothing more can be promised.
SCARCE_BYTES, LOW_BYTES = 4 * 1024**3, 1024**3

#: Every file in the archive, and every annotated copy, takes one.
SCARCE_INODES, LOW_INODES = 100_000, 10_000

#: Seconds a mail server is given to say who it is.
MAIL_PATIENCE = 3.0

_PREFIX = "TONGKET_"


def conditions(settings: Settings) -> Iterator[Condition]:
    """Everything, also what takes a moment: the definitions are read, servers are asked, what was frozen is proved."""
    yield from settings_conditions(settings)
    yield definitions_condition(settings)
    yield from holiday_conditions(settings)
    yield workspace_condition(settings)
    if settings.workspace.exists:
        yield from place_conditions(settings, is_thorough=True)
        yield from warehouse_conditions(settings)
        yield from warehouse_details(settings)
        yield from cluster_conditions(settings)
    yield from prefect_conditions(settings)
    yield from mail_conditions(settings)


def cheap_conditions(settings: Settings) -> Iterator[Condition]:
    """What may be asked every few seconds: places, disk, and what the warehouse answers at once."""
    yield workspace_condition(settings)
    if settings.workspace.exists:
        yield from place_conditions(settings)
        yield from warehouse_conditions(settings)


# ------------------------------------------------------------------------------------------------ settings


def settings_conditions(settings: Settings, dotenv: Path = Path(".env")) -> Iterator[Condition]:
    """Variables nobody reads, settings that do not go together, and secrets others can read."""
    look = Look("settings", Said("Cấu hình", "Settings"))
    faults = [*_unknown(look, dotenv), *_unfit(look, settings), *_open_secrets(look, settings, dotenv)]
    yield from faults
    if not faults:
        count = len(_given(dotenv))
        yield look.well(Said(f"{vi_number(count)} biến TONGKET_…", f"{count} variables TONGKET_…"))


def _given(dotenv: Path) -> set[str]:
    """The names of our variables in the environment and in ``.env``."""
    lines = dotenv.read_text(encoding="utf-8").splitlines() if dotenv.is_file() else []
    written = {name.strip().removeprefix("export ").strip() for name, _, _ in (line.partition("=") for line in lines)}
    return {name for name in {*os.environ, *written} if name.upper().startswith(_PREFIX)}


def _unknown(look: Look, dotenv: Path) -> Iterator[Condition]:
    known = [_PREFIX + name.upper() for name in Settings.model_fields]
    for name in sorted(_given(dotenv)):
        if name.upper() in known:
            continue
        near = get_close_matches(name.upper(), known, n=1, cutoff=0.6)
        yield look.attention(
            Said(f"không có cấu hình nào tên {name}", f"there is no setting {name}"),
            Said(f"Ý là {near[0]}?", f"Is {near[0]} meant?") if near else Said("Bỏ biến này", "Remove it"),
        )


def _unfit(look: Look, settings: Settings) -> Iterator[Condition]:
    if settings.smtp_host and not settings.smtp_sender:
        yield look.attention(
            Said("có TONGKET_SMTP_HOST, không có TONGKET_SMTP_SENDER", "TONGKET_SMTP_HOST without TONGKET_SMTP_SENDER"),
            Said("Đặt địa chỉ người gửi: TONGKET_SMTP_SENDER", "Set the sender's address: TONGKET_SMTP_SENDER"),
        )
    elif settings.smtp_host and not is_address(settings.smtp_sender or ""):
        yield look.attention(
            Said("TONGKET_SMTP_SENDER không phải địa chỉ thư", "TONGKET_SMTP_SENDER is no e-mail address"),
            Said("Chỉ ghi địa chỉ, không ghi tên: baocao@tinh.gov.vn", "Give the address alone, without a name"),
        )
    if settings.smtp_security == "none" and settings.smtp_password is not None:
        yield look.attention(
            Said(
                "mật khẩu thư sẽ đi không mã hóa (TONGKET_SMTP_SECURITY=none)",
                "the mail password would travel unencrypted (TONGKET_SMTP_SECURITY=none)",
            ),
            Said("Dùng starttls hoặc tls", "Use starttls or tls"),
        )


def _open_secrets(look: Look, settings: Settings, dotenv: Path) -> Iterator[Condition]:
    """A file with passwords that other users of this machine may read."""
    if not dotenv.is_file() or not stat.S_IMODE(dotenv.stat().st_mode) & (stat.S_IRGRP | stat.S_IROTH):
        return
    written = {name.upper() for name in _given(dotenv)}
    secrets = [name for name in Settings.model_fields if isinstance(getattr(settings, name), SecretStr)]
    held = sorted(_PREFIX + name.upper() for name in secrets if _PREFIX + name.upper() in written)
    if held:
        named = ", ".join(held)
        yield look.attention(
            Said(f"{dotenv.resolve()} có {named} và người khác đọc được", f"{dotenv.resolve()} has {named}, readable"),
            Said(f"Chạy: chmod 600 {dotenv}", f"Run: chmod 600 {dotenv}"),
        )


# ------------------------------------------------------------------------------------------------ definitions, places


def definitions_condition(settings: Settings) -> Condition:
    look = Look("definitions", Said("Bộ định nghĩa", "Definitions"))
    try:
        catalog = definitions(settings)
    except CatalogError as error:
        advice = Said("Chạy: tongket catalog check", "Run: tongket catalog check")
        return look.fault(Said.same(error.faults[0]), advice)
    indicators, rules = len(catalog.indicators), len(catalog.rules)
    return look.well(Said(f"{indicators} chỉ tiêu, {rules} quy tắc", f"{indicators} indicators, {rules} rules"))


def holiday_conditions(settings: Settings) -> Iterator[Condition]:
    """Years whose public holidays are missing or not announced; definitions that do not load are told elsewhere."""
    look = Look("holidays", Said("Ngày nghỉ lễ", "Public holidays"))
    try:
        catalog = definitions(settings)
    except CatalogError:
        return
    found = to_complete(catalog, today())
    advice = Said("Xem docs/schedule.md, mục ngày nghỉ lễ", "See docs/schedule.md, public holidays")
    yield from (look.attention(said, advice) for said in found)
    if not found:
        years = f"{today().year}, {today().year + 1}"
        yield look.well(Said(f"đã có năm {years}", f"known for {years}"))


def workspace_condition(settings: Settings) -> Condition:
    look = Look("workspace", Said("Không gian làm việc", "Workspace"))
    home = Said.same(settings.workspace.home)
    if settings.workspace.exists:
        return look.well(home)
    return look.fault(home, Said("Chạy: tongket init", "Run: tongket init"))


def place_conditions(settings: Settings, *, is_thorough: bool = False) -> Iterator[Condition]:
    """The inbox (``is_thorough``: and each file in it), the archive where it lies elsewhere, and what is left of every
    disk the workspace lies on."""
    looks: list[Callable[[], Condition]] = [lambda: inbox_condition(settings, is_thorough=is_thorough)]
    if settings.archive:
        looks.append(lambda: store_condition(settings))
    yield from at_once(lambda look: look(), looks)  # one store away is two places away: wait once
    seen: set[int] = set()
    for folder in (settings.workspace.home, settings.workspace.archive, settings.workspace.backups):
        if folder.is_dir() and (device := folder.stat().st_dev) not in seen:
            seen.add(device)
            yield disk_condition(folder)


def disk_condition(folder: Path) -> Condition:
    """Room for bytes and for files: a disk that has run out of inodes is full too."""
    look = Look("disk", Said("Đĩa còn trống", "Free disk"))
    room = os.statvfs(folder)
    free, files = room.f_bavail * room.f_frsize, room.f_favail if room.f_files else SCARCE_INODES
    level = max(_scarcity(free, SCARCE_BYTES, LOW_BYTES), _scarcity(files, SCARCE_INODES, LOW_INODES))
    gigabytes = free / 1024**3
    seen = Said(f"{vi_number(round(gigabytes, 1))} GB · {folder}", f"{gigabytes:.1f} GB · {folder}")
    if files < SCARCE_INODES:
        seen = Said(f"{seen.vi} · còn chỗ cho {vi_number(files)} tệp", f"{seen.en} · room for {files:,} files")
    if level is Level.WELL:
        return look.well(seen)
    advice = Said("Dọn đĩa hoặc chuyển TONGKET_HOME", "Free the disk or move TONGKET_HOME")
    return Condition(look.code, look.name, level, seen, advice)


def _scarcity(left: int, scarce: int, low: int) -> Level:
    return Level.FAULT if left < low else Level.ATTENTION if left < scarce else Level.WELL


def inbox_condition(settings: Settings, *, is_thorough: bool) -> Condition:
    """An inbox that is away looks like an empty one to whoever does not ask."""
    look = Look("inbox", Said("Hộp thư", "Inbox"))
    condition = _place_condition(look, lambda: settings.inbox_place)
    if not is_thorough or condition.is_fault:
        return condition
    inbox = settings.inbox_place
    try:
        shut = closed(inbox)
        theirs = places.clock_of(inbox) if is_remote(inbox) else None
    except OSError as error:
        return _away(look, error, inbox)
    if shut:
        return _unreadable(look, shut[0])
    return _skewed(look, inbox, theirs) or condition


def _skewed(look: Look, inbox: Place, theirs: datetime | None) -> Condition | None:
    """A store whose clock is wrong makes reports late that are not, or the other way round."""
    skew = theirs - datetime.now(UTC) if theirs else timedelta()
    seconds = abs(skew.total_seconds())
    seen = Said(
        f"{inbox}: đồng hồ của kho tệp lệch {vi_number(round(seconds))} giây; báo cáo đến lúc nào là theo nó",
        f"{inbox}: the store's clock is {seconds:,.0f} seconds off; when a report came is told by it",
    )
    return skew_condition(look, skew, seen)


def store_condition(settings: Settings) -> Condition:
    """An archive elsewhere that is away is noticed before there is anything to put into it."""
    return _place_condition(Look("store", Said("Kho lưu trữ", "Archive")), lambda: settings.archive_place)


def _place_condition(look: Look, place_of: Callable[[], Place]) -> Condition:
    try:
        place = place_of()
    except ActRefusedError as error:  # the library that speaks to this kind of store is not installed
        install = "make install-server"
        return look.fault(Said(error.vi, error.en), Said(f"Chạy: {install}", f"Run: {install}"))
    try:
        require(place, places.GLANCE)
    except OSError as error:
        return _away(look, error, place)
    return look.well(Said.same(place))


def _away(look: Look, error: OSError, place: Place) -> Condition:
    advice = advice_on(error) if is_remote(place) else None
    if advice is None:
        return _unreadable(look, error.filename or place)
    what = f"{error.filename}: {error.strerror}"
    return look.fault(Said(f"không với tới {what}", f"out of reach: {what}"), Said(*advice))


def _unreadable(look: Look, what: object) -> Condition:
    return look.fault(
        Said(f"không đọc được: {what}", f"cannot be read: {what}"),
        Said("Kiểm tra ổ đĩa mạng, kho S3 và quyền đọc", "Check the network drive, the store and the permissions"),
    )


# ------------------------------------------------------------------------------------------------ the cluster


def cluster_conditions(settings: Settings) -> Iterator[Condition]:
    """Whether the scheduler answers, who takes work, and why the others do not."""
    if not settings.dask:
        return
    from tasks.cluster import looked_at  # loads Dask

    look = Look("cluster", Said("Cụm Dask", "Dask cluster"))
    start = Said("Khởi động lại dask worker ở đó, xem nhật ký của nó", "Start dask worker there again, see its log")
    try:
        fit, unfit = looked_at(settings)
    except ActRefusedError as error:
        yield look.fault(Said(error.vi, error.en), Said("Xem docs/cluster.md", "See docs/cluster.md"))
        return
    except Exception as error:
        if unreachable(error) is None:
            raise
        return  # said of the archive or of the warehouse
    at = f"{vi_number(fit)} máy nhận việc · {settings.dask}", f"{fit} workers take work · {settings.dask}"
    if fit and not unfit:
        yield look.well(Said(*at))
        return
    reasons = ("; ".join(reason) for reason in zip(*unfit, strict=True)) if unfit else ("–", "–")
    seen = Said(*(f"{told}; {reason}" for told, reason in zip(at, reasons, strict=True)))
    yield look.attention(seen, start) if fit else look.fault(seen, start)


# ------------------------------------------------------------------------------------------------ mail


def mail_conditions(settings: Settings) -> Iterator[Condition]:
    """Whether the mail server says who it is, encrypted as the settings ask; nothing is sent, nobody logs in."""
    if not settings.smtp_host:
        return
    look = Look("mail", Said("Máy chủ thư", "Mail server"))
    address = f"{settings.smtp_host}:{settings.smtp_port}"
    try:
        with _greeted(settings) as server:
            server.ehlo()
            if settings.smtp_security == "starttls":
                server.starttls(context=ssl.create_default_context())
    except smtplib.SMTPNotSupportedError:
        yield look.fault(
            Said(f"{address} không nhận STARTTLS", f"{address} offers no STARTTLS"),
            Said("Đặt TONGKET_SMTP_SECURITY=tls hoặc none", "Set TONGKET_SMTP_SECURITY=tls or none"),
        )
    except ssl.SSLError as error:
        yield look.fault(*_untrusted(address, settings.smtp_security, error))
    except (OSError, smtplib.SMTPException) as error:
        yield look.fault(
            Said(f"{address} không trả lời: {error}", f"{address} does not answer: {error}"),
            Said(
                "Kiểm tra TONGKET_SMTP_HOST, cổng (465: TONGKET_SMTP_SECURITY=tls) và tường lửa; thông báo vẫn chờ",
                "Check TONGKET_SMTP_HOST, port (465: TONGKET_SMTP_SECURITY=tls) and firewall; notices wait",
            ),
        )
    else:
        yield look.well(Said.same(address))


def _untrusted(address: str, security: str, error: ssl.SSLError) -> tuple[Said, Said]:
    """The two ways encryption goes wrong: a certificate nobody vouches for, and a port that speaks another language."""
    if isinstance(error, ssl.SSLCertVerificationError):
        why = error.verify_message
        return (
            Said(
                f"chứng thư của {address} không tin được: {why}", f"the certificate of {address} is not trusted: {why}"
            ),
            Said(
                "Ghi đúng tên máy trong chứng thư (TONGKET_SMTP_HOST); chứng thư nội bộ: SSL_CERT_FILE=tệp CA",
                "Name the host as the certificate does (TONGKET_SMTP_HOST); an authority of your own: SSL_CERT_FILE",
            ),
        )
    return (
        Said(f"{address} không nói được {security}: {error}", f"{address} does not speak {security}: {error}"),
        Said(
            "Cổng 465 dùng TONGKET_SMTP_SECURITY=tls, cổng 587 dùng starttls",
            "Port 465 needs TONGKET_SMTP_SECURITY=tls, port 587 starttls",
        ),
    )


def _greeted(settings: Settings) -> smtplib.SMTP:
    host, port = settings.smtp_host or "", settings.smtp_port
    if settings.smtp_security == "tls":
        return smtplib.SMTP_SSL(host, port, timeout=MAIL_PATIENCE, context=ssl.create_default_context())
    return smtplib.SMTP(host, port, timeout=MAIL_PATIENCE)
