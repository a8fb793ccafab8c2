"""Fixtures that every test may ask for by name, and logs that stay short."""

import structlog
from hypothesis import settings

pytest_plugins = ["tests.fault_matrix", "tests.postgres"]

# Pretty tracebacks with every variable take seconds each to draw.
structlog.configure(
    processors=[
        structlog.processors.add_log_level,
        structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback),
    ]
)

# How long an example takes says how busy the machine is, not whether the product is right.
settings.register_profile("any machine", settings(), deadline=None)
settings.load_profile("any machine")
