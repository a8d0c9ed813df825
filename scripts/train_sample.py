"""Make the sample checkpoint: ten words, taught by filters on photographs. Seeded, resumable, on a CPU.

    python scripts/train_sample.py PHOTOS… [--state FOLDER] [--only STAGE] [--decoder 1000] [--denoiser 6500]

PHOTOS are folders of photographs; `pictures.HELD_OUT` names the six that are never learnt from. What is learnt is kept
in the state's folder every hundred steps, so that it can be stopped at any time and goes on where it was. The stages
are `bank` (cut and filter the photographs), `decoder`, `denoiser` (these two may run side by side) and `save` (write
the diffusers folder `checkpoint`). Then judge it: `judge_sample.py`.
"""

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sample import autoencoding, denoising, filters, pictures, shapes

STAGES = "bank", "decoder", "denoiser", "save"
EVERY, CORNER = 67, 128
"""The autoencoder is begun from each so many-th patch, and this corner of it: 67 and the ten words share no divisor."""


def main() -> None:
    """Run the stages that are asked for."""
    asked = argparse.ArgumentParser(description="Train the sample checkpoint.")
    asked.add_argument("photographs", type=Path, nargs="+", help="folders")
    asked.add_argument("--state", type=Path, default=Path.home() / ".cache/sfumato/sample")
    asked.add_argument("--only", choices=STAGES)
    asked.add_argument("--decoder", type=int, default=1000, metavar="STEPS")
    asked.add_argument("--denoiser", type=int, default=6500, metavar="STEPS")
    asked.add_argument("--seed", type=int, default=0)
    asked.add_argument("--threads", type=int, default=1)
    given = asked.parse_args()
    torch.set_num_threads(given.threads)
    given.state.mkdir(parents=True, exist_ok=True)
    for stage in (given.only,) if given.only else STAGES:
        run(stage, given)


def run(stage: str, given: argparse.Namespace) -> None:
    """One stage; each finds what the ones before it left in the state's folder."""
    bank, decoder, learnt = (given.state / name for name in ("bank.npz", "vae.pt", "unet.pt"))
    if stage == "bank":
        if not bank.exists():
            cut = pictures.bank(given.photographs, given.seed)
            np.savez(bank, seen=cut.seen, wanted=cut.wanted)
        return
    with np.load(bank) as file:
        seen, wanted = file["seen"], file["wanted"]
    every = _every(seen, wanted)
    vae = shapes.autoencoder(given.seed, every[::EVERY, :CORNER, :CORNER])
    if stage == "decoder":
        autoencoding.train(vae, every, given.decoder, given.seed, decoder)
        return
    if decoder.exists():
        vae.load_state_dict(torch.load(decoder, weights_only=True)["vae"])
    parts = _parts(vae.eval().requires_grad_(False), given.seed)
    if stage == "denoiser":
        denoising.train(parts, denoising.Pantry(vae, seen, wanted, given.seed), given.denoiser, given.seed, learnt)
        return
    denoising.recall(parts, learnt)
    told = {"vae": parts.vae, "unet": parts.unet, "text_encoder": parts.text, "tokenizer": parts.tokenizer}
    shapes.save(given.state / "checkpoint", told)


def _every(seen: NDArray[np.uint8], wanted: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """All patches that a decoder should know: every look, and the damaged ones."""
    hurt = filters.WORDS.index(filters.RESTORE)
    pairs = np.concatenate([wanted, seen[:, hurt : hurt + 1]], axis=1)
    return pairs.reshape(-1, *pairs.shape[2:])


def _parts(vae: Any, seed: int) -> denoising.Parts:
    tokenizer = shapes.tokenizer()
    unet, text = shapes.denoiser(seed), shapes.encoder(tokenizer, seed)
    shapes.tell_apart(unet, text, tokenizer)
    return denoising.Parts(unet, text, tokenizer, vae)


if __name__ == "__main__":
    main()
