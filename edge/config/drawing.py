"""Scale what was drawn on one picture size to another.

A box may watch a camera's sub-stream while the drawing was made on the main stream. Width and
height scale apart, because sub-streams are often squeezed (704×576 of a 16:9 picture).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edge.config.camera import CameraConfig, PointPx


def scale_camera(camera: CameraConfig, size_px: tuple[int, int]) -> CameraConfig:
    """Return ``camera`` with all drawing moved to a picture of ``size_px`` (width, height)."""
    if size_px == camera.frame_size_px:
        return camera
    sx, sy = size_px[0] / camera.frame_size_px[0], size_px[1] / camera.frame_size_px[1]

    def moved(points: tuple[PointPx, ...]) -> tuple[PointPx, ...]:
        return tuple((x * sx, y * sy) for x, y in points)

    def update(item: object) -> dict[str, object]:
        keys = ("polygon", "line", "past", "direction", "points")
        return {k: moved(v) for k in keys if (v := getattr(item, k, None)) is not None}

    return camera.model_copy(
        update={
            "frame_size_px": size_px,
            "ground": tuple(
                p.model_copy(update={"px": (p.px[0] * sx, p.px[1] * sy)}) for p in camera.ground
            ),
            "zones": tuple(z.model_copy(update=update(z)) for z in camera.zones),
            "stop_lines": tuple(s.model_copy(update=update(s)) for s in camera.stop_lines),
            "markings": tuple(m.model_copy(update=update(m)) for m in camera.markings),
            "gauges": tuple(
                gauge.model_copy(
                    update={
                        "marks": tuple(
                            mark.model_copy(update={"px": (mark.px[0] * sx, mark.px[1] * sy)})
                            for mark in gauge.marks
                        )
                    }
                )
                for gauge in camera.gauges
            ),
            "signals": tuple(
                s.model_copy(
                    update={
                        "region": (
                            s.region[0] * sx,
                            s.region[1] * sy,
                            s.region[2] * sx,
                            s.region[3] * sy,
                        )
                    }
                )
                for s in camera.signals
            ),
        }
    )
