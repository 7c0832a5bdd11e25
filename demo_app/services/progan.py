"""What the Progressive GAN tab asks: one z at every resolution, walks, and the growth itself."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from demo_app.errors import BadInput, Unavailable
from demo_app.services import Service, checks
from demo_app.services.dcgan import sheet_of_z, spherical
from genzoo.data.batches import seeded
from genzoo.models import ProGAN
from genzoo.models.progan import grown, pixel_norm, stage_of

RIVAL = "dcgan-avatars"
"""Its recipe takes as many training operations, and does not grow."""

N_SHEET = 16
"""Cells of a sheet that a page shows, of the 64 draws of a seed."""

N_STOPS = 8
"""The first so many draws of a seed are the stops of its walk."""

N_MEAN = 512
"""Draws whose coarsest features are averaged."""


class ProGANService(Service):
    """A face is numbers in [0, 1], channel by channel and row by row, 3 x S x S of them. A draw is
    named by its seed and its cell of the seed's sheet. `level` is how far the generator has grown:
    the number of its blocks, the last of them by its alpha, so that 2.25 is 16x16 pixels with a
    quarter of the block of 32x32. `truncation` pulls the features of 4x4 towards their mean: 1 is
    the model's own distribution, 0 the mean alone."""

    release = "progan-avatars"
    needs: ClassVar = {release: frozenset()}

    def about(self, model: str | None = None) -> dict[str, Any]:
        """As every release; and resolutions, from 4; stay and fade, in images, of its growth;
        weight, of the penalty, and interval, the steps from one penalty to the next; and drift."""
        settings = self._info()["hyperparameters"]
        side = settings["model.event_shape"][1]
        return {
            **super().about(model),
            "resolutions": [4 << k for k in range((side // 4).bit_length())],
            "stay": settings["objective.stay"],
            "fade": settings["objective.fade"],
            "weight": settings["objective.weight"],
            "interval": settings["objective.penalty_interval"],
            "drift": settings["objective.drift"],
        }

    def rival(self) -> dict[str, Any] | None:
        """What is known of the DCGAN of as many training operations; None where it is missing."""
        try:
            return Service(self._store, RIVAL).about()
        except Unavailable:
            return None

    def face(self, seed: Any, cell: Any, level: Any, truncation: Any = 1.0) -> np.ndarray:
        """The face of a draw at a level, (3, S, S)."""
        z = self._draws(seed, [cell])
        return self._faces(z, self._level(level), self._truncation(truncation))[0]

    def stages(self, seed: Any, cell: Any, truncation: Any = 1.0) -> list[np.ndarray]:
        """The face of a draw at every resolution, (3, S, S) each, S = 4, 8 and so on."""
        z, share = self._draws(seed, [cell]), self._truncation(truncation)
        with self._store.model(self.release, ProGAN) as model, torch.inference_mode():
            h = model.finer(self._coarse(model, z, share), model.last)
            return [model.shown(h, k)[0].numpy() for k in range(model.last + 1)]

    def sheet(self, seed: Any, level: Any, truncation: Any = 1.0, n: Any = N_SHEET) -> np.ndarray:
        """The first n faces of a seed, 1 to 64, at a level, (n, 3, S, S)."""
        n = checks.integer("The number of faces", n, 1, 64)
        z = self._draws(seed, range(n))
        return self._faces(z, self._level(level), self._truncation(truncation))

    def walk(self, seed: Any, at: Any, level: Any, truncation: Any = 1.0) -> np.ndarray:
        """The face at a place of the walk of a seed, (3, S, S): by great circles from each of its
        first eight draws to the next, and from the last to the first.

        Args:
            at: 0 to 8; draw k is at k, and 8 is 0 again.
        """
        at = checks.number("The place", at, 0, N_STOPS)
        stops = self._draws(seed, range(N_STOPS)).numpy()
        k = int(at) % N_STOPS
        z = spherical(stops[k], stops[(k + 1) % N_STOPS], at % 1)
        x = torch.from_numpy(z)[None]
        return self._faces(x, self._level(level), self._truncation(truncation))[0]

    def growth(self) -> dict[str, np.ndarray]:
        """The moments of the training that are kept: images_seen (M,), and level (M,), how far the
        generator had grown."""
        about = self.about()
        seen, last = list(self._kept), len(about["resolutions"]) - 1
        levels = [grown(n, about["stay"], about["fade"], last) for n in seen]
        return {"images_seen": np.array(seen), "level": np.array(levels)}

    def moment(self, k: Any) -> np.ndarray:
        """What some z were at the moment k of the training, (N, 3, S, S) of 0 to 255, enlarged to
        the last resolution."""
        kept = list(self._kept.values())
        return kept[checks.integer("The moment", k, 0, len(kept) - 1)]

    def _faces(self, z: Tensor, level: float, share: float) -> np.ndarray:
        """(N, 3, S, S). The model is let go of every few, so that a slider in someone's hand never
        waits for a sheet."""

        def ask(model: ProGAN, few: Tensor) -> Tensor:
            return model.shown(
                model.finer(self._coarse(model, few, share), stage_of(level)[0]), level
            )

        return self._store.in_pieces(self.release, ProGAN, ask, z, 4).numpy()

    def _coarse(self, model: ProGAN, z: Tensor, share: float) -> Tensor:
        h = model.coarse(z)
        return h if share == 1 else pixel_norm(torch.lerp(self._mean, h, share))

    @cached_property
    def _mean(self) -> Tensor:
        """The mean of the coarsest features, (1, n, 4, 4)."""
        with self._store.model(self.release, ProGAN) as model, torch.inference_mode():
            return model.coarse(model.draw_z(N_MEAN, seeded(0))).mean(0, keepdim=True)

    @cached_property
    def _kept(self) -> dict[int, np.ndarray]:
        return self._store.snapshots(self.release)

    @cached_property
    def _last(self) -> int:
        return len(self.about()["resolutions"]) - 1

    def _draws(self, seed: Any, cells: Sequence[Any]) -> Tensor:
        """z (n, K)."""
        if not cells:
            raise BadInput("There must be at least one cell.")
        whole = [checks.integer("The cell", cell, 0, 63) for cell in cells]
        n_latent = self._info()["model"]["n_latent"]
        return torch.from_numpy(sheet_of_z(checks.seed(seed), n_latent)[whole])

    def _level(self, level: Any) -> float:
        return checks.number("The level", level, 0, self._last)

    def _truncation(self, truncation: Any) -> float:
        return checks.number("The truncation", truncation, 0, 1)
