"""Evidence files → centre over HTTP: resumable, one at a time, what is seen soonest first.

Invariants:
    * A file's row leaves the outbox when the centre has all bytes and their SHA-256 is right, or
      when it can never be delivered: file gone or altered, or refused for good; each is counted.
    * After any interruption the centre says how far it got, and the rest follows; only a wrong hash
      begins anew.
    * Nothing is deleted here: :mod:`edge.evidence.retention` decides how long files stay.
    * Thumbnails and stills never wait for a clip: it is put aside between two of its chunks.
    * On a slow line the chunks are small and messages go between them; no day's budget of a link is
      exceeded (:mod:`edge.budget`).
    * A centre that does not answer pauses all uploads, longer each time up to ``MAX_PAUSE_S``.

Source: tus resumable upload protocol 1.0.0, core and creation (https://tus.io/protocols), and its
checksum status 460.
"""

from __future__ import annotations

import base64
import hashlib
import threading
from enum import Enum, auto
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import structlog

from edge.alarms import Alarms
from edge.budget import UploadBudget
from edge.link import FOR_LOSSY_LINES, interface_towards
from edge.outbox import MediaUpload

if TYPE_CHECKING:
    from edge.clock import Clock
    from edge.config.box import BoxConfig
    from edge.counters import Counters
    from edge.outbox import Outbox, Parcel

CHUNK_BYTES = 1_048_576
"""Largest request: what an interruption can cost at most."""
FIRST_CHUNK_BYTES = 65_536
SMALLEST_CHUNK_BYTES = 16_384
CHUNK_S = 1.5
"""How long one request should take: a message that comes meanwhile waits no longer than that."""
YIELD_S = 2.0
"""On a line that needs small requests, how long one waits for messages to be gone."""
RETRY_S = 10.0
"""First pause before one file is tried again; the outbox doubles it up to 160 s."""
FIRST_PAUSE_S = 1.0
MAX_PAUSE_S = 60.0
POLL_S = 1.0
TIMEOUT = httpx.Timeout(30.0, connect=5.0)
KEEP_CONNECTED_S = 60.0
"""How long an idle connection is kept: less than the centre keeps it (75 s), else a request is sent
into a connection that is being closed and goes twice."""
UPLOADS_PATH = "/api/v1/uploads"
WRONG_HASH = 460
"""The centre's status for a complete upload whose SHA-256 is wrong."""
TRY_LATER = frozenset({401, 403, 404, 408, 409, 423, 425, 429})
"""Client errors that time or a person mends; every other 4xx is a refusal for good."""

log = structlog.get_logger(__name__)


class Outcome(Enum):
    """How one attempt ended."""

    DONE = auto()
    YIELDED = auto()
    NO_BUDGET = auto()
    LATER = auto()
    WRONG_HASH = auto()
    REFUSED = auto()
    MISSING = auto()


