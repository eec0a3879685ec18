"""The words that the doubles take for unsafe, so that a person can try a refusal by typing it.

The categories are those of OpenAI's moderation API. The words are few, plain and listed on the home page; a
category's own name always counts, so each of the thirteen can be tried.
"""

from __future__ import annotations

import re
from functools import cache

CATEGORY_WORDS: dict[str, tuple[str, ...]] = {
    "harassment": ("harass", "괴롭혀"),
    "harassment/threatening": ("i will hurt you", "가만두지 않겠"),
    "hate": ("hate speech", "혐오 발언"),
    "hate/threatening": ("hateful threat", "혐오 협박"),
    "illicit": ("shoplift", "도둑질"),
    "illicit/violent": ("build a bomb", "폭탄 제조"),
    "self-harm": ("self harm", "자해"),
    "self-harm/intent": ("i want to hurt myself", "나를 해치고 싶"),
    "self-harm/instructions": ("how to hurt myself", "자해 방법"),
    "sexual": ("nude", "나체"),
    "sexual/minors": (),
    "violence": ("violent", "폭력"),
    "violence/graphic": ("gore", "유혈"),
}
OUTPUT_WORDS = ("refused result", "거절될 결과")
"""A prompt with one of these passes every check, and the finished picture is refused."""


def flagged_categories(text: str) -> list[str]:
    """The categories whose trigger words stand in the text, in the order of the API."""
    lowered = text.lower()
    return [name for name in CATEGORY_WORDS if _pattern(name).search(lowered)]


def output_refused(text: str) -> bool:
    """Whether the picture drawn for this prompt is to be refused after it was made."""
    return any(word in text.lower() for word in OUTPUT_WORDS)


@cache
def _pattern(category: str) -> re.Pattern[str]:
    # Letters and digits may not touch an English word; Korean endings follow a word without a gap.
    words = "|".join(re.escape(word) for word in (category, *CATEGORY_WORDS[category]))
    return re.compile(rf"(?<![a-z0-9/-])(?:{words})(?![a-z0-9/-])")
