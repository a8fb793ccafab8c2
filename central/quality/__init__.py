"""How good the rules and the reviews are: figures from the verdicts, second looks, training data.

Everything here is read from verdicts that people gave (``IncidentRow.verdict_*``); nothing here
changes one. Figures are set-based and read the index ``ix_incidents_verdict`` alone.
"""
