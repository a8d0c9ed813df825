"""The panel in a real browser. A package, or pytest puts this folder on the path, and `bench` would be found in it."""
