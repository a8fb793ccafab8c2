"""The centre's commands: run, migrate, create-admin, add-box, retention, inspect and more.

``python -m central --help`` lists them; all settings come from ``SONGLAM_*`` variables.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import structlog
import uvicorn
from alembic.util import CommandError
from pydantic import SecretStr, ValidationError
from sqlalchemy.exc import SQLAlchemyError

from central import keeping, migrations
from central.app import create_app
from central.auth import passkeys
from central.auth import service as auth_service
from central.auth.schemas import NewUser, Role
from central.fleet import service as fleet_service
from central.fleet.schemas import NewBox
from central.service_manager import ALIVE, READY, STOPPING, tell_manager
from central.settings import PREFIX, Settings, SettingsError
from central.signing import load_signing_key
from central.tables.users import UserRow
from edge.contract import logs

if TYPE_CHECKING:
    from collections.abc import Sequence
    from socket import socket
    from types import FrameType

    from fastapi import FastAPI

    from central.centre import Centre

ALIVE_EVERY_TICKS = 50
DAMAGED = 1
BAD_SETTINGS = 2
NO_DATABASE = 3
TOKEN_CHARACTERS = 16
"""The shortest secret that a box file takes. Source: edge.config.box, CentreConfig.token."""


class _Server(uvicorn.Server):
    """uvicorn, ending the live streams first: they would hold up a graceful stop."""

    def __init__(self, config: uvicorn.Config, centre: Centre) -> None:
        """Serve ``config`` for ``centre``."""
        super().__init__(config)
        self._centre = centre

    async def startup(self, sockets: list[socket] | None = None) -> None:
        """Start, and say where."""
        await super().startup(sockets)
        if self.servers:
            host, port = self.servers[0].sockets[0].getsockname()[:2]
            _say(f"Sông Lam: http://{host}:{port}")
            tell_manager(READY)

    async def on_tick(self, counter: int) -> bool:
        """Tell that the event loop turns; uvicorn calls this ten times a second."""
        if counter % ALIVE_EVERY_TICKS == 0:
            tell_manager(ALIVE)
        return await super().on_tick(counter)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """End the streams and begin to stop."""
        tell_manager(STOPPING)
        self._centre.live.close()
        super().handle_exit(sig, frame)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    options = _parser().parse_args(arguments)
    try:
        settings = Settings.from_environment(os.environ)
    except SettingsError as error:
        _say(str(error), sys.stderr)
        return BAD_SETTINGS
    _set_up_logging(settings.log_format)
    try:
        status: int = options.command(settings, options)
    except SQLAlchemyError as error:
        _say(f"the database does not work: {error}", sys.stderr)
        return NO_DATABASE
    except CommandError as error:
        _say(
            f"the database is of a later release, or not of this program ({error}); nothing was "
            "changed: start that release, or restore the copy from before it",
            sys.stderr,
        )
        return NO_DATABASE
    return status


def _parser() -> argparse.ArgumentParser:
    """Return the commands and their options."""
    parser = argparse.ArgumentParser(prog="python -m central", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    run = commands.add_parser("run", help="bring the database up to date and serve")
    run.set_defaults(command=_run)
    migrate = commands.add_parser("migrate", help="bring the database up to date and stop")
    migrate.add_argument("--new", metavar="NAME", help="write a new revision from the models")
    migrate.set_defaults(command=_migrate)
    admin = commands.add_parser(
        "create-admin",
        help="create an administrator, or give one a new one-time password and no second factor",
    )
    admin.add_argument("--username", default=auth_service.FIRST_ADMIN)
    admin.set_defaults(command=_create_admin)
    box = commands.add_parser("add-box", help="register a box with a token chosen elsewhere")
    box.add_argument("box_id", metavar="BOX", help="letters, digits, dot, dash, underscore")
    box.add_argument("--name", default="", help="how the console calls it (default: its id)")
    box.add_argument(
        "--token-variable",
        required=True,
        metavar="VARIABLE",
        help="the environment variable that holds the token; a command line is no place for one",
    )
    box.set_defaults(command=_add_box)
    retain = commands.add_parser("retention", help="delete evidence whose time is over, recorded")
    retain.add_argument("--dry-run", action="store_true", help="only list what would be deleted")
    retain.set_defaults(command=_retain)
    inspect = commands.add_parser("inspect", help="hash all stored evidence again; 1 when damaged")
    inspect.set_defaults(command=_inspect)
    audit = commands.add_parser("verify-audit", help="check the audit log; 1 when altered")
    audit.add_argument(
        "--kept", type=Path, metavar="FILE", help="checkpoints of before, as this command prints"
    )
    audit.set_defaults(command=_verify_audit)
    key = commands.add_parser("public-key", help="print the key that boxes pin, for their box file")
    key.set_defaults(command=_public_key)
    openapi = commands.add_parser("openapi", help="print the API's OpenAPI document")
    openapi.set_defaults(command=_openapi)
    shown = commands.add_parser("settings", help="print every setting, its value and meaning")
    shown.set_defaults(command=_settings)
    return parser


def _run(settings: Settings, _options: argparse.Namespace) -> int:
    """Serve until SIGINT or SIGTERM."""
    app = create_app(settings)
    centre = _centre(app)
    migrations.upgrade(centre.database)
    with centre.database.write() as session:
        password = auth_service.create_first_admin(session, centre.clock())
    if password is not None:
        _show_once(auth_service.FIRST_ADMIN, password)
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=10,
        # Longer than boxes keep idle connections (60 s): a new one costs seconds on a lossy line.
        timeout_keep_alive=75,
    )
    for stop in (signal.SIGINT, signal.SIGTERM):
        # uvicorn raises the signal once more after a graceful stop; by then it means nothing.
        signal.signal(stop, signal.SIG_IGN)
    _Server(config, centre).run()
    return 0


def _migrate(settings: Settings, options: argparse.Namespace) -> int:
    """Upgrade the database; with ``--new`` write what the models have beyond it."""
    database = _centre(create_app(settings)).database
    migrations.upgrade(database)
    if options.new:
        migrations.new_revision(database, options.new)
    return 0


def _create_admin(settings: Settings, options: argparse.Namespace) -> int:
    """Print a one-time password for an administrator, new or forgotten."""
    centre = _centre(create_app(settings))
    migrations.upgrade(centre.database)
    now = centre.clock()
    with centre.database.write() as session:
        if session.get(UserRow, options.username) is None:
            new = NewUser(username=options.username, display_name=options.username, role=Role.ADMIN)
            password = auth_service.create_user(session, new, "system", now)
        else:
            password = auth_service.reset_password(session, options.username, "system", now)
            if session.get_one(UserRow, options.username).second_factor_since is not None:
                auth_service.reset_second_factor(session, options.username, "system", now)
            passkeys.forget_all(session, options.username, "system", now)
    _show_once(options.username, password)
    return 0


def _add_box(settings: Settings, options: argparse.Namespace) -> int:
    """Register a box, or make sure that it is registered so; twice is as good as once."""
    token = os.environ.get(options.token_variable, "")
    if len(token) < TOKEN_CHARACTERS:
        _say(
            f"the variable {options.token_variable} holds {len(token)} characters; a token needs "
            f"at least {TOKEN_CHARACTERS}, e.g. from: openssl rand -base64 32",
            sys.stderr,
        )
        return BAD_SETTINGS
    try:
        new = NewBox(box_id=options.box_id, name=options.name or options.box_id)
    except ValidationError as mistake:
        _say("; ".join(f"{e['loc'][0]}: {e['msg']}" for e in mistake.errors()), sys.stderr)
        return BAD_SETTINGS
    centre = _centre(create_app(settings))
    migrations.upgrade(centre.database)
    with centre.database.write() as session:
        changed = fleet_service.provision(session, new, token, "system", centre.clock())
    _say(f"{new.box_id}: {'registered' if changed else 'was registered already'}")
    return 0


def _retain(settings: Settings, options: argparse.Namespace) -> int:
    """Run retention once to its end, or list what it would do."""
    centre = _centre(create_app(settings))
    migrations.upgrade(centre.database)
    keeping.retain(centre, _say, dry_run=options.dry_run)
    return 0


def _inspect(settings: Settings, _options: argparse.Namespace) -> int:
    """Hash everything stored again."""
    centre = _centre(create_app(settings))
    migrations.upgrade(centre.database)
    return DAMAGED if keeping.inspect(centre, _say) else 0


def _verify_audit(settings: Settings, options: argparse.Namespace) -> int:
    """Follow the audit log from its first line."""
    centre = _centre(create_app(settings))
    return DAMAGED if keeping.verify_audit(centre, _say, options.kept) else 0


def _public_key(settings: Settings, _options: argparse.Namespace) -> int:
    """Print the public half of the key that signs models."""
    _say(load_signing_key(_centre(create_app(settings)).data_dir).public_base64)
    return 0


def _openapi(settings: Settings, _options: argparse.Namespace) -> int:
    """Print the OpenAPI document."""
    _say(json.dumps(create_app(settings).openapi(), ensure_ascii=False, indent=1))
    return 0


def _settings(settings: Settings, _options: argparse.Namespace) -> int:
    """Print every environment variable with its present value; secrets only as given or not."""
    for name, field in Settings.model_fields.items():
        value = getattr(settings, name)
        if isinstance(value, SecretStr):
            value = "(given)" if value.get_secret_value() else ""
        _say(f"{PREFIX}{name.upper()}={value}\n    {field.title}")
    return 0


def _centre(app: FastAPI) -> Centre:
    """Return the centre that ``app`` serves."""
    centre: Centre = app.state.centre
    return centre


def _show_once(username: str, password: str) -> None:
    """Print a one-time password; it is stored nowhere."""
    _say(f"One-time password of {username}: {password}")


def _say(text: str, stream: TextIO | None = None) -> None:
    """Write a command's answer at once: whoever started us may be waiting for it."""
    print(text, file=stream or sys.stdout, flush=True)


def _set_up_logging(log_format: str) -> None:
    """Log to stderr: JSON lines for machines, colours for people; never the values of variables.

    A traceback with local variables would write passwords and tokens into the log.
    """
    plain = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
    rendering: list[structlog.typing.Processor] = [
        structlog.processors.ExceptionRenderer(plain),
        structlog.processors.JSONRenderer(ensure_ascii=False),
    ]
    if log_format == "console":
        rendering = [
            structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
        ]
    logs.configure(rendering, sys.stderr)
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
