"""``notices`` and ``remind``: what was told to whom, what waits, and what to do when it could not be sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.acting import Reason, Who, decider
from console.common import (
    AsJson,
    PeriodOption,
    UnitOption,
    a_number,
    definitions,
    known_period,
    known_unit,
    open_warehouse,
    shown_moment,
)
from console.output import out, print_json, refuse, table
from console.words import say
from domain.notice import NoticeKind, NoticeState
from domain.numbers import vi_number

if TYPE_CHECKING:
    from tasks.notices import Delivered
    from tasks.settings import Settings

notices_app = typer.Typer(help=say("thông báo cho đơn vị", "notices to units"))

#: Of a longer list only the beginning is drawn; ``--json`` has everything.
_MOST_DRAWN = 100

KINDS = {
    NoticeKind.OPENED.value: say("mở kỳ", "period opened"),
    NoticeKind.DUE_SOON.value: say("nhắc trước hạn", "due soon"),
    NoticeKind.OVERDUE.value: say("quá hạn", "overdue"),
    NoticeKind.REJECTED.value: say("bị trả lại hoặc rút", "rejected or withdrawn"),
    NoticeKind.ACCEPTED.value: say("được nhận", "accepted"),
    NoticeKind.DIGEST.value: say("tóm tắt", "digest"),
}
STATES = {
    NoticeState.WRITTEN.value: say("chỉ có tệp", "file only"),
    NoticeState.WAITING.value: say("chờ gửi", "waiting"),
    NoticeState.SENDING.value: say("chưa rõ đã đến chưa", "not known to have gone out"),
    NoticeState.SENT.value: say("đã gửi", "sent"),
    NoticeState.REFUSED.value: say("bị từ chối", "refused"),
    NoticeState.DROPPED.value: say("bỏ, không còn đúng", "dropped, no longer true"),
}

KindOption = Annotated[NoticeKind | None, typer.Option(help=say("loại thông báo", "kind of notice"))]
StateOption = Annotated[NoticeState | None, typer.Option(help=say("trạng thái", "state"))]
Number = Annotated[int, typer.Argument(help=say("số của thông báo", "number of the notice"), min=1, callback=a_number)]


def register(app: typer.Typer) -> None:
    app.add_typer(notices_app, name="notices")
    app.command(help=say("nhắc đơn vị chưa gửi báo cáo", "remind units that have not reported"))(remind)


# ------------------------------------------------------------------------------------------------ list, show


@notices_app.command("list", help=say("liệt kê thông báo, mới nhất trước", "list notices, the newest first"))
def notices_list(
    period: PeriodOption = None,
    unit: UnitOption = None,
    state: StateOption = None,
    kind: KindOption = None,
    as_json: AsJson = False,
) -> None:
    from warehouse.notices import notices_of

    chosen, engine = open_warehouse()
    known_unit(engine, unit)
    if period is not None:
        known_period(definitions(chosen), period)
    found = notices_of(engine, period=period, unit=unit, state=state, kind=kind)
    rows = found.drop("body", "reason", "unit_id").to_dicts()
    if as_json:
        print_json(rows)
        return
    if not rows:
        out.print(say("Không có thông báo nào như vậy.", "There is no such notice."))
        return
    columns = (
        say("Số", "No."),
        say("Lập lúc", "Made"),
        say("Loại", "Kind"),
        say("Kỳ", "Period"),
        say("Đơn vị", "Unit"),
        say("Người nhận", "To"),
        say("Trạng thái", "State"),
        say("Vì sao", "Why"),
    )
    drawn = [
        (
            str(row["id"]),
            shown_moment(row["made_at"]),
            KINDS[row["kind"]],
            row["period"] or "–",
            row["unit"] or "–",
            row["recipient"] or say("(chưa có)", "(nobody)"),
            STATES[row["state"]],
            row["fault"] or "",
        )
        for row in rows[:_MOST_DRAWN]
    ]
    out.print(table(say("Thông báo", "Notices"), columns, drawn))
    counts = found.group_by("state").len().sort("state").iter_rows()
    out.print(" · ".join(f"{STATES[name]}: {vi_number(count)}" for name, count in counts))
    if len(rows) > _MOST_DRAWN:
        out.print(say("… xem hết: --json", "… see all with --json"))


@notices_app.command("show", help=say("xem một thông báo", "show a notice"))
def notices_show(number: Number, as_json: AsJson = False) -> None:
    from warehouse.notices import notices_of

    chosen, engine = open_warehouse()
    found = notices_of(engine, number=number).to_dicts()
    if not found:
        refuse(say(f"Không có thông báo số {number}.", f"There is no notice {number}."))
    row = found[0]
    home = chosen.workspace.home
    if as_json:
        print_json(row)
        return
    _print_text(row["recipient_name"] or "", row["recipient"], row["subject"], row["body"])
    lines = [
        (say("Trạng thái", "State"), STATES[row["state"]]),
        (say("Lập lúc", "Made"), shown_moment(row["made_at"])),
        (say("Đã gửi lúc", "Sent"), shown_moment(row["sent_at"]) if row["sent_at"] else ""),
        (say("Số lần thử", "Tries"), str(row["tries"]) if row["tries"] else ""),
        (say("Vì sao chưa gửi", "Why not sent"), row["fault"] or ""),
        (say("Tệp gửi kèm", "Attachment"), str(home / row["attachment"]) if row["attachment"] else ""),
        (say("Tệp thông báo", "File"), str(home / row["path"]) if row["path"] else ""),
    ]
    for label, value in lines:
        if value:
            out.print(f"{label}: {value}", soft_wrap=True)


def _print_text(name: str, email: str, subject: str, body: str) -> None:
    to = f"{name} <{email}>" if email else say("(chưa có người nhận)", "(nobody to send it to)")
    out.print(f"{say('Gửi', 'To')}: {to}", soft_wrap=True)
    out.print(f"{say('Tiêu đề', 'Subject')}: {subject}\n", soft_wrap=True)
    out.print(body, soft_wrap=True)


@notices_app.command(
    "preview", help=say("xem trước một thông báo, không ghi gì", "look at a notice before it is made; nothing is kept")
)
def notices_preview(
    kind: Annotated[NoticeKind, typer.Option(help=say("loại thông báo", "kind of notice"))],
    unit: UnitOption = None,
    period: PeriodOption = None,
    as_json: AsJson = False,
) -> None:
    from tasks.notices import preview

    chosen, engine = open_warehouse()
    known_unit(engine, unit)
    if period is not None:
        known_period(definitions(chosen), period)
    rows = preview(chosen, kind, unit or "", period or "").to_dicts()
    if as_json:
        print_json([{name: row[name] for name in ("recipient", "subject", "body", "attachment")} for row in rows])
        return
    for row in rows:
        _print_text(row["recipient_name"] or "", row["recipient"], row["subject"], row["body"])


# ------------------------------------------------------------------------------------------------ send


@notices_app.command("send", help=say("gửi ngay mọi thông báo đang chờ", "send now all that wait"))
def notices_send(as_json: AsJson = False) -> None:
    from tasks.notices import deliver

    chosen, _ = open_warehouse()
    _refuse_when_off(chosen)
    if not chosen.smtp_host:
        refuse(
            say(
                "Chưa cấu hình máy chủ thư: đặt TONGKET_SMTP_HOST và TONGKET_SMTP_SENDER (xem docs/notices.md)."
                " Thông báo vẫn có tệp trong thư mục notices.",
                "No mail server is configured: set TONGKET_SMTP_HOST and TONGKET_SMTP_SENDER (see docs/notices.md)."
                " Notices are files in the folder notices all the same.",
            )
        )
    _print_delivered(deliver(chosen, at_once=True), as_json)


def _refuse_when_off(chosen: Settings) -> None:
    if not chosen.notices:
        refuse(say("Thông báo đang tắt (TONGKET_NOTICES=false).", "Notices are off (TONGKET_NOTICES=false)."))


def _print_delivered(delivered: Delivered, as_json: bool) -> None:
    if as_json:
        print_json(_delivered_json(delivered))
        return
    counts = (
        (say("đã gửi", "sent"), delivered.sent),
        (say("bị từ chối", "refused"), delivered.refused),
        (say("bỏ vì không còn đúng", "dropped as no longer true"), delivered.dropped),
        (say("chờ gửi", "waiting"), delivered.waiting),
        (say("chưa rõ đã đến chưa", "not known to have gone out"), delivered.unknown),
    )
    told = " · ".join(f"{word} {vi_number(count)}" for word, count in counts if count)
    mark = "!" if delivered.fault else "✓"
    out.print(f"{mark} {told or say('không có gì chờ gửi', 'nothing waits to be sent')}")
    if delivered.fault:
        out.print(f"  {delivered.fault}", soft_wrap=True)


def _delivered_json(delivered: Delivered) -> dict[str, Any]:
    return {name: getattr(delivered, name) for name in delivered.__slots__}


@notices_app.command(
    "resend",
    help=say(
        "cho gửi (lại) một thông báo: chưa rõ đã đến chưa, bị từ chối, hoặc mới chỉ có tệp",
        "let a notice go out (again): one of unknown fate, refused, or only written",
    ),
)
def notices_resend(number: Number, reason: Reason, who: Who = None, as_json: AsJson = False) -> None:
    from tasks.notices import resend

    chosen, _ = open_warehouse()
    before = resend(chosen, number, who=decider(who), reason=reason)
    now = say("nay chờ gửi; gửi ngay: tongket notices send", "waits to be sent; send it now: tongket notices send")
    _print_changed(number, before, NoticeState.WAITING, now, as_json)


def _print_changed(number: int, before: str, after: NoticeState, now: str, as_json: bool) -> None:
    if as_json:
        print_json({"notice": number, "before": before, "state": after.value})
    else:
        out.print(say(f"✓ Thông báo {number} ({STATES[before]}) {now}", f"✓ Notice {number} ({STATES[before]}) {now}"))


@notices_app.command(
    "drop",
    help=say(
        "thôi gửi một thông báo: hóa ra đã đến, hoặc đã báo bằng cách khác",
        "let a notice not go out any more: it arrived after all, or was told in another way",
    ),
)
def notices_drop(number: Number, reason: Reason, who: Who = None, as_json: AsJson = False) -> None:
    from tasks.notices import give_up

    chosen, _ = open_warehouse()
    before = give_up(chosen, number, who=decider(who), reason=reason)
    _print_changed(number, before, NoticeState.DROPPED, say("không gửi nữa.", "is not sent any more."), as_json)


# ------------------------------------------------------------------------------------------------ remind


def remind(
    period: PeriodOption = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help=say("chỉ cho xem sẽ nhắc ai", "only show who would be reminded"))
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Units of open periods that owe a report and sent nothing, and their focal points; nobody twice for the same."""
    from domain.clock import now
    from tasks import notices

    chosen, engine = open_warehouse()
    if period is not None:
        known_period(definitions(chosen), period)
    _refuse_when_off(chosen)
    if dry_run:
        _print_due(notices.due_reminders(chosen, engine, now(), period).to_dicts(), as_json)
        return
    made = notices.remind(chosen, now(), period)
    delivered = notices.deliver(chosen)
    if as_json:
        print_json({"made": made.by_kind, "for_nobody": made.for_nobody, "delivered": _delivered_json(delivered)})
        return
    told = " · ".join(f"{KINDS[kind]} {vi_number(count)}" for kind, count in made.by_kind.items())
    out.print(f"✓ {told}" if told else say("✓ Không có ai phải nhắc.", "✓ Nobody is to be reminded."))
    if made.for_nobody:
        nobody = vi_number(made.for_nobody)
        out.print(
            say(
                f"  {nobody} thông báo chưa có người nhận, chỉ có tệp: {chosen.workspace.notices}",
                f"  {nobody} notices have nobody to go to and are files only: {chosen.workspace.notices}",
            ),
            soft_wrap=True,
        )
    if chosen.smtp_host:
        _print_delivered(delivered, as_json=False)


def _print_due(rows: list[dict[str, Any]], as_json: bool) -> None:
    if as_json:
        print_json([{name: row[name] for name in ("kind", "reason", "recipient", "subject")} for row in rows])
        return
    if not rows:
        out.print(say("Không có ai phải nhắc.", "Nobody is to be reminded."))
        return
    columns = (say("Loại", "Kind"), say("Người nhận", "To"), say("Tiêu đề", "Subject"))
    drawn = [
        (KINDS[row["kind"]], row["recipient"] or say("(chưa có)", "(nobody)"), row["subject"])
        for row in rows[:_MOST_DRAWN]
    ]
    out.print(table(say("Sẽ nhắc", "Would be reminded"), columns, drawn))
    count = vi_number(len(rows))
    out.print(say(f"{count} thông báo; chưa ghi gì (--dry-run).", f"{count} notices; nothing was written (--dry-run)."))
