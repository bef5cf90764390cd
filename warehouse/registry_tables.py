"""Registry: who reports, on which periods and forms, and what the figures mean. Copied from the definitions."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Date,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    SmallInteger,
    String,
    UniqueConstraint,
)

from domain.unit import EventKind, EventShare
from warehouse.schema import Moment, col, one_of, table

setting = table(
    "setting",
    "Thông số của kho, như dấu vân của danh mục đang dùng",
    "Facts about the warehouse itself, such as the fingerprint of the definitions in use",
    col("key", String, "Tên thông số", "Name of the setting", primary_key=True),
    col("value", String, "Giá trị", "Value"),
    col("changed_at", Moment, "Lúc thay đổi gần nhất", "When it last changed"),
)

unit_kind = table(
    "unit_kind",
    "Loại đơn vị",
    "Kinds of unit",
    col("code", String, "Mã loại", "Code of the kind", primary_key=True),
    col("label_vi", String, "Tên loại bằng tiếng Việt", "Vietnamese label"),
    col("label_en", String, "Tên loại bằng tiếng Anh", "English label"),
    col("level", String, "Cấp của đơn vị", "Level of the unit"),
    col("branch", String, "Hệ thống: đảng, nhà nước, lãnh thổ, đoàn thể", "Branch: party, state, territory, mass"),
)

unit = table(
    "unit",
    "Đơn vị trong từng giai đoạn tồn tại; mã được dùng lại sau sáp nhập nên mã một mình không phải là khóa",
    "Units, each for the time it existed; codes are reused after mergers, so a code alone is never a key",
    col("id", Integer, "Số của đơn vị trong kho", "Number of the unit here", primary_key=True, autoincrement=False),
    col("code", String, "Mã đơn vị", "Code of the unit"),
    col("valid_from", Date, "Ngày đầu tiên tồn tại", "First day it existed"),
    col(
        "valid_to",
        Date,
        "Ngày cuối cùng tồn tại; trống khi còn tồn tại",
        "Last day it existed; empty while it lives",
        null=True,
    ),
    col("name", String, "Tên đơn vị", "Name of the unit"),
    col("kind", String, "Loại đơn vị", "Kind of unit", ForeignKey("unit_kind.code")),
    col("level", String, "Cấp, lấy theo loại đơn vị", "Level, taken from the kind"),
    col(
        "parent_code",
        String,
        "Mã đơn vị cấp trên, hiểu theo ngày đang xét",
        "Code of the superior unit, resolved on the day in question",
        null=True,
    ),
    col("source", String, "Văn bản hoặc danh mục làm căn cứ", "Document or list it rests on"),
    UniqueConstraint("code", "valid_from"),
    Index(None, "parent_code"),
    Index(None, "kind"),
)

unit_event = table(
    "unit_event",
    "Sáp nhập, chia tách, đổi tên, chuyển cấp trên của đơn vị",
    "Mergers, splits, renamings and changes of superior of units",
    col("id", Integer, "Số của sự kiện", "Number of the event", primary_key=True, autoincrement=False),
    col("kind", String, "Loại sự kiện", "Kind of event"),
    col("day", Date, "Ngày có hiệu lực", "Day it takes effect"),
    col("old_unit_id", Integer, "Đơn vị cũ", "The unit before", ForeignKey("unit.id")),
    col("new_unit_id", Integer, "Đơn vị mới", "The unit after", ForeignKey("unit.id")),
    col("share", String, "Toàn bộ hay một phần đơn vị cũ", "Whether the whole of the old unit went over or a part"),
    col("document", String, "Văn bản quyết định", "Deciding document"),
    UniqueConstraint("day", "old_unit_id", "new_unit_id"),
    one_of("kind", EventKind),
    one_of("share", EventShare),
)

# no foreign keys: it is made of the register alone, and a check is paid by the row
unit_above = table(
    "unit_above",
    "Đơn vị và mọi đơn vị bên trên, kể cả chính nó, trong từng giai đoạn; được tính lại khi danh bạ thay đổi",
    "Units and all units above them, themselves included, with the days; computed anew when the register changes",
    col("unit_id", Integer, "Đơn vị", "Unit"),
    col("ancestor_id", Integer, "Đơn vị bên trên, hoặc chính nó", "Unit above it, or itself"),
    col("first_day", Date, "Ngày đầu tiên", "First day"),
    col("last_day", Date, "Ngày cuối cùng; trống khi còn như vậy", "Last day; empty while it is so", null=True),
    col("steps", SmallInteger, "Số bậc ở giữa; 0 là chính nó", "Steps up; 0 for the unit itself"),
    PrimaryKeyConstraint("unit_id", "ancestor_id", "first_day"),
    Index(None, "ancestor_id"),
    sqlite_with_rowid=False,
)

unit_superior = table(
    "unit_superior",
    "Cấp trên của mỗi đơn vị trong từng giai đoạn, kể cả sau khi đơn vị kết thúc: nơi số liệu của nó được cộng vào;"
    " được tính lại khi danh bạ thay đổi",
    "The superior of each unit with the days, also after its end: where its figures are added up; computed anew when"
    " the register changes",
    col("unit_id", Integer, "Đơn vị", "Unit"),
    col("first_day", Date, "Ngày đầu tiên", "First day"),
    col(
        "last_day",
        Date,
        "Ngày cuối cùng; trống khi còn như vậy",
        "Last day; empty while it is so",
        null=True,
    ),
    col(
        "parent_code",
        String,
        "Mã cấp trên: đơn vị đã nhận toàn bộ cấp trên cũ, nếu cấp trên cũ không còn; trống khi không có",
        "Code of the superior: of what a superior that is no more wholly went into; empty where there is none",
        null=True,
    ),
    PrimaryKeyConstraint("unit_id", "first_day"),
    Index(None, "parent_code"),
    sqlite_with_rowid=False,
)

unit_self = table(
    "unit_self",
    "Mỗi đơn vị cùng những gì nó từng là trước khi đổi tên hay chuyển cấp trên, kể cả chính nó; được tính lại khi danh"
    " bạ thay đổi",
    "Each unit with what it was before renamings and changes of superior, itself included; computed anew when the"
    " register changes",
    col("unit_id", Integer, "Đơn vị", "Unit"),
    col("self_id", Integer, "Chính nó, hoặc đơn vị nó từng là", "Itself, or a unit it was before"),
    PrimaryKeyConstraint("unit_id", "self_id"),
    Index(None, "self_id"),
    sqlite_with_rowid=False,
)

period = table(
    "period",
    "Kỳ báo cáo với ngày đầu và ngày cuối rõ ràng",
    "Reporting periods, each an explicit window of days",
    col("id", Integer, "Số của kỳ", "Number of the period", primary_key=True, autoincrement=False),
    col("code", String, "Mã kỳ, ví dụ 2025-Q1", "Code of the period, such as 2025-Q1", unique=True),
    col("calendar", String, "Lịch báo cáo", "Calendar"),
    col(
        "kind", String, "Loại kỳ: tháng, quý, nửa năm, chín tháng, năm", "Kind: month, quarter, half, nine_months, year"
    ),
    col("year", SmallInteger, "Năm ghi trong tên kỳ", "Year in the label"),
    col("ordinal", SmallInteger, "Thứ tự trong năm", "Place within the year"),
    col("label_vi", String, "Tên kỳ bằng tiếng Việt", "Vietnamese label"),
    col("label_en", String, "Tên kỳ bằng tiếng Anh", "English label"),
    col("first_day", Date, "Ngày đầu kỳ", "First day of the window"),
    col("last_day", Date, "Ngày cuối kỳ", "Last day of the window"),
    col("cutoff", Date, "Ngày chốt số liệu", "Day the figures are closed"),
    col(
        "closed_at",
        Moment,
        "Lúc đóng kỳ; trống khi kỳ còn mở",
        "When the period was closed; empty while it is open",
        null=True,
    ),
    col("opened_at", Moment, "Lúc mở kỳ; trống khi chưa mở", "When the period was opened; empty before", null=True),
    col(
        "closing_at",
        Moment,
        "Lúc bắt đầu đóng kỳ; trống khi không đang đóng",
        "When closing it began; empty while nobody closes it",
        null=True,
    ),
    col(
        "reopened_at",
        Moment,
        "Lúc mở lại sau khi đã đóng; trống khi chưa từng",
        "When it was opened again after it was closed; empty if it never was",
        null=True,
    ),
    UniqueConstraint("calendar", "kind", "year", "ordinal"),
)

period_due = table(
    "period_due",
    "Hạn gửi báo cáo của từng cấp",
    "Day the report is due, by level of unit",
    col("period_id", Integer, "Kỳ báo cáo", "Period", ForeignKey("period.id"), primary_key=True),
    col("level", String, "Cấp của đơn vị", "Level of the unit", primary_key=True),
    col("due", Date, "Ngày cuối cùng phải nhận được báo cáo", "Last day on which the report must have arrived"),
)

form = table(
    "form",
    "Biểu mẫu báo cáo",
    "Report forms",
    col("id", Integer, "Số của biểu mẫu", "Number of the form", primary_key=True, autoincrement=False),
    col("code", String, "Mã biểu mẫu", "Code of the form", unique=True),
    col("label_vi", String, "Tên bằng tiếng Việt", "Vietnamese label"),
    col("label_en", String, "Tên bằng tiếng Anh", "English label"),
    col("version", String, "Phiên bản mẫu hiện hành", "Current template version"),
    col(
        "accepted_versions",
        String,
        "Các phiên bản còn được nhận, cách nhau bằng dấu phẩy",
        "Template versions still accepted, comma-separated",
    ),
    col("default_scope", String, "Phạm vi số liệu mặc định", "Scope of the figures unless stated"),
    col("source", String, "Căn cứ ban hành", "Source"),
    col("is_current", Boolean, "Còn trong danh mục hiện hành", "Whether the present definitions still hold it"),
)

indicator = table(
    "indicator",
    "Chỉ tiêu: mỗi chỉ tiêu một nghĩa duy nhất",
    "Indicators: what a figure means, once and for all",
    col("id", Integer, "Số của chỉ tiêu", "Number of the indicator", primary_key=True, autoincrement=False),
    col("code", String, "Mã chỉ tiêu", "Code of the indicator", unique=True),
    col("label_vi", String, "Tên bằng tiếng Việt", "Vietnamese label"),
    col("label_en", String, "Tên bằng tiếng Anh", "English label"),
    col("measure_vi", String, "Đơn vị tính bằng tiếng Việt", "Unit of measure in Vietnamese"),
    col("measure_en", String, "Đơn vị tính bằng tiếng Anh", "Unit of measure in English"),
    col(
        "kind",
        String,
        "Kiểu giá trị: số đếm, lượng, tỷ số, phần trăm…",
        "Kind of value: count, quantity, ratio, percent…",
    ),
    col("nature", String, "Phát sinh, lũy kế tại thời điểm hay chỉ tiêu giao", "Flow, stock or target"),
    col("basis", String, "Trong kỳ hay lũy kế từ đầu năm", "In the period or year to date"),
    col("over_units", String, "Cách cộng qua các đơn vị", "How it is added over units"),
    col("over_time", String, "Cách cộng qua các kỳ", "How it is added over periods"),
    col(
        "dimensions", String, "Các phân tổ, cách nhau bằng dấu phẩy", "Dimensions it is broken down by, comma-separated"
    ),
    col("numerator", String, "Các chỉ tiêu ở tử số", "Indicators of the numerator"),
    col("denominator", String, "Các chỉ tiêu ở mẫu số", "Indicators of the denominator"),
    col("definition_vi", String, "Định nghĩa bằng tiếng Việt", "Definition in Vietnamese"),
    col("definition_en", String, "Định nghĩa bằng tiếng Anh", "Definition in English"),
    col("source", String, "Căn cứ của chỉ tiêu", "Source"),
    col("valid_from", Date, "Dùng từ ngày", "In use from"),
    col("valid_to", Date, "Dùng đến ngày", "In use until", null=True),
    col("is_current", Boolean, "Còn trong danh mục hiện hành", "Whether the present definitions still hold it"),
)

rule = table(
    "rule",
    "Quy tắc kiểm tra",
    "Rules that submissions are checked by",
    col("id", String, "Mã quy tắc, ví dụ DOS-003", "Id of the rule, such as DOS-003", primary_key=True),
    col("level", SmallInteger, "Mức kiểm tra từ 1 đến 7", "Level of the check, 1 to 7"),
    col("severity", String, "Mức độ: critical, warning, info", "Severity: critical, warning, info"),
    col("title_vi", String, "Tên bằng tiếng Việt", "Vietnamese title"),
    col("title_en", String, "Tên bằng tiếng Anh", "English title"),
    col("forms", String, "Các biểu mẫu áp dụng; trống là mọi biểu mẫu", "Forms it applies to; empty: every form"),
    col("since", Date, "Áp dụng từ ngày", "In force from"),
    col("until", Date, "Áp dụng đến ngày", "In force until", null=True),
    col("source", String, "Căn cứ của quy tắc", "Source"),
    col("fingerprint", String, "Dấu vân của danh mục chứa quy tắc", "Fingerprint of the definitions that hold it"),
    col("is_current", Boolean, "Còn trong danh mục hiện hành", "Whether the present definitions still hold it"),
)

obligation = table(
    "obligation",
    "Loại đơn vị nào phải gửi biểu nào cho loại kỳ nào",
    "Which kind of unit owes which form for which kind of period",
    col("unit_kind", String, "Loại đơn vị", "Kind of unit", ForeignKey("unit_kind.code"), primary_key=True),
    col("form_id", Integer, "Biểu mẫu phải gửi", "Form that is owed", ForeignKey("form.id"), primary_key=True),
    col("calendar", String, "Lịch báo cáo", "Calendar", primary_key=True),
    col("period_kind", String, "Loại kỳ", "Kind of period", primary_key=True),
    col("valid_from", Date, "Áp dụng từ ngày", "In force from", primary_key=True),
    col("valid_to", Date, "Áp dụng đến ngày", "In force until", null=True),
)

definition_change = table(
    "definition_change",
    "Thời điểm mỗi định nghĩa thay đổi, để biết báo cáo bị trả lại nào nên xử lý lại",
    "When each definition changed: which failed reports are worth trying again",
    col(
        "kind",
        String,
        "Loại: rule, form, obligation, calendar, unit",
        "Kind: rule, form, obligation, calendar, unit",
        primary_key=True,
    ),
    col("code", String, "Mã của định nghĩa", "Code of the definition", primary_key=True),
    col("since", Moment, "Từ lúc nào", "Since when", primary_key=True),
    col("fingerprint", String, "Dấu vân của định nghĩa; trống khi bị bỏ", "Its fingerprint; empty: dropped", null=True),
)
