"""A real RTSP server as its own process: run by /usr/bin/python3, never imported by tests.

``/usr/bin/python3 tests/gst_rtsp_process.py '{"port": 0, "streams": {"cam": ["/a.mkv", "h264"]},
"user": "", "password": "", "method": "basic"}'`` serves each Matroska file in real time and prints
``PORT n`` when it listens. It only knows what GStreamer's Debian packages offer; looping and codecs
are prepared by ``tests/rtsp_server.py``.
"""

from __future__ import annotations

import importlib
import json
import sys
from typing import Any

PAYLOADERS = {
    "h264": "h264parse ! rtph264pay config-interval=1",
    "hevc": "h265parse ! rtph265pay config-interval=1",
    "mpeg4": "mpeg4videoparse ! rtpmp4vpay config-interval=1",
    "mjpeg": "jpegparse ! rtpjpegpay",
}


def load(name: str) -> Any:
    """Return a GStreamer library; they exist for the system's Python only."""
    return importlib.import_module(f"gi.repository.{name}")


def guard(server: Any, user: str, password: str, method: str) -> None:
    """Let only ``user`` in, by basic or digest authentication."""
    rtsp, rtsp_server = load("GstRtsp"), load("GstRtspServer")
    auth, token = rtsp_server.RTSPAuth(), rtsp_server.RTSPToken()
    token.set_string("media.factory.role", "viewer")
    if method == "digest":
        auth.set_supported_methods(rtsp.RTSPAuthMethod.DIGEST)
        auth.add_digest(user, password, token)
    else:
        auth.add_basic(rtsp_server.RTSPAuth.make_basic(user, password), token)
    server.set_auth(auth)


def factory_for(path: str, codec: str, *, guarded: bool) -> Any:
    """Return what serves one file in real time, shared by all who watch."""
    rtsp_server = load("GstRtspServer")
    factory = rtsp_server.RTSPMediaFactory()
    payloader = PAYLOADERS[codec]
    factory.set_launch(
        f'( filesrc location="{path}" ! matroskademux ! {payloader} name=pay0 pt=96 )'
    )
    factory.set_property("shared", 1)
    if guarded:
        permissions = rtsp_server.RTSPPermissions()
        granted = True
        for right in ("access", "construct"):
            permissions.add_permission_for_role("viewer", f"media.factory.{right}", granted)
        factory.set_permissions(permissions)
    return factory


def serve(options: dict[str, Any]) -> None:
    """Serve until killed."""
    gi = importlib.import_module("gi")
    gi.require_version("Gst", "1.0")
    gi.require_version("GstRtspServer", "1.0")
    load("Gst").init(None)
    server = load("GstRtspServer").RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service(str(options["port"]))
    user = options["user"]
    if user:
        guard(server, user, options["password"], options["method"])
    for name, (path, codec) in options["streams"].items():
        factory = factory_for(path, codec, guarded=bool(user))
        server.get_mount_points().add_factory(f"/{name}", factory)
    server.attach(None)
    sys.stdout.write(f"PORT {server.get_bound_port()}\n")
    sys.stdout.flush()
    load("GLib").MainLoop().run()


if __name__ == "__main__":
    serve(json.loads(sys.argv[1]))
