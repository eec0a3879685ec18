"""Keeps the latest pictures drawn, for the gallery page."""

from __future__ import annotations

import itertools
from collections import Counter, OrderedDict
from dataclasses import dataclass

from local.doubles.pictures.painter import PictureOrder

PICTURES_MAX = 120
BYTES_MAX = 96 * 1024 * 1024


@dataclass(frozen=True)
class KeptPicture:
    """One picture with the order it was drawn for."""

    number: int
    order: PictureOrder
    content: bytes

    @property
    def media_type(self) -> str:
        """The file's media type."""
        return f"image/{self.order.format}"


class Album:
    """The latest pictures, bounded in number and bytes; the oldest go first."""

    def __init__(self) -> None:
        self._pictures: OrderedDict[int, KeptPicture] = OrderedDict()
        self._numbers = itertools.count(1)
        self._bytes = 0
        self._takes: Counter[tuple[str, str]] = Counter()

    def keep(self, order: PictureOrder, content: bytes) -> None:
        """Add a picture."""
        picture = KeptPicture(next(self._numbers), order, content)
        self._pictures[picture.number] = picture
        self._bytes += len(content)
        while len(self._pictures) > PICTURES_MAX or self._bytes > BYTES_MAX:
            _, oldest = self._pictures.popitem(last=False)
            self._bytes -= len(oldest.content)

    def next_take(self, prompt: str, model: str) -> int:
        """0 for the first picture of a prompt by a model, then 1, 2, 3: like a real model, no take repeats another."""
        take = self._takes[prompt, model]
        self._takes[prompt, model] += 1
        return take

    def latest_first(self) -> list[KeptPicture]:
        """All that is kept, newest first."""
        return list(reversed(self._pictures.values()))

    def get(self, number: int) -> KeptPicture | None:
        """One picture, or None when it is gone."""
        return self._pictures.get(number)

    def clear(self) -> None:
        """Forget all pictures."""
        self._pictures.clear()
        self._takes.clear()
        self._bytes = 0
