"""Which network is used where none is named: the first of the registry whose weights are here.

Our own weights always are, so there is one without a network too.
"""

from __future__ import annotations

from pathlib import Path

from edge.commands.fetch_assets import LISTS, load_lists
from edge.detector.manifest import find_weights, load_manifest
from edge.errors import ModelError

ROOT = Path(__file__).resolve().parents[2]
USES = ("default", "supported", "comparison")
"""In this order; what is for comparison only is never taken by itself."""


def default_model(*, committed_only: bool = False) -> Path:
    """Return the manifest of the model that is used where none is named.

    Args:
        committed_only: As if nothing had been fetched.

    Raises:
        ConfigError: The registry is missing or wrong.
        ModelError: No weights are here, with what was sought.
    """
    ranked = sorted(load_lists(LISTS).models, key=lambda model: USES.index(model.use))
    reasons = []
    for model in ranked:
        if model.use == "comparison" or (committed_only and not model.committed):
            continue
        path = ROOT / model.manifest
        try:
            find_weights(load_manifest(path), path.parent)
        except ModelError as error:
            reasons.append(str(error))
        else:
            return path
    raise ModelError("no model is here: " + "; ".join(reasons))
