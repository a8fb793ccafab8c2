"""People as meshes: a clothed figure in any pose, standing, walking, riding, fallen.

Invariants:
    * Joints are metres in the figure's frame: x forward, y left, z up from the road.
    * A look is drawn once from a generator and says everything about colours and head gear.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from edge.simulation.draws import chance, tone
from edge.simulation.mesh import (
    Paint,
    both_sides,
    ellipsoid,
    join,
    loft,
    moved,
    shifted,
    srgb,
    tube,
)

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from edge.simulation.mesh import Mesh, Rgb

SHIRTS = (
    0xE8E8E4, 0x24262B, 0x7A2430, 0x2D4A7C, 0xB8C4D0, 0x3D5A45, 0xC8B08A, 0xD46A7A, 0x5A6470,
    0xE0B83C, 0x8C3A2A, 0x4A7FA8, 0xF0D8D8, 0x1E2A44, 0x2E8B57, 0xB03050,
)  # fmt: skip
TROUSERS = (0x23262E, 0x2E3B55, 0x3A3A3A, 0x6B6257, 0x15171B, 0x4B5F80, 0x8A7F6B)
HELMETS = (0xE4E4E0, 0x1C1D20, 0xB02A2A, 0x2A56A0, 0xD8A7B4, 0x7C8288, 0xD9C23A, 0x2E6B4A, 0x8A4A2C)
SKIN = (0xB98B6B, 0xA67856, 0xC79C7C)
HAIR = srgb(0x14110F)
HEAD_GEAR = ("helmet", "full_helmet", "hair", "cone_hat", "cap")


Joint = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Look:
    """Colours and clothes of one person; colours are linear RGB."""

    shirt: Rgb
    trousers: Rgb
    skin: Rgb
    head: str
    head_colour: Rgb
    mask: bool
    jacket: bool
    size: float = 1.0


@dataclass(frozen=True, slots=True)
class Pose:
    """Where the joints are, left side given; ``right_`` joints default to its mirror image."""

    hip: Joint
    chest: Joint
    head: Joint
    elbow: Joint
    hand: Joint
    knee: Joint
    foot: Joint
    right_elbow: Joint | None = None
    right_hand: Joint | None = None
    right_knee: Joint | None = None
    right_foot: Joint | None = None


RIDING = Pose(
    hip=(-0.27, 0, 0.82),
    chest=(-0.16, 0, 1.22),
    head=(-0.08, 0, 1.53),
    elbow=(0.10, 0.33, 1.02),
    hand=(0.37, 0.30, 1.03),
    knee=(0.17, 0.20, 0.72),
    foot=(0.08, 0.19, 0.32),
)
FOOT_DOWN = replace(RIDING, knee=(0.10, 0.30, 0.52), foot=(0.02, 0.42, 0.07))
PILLION = Pose(
    hip=(-0.60, 0, 0.86),
    chest=(-0.54, 0, 1.27),
    head=(-0.48, 0, 1.58),
    elbow=(-0.42, 0.27, 1.02),
    hand=(-0.24, 0.17, 0.98),
    knee=(-0.22, 0.25, 0.74),
    foot=(-0.38, 0.24, 0.38),
)
CYCLING = replace(
    RIDING, hip=(-0.18, 0, 0.93), chest=(0.0, 0, 1.32), head=(0.1, 0, 1.62), elbow=(0.2, 0.3, 1.12),
    knee=(0.22, 0.12, 0.78), foot=(0.12, 0.12, 0.42), right_knee=(0.14, -0.12, 0.6),
    right_foot=(0.08, -0.12, 0.22),
)  # fmt: skip
STANDING = Pose(
    hip=(0, 0, 0.92),
    chest=(0.01, 0, 1.32),
    head=(0.03, 0, 1.63),
    elbow=(-0.03, 0.25, 1.08),
    hand=(0.06, 0.24, 0.85),
    knee=(0.03, 0.1, 0.49),
    foot=(0.0, 0.11, 0.06),
)
SITTING = replace(STANDING, hip=(0, 0, 0.45), chest=(0.03, 0, 0.85), head=(0.07, 0, 1.16),
                  elbow=(0.12, 0.25, 0.62), hand=(0.32, 0.15, 0.6), knee=(0.42, 0.14, 0.48),
                  foot=(0.4, 0.14, 0.06))  # fmt: skip


def walking(phase: float) -> Pose:
    """Return the pose at ``phase`` 0..1 of a double step."""
    swing = math.sin(2 * math.pi * phase)
    lift = max(0.0, math.cos(2 * math.pi * phase)) * 0.12
    other = max(0.0, -math.cos(2 * math.pi * phase)) * 0.12
    return Pose(
        hip=(0, 0, 0.91),
        chest=(0.03, 0, 1.31),
        head=(0.06, 0, 1.62),
        elbow=(-0.04 - 0.12 * swing, 0.24, 1.08),
        hand=(0.08 - 0.30 * swing, 0.22, 0.88),
        knee=(0.08 + 0.2 * swing, 0.09, 0.50),
        foot=(0.34 * swing, 0.1, 0.06 + lift),
        right_elbow=(-0.04 + 0.12 * swing, -0.24, 1.08),
        right_hand=(0.08 + 0.30 * swing, -0.22, 0.88),
        right_knee=(0.08 - 0.2 * swing, -0.09, 0.50),
        right_foot=(-0.34 * swing, -0.1, 0.06 + other),
    )


def draw_look(rng: np.random.Generator, *, riding: bool) -> Look:
    """Return somebody's looks: most riders wear helmets, some walkers a conical hat.

    Source: helmet wearing of about 90 % of riders, WHO country profile Viet Nam 2018.
    """
    shares = (0.72, 0.14, 0.1, 0.01, 0.03) if riding else (0.02, 0, 0.68, 0.15, 0.15)
    head = str(rng.choice(HEAD_GEAR, p=shares))
    gear = tone(rng, HELMETS)
    colour = {"hair": HAIR, "cone_hat": srgb(0xC8B488)}.get(head, gear)
    return Look(
        shirt=tone(rng, SHIRTS),
        trousers=tone(rng, TROUSERS),
        skin=tone(rng, SKIN),
        head=head,
        head_colour=colour,
        mask=riding and chance(rng, 0.55),
        jacket=chance(rng, 0.35),
        size=float(rng.normal(0.97, 0.04)),
    )


def figure(pose: Pose, look: Look) -> Mesh:
    """Return a person; the look's size does not move the joints of somebody seated."""
    sleeves = Paint(look.shirt if look.jacket else look.skin)
    shirt, trousers, skin = Paint(look.shirt), Paint(look.trousers), Paint(look.skin)
    chest, hip = np.array(pose.chest), np.array(pose.hip)
    parts = [_torso(hip, chest, np.array(pose.head), shirt), _head(pose.head, look)]
    limbs = ((pose.elbow, pose.hand, pose.knee, pose.foot), _right(pose))
    for side, (elbow, hand, knee, foot) in zip((1, -1), limbs, strict=True):
        shoulder = shifted(chest, 0, 0.19 * side, 0.07)
        thigh = shifted(hip, 0, 0.09 * side, 0)
        wrist = np.array(elbow) + (np.array(hand) - elbow) * 0.85
        ankle = np.array(knee) + (np.array(foot) - knee) * 0.92
        parts += [
            tube([shoulder, (shoulder + elbow) / 2, elbow], [0.072, 0.06, 0.05], shirt, 6),
            tube([elbow, wrist], [0.047, 0.036], sleeves, 6),
            ellipsoid(hand, (0.05, 0.04, 0.045), skin, turns=6),
            tube([thigh, (thigh + knee) / 2, knee], [0.105, 0.092, 0.066], trousers, 7),
            tube([knee, ankle], [0.064, 0.045], trousers, 6),
            ellipsoid(shifted(np.array(foot), 0.06, 0, 0), (0.135, 0.05, 0.05), Paint((0.03,) * 3)),
        ]
    return join(*parts)


