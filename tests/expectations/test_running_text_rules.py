"""What paragraphs say against their report: what is found, and above all what is not."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from catalog.load import Catalog

FORM = "review-report"


def _found(batch: Any, catalog: Catalog, rule: str = "TXT") -> list[dict[str, Any]]:
    findings: pl.DataFrame = batch.check(catalog)
    return findings.filter(pl.col("rule").str.starts_with(rule)).rows(named=True)


def _said(make_batch: Any, catalog: Catalog, text: str, section: str = "practice", **patch: Any) -> list[str]:
    """The rules that fire on a paragraph of the example, which is of 2025 and by the provincial committee."""
    header = patch.pop("header", {})
    batch = make_batch(FORM, {"narratives": {section: text}, **patch}, **header)
    return [f"{row['rule']} {row['arithmetic'] or row['observed']}" for row in _found(batch, catalog)]


def _said_of_each(make_batch: Any, catalog: Catalog, *told: tuple[str, str]) -> dict[str, list[str]]:
    """Sections and texts, each in a report of its own, all in one batch; by text the rules that fire on it."""
    batch = make_batch(FORM, *({"narratives": {section: text}} for section, text in told))
    said: dict[str, list[str]] = {text: [] for _, text in told}
    for row in _found(batch, catalog):
        said[told[row["file"] - 1][1]].append(f"{row['rule']} {row['arithmetic'] or row['observed']}")
    return said


class TestFigures:
    @pytest.mark.parametrize(
        ("text", "arithmetic"),
        [
            ("Trong kỳ đã tiếp nhận 64.437 hồ sơ, trong đó nhiều hồ sơ đất đai.", "64.437 ≠ {dossiers_received}"),
            ("Đảng bộ có 1.100 chi bộ trực thuộc.", "1.100 ≠ 1.064"),
            ("Các đơn vị ra mắt hơn 20 mô hình, được nhân dân ủng hộ.", "hơn 20 ≠ 2"),
            ("Tỷ lệ hài lòng đạt dưới 90 %, còn thấp.", "dưới 90 % ≠ 94,32 %"),
            ("Năm 2025, tổ chức 50 cuộc quán triệt với 8.000 lượt người tham dự.", "50 ≠ 47"),
        ],
    )
    def test_a_number_that_cannot_be_the_figure(
        self, catalog: Catalog, make_batch: Any, text: str, arithmetic: str
    ) -> None:
        figures = catalog.examples[FORM]["figures"]
        wanted = arithmetic.replace("{dossiers_received}", f"{figures['dossiers_received']:,}".replace(",", "."))
        found = _said(make_batch, catalog, text)
        assert found
        assert found[0].startswith(f"TXT-001 {wanted}")

    def test_a_finding_names_both_cells_and_both_numbers(self, catalog: Catalog, make_batch: Any) -> None:
        batch = make_batch(
            FORM, {"narratives": {"practice": "Trong kỳ các đơn vị ra mắt hơn 20 mô hình; làm khá tốt và đều ở cơ sở."}}
        )
        (finding,) = _found(batch, catalog)
        assert (finding["severity"], finding["level"], finding["field"]) == ("info", 5, "practice")
        assert finding["cells"] == "Thuyết minh!B7, Số liệu!E36"
        assert finding["observed"].startswith("hơn 20 (“")
        assert finding["expected"] == "Số mô hình ra mắt trong kỳ: 2"
        assert "hơn 20 ≠ 2 (lệch 18)" in finding["message_vi"]
        assert "over 20 ≠ 2 (off by 18)" in finding["message_en"]

    def test_what_is_left_alone(self, catalog: Catalog, make_batch: Any) -> None:
        texts = [
            "Năm 2025, tổ chức 47 cuộc quán triệt.",  # what the sheet says
            "Tỷ lệ hài lòng đạt trên 90 %, cao hơn năm trước.",  # and what its words allow
            "Tỷ lệ hài lòng đạt 94 %, tỷ lệ hài lòng đạt 94,3%.",  # rounded
            "Năm 2024, tổ chức 31 cuộc quán triệt.",  # another year
            "Cùng kỳ đã tiếp nhận 5 hồ sơ.",
            "Lĩnh vực đất đai: tiếp nhận 5 hồ sơ; giải quyết 4 hồ sơ.",  # a part
            "Riêng huyện miền núi tiếp nhận 5 hồ sơ.",
            "Đảng bộ xã Than Uyên có 14 chi bộ trực thuộc.",  # somebody else
            "Chi bộ 3 ra mắt 1 mô hình.",
            "Mỗi chi bộ tổ chức 3 cuộc quán triệt.",  # of each
            "Phấn đấu tổ chức 60 cuộc quán triệt.",  # planned
            "Tổ chức 5 cuộc quán triệt Nghị quyết 57 cho cán bộ.",  # one document
            "Kiểm tra 3 chi bộ trực thuộc.",
            "Chưa giải quyết 5 hồ sơ, để chậm tiếp nhận 3 hồ sơ.",
            "Giải quyết trước và đúng hạn 100 hồ sơ.",
            "Tiếp nhận trực tuyến 300 hồ sơ, tiếp nhận 300 hồ sơ trực tuyến.",
            "Ra mắt mô hình “3 không, 5 sạch”; Tổ 1 - Khối vận; (1) tiếp nhận.",
            "Toàn tỉnh đã tiếp nhận 5 hồ sơ.",  # wider than what the report is about
            "Nhân rộng mô hình đến 3 thôn, bản.",  # a target is spoken of among the directions
            "Thực hiện 4 cuộc kiểm tra, 4 cuộc giám sát đối với các chi bộ.",
        ]
        said = _said_of_each(make_batch, catalog, *(("practice", text) for text in texts))
        assert said == {text: [] for text in texts}

    def test_a_unit_may_name_itself(self, catalog: Catalog, make_batch: Any) -> None:
        text = "Đảng ủy xã Long Bình tổ chức 82 cuộc quán triệt."
        assert _said(make_batch, catalog, text, header={"unit_name": "Đảng bộ xã Long Bình"})[0].startswith(
            "TXT-001 82 ≠ 47"
        )
        assert _said(make_batch, catalog, text, header={"unit_name": "Đảng bộ xã Than Uyên"}) == []

    def test_a_report_for_what_is_below_may_say_so(self, catalog: Catalog, make_batch: Any) -> None:
        text = "Toàn tỉnh đã tiếp nhận 5 hồ sơ."
        assert _said(make_batch, catalog, text, header={"scope": "subtree"})

    def test_targets_are_compared_where_plans_are_told(self, catalog: Catalog, make_batch: Any) -> None:
        said = _said(
            make_batch, catalog, "Năm 2026 phấn đấu nhân rộng mô hình trên 08 ấp, hoàn thành sớm.", "direction"
        )
        assert said == ["TXT-001 8 ≠ 23 (lệch 15)"]

    def test_a_growth_is_that_of_the_cell(self, catalog: Catalog, make_batch: Any) -> None:
        received = f"{catalog.examples[FORM]['figures']['dossiers_received']:,}".replace(",", ".")
        text = f"Đã tiếp nhận {received} hồ sơ (tăng 481% so với năm 2024)."
        figures = {"dossiers_received_growth_pct": "+6,55", "dossiers_received_base": None}
        assert _said(make_batch, catalog, text, figures=figures)[0].startswith("TXT-001 481 % ≠ 6,55 %")
        assert _said(make_batch, catalog, text.replace("2024", "2020"), figures=figures) == []
        assert _said(make_batch, catalog, text.replace("481", "6,5"), figures=figures) == []

    def test_the_other_reading_of_the_words_counts_too(self, catalog: Catalog, make_batch: Any) -> None:
        """Received with and without what was carried over; on time with and without what was early."""
        figures = catalog.examples[FORM]["figures"]
        new = figures["dossiers_received_online"] + figures["dossiers_received_direct"]
        assert _said(make_batch, catalog, f"Đã tiếp nhận {new} hồ sơ.") == []
        assert _said(make_batch, catalog, f"Đã tiếp nhận {new + 1} hồ sơ.") != []

    def test_a_blank_figure_contradicts_nothing(self, catalog: Catalog, make_batch: Any) -> None:
        assert _said(make_batch, catalog, "Tỷ lệ hài lòng đạt 12 %.", figures={"satisfaction_rate": None}) == []


class TestYears:
    def test_years_that_cannot_be(self, catalog: Catalog, make_batch: Any) -> None:
        told = [
            ("practice", "Kết quả của tổ cao hơn so với năm 2025.", ["TXT-003 2025"]),
            ("practice", "Kết quả của tổ cao hơn so với cùng kỳ năm 2024.", []),
            ("direction", "Phấn đấu tăng 5 % so với năm 2025.", []),
            ("practice", "Phấn đấu năm 2026 tăng so với năm 2025.", []),
            ("practice", "Trong năm 2026 đã mở ba lớp học.", ["TXT-002 2026"]),
            ("direction", "Năm 2026 hoàn thành việc lắp camera, năm 2026 đã có hướng.", []),
            ("practice", "Đã ban hành kế hoạch năm 2026; đăng ký làm theo năm 2026 đã xong.", []),
            ("practice", "Họp ngày 29/02/2024 và 31/02/2025.", ["TXT-004 31/02/2025"]),
            ("practice", "Họp ngày 29/02/2023.", ["TXT-004 29/02/2023"]),
            ("direction", "Xong trước ngày 31/04/2026.", ["TXT-004 31/04/2026"]),
            ("practice", "Kỷ niệm 135 năm ngày sinh của Bác (19/5/1890 - 19/5/2025).", []),
            ("practice", "Thực hiện chiến lược đến năm 2030, tầm nhìn đến năm 2045.", []),
            ("practice", "Duy trì nền nếp có từ năm 1025.", ["TXT-005 1025"]),
            ("practice", "Theo Nghị quyết 29-NQ/ĐU ngày 04/01/2025, năm 2016, 2023 đều tốt.", []),
        ]
        said = _said_of_each(make_batch, catalog, *((section, text) for section, text, _ in told))
        assert {text: [each.split(" (")[0] for each in found] for text, found in said.items()} == {
            text: rules for _, text, rules in told
        }


class TestNames:
    def _names(self, make_batch: Any, catalog: Catalog, text: str) -> list[tuple[str, str, str]]:
        found = _found(make_batch(FORM, {"narratives": {"practice": text}}), catalog)
        return [(row["rule"], row["observed"], row["expected"].split(" (")[0]) for row in found]

    @pytest.mark.parametrize(
        ("text", "rule", "listed", "told"),
        [
            ("Mô hình “Chính quyền thân thiện vì nhân dân phục vụ” được nhân rộng.", "TXT-006",
             "Chính quyền thân thiện, vì nhân dân phục vụ", "“Chính quyền thân thiện vì nhân dân phục vụ”"),
            ("Duy trì mô hình Chính quyền thân thiện vì nhân dân phục vụ ở cơ sở.", "TXT-006",
             "Chính quyền thân thiện, vì nhân dân phục vụ", "“Chính quyền thân thiện vì nhân dân phục vụ”"),
            ("Các mô hình “Nâng bước em đến trường”, “Tuyến Phố văn minh” đều tốt.", "TXT-006",
             "Tuyến phố văn minh", "“Tuyến Phố văn minh”"),
            ("Một số mô hình: “Ngày thứ bẩy với dân”.", "TXT-007", "Ngày thứ bảy với dân", "“Ngày thứ bẩy với dân”"),
            ("Mô hình “Chi bộ giúp hộ nghèo thoát nghèo”.", "TXT-007", "Chi bộ giúp hộ nghèo",
             "“Chi bộ giúp hộ nghèo thoát nghèo”"),
        ],
    )  # fmt: skip
    def test_one_model_under_two_names(
        self, catalog: Catalog, make_batch: Any, text: str, rule: str, listed: str, told: str
    ) -> None:
        assert self._names(make_batch, catalog, text) == [(rule, listed, told)]

    def test_what_is_no_second_name(self, catalog: Catalog, make_batch: Any) -> None:
        texts = [
            "Mô hình “ngày thứ bảy với dân” và mô hình Nâng bước em đến trường.",  # the first capital says nothing
            "Mô hình “Tổ nhân dân tự quản - Phát triển toàn diện”.",  # told in the column of other names
            "Mô hình “Ngày chủ nhật xanh”, “Camera an ninh”.",  # another model
            "Chính quyền thân thiện vì nhân dân phục vụ là yêu cầu chung.",  # no name of a model here
            "Chuyên đề “Ngày thứ bẩy với dân”.",
        ]
        said = _said_of_each(make_batch, catalog, *(("practice", text) for text in texts))
        assert said == {text: [] for text in texts}

    def test_rows_of_the_list(self, catalog: Catalog, make_batch: Any) -> None:
        rows = [dict(row) for row in catalog.examples[FORM]["lists"]["initiatives"]]
        rows[6] |= {"name": "Chính quyền thân thiện vì nhân dân phục vụ"}
        rows[5] |= {"name": "Nâng bước em đến trường vùng cao", "owner": rows[4]["owner"]}
        found = _found(make_batch(FORM, {"lists": {"initiatives": rows}}), catalog)
        assert sorted((row["rule"], row["item"], row["cells"]) for row in found) == [
            ("TXT-006", 1, "Mô hình!A5, Mô hình!A11"),
            ("TXT-007", 5, "Mô hình!A9, Mô hình!A10"),
        ]


def test_a_batch_is_read_report_by_report(catalog: Catalog, make_batch: Any) -> None:
    """One text, two reports: it agrees with one of them only."""
    text = {"dissemination": "Ngay từ đầu năm, tổ chức 47 cuộc quán triệt; cụ thể hóa bằng chương trình, kế hoạch."}
    batch = make_batch(FORM, {"narratives": text}, {"narratives": text, "figures": {"dissemination_sessions": 74}})
    assert [(row["file"], row["rule"]) for row in _found(batch, catalog, "TXT")] == [(2, "TXT-001")]
