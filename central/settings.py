"""Settings of the centre, read once from environment variables ``SONGLAM_*``.

Invariants: every setting has a title and a safe default; nothing here is a secret default; a wrong
value names the variable and what is allowed. This module opens no file and no socket.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pydantic_core import ErrorDetails

PREFIX = "SONGLAM_"
_ROLE = "(admin|technician|operator|shift_lead|officer|commander|commune_police|auditor|leader)"
"""What :class:`central.auth.schemas.Role` lists, a layer above; a test compares the two."""


SECRET_SIGNS = 16
_EXAMPLES = ("example", "changethis", "change-this", "changeme", "change-me", "secret", "password")
"""What stands in examples in place of a secret."""


class SettingsError(Exception):
    """A person must mend an environment variable before the centre starts."""


class Settings(BaseModel):
    """Everything that may differ between two installations of the centre."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    data_dir: str = Field(
        default="var/centre", title="Folder of the database file, evidence, models and keys"
    )
    database_url: str = Field(
        default="",
        title="SQLAlchemy address, e.g. postgresql+pg8000://user:password@host/songlam; "
        "empty means SQLite in the data folder",
    )
    host: str = Field(default="127.0.0.1", title="Address to listen on for HTTP")
    port: int = Field(default=8080, ge=0, le=65535, title="Port to listen on; 0 picks a free one")
    public_url: str = Field(
        default="",
        pattern=r"^(https?://[^/]+)?$",
        title="Address under which browsers reach the console; https makes cookies secure-only",
    )

    mqtt_host: str = Field(
        default="", title="Host of the MQTT broker; empty starts the embedded one on loopback"
    )
    mqtt_port: int = Field(
        default=1883, ge=0, le=65535, title="Port of the broker; 0 picks one (embedded only)"
    )
    mqtt_tls_ca: str = Field(default="", title="CA file of the broker; empty means no TLS")
    mqtt_username: str = Field(default="", title="The centre's own user at the broker")
    mqtt_password: SecretStr = Field(default=SecretStr(""), title="The centre's broker password")
    mqtt_client_id: str = Field(
        default="songlam-centre", title="MQTT client id; one per ingesting centre"
    )

    session_lifetime_s: float = Field(
        default=12 * 3600, ge=60, title="Seconds until a log-in ends, used or not"
    )
    require_password_change: bool = Field(
        default=True, title="Refuse all but a password change while a one-time password is in use"
    )
    second_factor_roles: str = Field(
        default="",
        pattern=rf"^({_ROLE}(,{_ROLE})*)?$",
        title="Roles that must log in with a second factor, by comma, e.g. admin,commander; "
        "everybody else may",
    )
    oidc_issuer: str = Field(
        default="",
        pattern=r"^(https://[^?#\s]+|http://(localhost|127\.0\.0\.1)(:\d+)?(/[^?#\s]*)?)?$",
        title="OpenID Connect provider that people may log in through, as it calls itself; empty "
        "means none. Needs SONGLAM_PUBLIC_URL",
    )
    oidc_client_id: str = Field(default="", title="What the provider calls this centre")
    oidc_client_secret: SecretStr = Field(
        default=SecretStr(""),
        validate_default=True,
        title="The centre's secret at the provider, 16 signs or more",
    )
    oidc_label: str = Field(
        default="", max_length=60, title="What the button says; empty: the console's own words"
    )
    oidc_username_claim: str = Field(
        default="",
        title="Claim that names a user at their first log-in, e.g. preferred_username; empty: only "
        "whom an administrator linked",
    )
    oidc_two_factors: bool = Field(
        default=False,
        title="The provider asks everybody for two factors; else only where it says so (amr: mfa)",
    )
    metrics_token: SecretStr = Field(
        default=SecretStr(""), title="Bearer token for /metrics; empty allows loopback only"
    )
    box_silent_after_s: float = Field(
        default=30.0, ge=2, title="Seconds of silence (three heartbeats) that make a box offline"
    )
    message_max_bytes: int = Field(
        default=2_000_000, ge=1_000, title="Largest MQTT message that is parsed at all"
    )
    quarantine_max_rows: int = Field(
        default=10_000, ge=10, title="Quarantined messages kept; the oldest go first, counted"
    )
    live_log_rows: int = Field(
        default=10_000, ge=10, title="Live events kept so that a browser can resume"
    )
    evidence_max_bytes: int = Field(
        default=500_000_000, ge=1_000_000, title="Largest single file of evidence accepted"
    )
    disk_reserve_bytes: int = Field(
        default=500_000_000, ge=0, title="Free disk space below which uploads are refused (507)"
    )

    retention_confirmed_days: int = Field(
        default=400,
        ge=396,
        title="Days that evidence of a confirmed incident is kept after the decision (13 months)",
    )
    retention_rejected_days: int = Field(
        default=30, ge=1, title="Days that evidence is kept after its incident was rejected"
    )
    retention_undecided_days: int = Field(
        default=396,
        ge=366,
        title="Days that evidence is kept of what nobody decided: the limitation year and 30 more",
    )
    retention_interval_s: float = Field(
        default=300,
        ge=1,
        title="Seconds between two runs of retention; each deletes at most 200 incidents' files",
    )

    alert_sms_url: str = Field(
        default="",
        pattern=r"^(https?://.+)?$",
        title="SMS gateway: takes POST {to, text, id}; empty means no SMS",
    )
    alert_sms_token: SecretStr = Field(
        default=SecretStr(""), title="Bearer token of the SMS gateway"
    )
    alert_smtp_url: SecretStr = Field(
        default=SecretStr(""),
        title="Mail server, smtp[s]://user:password@host:port; empty means no mail",
    )
    alert_mail_from: str = Field(default="songlam@localhost", title="Sender of alert mails")
    alert_zalo_url: str = Field(
        default="https://openapi.zalo.me/v3.0/oa/message/cs",
        title="Message address of the Zalo OA interface",
    )
    alert_zalo_token: SecretStr = Field(
        default=SecretStr(""), title="Access token of the Zalo official account; empty: no Zalo"
    )
    alert_webhook_secret: SecretStr = Field(
        default=SecretStr(""), title="Secret that signs alert webhooks; empty means no webhooks"
    )
    alert_push_services: str = Field(
        default="fcm.googleapis.com push.services.mozilla.com push.apple.com notify.windows.com",
        title="Push services of browsers that may be used, by host; empty means no Web Push",
    )

    model_max_bytes: int = Field(
        default=500_000_000, ge=1_000_000, title="Largest uploaded model, weights and golden clip"
    )
    feed_max_bytes: int = Field(
        default=10_000_000, ge=1_000, title="Largest webhook body or uploaded table of figures"
    )

    tile_url: str = Field(
        default="", title="Raster tile template {z}/{x}/{y} for the map; empty means no tiles"
    )
    tile_attribution: str = Field(default="", title="Attribution shown with the tiles")
    geo_dir: str = Field(
        default="", title="Folder with commune boundaries; empty means the assets' cache"
    )
    law_dir: str = Field(
        default="", title="Folder of the law tables; empty means the shipped configs/law"
    )
    sheet_parent: str = Field(
        default="ỦY BAN NHÂN DÂN TỈNH NGHỆ AN",
        max_length=120,
        title="Head of a printed sheet: the body above the one that issues it",
    )
    sheet_office: str = Field(
        default="TRUNG TÂM GIÁM SÁT, ĐIỀU HÀNH THÔNG MINH",
        max_length=120,
        title="Head of a printed sheet: who issues it",
    )
    sheet_symbol: str = Field(
        default="PTT-IOC", max_length=30, title="Symbol behind the number of a printed sheet"
    )
    sheet_place: str = Field(
        default="Nghệ An", max_length=60, title="Place before the date of a printed sheet"
    )
    console_dir: str = Field(
        default="", title="Folder of the built console; empty means central/console/dist"
    )
    log_format: str = Field(
        default="json", pattern="^(json|console)$", title="json for machines, console for people"
    )

    @field_validator("oidc_client_secret")
    @classmethod
    def _provider_is_whole(cls, secret: SecretStr, given: ValidationInfo) -> SecretStr:
        """See that a provider comes with all that it needs, and with a secret that is one.

        Raises:
            ValueError: Something is missing, or the secret was left at an example.
        """
        if not given.data.get("oidc_issuer"):
            return secret
        for name in ("public_url", "oidc_client_id"):
            if not given.data.get(name):
                raise ValueError(f"a provider needs {PREFIX}{name.upper()} too")
        text = secret.get_secret_value()
        if len(text) < SECRET_SIGNS or any(word in text.lower() for word in _EXAMPLES):
            raise ValueError(f"give the provider's own secret, {SECRET_SIGNS} signs or more")
        return secret

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Self:
        """Return the settings that ``environ`` asks for, defaults elsewhere.

        Raises:
            SettingsError: A value is out of range; the message names every wrong variable.
        """
        given = {
            name: environ[PREFIX + name.upper()]
            for name in cls.model_fields
            if PREFIX + name.upper() in environ
        }
        try:
            return cls.model_validate(given)
        except ValidationError as mistake:
            lines = [
                f"{PREFIX}{str(error['loc'][0]).upper()}={_shown(error)}: {error['msg']}"
                for error in mistake.errors()
            ]
            raise SettingsError("\n".join(lines)) from mistake

    def resolved_database_url(self, data_dir: Path) -> str:
        """Return the database address, with the SQLite default spelled out."""
        return self.database_url or f"sqlite:///{data_dir / 'songlam.sqlite3'}"


def _shown(mistake: ErrorDetails) -> str:
    """Return the value that is wrong, unless it is a secret."""
    field = Settings.model_fields[str(mistake["loc"][0])]
    return "(hidden)" if field.annotation is SecretStr else repr(mistake["input"])
