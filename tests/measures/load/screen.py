"""How long an incident takes from its box to the screens of many viewers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from central.auth.schemas import Role
from tests.centre import add_person
from tests.measures.load.crowd import Order, carry_out
from tests.measures.load.spread import in_ms

if TYPE_CHECKING:
    from tests.measures.load.site import Options, Site


def measure(site: Site, options: Options) -> dict[str, Any]:
    """Return how long it took over all viewers, and what some of them did not see."""
    log_ins = tuple(
        add_person(site.line.database, f"viewer-{number}", Role.OPERATOR)
        for number in range(options.viewers)
    )
    done = carry_out(
        Order(
            series="screen",
            mqtt_port=site.line.broker.port,
            tokens=site.line.tokens,
            seconds=options.seconds,
            beat_s=options.beat,
            rate=options.screen_rate,
            http_port=int(site.line.url.rpartition(":")[2]),
            log_ins=log_ins,
            watched=site.watched,
        )
    )
    return {
        "viewers": options.viewers,
        "rate_per_s": options.screen_rate,
        "incidents": done.sent.published,
        "sights": len(done.seen.waits),
        "missed": done.sent.published * options.viewers - len(done.seen.waits),
        "dropped": done.seen.dropped,
        **in_ms(done.seen.waits),
        "cores": {name: round(s / done.elapsed_s, 2) for name, s in done.core_s.items()},
    }


def is_whole(told: dict[str, Any]) -> bool:
    """Return whether every viewer saw every incident."""
    return not told["missed"] and not told["dropped"]
