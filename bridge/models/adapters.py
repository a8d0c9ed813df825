"""From a header to the LoRA it is: which family's weights it changes, and whether it can be applied.

Two ways of naming are met: a trainer's flat names (`lora_unet_down_blocks_0_…lora_down.weight`) and the module paths of
diffusers and peft (`unet.down_blocks.0.….lora_A.weight`). Both are read as one, underscores for dots.
"""

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from bridge.models.headers import Tensor

_DOWN = (
    ".lora_down.weight",
    ".lora_A.weight",
    ".lora_A.default.weight",
    ".lora.down.weight",
    "_lora.down.weight",
    ".lora_linear_layer.down.weight",
)
_OTHERS = {
    ".hada_w1_a": "a LoHa",
    ".lokr_w1": "a LoKr",
    ".lokr_w1_a": "a LoKr",
    ".lora_mid.weight": "a LoCon with a third factor",
    ".oft_blocks": "an OFT adapter",
    ".oft_diag": "an OFT adapter",
    ".on_input": "an IA3 adapter",
}
"""What else trainers make, told by the endings of its keys. diffusers applies none of these to a UNet."""

_WIDTHS = {768: "sd15", 1024: "sd2", 2048: "sdxl"}
"""Width of the text that the cross-attention of each family reads."""

_TITLES = {
    "sd2": "Stable Diffusion 2",
    "sd3": "Stable Diffusion 3",
    "flux1": "FLUX.1",
    "flux2-klein": "FLUX.2 klein",
    "z-image": "Z-Image",
    "qwen-image": "Qwen-Image",
}

_PLACES = (
    ("qwen-image", r"transformer_blocks_\d+_(img_mlp|txt_mlp|img_mod|txt_mod)_"),
    ("flux2-klein", r"to_qkv_mlp_proj|_ff_linear_in|stream_modulation"),
    ("flux1", r"double_blocks_\d|single_blocks_\d|single_transformer_blocks_\d"),
    ("z-image", r"layers_\d+_(attention_|feed_forward_w|adaLN)"),
    ("sd3", r"joint_blocks_\d|transformer_blocks_\d+_(ff_context|attn_add_)"),
    (
        "sdxl",
        r"lora_te[12]_|text_encoder_2_|input_blocks_[4578]_1_|output_blocks_[012]_1_|"
        r"(attentions_\d+|block_1)_transformer_blocks_[1-9]_",
    ),
    ("sd15", r"lora_te_|text_encoder_|down_blocks_0_attentions|up_blocks_3_attentions|input_blocks_1_1_"),
)
"""What only one family has, in names with underscores for dots; in this order."""


class SeenLora(NamedTuple):
    """What a header says: the family whose weights it changes, and the sentence's end, after the name."""

    family: str
    problem: str = ""


def lora(tensors: Mapping[str, Tensor]) -> SeenLora | None:
    """What LoRA a file holds; None where it holds none."""
    downs = {name: tensor for name, tensor in tensors.items() if name.endswith(_DOWN)}
    other = next((what for end, what in _OTHERS.items() for name in tensors if name.endswith(end)), "")
    if not downs and not other:
        return None
    family = _by_width(downs) or _by_places(tensors)
    if family == "flux1" and _is_flux2(tensors):
        family = "flux2-klein"
    if not family:
        return SeenLora("", "is made for a model that is not known here")
    if family not in ("sd15", "sdxl"):
        problem = f"is made for {_TITLES[family]}, whose LoRAs cannot be used yet"
        return SeenLora("" if family in ("sd2", "sd3") else family, problem)
    return SeenLora(family, f"is {other}, which cannot be applied yet: look for it as a plain LoRA" if other else "")


def _by_width(downs: Mapping[str, Tensor]) -> str:
    """The family by the width of the text that its cross-attention reads, "" where that says nothing."""
    for name, tensor in downs.items():
        if re.search(r"attn2[._](processor[._])?to_[kv]", name) and len(tensor.shape) >= 2:
            return _WIDTHS.get(tensor.shape[1], "")
    return ""


def _by_places(names: Iterable[str]) -> str:
    """The family by the modules that it changes."""
    flat = [name.replace(".", "_") for name in names]
    for family, places in _PLACES:
        pattern = re.compile(places)
        if any(pattern.search(name) for name in flat):
            return family
    return ""


def _is_flux2(tensors: Mapping[str, Tensor]) -> bool:
    """FLUX.2 has FLUX.1's names in the original layout; its gated feed-forward is wider: 3 · 2 · w against 4 · w."""
    for name, tensor in tensors.items():
        flat = name.replace(".", "_")
        if re.search(r"(img|txt)_mlp_0_.*(up|lora_B)", flat):
            attention = re.sub(r"(img|txt)_mlp_0_(.*)(up|lora_B)", r"\1_attn_proj_\2\3", flat)
            own = next((t for n, t in tensors.items() if n.replace(".", "_") == attention), None)
            if own is not None:
                return tensor.shape[0] > 5 * own.shape[0]
            return tensor.shape[0] == 18432 or tensor.shape[0] == 24576
    return False
