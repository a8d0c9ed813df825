"""Which measurement: `python run.py bench` measures the wire, `bench engine` and `bench peers` what paints,
`bench gimp` the guest in GIMP, `bench panel` the panel in a browser."""

import importlib
import sys

MEASUREMENTS = ("wire", "engine", "peers", "gimp", "panel")


def main(arguments: list[str]) -> int:
    """Run the measurement that the first argument names, the wire where it names none; the rest is for it."""
    named = arguments[:1] if arguments[:1] and arguments[0] in MEASUREMENTS else []
    measure = importlib.import_module(f"bench.{named[0] if named else 'wire'}").main
    status: int = measure(arguments[len(named) :])
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
