"""What the DCGAN tab asks: pictures of z, ways between them, reckoning with z, and neighbours."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from demo_app import pictures
from demo_app.errors import BadInput
from demo_app.services import Service, checks
from demo_app.services.digits import D
from genzoo.models import DCGAN

N_SHEET = 64
"""Draws of p(z) by one seed: a sheet, whose cells are numbered from 0, row by row."""

N_STOPS = 8
"""The first so many cells of a sheet are the stops of the round trip of its seed."""

MAX_Z = 20.0
"""Sums of draws may lie this far out; no single number of a draw ever does."""

MAX_SCALE = 1.5
MAX_PICKS = 5
MAX_FRAMES = 64
MAX_STEPS = 9
MAX_REACH = 6.0
MAX_NOISE = 1.0

WAYS = ("spherical", "straight")

ARRAYS = frozenset(
    (
        *("pictures", "labels", "neighbours", "distances", "real_distances"),
        *("directions", "gains", "example", "example_classes", "ends"),
    )
)
"""What is known of a model."""


class DCGANService(Service):
    """An image is 784 numbers in [0, 1], row by row; z is 64 numbers, in p(z) independent standard
    normal ones. A draw is named by its seed and its cell of the seed's sheet."""

    models = ("dcgan-mnist", "dcgan-fashion")
    needs: ClassVar = dict.fromkeys(models, ARRAYS)

    def about(self, model: str | None = None) -> dict[str, Any]:
        """As every release; gamma and r1_interval of its penalty; and n_searched: the sheets of
        the seeds below it have known neighbours."""
        settings = self._info(model)["hyperparameters"]
        return {
            **super().about(model),
            "gamma": settings["objective.weight"],
            "r1_interval": settings["objective.r1_interval"],
            "n_searched": len(self._assets(model)["neighbours"]),
        }

    def known(self, model: str) -> dict[str, Any]:
        """What was found once and for all.

        Returns:
            ends: two draws, (2, 2), a seed and a cell each, between which the way looks well.
            example: draws (3, n, 2) whose means make a sum A - B + C; example_classes (2,): of A
            and B, and of C and the sum, as the judge reads them. real_distances (Q,): quantiles,
            at even steps from the least to the greatest, of how far test images are from the
            nearest training image. gains (K,): how much the picture changes along each principal
            direction of z, as a multiple of what it does along a direction at random.
        """
        assets = self._assets(model)
        keys = ("ends", "example", "example_classes")
        return {
            **{key: assets[key].astype(np.int64) for key in keys},
            **{key: assets[key].astype(np.float32) for key in ("real_distances", "gains")},
        }

    def draws(self, model: str, places: Any, scale: Any = 1.0) -> np.ndarray:
        """The z of draws, each [seed, cell], (n, 64), multiplied by scale, 0 to 1.5."""
        n_latent = self._n_latent(model)
        scale = checks.number("The scale of z", scale, 0, MAX_SCALE)
        if not isinstance(places, Sequence) or isinstance(places, str):
            raise BadInput("Draws must be a list of pairs [seed, cell].")
        if len(places) > N_SHEET:
            raise BadInput(f"There may be {N_SHEET} draws at once, not {len(places)}.")
        z = np.empty((len(places), n_latent), np.float32)
        for row, place in zip(z, places, strict=True):
            if not isinstance(place, Sequence) or isinstance(place, str) or len(place) != 2:
                raise BadInput(f"A draw must be a pair [seed, cell], not {checks.shown(place)}.")
            seed = checks.seed(place[0])
            cell = checks.integer("The cell", place[1], 0, N_SHEET - 1)
            row[:] = sheet_of_z(seed, n_latent)[cell]
        return np.float32(scale) * z

    def generate(self, model: str, z: Any) -> np.ndarray:
        """The picture of a z, (784,) in [0, 1]."""
        code = self._z(model, "z", z)
        with self._store.model(model, DCGAN) as held, torch.inference_mode():
            return held.generate(code).flatten().numpy()

    def samples(
        self, model: str, n: Any = N_SHEET, seed: Any = 0, scale: Any = 1.0
    ) -> dict[str, np.ndarray]:
        """The first n pictures, 1 to 64, of a seed's sheet.

        Returns:
            z (n, 64), which is multiplied by scale, 0 to 1.5, and images (n, 784) in [0, 1].
        """
        n = checks.integer("The number of images", n, 1, N_SHEET)
        z = self.draws(model, [[seed, cell] for cell in range(n)], scale)
        return {"z": z, "images": self._pictures(model, z)}

    def interpolate(
        self, model: str, a: Any, b: Any, n: Any = 11, way: Any = "spherical"
    ) -> dict[str, np.ndarray]:
        """The way from one z to another.

        Args:
            n: how many pictures, 2 to 64, both ends among them.
            way: "spherical", along the great circle, or "straight".

        Returns:
            t (n,) from 0 to 1, z (n, 64), length (n,), that of each z, and images (n, 784).
        """
        n = checks.integer("The number of pictures", n, 2, MAX_FRAMES)
        go = spherical if checks.choice("The way", way, WAYS) == "spherical" else straight
        t = np.linspace(0, 1, n, dtype=np.float32)
        start, end = self._ends(model, a, b)
        z = np.stack([go(start, end, s) for s in t]).astype(np.float32)
        images = self._pictures(model, z)
        return {"t": t, "z": z, "length": np.linalg.norm(z, axis=1), "images": images}

    def between(self, model: str, a: Any, b: Any, t: Any) -> dict[str, dict[str, Any]]:
        """The place t, 0 to 1, of both ways: of each its length and its image (784,)."""
        t = checks.number("t", t, 0, 1)
        start, end = self._ends(model, a, b)
        z = np.stack([spherical(start, end, t), straight(start, end, t)]).astype(np.float32)
        lengths, images = np.linalg.norm(z, axis=1), self._pictures(model, z)
        return {
            way: {"length": float(lengths[k]), "image": images[k]} for k, way in enumerate(WAYS)
        }

    def gif(self, model: str, a: Any, b: Any, n: Any = 33) -> bytes:
        """The spherical way as an animated GIF, there and back."""
        images = self.interpolate(model, a, b, n)["images"]
        return pictures.gif(np.rint(images.reshape(-1, 28, 28) * 255))

    def trip(self, model: str, at: Any, seed: Any = 0, scale: Any = 1.0) -> dict[str, np.ndarray]:
        """Places of the round trip of a seed: by great circles from each of the first eight draws
        of its sheet to the next, and from the last to the first.

        Args:
            at: up to 64 places, 0 to 8; draw k is at k, and 8 is 0 again.

        Returns:
            z (n, 64), and images (n, 784).
        """
        if not isinstance(at, (Sequence, np.ndarray)) or not 1 <= len(at) <= MAX_FRAMES:
            raise BadInput(f"The places must be a list of 1 to {MAX_FRAMES} numbers.")
        places = checks.numbers("The places", at, len(at), 0, N_STOPS)
        stops = self.draws(model, [[seed, k] for k in range(N_STOPS)], scale)
        z = np.empty((places.size, stops.shape[1]), np.float32)
        for row, place in zip(z, places, strict=True):
            k = int(place) % N_STOPS
            row[:] = spherical(stops[k], stops[(k + 1) % N_STOPS], place % 1)
        return {"z": z, "images": self._pictures(model, z)}

    def arithmetic(
        self,
        model: str,
        a: Any,
        b: Any,
        c: Any,
        noise: Any = 0.25,
        seed: Any = 0,
        n: Any = 9,
    ) -> dict[str, np.ndarray]:
        """mean(a) - mean(b) + mean(c), and what lies around it.

        Args:
            a, b, c: up to five z each; b and c may be empty, which counts as zero.
            noise: what the standard normal noise is multiplied by, 0 to 1, that is added to the
                result, by a seed.
            n: pictures around, 1 to 16; the middle one is without noise.

        Returns:
            z (4, 64): the three means and the result; length (4,), theirs; images (4, 784); and
            around (n, 784).
        """
        n = checks.integer("The number of pictures", n, 1, 16)
        noise = checks.number("The noise", noise, 0, MAX_NOISE)
        generator = checks.generator(seed)
        terms = {"A": self._terms(model, "A", a), "B": self._terms(model, "B", b)}
        terms["C"] = self._terms(model, "C", c)
        if not len(terms["A"]):
            raise BadInput("A must hold at least one z.")
        n_latent = terms["A"].shape[1]
        zero = np.zeros(n_latent, np.float32)
        means = [z.mean(0) if len(z) else zero for z in terms.values()]
        z = np.stack([*means, means[0] - means[1] + means[2]])
        eps = torch.randn(n, n_latent, generator=generator).numpy()
        eps[n // 2] = 0
        images = self._pictures(model, np.concatenate([z, z[3] + np.float32(noise) * eps]))
        return {
            "z": z,
            "length": np.linalg.norm(z, axis=1),
            "images": images[:4],
            "around": images[4:],
        }

    def sweep(
        self, model: str, z: Any, u: Any = 1, v: Any = 2, a: Any = 0.0, b: Any = 0.0, seed: Any = 0
    ) -> dict[str, Any]:
        """One picture of a sweep: of z + a u + b v.

        Args:
            u, v: directions; see `direction`.
            a, b: -6 to 6.

        Returns:
            z (64,), length, and image (784,).
        """
        by = [checks.number(name, x, -MAX_REACH, MAX_REACH) for name, x in (("a", a), ("b", b))]
        place = self._moved(model, z, u, v, np.array([by], np.float32), seed)
        return {
            "z": place[0],
            "length": float(np.linalg.norm(place[0])),
            "image": self._pictures(model, place)[0],
        }

    def sweep_sheet(
        self,
        model: str,
        z: Any,
        u: Any = 1,
        v: Any = 2,
        reach: Any = 4.0,
        steps: Any = 9,
        seed: Any = 0,
    ) -> dict[str, np.ndarray]:
        """A whole sweep.

        Args:
            reach: a and b go from -reach to reach, up to 6, in so many `steps`, 2 to 9.

        Returns:
            values (steps,) of a and of b, and images (steps, steps, 784): a row for each b, the
            greatest first, as on a page.
        """
        reach = checks.number("The reach", reach, 0, MAX_REACH)
        steps = checks.integer("The number of steps", steps, 2, MAX_STEPS)
        values = np.linspace(-reach, reach, steps, dtype=np.float32)
        by = np.stack([np.tile(values, steps), np.repeat(values[::-1], steps)], 1)
        images = self._pictures(model, self._moved(model, z, u, v, by, seed))
        return {"values": values, "images": images.reshape(steps, steps, D)}

    def directions(self, model: str) -> np.ndarray:
        """The principal directions of z, (8, 64), by falling change of the pictures."""
        return self._assets(model)["directions"].astype(np.float32)

    def direction(self, model: str, k: Any, seed: Any = 0, other: np.ndarray | None = None) -> Any:
        """A direction of z, of length 1, (64,): k = 1 is the one along which the pictures change
        most, k = 2 the next and so on; k = 0 is one at random, by a seed, at right angles to
        `other`."""
        directions = self.directions(model)
        k = checks.integer("A direction", k, 0, len(directions))
        if k:
            return directions[k - 1]
        two = torch.randn(2, directions.shape[1], generator=checks.generator(seed)).numpy()
        if other is None:
            return two[0] / np.linalg.norm(two[0])
        across = two[1] - (two[1] @ other) * other
        return across / np.linalg.norm(across)

    def neighbours(self, model: str, seed: Any, cell: Any) -> dict[str, np.ndarray] | None:
        """The training images nearest to a cell of a sheet at scale 1, nearest first, by the
        judge's features; None where the sheet of that seed was not searched.

        Returns:
            distances (3,), images (3, 784) of 0 to 255 and their labels (3,).
        """
        assets = self._assets(model)
        seed = checks.seed(seed)
        cell = checks.integer("The cell", cell, 0, N_SHEET - 1)
        if seed >= len(assets["neighbours"]):
            return None
        found = assets["neighbours"][seed, cell]
        return {
            "distances": assets["distances"][seed, cell].astype(np.float32),
            "images": assets["pictures"][found],
            "labels": assets["labels"][found],
        }

    def _pictures(self, model: str, z: np.ndarray) -> np.ndarray:
        """(N, 784), of z (N, 64). The model is let go of every few, so that a slider in someone's
        hand never waits for a sheet; more at a time are not made any sooner."""
        images = self._store.in_pieces(
            model, DCGAN, lambda gan, few: gan.generate(few).flatten(1), torch.from_numpy(z), 4
        )
        return images.numpy()

    def _ends(self, model: str, a: Any, b: Any) -> tuple[np.ndarray, np.ndarray]:
        return self._z(model, "A", a)[0].numpy(), self._z(model, "B", b)[0].numpy()

    def _moved(self, model: str, z: Any, u: Any, v: Any, by: np.ndarray, seed: Any) -> np.ndarray:
        """z + by[:, 0] u + by[:, 1] v, (n, 64), of by (n, 2)."""
        start = self._z(model, "z", z).numpy()
        first = self.direction(model, u, seed)
        second = self.direction(model, v, seed, first)
        if u == v and u:
            raise BadInput.said("same_directions", u=str(u))
        return start + by @ np.stack([first, second])

    def _terms(self, model: str, name: str, value: Any) -> np.ndarray:
        """Up to MAX_PICKS z, (n, 64)."""
        if not isinstance(value, (Sequence, np.ndarray)) or isinstance(value, str):
            raise BadInput(f"{name} must be a list of z.")
        if len(value) > MAX_PICKS:
            raise BadInput(f"{name} may hold {MAX_PICKS} z at most; {len(value)} were given.")
        z = [self._z(model, f"Each z of {name}", one).numpy() for one in value]
        return np.concatenate([*z, np.empty((0, self._n_latent(model)), np.float32)])

    def _z(self, model: str, name: str, z: Any) -> Tensor:
        """z as (1, 64)."""
        n = self._n_latent(model)
        return torch.from_numpy(checks.numbers(name, z, n, -MAX_Z, MAX_Z)).view(1, n)

    def _n_latent(self, model: str) -> int:
        return self._assets(model)["directions"].shape[1]


@lru_cache(64)
def sheet_of_z(seed: int, n_latent: int) -> np.ndarray:
    """The draws of p(z) that a seed stands for, (64, n_latent), to be read only."""
    z = torch.randn(N_SHEET, n_latent, generator=checks.generator(seed)).numpy()
    z.flags.writeable = False
    return z


def straight(a: np.ndarray, b: np.ndarray, t: float) -> np.ndarray:
    return (1 - t) * a + t * b


def spherical(a: np.ndarray, b: np.ndarray, t: float) -> np.ndarray:
    """The place t of the way from a to b (K,) whose direction turns evenly along the great circle
    (Shoemake, 1985) while the length goes evenly from that of the one to that of the other.

    Raises:
        BadInput: when a and b point in opposite directions, between which no way is the shortest.
    """
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)  # so that both ends are exact
    lengths = np.linalg.norm(a), np.linalg.norm(b)
    if min(lengths) == 0:  # zero has no direction
        return straight(a, b, t)
    first, second = a / lengths[0], b / lengths[1]
    omega = np.arccos(np.clip(first @ second, -1, 1))
    if np.pi - omega < 1e-3:
        raise BadInput.said("opposite")
    if omega < 1e-3:  # where the sine of it divides by next to nothing, the arc is a line
        return straight(a, b, t)
    turned = (np.sin((1 - t) * omega) * first + np.sin(t * omega) * second) / np.sin(omega)
    length = (1 - t) * lengths[0] + t * lengths[1]
    return (length * turned).astype(np.float32)
