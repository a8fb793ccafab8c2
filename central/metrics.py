"""Counters and gauges of the centre, all in one place, each with what it counts.

They live in a registry of their own, so that two centres in one test process do not mix. The
object is made by the composition root and passed to whoever counts.
"""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class _IngestNumbers:
    """What the way from the broker to the database counts."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Start at zero in ``registry``."""
        self.messages = Counter(
            "songlam_ingest_messages",
            "MQTT messages by channel and outcome (stored, duplicate, quarantined)",
            ["channel", "outcome"],
            registry=registry,
        )
        self.batch_seconds = Histogram(
            "songlam_ingest_batch_seconds",
            "Seconds from taking a batch of messages to its commit",
            buckets=SECONDS,
            registry=registry,
        )
        self.database_retries = Counter(
            "songlam_ingest_database_retries",
            "Times a batch was tried again because the database did not answer",
            registry=registry,
        )
        self.broker_connected = Gauge(
            "songlam_broker_connected", "1 while connected to the broker", registry=registry
        )
        self.broker_disconnects = Counter(
            "songlam_broker_disconnects", "Connections to the broker lost", registry=registry
        )
        self.quarantine_pruned = Counter(
            "songlam_quarantine_pruned",
            "Quarantined messages dropped because the quarantine was full",
            registry=registry,
        )


class _WebNumbers:
    """What browsers, uploads, feeds and background tasks count."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Start at zero in ``registry``."""
        self.live_clients = Gauge(
            "songlam_live_clients", "Browsers on the live stream", registry=registry
        )
        self.live_clients_dropped = Counter(
            "songlam_live_clients_dropped",
            "Live streams ended because the browser read too slowly; it resumes by itself",
            registry=registry,
        )
        self.uploads_completed = Counter(
            "songlam_uploads_completed", "Evidence files stored whole", registry=registry
        )
        self.uploads_discarded = Counter(
            "songlam_uploads_discarded",
            "Evidence uploads thrown away because the hash was wrong",
            registry=registry,
        )
        self.uploads_refused = Counter(
            "songlam_uploads_refused",
            "Evidence uploads refused for want of disk space",
            registry=registry,
        )
        self.logins_failed = Counter(
            "songlam_logins_failed", "Refused log-ins, throttled ones included", registry=registry
        )
        self.boxes_silent = Counter(
            "songlam_boxes_silent", "Times a box was marked offline for silence", registry=registry
        )
        self.periodic_failures = Counter(
            "songlam_periodic_failures",
            "Runs of a background task that the database refused; it runs again next time",
            ["task"],
            registry=registry,
        )
        self.feed_rows = Counter(
            "songlam_feed_rows",
            "Delivered rows by outcome (stored, corrected, unchanged, rejected)",
            ["outcome"],
            registry=registry,
        )
        self.webhooks_refused = Counter(
            "songlam_webhooks_refused",
            "Webhooks refused as a whole, by reason (signature, time, replay, body)",
            ["reason"],
            registry=registry,
        )


class _CustodyNumbers:
    """What custody of evidence counts."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Start at zero in ``registry``."""
        self.chain_heads = Counter(
            "songlam_chain_heads",
            "Heads of boxes' chains by verdict (ok, late, key_changed, bad_signature, went_back, "
            "forked); an unchanged head is not counted again",
            ["verdict"],
            registry=registry,
        )
        self.manifests = Counter(
            "songlam_manifests",
            "Manifests received, by state of their incident then (verified, waiting, broken)",
            ["state"],
            registry=registry,
        )
        self.hold_commands = Counter(
            "songlam_hold_commands",
            "Orders to hold or release sent to boxes, repeats included",
            registry=registry,
        )
        self.evidence_deleted = Counter(
            "songlam_evidence_deleted",
            "Evidence files that retention deleted, by rule; each stands in a signed record",
            ["rule"],
            registry=registry,
        )
        self.deletions_refused = Counter(
            "songlam_deletions_refused",
            "Incidents whose evidence was not deleted because a hold was found at the last moment",
            registry=registry,
        )


class _AlertNumbers:
    """What telling people counts."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Start at zero in ``registry``."""
        self.alert_decisions = Counter(
            "songlam_alert_decisions",
            "Incidents by what became of them as news (opened, joined, silenced, inhibited, quiet, "
            "late)",
            ["verdict"],
            registry=registry,
        )
        self.alert_escalations = Counter(
            "songlam_alert_escalations", "Alerts passed on unanswered", registry=registry
        )
        self.alerts_unanswered = Counter(
            "songlam_alerts_unanswered", "Alerts that ended without an answer", registry=registry
        )
        self.alert_deliveries = Counter(
            "songlam_alert_deliveries",
            "Tries to tell a person, by channel and outcome (sent, failed, given_up)",
            ["channel", "outcome"],
            registry=registry,
        )
        self.push_gone = Counter(
            "songlam_push_gone",
            "Browsers forgotten because their push service does not know them any more",
            registry=registry,
        )


class Metrics(_IngestNumbers, _WebNumbers, _CustodyNumbers, _AlertNumbers):
    """Every number the centre counts; an attribute per number."""

    def __init__(self) -> None:
        """Start all counters at zero in a fresh registry."""
        self.registry = CollectorRegistry()
        _IngestNumbers.__init__(self, self.registry)
        _WebNumbers.__init__(self, self.registry)
        _CustodyNumbers.__init__(self, self.registry)
        _AlertNumbers.__init__(self, self.registry)

    def exposition(self) -> bytes:
        """Return all numbers in Prometheus' text format."""
        return generate_latest(self.registry)
