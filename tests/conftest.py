"""Fixtures that every test may ask for by name, and logs that stay short."""

import structlog

pytest_plugins = ["tests.postgres"]

# Pretty tracebacks with every variable take seconds each to draw.
structlog.configure(
    processors=[
        structlog.processors.add_log_level,
        structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback),
    ]
)