def _right(pose: Pose) -> tuple[Joint, Joint, Joint, Joint]:
    """Return the right elbow, hand, knee and foot."""
    return (
        pose.right_elbow or _across(pose.elbow),
        pose.right_hand or _across(pose.hand),
        pose.right_knee or _across(pose.knee),
        pose.right_foot or _across(pose.foot),
    )


def _across(joint: Joint) -> Joint:
    """Return the joint of the other side."""
    return joint[0], -joint[1], joint[2]


def _torso(
    hip: NDArray[np.float64], chest: NDArray[np.float64], head: NDArray[np.float64], paint: Paint
) -> Mesh:
    """Return the trunk: elliptic rings from seat to neck."""
    shares = ((-0.12, 0.14, 0.11), (0.0, 0.175, 0.135), (0.4, 0.165, 0.12), (0.8, 0.2, 0.135),
              (1.12, 0.215, 0.11), (1.24, 0.12, 0.085), (1.36, 0.06, 0.06))  # fmt: skip
    spine = chest - hip
    forward = np.cross([0.0, 1.0, 0.0], spine / np.linalg.norm(spine))
    angle = np.linspace(0, 2 * math.pi, 10, endpoint=False)[:, None]
    rings = []
    for share, wide, deep in shares:
        centre = hip + spine * share
        if share > 1.2:  # noqa: PLR2004 - the neck bends to the head
            centre = centre * 0.7 + head * 0.3 - [0, 0, 0.05]
        rings.append(
            centre + np.cos(angle) * deep * forward + np.sin(angle) * wide * np.array([0, 1.0, 0])
        )
    return loft(np.array(rings), paint)


