"""What feeds and deliveries look like over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from central.asked import Asked
from central.indicators.catalogue import Freshness

FeedCode = r"^[a-z0-9][a-z0-9-]{1,63}$"


class FeedIn(Asked):
    """A feed to register."""

    code: str = Field(pattern=FeedCode, title="Short name, part of the webhook's address")
    name: str = Field(min_length=1, max_length=200, title="What people call the source")
    component: str | None = Field(
        default=None, title="The only component it may write to; null for all but our own"
    )


class FeedOut(BaseModel):
    """A registered feed, without its secret."""

    code: str
    name: str
    component: str | None
    created_at: datetime
    created_by: str
    last_delivery_at: datetime | None
    last_accepted: int | None = Field(title="Rows that landed or were known, in the last delivery")
    last_rejected: int | None
    example: bool = Field(title="The example generator's feed")
    freshness: Freshness = Field(title="Stale when any indicator it brings is overdue")
    stale_since: datetime | None = Field(title="Since when the first of them is overdue")
    indicator_count: int = Field(title="Indicators of which it brought a present value")
    stale_count: int


class FeedList(BaseModel):
    """All feeds."""

    items: list[FeedOut]
    next_cursor: str | None = None


class FeedSecret(BaseModel):
    """A feed's secret, shown this once."""

    code: str
    secret: str


class RowIn(Asked):
    """One record of a webhook, before it is judged: any JSON may stand in a field."""

    indicator: object = None
    area_code: object = None
    period_start: object = None
    value: object = None
    quality: object = None


class WebhookIn(Asked):
    """The body of a webhook, once its signature was found right."""

    records: list[RowIn] = Field(max_length=5_000)


class RejectedRow(BaseModel):
    """Why one row did not land, in both languages."""

    row: int = Field(title="Line of the file, or place in the list of records, from 1")
    column: str
    value: str = Field(title="What stood there, shortened")
    message_vi: str
    message_en: str


class DeliveryOut(BaseModel):
    """What became of a delivery."""

    delivery_id: int | None = Field(title="Null for a dry run")
    dry_run: bool
    accepted: int = Field(title="Rows that are right: stored, corrected and unchanged together")
    stored: int
    corrected: int = Field(title="Rows that superseded an earlier value")
    unchanged: int = Field(title="Rows that said what was known already")
    rejected: list[RejectedRow]


class DeliveryItem(BaseModel):
    """A delivery in the audit list."""

    delivery_id: int
    feed: str
    kind: Literal["webhook", "upload"]
    file_name: str | None
    actor: str | None
    received_at: datetime
    sha256: str
    accepted: int
    rejected: int


class DeliveryDetail(DeliveryItem):
    """A delivery with the rows that did not land, as its sender was told."""

    stored: int
    corrected: int
    unchanged: int
    rejections: list[RejectedRow] = Field(title="At most the first 200")


class DeliveryList(BaseModel):
    """Deliveries, newest first."""

    items: list[DeliveryItem]
    next_cursor: str | None = None
