"""Uploaded tables through the running centre, and the record of every delivery."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from openpyxl import Workbook
from sqlalchemy import select

from central.auth.schemas import Role
from central.tables.users import AuditRow
from tests.ioc import CUA_LO, TRUONG_VINH
from tests.ioc_feeds import (
    CODE,
    MAX_BYTES,
    Sender,
    StandingClock,
    feed_centre,
    new_sender,
    record,
    refused,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

    from tests.centre import RunningCentre

HEADING = "Mã chỉ tiêu;Mã địa bàn;Kỳ;Giá trị\n"


@pytest.fixture(scope="module")
def clock() -> StandingClock:
    """Return the clock of the centre."""
    return StandingClock()


@pytest.fixture(
    scope="module", params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]
)
def centre(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, clock: StandingClock
) -> Iterator[RunningCentre]:
    """Yield a running centre: once on SQLite, once on PostgreSQL."""
    with feed_centre(request, tmp_path_factory, clock) as running:
        yield running


@pytest.fixture(scope="module")
def technician(centre: RunningCentre) -> httpx.Client:
    """Return the client of someone who may register feeds."""
    return centre.person(Role.TECHNICIAN)


@pytest.fixture
def sender(centre: RunningCentre, technician: httpx.Client, clock: StandingClock) -> Sender:
    """Return a sender of a new feed."""
    return new_sender(centre, technician, clock)


def upload(
    client: httpx.Client, code: str, name: str, content: bytes, **params: Any
) -> httpx.Response:
    """Upload a table."""
    return client.post(f"/feeds/{code}/upload", files={"file": (name, content)}, params=params)


def workbook(*rows: list[Any]) -> bytes:
    """Return an XLSX file."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def test_an_uploaded_csv_lands_row_by_row(
    centre: RunningCentre, sender: Sender, technician: httpx.Client
) -> None:
    text = HEADING + f"{CODE};Trường Vinh;20/11/2026;71\n{CODE};99999;20/11/2026;5\n"
    out = upload(centre.person(Role.OPERATOR), sender.code, "báo cáo.csv", text.encode()).json()
    records = technician.get(
        f"/indicators/{CODE}/records",
        params={"area_code": TRUONG_VINH, "period_start": "2026-11-19T17:00:00Z"},
    ).json()["items"]

    assert out["accepted"] == 1
    assert [(item["row"], item["column"]) for item in out["rejected"]] == [(3, "area_code")]
    assert records[0]["kind"] == "upload"
    assert records[0]["file_name"] == "báo cáo.csv"
    assert records[0]["row_number"] == 2
    assert records[0]["actor"] == "operator"
    assert records[0]["quality"] == "manual"
    assert records[0]["raw_value"] == "71"


def test_an_uploaded_workbook_lands_too(sender: Sender, technician: httpx.Client) -> None:
    content = workbook(
        ["indicator", "area", "period", "value"],
        ["economy.cpi", 40, "10/2026", 3.25],
        ["economy.iip", 40, "10/2026", "=B2*2"],
    )
    out = upload(technician, sender.code, "t10.xlsx", content).json()

    assert out["accepted"] == 1
    assert "công thức" in out["rejected"][0]["message_vi"]


def test_a_dry_run_says_the_same_and_stores_nothing(
    sender: Sender, technician: httpx.Client
) -> None:
    text = (HEADING + f"{CODE};{CUA_LO};19/11/2026;81\n{CODE};{CUA_LO};x;1\n").encode()
    rehearsed = upload(technician, sender.code, "a.csv", text, dry_run=True).json()
    again = upload(technician, sender.code, "a.csv", text, dry_run=True).json()
    real = upload(technician, sender.code, "a.csv", text).json()
    repeated = upload(technician, sender.code, "a.csv", text).json()

    assert rehearsed["dry_run"]
    assert rehearsed["delivery_id"] is None
    assert rehearsed == again
    assert real["rejected"] == rehearsed["rejected"]
    assert real["stored"] == rehearsed["stored"] == 1
    assert repeated["unchanged"] == 1


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("a.pdf", b"%PDF", "unreadable_table"),
        ("a.xlsx", b"PK not a workbook", "unreadable_table"),
        ("a.csv", b"\xff\xfe", "unreadable_table"),
        ("a.csv", b"a;b;c\n1;2;3\n", "unreadable_table"),
        ("a.csv", b"", "unreadable_table"),
    ],
)
def test_a_file_that_cannot_be_read_says_what_is_wrong(
    sender: Sender, technician: httpx.Client, name: str, content: bytes, code: str
) -> None:
    assert refused(upload(technician, sender.code, name, content), 422) == code


