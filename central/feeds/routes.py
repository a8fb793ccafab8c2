"""HTTP: feeds, their secrets, signed webhooks, uploaded tables and the record of deliveries."""

import hashlib
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Request, Response
from pydantic import ValidationError
from starlette.datastructures import UploadFile

from central.areas.catalogue import PROVINCE_CODE
from central.auth import audit
from central.auth.guard import Gate, Reach
from central.auth.schemas import Role
from central.centre import Centre, CentreDep
from central.feeds import repository, service, sheets
from central.feeds.rows import RawRow
from central.feeds.schemas import (
    DeliveryDetail,
    DeliveryItem,
    DeliveryList,
    DeliveryOut,
    FeedIn,
    FeedList,
    FeedOut,
    FeedSecret,
    WebhookIn,
)
from central.feeds.signature import SignatureError, derive_secret, load_feed_key, new_salt, verify
from central.feeds.standing import Standing, standing
from central.feeds.values import CellError
from central.indicators.catalogue import EXAMPLE_SOURCE, Origin, load_catalogue
from central.problems import Problem
from central.tables.feeds import DeliveryRow, FeedRow
from central.tables.users import UserRow

router = APIRouter(prefix="/feeds", tags=["feeds"])
Reader = Annotated[UserRow, Depends(Gate(Reach.SHARED))]
Technician = Annotated[UserRow, Depends(Gate(Reach.PROVINCE, Role.TECHNICIAN))]
Uploader = Annotated[UserRow, Depends(Gate(Reach.PROVINCE, Role.TECHNICIAN, Role.OPERATOR))]
MULTIPART_BYTES = 10_000
"""What the form around an uploaded file may add."""


async def limited_body(request: Request, centre: CentreDep) -> bytes:
    """Return the body as sent, never reading more than is allowed.

    Raises:
        Problem: 413, when it is larger.
    """
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > centre.settings.feed_max_bytes:
            raise _too_large(centre)
    return bytes(body)


@dataclass(frozen=True, slots=True)
class UploadedTable:
    """A table as the browser sent it."""

    file_name: str
    content: bytes


async def uploaded_table(request: Request, centre: CentreDep) -> UploadedTable:
    """Return the one file of a form, refused by its declared length before any of it is read.

    The framework's own file parameters read the whole form before any check could run.

    Raises:
        Problem: 411 without a length, 413 when too large, 422 without a file.
    """
    length = request.headers.get("content-length", "")
    if not length.isdigit():
        raise Problem(411, "length_required", "Thiếu Content-Length.", "Content-Length is needed.")
    if int(length) > centre.settings.feed_max_bytes + MULTIPART_BYTES:
        raise _too_large(centre)
    async with request.form(max_files=1, max_fields=5) as form:
        file = form.get("file")
        if not isinstance(file, UploadFile):
            raise Problem(422, "no_file", "Thiếu tệp.", "The form has no field “file”.")
        return UploadedTable((file.filename or "")[-255:], await file.read())


_FILE_FORM = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {"file": {"type": "string", "format": "binary"}},
                }
            }
        },
    }
}


@router.get("")
def list_feeds(_: Reader, centre: CentreDep) -> FeedList:
    """Return all feeds, each with how its last delivery went."""
    with centre.database.read() as session:
        items = [
            _out(feed, delivery, standing(session, feed, centre.clock()))
            for feed, delivery in repository.list_feeds(session)
        ]
    return FeedList(items=items)


@router.post("", status_code=201)
def register_feed(wanted: FeedIn, user: Technician, centre: CentreDep) -> FeedSecret:
    """Register a feed and return its secret, which is shown this once."""
    if wanted.component and load_catalogue().find_component(wanted.component) is None:
        raise Problem(422, "unknown_component", "Không có hợp phần này.", "No such component.")
    feed = FeedRow(
        code=wanted.code,
        name=wanted.name,
        component=wanted.component,
        salt=new_salt(),
        created_at=centre.clock(),
        created_by=user.username,
    )
    with centre.database.write() as session:
        if repository.find_feed(session, wanted.code) is not None:
            raise Problem(409, "feed_exists", "Đã có nguồn này.", "This feed exists already.")
        session.add(feed)
        audit.record(session, centre.clock(), user.username, "create", ("feed", feed.code))
        return FeedSecret(code=feed.code, secret=_secret(centre, feed))


