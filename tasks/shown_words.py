"""What the columns of tables in Prefect's interface are called, and what stands in them, in both languages at once: the
interface shows everybody the same."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from warehouse.words import STATES, Words

_HEADS: Mapping[str, Words] = {
    "form": ("biểu mẫu", "form"),
    "expected": ("phải gửi", "expected"),
    "received": ("đã gửi", "received"),
    "unexpected": ("trong đó ngoài diện", "of them not owed"),
    "late": ("muộn", "late"),
    "overdue": ("quá hạn", "overdue"),
    "accepted": ("được nhận", "accepted"),
    "accepted_with_warnings": ("nhận, có cảnh báo", "with warnings"),
    "rejected": ("bị trả lại", "rejected"),
    "unreadable": ("không đọc được", "unreadable"),
    "missing": ("chưa gửi", "missing"),
    "waiting": ("đang chờ", "waiting"),
    "in_force": ("đang có hiệu lực", "in force"),
    "permitted": ("được phép muộn", "permitted to be late"),
    "settled_by": ("được giải quyết bởi", "settled by"),
    "findings": ("số phát hiện", "findings"),
    "submission": ("số báo cáo", "submission"),
    "file_name": ("tệp", "file"),
    "unit": ("mã đơn vị", "unit"),
    "unit_name": ("đơn vị", "name"),
    "name": ("đơn vị", "name"),
    "period": ("kỳ", "period"),
    "state": ("tình trạng", "state"),
    "n_critical": ("số lỗi", "faults"),
    "rule": ("quy tắc", "rule"),
    "message_vi": ("điều phát hiện", "finding, in Vietnamese"),
    "message_en": ("bằng tiếng Anh", "finding"),
    "what": ("loại", "what"),
    "due": ("hạn", "due"),
    "received_on": ("ngày gửi", "received on"),
    "days": ("số ngày quá hạn", "days past"),
    "is_permitted": ("được phép muộn", "permitted"),
}

_SAID: Mapping[str, Words] = {
    **STATES,
    "missing": ("chưa gửi", "missing"),
    "late": ("muộn", "late"),
    "note": ("giải trình của đơn vị", "the unit's note"),
    "waiver": ("miễn", "waiver"),
    "override": ("cho qua, có người thứ hai", "override, with a second person"),
}

#: Columns whose values are words of the program, not of the data.
_CODED = frozenset({"state", "what", "settled_by"})


def headed(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows under headings people read; coded values in words, days as they are written here."""
    return [{_both(_HEADS[name]): _value(name, value) for name, value in row.items()} for row in rows]


def _value(name: str, value: Any) -> Any:
    if name in _CODED:
        return _both(_SAID[value])
    if isinstance(value, bool):
        return "có · yes" if value else ""
    if isinstance(value, date):
        return f"{value:%d/%m/%Y}"
    if value is None:
        return "không rõ · unknown" if name == "form" else ""
    return value


def _both(words: Words) -> str:
    return " · ".join(words)
