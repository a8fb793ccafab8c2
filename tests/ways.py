"""Every way into the centre over HTTP, taken from the application itself: method, path, route."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from fastapi.routing import APIRoute
from pydantic import BaseModel

from central import web
from central.app import API, ROUTERS
from central.asked import names_of
from central.auth.guard import Gate, current_box

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    import httpx
    from fastapi.dependencies.models import Dependant

FILLED = {
    "kind": "dispatch", "code": "traffic", "username": "nobody", "row_id": "1", "seq": "1",
    "version": "1", "name": "m", "file_name": "f", "delivery_id": "1", "contact_id": "1",
    "shift_id": "1", "silence_id": "1", "wall_id": "7", "passkey_id": "1",
    "report_key": "0f0e0d0c-0b0a-4908-8706-050403020100",
}  # fmt: skip
"""Parameter of a path that names nothing of any commune → what it is filled with."""


class Way(NamedTuple):
    """One method of one route, with the whole path."""

    method: str
    path: str
    route: APIRoute

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    def filled(self, values: Mapping[str, str]) -> str:
        """Return the path with things in it."""
        path = self.path
        for parameter, value in {**FILLED, **values}.items():
            path = path.replace(f"{{{parameter}}}", value)
        assert "{" not in path, f"say in this test what {path} is filled with"
        return path

    def ask(
        self,
        person: httpx.Client,
        values: Mapping[str, str],
        query: Mapping[str, Any],
        body: Mapping[str, Any],
    ) -> httpx.Response:
        """Send a request, with as much of ``query`` and ``body`` as the route knows."""
        known, fields = names_of(self.route), self.body_fields()
        return person.request(
            self.method,
            self.filled(values).removeprefix(API),
            params={name: value for name, value in query.items() if name in known},
            json={name: value for name, value in body.items() if name in fields} or None,
        )

    def body_fields(self) -> Collection[str]:
        """Return the fields of the body, where it is a model's."""
        body = self.route.body_field
        model = None if body is None else body.field_info.annotation
        if isinstance(model, type) and issubclass(model, BaseModel):
            return model.model_fields
        return ()


def _ways() -> list[Way]:
    """Return all that the application serves but the console's files."""
    served = [(API, router) for router in ROUTERS] + [("", web.router)]
    return [
        Way(method, prefix + route.path, route)
        for prefix, router in served
        for route in router.routes
        if isinstance(route, APIRoute)
        for method in sorted(route.methods or ())
    ]


def calls(dependant: Dependant) -> Iterator[object]:
    """Yield every dependency of a route, to any depth."""
    for each in dependant.dependencies:
        yield each.call
        yield from calls(each)


def gates(route: APIRoute) -> list[Gate]:
    """Return the gates that a route declares."""
    return [call for call in calls(route.dependant) if isinstance(call, Gate)]


def is_of_boxes(route: APIRoute) -> bool:
    """Return whether only a box comes in."""
    return current_box in list(calls(route.dependant))


EVERY = _ways()
OF_PEOPLE = [way for way in EVERY if gates(way.route)]
