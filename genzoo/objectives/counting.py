"""Maximum likelihood by counting, for models that are tables of counts."""

from __future__ import annotations

import torch.distributed as dist
from torch import Tensor
from torch.optim import Optimizer

from genzoo.data.batches import Batch
from genzoo.metrics import bits_per_dim
from genzoo.objectives.base import Objective, Progress, Update
from genzoo.roles import Counted


class Counting(Objective):
    """Add each batch to the model's counts: no gradient and no optimizer, and one pass will do.

    What is logged is the batch's NLL by the counts so far, before its own are added: the length,
    in nats an image, of a code for the data whose reader counts along.

    Args:
        model: the tables of counts.
    """

    model: Counted

    def __init__(self, model: Counted):
        super().__init__()
        self.model = model

    def optimizers(self) -> dict[str, Optimizer]:
        return {}

    def step(self, batch: Batch, update: Update, at: Progress) -> dict[str, Tensor]:
        nll = -self.model.log_prob(batch.x).mean()
        counts = self.model.tally(batch.x)
        if dist.is_initialized():
            dist.all_reduce(counts)
        self.model.counts += counts
        return {"nll": nll}

    def evaluate(self, batch: Batch) -> dict[str, Tensor]:
        nll = -self.model.log_prob(batch.x)
        return {"nll": nll, "bits_per_dim": bits_per_dim(nll, batch.x[0].numel())}
