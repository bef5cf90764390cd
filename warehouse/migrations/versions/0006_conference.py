"""Conferences and their frozen figures, which the database itself keeps from ever being changed."""

# ruff: noqa: E501, S608 (comments of columns stand on one line each; nothing in the statements comes from outside)
from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_OF_A_CONFERENCE = ("conference_period", "conference_part", "conference_figure")


def upgrade() -> None:
    _tables()
    if op.get_bind().dialect.name == "postgresql":
        _acts(", open_conference, freeze_conference, override_freeze")
        guards = _POSTGRES
    else:
        guards = _SQLITE
    for statement in guards:
        op.execute(statement)


def downgrade() -> None:
    """The frozen figures are dropped with their tables."""
    for name in (*reversed(_OF_A_CONFERENCE), "conference"):
        op.drop_table(name)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION refuse_frozen_conference()")
        op.execute("DROP FUNCTION refuse_frozen_part()")
        _acts("")


def _acts(more: str) -> None:
    acts = f"retry, restore, withdraw, waive, permit_late, return, close_period, reopen_period, replace_warehouse{more}"
    op.alter_column("action", "what", comment=f"Việc đã làm: {acts} | What was done: {acts}")


_SAID = "hội nghị đã chốt số liệu, không thay đổi được · the conference is frozen and cannot be changed"

_POSTGRES = (
    f"""CREATE FUNCTION refuse_frozen_conference() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'TRUNCATE' THEN
    IF EXISTS (SELECT FROM conference WHERE state = 'frozen') THEN
      RAISE EXCEPTION '{_SAID}' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
  END IF;
  IF OLD.state = 'frozen' THEN
    RAISE EXCEPTION '{_SAID}' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  IF TG_OP = 'DELETE' THEN
    RETURN OLD;
  END IF;
  RETURN NEW;
END $$""",
    f"""CREATE FUNCTION refuse_frozen_part() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP <> 'INSERT' THEN
    IF EXISTS (SELECT FROM conference WHERE id = OLD.conference_id AND state = 'frozen') THEN
      RAISE EXCEPTION '{_SAID}' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
  END IF;
  IF TG_OP = 'DELETE' THEN
    RETURN OLD;
  END IF;
  IF EXISTS (SELECT FROM conference WHERE id = NEW.conference_id AND state = 'frozen') THEN
    RAISE EXCEPTION '{_SAID}' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NEW;
END $$""",
    "CREATE TRIGGER conference_frozen BEFORE UPDATE OR DELETE ON conference"
    " FOR EACH ROW EXECUTE FUNCTION refuse_frozen_conference()",
    *(
        f"CREATE TRIGGER {name}_frozen BEFORE INSERT OR UPDATE OR DELETE ON {name}"
        " FOR EACH ROW EXECUTE FUNCTION refuse_frozen_part()"
        for name in _OF_A_CONFERENCE
    ),
    *(
        f"CREATE TRIGGER {name}_frozen_all BEFORE TRUNCATE ON {name}"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_frozen_conference()"
        for name in ("conference", *_OF_A_CONFERENCE)
    ),
)


def _sqlite(table: str, event: str, condition: str) -> str:
    return (
        f"CREATE TRIGGER {table}_frozen_{event.lower()} BEFORE {event} ON {table} WHEN {condition}"
        f" BEGIN SELECT RAISE(ABORT, '{_SAID}'); END"
    )


def _is_frozen(*ids: str) -> str:
    return f"EXISTS (SELECT 1 FROM conference c WHERE c.id IN ({', '.join(ids)}) AND c.state = 'frozen')"


# an INSERT OR REPLACE fires no trigger on the row it takes away: the insertion itself is refused
_SQLITE = (
    _sqlite(
        "conference",
        "INSERT",
        "EXISTS (SELECT 1 FROM conference c WHERE (c.id = NEW.id OR c.code = NEW.code) AND c.state = 'frozen')",
    ),
    _sqlite("conference", "UPDATE", "OLD.state = 'frozen'"),
    _sqlite("conference", "DELETE", "OLD.state = 'frozen'"),
    *(
        _sqlite(name, event, _is_frozen(*ids))
        for name in _OF_A_CONFERENCE
        for event, ids in (
            ("INSERT", ("NEW.conference_id",)),
            ("UPDATE", ("OLD.conference_id", "NEW.conference_id")),
            ("DELETE", ("OLD.conference_id",)),
        )
    ),
)


