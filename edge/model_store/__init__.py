"""From the centre's wish to a running model, or the reason why not.

Read in this order: :mod:`store` (the steps of a rollout), :mod:`signature` (who may say what
runs), :mod:`download` (files, resumable and checked), :mod:`trial` (the model runs in a process of
its own first), :mod:`active` (what runs now and after a restart).

Invariant of the whole: until the last step has succeeded the running model is not touched, and no
fault of a new model, a crash or an endless loop included, can reach the process that watches
cameras.
"""
