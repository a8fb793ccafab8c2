"""Base of every model of a request: what it does not know is refused with its name (422).

Ignored, a misspelt field would be an absent one: a silence of ``camera`` would silence them all.
Messages of boxes over MQTT keep their own rule, see ``edge/contract/messages.py``.
"""

from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator


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
