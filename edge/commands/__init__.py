"""The commands of ``python -m edge``: each offers ``add_parser(subparsers)`` and ``run(args)``."""
