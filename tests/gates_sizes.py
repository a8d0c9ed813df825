"""The gate *sizes*: random selections on five canvases, every family; what size does each piece work at?"""

import random

from bridge.crops import ZOOM_IN
from bridge.families import FAMILIES
from bridge.geometry import plan
from bridge.protocol.values import Box, Document, Recipe

CANVASES = (1024, 1024), (2048, 2048), (4000, 3000), (6000, 4000), (1200, 630)
STRENGTHS = 1.0, 0.6, 0.3


def sizes_figures(selections_per_family: int = 4000, seed: int = 20231) -> dict[str, float]:
    """Figures over all pieces of all passes of the plans of that many selections for each family.

    `selections` and `pieces` are counts, `aspect_error` the worst difference of crop and working aspect (a fraction),
    `needless` the fraction of selections with a piece that is resampled although its crop has 0.8 to 1.05 of the
    budget, `least` and `most` the extreme working areas as shares of the budget, `outside` the count of pieces beyond
    0.8 to 1.05 that are not zoomed in to the limit, `overhang` the fraction of selections with a crop off the canvas.
    The classical family and the sample are left out: they work at any size. So are the distilled relatives, whose plans
    are those of their family.
    """
    sized = (family for family in FAMILIES.values() if not (family.native or family.filters))
    families = [family for family in sized if not family.name.endswith("-few")]
    rolls = random.Random(seed)
    pieces = outside = needless = overhang = 0
    error, least, most = 0.0, 1.0, 0.0
    for number in range(selections_per_family):
        width, height = CANVASES[number % len(CANVASES)]
        document = Document("sizes", width, height, 3)
        recipe = Recipe("fill", strength=STRENGTHS[number % len(STRENGTHS)])
        selection = _selection(width, height, rolls)
        for family in families:
            found = [piece for one in plan(document, selection, recipe, family).passes for piece in one.pieces]
            pieces += len(found)
            for piece in found:
                wide, high = piece.working.width * piece.crop.height, piece.working.height * piece.crop.width
                share = piece.working.area / family.budget
                error = max(error, abs(wide - high) / high)
                least, most = min(least, share), max(most, share)
                outside += not 0.8 <= share <= 1.05 and piece.zoom < ZOOM_IN
            needless += any(piece.zoom != 1 and 0.8 <= piece.crop.area / family.budget <= 1.05 for piece in found)
            overhang += any(not document.canvas.contains(piece.crop) for piece in found)
    count = selections_per_family * len(families)
    return {
        "selections": count,
        "pieces": pieces,
        "aspect_error": error,
        "needless": needless / count,
        "least": least,
        "most": most,
        "outside": outside,
        "overhang": overhang / count,
    }


def _selection(width: int, height: int, rolls: random.Random) -> Box:
    """A box inside the canvas: half of them between two random corners, half with sides even on a logarithmic scale."""
    if rolls.random() < 0.5:
        (left, right), (top, bottom) = (sorted(rolls.sample(range(side + 1), 2)) for side in (width, height))
        return Box(left, top, right - left, bottom - top)
    across, down = (round(side ** rolls.random()) for side in (width, height))
    return Box(rolls.randint(0, width - across), rolls.randint(0, height - down), across, down)
