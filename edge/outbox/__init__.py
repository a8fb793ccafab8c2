"""Durable queue of all that must reach the centre; see :mod:`edge.outbox.queue`."""

from edge.outbox.queue import Outbox
from edge.outbox.rows import (
    LATE_AFTER_S,
    MAX_PAYLOAD_BYTES,
    MEDIA_ID,
    MediaUpload,
    Parcel,
)
from edge.outbox.window import SendWindow

__all__ = [
    "LATE_AFTER_S",
    "MAX_PAYLOAD_BYTES",
    "MEDIA_ID",
    "MediaUpload",
    "Outbox",
    "Parcel",
    "SendWindow",
]
