"""Test pictures: what they hold to whatever the prompt, and that Korean is really drawn."""

from __future__ import annotations

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from local.doubles.pictures.album import BYTES_MAX, PICTURES_MAX, Album
from local.doubles.pictures.lettering import font, korean_font_path, wrap
from local.doubles.pictures.painter import Format, PictureOrder, paint

WIDTH = 300


def order(prompt: str = "작은 배", **changes: object) -> PictureOrder:
    values: dict[str, object] = {"provider": "OpenAI", "model": "m", "width": 256, "height": 256, **changes}
    return PictureOrder(prompt=prompt, **values)  # type: ignore[arg-type]


@given(st.text(max_size=300))
@settings(max_examples=60, deadline=None)
def test_lines_fit_and_lose_no_letter(text: str) -> None:
    face = font(20)
    lines = wrap(text, face, WIDTH, lines_max=500)
    assert all(face.getlength(line) <= WIDTH for line in lines)
    shown = "".join("".join(lines).split())
    assert shown == "".join("".join(one for one in text if one.isprintable()).split())


def test_long_text_ends_in_an_ellipsis() -> None:
    lines = wrap("띄어쓰기가없는아주긴문장" * 30, font(20), WIDTH, lines_max=3)
    assert len(lines) == 3
    assert lines[-1].endswith("…")
    assert font(20).getlength(lines[-1]) <= WIDTH
    assert wrap("", font(20), WIDTH, 3) == []


def test_hangul_has_shapes_of_its_own() -> None:
    assert korean_font_path() is not None
    shapes = {font(32).getmask(letter).getbbox() and bytes(font(32).getmask(letter)) for letter in "가나힣뷁"}
    assert len(shapes) == 4


@given(st.text(max_size=40), st.integers(16, 400), st.integers(16, 400))
@settings(max_examples=25, deadline=None)
def test_any_prompt_and_size_gives_a_whole_picture(prompt: str, width: int, height: int) -> None:
    picture = Image.open(io.BytesIO(paint(order(prompt, width=width, height=height))))
    picture.load()
    assert picture.size == (width, height)


@pytest.mark.parametrize("form", ["png", "jpeg", "webp"])
def test_blurred_picture_differs_and_every_format_is_what_it_says(form: Format) -> None:
    plain, blurred = (paint(order(format=form, blurred=blurred)) for blurred in (False, True))
    assert plain != blurred
    assert Image.open(io.BytesIO(blurred)).format == form.upper()


def test_stronger_compression_makes_smaller_files() -> None:
    assert len(paint(order(format="jpeg", compression=10))) < len(paint(order(format="jpeg", compression=95)))


def test_album_forgets_the_oldest_by_number_and_by_bytes() -> None:
    album = Album()
    for _ in range(PICTURES_MAX + 1):
        album.keep(order(), b"x")
    numbers = [picture.number for picture in album.latest_first()]
    assert numbers == list(range(PICTURES_MAX + 1, 1, -1))
    album.keep(order(), bytes(BYTES_MAX))
    assert [picture.number for picture in album.latest_first()] == [PICTURES_MAX + 2]
    assert album.get(PICTURES_MAX + 1) is None