class Uploader:
    """Empties the media lane of the outbox on a thread of its own."""

    def __init__(
        self,
        box: BoxConfig,
        outbox: Outbox,
        *,
        clock: Clock,
        counters: Counters,
        alarms: Alarms | None = None,
    ) -> None:
        self._clock = clock
        self._outbox = outbox
        self._counters = counters
        self._alarms = alarms or Alarms()
        self._budget = UploadBudget(
            Path(box.data_dir) / "uploads-spent.json",
            box.uploads,
            clock=clock,
            interface=lambda: interface_towards(box.centre.url),
        )
        self._chunk_bytes = FIRST_CHUNK_BYTES
        self._pause_s = FIRST_PAUSE_S
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="uploads")
        self._http = httpx.Client(
            base_url=box.centre.url,
            headers={
                "Authorization": f"Bearer {box.centre.token}",
                "Tus-Resumable": "1.0.0",
            },
            timeout=TIMEOUT,
            transport=httpx.HTTPTransport(
                limits=httpx.Limits(keepalive_expiry=KEEP_CONNECTED_S),
                socket_options=FOR_LOSSY_LINES,
            ),
        )

    def start(self) -> None:
        """Begin to upload."""
        self._thread.start()

    def stop(self) -> None:
        """End after the request under way; what is not finished is resumed by the next process."""
        self._stopping.set()
        self._outbox.wake()
        self._thread.join()
        self._http.close()

    def _run(self) -> None:
        """Upload one file after the other."""
        seen = 0
        while not self._stopping.is_set():
            parcel = self._next()
            if parcel is None:
                seen = self._outbox.wait_for_change(seen, POLL_S)
            elif self._upload(parcel) is Outcome.LATER:
                self._stopping.wait(self._pause_s)
                self._pause_s = min(2 * self._pause_s, MAX_PAUSE_S)
            else:
                self._pause_s = FIRST_PAUSE_S

    def _next(self) -> Parcel | None:
        """Return the next file that the budget allows."""
        clips = self._budget.room_bytes(pictures=False) > 0
        if self._alarms.set("upload_budget_spent", on=not clips) and not clips:
            self._counters.increment("uploads_budget_spent")
            log.warning("upload_budget_spent", link=self._budget.link)
        if not clips and not self._budget.room_bytes(pictures=True):
            return None
        return self._outbox.take_media(RETRY_S, pictures_only=not clips)

    def _upload(self, parcel: Parcel) -> Outcome:
        """Try one file and draw the consequence for its row."""
        upload = MediaUpload.model_validate_json(parcel.payload)
        try:
            outcome = self._transfer(upload, again=parcel.tries > 0)
        except httpx.HTTPError as error:
            log.warning("upload_interrupted", evidence_id=upload.evidence_id, reason=str(error))
            outcome = Outcome.LATER
        except OSError as error:
            log.warning("upload_unreadable", path=upload.path, reason=str(error))
            outcome = Outcome.MISSING
        if outcome is Outcome.WRONG_HASH and not _is_intact(upload):
            outcome = Outcome.MISSING
        self._conclude(upload, outcome)
        return outcome

    def _conclude(self, upload: MediaUpload, outcome: Outcome) -> None:
        """Count an outcome; remove the row of a file that is done with."""
        if outcome in {Outcome.YIELDED, Outcome.NO_BUDGET}:
            self._counters.increment("uploads_yielded", outcome is Outcome.YIELDED)
            self._outbox.put_back(upload.message_id)
            return
        self._counters.increment(
            {
                Outcome.DONE: "uploads_completed",
                Outcome.LATER: "uploads_retried",
                Outcome.WRONG_HASH: "uploads_rejected",
                Outcome.REFUSED: "uploads_refused",
                Outcome.MISSING: "uploads_missing",
            }[outcome]
        )
        if outcome in {Outcome.REFUSED, Outcome.MISSING}:
            log.error("upload_given_up", why=outcome.name.lower(), path=upload.path)
        if outcome in {Outcome.DONE, Outcome.REFUSED, Outcome.MISSING}:
            self._outbox.settle(upload.message_id)
        if outcome is Outcome.DONE:
            log.info("upload_completed", evidence_id=upload.evidence_id, kind=upload.kind)

    def _transfer(self, upload: MediaUpload, *, again: bool) -> Outcome:
        """Send what the centre does not have yet.

        The first request creates the upload, or finds what an earlier process began: on a lossy
        line asking first would cost a thumbnail a third more time.

        Raises:
            httpx.HTTPError: The connection failed.
            OSError: The file cannot be read, or the budget not be written.
        """
        place = f"{UPLOADS_PATH}/{upload.evidence_id}"
        answer = self._http.head(place) if again else self._create(upload)
        if again and answer.status_code == httpx.codes.NOT_FOUND:
            answer = self._create(upload)
        offset = _offset(answer, default=0)
        while answer.is_success and offset < upload.size_bytes and not self._stopping.is_set():
            self._let_messages_pass()
            if not upload.is_picture and self._outbox.picture_waits():
                return Outcome.YIELDED
            size = min(self._chunk_bytes, self._budget.room_bytes(pictures=upload.is_picture))
            if not size:
                return Outcome.NO_BUDGET
            chunk = _read(upload, offset, size)
            if not chunk:
                return Outcome.MISSING
            answer = self._send(upload, offset, chunk)
            before, offset = offset, _offset(answer, default=offset)
            if answer.is_success and offset <= before:
                return Outcome.LATER
            self._stopping.wait(self._budget.pause_s(len(chunk)))
        if answer.is_success:
            return Outcome.DONE if offset >= upload.size_bytes else Outcome.LATER
        return self._verdict(answer)

    def _send(self, upload: MediaUpload, offset: int, chunk: bytes) -> httpx.Response:
        """Send one chunk; the next one is as large as the line carries in ``CHUNK_S``.

        Raises:
            httpx.HTTPError: The connection failed; the next chunk is half as large.
            OSError: The budget cannot be written.
        """
        self._budget.charge(len(chunk))
        began_s = self._clock.monotonic()
        try:
            answer = self._http.patch(
                f"{UPLOADS_PATH}/{upload.evidence_id}",
                content=chunk,
                headers={
                    "Upload-Offset": str(offset),
                    "Content-Type": "application/offset+octet-stream",
                },
            )
        except httpx.HTTPError:
            self._chunk_bytes = max(self._chunk_bytes // 2, SMALLEST_CHUNK_BYTES)
            raise
        took_s = self._clock.monotonic() - began_s
        fitting = int(len(chunk) * CHUNK_S / took_s) if took_s > 0 else CHUNK_BYTES
        self._chunk_bytes = min(max(fitting, SMALLEST_CHUNK_BYTES), CHUNK_BYTES)
        return answer

    def _let_messages_pass(self) -> None:
        """On a slow line, wait a little while incident messages are on their way."""
        if self._chunk_bytes >= FIRST_CHUNK_BYTES:
            return
        until_s = self._clock.monotonic() + YIELD_S
        seen = 0
        while self._outbox.messages_wait() and not self._stopping.is_set():
            rest_s = until_s - self._clock.monotonic()
            if rest_s <= 0:
                return
            seen = self._outbox.wait_for_change(seen, rest_s)

    def _create(self, upload: MediaUpload) -> httpx.Response:
        """Announce a file to the centre."""
        fields = {
            "evidence_id": upload.evidence_id,
            "incident_id": upload.incident_id,
            "kind": upload.kind.value,
            "media_type": upload.media_type,
            "sha256": upload.sha256,
        }
        metadata = ",".join(
            f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in fields.items()
        )
        headers = {"Upload-Length": str(upload.size_bytes), "Upload-Metadata": metadata}
        return self._http.post(UPLOADS_PATH, headers=headers)

    def _verdict(self, answer: httpx.Response) -> Outcome:
        """Say what an answer that is no success means for the file."""
        status = answer.status_code
        log.warning("upload_not_taken", status=status, answer=answer.text[:200])
        if status == WRONG_HASH:
            return Outcome.WRONG_HASH
        if answer.is_client_error and status not in TRY_LATER:
            return Outcome.REFUSED
        return Outcome.LATER


def _offset(answer: httpx.Response, default: int) -> int:
    """Return how many bytes the centre says it has; ``default`` when it says nothing sensible."""
    text = answer.headers.get("Upload-Offset", "")
    return int(text) if text.isdecimal() else default


def _read(upload: MediaUpload, offset: int, size: int) -> bytes:
    """Return the next bytes of a file; none when it is shorter than it was.

    Raises:
        OSError: It cannot be read.
    """
    with Path(upload.path).open("rb") as file:
        file.seek(offset)
        return file.read(min(size, upload.size_bytes - offset))


def _is_intact(upload: MediaUpload) -> bool:
    """Tell whether the file here still has the hash it was queued with."""
    try:
        with Path(upload.path).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == upload.sha256
    except OSError:
        return False
