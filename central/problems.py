"""Errors of the HTTP API: one shape for all, in both languages of the console.

The body is ``{"detail": {"code", "message_vi", "message_en", …}}``. Nothing else leaves the API as
an error; :func:`install` also turns validation mistakes of a request into this shape.
"""

from typing import Any

from fastapi import FastAPI, HTTPException, Request
from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from sqlalchemy.exc import DataError
from starlette.exceptions import HTTPException as StarletteHTTPException

_GENERIC = {
    404: ("not_found", "Không tìm thấy.", "Not found."),
    405: ("method_not_allowed", "Không được phép.", "Method not allowed."),
    413: ("too_large", "Dữ liệu gửi lên quá lớn.", "The request is too large."),
}


class ProblemDetail(BaseModel):
    """What went wrong, for programs (code) and for people (two messages)."""

    code: str
    message_vi: str
    message_en: str


class ProblemBody(BaseModel):
    """Body of every error answer."""

    detail: ProblemDetail


class Problem(HTTPException):
    """An expected refusal, raised anywhere below a route."""

    def __init__(self, status: int, code: str, vi: str, en: str) -> None:
        """Keep the status and the three parts of the body."""
        detail = {"code": code, "message_vi": vi, "message_en": en}
        super().__init__(status_code=status, detail=detail)
        self.code = code


def install(app: FastAPI) -> None:
    """Give every error of ``app`` the one shape."""
    app.add_exception_handler(RequestValidationError, _invalid_request)
    app.add_exception_handler(StarletteHTTPException, _http_error)
    app.add_exception_handler(DataError, _impossible_value)


async def _invalid_request(_: Request, error: Exception) -> JSONResponse:
    """Answer 422 with the mistakes of the request, field by field.

    What is unknown is named, and where a route says which parameters it knows, those too.
    """
    mistakes: list[Any] = list(error.errors()) if isinstance(error, RequestValidationError) else []
    fields = [
        {"field": ".".join(str(part) for part in mistake["loc"]), "message": mistake["msg"]}
        for mistake in mistakes
    ]
    unknown = ", ".join(
        str(mistake["loc"][-1])[:64] for mistake in mistakes if mistake["type"] == "extra_forbidden"
    )
    vi, en = "Dữ liệu gửi lên không hợp lệ", "The request is not valid"
    known_vi, known_en = _known(mistakes)
    detail = {
        "code": "invalid_request",
        "message_vi": f"{vi}: không có trường {unknown}.{known_vi}" if unknown else f"{vi}.",
        "message_en": f"{en}: there is no field {unknown}.{known_en}" if unknown else f"{en}.",
        "fields": jsonable_encoder(fields),
    }
    return JSONResponse({"detail": detail}, status_code=422)


def _known(mistakes: list[Any]) -> tuple[str, str]:
    """Return which parameters a route knows, in both languages; empty where it is not said."""
    known = next(
        (each["ctx"]["known"] for each in mistakes if "known" in each.get("ctx", {})), None
    )
    if known is None:
        return "", ""
    names = ", ".join(known)
    if not known:
        return " Địa chỉ này không nhận tham số nào.", " This address takes no parameters."
    return f" Các trường có: {names}.", f" Known are: {names}."


async def _impossible_value(_: Request, error: Exception) -> JSONResponse:
    """Answer 422 to a value that no row can have, as a number beyond 64 bits: it names nothing."""
    del error
    detail = {
        "code": "invalid_request",
        "message_vi": "Dữ liệu gửi lên không hợp lệ.",
        "message_en": "The request holds a value that cannot be.",
    }
    return JSONResponse({"detail": detail}, status_code=422)


async def _http_error(_: Request, error: Exception) -> JSONResponse:
    """Answer an HTTP error, giving plain ones of the framework the one shape."""
    if not isinstance(error, StarletteHTTPException):  # pragma: no cover - registered for it only
        raise error
    detail: Any = error.detail
    if not isinstance(detail, dict):
        code, vi, en = _GENERIC.get(error.status_code, ("refused", "Bị từ chối.", str(detail)))
        detail = {"code": code, "message_vi": vi, "message_en": en}
    return JSONResponse({"detail": detail}, status_code=error.status_code, headers=error.headers)
