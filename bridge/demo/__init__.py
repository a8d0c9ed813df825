"""The demo: `python -m bridge.demo` shows the main job on real pictures, through a real bridge, and leaves a page."""
