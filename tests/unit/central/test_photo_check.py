"""What a photo may hold: a picture, and nothing about who took it where."""

from __future__ import annotations

import hashlib

import pytest

from central.field.photos import check
from central.problems import Problem
from tests.photo import COMMENT, EXIF, FILM, IPTC, JFIF, PICTURE, XMP, jpeg, segment


def refusal(content: bytes, sha256: str = "") -> str:
    """Return the code with which a photo is refused."""
    with pytest.raises(Problem) as refused:
        check(content, sha256 or hashlib.sha256(content).hexdigest())
    assert refused.value.status_code == 422
    return refused.value.code


def test_a_plain_photo_is_taken_as_it_is() -> None:
    adobe = segment(0xEE, b"Adobe\x00\x64")

    for content in (jpeg(), jpeg(adobe), b"\xff\xd8" + PICTURE):
        check(content, hashlib.sha256(content).hexdigest())


@pytest.mark.parametrize("more", [EXIF, XMP, IPTC, FILM, COMMENT, segment(0xE5, b"camera")])
def test_a_photo_that_tells_more_is_refused(more: bytes) -> None:
    assert refusal(jpeg(more)) == "photo_tells_more"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x89PNG\r\n",
        jpeg()[:-2],
        jpeg() + jpeg(),
        b"\xff\xd8" + JFIF + b"\x00\x00\xff\xd9",
        b"\xff\xd8\xff\xe0\xff\xff\xff\xd9",
        b"\xff\xd8\xff\xd9",
    ],
)
def test_what_is_no_whole_jpeg_is_refused(content: bytes) -> None:
    assert refusal(content) == "no_jpeg"


def test_another_photo_than_the_one_that_was_meant_is_refused() -> None:
    assert refusal(jpeg(), hashlib.sha256(jpeg(name="other")).hexdigest()) == "wrong_hash"
