"""What the columns of the views mean, in both languages; a view's column that is not explained fails a test."""

from __future__ import annotations

_UNIT = {
    "period": "Mã kỳ báo cáo | Code of the period",
    "unit": "Mã đơn vị | Code of the unit",
    "unit_name": "Tên đơn vị | Name of the unit",
    "unit_kind": "Loại đơn vị | Kind of unit",
    "unit_level": "Cấp của đơn vị | Level of the unit",
    "parent": "Mã đơn vị cấp trên | Code of the superior unit",
    "form": "Mã biểu mẫu | Code of the form",
}

_INDICATOR = {
    "indicator": "Mã chỉ tiêu | Code of the indicator",
    "label_vi": "Tên chỉ tiêu bằng tiếng Việt | Vietnamese label of the indicator",
    "label_en": "Tên chỉ tiêu bằng tiếng Anh | English label of the indicator",
    "measure_vi": "Đơn vị tính bằng tiếng Việt | Unit of measure in Vietnamese",
    "breakdown": "Phân tổ; trống là tổng chung | Breakdown; empty for the whole",
}

_BOUNDS = {
    "lower": "Cận dưới; trống khi có giá trị mà không có cận | Lower bound; empty beside a value: unbounded",
    "upper": "Cận trên; trống khi có giá trị mà không có cận | Upper bound; empty beside a value: unbounded",
    "qualifier": "Độ chính xác: exact, gt (hơn), approx (khoảng)… | How exact: exact, gt, approx…",
}

_PLACE = {
    "sheet": "Trang tính; trống với CSV và JSON | Sheet; empty for CSV and JSON",
    "cell": "Ô, dòng CSV hoặc con trỏ JSON | Cell, line of a CSV or JSON pointer",
    "submission_id": "Số báo cáo | Number of the submission",
    "version": "Lần gửi thứ mấy | Which sending of the report it is",
}

_ROW = {
    "item": "Số dòng trong danh sách | Row of the list",
    "key": "Tên đã chuẩn hóa để tìm dòng trùng | Folded name, to find the same row again",
    "content": "Toàn bộ dòng, dạng JSON | The whole row as JSON",
}

