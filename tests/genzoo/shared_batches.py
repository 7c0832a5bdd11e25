"""A few steps of every game in which images of a batch meet: alone, or as one of two processes.

python -m tests.genzoo.shared_batches FOLDER RANK
"""

from __future__ import annotations

import sys
from pathlib import Path

import torch
import torch.distributed as dist
from torch import Tensor

from genzoo.data.batches import Batch, seeded
from genzoo.models import (
    DCGAN,
    ELBO,
    VAE,
    CycleGame,
    CycleGAN,
    InfoGAN,
    InformationGame,
    OrderAgnosticLikelihood,
    OrderlessNADE,
)
from genzoo.objectives import AdversarialGame, Objective, Progress, Update

B, STEPS = 4, 4

OBJECTIVES = {
    "batch deviation": lambda: AdversarialGame(
        DCGAN((1, 8, 8), n_latent=3, width=2), 0.01, 0.01, 2, penalty="r1", weight=5.0
    ),
    "entropy of the batch": lambda: InformationGame(
        InfoGAN((1, 8, 8), 3, 1, 2, 2, 2, 4), 0.01, 0.01, gamma=1.0, invariance=3.0
    ),
    "image pool": lambda: CycleGame(CycleGAN((3, 8, 8), 1, 2, 1), 0.01, 0.01, width=2, pool=6),
    "free bits": lambda: ELBO(VAE((1, 8, 8), 3, width=2, n_hidden=4), 0.01, free_bits=0.3),
    "even masks": lambda: OrderAgnosticLikelihood(OrderlessNADE((1, 8, 8), 2, 0, 4), 0.01),
}


def trained(name: str, rank: int = 0, world: int = 1) -> dict[str, Tensor]:
    """The state after a few steps on this process's rows."""
    torch.manual_seed(0)
    objective: Objective = OBJECTIVES[name]()
    update = Update(objective.optimizers())
    rows = slice(rank * B // world, (rank + 1) * B // world)
    channels = 4 if name == "image pool" else 1
    for step in range(STEPS):
        x = (torch.rand(B, channels, 8, 8, generator=seeded(step)) < 0.5).float()[rows]
        at = Progress(step, B * step, 100, seed=1, rank=rank, world=world)
        objective.step(Batch(x, torch.zeros(len(x), dtype=torch.long)), update, at)
    return objective.state_dict()


if __name__ == "__main__":
    folder, rank = Path(sys.argv[1]), int(sys.argv[2])
    torch.set_num_threads(1)
    dist.init_process_group("gloo", f"file://{folder}/meet", rank=rank, world_size=2)
    states = {name: trained(name, rank, 2) for name in OBJECTIVES}
    torch.save(states, folder / f"{rank}.pt")
    dist.destroy_process_group()