def _tables() -> None:
    op.create_table(
        "conference_figure",
        sa.Column("conference_id", sa.Integer(), nullable=False, comment="Hội nghị | Conference"),
        sa.Column(
            "trace",
            sa.Text(),
            nullable=False,
            comment="Tên của số liệu trong mọi tài liệu: kỳ/đơn vị/biểu/chỉ tiêu[/phân tổ] | Name of the figure in every document: period/unit/form/indicator[/breakdown]",
        ),
        sa.Column("period", sa.String(), nullable=False, comment="Mã kỳ | Code of the period"),
        sa.Column("unit", sa.String(), nullable=False, comment="Mã đơn vị | Code of the unit"),
        sa.Column("form", sa.String(), nullable=False, comment="Mã biểu mẫu | Code of the form"),
        sa.Column("indicator", sa.String(), nullable=False, comment="Mã chỉ tiêu | Code of the indicator"),
        sa.Column(
            "breakdown",
            sa.String(),
            nullable=False,
            comment="Phân tổ; trống là tổng chung | Breakdown; empty for the whole",
        ),
        sa.Column(
            "level",
            sa.String(),
            nullable=False,
            comment="total: số tổng hợp; filed: số đơn vị báo cáo | total, or filed by the unit itself",
        ),
        sa.Column(
            "value", sa.Double(), nullable=True, comment="Giá trị; trống thì xem note | Value; when empty see note"
        ),
        sa.Column("lower", sa.Double(), nullable=True, comment="Cận dưới | Lower bound"),
        sa.Column("upper", sa.Double(), nullable=True, comment="Cận trên | Upper bound"),
        sa.Column("qualifier", sa.String(), nullable=True, comment="Độ chính xác | How exact"),
        sa.Column("numerator", sa.Double(), nullable=True, comment="Tử số | Numerator"),
        sa.Column("denominator", sa.Double(), nullable=True, comment="Mẫu số | Denominator"),
        sa.Column(
            "reported",
            sa.Integer(),
            nullable=True,
            comment="Số đơn vị có số liệu | Units that gave the figure, of a total",
        ),
        sa.Column(
            "expected",
            sa.Integer(),
            nullable=True,
            comment="Số đơn vị phải có số liệu | Units that owed it, of a total",
        ),
        sa.Column(
            "source",
            sa.String(),
            nullable=True,
            comment="Của số tổng hợp: computed, reported; của số đơn vị báo cáo: own, subtree, territory, derived | Of a total: computed, reported; of a filed figure: own, subtree, territory, derived",
        ),
        sa.Column(
            "note", sa.String(), nullable=True, comment="Mã lý do không có số liệu | Code of why there is no figure"
        ),
        sa.Column(
            "sheet",
            sa.String(),
            nullable=True,
            comment="Trang tính của số đơn vị báo cáo | Sheet a filed figure stands on",
        ),
        sa.Column(
            "cell", sa.String(), nullable=True, comment="Ô của số đơn vị báo cáo | Cell a filed figure stands in"
        ),
        sa.PrimaryKeyConstraint(
            "conference_id",
            "period",
            "unit",
            "form",
            "indicator",
            "breakdown",
            "level",
            name=op.f("pk_conference_figure"),
        ),
        comment="Số liệu đã chốt của hội nghị: số tổng hợp và số từng đơn vị đã báo cáo | Frozen figures of a conference: totals, and what each unit itself reported",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "conference",
        sa.Column(
            "id",
            sa.Integer(),
            autoincrement=False,
            nullable=False,
            comment="Số của hội nghị | Number of the conference",
        ),
        sa.Column("code", sa.String(), nullable=False, comment="Mã hội nghị | Code of the conference"),
        sa.Column("unit_id", sa.Integer(), nullable=False, comment="Đơn vị tổ chức | Unit that holds it"),
        sa.Column("kind", sa.String(), nullable=False, comment="interim: sơ kết; final: tổng kết | interim or final"),
        sa.Column("title", sa.Text(), nullable=False, comment="Tên hội nghị | Title"),
        sa.Column("held_on", sa.Date(), nullable=False, comment="Ngày họp | Day it is held"),
        sa.Column(
            "state", sa.String(), nullable=False, comment="open: đang mở; frozen: đã chốt số liệu | open, or frozen"
        ),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False, comment="Lúc mở | When it was opened"),
        sa.Column("opened_by", sa.String(), nullable=False, comment="Người mở | Who opened it"),
        sa.Column(
            "frozen_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="Lúc chốt số liệu | When its figures were frozen",
        ),
        sa.Column("frozen_by", sa.String(), nullable=True, comment="Người chốt | Who froze them"),
        sa.Column(
            "hash",
            sa.String(length=64),
            nullable=True,
            comment="Dấu SHA-256 của toàn bộ số liệu đã chốt | SHA-256 of everything that was frozen",
        ),
        sa.Column(
            "override_reason",
            sa.Text(),
            nullable=True,
            comment="Vì sao vẫn chốt khi còn điều nghiêm trọng; trống khi không còn gì | Why it was frozen although something critical was open; empty when nothing was",
        ),
        sa.CheckConstraint("kind IN ('interim', 'final')", name=op.f("ck_conference_kind")),
        sa.CheckConstraint("state IN ('open', 'frozen')", name=op.f("ck_conference_state")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_conference_unit_id_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conference")),
        sa.UniqueConstraint("code", name=op.f("uq_conference_code")),
        comment="Hội nghị sơ kết, tổng kết; đã chốt thì không dòng nào của nó thay đổi được nữa | Review conferences, interim and final; once frozen no row of one can be changed any more",
    )
    op.create_table(
        "conference_part",
        sa.Column("conference_id", sa.Integer(), nullable=False, comment="Hội nghị | Conference"),
        sa.Column("frame", sa.String(), nullable=False, comment="Tên bảng | Name of the frame"),
        sa.Column(
            "fields",
            sa.Text(),
            nullable=False,
            comment="Các cột theo thứ tự, dạng tên:kiểu | Columns in their order, each name:type",
        ),
        sa.Column("rows", sa.BigInteger(), nullable=False, comment="Số dòng | Number of rows"),
        sa.Column(
            "sha256", sa.String(length=64), nullable=False, comment="Dấu SHA-256 của nội dung | SHA-256 of the content"
        ),
        sa.Column(
            "content",
            sa.LargeBinary(),
            nullable=True,
            comment="Nội dung dạng văn bản, nén bằng zlib; trống với figures | The content as text, compressed by zlib; empty for figures",
        ),
        sa.ForeignKeyConstraint(
            ["conference_id"], ["conference.id"], name=op.f("fk_conference_part_conference_id_conference")
        ),
        sa.PrimaryKeyConstraint("conference_id", "frame", name=op.f("pk_conference_part")),
        comment="Từng bảng đã chốt của hội nghị, kèm dấu SHA-256; bảng figures nằm ở conference_figure | The frames a conference was frozen with, each with its SHA-256; the rows of figures stand in conference_figure",
    )
    op.create_table(
        "conference_period",
        sa.Column("conference_id", sa.Integer(), nullable=False, comment="Hội nghị | Conference"),
        sa.Column("period_id", sa.Integer(), nullable=False, comment="Kỳ báo cáo | Period"),
        sa.ForeignKeyConstraint(
            ["conference_id"], ["conference.id"], name=op.f("fk_conference_period_conference_id_conference")
        ),
        sa.ForeignKeyConstraint(["period_id"], ["period.id"], name=op.f("fk_conference_period_period_id_period")),
        sa.PrimaryKeyConstraint("conference_id", "period_id", name=op.f("pk_conference_period")),
        comment="Các kỳ báo cáo của hội nghị | Periods a conference is held on",
    )
