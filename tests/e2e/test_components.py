"""The nine components in a real browser: from a tile down to the incident behind its number."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import FilePayload, expect

from central.auth.schemas import Role
from central.indicators.catalogue import EXAMPLE_SOURCE
from central.indicators.periods import Period, period_start
from central.indicators.rollup import roll_up
from central.indicators.store import store
from tests.console import DESK, PHONE, Desk
from tests.ioc import CUA_LO, PROVINCE, TRUONG_VINH, add_camera, add_incident, figure, origin

if TYPE_CHECKING:
    from central.indicators.store import Figure
    from tests.province import Province

pytestmark = pytest.mark.e2e

WALL = (1920, 1080)
PAGES = (
    "/ioc",
    "/ioc/traffic",
    "/ioc/traffic/violations",
    "/ioc/traffic/violations/records",
    "/ioc/health/infectious_cases?area=16690",
    "/ioc/health/infectious_cases/records",
    "/ioc/nonsense",
    "/ioc/health/nonsense",
    "/admin/feeds",
    "/feeds/so-y-te",
)
KEYS = ("ioc.", "feeds.", "incident.", "fleet.", "common.")
CSV = "indicator;area_code;period_start;value\n"


def today() -> datetime:
    """Return the start of the day that it is in Nghệ An, whatever day it is elsewhere."""
    return period_start(Period.DAY, datetime.now(UTC))


def days_ago(days: int) -> datetime:
    """Return the start of an earlier day there."""
    return today() - timedelta(days=days)


def delivered(province: Province, *figures: Figure, source: str = "so-y-te") -> None:
    """Store figures as if a feed had delivered them just now."""
    with province.centre.parts.database.write() as session:
        store(session, figures, origin(source, datetime.now(UTC)))


def cases(value: float | None, **given: Any) -> Figure:
    """Return yesterday's cases of infectious disease in a commune."""
    return figure(value, **({"period_start": days_ago(1)} | given))


def two_violations(province: Province) -> None:
    """Store two red lights in Trường Vinh, one of them rejected, and count them."""
    now = datetime.now(UTC)
    given = {"area_code": TRUONG_VINH, "received_at": now, "occurred_at": today()}
    parts = province.centre.parts
    with parts.database.write() as session:
        add_camera(session, since=now)
        add_incident(session, 1, rule="red_light", **given)
        add_incident(session, 2, rule="red_light", status="rejected", **given)
    roll_up(parts.database, parts.clock)


def with_feeds(province: Province) -> None:
    """Register the feed of the health department."""
    feed = {"code": "so-y-te", "name": "Sở Y tế", "component": "health"}
    answer = province.centre.person(Role.TECHNICIAN).post("/feeds", json=feed)
    assert answer.status_code == 201, answer.text


def check_table(desk: Desk, text: str) -> None:
    """Pick a CSV on the feeds' page and have it checked."""
    desk.page.select_option("select[name=feed]", "so-y-te")
    table = FilePayload(name="bao-cao.csv", mimeType="text/csv", buffer=text.encode())
    desk.page.set_input_files("input[name=table]", table)
    desk.by("check").click()


def test_a_number_is_followed_from_its_tile_to_the_incident(province: Province) -> None:
    """Tile → component → indicator → commune → records → incident, and all the way back."""
    two_violations(province)
    desk = province.desk().open("/ioc")
    expect(desk.by("tile")).to_have_count(9)
    expect(desk.by("tile").first).to_have_attribute("data-component", "traffic")

    desk.by("tile-link").first.click()
    desk.page.locator("[data-indicator='traffic.violations']").get_by_role("link").first.click()
    expect(desk.by("figure").get_by_test_id("value")).to_have_text("1")
    row = desk.page.locator(f"[data-area='{TRUONG_VINH}']")
    row.get_by_role("link", name="Phường Trường Vinh", exact=True).click()
    expect(desk.page).to_have_url(f"{desk.url}/ioc/traffic/violations?area={TRUONG_VINH}")
    desk.by("records-link").click()
    expect(desk.by("record")).to_have_count(1)  # the rejected one was not counted
    desk.by("incident-link").click()
    expect(desk.page).to_have_url(f"{desk.url}/incidents/incident-1")

    for _ in range(3):
        desk.page.go_back()
    expect(desk.page).to_have_url(f"{desk.url}/ioc/traffic/violations")
    expect(desk.page.locator("select[name=area]")).to_have_value(PROVINCE)
    assert desk.troubles == []


def test_a_delivered_number_leads_to_its_rows_corrections_included(province: Province) -> None:
    with_feeds(province)
    client = province.centre.person(Role.TECHNICIAN)
    day = (today() + timedelta(hours=12) - timedelta(days=1)).strftime("%d/%m/%Y")
    for value in ("1.200", "1.250"):
        table = f"{CSV}health.outpatient_visits;{CUA_LO};{day};{value}\n"
        client.post("/feeds/so-y-te/upload", files={"file": ("ngày.csv", table.encode())})
    desk = province.desk().open(f"/ioc/health/outpatient_visits/records?area={CUA_LO}")

    expect(desk.by("record")).to_have_count(2)
    expect(desk.by("record").first).to_contain_text("1.250 lượt")
    expect(desk.by("record").first).to_contain_text("Sở Y tế")
    expect(desk.by("record").last).to_contain_text("Đã được thay lúc")
    desk.by("record").first.get_by_role("link", name="ngày.csv").click()
    expect(desk.by("delivery")).to_contain_text("1 dòng thay số cũ")
    assert desk.troubles == []