def test_a_file_beyond_the_limit_is_refused_by_its_length(
    sender: Sender, technician: httpx.Client
) -> None:
    assert (
        refused(upload(technician, sender.code, "a.csv", b"x" * (MAX_BYTES + 50_000)), 413)
        == "too_large"
    )


def test_a_form_without_a_file_is_refused(sender: Sender, technician: httpx.Client) -> None:
    answer = technician.post(f"/feeds/{sender.code}/upload", files={"other": ("a.csv", b"x")})

    assert refused(answer, 422) == "no_file"


def test_an_upload_to_an_unknown_feed_is_refused(technician: httpx.Client) -> None:
    answer = upload(technician, "khong-co", "a.csv", (HEADING + "a;b;c;1\n").encode())

    assert refused(answer, 404) == "unknown_feed"


@pytest.mark.parametrize("role", [Role.OFFICER, Role.LEADER])
def test_who_only_reads_uploads_nothing(centre: RunningCentre, sender: Sender, role: Role) -> None:
    assert refused(upload(centre.person(role), sender.code, "a.csv", b"x"), 403) == "forbidden"


def test_a_foreign_page_cannot_upload(centre: RunningCentre, sender: Sender) -> None:
    browser = centre.person(Role.OPERATOR)
    del browser.headers["X-Songlam"]

    assert refused(upload(browser, sender.code, "a.csv", b"x"), 403) == "csrf"


def test_an_upload_is_in_the_audit_log(
    centre: RunningCentre, sender: Sender, technician: httpx.Client
) -> None:
    upload(technician, sender.code, "a.csv", (HEADING + "a;b;c;1\n").encode())
    with centre.parts.database.read() as session:
        rows = session.scalars(select(AuditRow).where(AuditRow.object_id == sender.code))
        actions = [(row.actor, row.action) for row in rows]

    assert actions == [("technician", "create"), ("technician", "upload")]


def test_every_delivery_is_on_record(
    sender: Sender, technician: httpx.Client, clock: StandingClock
) -> None:
    sender.deliver(clock.now, record(91), record("x", area_code=CUA_LO))
    upload(technician, sender.code, "a.csv", (HEADING + f"{CODE};40;x;1\n").encode())
    rows = technician.get(f"/feeds/{sender.code}/deliveries").json()["items"]

    assert [(row["kind"], row["accepted"], row["rejected"]) for row in rows] == [
        ("upload", 0, 1),
        ("webhook", 1, 1),
    ]
    assert rows[0]["actor"] == "technician"
    assert rows[1]["actor"] is None
    assert len(rows[0]["sha256"]) == 64


def test_the_list_of_deliveries_is_paged(
    sender: Sender, technician: httpx.Client, clock: StandingClock
) -> None:
    for second in range(51):
        sender.deliver(clock.now + timedelta(seconds=second), record(second))
    first = technician.get(f"/feeds/{sender.code}/deliveries").json()
    rest = technician.get(
        f"/feeds/{sender.code}/deliveries", params={"cursor": first["next_cursor"]}
    ).json()

    assert len(first["items"]) == 50
    assert len(rest["items"]) == 1
    assert rest["next_cursor"] is None


