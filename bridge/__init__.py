"""Sfumato: select, type, Enter, and a finished layer lies in the open document.

The editor offers a selection; the bridge says which box it wants to see; the editor sends those pixels; the bridge
sends layers back. `docs/journey.md` walks one fill through the rooms of this package.

This door imports nothing, so that a guest may import `bridge.client` inside an editor's own Python.
"""

__version__ = "0.1.0"
