"""How many incidents the centre takes through the full path, and how long a receipt takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select, text

from central.tables.incidents import UNDECIDED, IncidentRow
from tests.measures.load import bare
from tests.measures.load.crowd import Done, Order, carry_out
from tests.measures.load.spread import in_ms, median_rate

if TYPE_CHECKING:
    from tests.measures.load.site import Options, Site

OFFERED_S = 30.0
"""The modest rate is offered for no longer than this."""


def measure(site: Site, options: Options) -> dict[str, Any]:
    """Return what boxes saw at a modest rate and at full pace, and what the database has."""
    offered_s = min(options.seconds, OFFERED_S)
    offered = _let_send(site, options, "offered", offered_s, options.rate)
    messages, batches = site.batches()
    full = _let_send(site, options, "full", options.seconds, 0.0)
    more_messages, more_batches = site.batches()
    batch = max(round((more_messages - messages) / max(more_batches - batches, 1)), 1)
    rss, peak = site.memory_mb()
    told: dict[str, Any] = {
        "offered": {"rate_per_s": options.rate, **as_json(offered, offered_s)},
        "full": {"window": options.window, "mean_batch": batch, **as_json(full, options.seconds)},
        "receipted": offered.sent.outcomes["stored"] + full.sent.outcomes["stored"],
        "stored": site.stored(),
        "undecided_by_alerting": undecided(site),
        "rss_mb": rss,
        "peak_rss_mb": peak,
        "bare": bare.measure(site, batch),
    }
    ratio = told["full"]["per_s"] / told["bare"]["incidents_per_s"]
    return told | {"share_of_bare": round(ratio, 4)}


def is_whole(told: dict[str, Any]) -> bool:
    """Return whether every message was receipted and stored, none of them twice."""
    outcomes = [told[part]["outcomes"] for part in ("offered", "full")]
    return (
        told["stored"] == told["receipted"]
        and all(set(each) <= {"stored"} for each in outcomes)
        and not any(told[part]["unanswered"] for part in ("offered", "full"))
    )


def as_json(done: Done, seconds: float) -> dict[str, Any]:
    """Return what boxes saw in figures: rates within ``seconds``, waits of all messages."""
    counts = [done.sent.per_second[second] for second in range(int(seconds))]
    return {
        "seconds": seconds,
        "receipts": len(done.sent.waits),
        "per_s": round(sum(counts) / max(len(counts), 1), 1),
        "median_per_s": median_rate(counts),
        **in_ms(done.sent.waits),
        "outcomes": dict(done.sent.outcomes),
        "unanswered": done.sent.unanswered,
        "cores": {name: round(s / done.elapsed_s, 2) for name, s in done.core_s.items()},
        "core_ms_each": {
            name: round(1000 * s / max(len(done.sent.waits), 1), 3)
            for name, s in done.core_s.items()
        },
    }


def undecided(site: Site) -> int:
    """Return how many incidents alerting has not looked at yet."""
    waiting = select(func.count()).select_from(IncidentRow).where(text(UNDECIDED))
    with site.line.database.read() as session:
        return session.scalar(waiting) or 0


def _let_send(site: Site, options: Options, series: str, seconds: float, rate: float) -> Done:
    return carry_out(
        Order(
            series=series,
            mqtt_port=site.line.broker.port,
            tokens=site.line.tokens,
            seconds=seconds,
            rate=rate,
            beat_s=options.beat,
            window=options.window,
            watched=site.watched,
        )
    )
