"""Incidents at the centre: stored by revision, listed, and reviewed by people."""
