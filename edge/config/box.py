"""The box file: who the box is, where its centre is, which cameras and which model it runs."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from edge.config.camera import Strict
from edge.contract.messages import Identifier

LOOPBACK = ("127.0.0.1", "localhost", "::1")


class CentreConfig(Strict):
    """How the box reaches its centre."""

    url: str = Field(pattern=r"^https?://", title="HTTP address of the centre")
    public_key: str = Field(
        default="", title="Base64 Ed25519 key of the centre; models signed by another are refused"
    )
    token: str = Field(min_length=16, title="The box's secret, also its MQTT password")


class BrokerConfig(Strict):
    """How the box reaches the MQTT broker."""

    host: str = "127.0.0.1"
    port: int = Field(default=1883, ge=1, le=65535)
    tls_ca: str = Field(default="", title="CA certificate file; empty means no TLS (loopback only)")
    tls_cert: str = Field(
        default="", title="The box's certificate: it stands for the token at the broker"
    )
    tls_key: str = Field(default="", title="Private key of the box's certificate")
    keepalive_s: int = Field(default=15, ge=5, le=600)

    @model_validator(mode="after")
    def _certificate_is_whole(self) -> Self:
        """Refuse half a certificate."""
        if bool(self.tls_cert) != bool(self.tls_key):
            raise ValueError("tls_cert and tls_key go together: name both files or neither")
        if self.tls_cert and not self.tls_ca:
            raise ValueError("tls_cert needs tls_ca: the box must know the broker too")
        return self

    @model_validator(mode="after")
    def _token_stays_secret(self) -> Self:
        """Refuse to send the token in clear over a network."""
        if not self.tls_ca and self.host not in LOOPBACK:
            raise ValueError(
                f"tls_ca is needed for host {self.host!r}: without TLS the box's token would cross "
                f"the network in clear; only {', '.join(LOOPBACK)} go without"
            )
        return self


class DetectorConfig(Strict):
    """Which model the box starts with and how it runs."""

    manifest: str = Field(title="Path of the model's manifest.json")
    providers: tuple[str, ...] = Field(
        default=("CPUExecutionProvider",), title="ONNX Runtime execution providers, best first"
    )
    threads: int = Field(default=1, ge=1, le=64, title="Threads of the one shared session")
    max_latency_s: float = Field(
        default=0.5, gt=0, le=10, title="A new model slower than this per frame is refused"
    )


class EvidenceConfig(Strict):
    """What is kept for each incident."""

    before_s: float = Field(default=5.0, ge=0, le=60)
    after_s: float = Field(default=5.0, ge=0, le=60)
    ring_s: float = Field(default=45.0, ge=5, le=600, title="Seconds of packets kept per camera")
    ring_max_bytes: int = Field(default=96_000_000, ge=1_000_000)


class VideoConfig(Strict):
    """What is recorded on the box's disk, so that evidence survives a power cut."""

    enabled: bool = Field(default=True, title="Record the cameras' video on disk, without sound")
    keep_s: float = Field(default=604_800, ge=60, title="Seconds that video is kept; 7 days")
    max_bytes: int = Field(
        default=0, ge=0, title="Size of all video at which the oldest goes; 0: what the disk holds"
    )
    reserve_bytes: int = Field(
        default=1_000_000_000,
        ge=0,
        title="Free space that video leaves; below it the oldest video goes, then none is recorded",
    )
    file_s: float = Field(default=60.0, ge=1, le=600, title="Length of one file")


class RetentionConfig(Strict):
    """How long evidence stays on the box; what is under a legal hold stays until its release."""

    delivered_s: float = Field(
        default=3600.0, ge=0, title="Seconds that evidence stays once the centre has checked it"
    )
    undelivered_s: float = Field(
        default=2_592_000.0,
        ge=86_400,
        title="Seconds after which evidence that nobody fetched goes, counted; 30 days",
    )


class OutboxConfig(Strict):
    """How much may wait on the box while the centre cannot be reached."""

    max_bytes: int = Field(
        default=1_000_000_000, ge=1_000_000, title="Size at which further messages are refused"
    )
    telemetry_rows: int = Field(
        default=20_000, ge=1, title="Telemetry messages kept; the oldest go first"
    )


class UploadLimits(Strict):
    """What uploads may use of one link."""

    max_bytes_per_s: int = Field(
        default=0, ge=0, title="Bandwidth left to uploads; 0 means no limit"
    )
    max_bytes_per_day: int = Field(
        default=0,
        ge=0,
        title="Bytes of evidence per local day; the rest waits for midnight; 0 means no limit",
    )


class UploadConfig(UploadLimits):
    """How evidence files go to the centre."""

    links: dict[str, UploadLimits] = Field(
        default_factory=dict, title="Limits by network interface (wwan0, eth0) instead of these"
    )


class BoxConfig(Strict):
    """One box file."""

    box_id: Identifier
    data_dir: str = Field(default="var/box", title="Where outbox, evidence and models are kept")
    centre: CentreConfig
    broker: BrokerConfig = BrokerConfig()
    detector: DetectorConfig
    evidence: EvidenceConfig = EvidenceConfig()
    video: VideoConfig = VideoConfig()
    retention: RetentionConfig = RetentionConfig()
    outbox: OutboxConfig = OutboxConfig()
    uploads: UploadConfig = UploadConfig()
    cameras: tuple[str, ...] = Field(min_length=1, title="Camera files, relative to this file")
    heartbeat_s: float = Field(default=10.0, ge=1, le=600)
    watchdog_s: float = Field(
        default=30.0, ge=2, le=600, title="A loop that hangs for longer ends the process (exit 3)"
    )
    metrics_port: int = Field(default=0, ge=0, le=65535, title="Prometheus port; 0 means off")
    log_format: Literal["json", "console"] = "json"
