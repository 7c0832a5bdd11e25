"""The Text2Image tab: faces by their captions, what of these the judge finds in them, and which
words the Transformer looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from demo_app import text as labels
from demo_app import widgets, wire
from demo_app.tabs import calls, endpoint, notices
from demo_app.work import slow, slow_where

if TYPE_CHECKING:
    from demo_app.services.text2image import Text2ImageService

EXAMPLES = {
    "en": (
        "A face with long red hair, glasses, a smile, no hat.",
        "A face with short gray hair, no glasses, a beard, a hat.",
    ),
    "ko": (
        "얼굴: 긴 빨간 머리, 안경, 미소, 모자 없음.",
        "얼굴: 짧은 회색 머리, 안경 없음, 턱수염, 모자.",
    ),
}
"""The caption at the start, and the one that a walk leads to."""

N_FACES, N_STEPS = 8, 9


def build(service: Text2ImageService) -> None:
    """Lay out the tab and its endpoints; `service` answers for both. A notice stands for a model
    that is missing, and the other goes on; without the judge, or any model, it stands for all but
    the explanation."""
    models = service.there()
    missing = [service.missing(name) for name in service.needs if name not in models]
    if models and not service.missing(service.judge):
        known = {
            "schema": {name: list(values) for name, values in service.schema.items()},
            "examples": EXAMPLES,
            "models": models,
            "walks": service.release in models,
            "n_faces": N_FACES,
            "n_steps": N_STEPS,
        }
        functions = calls([faces, judged, others, walk], service)
        widgets.Widget("text2image", functions=functions, data=known)
        if service.transformer.release in models:
            known = {"n_layers": service.transformer.about()["n_layers"]}
            functions = calls([attention], service)
            widgets.Widget("text2image_attention", functions=functions, data=known)
    notices(*missing)
    widgets.explanation("text2image", **numbers(service))
    endpoints(service)


def numbers(service: Text2ImageService) -> dict[str, str]:
    """The numbers of the explanation; those of the Transformer end in "_transformer"."""
    measured = ("text_read_en", "text_read_ko", "text_read_partial", "text_entropy")
    forms = {"n_parameters": ",", "images_seen": ",", **dict.fromkeys(measured, ".1f")}
    there = service.there()
    gan, transformer = (service.about(m) if m in there else None for m in service.models)
    return {
        **labels.numbers(gan, **forms),
        **labels.numbers(transformer, "_transformer", **forms),
        **labels.numbers(transformer, guidance="g"),
    }


@slow_where(lambda service, data: service.is_slow(data.get("model")))
def faces(
    service: Text2ImageService,
    text: str = "",
    seed: int = 0,
    model: str | None = None,
    says: dict[str, str] | None = None,
    language: str = "en",
) -> dict[str, Any]:
    """The faces alone, of a text or of the caption that says this; the judge takes as long again
    as the GAN."""
    text = text if says is None else service.write(says, language)
    told, made = service.unread_faces(text, seed, N_FACES, model)
    return {**told, "text": text, "images": wire.pack_bytes(made.flatten(1).numpy())}


@slow_where(lambda service, data: service.is_slow(data.get("model")))
def judged(
    service: Text2ImageService, text: str, seed: int = 0, model: str | None = None
) -> dict[str, Any]:
    """What the judge reads in these faces."""
    return wire.pack({"read": service.faces(text, seed, N_FACES, model)["read"]})


@slow_where(lambda service, data: service.is_slow(data.get("model")))
def others(
    service: Text2ImageService, text: str, name: str, seed: int = 0, model: str | None = None
) -> dict[str, Any]:
    return _packed(service.others(text, name, seed, model))


def walk(service: Text2ImageService, text: str, other: str, seed: int = 0) -> dict[str, Any]:
    return _packed(service.walk(text, other, seed, N_STEPS))


@slow
def attention(service: Text2ImageService, text: str, seed: int = 0) -> dict[str, Any]:
    how = {"image": wire.pack_bytes, "attention": wire.pack_float32}
    return wire.pack(service.transformer.attention(text, seed), **how)


def _packed(answer: dict[str, Any]) -> dict[str, Any]:
    return wire.pack(answer, images=wire.pack_bytes)


def endpoints(service: Text2ImageService) -> None:
    """The same for programs."""

    @endpoint(
        "A caption in English or Korean, a seed, how many faces, 1 to 8, and the model, "
        f"{' or '.join(service.models)} -> images, each 12288 pixels in [0, 1], channel by "
        "channel and row by row; read, the value of each attribute that the judge finds in each; "
        "phrases and what each says; unknown, words that are in no caption; and problem, "
        '"empty" or "long" where there are no faces.'
    )
    def text2image_faces(text: str, seed: int = 0, n: int = 1, model: str = "") -> dict[str, Any]:
        return service.faces(text, seed, n, model)

    @endpoint(
        "Two captions, a seed and a number of steps, 2 to 16 -> images that the GAN generates of "
        "the same noise and of embeddings between those of the captions, and read, what the judge "
        "finds in each."
    )
    def text2image_walk(text: str, other: str, seed: int = 0, n: int = 9) -> dict[str, Any]:
        return service.walk(text, other, seed, n)

    @endpoint(
        "A caption and a seed -> image, the Transformer's face of that seed; words, those of the "
        "caption that it reads; codes, 8 rows of 8; and attention, by layer, row and column: how "
        "much the code there looked at each word, the mean over the heads. What is missing to a "
        "sum of one went to earlier codes and to places of the caption without a word."
    )
    def text2image_attention(text: str, seed: int = 0) -> dict[str, Any]:
        return service.transformer.attention(text, seed)

    @endpoint(
        "Values of some attributes by name, and a language, en or ko -> text, the caption that "
        "says them."
    )
    def text2image_write(says: dict[str, str], language: str = "en") -> dict[str, Any]:
        return {"text": service.write(says, language)}