def test_missing_stale_and_example_figures_say_so_in_words(province: Province) -> None:
    stale = figure(
        97.5,
        indicator="education.attendance",
        area_code=PROVINCE,
        period_start=days_ago(9),
    )
    delivered(province, stale)
    example = figure(
        1234.0,
        indicator="cybersecurity.attacks_blocked",
        area_code=PROVINCE,
        period_start=days_ago(1),
    )
    delivered(province, example, cases(0), source=EXAMPLE_SOURCE)
    desk = province.desk().open("/ioc")

    def shown(code: str) -> Any:
        return desk.page.locator(f"[data-testid=tile] [data-indicator='{code}']")

    expect(shown("economy.grdp_growth").get_by_test_id("no-data")).to_have_text("Chưa có dữ liệu")
    expect(shown("education.attendance")).to_contain_text("97,5")
    expect(shown("education.attendance").get_by_test_id("mark-stale")).to_contain_text(
        "Số liệu cũ từ"
    )
    expect(shown("cybersecurity.attacks_blocked")).to_contain_text("1.234")
    expect(shown("cybersecurity.attacks_blocked").get_by_test_id("mark-example")).to_be_visible()
    expect(shown("health.infectious_cases").get_by_test_id("value")).to_have_text("0")
    expect(shown("health.infectious_cases")).to_contain_text("1/130 xã, phường")
    expect(desk.by("example-note")).to_be_visible()
    desk.by("language").click()
    expect(shown("cybersecurity.attacks_blocked")).to_contain_text("1,234")


def test_communes_without_a_value_stand_last_and_have_none(province: Province) -> None:
    delivered(province, cases(3), cases(8, area_code=CUA_LO))
    desk = province.desk().open("/ioc/health/infectious_cases")
    rows = desk.by("by-area").locator("tbody tr")

    expect(rows).to_have_count(130)
    expect(rows.nth(0)).to_contain_text("Cửa Lò")
    expect(rows.nth(2)).to_contain_text("Chưa có dữ liệu")
    desk.page.get_by_role("button", name="Giá trị (ca)").click()
    expect(rows.nth(0)).to_contain_text("Trường Vinh")
    desk.page.get_by_role("searchbox").fill("cua lo")
    expect(rows).to_have_count(1)


def test_a_chosen_period_stands_in_the_address(province: Province) -> None:
    delivered(province, cases(3), cases(8, period_start=days_ago(2)))
    desk = province.desk().open("/ioc/health/infectious_cases")
    figure_shown = desk.by("figure").get_by_test_id("value")
    expect(figure_shown).to_have_text("3")

    desk.page.select_option("select[name=period]", index=1)
    expect(figure_shown).to_have_text("8")
    shared = desk.page.url
    desk.page.go_back()
    expect(figure_shown).to_have_text("3")
    desk.page.goto(shared)
    expect(figure_shown).to_have_text("8")
    desk.by("records-link").click()
    expect(desk.by("record")).to_have_count(1)


def test_a_period_long_past_is_shown_with_its_value(province: Province) -> None:
    """An old link must not say "no data" of a period that the first thirty do not hold."""
    delivered(province, cases(3), cases(11, period_start=days_ago(60)))
    past = days_ago(60).isoformat().replace("+00:00", "Z")
    desk = province.desk().open(f"/ioc/health/infectious_cases?period={past}")
    expect(desk.by("figure").get_by_test_id("value")).to_have_text("11")
    expect(desk.page.locator("select[name=period]")).to_have_value(past)
    desk.by("records-link").click()
    expect(desk.by("figure").get_by_test_id("value")).to_have_text("11")
    expect(desk.by("record")).to_have_count(1)


def test_news_changes_the_tile_and_leaves_place_and_focus_alone(province: Province) -> None:
    with_feeds(province)
    delivered(province, cases(3))
    desk = province.desk(size=PHONE).open("/ioc")
    link = desk.page.locator("[data-indicator='health.infectious_cases'] a")
    link.focus()
    content = desk.page.locator("#content")
    before = content.evaluate("element => element.scrollTop")
    assert before > 0
    day = (days_ago(1) + timedelta(hours=12)).strftime("%d/%m/%Y")
    table = f"{CSV}health.infectious_cases;{TRUONG_VINH};{day};21\n"
    technician = province.centre.person(Role.TECHNICIAN)
    technician.post("/feeds/so-y-te/upload", files={"file": ("a.csv", table.encode())})

    value = desk.page.locator("[data-indicator='health.infectious_cases']").get_by_test_id("value")
    expect(value).to_have_text("21")
    expect(link).to_be_focused()
    assert content.evaluate("element => element.scrollTop") == before


