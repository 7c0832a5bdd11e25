"""The GAN tab: a game of points that one watches and plays, and digits over a training."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from demo_app import pictures, widgets, wire

if TYPE_CHECKING:
    from demo_app.services.gan import GANService

SIDE = 6
"""Pictures along the side of a sheet."""

SCALE = 30_000
"""Of numbers in [0, 1], as integers."""

FIGURES = ("fid", "fid_train_reference", "fid_first_epoch")

Functions = dict[str, Callable[..., dict[str, Any]]]


def build(service: GANService) -> None:
    """Lay out the tab and its endpoints; `service` answers for both. Without a release the game
    is played all the same, and a notice stands for the digits."""
    functions: Functions = {
        "begin": lambda **given: begin(service, **given),
        "play": lambda **given: play(service, **given),
    }
    data = {
        "targets": service.targets,
        "losses": service.losses,
        "penalties": service.penalties,
        "rules": asdict(service.defaults),
        "exhibit": service.exhibit,
    }
    widgets.Widget("gan_game", functions=functions, data=data)
    missing = service.missing()
    if missing is None:
        functions = {
            "training": lambda: training(service),
            "samples": lambda seed: samples(service, seed),
        }
        data = {"model": service.release, "figures": figures_of(service)}
        widgets.Widget("gan_digits", functions=functions, data=data)
    else:
        widgets.notice(missing)
    widgets.explanation("gan", **figures(service, missing is None))
    endpoints(service)


def figures_of(service: GANService) -> dict[str, float | None]:
    measured = service.about()["figures"]
    return {key: measured.get(key) for key in FIGURES}


def figures(service: GANService, released: bool) -> dict[str, str]:
    """The numbers of the explanation; a dash for what is not there."""
    about = service.about() if released else {"figures": {}}
    shown = {key: about["figures"].get(key) for key in FIGURES}
    n = about.get("n_parameters")
    return {
        "n_gan": "—" if n is None else f"{n:,}",
        "n_plane": f"{service.n_plane:,}",
        **{key: "—" if v is None else f"{v:.2f}" for key, v in shown.items()},
    }


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
    return {
        "z": answer["z"].astype(float).round(4).tolist(),
        "sheet": wire.pack_bytes(pictures.sheet(answer["images"], SIDE)),
    }


def _packed(answer: dict[str, Any]) -> dict[str, Any]:
    """Arrays as text: places and shares in 30,000ths, densities by their highest, and logits and
    pulls by a `scale` of their own."""
    packed = dict(answer)
    for key in ("points", "real", "mesh", "best"):
        if key in packed:
            packed[key] = wire.pack_int16(packed[key], SCALE)
    if "density" in packed:
        packed["density"] = wire.pack_bytes(packed["density"] / packed["density"].max())
    for key in ("field", "pull"):
        if key in packed:
            scale = SCALE / max(1e-12, float(np.abs(packed[key]).max()))
            packed[key] = {"scale": scale, "values": wire.pack_int16(packed[key], scale)}
    return packed


def endpoints(service: GANService) -> None:
    """The same for programs: /gan_game, /gan_training and /gan_samples."""

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
    ) -> dict[str, Any]:
        rules = {
            "loss": loss,
            "penalty": penalty,
            "weight": weight,
            "lr": lr,
            "lr_critic": lr_critic,
            "n_critic": n_critic,
        }
        return wire.plain(service.game(target, drawing, seed, rules, n))

    def gan_training() -> dict[str, Any]:
        seen = service.about()["images_seen"]
        return {"images_seen": seen, "images": (service.training() / 255).round(3).tolist()}

    def gan_samples(n: int = 36, seed: int = 0) -> dict[str, Any]:
        return wire.plain(service.samples(n, seed))

    widgets.endpoint(
        "gan_game",
        gan_game,
        "A game of n steps, 0 to 2000, both sides in turns, by a seed -> n_steps of each side, "
        "value V, generator (its loss), points of the generator, field (the critic's logits on "
        "48 x 48 cells), values [steps, V] on the way, divergence (Jensen-Shannon, nats), good "
        "(share of points near the target), covered of n_parts. Targets: "
        f"{', '.join(service.targets)} (with drawing, 784 of 0 or 1); losses: "
        f"{', '.join(service.losses)}; penalties: {', '.join(service.penalties)}.",
    )
    widgets.endpoint(
        "gan_training",
        gan_training,
        f"36 pictures of the same z at moments of the training of {service.release} -> "
        "images_seen, and images (moments x 36 x 784) in [0, 1].",
    )
    widgets.endpoint(
        "gan_samples",
        gan_samples,
        f"n pictures by {service.release}, 1 to 64 by a seed -> z and images (n x 784) in [0, 1].",
    )
