"""What the calendar asked for and was done."""

from __future__ import annotations

from sqlalchemy import PrimaryKeyConstraint, String, Text

from domain.occasion import OccasionKind
from warehouse.schema import Moment, col, one_of, table

# no foreign keys: an occasion may be of a period nobody has reported for yet
occasion = table(
    "occasion",
    "Những việc theo lịch báo cáo đã được làm, mỗi việc một lần",
    "What the reporting calendar asked for and was done, each once",
    col("period", String, "Mã kỳ", "Code of the period"),
    col("kind", String, "Việc: open, collect, remind, close, review", "What: open, collect, remind, close, review"),
    col(
        "label",
        String,
        "Dịp nào trong kỳ, ví dụ cutoff, due:base; trống khi chỉ có một",
        "Which of the period, such as cutoff, due:base; empty where there is only one",
    ),
    col("due_at", Moment, "Lúc phải làm theo lịch", "When the calendar asked for it"),
    col("done_at", Moment, "Lúc đã làm xong", "When it was done"),
    col("run_id", String, "Lượt chạy đã làm", "Run that did it", null=True),
    col("outcome", Text, "Kết quả bằng lời", "Outcome in words", null=True),
    PrimaryKeyConstraint("period", "kind", "label"),
    one_of("kind", OccasionKind),
)
