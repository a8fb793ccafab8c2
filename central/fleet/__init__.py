"""The fleet: boxes and their cameras, registration, and health since when."""
