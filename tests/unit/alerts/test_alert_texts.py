"""What an alert says outside the house."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from central.alerts.texts import PLAIN_MAX, AlertText, compose, without_diacritics
from edge.contract.catalogue import CATALOGUE
from tests.builders import NOON


def text(**given: Any) -> AlertText:
    """Return the text of an alert."""
    fields: dict[str, Any] = {
        "code": "K7Q2MX",
        "rule": "wrong_way",
        "area_name": "Phường Trường Vinh",
        "at": NOON,
        "incidents": 1,
        "step": 0,
        "public_url": "https://ioc.nghean.example",
    }
    return compose(**(fields | given))


def test_a_text_says_what_where_when_and_where_to_look() -> None:
    said = text()

    assert said.vi == (
        "[K7Q2MX] Khẩn cấp: Đi ngược chiều, Phường Trường Vinh, 12:00 02/03. "
        "https://ioc.nghean.example/alerts/K7Q2MX"
    )
    assert said.plain == (
        "[K7Q2MX] Khan cap: Di nguoc chieu, Phuong Truong Vinh, 12:00 02/03. "
        "https://ioc.nghean.example/alerts/K7Q2MX"
    )


def test_several_incidents_are_counted_and_an_unanswered_one_says_so() -> None:
    said = text(incidents=12, step=1)

    assert "12 vụ" in said.vi
    assert "CHƯA AI TIẾP NHẬN" in said.vi
    assert "CHUA AI TIEP NHAN" in said.plain


def test_without_a_commune_it_names_the_province() -> None:
    assert "Nghệ An" in text(area_name="").vi


@given(
    st.sampled_from([*CATALOGUE, "from_the_future"]),
    st.text(max_size=200),
    st.integers(0, 2),
    st.integers(1, 10**6),
)
def test_the_plain_text_is_one_part_of_an_sms_with_its_link_whole(
    rule: str, area: str, step: int, incidents: int
) -> None:
    said = text(rule=rule, area_name=area, step=step, incidents=incidents, at=NOON + timedelta(1))

    assert len(said.plain) <= PLAIN_MAX
    assert said.plain.endswith(f" {said.url}")
    assert said.plain.startswith("[K7Q2MX]")


def test_every_name_of_the_catalogue_loses_its_diacritics_and_nothing_else() -> None:
    for entry in CATALOGUE.values():
        plain = without_diacritics(entry.name_vi)
        assert plain.isascii(), plain
        assert len(plain) == len(entry.name_vi)
