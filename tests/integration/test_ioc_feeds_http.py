"""Feeds through the running centre: signed webhooks, uploaded tables, secrets and their record."""

from __future__ import annotations

import io
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from openpyxl import Workbook
from sqlalchemy import select

from central.auth.schemas import Role
from central.feeds.schemas import DeliveryOut
from central.feeds.signature import sign
from central.tables.feeds import FeedRow
from central.tables.users import AuditRow
from tests.centre import RunningCentre, running_centre
from tests.ioc import CUA_LO, NOW, TRUONG_VINH

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

    from tests.postgres import PostgresCluster

CODE = "health.infectious_cases"
HEADING = "Mã chỉ tiêu;Mã địa bàn;Kỳ;Giá trị\n"


class StandingClock:
    """A clock that stands still until a test moves it."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        """Return the time at which it stands."""
        return self.now


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
    url = ""
    if request.param == "postgres":
        cluster: PostgresCluster = request.getfixturevalue("postgres_cluster")
        url = cluster.create_database()
    folder = tmp_path_factory.mktemp("centre")
    with running_centre(folder, clock, database_url=url, feed_max_bytes=200_000) as running:
        yield running


@pytest.fixture(scope="module")
def technician(centre: RunningCentre) -> httpx.Client:
    """Return the client of someone who may register feeds."""
    return centre.person(Role.TECHNICIAN)


class Sender:
    """Another system: knows its feed and secret, and signs what it sends."""

    def __init__(self, centre: RunningCentre, code: str, secret: str) -> None:
        self.path = f"/feeds/{code}/webhook"
        self.code = code
        self.secret = secret
        self._client = centre.client()

    def send(self, body: bytes, at: datetime, **headers: str) -> httpx.Response:
        """Send a body signed at a time; ``headers`` replace those of the signature."""
        stamp = str(int(at.timestamp()))
        signed = {
            "X-Songlam-Timestamp": stamp,
            "X-Songlam-Signature": sign(self.secret, stamp, body),
        }
        return self._client.post(self.path, content=body, headers=signed | headers)

    def deliver(self, at: datetime, *records: dict[str, Any]) -> DeliveryOut:
        """Send records and return what became of them."""
        answer = self.send(json.dumps({"records": records}).encode(), at)
        assert answer.status_code == 200, answer.text
        return DeliveryOut.model_validate(answer.json())


def record(value: object, **given: object) -> dict[str, object]:
    """Return a record of a webhook."""
    fields: dict[str, object] = {
        "indicator": CODE,
        "area_code": TRUONG_VINH,
        "period_start": "2026-11-22",
        "value": value,
    }
    return fields | given


numbers = iter(range(1, 10_000))


@pytest.fixture
def sender(centre: RunningCentre, technician: httpx.Client, clock: StandingClock) -> Sender:
    """Return a sender of a new feed; a minute later than the one before."""
    clock.now += timedelta(minutes=1)
    code = f"nguon-{next(numbers)}"
    answer = technician.post("/feeds", json={"code": code, "name": "Sở Y tế"})
    assert answer.status_code == 201, answer.text
    return Sender(centre, code, answer.json()["secret"])


def refused(answer: httpx.Response, status: int) -> str:
    """Return the code of a refusal, which is there in both languages."""
    assert answer.status_code == status, answer.text
    detail = answer.json()["detail"]
    assert detail["message_vi"]
    assert detail["message_en"]
    return str(detail["code"])


def test_a_signed_delivery_lands(
    sender: Sender, clock: StandingClock, technician: httpx.Client
) -> None:
    out = sender.deliver(clock.now, record(11), record("1,5", area_code=CUA_LO))
    latest = technician.get(f"/indicators/{CODE}", params={"area_code": TRUONG_VINH}).json()

    assert out.accepted == 1
    assert [item.column for item in out.rejected] == ["value"]
    assert latest["latest"]["value"] == 11
    assert latest["latest"]["source"] == sender.code


def test_good_rows_land_and_bad_ones_are_listed_by_place(
    sender: Sender, clock: StandingClock
) -> None:
    out = sender.deliver(
        clock.now,
        record(1, indicator="health.nothing"),
        record(2),
        record("x"),
        {},
        record(-3, area_code=CUA_LO),
    )

    assert out.accepted == 1
    assert [(item.row, item.column) for item in out.rejected] == [
        (1, "indicator"),
        (3, "value"),
        (4, "indicator"),
        (5, "value"),
    ]


def test_sending_the_same_again_changes_nothing(sender: Sender, clock: StandingClock) -> None:
    first = sender.deliver(clock.now, record(21))
    again = sender.deliver(clock.now + timedelta(seconds=1), record(21))

    assert first.stored + first.corrected == 1
    assert (again.accepted, again.unchanged) == (1, 1)


def test_a_correction_is_called_one(sender: Sender, clock: StandingClock) -> None:
    sender.deliver(clock.now, record(31))
    out = sender.deliver(clock.now + timedelta(seconds=1), record(32))

    assert out.corrected == 1


def test_the_same_signed_request_is_taken_once(sender: Sender, clock: StandingClock) -> None:
    body = json.dumps({"records": [record(41)]}).encode()

    assert sender.send(body, clock.now).status_code == 200
    assert refused(sender.send(body, clock.now), 409) == "replayed"


def test_replays_at_the_same_moment_are_taken_once(sender: Sender, clock: StandingClock) -> None:
    body = json.dumps({"records": [record(42)]}).encode()
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: sender.send(body, clock.now).status_code, range(6)))

    assert sorted(answers) == [200, 409, 409, 409, 409, 409]


def test_a_tampered_body_is_refused(sender: Sender, clock: StandingClock) -> None:
    stamp = str(int(clock.now.timestamp()))
    signature = sign(sender.secret, stamp, b'{"records": []}')
    body = json.dumps({"records": [record(51)]}).encode()
    answer = sender.send(body, clock.now, **{"X-Songlam-Signature": signature})

    assert refused(answer, 401) == "bad_signature"


@pytest.mark.parametrize("minutes", [-6, 6])
def test_an_old_or_future_signature_is_refused(
    sender: Sender, clock: StandingClock, minutes: int
) -> None:
    answer = sender.send(b'{"records": []}', clock.now + timedelta(minutes=minutes))

    assert refused(answer, 401) == "too_old"


def test_a_request_without_signature_is_refused(centre: RunningCentre, sender: Sender) -> None:
    answer = centre.client().post(sender.path, content=b'{"records": []}')

    assert refused(answer, 401) == "bad_signature"


def test_an_unknown_feed_looks_like_a_wrong_signature(
    centre: RunningCentre, clock: StandingClock
) -> None:
    stranger = Sender(centre, "khong-co", "secret")

    assert refused(stranger.send(b'{"records": []}', clock.now), 401) == "bad_signature"


def test_one_feeds_secret_does_not_open_another(
    sender: Sender, technician: httpx.Client, clock: StandingClock
) -> None:
    other = f"{sender.code}-khac"
    assert technician.post("/feeds", json={"code": other, "name": "Khác"}).status_code == 201
    sender.path = f"/feeds/{other}/webhook"

    assert refused(sender.send(b'{"records": []}', clock.now), 401) == "bad_signature"


@pytest.mark.parametrize(
    "body", [b"", b"not json", b"[]", b'{"records": 5}', b'{"records": [1]}', b"\xff\xfe"]
)
def test_a_signed_body_of_another_shape_is_refused_with_the_right_one(
    sender: Sender, clock: StandingClock, body: bytes
) -> None:
    assert refused(sender.send(body, clock.now), 422) == "bad_body"


def test_a_body_beyond_the_limit_is_refused(sender: Sender, clock: StandingClock) -> None:
    assert refused(sender.send(b"x" * 200_001, clock.now), 413) == "too_large"


def test_a_renewed_secret_makes_the_old_one_void(
    sender: Sender, technician: httpx.Client, clock: StandingClock
) -> None:
    renewed = technician.post(f"/feeds/{sender.code}/secret").json()["secret"]
    old = sender.send(b'{"records": []}', clock.now)
    sender.secret = renewed

    assert refused(old, 401) == "bad_signature"
    assert sender.deliver(clock.now, record(61)).accepted == 1


def test_a_secret_is_shown_once_and_stored_nowhere(
    centre: RunningCentre, sender: Sender, technician: httpx.Client
) -> None:
    with centre.parts.database.read() as session:
        feed = session.get_one(FeedRow, sender.code)

        assert sender.secret not in (feed.salt, feed.code, feed.name)
    assert sender.secret not in technician.get("/feeds").text


def test_a_feed_of_one_component_writes_to_no_other(
    centre: RunningCentre, technician: httpx.Client, clock: StandingClock
) -> None:
    clock.now += timedelta(minutes=1)
    code = f"du-lich-{next(numbers)}"
    feed = {"code": code, "name": "Sở Du lịch", "component": "tourism"}
    secret = technician.post("/feeds", json=feed).json()["secret"]
    out = Sender(centre, code, secret).deliver(
        clock.now, record(1), record(900, indicator="tourism.visitors")
    )

    assert out.accepted == 1
    assert "tourism" in out.rejected[0].message_en


@pytest.mark.parametrize(
    ("feed", "status"),
    [
        ({"code": "Y TẾ", "name": "x"}, 422),
        ({"code": "y-te", "name": ""}, 422),
        ({"code": "y-te", "name": "x", "component": "weather"}, 422),
    ],
)
def test_a_feed_with_a_mistake_is_not_registered(
    technician: httpx.Client, feed: dict[str, str], status: int
) -> None:
    assert technician.post("/feeds", json=feed).status_code == status


def test_a_feed_is_registered_once(sender: Sender, technician: httpx.Client) -> None:
    again = technician.post("/feeds", json={"code": sender.code, "name": "x"})

    assert refused(again, 409) == "feed_exists"


@pytest.mark.parametrize("role", [Role.OFFICER, Role.LEADER, Role.OPERATOR])
def test_only_technicians_register_feeds(centre: RunningCentre, role: Role) -> None:
    person = centre.person(role)

    assert refused(person.post("/feeds", json={"code": "aa", "name": "x"}), 403) == "forbidden"
    assert refused(person.post("/feeds/aa/secret"), 403) == "forbidden"


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
    assert refused(upload(technician, sender.code, "a.csv", b"x" * 250_000), 413) == "too_large"


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
