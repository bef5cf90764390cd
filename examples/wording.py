"""Words of made-up reports."""

from __future__ import annotations

#: How many times the dossiers of a commune a province receives, times the weight of a field.
PROVINCE_SCALE = 40

TOPIC = "Nêu cao tinh thần trách nhiệm, tận tụy phục vụ nhân dân"

DOCUMENTS = (
    {"number": "12-KH/TU", "title": "Kế hoạch học tập và làm theo trong năm", "issuer": "Tỉnh ủy Tân Phú (tỉnh mẫu)"},
)

#: Figure → what the drop-down says.
OVERSIGHT = {"inspections": "Kiểm tra", "supervisions": "Giám sát"}

MODELS = (
    "Ngày cuối tuần vì dân",
    "Tổ tự quản an toàn, sạch đẹp",
    "Nụ cười công sở",
    "Chi bộ ba chủ động",
    "Tuyến đường hoa kiểu mẫu",
    "Tiếp sức học trò nghèo",
    "Hũ gạo tình thương",
    "Một ngày không hẹn",
)

LIMITATIONS = (
    "Việc đăng ký làm theo của một số đảng viên còn chung chung, chưa gắn với nhiệm vụ được giao.",
    "Sinh hoạt chuyên đề có tháng chưa đúng kế hoạch vì trùng mùa vụ; số người phát biểu còn ít.",
    "Chưa lượng hóa được kết quả của mô hình; hồ sơ theo dõi ghi chưa đều giữa các tháng.",
    "Đảng viên đi làm xa dự sinh hoạt chưa đủ, việc học tập bù còn chậm so với thời gian quy định.",
)

DIRECTIONS = (
    "Duy trì sinh hoạt chuyên đề hằng quý, gắn đăng ký làm theo với nhiệm vụ chính trị của đơn vị.",
    "Nhân rộng mô hình đã có hiệu quả; kiểm tra việc thực hiện bản cam kết ngay từ quý đầu.",
    "Phân công cấp ủy viên theo dõi từng tổ, đánh giá kết quả trong kỳ họp hằng tháng.",
)

NARRATIVES = {
    "dissemination": "Đã phổ biến kế hoạch và chuyên đề của năm đến toàn thể đảng viên, quần chúng qua các buổi họp.",
    "study": "Đảng viên học tập đúng chương trình, viết bài thu hoạch và liên hệ với công việc hằng ngày.",
    "practice": "Mỗi người chọn việc làm cụ thể, có thời hạn; tổ trưởng ghi sổ theo dõi và báo cáo kết quả hằng tháng.",
    "inspection": "Kiểm tra, giám sát theo kế hoạch, chưa phát hiện vi phạm phải xử lý.",
    "commendation": "Biểu dương những người có kết quả rõ rệt tại buổi sơ kết.",
    "cause_subjective": "Việc đôn đốc, nhắc nhở giữa các kỳ họp chưa thường xuyên.",
}

EXPLANATION = "Hồ sơ quá hạn chủ yếu chờ ý kiến cơ quan phối hợp; đã gửi thư xin lỗi và hẹn lại ngày trả."
