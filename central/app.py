"""The composition root: makes the parts of a centre and ties them together.

Nothing else constructs parts. Adding a noun is one router in :data:`ROUTERS`; adding a background
job is one :class:`~central.periodic.Task` in :data:`TASKS`.
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from functools import cache, partial
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

import structlog
from fastapi import APIRouter, Depends, FastAPI
from fastapi.middleware.gzip import GZipMiddleware

from central import __version__, live, problems, stream, web
from central.alerts import push_routes
from central.alerts import routes as alert_routes
from central.alerts.channels import channels_of
from central.alerts.dispatch import dispatch
from central.alerts.push import push_channel
from central.alerts.watch import watch
from central.areas import routes as area_routes
from central.areas.repository import sync_areas
from central.asked import known_query
from central.auth import (
    audit,
    audit_routes,
    audit_watch,
    factor_routes,
    passkey_routes,
    provider_routes,
    wall_routes,
    walls,
)
from central.auth import routes as auth_routes
from central.auth import service as auth_service
from central.bells import Bell
from central.broker import EmbeddedBroker
from central.centre import Centre
from central.clock import Clock, utc_now
from central.db import Database
from central.evidence import custody_routes, retention
from central.evidence import routes as evidence_routes
from central.evidence.files import evidence_files
from central.evidence.service import Uploads
from central.feeds import routes as feed_routes
from central.field import routes as field_routes
from central.fleet import routes as fleet_routes
from central.fleet import service as fleet_service
from central.handovers import routes as handover_routes
from central.incidents import (
    deadlines,
    exception_routes,
    filter_routes,
    merging,
    sorting_routes,
)
from central.incidents import routes as incident_routes
from central.indicators import routes as indicator_routes
from central.indicators.catalogue import TRAFFIC
from central.indicators.rollup import roll_up
from central.indicators.schemas import IndicatorNews
from central.ingest import Ingest
from central.link import BrokerAddress, BrokerLink
from central.live import LiveHub
from central.map import routes as map_routes
from central.metrics import Metrics
from central.periodic import PeriodicTasks, Task, run_once
from central.quality import routes as quality_routes
from central.quarantine import routes as quarantine_routes
from central.rollouts import routes as rollout_routes
from central.rollouts import service as rollout_service
from central.sheets import routes as sheet_routes
from central.sheets.press import Press

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.routing import BaseRoute

    from central.settings import Settings

API = "/api/v1"
log = structlog.get_logger(__name__)
ROUTERS: tuple[APIRouter, ...] = (
    auth_routes.router,
    sorting_routes.router,
    factor_routes.router,
    passkey_routes.router,
    provider_routes.router,
    audit_routes.router,
    incident_routes.router,
    exception_routes.router,
    filter_routes.router,
    evidence_routes.router,
    custody_routes.router,
    sheet_routes.router,
    alert_routes.router,
    handover_routes.router,
    push_routes.router,
    field_routes.router,
    fleet_routes.router,
    rollout_routes.router,
    quality_routes.router,
    quarantine_routes.router,
    stream.router,
    area_routes.router,
    feed_routes.router,
    indicator_routes.router,
    map_routes.router,
    wall_routes.router,
)


def _forget_expired(centre: Centre) -> None:
    """Delete ended log-ins and old live events."""
    with centre.database.write() as session:
        auth_service.forget_expired(session, centre.clock())
        walls.forget_ended(session, centre.clock())
        live.prune(session, centre.settings.live_log_rows)


def _roll_up(centre: Centre) -> None:
    """Count traffic figures from what arrived since the last time."""
    changed = roll_up(centre.database, centre.clock)
    if changed:
        with centre.database.write() as session:
            centre.live.mention(session, "indicator", IndicatorNews(components=[TRAFFIC]))


def _publish_desired(centre: Centre) -> None:
    """Tell every box again which model it is to run: a broker may have lost what it retained."""
    with centre.database.read() as session:
        orders = rollout_service.all_desired(session, centre.clock())
    for order in orders:
        order.send(centre.publish)


def _retain(centre: Centre) -> None:
    """Delete evidence whose time is over, each batch with a signed record.

    Without a key there is no record and so no deletion: counted, and tried again next time.
    """
    try:
        retention.run(centre, evidence_files(centre.data_dir))
    except (OSError, ValueError) as error:
        centre.metrics.periodic_failures.labels("retention").inc()
        log.error("retention_failed", reason=str(error))  # noqa: TRY400 - the text says it


def _sign_audit(centre: Centre) -> None:
    """Sign the head of the audit log; without a key counted, and tried again next time."""
    try:
        audit.checkpoint(centre)
    except (OSError, ValueError) as error:
        centre.metrics.periodic_failures.labels("audit_checkpoint").inc()
        log.error("audit_not_signed", reason=str(error))  # noqa: TRY400 - the text says it


def _check_audit(centre: Centre) -> None:
    """Check the audit log when it is time; without a key counted, and tried again next time."""
    try:
        audit_watch.run(centre)
    except (OSError, ValueError) as error:
        centre.metrics.periodic_failures.labels("audit_check").inc()
        log.error("audit_not_checked", reason=str(error))  # noqa: TRY400 - the text says it


ON_CONNECTED = Task(name="publish_desired", interval_s=0, run=_publish_desired)
TASKS: tuple[Task, ...] = (
    Task(name="forget_expired", interval_s=60, run=_forget_expired),
    Task(name="roll_up", interval_s=15, run=_roll_up, share=0.05),
    Task(name="deadlines", interval_s=10, run=deadlines.run),
    Task(name="merge", interval_s=5, run=merging.run, share=0.05),
    Task(name="audit_checkpoint", interval_s=60, run=_sign_audit),
    Task(name="sweep_silent", interval_s=5, run=fleet_service.sweep_silent),
)
ALERTING = (Task(name="watch_alerts", interval_s=1, run=watch, bell=Bell.INCIDENTS),)
"""Who is told of an incident waits for no other job, and so has a thread of its own."""
CHECKING: tuple[Task, ...] = (Task(name="audit_check", interval_s=5, run=_check_audit),)
"""The job that reads the whole audit log, now and then, and so has a thread of its own."""


def tasks_of(settings: Settings) -> tuple[Task, ...]:
    """Return the background jobs that can wait for one another."""
    retain = Task(name="retention", interval_s=settings.retention_interval_s, run=_retain)
    return (*TASKS, retain)


def sending_of(centre: Centre) -> tuple[Task, ...]:
    """Return the job that sends alerts; it waits for gateways, so it has a thread of its own."""
    channels = channels_of(centre.settings) | push_channel(centre)
    send = partial(dispatch, channels=channels)
    return (Task(name="send_alerts", interval_s=1, run=send, bell=Bell.DELIVERIES),)


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
        routes=_routes(),
        lifespan=partial(_lifespan, centre=centre, link=link),
    )
    app.state.centre = centre
    app.state.uploads = Uploads(centre)
    app.state.press = Press()
    problems.install(app)
    app.add_middleware(
        GZipMiddleware, minimum_size=1024, compresslevel=6, exclude_content_types=web.AS_THEY_ARE
    )
    app.add_middleware(web.SecurityHeaders, settings=settings)
    web.serve_console(app, settings)
    return app


@cache
def _routes() -> list[BaseRoute]:
    """Return every route; FastAPI works each of them out once, not again for every application."""
    served = APIRouter(dependencies=[Depends(known_query)])
    for router in ROUTERS:
        served.include_router(
            router, prefix=API, responses={"4XX": {"model": problems.ProblemBody}}
        )
    served.include_router(web.router)
    return served.routes


@asynccontextmanager
async def _lifespan(_app: FastAPI, centre: Centre, link: BrokerLink) -> AsyncIterator[None]:
    """Start what runs beside HTTP, and stop it in the opposite order."""
    settings = centre.settings
    with centre.database.write() as session:
        sync_areas(session)
    broker = None if settings.mqtt_host else EmbeddedBroker(centre, settings.mqtt_port)
    ingest = Ingest(centre, link)
    jobs = {
        "periodic": PeriodicTasks(centre, tasks_of(settings)),
        "alerting": PeriodicTasks(centre, ALERTING),
        "alerts": PeriodicTasks(centre, sending_of(centre)),
        "audit": PeriodicTasks(centre, CHECKING),
    }
    centre.checks.update(broker=lambda: link.connected, ingest=lambda: ingest.alive)
    centre.checks.update({name: partial(_alive, job) for name, job in jobs.items()})
    # Not on the network thread, which must not wait for the database.
    link.when_connected(
        lambda: Thread(target=run_once, args=(centre, ON_CONNECTED), daemon=True).start()
    )
    link.start(broker.start() if broker is not None else _broker_address(settings))
    ingest.start()
    for job in jobs.values():
        job.start()
    yield
    for job in reversed(jobs.values()):
        job.stop()
    centre.live.close()
    ingest.stop()
    link.stop()
    if broker is not None:
        broker.stop()
    centre.database.close()


def _alive(job: PeriodicTasks) -> bool:
    """Say whether the thread of some background jobs still runs."""
    return job.alive


def _broker_address(settings: Settings) -> BrokerAddress:
    """Return where and as whom to reach the configured broker."""
    return BrokerAddress(
        host=settings.mqtt_host,
        port=settings.mqtt_port,
        username=settings.mqtt_username,
        password=settings.mqtt_password.get_secret_value(),
        tls_ca=settings.mqtt_tls_ca,
        client_id=settings.mqtt_client_id,
    )
