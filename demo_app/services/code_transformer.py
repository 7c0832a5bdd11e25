"""What the Text2Image tab asks of the Transformer alone: where it looks among the words.

Its faces are `Text2ImageService.faces`, which knows both models by their common role."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

import torch
from torch import Tensor

from demo_app.errors import BadInput
from demo_app.services import Service, checks
from genzoo.data import words
from genzoo.models import CodeTransformer

MAX_CHARACTERS = 20_000
"""Of a text; a caption has a few hundred at most."""

CUT = 40
"""Characters of a word that are shown."""


class CodeTransformerService(Service):
    """The same noise as for a face of the same seed."""

    release = "transformer-avatars"
    needs: ClassVar = {release: frozenset()}

    def attention(self, text: Any, seed: Any = 0) -> dict[str, Any]:
        """One face of a text, and how much each of its codes attended to each word.

        Returns:
            image: (3 * 64 * 64,), the face of the seed.
            words: those that the model reads, commas among them; unknown ones as they were
                written, at most 40 characters of each.
            codes: (h, w), whole numbers.
            attention: (n_layers, h, w, words), the mean over the heads of a layer; what is missing
                to a sum of one went to earlier codes and to where no word is.

        Raises:
            BadInput: when that is no text, or one with too few or too many words.
        """
        if not isinstance(text, str):
            raise BadInput(f"A caption must be text, not {type(text).__name__}.")
        if len(text) > MAX_CHARACTERS:
            most, n = f"{MAX_CHARACTERS:,}", f"{len(text):,}"
            raise BadInput.said("caption_long", most=most, n=n)
        numbers, unknown = words.encode(text)
        if not 1 <= len(numbers) < words.LENGTH:
            raise BadInput(
                f"A caption must have 1 to {words.LENGTH - 1} words and commas, not "
                f"{len(numbers)}."
            )
        tokens, generator = words.batch([text]), checks.generator(seed)

        def writing(model: CodeTransformer) -> Iterator[Tensor]:
            return model.writing(tokens, model.draw_z(1, generator))

        *_, written = self._store.steps(self.release, CodeTransformer, writing)
        with (
            self._store.model(self.release, CodeTransformer) as model,
            torch.inference_mode(),
        ):
            codes = written.unflatten(1, model.code_shape)
            image, maps = model.decode(codes)[0], model.attention(tokens, codes).mean(1)
        unread = iter(unknown)
        known = words.vocabulary()
        read = [next(unread).word if i == words.UNKNOWN else known[i] for i in numbers]
        return {
            "image": image.flatten().numpy(),
            "words": [word if len(word) <= CUT else word[: CUT - 1] + "…" for word in read],
            "codes": codes[0].numpy(),
            "attention": maps[..., 1 : 1 + len(numbers)].numpy(),  # the first is the beginning
        }
