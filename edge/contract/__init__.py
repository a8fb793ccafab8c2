"""The box's public interface: messages, topics and the catalogue of rules.

The only part of :mod:`edge` that the centre may import. It stays light: pydantic and the standard
library, no arrays, no network.
"""
