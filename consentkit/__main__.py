"""Starts the command line."""

from __future__ import annotations

import sys

from consentkit.interrupts import INTERRUPTED


def main() -> None:
    """Run the command line; also while it is imported an interrupt ends in a sentence."""
    try:
        from consentkit import cli
    except KeyboardInterrupt:
        sys.stderr.write(f"{INTERRUPTED}\n")
        raise SystemExit(2) from None
    cli.main()


if __name__ == "__main__":
    main()
