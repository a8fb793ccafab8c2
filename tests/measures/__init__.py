"""How well it works, measured: one module per part, each with ``measure() -> Figures``.

``scripts/evaluate`` runs them all. The data are never tuned on here; what a threshold was chosen
on is said in the module that holds the threshold.
"""
