"""The parts of one running centre, handed to whoever needs them.

Made once by :func:`central.app.create_app`; a route gets it as ``CentreDep``. It holds parts and
decides nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from fastapi import Depends
from starlette.requests import HTTPConnection

from central.bells import Bells
from central.clock import Clock
from central.db import Database
from central.live import LiveHub
from central.metrics import Metrics
from central.settings import Settings

Publish = Callable[[str, bytes, bool], None]
"""(topic, payload, retain): hand a message to the broker at QoS 1; queued while disconnected."""


@dataclass(frozen=True, kw_only=True)
class Centre:
    """What a running centre consists of."""

    settings: Settings
    data_dir: Path
    database: Database
    live: LiveHub
    metrics: Metrics
    clock: Clock
    publish: Publish
    bells: Bells = field(default_factory=Bells)
    checks: dict[str, Callable[[], bool]] = field(default_factory=dict)
    """Name of a running part → whether it works; filled at start, shown by /readyz."""


def get_centre(connection: HTTPConnection) -> Centre:
    """Return the centre that serves this request."""
    centre: Centre = connection.app.state.centre
    return centre


CentreDep = Annotated[Centre, Depends(get_centre)]