def _head(at: ArrayLike, look: Look) -> Mesh:
    """Return head, face and what is worn on it."""
    head, skin = np.asarray(at, np.float64), Paint(look.skin)
    gear = Paint(look.head_colour, gloss=0.35)
    parts = [
        tube([shifted(head, -0.02, 0, -0.2), shifted(head, 0, 0, -0.05)], 0.055, skin, 6),
        ellipsoid(head, (0.1, 0.08, 0.125), skin),
    ]
    if look.mask:
        parts.append(
            ellipsoid(shifted(head, 0.03, 0, -0.05), (0.085, 0.075, 0.075), Paint((0.3,) * 3))
        )
    if look.head == "helmet":
        parts.append(
            ellipsoid(shifted(head, -0.01, 0, 0.02), (0.137, 0.118, 0.13), gear, lowest=-0.15)
        )
        visor = ellipsoid(
            shifted(head, 0.075, 0, 0.02), (0.11, 0.09, 0.02), Paint((0.02,) * 3, 0.4)
        )
        parts.append(visor)
    elif look.head == "full_helmet":
        parts.append(ellipsoid(head, (0.15, 0.125, 0.155), gear))
        parts.append(
            ellipsoid(shifted(head, 0.06, 0, 0.01), (0.1, 0.1, 0.06), Paint((0.01,) * 3, 0.8))
        )
    elif look.head == "cone_hat":
        parts.append(
            tube([shifted(head, 0, 0, 0.04), shifted(head, 0, 0, 0.2)], [0.24, 0.01], gear, 14)
        )
    else:
        parts.append(
            ellipsoid(shifted(head, -0.02, 0, 0.02), (0.108, 0.09, 0.115), Paint(HAIR), -0.1)
        )
    if look.head == "cap":
        parts.append(ellipsoid(shifted(head, 0, 0, 0.05), (0.115, 0.095, 0.09), gear, lowest=0))
        parts.append(ellipsoid(shifted(head, 0.12, 0, 0.05), (0.08, 0.07, 0.012), gear))
    return join(*parts)


def walker(look: Look, pose: Pose, rng: np.random.Generator) -> Mesh:
    """Return a person on foot, sometimes with a bag or shoulder poles."""
    body = figure(pose, look)
    load = rng.random()
    if load < 0.25:  # noqa: PLR2004 - a share
        hand = shifted(np.array(pose.hand), 0, 0, -0.17)
        paint = Paint(tone(rng, SHIRTS))
        body = join(body, ellipsoid(hand, (0.1, 0.06, 0.14), paint))
    elif load < 0.4:  # noqa: PLR2004 - a share
        pack = ellipsoid(
            shifted(np.array(pose.chest), -0.17, 0, -0.08), (0.11, 0.15, 0.21), Paint((0.05,) * 3)
        )
        body = join(body, pack)
    return moved(body, scale=look.size)


def fallen(look: Look) -> Mesh:
    """Return a person lying on the road beside where they stood."""
    return moved(figure(walking(0.2), look), (0.6, 0, 0.14), pitch=-math.pi / 2)


__all__ = ["CYCLING", "FOOT_DOWN", "PILLION", "RIDING", "SITTING", "STANDING", "Look", "Pose"]
__all__ += ["both_sides", "draw_look", "fallen", "figure", "walker", "walking"]
