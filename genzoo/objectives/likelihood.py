"""Maximum likelihood, for every model that can compute it."""

from __future__ import annotations

from torch import Tensor
from torch.optim import Optimizer

from genzoo.data.batches import Batch
from genzoo.metrics import bits_per_dim
from genzoo.objectives.base import Objective, Progress, Update, adam
from genzoo.roles import ExplicitDensity


class MaximumLikelihood(Objective):
    """Minimize -log p(x), in nats an image; the formula of p is the model's.

    Args:
        model: the density.
        lr: Adam's learning rate, above 0.
        beta2: Adam's beta_2, 0 to 1.
        weight_decay: decoupled weight decay of matrices, a fraction of lr a step, at least 0.
    """

    model: ExplicitDensity

    def __init__(
        self, model: ExplicitDensity, lr: float, beta2: float = 0.999, weight_decay: float = 0.0
    ):
        super().__init__()
        self.model = model
        self.lr, self.beta2, self.weight_decay = lr, beta2, weight_decay

    def optimizers(self) -> dict[str, Optimizer]:
        parameters = self.model.parameters()
        return {
            "model": adam(parameters, self.lr, beta2=self.beta2, weight_decay=self.weight_decay)
        }

    def step(self, batch: Batch, update: Update, at: Progress) -> dict[str, Tensor]:
        nll = -self.model.log_prob(batch.x).mean()
        update("model", nll)
        return {"nll": nll.detach()}

    def evaluate(self, batch: Batch) -> dict[str, Tensor]:
        nll = -self.model.log_prob(batch.x)
        return {"nll": nll, "bits_per_dim": bits_per_dim(nll, batch.x[0].numel())}
