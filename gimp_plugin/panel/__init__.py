"""The panel window: it renders a View and calls an Act, and knows nothing of GIMP or of the bridge.

`window` lays it out; `prompt`, `knobs`, `drawer` and `loras` hold what the artist sets, on one `draft`; `bars`, `easel`
and `strip` show what there is to answer, to watch and to choose from.
"""

from gimp_plugin.panel.window import Panel

__all__ = ["Panel"]
