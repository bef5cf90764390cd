"""Conferences: what was held on which periods, and the figures it was held from, which never change again."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Date,
    Double,
    ForeignKey,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    String,
    Text,
)

from domain.conference import ConferenceKind, ConferenceState
from warehouse.schema import Moment, col, one_of, table

conference = table(
    "conference",
    "Hội nghị sơ kết, tổng kết; đã chốt thì không dòng nào của nó thay đổi được nữa",
    "Review conferences, interim and final; once frozen no row of one can be changed any more",
    col("id", Integer, "Số của hội nghị", "Number of the conference", primary_key=True, autoincrement=False),
    col("code", String, "Mã hội nghị", "Code of the conference", unique=True),
    col("unit_id", Integer, "Đơn vị tổ chức", "Unit that holds it", ForeignKey("unit.id")),
    col("kind", String, "interim: sơ kết; final: tổng kết", "interim or final"),
    col("title", Text, "Tên hội nghị", "Title"),
    col("held_on", Date, "Ngày họp", "Day it is held"),
    col("state", String, "open: đang mở; frozen: đã chốt số liệu", "open, or frozen"),
    col("opened_at", Moment, "Lúc mở", "When it was opened"),
    col("opened_by", String, "Người mở", "Who opened it"),
    col("frozen_at", Moment, "Lúc chốt số liệu", "When its figures were frozen", null=True),
    col("frozen_by", String, "Người chốt", "Who froze them", null=True),
    col(
        "hash",
        String(64),
        "Dấu SHA-256 của toàn bộ số liệu đã chốt",
        "SHA-256 of everything that was frozen",
        null=True,
    ),
    col(
        "override_reason",
        Text,
        "Vì sao vẫn chốt khi còn điều nghiêm trọng; trống khi không còn gì",
        "Why it was frozen although something critical was open; empty when nothing was",
        null=True,
    ),
    one_of("kind", ConferenceKind),
    one_of("state", ConferenceState),
)

conference_period = table(
    "conference_period",
    "Các kỳ báo cáo của hội nghị",
    "Periods a conference is held on",
    col("conference_id", Integer, "Hội nghị", "Conference", ForeignKey("conference.id")),
    col("period_id", Integer, "Kỳ báo cáo", "Period", ForeignKey("period.id")),
    PrimaryKeyConstraint("conference_id", "period_id"),
)

conference_part = table(
    "conference_part",
    "Từng bảng đã chốt của hội nghị, kèm dấu SHA-256; bảng figures nằm ở conference_figure",
    "The frames a conference was frozen with, each with its SHA-256; the rows of figures stand in conference_figure",
    col("conference_id", Integer, "Hội nghị", "Conference", ForeignKey("conference.id")),
    col("frame", String, "Tên bảng", "Name of the frame"),
    col("fields", Text, "Các cột theo thứ tự, dạng tên:kiểu", "Columns in their order, each name:type"),
    col("rows", BigInteger, "Số dòng", "Number of rows"),
    col("sha256", String(64), "Dấu SHA-256 của nội dung", "SHA-256 of the content"),
    col(
        "content",
        LargeBinary,
        "Nội dung dạng văn bản, nén bằng zlib; trống với figures",
        "The content as text, compressed by zlib; empty for figures",
        null=True,
    ),
    PrimaryKeyConstraint("conference_id", "frame"),
)

# no foreign key, as with observation: a check is paid by the row, and nothing but a freeze ever writes here
conference_figure = table(
    "conference_figure",
    "Số liệu đã chốt của hội nghị: số tổng hợp và số từng đơn vị đã báo cáo",
    "Frozen figures of a conference: totals, and what each unit itself reported",
    col("conference_id", Integer, "Hội nghị", "Conference"),
    col(
        "trace",
        Text,
        "Tên của số liệu trong mọi tài liệu: kỳ/đơn vị/biểu/chỉ tiêu[/phân tổ]",
        "Name of the figure in every document: period/unit/form/indicator[/breakdown]",
    ),
    col("period", String, "Mã kỳ", "Code of the period"),
    col("unit", String, "Mã đơn vị", "Code of the unit"),
    col("form", String, "Mã biểu mẫu", "Code of the form"),
    col("indicator", String, "Mã chỉ tiêu", "Code of the indicator"),
    col("breakdown", String, "Phân tổ; trống là tổng chung", "Breakdown; empty for the whole"),
    col("level", String, "total: số tổng hợp; filed: số đơn vị báo cáo", "total, or filed by the unit itself"),
    col("value", Double, "Giá trị; trống thì xem note", "Value; when empty see note", null=True),
    col("lower", Double, "Cận dưới", "Lower bound", null=True),
    col("upper", Double, "Cận trên", "Upper bound", null=True),
    col("qualifier", String, "Độ chính xác", "How exact", null=True),
    col("numerator", Double, "Tử số", "Numerator", null=True),
    col("denominator", Double, "Mẫu số", "Denominator", null=True),
    col("reported", Integer, "Số đơn vị có số liệu", "Units that gave the figure, of a total", null=True),
    col("expected", Integer, "Số đơn vị phải có số liệu", "Units that owed it, of a total", null=True),
    col(
        "source",
        String,
        "Của số tổng hợp: computed, reported; của số đơn vị báo cáo: own, subtree, territory, derived",
        "Of a total: computed, reported; of a filed figure: own, subtree, territory, derived",
        null=True,
    ),
    col("note", String, "Mã lý do không có số liệu", "Code of why there is no figure", null=True),
    col("sheet", String, "Trang tính của số đơn vị báo cáo", "Sheet a filed figure stands on", null=True),
    col("cell", String, "Ô của số đơn vị báo cáo", "Cell a filed figure stands in", null=True),
    PrimaryKeyConstraint("conference_id", "period", "unit", "form", "indicator", "breakdown", "level"),
    sqlite_with_rowid=False,
)
