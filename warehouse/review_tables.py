"""What was asked of the units and how they were judged: targets of a year, and the grades that people decided."""

from __future__ import annotations

from sqlalchemy import Boolean, Double, ForeignKey, Index, Integer, SmallInteger, String, Text, UniqueConstraint, text

from domain.target import Direction
from warehouse.schema import Moment, col, one_of, table

_IN_FORCE = text("recorded_to IS NULL")

target = table(
    "target",
    "Chỉ tiêu giao cho đơn vị trong một năm; mỗi lần sửa là một phiên bản mới, bản cũ vẫn còn",
    "Targets of a unit for a year; each change is a new version, the older ones stay",
    col("id", Integer, "Số thứ tự", "Number", primary_key=True, autoincrement=False),
    col("unit_id", Integer, "Đơn vị được giao", "Unit it is given to", ForeignKey("unit.id")),
    col(
        "indicator_id",
        Integer,
        "Chỉ tiêu thống kê dùng để đo",
        "Indicator it is measured by",
        ForeignKey("indicator.id"),
    ),
    col("year", SmallInteger, "Năm", "Year"),
    col("version", SmallInteger, "Phiên bản thứ mấy", "Which version it is"),
    col(
        "direction",
        String,
        "Chiều: at_least (ít nhất), at_most (không quá)",
        "Direction: at_least, at_most",
    ),
    col(
        "value",
        Double,
        "Mức giao theo đơn vị tính của chỉ tiêu; 97,5 % là 97.5; trống: đã bỏ chỉ tiêu",
        "What is to be reached, in the measure of the indicator; 97.5 for 97.5 %; empty: taken back",
        null=True,
    ),
    col("source", Text, "Văn bản giao", "Document that gives it"),
    col("recorded_from", Moment, "Có hiệu lực từ lúc", "In force from"),
    col("recorded_to", Moment, "Có hiệu lực đến lúc; trống khi còn", "In force until; empty while it is", null=True),
    col("action_id", Integer, "Quyết định đã ghi", "Act that put it down", ForeignKey("action.id")),
    UniqueConstraint("unit_id", "indicator_id", "year", "version"),
    Index(
        "uq_target_in_force",
        "unit_id",
        "indicator_id",
        "year",
        unique=True,
        sqlite_where=_IN_FORCE,
        postgresql_where=_IN_FORCE,
    ),
    one_of("direction", Direction),
)

rating_decision = table(
    "rating_decision",
    "Mức xếp loại do người có thẩm quyền quyết định, kèm đề xuất của chương trình lúc ấy; quyết định sau là bản mới",
    "Grades that people decided, with what was proposed at that moment; a later decision is a new version",
    col("id", Integer, "Số thứ tự", "Number", primary_key=True, autoincrement=False),
    col("unit_id", Integer, "Đơn vị được xếp loại", "Unit that is rated", ForeignKey("unit.id")),
    col("period_id", Integer, "Kỳ", "Period", ForeignKey("period.id")),
    col("version", SmallInteger, "Phiên bản thứ mấy", "Which version it is"),
    col("rules", String, "Mã bộ quy định dùng để đề xuất", "Id of the rule set the proposal was made by"),
    col("grade", String, "Mã mức xếp loại", "Code of the grade"),
    col("grade_vi", String, "Mức xếp loại bằng tiếng Việt", "The grade in Vietnamese"),
    col("grade_en", String, "Mức xếp loại bằng tiếng Anh", "The grade in English"),
    col(
        "proposed",
        String,
        "Mức được đề xuất lúc ấy; hai mức cách nhau bằng dấu sổ khi chưa rõ; trống khi không đề xuất",
        "What was proposed then; two grades with a bar between them where it was open; empty when nothing was",
        null=True,
    ),
    col("peer_group", String, "Nhóm cùng xét", "Group the unit is judged in"),
    col("points", Double, "Điểm đề xuất", "Points proposed", null=True),
    col("points_lower", Double, "Cận dưới của điểm", "Lower bound of the points", null=True),
    col("points_upper", Double, "Cận trên của điểm", "Upper bound of the points", null=True),
    col(
        "proposal",
        Text,
        "Toàn bộ đề xuất lúc ấy với các số liệu đằng sau, dạng JSON",
        "The whole proposal of that moment with the figures behind it, as JSON",
    ),
    col("over_cap", Boolean, "Có vượt giới hạn tỷ lệ không", "Whether it goes over the cap"),
    col("recorded_from", Moment, "Có hiệu lực từ lúc", "In force from"),
    col("recorded_to", Moment, "Có hiệu lực đến lúc; trống khi còn", "In force until; empty while it is", null=True),
    col("action_id", Integer, "Quyết định đã ghi", "Act that put it down", ForeignKey("action.id")),
    UniqueConstraint("unit_id", "period_id", "version"),
    Index(
        "uq_rating_decision_in_force",
        "unit_id",
        "period_id",
        unique=True,
        sqlite_where=_IN_FORCE,
        postgresql_where=_IN_FORCE,
    ),
)
