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


def serve(options: dict[str, Any]) -> None:
    """Serve until killed."""
    gi = importlib.import_module("gi")
    gi.require_version("Gst", "1.0")
    gi.require_version("GstRtspServer", "1.0")
    gst = importlib.import_module("gi.repository.Gst")
    rtsp = importlib.import_module("gi.repository.GstRtsp")
    rtsp_server = importlib.import_module("gi.repository.GstRtspServer")
    glib = importlib.import_module("gi.repository.GLib")
    gst.init(None)

    server = rtsp_server.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service(str(options["port"]))
    if options["user"]:
        auth = rtsp_server.RTSPAuth()
        token = rtsp_server.RTSPToken()
        token.set_string("media.factory.role", "viewer")
        if options["method"] == "digest":
            auth.set_supported_methods(rtsp.RTSPAuthMethod.DIGEST)
            auth.add_digest(options["user"], options["password"], token)
        else:
            basic = rtsp_server.RTSPAuth.make_basic(options["user"], options["password"])
            auth.add_basic(basic, token)
        server.set_auth(auth)
    for name, (path, codec) in options["streams"].items():
        factory = rtsp_server.RTSPMediaFactory()
        factory.set_launch(
            f'( filesrc location="{path}" ! matroskademux ! {PAYLOADERS[codec]} name=pay0 pt=96 )'
        )
        factory.set_shared(True)
        if options["user"]:
            permissions = rtsp_server.RTSPPermissions()
            for right in ("access", "construct"):
                permissions.add_permission_for_role("viewer", f"media.factory.{right}", True)
            factory.set_permissions(permissions)
        server.get_mount_points().add_factory(f"/{name}", factory)
    server.attach(None)
    sys.stdout.write(f"PORT {server.get_bound_port()}\n")
    sys.stdout.flush()
    glib.MainLoop().run()


if __name__ == "__main__":
    serve(json.loads(sys.argv[1]))
