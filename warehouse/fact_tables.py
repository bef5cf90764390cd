"""Facts: the figures, lists and paragraphs of accepted submissions, and their totals."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from domain.comparison import ChangeKind
from domain.observation import Basis, CellStatus, Scope
from domain.quantity import Qualifier
from warehouse.schema import Moment, col, one_of, table

breakdown = table(
    "breakdown",
    "Các phân tổ đã gặp",
    "Breakdowns met so far",
    col("id", Integer, "Số của phân tổ", "Number of the breakdown", primary_key=True, autoincrement=False),
    col(
        "code",
        String,
        "Phân tổ, ví dụ field=chung_thuc; trống là tổng chung",
        "The breakdown, such as field=chung_thuc; empty for the whole",
        unique=True,
    ),
)

place = table(
    "place",
    "Các địa chỉ ô đã gặp",
    "Addresses of cells met so far",
    col("id", Integer, "Số của địa chỉ", "Number of the place", primary_key=True, autoincrement=False),
    col("sheet", String, "Trang tính; trống với CSV và JSON", "Sheet; empty for CSV and JSON"),
    col("cell", String, "Ô, dòng CSV hoặc con trỏ JSON", "Cell, line of a CSV or JSON pointer"),
    UniqueConstraint("sheet", "cell"),
)

manner = table(
    "manner",
    "Cách một số liệu được nêu; bốn từ và một dấu gộp thành một số để mỗi số liệu chỉ chiếm ít chỗ",
    "How a figure is stated; four words and a mark behind one small number, which keeps a figure small",
    col("id", Integer, "Số của cách nêu", "Number of the manner", primary_key=True, autoincrement=False),
    col("qualifier", String, "Độ chính xác: exact, gt (hơn), approx (khoảng)…", "How exact: exact, gt, approx…"),
    col("status", String, "value, declared_zero (không phát sinh), missing (chưa có)", "value, declared_zero, missing"),
    col("basis", String, "Trong kỳ hay lũy kế từ đầu năm", "In the period or year to date"),
    col(
        "scope",
        String,
        "Số của riêng đơn vị, cả hệ thống dưới hay địa bàn",
        "Own figure, of the subtree or of the territory",
    ),
    col("derived", Boolean, "Do chương trình tính ra, không phải đơn vị ghi", "Computed here, not stated by the unit"),
    UniqueConstraint("qualifier", "status", "basis", "scope", "derived"),
    one_of("qualifier", Qualifier),
    one_of("status", CellStatus),
    one_of("basis", Basis),
    one_of("scope", Scope),
)

_BELIEVED = text("recorded_to IS NULL")


def _figures() -> list[Column[Any]]:
    return [
        col("period_id", Integer, "Kỳ báo cáo", "Period"),
        col("submission_id", Integer, "Báo cáo chứa số liệu", "Submission it stands in"),
        col("indicator_id", Integer, "Chỉ tiêu", "Indicator"),
        col("breakdown_id", Integer, "Phân tổ", "Breakdown"),
        col("unit_id", Integer, "Đơn vị", "Unit"),
        col("manner_id", SmallInteger, "Cách nêu số liệu", "How the figure is stated"),
        col(
            "value",
            Double,
            "Giá trị theo đơn vị tính của chỉ tiêu; 97,49 % là 97.49",
            "Value in the indicator's measure; a percentage as 97.49",
            null=True,
        ),
        col(
            "lower",
            Double,
            "Cận dưới; trống khi có giá trị mà không có cận",
            "Lower bound; empty beside a value: unbounded",
            null=True,
        ),
        col(
            "upper",
            Double,
            "Cận trên; trống khi có giá trị mà không có cận",
            "Upper bound; empty beside a value: unbounded",
            null=True,
        ),
        col("numerator", Double, "Tử số của tỷ lệ", "Numerator of a rate", null=True),
        col("denominator", Double, "Mẫu số của tỷ lệ", "Denominator of a rate", null=True),
        col("place_id", Integer, "Ô đã ghi số liệu", "Cell it was read from", null=True),
        col("original_text", Text, "Nguyên văn trong ô", "The text of the cell as it stood", null=True),
        col("note", Text, "Giải trình của đơn vị", "The unit's note", null=True),
        col("recorded_from", Moment, "Được tin từ lúc", "Believed from"),
        col(
            "recorded_to",
            Moment,
            "Được tin đến lúc; trống khi còn hiệu lực",
            "Believed until; empty while in force",
            null=True,
        ),
    ]


# The key begins with the period: what is read together (a period to add up, a past period to compare with) lies
# together, and a batch is appended at the end of its period. There are no foreign keys: every number is looked up in
# the loading transaction itself, the rows it names are never deleted, and a check is paid by the row (a third of the
# load). The second index is thin for the same reason: with the figures in it loading takes half as long again.
observation = table(
    "observation",
    "Số liệu: nói về kỳ nào, của đơn vị nào, được tin từ lúc nào đến lúc nào, và lấy từ ô nào",
    "Figures: the period and unit they speak of, from when to when they were believed, and the cell they come from",
    *_figures(),
    PrimaryKeyConstraint("period_id", "submission_id", "indicator_id", "breakdown_id"),
    Index(
        "ix_observation_in_force",
        "period_id",
        "indicator_id",
        sqlite_where=_BELIEVED,
        postgresql_where=_BELIEVED,
    ),
    sqlite_with_rowid=False,
)

# A figure has one row a submission, hence one stretch of belief; a report that is taken up again gets a second one.
# Were its moment part of the key, every figure would pay for what hardly ever happens.
observation_past = table(
    "observation_past",
    "Số liệu từng được tin của các báo cáo sau đó được xử lý lại từ đầu",
    "Figures once believed, of reports that were taken up again afterwards",
    *_figures(),
    PrimaryKeyConstraint("period_id", "submission_id", "indicator_id", "breakdown_id", "recorded_from"),
    sqlite_with_rowid=False,
)


def _list_table(name: str, vi: str, en: str, *columns: Column[Any]) -> Table:
    return table(
        name,
        vi,
        en,
        col("submission_id", Integer, "Báo cáo", "Submission", ForeignKey("submission.id")),
        col("item", Integer, "Số dòng trong danh sách", "Row of the list"),
        col("key", Text, "Tên đã chuẩn hóa để tìm dòng trùng", "Folded name, to find the same row again", null=True),
        *columns,
        col("content", Text, "Toàn bộ dòng, dạng JSON", "The whole row as JSON"),
        col("place_id", Integer, "Ô đầu dòng", "First cell of the row", null=True),
        PrimaryKeyConstraint("submission_id", "item"),
        Index(None, "key"),
    )


def _text(name: str, vi: str, en: str) -> Column[Any]:
    return col(name, Text, vi, en, null=True)


def _figure(name: str, vi: str, en: str) -> Column[Any]:
    return col(name, Double, vi, en, null=True)


initiative = _list_table(
    "initiative",
    "Mô hình học tập và làm theo (danh sách initiatives)",
    "Models (list initiatives)",
    _text("name", "Tên mô hình", "Name of the model"),
    _text("owner", "Đơn vị chủ trì", "Owner"),
    _text("level", "Cấp", "Level"),
    _text("status", "Tình trạng", "Status"),
    _text("field", "Lĩnh vực", "Field of work"),
    _text("effective", "Hiệu quả: có hay không", "Effective: yes or no"),
    _text("pilot", "Mô hình điểm: có hay không", "Pilot: yes or no"),
    _figure("members", "Số thành viên", "Members"),
    _text("other_name", "Tên gọi khác", "Other name"),
    _text("more", "Danh sách còn nữa: có hay không", "The list goes on: yes or no"),
)

commendation = _list_table(
    "commendation",
    "Quyết định biểu dương, khen thưởng (danh sách commendations)",
    "Commendations (list commendations)",
    _text("by", "Người tặng", "Giver"),
    _text("form", "Hình thức", "Form"),
    _figure("collectives", "Số tập thể", "Collectives"),
    _figure("individuals", "Số cá nhân", "Individuals"),
    _text("name", "Tên tập thể", "Collectives by name"),
    _text("decision", "Số quyết định", "Number of the decision"),
    _text("date", "Ngày quyết định", "Date of the decision"),
)

inspection = _list_table(
    "inspection",
    "Cuộc kiểm tra, giám sát (danh sách inspections_list)",
    "Inspections and supervisions (list inspections_list)",
    _text("activity", "Kiểm tra hay giám sát", "Inspection or supervision"),
    _text("target", "Đối tượng", "Target"),
    _text("kind", "Thường xuyên hay chuyên đề", "Regular or thematic"),
    _text("subject", "Nội dung", "Subject"),
    _text("date", "Ngày kết thúc", "Date ended"),
)

topic = _list_table(
    "topic",
    "Chuyên đề học tập và làm theo (danh sách topics)",
    "Topics of the year (list topics)",
    _figure("year", "Năm", "Year"),
    _text("text", "Tên chuyên đề", "Topic"),
    _text("kind", "Tự chọn hay theo cấp trên", "Own or inherited"),
    _text("group", "Tổ, khối thực hiện", "Group"),
)

#: Lists that have a table of their own; the others stand in ``list_item``.
LIST_TABLES = {
    "initiatives": initiative,
    "commendations": commendation,
    "inspections_list": inspection,
    "topics": topic,
}

list_item = table(
    "list_item",
    "Dòng của các danh sách khác",
    "Rows of the other lists",
    col("submission_id", Integer, "Báo cáo", "Submission", ForeignKey("submission.id")),
    col("list", String, "Mã danh sách", "Code of the list"),
    col("item", Integer, "Số dòng trong danh sách", "Row of the list"),
    col("key", Text, "Tên đã chuẩn hóa để tìm dòng trùng", "Folded name, to find the same row again", null=True),
    col("content", Text, "Toàn bộ dòng, dạng JSON", "The whole row as JSON"),
    col("place_id", Integer, "Ô đầu dòng", "First cell of the row", null=True),
    PrimaryKeyConstraint("submission_id", "list", "item"),
)

narrative = table(
    "narrative",
    "Phần lời văn của báo cáo",
    "Paragraphs of the reports",
    col("submission_id", Integer, "Báo cáo", "Submission", ForeignKey("submission.id")),
    col("section", String, "Mục", "Section"),
    col("body", Text, "Lời văn", "The text"),
    col("place_id", Integer, "Ô chứa lời văn", "Cell it stands in", null=True),
    PrimaryKeyConstraint("submission_id", "section"),
)


def _totals() -> list[Column[Any]]:
    return [
        col("period", String, "Mã kỳ", "Code of the period"),
        col("unit", String, "Mã đơn vị, hiểu theo ngày cuối kỳ", "Code of the unit on the last day of the period"),
        col("form", String, "Mã biểu mẫu", "Code of the form"),
        col("indicator", String, "Mã chỉ tiêu", "Code of the indicator"),
        col("breakdown", String, "Phân tổ; trống là tổng chung", "Breakdown; empty for the whole"),
        col("value", Double, "Giá trị tổng hợp", "Total", null=True),
        col("lower", Double, "Cận dưới", "Lower bound", null=True),
        col("upper", Double, "Cận trên", "Upper bound", null=True),
        col("qualifier", String, "Độ chính xác", "How exact", null=True),
        col("numerator", Double, "Tổng tử số", "Sum of the numerators", null=True),
        col("denominator", Double, "Tổng mẫu số", "Sum of the denominators", null=True),
        col("reported", Integer, "Số đơn vị có số liệu", "Units that gave the figure", null=True),
        col("expected", Integer, "Số đơn vị phải có số liệu", "Units that owed it", null=True),
        col("source", String, "Cách có được số tổng hợp", "How the total was obtained", null=True),
        col("note", Text, "Ghi chú", "Note", null=True),
        col("refreshed_at", Moment, "Lúc tính", "When it was computed"),
    ]


mart_roll_up = table(
    "mart_roll_up",
    "Số tổng hợp của từng đơn vị và mọi đơn vị bên dưới, kèm độ bao phủ; được tính lại sau mỗi lần nạp",
    "Totals of every unit with all units below it, with their coverage; computed anew after each load",
    *_totals(),
    PrimaryKeyConstraint("period", "unit", "form", "indicator", "breakdown"),
    sqlite_with_rowid=False,
)

# What a total rests on besides figures (register, obligations, definitions, this program) has no past of its own:
# computed again, a total of last month could come out otherwise than it was read out. So what was replaced is kept.
roll_up_past = table(
    "roll_up_past",
    "Số tổng hợp từng có và đã được thay: đúng đến lúc replaced_at; chỉ giữ những dòng đã thay đổi",
    "Totals that stood and were replaced: true until replaced_at; only rows that changed are kept",
    *_totals(),
    col("replaced_at", Moment, "Lúc được thay", "When it was replaced"),
    col(
        "was_there",
        Boolean,
        "Trước lúc ấy có dòng này không; unit trống: trước lúc ấy chưa có tổng hợp nào (có thì không được giữ lại)",
        "Whether the row was there before; unit empty: no totals stood before (or, if so, they were not kept)",
    ),
    PrimaryKeyConstraint("period", "unit", "form", "indicator", "breakdown", "replaced_at"),
    sqlite_with_rowid=False,
)


def _side(name: str, vi: str, en: str) -> list[Column[Any]]:
    missing_vi, missing_en = "trống thì xem reason", "when empty see reason"
    return [
        col(f"value_{name}", Double, f"Giá trị {vi}; {missing_vi}", f"Figure of {en}; {missing_en}", null=True),
        col(f"lower_{name}", Double, f"Cận dưới {vi}", f"Lower bound in {en}", null=True),
        col(f"upper_{name}", Double, f"Cận trên {vi}", f"Upper bound in {en}", null=True),
        col(f"qualifier_{name}", String, f"Độ chính xác {vi}", f"How exact the figure of {en} is", null=True),
        col(f"reported_{name}", Integer, f"Số đơn vị có số liệu {vi}", f"Units that gave the figure in {en}"),
        col(f"expected_{name}", Integer, f"Số đơn vị phải có số liệu {vi}", f"Units that owed it in {en}"),
    ]


mart_year_on_year = table(
    "mart_year_on_year",
    "Số tổng hợp so với cùng kỳ năm trước, theo địa bàn của kỳ này; số kỳ trước được cộng lại từ các đơn vị cũ đã nhập"
    " toàn bộ vào đơn vị nay; được tính lại sau mỗi lần nạp",
    "Totals beside those of the same period last year, on the boundaries of this period; last year's are added up anew"
    " over the old units that wholly went into those of today; computed anew after each load",
    col("period", String, "Mã kỳ", "Code of the period"),
    col("base_period", String, "Mã kỳ gốc: cùng kỳ năm trước", "Code of the base period: the same one last year"),
    col("unit", String, "Mã đơn vị, hiểu theo ngày cuối kỳ", "Code of the unit on the last day of the period"),
    col("form", String, "Mã biểu mẫu", "Code of the form"),
    col("indicator", String, "Mã chỉ tiêu", "Code of the indicator"),
    col("breakdown", String, "Phân tổ; trống là tổng chung", "Breakdown; empty for the whole"),
    *_side("then", "kỳ gốc", "the base period"),
    *_side("now", "kỳ này", "the period"),
    col(
        "change_kind",
        String,
        "percent: tăng, giảm theo phần trăm; points: theo điểm phần trăm",
        "percent: the change is told in percent; points: in percentage points",
    ),
    col("difference", Double, "Kỳ này trừ kỳ gốc", "The period less the base", null=True),
    col("difference_lower", Double, "Cận dưới của chênh lệch", "Lower bound of the difference", null=True),
    col("difference_upper", Double, "Cận trên của chênh lệch", "Upper bound of the difference", null=True),
    col(
        "growth",
        Double,
        "Tăng, giảm phần trăm: 481,3 % là 481.3; trống với điểm phần trăm và khi không tính được",
        "Growth in percent, 481.3 for +481.3 %; empty for points and where there is none",
        null=True,
    ),
    col("growth_lower", Double, "Cận dưới của mức tăng", "Lower bound of the growth", null=True),
    col("growth_upper", Double, "Cận trên của mức tăng", "Upper bound of the growth", null=True),
    col("change_qualifier", String, "Mức thay đổi chính xác đến đâu", "How exact the change is", null=True),
    col("comparable", Boolean, "Có so sánh được không", "Whether the two may be compared"),
    col(
        "reason",
        String,
        "Mã lý do không so sánh được hoặc không có phần trăm",
        "Code of why they are not compared, or why there is no percentage",
        null=True,
    ),
    col("reason_vi", Text, "Lý do bằng tiếng Việt", "The reason in Vietnamese", null=True),
    col("reason_en", Text, "Lý do bằng tiếng Anh", "The reason in English", null=True),
    col(
        "cautions", String, "Mã các lưu ý, cách nhau bằng dấu phẩy", "Codes of the cautions, comma-separated", null=True
    ),
    col("caution_vi", Text, "Các lưu ý bằng tiếng Việt", "The cautions in Vietnamese", null=True),
    col("caution_en", Text, "Các lưu ý bằng tiếng Anh", "The cautions in English", null=True),
    col("refreshed_at", Moment, "Lúc tính", "When it was computed"),
    PrimaryKeyConstraint("period", "unit", "form", "indicator", "breakdown"),
    one_of("change_kind", ChangeKind),
    sqlite_with_rowid=False,
)
