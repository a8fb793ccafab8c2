"""Quarantine: messages that could not be taken, kept for a person to look at."""
