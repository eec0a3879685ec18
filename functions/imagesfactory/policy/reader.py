"""Reads one policy file and validates it; a wrong file stops the deployment, not a member."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict

from imagesfactory.kit.errors import Text
from imagesfactory.kit.yaml_text import parse

_FOLDER = Path(__file__).parent


class Record(BaseModel):
    """A piece of a policy file: unknown keys are mistakes, and nothing changes after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Bilingual(Record):
    """A text in both languages."""

    ko: str
    en: str

    def as_text(self) -> Text:
        """The same as the kit's own type."""
        return Text(self.ko, self.en)


File = TypeVar("File", bound=Record)


def read(name: str, shape: type[File]) -> File:
    """The policy file ``name`` (without folder), validated as ``shape``.

    Raises:
        pydantic.ValidationError: the file does not have that shape.

    """
    return shape.model_validate(parse((_FOLDER / name).read_text(encoding="utf-8")))
