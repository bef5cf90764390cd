"""Faults of the surroundings, said in a sentence; anything else is a fault of the program and keeps its traceback."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from console.words import say

#: Database faults that a person can mend outside the program, by name, so that the help loads no database library.
_OF_THE_DATABASE = (
    "OperationalError",
    "InterfaceError",
    "DatabaseError",
    "InternalError",
    "ArgumentError",
    "TimeoutError",
)

#: What a database says, and what a person has to do.
_CAUSES = {
    "readonly database": say(
        "Kho số liệu chỉ đọc. Kiểm tra quyền ghi của tệp và thư mục rồi chạy lại; chưa có gì bị ghi dở.",
        "The warehouse's file is read-only. Check its permissions and try again; nothing is half-written.",
    ),
    "disk is full": say(
        "Đĩa đầy. Giải phóng chỗ rồi chạy lại; chưa có gì bị ghi dở.",
        "The disk is full. Free some of it and try again; nothing is half-written.",
    ),
    "disk I/O error": say(
        "Đĩa không ghi được: đầy hoặc hỏng. Kiểm tra đĩa rồi chạy lại; chưa có gì bị ghi dở.",
        "The disk cannot be written: it is full or failing. Check it and try again; nothing is half-written.",
    ),
}

#: Refusals of the warehouse that name what is wrong in words of their own.
_OF_THE_ADDRESS = ("UnsupportedUrlError", "MissingDriver")

#: How Prefect says that its server is out of reach.
_OF_PREFECT = ("Failed to reach API", "Timed out while attempting to connect to ephemeral Prefect API server")


def explain(error: Exception) -> str | None:
    """The sentence for a fault a person can mend, or ``None``."""
    from pydantic import ValidationError
    from pydantic_settings import SettingsError

    from catalog import CatalogError
    from domain.act import ActRefusedError

    if isinstance(error, ActRefusedError):
        return say(error.vi, error.en)
    if isinstance(error, CatalogError):
        return _listed(say("Bộ định nghĩa có lỗi:", "The definitions do not hold together:"), error.faults)
    if isinstance(error, ValidationError) and error.title == "Settings":
        return _listed(say("Cấu hình sai:", "A setting is wrong:"), map(_setting_fault, error.errors()))
    if isinstance(error, SettingsError):
        return say(f"Cấu hình sai: {error}", f"A setting is wrong: {error}")
    if type(error).__name__ == "UnknownPeriodError":  # named, so that a short command need not load the warehouse
        return say("Kho chưa có kỳ này; xem các kỳ: tongket status", "The warehouse has no such period: tongket status")
    if type(error).__name__ == "ClusterLostError":
        lost: Any = error
        return say(lost.vi, lost.en)
    if isinstance(error, OSError):
        return _explain_file(error)
    return _explain_warehouse(error)


def _listed(title: str, places: Iterable[object]) -> str:
    return "\n".join([title, *(f"  {place}" for place in places)])


def _setting_fault(item: Any) -> str:
    """Without the value that was given: it may be a secret."""
    return f"TONGKET_{str(item['loc'][0]).upper()}: {item['msg']}"


def _explain_file(error: OSError) -> str:
    cause = error.strerror or str(error)
    if error.filename is None:
        return say(f"Hệ thống từ chối: {cause}", f"The system refused: {cause}")
    said = say(f"Không mở hoặc ghi được {error.filename}: {cause}", f"Cannot open or write {error.filename}: {cause}")
    from tasks.places import advice_on

    advice = advice_on(error)
    return f"{said}. {say(*advice)}" if advice else said


def _explain_warehouse(error: Exception) -> str | None:
    kind = type(error)
    if kind.__module__.startswith(("sqlalchemy", "sqlite3", "psycopg")) and kind.__name__ in _OF_THE_DATABASE:
        cause = str(getattr(error, "orig", error)).strip().splitlines()[0]
        for sign, advice in _CAUSES.items():
            if sign in cause:
                return f"{advice} ({cause})"
        return say(
            f"Kho số liệu không trả lời: {cause}. Kiểm tra TONGKET_WAREHOUSE_URL rồi chạy lại; chưa có gì bị ghi dở.",
            f"The warehouse did not answer: {cause}. Check TONGKET_WAREHOUSE_URL, try again; nothing is half-written.",
        )
    if kind.__name__ in _OF_THE_ADDRESS:
        return say(f"Địa chỉ kho số liệu không dùng được: {error}", f"The warehouse's address cannot be used: {error}")
    if kind.__module__.startswith("httpx") or str(error).startswith(_OF_PREFECT):
        return say(f"Máy chủ Prefect không trả lời: {error}", f"The Prefect server did not answer: {error}")
    if kind.__name__ == "UnknownPeriodError":
        return say(f"Kho số liệu chưa có kỳ này: {error}", f"The warehouse does not hold this period: {error}")
    return None
