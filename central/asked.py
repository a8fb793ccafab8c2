"""What is asked of the centre: what nobody knows there is refused with its name (422).

Ignored, a misspelt field would be an absent one: a silence of ``camera`` would silence them all,
and a list by ``statuss`` would show everything. Bodies build on :class:`Asked`; the parameters of
an address are held against the route's own by :func:`known_query`, once for all routes.
Messages of boxes over MQTT keep their own rule, see ``edge/contract/messages.py``.
"""

from typing import TYPE_CHECKING, Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict, model_validator

if TYPE_CHECKING:
    from fastapi.dependencies.models import Dependant


class Asked(BaseModel):
    """A body, or a part of one."""

    model_config = ConfigDict(extra="forbid")


class AskedQuery(Asked):
    """The query of an address, where a form's empty fields are absent ones."""

    model_config = ConfigDict(populate_by_name=True)

    @model_validator(mode="before")
    @classmethod
    def _forget_empty(cls, given: Any) -> Any:
        """Take ``?rule=`` as "any rule": a form sends its empty fields too."""
        if not isinstance(given, dict):
            return given
        return {name: value for name, value in given.items() if value not in ("", [""])}


def known_query(request: Request) -> None:
    """Refuse parameters of the address that the route does not know. A dependency of every route.

    Raises:
        RequestValidationError: 422 with their names, and with those that it knows.
    """
    route = request.scope["route"]
    known = names_of(route) if request.query_params else frozenset()
    unknown = [name for name in dict.fromkeys(request.query_params) if name not in known]
    if unknown and not _is_open(route.dependant):
        why = {"type": "extra_forbidden", "msg": "no such parameter", "input": None}
        told = {"known": sorted(known)}
        raise RequestValidationError([{**why, "loc": ("query", n), "ctx": told} for n in unknown])


def open_query() -> None:
    """Mark a route that others add parameters to, by the rules of a protocol: it ignores them."""


def names_of(route: APIRoute) -> frozenset[str]:
    """Return the parameters of the address that a route knows, by the names that one writes."""
    return frozenset(_names(route.dependant))


def _names(dependant: "Dependant") -> set[str]:
    """Return the parameters that a function or what it depends on asks for."""
    found: set[str] = set()
    for each in dependant.query_params:
        model = each.field_info.annotation
        if isinstance(model, type) and issubclass(model, BaseModel):
            found |= {field.alias or name for name, field in model.model_fields.items()}
        else:
            found.add(each.alias)
    return found.union(*map(_names, dependant.dependencies))


def _is_open(dependant: "Dependant") -> bool:
    """Return whether a route bears the mark of :func:`open_query`."""
    return dependant.call is open_query or any(map(_is_open, dependant.dependencies))
