"""What a member is told about images that were not made."""

from __future__ import annotations

from imagesfactory.generation.model import ReleaseReason
from imagesfactory.kit.errors import Text

REASONS: dict[ReleaseReason, Text] = {
    ReleaseReason.CONTENT_REJECTED: Text(
        "이미지 제공사의 정책에 따라 생성이 거절되어 포인트를 차감하지 않았습니다.",
        "The image provider refused this content. You were not charged.",
    ),
    ReleaseReason.PROVIDER_UNAVAILABLE: Text(
        "이미지 제공사에 일시적인 문제가 있어 생성하지 못했습니다. 포인트를 차감하지 않았습니다.",
        "The image providers were unavailable. You were not charged.",
    ),
    ReleaseReason.CANCELLED: Text(
        "요청하신 대로 취소되어 포인트를 차감하지 않았습니다.", "Cancelled as you asked. You were not charged."
    ),
    ReleaseReason.DEADLINE_PASSED: Text(
        "제한 시간 안에 생성하지 못해 포인트를 차감하지 않았습니다.",
        "It could not be made in time. You were not charged.",
    ),
    ReleaseReason.INTERNAL: Text(
        "내부 문제로 생성하지 못했습니다. 포인트를 차감하지 않았습니다.",
        "A fault on our side prevented it. You were not charged.",
    ),
}