VIEW_COLUMNS: dict[str, dict[str, str]] = {
    "mart_observation": {
        **_UNIT,
        **_INDICATOR,
        "value": "Giá trị theo đơn vị tính; 97,49 % là 97.49 | Value in the measure; a percentage as 97.49",
        **_BOUNDS,
        "numerator": "Tử số của tỷ lệ | Numerator of a rate",
        "denominator": "Mẫu số của tỷ lệ | Denominator of a rate",
        "status": "value, declared_zero (không phát sinh), missing (chưa có) | value, declared_zero, missing",
        "basis": "Trong kỳ hay lũy kế từ đầu năm | In the period or year to date",
        "scope": "Số của riêng đơn vị, cả hệ thống dưới hay địa bàn | Own figure, of the subtree or of the territory",
        "derived": "Do chương trình tính ra, không phải đơn vị ghi | Computed here, not stated by the unit",
        "value_text": "Như đơn vị đã ghi; số tính ra: bằng chữ số | As the unit wrote it; a derived one in digits",
        "original_text": "Nguyên văn trong ô | The text of the cell as it stood",
        "note": "Giải trình của đơn vị | The unit's note",
        **_PLACE,
        "recorded_from": "Được tin từ lúc | Believed from",
        "recorded_to": "Được tin đến lúc; trống khi còn hiệu lực | Believed until; empty while in force",
    },
    "mart_reporting": {
        **_UNIT,
        "due": "Hạn nộp, kể cả hạn được gia hạn | Day it is due, with any permit to be late",
        "submission_id": "Báo cáo đang được tính; trống khi chưa gửi | Submission that counts; empty when none came",
        "version": "Lần gửi thứ mấy | Which sending of the report it is",
        "state": "Trạng thái của bản đang được tính; missing khi chưa gửi | State of that version; missing: none came",
        "received_at": "Lúc bản ấy đến | When that version arrived",
        "decided_at": "Lúc có kết quả kiểm tra | When its outcome was recorded",
        "in_force": "1 khi có một bản đang nằm trong tổng hợp | 1 when some version stands in the totals",
    },
    "mart_reporting_rate": {
        **_UNIT,
        "expected": "Số báo cáo phải nộp, gồm mọi đơn vị bên dưới | Reports owed by the unit and all below it",
        "received": "Trong đó đã gửi | Of them: something was sent",
        "on_time": "Đã gửi, bản đầu đến trong hạn | Sent, the first version by the due day",
        "late": "Đã gửi, bản đầu đến sau hạn | Sent, the first version after the due day",
        "accepted": "Bản đang được tính đã được nhận | The version that counts was accepted",
        "rejected": "Bản đang được tính bị trả lại hoặc không đọc được"
        " | The version that counts was rejected or unreadable",
        "waiting": "Đang chờ kiểm tra | Waiting to be checked",
        "withdrawn": "Đã được rút, chưa có bản khác | Withdrawn, and nothing came instead",
        "missing": "Chưa gửi | Nothing came",
        "in_force": "Có một bản đang nằm trong tổng hợp | Some version stands in the totals",
        "complete": "Có bản trong tổng hợp và bản ấy có ít nhất một số liệu (0 khai báo cũng là số liệu)"
        " | A version stands in the totals and states at least one figure (a declared 0 is one)",
        "empty": "Có bản trong tổng hợp nhưng không có số liệu nào | A version stands in the totals without any figure",
        "reporting_rate": "received / expected, phần trăm | received / expected, in percent",
        "on_time_rate": "on_time / expected, phần trăm | on_time / expected, in percent",
        "completeness_rate": "complete / expected, phần trăm | complete / expected, in percent",
    },
    "mart_total": {
        **_UNIT,
        **_INDICATOR,
        "measure_en": "Đơn vị tính bằng tiếng Anh | Unit of measure in English",
        "kind": "Kiểu giá trị: số đếm, lượng, tỷ số, phần trăm… | Kind of value: count, quantity, ratio, percent…",
        "value": "Giá trị tổng hợp; trống thì xem note | Total; when empty see note",
        **_BOUNDS,
        "numerator": "Tổng tử số | Sum of the numerators",
        "denominator": "Tổng mẫu số | Sum of the denominators",
        "reported": "Số đơn vị có số liệu | Units that gave the figure",
        "expected": "Số đơn vị phải có số liệu | Units that owed it",
        "coverage": "Độ bao phủ n/N | Coverage n/N",
        "coverage_rate": "Độ bao phủ, phần trăm | Coverage in percent",
        "source": "computed (cộng lên) hay reported (nêu chung) | computed (added up) or reported as a whole",
        "note": "Mã lý do không có giá trị | Code of why there is no value",
        "note_vi": "Lý do không có giá trị, tiếng Việt | Why there is no value, in Vietnamese",
        "note_en": "Lý do không có giá trị, tiếng Anh | Why there is no value, in English",
        "refreshed_at": "Lúc tính | When it was computed",
    },
    "mart_finding": {
        **_UNIT,
        "finding": "Số của điều phát hiện, dùng với tongket waive | Number of the finding, for tongket waive",
        "rule": "Mã quy tắc | Id of the rule",
        "title_vi": "Tên quy tắc bằng tiếng Việt | Vietnamese title of the rule",
        "title_en": "Tên quy tắc bằng tiếng Anh | English title of the rule",
        "check_level": "Mức kiểm tra từ 1 đến 7 | Level of the check, 1 to 7",
        "severity": "Mức độ: critical, warning, info | Severity: critical, warning, info",
        "settled_by": "Đã xong nhờ đâu: note, waiver, override; trống là còn"
        " | What settled it: note, waiver, override; empty: it stands",
        "explanation": "Lời giải thích hoặc lý do miễn | Explanation, or reason of the waiver",
        "field": "Ô của biểu được nói đến | Field of the form",
        "item": "Dòng của danh sách hoặc bảng; 0 khi là ô đơn | Row of a list or matrix; 0 for a single field",
        "observed": "Giá trị thấy được | What was seen",
        "expected_value": "Giá trị mong đợi | What was expected",
        "arithmetic": "Phép tính | The arithmetic",
        "message_vi": "Lời báo bằng tiếng Việt | Message in Vietnamese",
        "message_en": "Lời báo bằng tiếng Anh | Message in English",
        "file_name": "Tên tệp do người gửi đặt | Name the sender gave the file",
        "state": "Trạng thái của báo cáo | State of the submission",
        **_PLACE,
    },
    "mart_initiative": {
        **_UNIT,
        **_ROW,
        "name": "Tên mô hình | Name of the model",
        "owner": "Đơn vị chủ trì | Owner",
        "level": "Cấp | Level",
        "status": "Tình trạng | Status",
        "field": "Lĩnh vực | Field of work",
        "effective": "Hiệu quả: có hay không | Effective: yes or no",
        "pilot": "Mô hình điểm: có hay không | Pilot: yes or no",
        "members": "Số thành viên | Members",
        "other_name": "Tên gọi khác | Other name",
        "more": "Danh sách còn nữa: có hay không | The list goes on: yes or no",
        **_PLACE,
    },
    "mart_commendation": {
        **_UNIT,
        **_ROW,
        "given_by": "Người tặng | Giver",
        "award": "Hình thức khen | Form of the commendation",
        "collectives": "Số tập thể | Collectives",
        "individuals": "Số cá nhân | Individuals",
        "name": "Tên tập thể | Collectives by name",
        "decision": "Số quyết định | Number of the decision",
        "decided_on": "Ngày quyết định, như đã ghi | Date of the decision, as written",
        **_PLACE,
    },
    "mart_inspection": {
        **_UNIT,
        **_ROW,
        "activity": "Kiểm tra hay giám sát | Inspection or supervision",
        "target": "Đối tượng | Target",
        "inspection_kind": "Thường xuyên hay chuyên đề | Regular or thematic",
        "subject": "Nội dung | Subject",
        "ended_on": "Ngày kết thúc, như đã ghi | Date ended, as written",
        **_PLACE,
    },
    "mart_topic": {
        **_UNIT,
        **_ROW,
        "year": "Năm | Year",
        "topic": "Tên chuyên đề | Topic",
        "topic_kind": "Tự chọn hay theo cấp trên | Own or inherited",
        "carried_by": "Tổ, khối thực hiện | Group that carries it out",
        **_PLACE,
    },
    "mart_list_item": {**_UNIT, "list": "Mã danh sách | Code of the list", **_ROW, **_PLACE},
    "mart_narrative": {**_UNIT, "section": "Mục | Section", "body": "Lời văn | The text", **_PLACE},
    "mart_dossier": {
        **_UNIT,
        "scope": "Số của riêng đơn vị, cả hệ thống dưới hay địa bàn; chỉ cộng own"
        " | Own figures, of the subtree or of the territory; add up none but own",
        "received": "Tiếp nhận, gồm kỳ trước chuyển qua | Received, carried over included",
        "received_online": "Tiếp nhận trực tuyến | Received online",
        "received_direct": "Tiếp nhận trực tiếp, bưu chính | Received directly or by post",
        "carried_over": "Kỳ trước chuyển qua | Carried over",
        "resolved": "Đã giải quyết | Resolved",
        "resolved_early": "Đã giải quyết trước hạn | Resolved early",
        "resolved_on_time": "Đã giải quyết đúng hạn, không kể trước hạn | Resolved on time, early ones not counted",
        "resolved_overdue": "Đã giải quyết quá hạn | Resolved late",
        "pending": "Đang giải quyết | Pending",
        "pending_in_time": "Đang giải quyết, chưa đến hạn | Pending, not yet due",
        "pending_overdue": "Đang giải quyết, đã quá hạn | Pending, past due",
        "refused": "Trả lại, không giải quyết, xin rút | Refused, returned or withdrawn",
        "on_time_rate_resolved": "Tỷ lệ đúng hạn trên số đã giải quyết, phần trăm; nhiều đơn vị: 100 × tổng tử số"
        " / tổng mẫu số | On-time rate of the resolved, in percent; of several units: 100 × sum of numerators / sum of"
        " denominators",
        "resolved_numerator": "Tử số: giải quyết trước hạn và đúng hạn; trống khi đơn vị chỉ nêu tỷ lệ"
        " | Numerator: resolved early and on time; empty where only a rate was stated",
        "resolved_denominator": "Mẫu số: đã giải quyết | Denominator: resolved",
        "on_time_rate_received": "Tỷ lệ đúng hạn trên số tiếp nhận, phần trăm; không thay cho tỷ lệ trên số đã giải"
        " quyết | On-time rate of the received, in percent; never stands for the one of the resolved",
        "received_numerator": "Tử số: giải quyết trước hạn và đúng hạn | Numerator: resolved early and on time",
        "received_denominator": "Mẫu số: tiếp nhận | Denominator: received",
        "is_exact": "1 khi mọi số trong dòng là số chính xác; 0 khi có số “hơn”, “gần”: xem mart_observation"
        " | 1 when every figure of the row is exact; 0 when some are about: see mart_observation",
        "submission_id": _PLACE["submission_id"],
        "version": _PLACE["version"],
    },
}

#: Columns that ``mart_year_on_year`` is given in words with, where it leaves the warehouse.
YEAR_ON_YEAR_WORDS = {
    "unit_name": _UNIT["unit_name"],
    **{name: _INDICATOR[name] for name in ("label_vi", "label_en", "measure_vi")},
    "measure_en": "Đơn vị tính bằng tiếng Anh | Unit of measure in English",
}
