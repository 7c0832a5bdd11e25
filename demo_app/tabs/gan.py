"""The GAN tab: a game of points that one watches and plays, and digits over a training."""

from __future__ import annotations

from dataclasses import asdict
from functools import partial, wraps
from typing import TYPE_CHECKING, Any

import numpy as np

from demo_app import pictures, text, widgets, wire
from demo_app.tabs import Functions, calls, endpoint

if TYPE_CHECKING:
    from demo_app.services.gan import GANService

SIDE = 6
"""Pictures along the side of a sheet."""

SCALE = 30_000
"""Of numbers in [0, 1], as integers."""

FIGURES = ("fid", "fid_train_reference", "fid_first_epoch")


def build(service: GANService) -> None:
    """Lay out the tab and its endpoints; `service` answers for both. Without a release the game
    is played all the same, and a notice stands for the digits."""
    data: dict[str, Any] = {
        "targets": service.targets,
        "losses": service.losses,
        "penalties": service.penalties,
        "rules": asdict(service.defaults),
        "sizes": service.sizes,
        "exhibit": service.exhibit,
    }
    # With the service's own arguments, so that others are refused.
    functions: Functions = {
        "begin": wraps(service.begin)(partial(begin, service)),
        "play": wraps(service.play)(partial(play, service)),
    }
    widgets.Widget("gan_game", functions=functions, data=data)
    about = None
    if missing := service.missing():
        widgets.notice(missing)
    else:
        about = service.about()
        data = {key: about["figures"].get(key) for key in FIGURES}
        data = {"model": service.release, "figures": data}
        widgets.Widget("gan_digits", functions=calls([training, samples], service), data=data)
    widgets.explanation("gan", **numbers(service, about))
    endpoints(service)


def numbers(service: GANService, about: dict[str, Any] | None) -> dict[str, str]:
    """The numbers of the explanation."""
    shown = text.numbers(about, n_parameters=",", **dict.fromkeys(FIGURES, ".2f"))
    return {**shown, "n_plane": f"{service.n_plane:,}"}


def begin(service: GANService, **given: Any) -> dict[str, Any]:
    return _packed(service.begin(**given))


def play(service: GANService, **given: Any) -> dict[str, Any]:
    return _packed(service.play(**given))


def training(service: GANService) -> dict[str, Any]:
    """The sheets of all moments, one below the other."""
    sheets = [pictures.sheet(few / 255, SIDE) for few in service.training()]
    seen = service.about()["images_seen"]
    return {"images_seen": seen, "sheets": wire.pack_bytes(np.concatenate(sheets))}


def samples(service: GANService, seed: int) -> dict[str, Any]:
    answer = service.samples(SIDE**2, seed)
    sheet = pictures.sheet(answer["images"], SIDE)
    return {"z": wire.rounded(answer["z"]), "sheet": wire.pack_bytes(sheet)}


def _packed(answer: dict[str, Any]) -> dict[str, Any]:
    """Arrays as text: places and shares in 30,000ths, densities by their highest, and logits and
    pulls by a `scale` of their own."""

    def share(x: np.ndarray) -> str:
        return wire.pack_int16(x, SCALE)

    def scaled(x: np.ndarray) -> dict[str, Any]:
        scale = SCALE / max(1e-12, float(np.abs(x).max()))
        return {"scale": scale, "values": wire.pack_int16(x, scale)}

    if answer.get("beside"):
        answer = {**answer, "beside": _packed(answer["beside"])}
    return wire.pack(
        answer,
        **dict.fromkeys(("points", "real", "mesh", "best"), share),
        **dict.fromkeys(("field", "pull"), scaled),
        density=lambda x: wire.pack_bytes(x / x.max()),
    )


def endpoints(service: GANService) -> None:
    """The same for programs."""

    @endpoint(
        "A game of n steps, 0 to 2000, both sides in turns, by a seed -> n_steps of each side, "
        "value V, generator (its loss), points of the generator, field (the critic's logits on "
        "48 x 48 cells), values [steps, V] on the way, divergence (Jensen-Shannon, nats), good "
        "(share of points near the target), covered of n_parts. Targets: "
        f"{', '.join(service.targets)} (with drawing, 784 of 0 or 1); losses: "
        f"{', '.join(service.losses)}; penalties: {', '.join(service.penalties)}. n_layers hidden "
        "layers of n_hidden units in either network; z has n_latent dimensions."
    )
    def gan_game(
        target: str = "ring",
        n: int = 600,
        seed: int = 0,
        loss: str = service.defaults.loss,
        penalty: str = service.defaults.penalty,
        weight: float = service.defaults.weight,
        lr: float = service.defaults.lr,
        lr_critic: float = service.defaults.lr_critic,
        n_critic: int = service.defaults.n_critic,
        drawing: list[float] | None = None,
        n_layers: int = 2,
        n_hidden: int = 64,
        n_latent: int = 2,
    ) -> dict[str, Any]:
        networks = {"n_layers": n_layers, "n_hidden": n_hidden, "n_latent": n_latent}
        rules = {
            "loss": loss,
            "penalty": penalty,
            "weight": weight,
            "lr": lr,
            "lr_critic": lr_critic,
            "n_critic": n_critic,
        }
        return service.game(target, drawing, seed, rules, n, networks)

    @endpoint(
        f"36 pictures of the same z at moments of the training of {service.release} -> "
        "images_seen, and images (moments x 36 x 784) in [0, 1]."
    )
    def gan_training() -> dict[str, Any]:
        images = wire.rounded(service.training() / 255, 3)
        return {"images_seen": service.about()["images_seen"], "images": images}

    @endpoint(
        f"n pictures by {service.release}, 1 to 64 by a seed -> z and images (n x 784) in [0, 1]."
    )
    def gan_samples(n: int = 36, seed: int = 0) -> dict[str, Any]:
        return service.samples(n, seed)
