"""The free sizes of OpenAI's newer models, checked against the documented rules said another way."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import example, given, settings
from hypothesis import strategies as st

from local.doubles.openai.catalogue import IMAGE_MODELS, STANDARD_SIZES, dimensions, size_problem

FREE = IMAGE_MODELS["gpt-image-2"]
sides = st.integers(1, 300).map(lambda steps: steps * 16) | st.integers(16, 5000)


@given(sides, sides)
@example(3840, 2160)
@example(2160, 3840)
@example(3840, 1280)
@example(3840, 1264)
@example(3856, 2144)
@settings(max_examples=150)
def test_free_sizes(width: int, height: int) -> None:
    allowed = (
        {width % 16, height % 16} == {0}
        and Fraction(1, 3) <= Fraction(width, height) <= 3
        and width <= 3840
        and height <= 3840
        and 655_360 <= width * height <= 3840 * 2160
    )
    size = f"{width}x{height}"
    assert (size_problem(FREE, size) is None) == (allowed or size in STANDARD_SIZES)
    assert dimensions(size) == (width, height)


@given(st.text(alphabet="0123456789xX -a가", max_size=12))
@settings(max_examples=100)
def test_no_text_slips_through(size: str) -> None:
    if size_problem(FREE, size) is None:
        assert dimensions(size)[0] * dimensions(size)[1] >= 655_360
