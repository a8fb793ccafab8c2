"""The composition root: makes the parts of a centre and ties them together.

Nothing else constructs parts. Adding a noun is one router in :data:`ROUTERS`; adding a background
job is one :class:`~central.periodic.Task` in :data:`TASKS`.
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from fastapi import APIRouter, FastAPI

from central import __version__, live, problems, web
from central.auth import routes as auth_routes
from central.auth import service as auth_service
from central.centre import Centre
from central.clock import Clock, utc_now
from central.db import Database
from central.link import BrokerLink
from central.live import LiveHub
from central.metrics import Metrics
from central.periodic import PeriodicTasks, Task
from central.rollouts import routes as rollout_routes

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from central.settings import Settings

API = "/api/v1"
ROUTERS: tuple[APIRouter, ...] = (auth_routes.router, rollout_routes.router)


def _forget_expired(centre: Centre) -> None:
    """Delete ended log-ins and old live events."""
    with centre.database.write() as session:
        auth_service.forget_expired(session, centre.clock())
        live.prune(session, centre.settings.live_log_rows)


TASKS: tuple[Task, ...] = (Task(name="forget_expired", interval_s=60, run=_forget_expired),)


def create_centre(settings: Settings, clock: Clock = utc_now) -> tuple[Centre, BrokerLink]:
    """Make the parts of a centre; opens nothing but the data folder."""
    data_dir = Path(settings.data_dir)
    data_dir.mkdir(parents=True, exist_ok=True)
    metrics = Metrics()
    link = BrokerLink(metrics)
    centre = Centre(
        settings=settings,
        data_dir=data_dir,
        database=Database(settings.resolved_database_url(data_dir)),
        live=LiveHub(metrics),
        metrics=metrics,
        clock=clock,
        publish=link.publish,
    )
    return centre, link


def create_app(settings: Settings, clock: Clock = utc_now) -> FastAPI:
    """Return the HTTP application; broker, ingest and background tasks start with its lifespan."""
    centre, link = create_centre(settings, clock)
    app = FastAPI(
        title="Sông Lam",
        version=__version__,
        description="The centre's API. People log in with a session cookie and send `X-Songlam: 1` "
        "with every change; boxes carry a bearer token. Times are UTC.",
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=partial(_lifespan, centre=centre, link=link),
    )
    app.state.centre = centre
    problems.install(app)
    app.add_middleware(web.SecurityHeaders, settings=settings)
    for router in ROUTERS:
        app.include_router(router, prefix=API, responses={"4XX": {"model": problems.ProblemBody}})
    app.include_router(web.router)
    web.serve_console(app, settings)
    return app


@asynccontextmanager
async def _lifespan(_app: FastAPI, centre: Centre, link: BrokerLink) -> AsyncIterator[None]:
    """Start what runs beside HTTP, and stop it in the opposite order."""
    del link
    tasks = PeriodicTasks(centre, TASKS)
    centre.checks["periodic"] = lambda: tasks.alive
    tasks.start()
    yield
    tasks.stop()
    centre.live.close()
    centre.database.close()
