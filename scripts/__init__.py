"""One way to do each thing; the thin entry points beside this package need no import."""