def test_going_back_returns_to_where_one_was(province: Province) -> None:
    desk = province.desk(size=PHONE).open("/ioc")
    tile = desk.page.locator("[data-component='cybersecurity']")
    tile.scroll_into_view_if_needed()
    content = desk.page.locator("#content")
    place = content.evaluate("element => element.scrollTop")
    tile.get_by_test_id("tile-link").click()
    desk.by("indicators").wait_for()
    assert content.evaluate("element => element.scrollTop") == 0

    desk.page.go_back()
    tile.wait_for()
    desk.page.wait_for_function(
        "top => document.getElementById('content').scrollTop === top", arg=place
    )


def test_a_table_is_checked_row_by_row_before_it_is_taken(province: Province) -> None:
    with_feeds(province)
    desk = province.desk(Role.TECHNICIAN).open("/admin/feeds")
    day = (days_ago(1) + timedelta(hours=12)).strftime("%d/%m/%Y")
    rows = (
        f"health.infectious_cases;{TRUONG_VINH};{day};7",
        f"health.infectious_cases;99999;{day};4",
        f"health.bed_occupancy;40;{day};tám mươi",
    )
    check_table(desk, CSV + "\n".join(rows))

    wrong = desk.by("rejections").locator("tbody tr")
    expect(wrong).to_have_count(2)
    expect(wrong.nth(0)).to_contain_text("3Địa bàn area_code")
    expect(wrong.nth(0)).to_contain_text("Không có địa bàn này; dùng mã 5 số")
    expect(wrong.nth(1)).to_contain_text("tám mươi")
    expect(desk.by("result")).to_contain_text("Đã kiểm tra, chưa lưu: 1 dòng đúng, 2 dòng sai")
    reader = province.centre.person(Role.LEADER)
    assert reader.get("/indicators/health.infectious_cases").json()["latest"] is None

    desk.by("accept").click()
    expect(desk.by("result")).to_contain_text("Đã nhận 1 dòng; 2 dòng bị từ chối")
    assert reader.get("/indicators/health.infectious_cases").json()["latest"]["value"] == 7
    desk.by("deliveries-link").click()
    desk.page.get_by_role("button", name="Chi tiết").click()
    expect(desk.by("rejections").locator("tbody tr")).to_have_count(2)
    assert desk.troubles == []


def test_a_file_that_is_no_table_is_refused_in_words(province: Province) -> None:
    with_feeds(province)
    desk = province.desk(Role.OPERATOR).open("/admin/feeds")
    expect(desk.by("renew")).to_have_count(0)  # an operator uploads but holds no secrets
    check_table(desk, "a;b\n1;2\n")
    expect(desk.page.get_by_role("alert")).to_contain_text("Dòng tiêu đề cần đúng một cột")


def test_a_feeds_secret_is_shown_once_and_its_silence_is_seen(province: Province) -> None:
    desk = province.desk(Role.TECHNICIAN).open("/admin/feeds")
    desk.page.fill("input[name=feed_code]", "so-y-te")
    desk.page.fill("input[name=feed_name]", "Sở Y tế")
    desk.page.select_option("select[name=feed_component]", "health")
    desk.page.get_by_role("button", name="Đăng ký nguồn").click()
    secret = desk.by("secret").locator("input").input_value()
    assert len(secret) > 30
    desk.by("secret-done").click()
    assert secret not in desk.page.content()
    expect(desk.by("feed-state")).to_contain_text("Chưa có số liệu")

    delivered(province, cases(3, period_start=days_ago(5)))
    desk.page.reload()
    expect(desk.by("feed-state")).to_contain_text("Số liệu cũ từ")
    assert secret not in desk.page.content()


def test_a_congestion_says_how_bad_it_is(province: Province) -> None:
    province.incident("i-1", rule="congestion", level=2)
    desk = province.desk().open("/")
    expect(desk.row("i-1").get_by_test_id("level")).to_have_text("Mức 2: ùn ứ")
    desk.open("/incidents/i-1")
    expect(desk.by("level").first).to_have_text("Mức 2: ùn ứ")


@pytest.mark.parametrize("locale", ["vi", "en"])
def test_every_page_of_the_components_stands_on_every_screen(
    province: Province, locale: str
) -> None:
    """No script error, no request beyond the centre, no sideways scrolling, no bare message key."""
    with_feeds(province)
    two_violations(province)
    delivered(province, cases(3), cases(None, area_code=CUA_LO))
    desk = province.desk(Role.ADMIN, size=PHONE, locale=locale, theme="dark")
    for path in PAGES:
        desk.resize(PHONE).open(path).page.locator("h1, [role=alert]").first.wait_for()
        desk.page.wait_for_load_state("load")
        for size in (PHONE, DESK, WALL):
            desk.resize(size)
            assert desk.sideways_px() <= 0, f"{path} is wider than {size[0]} px"
            text = desk.page.locator("body").inner_text()
            assert [key for key in KEYS if key in text] == [], path
    assert desk.troubles == []
