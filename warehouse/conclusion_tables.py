"""Conclusions of conferences, and everything that was said of them since."""

from __future__ import annotations

from sqlalchemy import Date, Double, ForeignKey, Index, Integer, String, Text, UniqueConstraint

from domain.conclusion import ConclusionState, Direction, Speaker
from warehouse.schema import Moment, col, one_of, table

conclusion = table(
    "conclusion",
    "Nhiệm vụ đã kết luận tại hội nghị; chủ trì, hạn và tình trạng ở conclusion_progress",
    "Tasks concluded at conferences; owner, due date and state stand in conclusion_progress",
    col("id", Integer, "Số của nhiệm vụ trong kho", "Number of the task here", primary_key=True, autoincrement=False),
    col("conference", String, "Mã hội nghị", "Code of the conference"),
    col("number", Integer, "Số thứ tự trong kết luận", "Number in the conclusion"),
    col("unit_id", Integer, "Đơn vị đã họp", "Unit that held the conference", ForeignKey("unit.id")),
    col("held_on", Date, "Ngày họp", "Day of the conference"),
    col("text", Text, "Nội dung nhiệm vụ", "What is to be done"),
    col("indicator", String, "Mã chỉ tiêu theo dõi", "Indicator it is followed by", null=True),
    col("target", Double, "Mức phải đạt, theo đơn vị tính của chỉ tiêu", "Target, in its measure", null=True),
    col(
        "direction",
        String,
        "at_least: ít nhất bằng mức phải đạt; at_most: không quá",
        "at_least: no less than the target; at_most: no more",
        null=True,
    ),
    UniqueConstraint("conference", "number"),
    one_of("direction", Direction),
)

conclusion_progress = table(
    "conclusion_progress",
    "Mọi điều đã được nói về một nhiệm vụ: quyết định của người quản trị hay dòng trong báo cáo; không dòng nào bị sửa",
    "Everything that was said of a task, by an administrator or in a report; no row is ever rewritten",
    col("id", Integer, "Số thứ tự", "Number", primary_key=True, autoincrement=False),
    col("conclusion_id", Integer, "Nhiệm vụ", "Task", ForeignKey("conclusion.id")),
    col(
        "speaker",
        String,
        "Ai nói: act (người quản trị), owner (báo cáo của đơn vị chủ trì), holder (báo cáo của đơn vị đã họp)",
        "Who said it: act (an administrator), owner (report of the owner), holder (report of the unit that met)",
    ),
    col(
        "said_of",
        Date,
        "Nói về tình hình đến ngày nào; với báo cáo là ngày cuối kỳ",
        "The day it speaks of; of a report the last day of its period",
    ),
    col(
        "state",
        String,
        "Tình trạng: open, in_progress, done, dropped; trống là không nói đến",
        "State: open, in_progress, done, dropped; empty: not spoken of",
        null=True,
    ),
    col(
        "owner_id",
        Integer,
        "Đơn vị chủ trì được giao; trống là không nói đến",
        "Owner it is given to; empty: not spoken of",
        ForeignKey("unit.id"),
        null=True,
    ),
    col(
        "due",
        Date,
        "Hạn hoàn thành được đặt; trống là không nói đến",
        "Due date that is set; empty: not spoken of",
        null=True,
    ),
    col("progress", Text, "Kết quả, tiến độ", "What was done", null=True),
    col("value", Double, "Số đạt được đơn vị ghi", "Figure reached, as stated", null=True),
    col(
        "lower",
        Double,
        "Cận dưới của số đạt được; trống khi có giá trị mà không có cận",
        "Lower bound of the figure; empty beside a value: unbounded",
        null=True,
    ),
    col(
        "upper",
        Double,
        "Cận trên của số đạt được; trống khi có giá trị mà không có cận",
        "Upper bound of the figure; empty beside a value: unbounded",
        null=True,
    ),
    col("original_text", Text, "Số đạt được, nguyên văn", "The figure as it was written", null=True),
    col("reason", Text, "Lý do của quyết định", "Reason of the act", null=True),
    col("who", String, "Người quyết định", "Who decided", null=True),
    col(
        "submission_id",
        Integer,
        "Báo cáo đã nói; trống khi là quyết định",
        "Report that says it; empty for an act",
        ForeignKey("submission.id"),
        null=True,
    ),
    col("place_id", Integer, "Ô đầu dòng trong báo cáo", "First cell of the row in the report", null=True),
    col("recorded_from", Moment, "Được tin từ lúc", "Believed from"),
    col(
        "recorded_to",
        Moment,
        "Được tin đến lúc: báo cáo bị thay thế hoặc rút; trống khi còn hiệu lực",
        "Believed until: the report was superseded or withdrawn; empty while in force",
        null=True,
    ),
    one_of("speaker", Speaker),
    one_of("state", ConclusionState),
    Index(None, "conclusion_id"),
    Index(None, "submission_id"),
)