def test_a_feed_shows_how_its_last_delivery_went(
    sender: Sender, technician: httpx.Client, clock: StandingClock
) -> None:
    def shown() -> dict[str, Any]:
        items = technician.get("/feeds").json()["items"]
        return next(item for item in items if item["code"] == sender.code)

    assert shown()["last_delivery_at"] is None
    sender.deliver(clock.now, record(101), record("x", area_code=CUA_LO))

    assert (shown()["last_accepted"], shown()["last_rejected"]) == (1, 1)
    assert shown()["example"] is False


def test_a_delivery_tells_later_which_rows_did_not_land(
    sender: Sender, technician: httpx.Client, clock: StandingClock
) -> None:
    told = sender.deliver(clock.now, record(95), record("x", area_code=CUA_LO))
    path = f"/feeds/{sender.code}/deliveries/{told.delivery_id}"
    kept = technician.get(path).json()

    assert (kept["accepted"], kept["rejected"]) == (1, 1)
    assert kept["rejections"] == [item.model_dump(mode="json") for item in told.rejected]


def test_a_delivery_of_another_feed_is_not_found(
    sender: Sender, technician: httpx.Client, clock: StandingClock
) -> None:
    told = sender.deliver(clock.now, record(96))
    technician.post("/feeds", json={"code": "khac", "name": "Nguồn khác"})
    answer = technician.get(f"/feeds/khac/deliveries/{told.delivery_id}")

    assert answer.status_code == 404
    assert answer.json()["detail"]["code"] == "unknown_delivery"


def test_a_feed_that_falls_silent_is_stale_since_its_next_figure_was_due(
    sender: Sender, technician: httpx.Client, clock: StandingClock
) -> None:
    def shown() -> dict[str, Any]:
        items = technician.get("/feeds").json()["items"]
        return next(item for item in items if item["code"] == sender.code)

    assert shown()["freshness"] == "missing"
    visits = {"indicator": "health.outpatient_visits"}
    sender.deliver(clock.now, record(900, **visits, period_start="2026-11-18"))
    silent = shown()
    sender.deliver(clock.now, record(900, **visits, period_start="2026-11-22"))

    assert (silent["freshness"], silent["indicator_count"]) == ("stale", 1)
    assert silent["stale_since"] == "2026-11-20T05:00:00Z"  # 36 hours after the day it covers
    assert (shown()["freshness"], shown()["stale_since"]) == ("fresh", None)


def test_a_silent_feed_is_stale_whatever_others_deliver(
    centre: RunningCentre, sender: Sender, technician: httpx.Client, clock: StandingClock
) -> None:
    old, new = ({"period_start": f"2026-11-{day}", "area_code": CUA_LO} for day in (15, 21))
    sender.deliver(clock.now, record(111, **old))
    other = new_sender(centre, technician, clock)
    other.deliver(clock.now, record(112, **new))
    feeds = {item["code"]: item["freshness"] for item in technician.get("/feeds").json()["items"]}

    assert (feeds[sender.code], feeds[other.code]) == ("stale", "fresh")


def test_the_template_can_be_downloaded_filled_in_and_uploaded(
    sender: Sender, technician: httpx.Client
) -> None:
    answer = technician.get("/feeds/template.csv", params={"component": "education"})
    filled = answer.text.replace("education.students;40;;", "education.students;40;2025;700.000")
    out = upload(technician, sender.code, "mẫu.csv", filled.encode()).json()

    pupils = technician.get("/indicators/education.students").json()["latest"]

    assert "attachment" in answer.headers["content-disposition"]
    assert out["rejected"] == []
    assert pupils["value"] == 700_000


def test_every_row_is_counted(centre: RunningCentre, sender: Sender, clock: StandingClock) -> None:
    def counted(outcome: str) -> float:
        metrics = centre.parts.metrics
        value: float = metrics.feed_rows.labels(outcome)._value.get()
        return value

    before = counted("rejected")
    sender.deliver(clock.now, record("x"), record("y", area_code=CUA_LO))

    assert counted("rejected") == before + 2
