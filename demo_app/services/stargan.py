"""What the StarGAN tab asks: faces, their edits, and the truth of both."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from demo_app import photos
from demo_app.errors import BadInput
from demo_app.services import Service, checks
from demo_app.services.checks import MAX_SEED
from demo_app.services.near import NEEDED, NearTraining
from genzoo.data import avatars
from genzoo.data.avatars import SCHEMA, SIDE, Face
from genzoo.models import StarGAN
from genzoo.roles import AttributeClassifier

PIXELS = 3 * SIDE * SIDE
MAX_FACES = 8

NAMES = tuple(SCHEMA)


class StarGANService(Service):
    """A face is given as `face`, a number for each attribute of the schema, or as `image`, 12288
    numbers in [0, 1], channel by channel and row by row, with `own`, what its editable attributes
    are."""

    release = "stargan-avatars"
    judge = "judge-avatars"
    schema = SCHEMA
    needs: ClassVar = {release: NEEDED, judge: frozenset()}

    def about(self, model: str | None = None) -> dict[str, Any]:
        """As every release; and edited, the names of the attributes that it edits, in the order of
        its values."""
        about = super().about(model)
        return {**about, "edited": [NAMES[column] for column in about["columns"]]}

    def face(self, seed: Any = 0, /, **values: Any) -> Face:
        """The face of a seed, with some attributes set by name."""
        seed = checks.seed(seed)
        for name, value in values.items():
            checks.choice("An attribute", name, NAMES)
            checks.choice(f"The {name}", value, SCHEMA[name])
        return avatars.face(seed, **values)

    def truth(self, face: Any) -> np.ndarray:
        """The face as it is drawn, (12288,)."""
        return _drawn(self._face(face)).flatten().numpy()

    def edit(
        self,
        values: Any,
        amount: Any = 1.0,
        face: Any = None,
        image: Any = None,
        own: Any = None,
    ) -> dict[str, np.ndarray]:
        """A face with other values of the attributes that can be edited.

        Args:
            values: of each, in the order of `about`.
            amount: how far to go from its own values to these, 0 to 1, for each or for all.

        Returns:
            image (12288,), change (4096,), how far each pixel is from what it was, and, for a face
            whose values are reached, truth (12288,), what the same edit is when drawn.
        """
        with self._store.model(self.release, StarGAN) as model, torch.inference_mode():
            x, at, labels = self._source(model, face, image, own)
            wanted = self._values(model, "The values", values)
            share = self._amount(model, amount)
            edited = model.paint(x, _between(model, at, wanted, share))
        change = (edited - x).abs().mean(1)
        answer = {"image": edited.flatten().numpy(), "change": change.flatten().numpy()}
        if labels is not None and bool((share == 1).all()):
            answer["truth"] = _drawn(_with(model, labels, wanted)).flatten().numpy()
        return answer

    def cycle(
        self, values: Any, face: Any = None, image: Any = None, own: Any = None
    ) -> dict[str, Any]:
        """There and back: image, edited to the values and then to its own ones again (12288,), and
        error, the mean absolute difference from the first."""
        with self._store.model(self.release, StarGAN) as model, torch.inference_mode():
            x, at, _ = self._source(model, face, image, own)
            wanted = self._values(model, "The values", values)
            back = model.edit(model.edit(x, wanted).clamp(0, 1), at)
        return {"image": back.flatten().numpy(), "error": float((back - x).abs().mean())}

    def grid(self, values: Any, seed: Any = 0, n: Any = 6) -> np.ndarray:
        """The first n faces from a seed on, and each with one attribute after the other changed to
        its one of `values`, (n, 1 + attributes, 12288)."""
        seed = checks.seed(seed, MAX_SEED - MAX_FACES)
        n = checks.integer("The number of faces", n, 1, MAX_FACES)
        faces = [avatars.face(seed + k) for k in range(n)]

        def edits(model: StarGAN) -> Iterator[Tensor]:
            """One column of the sheet after the other."""
            wanted = self._values(model, "The values", values)
            x = torch.cat([_drawn(face) for face in faces])
            own = torch.tensor(faces)[:, model.columns]
            yield x
            for k in range(own.shape[1]):
                changed = own.clone()
                changed[:, k] = wanted[:, k]
                yield model.edit(x, changed)

        columns = list(self._store.steps(self.release, StarGAN, edits, piece=1))
        return torch.stack(columns, dim=1).flatten(2).numpy()

    def read(self, image: Any) -> dict[str, Any]:
        """What the judge reads in an image: face, the most likely value of each attribute, and
        certain (attributes,), how likely; decibels, the PSNR of the image against that face as it
        is drawn; and distance, limit and is_far, whether it is far from the training faces (see
        `NearTraining.about`), so that what is read is a guess."""
        x = self._image(image)
        with self._store.model(self.judge, AttributeClassifier) as judge, torch.inference_mode():
            likely = [logits.softmax(1).max(1) for logits in judge.logits(x)]
        face = tuple(int(one.indices) for one in likely)
        error = float((_drawn(face) - x).square().mean())
        decibels = -10 * float(np.log10(max(error, 1e-6)))
        return {
            "face": list(face),
            "certain": np.array([float(one.values) for one in likely]),
            "decibels": decibels,
            **self._near.about(x),
        }

    def upload(self, data: bytes) -> dict[str, Any]:
        """A picture file: image (12288,), its middle square at 64x64; notes, what was done to it
        (see `photos.square`); and what `read` tells of it."""
        image, notes = photos.square(data, SIDE)
        return {"image": image, "notes": notes, **self.read(image)}

    @cached_property
    def _near(self) -> NearTraining:
        return NearTraining.kept(self._store, "faces")

    def _source(
        self, model: StarGAN, face: Any, image: Any, own: Any
    ) -> tuple[Tensor, Tensor, Face | None]:
        """x (1, 3, 64, 64), its own values (1, attributes), and the face, if it is one."""
        if (face is None) == (image is None):
            raise BadInput("Give either a face or an image.")
        if image is not None:
            return self._image(image), self._values(model, "The image's values", own), None
        labels = self._face(face)
        return _drawn(labels), torch.tensor([labels])[:, model.columns], labels

    def _image(self, image: Any) -> Tensor:
        x = checks.numbers("The pixels", image, PIXELS, 0, 1)
        return torch.from_numpy(x).view(1, 3, SIDE, SIDE)

    def _face(self, face: Any) -> Face:
        if isinstance(face, Mapping):
            return self.face(0, **_whole(face))
        if not isinstance(face, Sequence) or isinstance(face, str) or len(face) != len(SCHEMA):
            raise BadInput(f"A face must be {len(SCHEMA)} numbers, or a value for each attribute.")
        pairs = zip(SCHEMA.items(), face, strict=True)
        return tuple(checks.integer(f"The {k}", v, 0, len(of) - 1) for (k, of), v in pairs)

    def _values(self, model: StarGAN, name: str, values: Any) -> Tensor:
        n = len(model.n_values)
        if not isinstance(values, Sequence) or isinstance(values, str) or len(values) != n:
            raise BadInput(f"{name} must be {n} whole numbers, one for each attribute.")
        pairs = zip(model.columns, model.n_values, values, strict=True)
        return torch.tensor(
            [[checks.integer(f"The {NAMES[c]}", v, 0, of - 1) for c, of, v in pairs]]
        )

    def _amount(self, model: StarGAN, amount: Any) -> Tensor:
        n = len(model.n_values)
        if isinstance(amount, (int, float)):
            return torch.full((n,), checks.number("The amount", amount, 0, 1))
        return torch.from_numpy(checks.numbers("The amounts", amount, n, 0, 1))


def _whole(face: Mapping[Any, Any]) -> dict[str, Any]:
    if missing := [name for name in NAMES if name not in face]:
        raise BadInput(f"A face has a value for each attribute; missing: {', '.join(missing)}.")
    return {str(name): value for name, value in face.items()}


def _drawn(face: Face) -> Tensor:
    """(1, 3, 64, 64) in [0, 1]."""
    return torch.from_numpy(avatars.render(face).transpose(2, 0, 1).copy())[None].float() / 255


def _with(model: StarGAN, face: Face, values: Tensor) -> Face:
    labels = list(face)
    for column, value in zip(model.columns, values[0].tolist(), strict=True):
        labels[column] = value
    return tuple(labels)


def _between(model: StarGAN, own: Tensor, wanted: Tensor, share: Tensor) -> Tensor:
    """The code `share` (attributes,) of the way from one to the other."""
    each = share.repeat_interleave(torch.tensor(model.n_values))
    return (1 - each) * model.code(own) + each * model.code(wanted)