@router.post("/{code}/secret")
def renew_secret(code: str, user: Technician, centre: CentreDep) -> FeedSecret:
    """Return a new secret, shown this once; the old one is void from now on."""
    with centre.database.write() as session:
        feed = _known(repository.find_feed(session, code))
        feed.salt = new_salt()
        audit.record(session, centre.clock(), user.username, "renew_secret", ("feed", code))
        return FeedSecret(code=code, secret=_secret(centre, feed))


@router.post("/{code}/webhook")
def take_webhook(
    code: str,
    centre: CentreDep,
    body: Annotated[bytes, Depends(limited_body)],
    timestamp: Annotated[str, Header(alias="X-Songlam-Timestamp")] = "",
    signature: Annotated[str, Header(alias="X-Songlam-Signature")] = "",
) -> DeliveryOut:
    """Take figures from another system, signed with its feed's secret.

    Good rows land, bad ones are listed with what is allowed. The signature is
    ``sha256=`` + hex of HMAC-SHA-256(secret, timestamp + "." + body); it holds five minutes, once.
    """
    with centre.database.read() as session:
        found = repository.find_feed(session, code)
    proof = _proof(centre, found, (timestamp, signature), body)
    incoming = service.Incoming(
        kind="webhook",
        rows=_records(centre, body),
        sha256=hashlib.sha256(body).hexdigest(),
        received_at=centre.clock(),
        signature=proof,
    )
    feed = _known(found)
    with centre.database.read() as session:
        judged = service.judge(session, feed, incoming)
    with centre.database.write() as session:
        return service.take(centre, session, feed, incoming, judged)


@router.post("/{code}/upload", openapi_extra=_FILE_FORM)
def take_upload(
    code: str,
    user: Uploader,
    centre: CentreDep,
    table: Annotated[UploadedTable, Depends(uploaded_table)],
    *,
    dry_run: Annotated[bool, Query(title="Only check; store nothing")] = False,
) -> DeliveryOut:
    """Take a CSV or XLSX table; good rows land, bad ones are listed by line."""
    name = table.file_name
    try:
        rows = sheets.read_table(name, table.content)
    except CellError as error:
        raise Problem(422, "unreadable_table", error.vi, error.en) from error
    incoming = service.Incoming(
        kind="upload",
        rows=rows,
        sha256=hashlib.sha256(table.content).hexdigest(),
        received_at=centre.clock(),
        file_name=name,
        actor=user.username,
    )
    with centre.database.read() as session:
        feed = _known(repository.find_feed(session, code))
        if dry_run:
            return service.rehearse(session, feed, incoming)
        judged = service.judge(session, feed, incoming)
    with centre.database.write() as session:
        audit.record(
            session, centre.clock(), user.username, "upload", ("feed", code), file_name=name
        )
        return service.take(centre, session, feed, incoming, judged)


@router.get("/template.csv", response_class=Response)
def download_template(_: Reader, component: str | None = None) -> Response:
    """Return a table to fill in, with every indicator that takes values from outside."""
    indicators = [
        indicator
        for item in load_catalogue().components
        for indicator in item.indicators
        if indicator.origin is Origin.FEED and component in (None, item.code)
    ]
    return Response(
        sheets.template(indicators, PROVINCE_CODE),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="chi-tieu.csv"'},
    )


@router.get("/{code}/deliveries")
def list_deliveries(
    code: str, _: Reader, centre: CentreDep, cursor: int | None = None
) -> DeliveryList:
    """Return what came through a feed, newest first: when, by whom, with which result."""
    with centre.database.read() as session:
        _known(repository.find_feed(session, code))
        rows = repository.list_deliveries(session, code, cursor)
    page = rows[: repository.PAGE]
    more = len(rows) > len(page)
    return DeliveryList(
        items=[DeliveryItem.model_validate(_delivery(row)) for row in page],
        next_cursor=str(page[-1].id) if more else None,
    )


