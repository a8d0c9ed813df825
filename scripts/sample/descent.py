"""How weights are moved: matrices by Muon, the rest by Adam. Muon needs a quarter of the steps, and steps are scarce.

Source: Jordan et al., *Muon: An optimizer for hidden layers in neural networks* (2024); torch's own takes no
convolutions.
"""

from collections.abc import Iterable
from typing import Any

import torch

BETA = 0.9
A, B, C = 3.4445, -4.7750, 2.0315
"""Of the quintic that brings singular values near 1; so is the number of its rounds."""
ROUNDS = 5


class Muon(torch.optim.Optimizer):
    """Steps of momentum whose every direction is equally long. A convolution is a matrix of its filters."""

    def __init__(self, weights: Iterable[torch.Tensor], lr: float) -> None:
        super().__init__(weights, {"lr": lr})

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:
        """Move all weights that have a gradient."""
        for group in self.param_groups:
            for one in group["params"]:
                if one.grad is None:
                    continue
                momentum = self.state[one].setdefault("momentum", torch.zeros_like(one))
                momentum.lerp_(one.grad, 1 - BETA)
                ahead = one.grad.lerp(momentum, BETA).reshape(len(one), -1)
                tall = max(1.0, ahead.shape[0] / ahead.shape[1]) ** 0.5
                one.add_(orthogonal(ahead).reshape(one.shape), alpha=-group["lr"] * tall)


def orthogonal(matrix: torch.Tensor) -> torch.Tensor:
    """The matrix with its singular values brought to about 1, by Newton's and Schulz's iteration."""
    x = matrix / (matrix.norm() + 1e-9)
    turned = x.shape[0] > x.shape[1]
    if turned:
        x = x.T
    for _ in range(ROUNDS):
        square = x @ x.T
        x = A * x + (B * square + C * square @ square) @ x
    return x.T if turned else x
