"""`oddlot`: the way in; light, so that Ctrl-C is heeded while the rest is still being loaded."""

from __future__ import annotations

import os
import sys

from oddlot.local import bytecode

INTERRUPTED = 130  # what shells say of a program that Ctrl-C has ended


def main() -> None:
    """Run the command line; an error raised on purpose is one line and exit code 2."""
    try:
        bytecode.keep_apart(os.environ)  # before anything that is worth keeping is loaded
        from oddlot import commands

        commands.run()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