@router.get("/{code}/deliveries/{delivery_id}")
def read_delivery(code: str, delivery_id: int, _: Reader, centre: CentreDep) -> DeliveryDetail:
    """Return one delivery with the rows that did not land and what is allowed."""
    with centre.database.read() as session:
        _known(repository.find_feed(session, code))
        row = repository.find_delivery(session, code, delivery_id)
    if row is None:
        raise Problem(404, "unknown_delivery", "Không có lần gửi này.", "No such delivery.")
    names = ("stored", "corrected", "unchanged", "rejections")
    return DeliveryDetail.model_validate(
        _delivery(row) | {name: getattr(row, name) for name in names}
    )


def _too_large(centre: Centre) -> Problem:
    """Return the refusal of a body beyond the limit."""
    limit = centre.settings.feed_max_bytes
    return Problem(413, "too_large", f"Tối đa {limit} byte.", f"At most {limit} bytes.")


def _known(feed: FeedRow | None) -> FeedRow:
    """Return the feed.

    Raises:
        Problem: 404, when there is none.
    """
    if feed is None:
        raise Problem(404, "unknown_feed", "Không có nguồn này.", "No such feed.")
    return feed


def _secret(centre: Centre, feed: FeedRow) -> str:
    """Return the secret of a feed."""
    return derive_secret(load_feed_key(centre.data_dir), feed.code, feed.salt)


def _proof(centre: Centre, feed: FeedRow | None, headers: tuple[str, str], body: bytes) -> str:
    """Return the signature of a webhook that proves its sender.

    An unknown feed is treated like a wrong signature, so nobody can ask which feeds exist.

    Raises:
        Problem: 401, when it proves nothing.
    """
    secret = new_salt() if feed is None else _secret(centre, feed)
    try:
        return verify(secret, headers[0], headers[1], body, centre.clock())
    except SignatureError as error:
        reason = "signature" if error.code == "bad_signature" else "time"
        centre.metrics.webhooks_refused.labels(reason).inc()
        raise Problem(
            401,
            error.code,
            "Chữ ký hoặc thời gian không đúng.",
            f"The webhook was not taken: {error}.",
        ) from error


def _records(centre: Centre, body: bytes) -> list[RawRow]:
    """Return the rows of a signed body.

    Raises:
        Problem: 422, when it is not JSON of the agreed shape.
    """
    try:
        records = WebhookIn.model_validate_json(body).records
    except ValidationError as error:
        centre.metrics.webhooks_refused.labels("body").inc()
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise Problem(
            422,
            "bad_body",
            'Nội dung cần dạng {"records": [...]}.',
            f'Want {{"records": [...]}}: {place} {first["msg"]}.',
        ) from error
    return [RawRow(number, row.model_dump()) for number, row in enumerate(records, start=1)]


def _out(feed: FeedRow, delivery: DeliveryRow | None, state: Standing) -> FeedOut:
    """Return a feed as JSON is made of it."""
    return FeedOut(
        code=feed.code,
        name=feed.name,
        component=feed.component,
        created_at=feed.created_at,
        created_by=feed.created_by,
        last_delivery_at=None if delivery is None else delivery.received_at,
        last_accepted=None if delivery is None else _accepted(delivery),
        last_rejected=None if delivery is None else delivery.rejected,
        example=feed.code == EXAMPLE_SOURCE,
        freshness=state.freshness,
        stale_since=state.stale_since,
        indicator_count=state.indicator_count,
        stale_count=state.stale_count,
    )


def _accepted(delivery: DeliveryRow) -> int:
    """Return how many rows of a delivery were right."""
    return delivery.stored + delivery.corrected + delivery.unchanged


def _delivery(row: DeliveryRow) -> dict[str, object]:
    """Return a delivery as JSON is made of it."""
    names = ("feed", "kind", "file_name", "actor", "received_at", "sha256", "rejected")
    columns = {name: getattr(row, name) for name in names}
    return {"delivery_id": row.id, "accepted": _accepted(row), **columns}
