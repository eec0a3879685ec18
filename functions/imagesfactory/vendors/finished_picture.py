"""The last step of every image model: what the provider sent becomes a marked picture, or the provider failed."""

from __future__ import annotations

from imagesfactory.generation.ports import Generated, ProviderBusy
from imagesfactory.vendors.ai_mark import PictureDamaged, marked


def finished(png: bytes, *, request_id: str, ai_system: str) -> Generated:
    """The marked picture with the provider's own id of the request.

    Raises:
        ProviderBusy: the answer is damaged; another attempt may bring a whole one.

    """
    try:
        return Generated(png=marked(png, ai_system=ai_system), request_id=request_id)
    except PictureDamaged:
        raise ProviderBusy from None
