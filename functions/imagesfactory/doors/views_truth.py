"""Answers about the truth page as plain values; instants in UTC."""

from __future__ import annotations

from typing import Any

from imagesfactory.truth.model import Page, Verdict


def page(whole: Page) -> dict[str, Any]:
    """Every verdict of one look."""
    return {
        "as_of": whole.as_of.isoformat(),
        "is_green": whole.is_green,
        "verdicts": [_verdict(verdict) for verdict in whole.verdicts],
    }


def _verdict(verdict: Verdict) -> dict[str, Any]:
    return {
        "check": verdict.check.value,
        "is_green": verdict.is_green,
        "count": verdict.count,
        "is_more": verdict.is_more,
        "ids": list(verdict.ids),
        "ko": verdict.check.text.ko,
        "en": verdict.check.text.en,
    }
