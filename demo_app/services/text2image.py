"""What the Text2Image tab asks: faces of captions, and what the judge reads in them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from demo_app.cache import LRUCache
from demo_app.errors import BadInput
from demo_app.services import Service, checks
from demo_app.services.code_transformer import CodeTransformerService
from demo_app.store import Store
from genzoo.data import words
from genzoo.data.avatars import SCHEMA, SIDE
from genzoo.data.captions import LANGUAGES, caption
from genzoo.models import Text2Image
from genzoo.roles import AttributeClassifier, TextToImage

PIXELS = 3 * SIDE * SIDE
MAX_FACES, MAX_STEPS = 8, 16
MAX_CHARACTERS = 20_000
"""Of a text; a caption has a few hundred at most."""

N_KEPT = 32
"""Sheets of faces that are kept until the judge has read them, 0.4 MB each."""

SHOWN, CUT = 5, 40
"""Of what is wrong with a text so many are told, and so many characters of each."""

NAMES = tuple(SCHEMA)


class Text2ImageService(Service):
    """A caption is any text; what of it is not understood is told, and is no error. A seed is the
    same noise of a model, whatever the caption, and however many faces are asked for."""

    release = "text2image-avatars"
    judge = "judge-avatars"
    schema = SCHEMA
    models: ClassVar = (release, CodeTransformerService.release)
    """Those that can be asked for the faces of a caption, of the role TextToImage. One of them is
    enough; a walk is of the first alone, which knows what lies between two captions."""

    needs: ClassVar = dict.fromkeys((*models, judge), frozenset())

    def __init__(self, store: Store):
        super().__init__(store)
        self.transformer = CodeTransformerService(store)
        self._made = LRUCache(N_KEPT)

    def there(self) -> list[str]:
        """The models whose release is there."""
        return [name for name in self.models if not self.missing(name)]

    def read(self, text: Any) -> dict[str, Any]:
        """What a text says.

        Returns:
            phrases: what stands between commas, each with its text, start, end, and says, the
                value of each attribute that it speaks of, by name; empty where no caption has such
                a phrase.
            unknown: up to five words that are in no caption, each with its text, start and end;
                n_unknown: how many there are.
            twice: the attributes of which different things are said.
            n_words: of how many words and commas the text is, and most: how many there may be.
            problem: "empty" or "long", where no face can be made of it; else "".
        """
        text = self._text(text)
        numbers, unknown = words.encode(text)
        phrases = words.reading(text)
        values: dict[str, set[str]] = {}
        for phrase in phrases:
            for name, value in phrase.says.items():
                values.setdefault(name, set()).add(value)
        most = words.LENGTH - 1
        problem = "empty" if not phrases else "long" if len(numbers) > most else ""
        return {
            "phrases": [
                {"text": _cut(text[p.start : p.end]), "start": p.start, "end": p.end}
                | {"says": p.says}
                for p in phrases[: words.LENGTH]
            ],
            "unknown": [
                {"text": _cut(u.word), "start": u.start, "end": u.end} for u in unknown[:SHOWN]
            ],
            "n_unknown": len(unknown),
            "twice": [name for name in NAMES if len(values.get(name, ())) > 1],
            "n_words": len(numbers),
            "most": most,
            "problem": problem,
        }

    def write(self, says: Any, language: Any) -> str:
        """The caption that says of each attribute by name this value; "" where there is none."""
        language = checks.choice("The language", language, LANGUAGES)
        if not isinstance(says, Mapping):
            raise BadInput("What is said must be values by the names of attributes.")
        face = [0] * len(SCHEMA)
        for name, value in says.items():
            name = checks.choice("An attribute", name, NAMES)
            value = checks.choice(f"The {name}", value, SCHEMA[name])
            face[NAMES.index(name)] = SCHEMA[name].index(value)
        return caption(tuple(face), language, says) if says else ""

    def faces(self, text: Any, seed: Any = 0, n: Any = 8, model: Any = None) -> dict[str, Any]:
        """n faces of a text, of noise of the seed and those that follow it: images (n, 12288),
        read (n, attributes), the judge's value of each; and what `read` tells of the text. Where
        that has a problem there are no faces."""
        told, made = self.unread_faces(text, seed, n, model)
        return {**told, **(self._judged(made) if len(made) else _seen([], 0))}

    def unread_faces(
        self, text: Any, seed: Any = 0, n: Any = 8, model: Any = None
    ) -> tuple[dict[str, Any], Tensor]:
        """What `read` tells of the text, and the images (n, 3, 64, 64), or none, before the judge
        looks at them: they can be seen sooner. Kept for a while for `faces`."""
        told, n = self.read(text), checks.integer("The number of faces", n, 1, MAX_FACES)
        seeds, model = checks.seeds(seed, n), self._named(model)
        if told["problem"]:
            return told, torch.zeros(0, 3, SIDE, SIDE)
        key = model, text, tuple(seeds)
        return told, self._made.get(key, lambda: self._images(model, n * [text], seeds))

    def is_slow(self, model: Any) -> bool:
        """Whether the faces of this model take long: a tenth of a second or more."""
        return self._named(model) != self.release

    def others(self, text: Any, name: Any, seed: Any = 0, model: Any = None) -> dict[str, Any]:
        """The same noise, other words: one face for each value of the attribute, said beside
        all else that is understood of the text, or in place of what it says of it. texts, images
        (n, 12288), and read (n, attributes)."""
        name, seed = checks.choice("The attribute", name, NAMES), checks.seed(seed)
        says: dict[str, str] = {}
        for phrase in words.reading(self._text(text)):
            says |= phrase.says
        language = _language(text)
        texts = [self.write({**says, name: value}, language) for value in SCHEMA[name]]
        made = self._images(self._named(model), texts, len(texts) * [seed])
        return {"texts": texts, **self._judged(made)}

    def walk(self, text: Any, other: Any, seed: Any = 0, n: Any = 9) -> dict[str, Any]:
        """The same noise, from the embedding of one text to that of another in n steps: images
        (n, 12288), read (n, attributes), and problem and other_problem, as of `read`; no faces
        where there is one."""
        seed, n = checks.seed(seed), checks.integer("The number of steps", n, 2, MAX_STEPS)
        problems = {
            "problem": self.read(text)["problem"],
            "other_problem": self.read(other)["problem"],
        }
        if any(problems.values()):
            return {**problems, **_seen([], 0)}
        with (
            self._store.model(self.release, Text2Image) as model,
            torch.inference_mode(),
        ):
            a, b = model.embed(words.batch([text, other]))
            share = torch.linspace(0, 1, n).unsqueeze(1)
            z = model.draw_z(1, checks.generator(seed)).expand(n, -1)
            made = model.paint(z, (1 - share) * a + share * b)
        return {**problems, **self._judged(made)}

    def _images(self, model: str, texts: Sequence[str], seeds: Sequence[int]) -> Tensor:
        """The image of each text and of the noise of its seed alone, (n, 3, 64, 64), in one
        batch; the others in it change no more than the rounding."""
        tokens = words.batch(texts)

        def images(generator: TextToImage) -> Iterator[Tensor]:
            z = torch.cat([generator.draw_z(1, checks.generator(seed)) for seed in seeds])
            return generator.images_in_steps(tokens, z)

        *_, made = self._store.steps(model, TextToImage, images)
        return made.clamp(0, 1)

    def _judged(self, made: Tensor) -> dict[str, Any]:
        with self._store.model(self.judge, AttributeClassifier) as judge, torch.inference_mode():
            return _seen(made, judge.read(made))

    def _named(self, model: Any) -> str:
        return checks.model(model or next(iter(self.there()), self.release), self.models)

    def _text(self, text: Any) -> str:
        if not isinstance(text, str):
            raise BadInput(f"A caption must be text, not {type(text).__name__}.")
        if len(text) > MAX_CHARACTERS:
            most, n = f"{MAX_CHARACTERS:,}", f"{len(text):,}"
            raise BadInput.said("caption_long", most=most, n=n)
        return text


def _seen(made: Any, read: Any) -> dict[str, Any]:
    n = len(made)
    return {
        "images": made.flatten(1).numpy() if n else np.zeros((0, PIXELS), np.float32),
        "read": read.numpy() if n else np.zeros((0, len(SCHEMA)), np.int64),
    }


def _language(text: str) -> str:
    """Korean where any letter is Hangul."""
    return "ko" if any("\uac00" <= c <= "\ud7a3" for c in text) else "en"


def _cut(text: str) -> str:
    return text if len(text) <= CUT else text[: CUT - 1] + "…"
