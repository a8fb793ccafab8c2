"""Taking a delivery: judge every row, store the good ones, say what became of each.

Invariants:
    * A delivery and its figures are one transaction; a dry run writes nothing at all.
    * A signed request is taken once: its signature is stored with the delivery, and is unique.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from central.areas import repository as areas
from central.feeds import repository
from central.feeds.rows import RawRow, RowJudge, rejection
from central.feeds.schemas import DeliveryOut, RejectedRow
from central.feeds.values import CellError
from central.indicators.catalogue import Quality, load_catalogue
from central.indicators.schemas import IndicatorNews
from central.indicators.store import Figure, Outcome, Provenance, lock_writers, plan, store
from central.problems import Problem
from central.tables.feeds import DeliveryRow

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy.orm import Session

    from central.centre import Centre
    from central.tables.feeds import FeedRow

MAX_KEPT_REJECTIONS = 200
"""Rejections kept with a delivery; the sender is told all of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """A delivery before it is judged."""

    kind: Literal["webhook", "upload"]
    rows: Sequence[RawRow]
    sha256: str
    received_at: datetime
    signature: str | None = None
    file_name: str | None = None
    actor: str | None = None

    @property
    def default_quality(self) -> Quality:
        """Return the flag of a row that gives none: what a person uploads is entered by hand."""
        return Quality.MANUAL if self.kind == "upload" else Quality.OK


@dataclass(frozen=True, slots=True)
class Judged:
    """The rows of a delivery, sorted into good and bad."""

    figures: list[Figure]
    rejected: list[RejectedRow]


def rehearse(session: Session, feed: FeedRow, incoming: Incoming) -> DeliveryOut:
    """Return what taking a delivery would do."""
    judged = judge(session, feed, incoming)
    outcomes = plan(session, judged.figures, feed.code)
    return _answer(None, outcomes, _all_rejected(incoming, judged, outcomes))


def take(
    centre: Centre, session: Session, feed: FeedRow, incoming: Incoming, judged: Judged
) -> DeliveryOut:
    """Store a delivery, judged before, and return what became of its rows.

    Judging is done outside this transaction: on SQLite it is the only writer while it lasts, and
    an incident must not wait for a long table.

    Raises:
        Problem: 409, when the same signed request was taken before.
    """
    lock_writers(session)
    if incoming.signature and repository.signature_is_known(session, incoming.signature):
        centre.metrics.webhooks_refused.labels("replay").inc()
        raise Problem(
            409,
            "replayed",
            "Yêu cầu này đã được nhận; hãy ký lại với thời gian mới.",
            "This signed request was taken before; sign again with the present time.",
        )
    delivery = _delivery(feed, incoming)
    session.add(delivery)
    session.flush()
    origin = Provenance(source=feed.code, received_at=incoming.received_at, delivery_id=delivery.id)
    outcomes = store(session, judged.figures, origin)
    answer = _answer(delivery.id, outcomes, _all_rejected(incoming, judged, outcomes))
    _note(delivery, answer)
    _announce(centre, session, judged.figures, incoming.received_at)
    for outcome in ("stored", "corrected", "unchanged"):
        centre.metrics.feed_rows.labels(outcome).inc(getattr(answer, outcome))
    centre.metrics.feed_rows.labels("rejected").inc(len(answer.rejected))
    return answer


def judge(session: Session, feed: FeedRow, incoming: Incoming) -> Judged:
    """Judge every row of a delivery; only reads."""
    row_judge = RowJudge(
        load_catalogue(),
        areas.list_areas(session),
        feed.component,
        incoming.default_quality,
        incoming.received_at,
    )
    judged = Judged([], [])
    for row in incoming.rows:
        verdict = row_judge.judge(row)
        if isinstance(verdict, Figure):
            judged.figures.append(verdict)
        else:
            judged.rejected.append(verdict)
    return judged


def _all_rejected(
    incoming: Incoming, judged: Judged, outcomes: Sequence[Outcome]
) -> list[RejectedRow]:
    """Return the rows that were wrong and those that met a real value, in their order."""
    kept_real = {
        figure.row_number
        for figure, outcome in zip(judged.figures, outcomes, strict=True)
        if outcome is Outcome.KEPT_REAL
    }
    error = CellError(
        "Đã có số liệu thật; dữ liệu ví dụ không thay thế.",
        "There is a real value; example data does not replace it.",
    )
    kept = [rejection(row, "value", error) for row in incoming.rows if row.number in kept_real]
    return sorted(judged.rejected + kept, key=lambda item: item.row)


def _answer(
    delivery_id: int | None, outcomes: Sequence[Outcome], rejected: list[RejectedRow]
) -> DeliveryOut:
    """Return what the sender is told."""
    stored, corrected, unchanged = (
        sum(outcome is wanted for outcome in outcomes)
        for wanted in (Outcome.STORED, Outcome.CORRECTED, Outcome.UNCHANGED)
    )
    return DeliveryOut(
        delivery_id=delivery_id,
        dry_run=delivery_id is None,
        accepted=stored + corrected + unchanged,
        stored=stored,
        corrected=corrected,
        unchanged=unchanged,
        rejected=rejected,
    )


def _delivery(feed: FeedRow, incoming: Incoming) -> DeliveryRow:
    """Return the row of a delivery whose outcome is not known yet."""
    return DeliveryRow(
        feed=feed.code,
        kind=incoming.kind,
        file_name=incoming.file_name,
        actor=incoming.actor,
        sha256=incoming.sha256,
        signature=incoming.signature,
        received_at=incoming.received_at,
        rejections=[],
    )


def _note(delivery: DeliveryRow, answer: DeliveryOut) -> None:
    """Write the outcome into the row of the delivery."""
    delivery.stored = answer.stored
    delivery.corrected = answer.corrected
    delivery.unchanged = answer.unchanged
    delivery.rejected = len(answer.rejected)
    kept = answer.rejected[:MAX_KEPT_REJECTIONS]
    delivery.rejections = [item.model_dump(mode="json") for item in kept]


def _announce(centre: Centre, session: Session, figures: Sequence[Figure], at: datetime) -> None:
    """Tell open consoles which components have new figures."""
    components = sorted({figure.indicator.partition(".")[0] for figure in figures})
    if components:
        centre.live.announce(session, "indicator", IndicatorNews(components=components), at)
