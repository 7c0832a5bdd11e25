"""Releases: trained weights with all that is needed to trust them.

A release is a folder named as its recipe: `model.safetensors` (averaged weights), `config.json`
(how it was made, what it measures, a hash of the weights, and a probe: the model's answer to a
few fixed inputs) and `README.md`, a model card; for some, `snapshots.safetensors`, what was kept
of the model through its training. Nothing is pickled. Releases are looked for in `checkpoints/`
(or GENZOO_CHECKPOINTS), then on the Hub, where the repository is GENZOO_HUB followed by the
recipe's name.
"""

from __future__ import annotations

import copy
import hashlib
import inspect
import json
import math
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar, overload

import safetensors.torch
import torch
from torch import Tensor

from genzoo import recipes
from genzoo.cards import ModelCard
from genzoo.metrics import Metric, Target, Verdict, judged
from genzoo.metrics.table import SEEDLESS, Config, by_name, seeds, value
from genzoo.recipes import Origin, Recipe
from genzoo.roles import Model, n_parameters
from genzoo.train.run_state import NEWER, naming, write_atomically, write_together

WEIGHTS, CONFIG, CARD = "model.safetensors", "config.json", "README.md"
SNAPSHOTS = "snapshots.safetensors"
GRAPH = ".onnx"
"""The ending of the files of `genzoo.export`, which read from the weights beside them."""

SNAPSHOTS_OF = "validation"
"""The split whose images snapshots are of, where they are of images (`Model.snapshot`). Releases
whose config does not say so were made when they were of test images."""

WITHOUT = "trained without the validation images (--hold-out)"
"""What is said of a release that was trained so that choices can be made by these."""

REQUIRED: dict[str, type | tuple[type, ...]] = {
    "recipe": str,
    "model": dict,
    "sha256": str,
    "hyperparameters": dict,
    "n_parameters": int,
    "images_seen": int,
    "summary": str,
    "paper": str,
    "paper_url": str,
    "training_seconds": (int, float),
    "figures": list,
    "probe": list,
}
"""What a config must hold for others to rely on, and of what type."""

OF_FIGURE: dict[str, type | tuple[type, ...]] = {
    "name": str,
    "value": (int, float, str),
    "low": (int, float, str),
    "high": (int, float, str),
    "unit": str,
    "setting": str,
}
"""The same of each figure; a number that is not finite is written as text."""


class ReleaseError(RuntimeError):
    """A release is absent, damaged or of another role; the sentence says what would mend it."""


R = TypeVar("R", bound=Model)


@dataclass(frozen=True)
class Provenance:
    """How the weights came to be: images seen, seconds and the machine of the training; and what
    it started from, where that was a release, whose images and seconds are counted."""

    images_seen: int
    seconds: float
    machine: str
    origin: Origin | None = None


def folder() -> Path:
    """Where releases are kept: GENZOO_CHECKPOINTS, else `checkpoints` beside the package."""
    if path := os.environ.get("GENZOO_CHECKPOINTS"):
        return Path(path).expanduser()
    return Path(__file__).resolve().parent.parent / "checkpoints"


def names() -> list[str]:
    """The recipes that have a release in `folder()`."""
    return [name for name in recipes.names() if (folder() / name / CONFIG).is_file()]


@overload
def load(name: str, device: str = "cpu", *, path: Path | None = None) -> Model: ...
@overload
def load(name: str, device: str = "cpu", *, role: type[R], path: Path | None = None) -> R: ...
def load(
    name: str, device: str = "cpu", *, role: type[Model] = Model, path: Path | None = None
) -> Model:
    """The released model of the recipe `name`, in float32 and evaluation mode.

    Args:
        name: as `python -m genzoo list` has it.
        device: where to put it, as torch names it.
        role: what it is to be, such as `genzoo.roles.Generative`; the answer is typed so.
        path: the release's folder, where it is not among the others.

    Raises:
        genzoo.recipes.RecipeError: when there is no such recipe.
        ReleaseError: when there is no release of it, it is damaged, or it is of another role.
    """
    path = path or find(name)
    config = _read_config(path / CONFIG, name)
    try:
        weights = (path / WEIGHTS).read_bytes()
    except FileNotFoundError as error:
        raise ReleaseError(_mend(f"{path / WEIGHTS} is missing.", name)) from error
    except OSError as error:
        problem = f"{path / WEIGHTS} cannot be read ({error.strerror})."
        raise ReleaseError(_mend(problem, name)) from error
    if hashlib.sha256(weights).hexdigest() != config["sha256"]:
        problem = f"{path / WEIGHTS} is damaged: its hash is not the one in {CONFIG}."
        raise ReleaseError(_mend(problem, name))
    try:
        # Only what a release may hold: a recipe's own class, with JSON values.
        state = safetensors.torch.load(weights)
        recipe = recipes.get(name)
        kwargs = {k: tuple(v) if isinstance(v, list) else v for k, v in config["model"].items()}
        model = recipe.model(**kwargs)
        model.load_state_dict({k: v.float() for k, v in state.items()})
        wrong = [k for k, v in model.state_dict().items() if not v.isfinite().all()]
    except Exception as error:  # safetensors has its own error types for each kind of damage
        problem = f"{path / WEIGHTS} does not fit {path / CONFIG} ({error})."
        raise ReleaseError(_mend(problem, name)) from error
    if wrong:
        problem = f"{path / WEIGHTS} is damaged: {wrong[0]} holds NaN or infinity."
        raise ReleaseError(_mend(problem, name))
    return of_role(name, model, role).to(device).eval().requires_grad_(False)


def of_role(name: str, model: Model, role: type[R]) -> R:
    """`model`, the release `name`, typed as what it is asked to be.

    Raises:
        ReleaseError: when it is of another role.
    """
    if isinstance(model, role):
        return model
    raise ReleaseError(
        f"{name} {model.does}: it is of the role {model.role}, not {role.__name__}."
    )


def info(name: str, path: Path | None = None) -> dict[str, Any]:
    """The config of a release: recipe, hyperparameters, provenance, figures and probe; of the one
    in the folder `path`, where it is not among the others."""
    return _read_config((path or find(name)) / CONFIG, name)


def snapshots(name: str) -> dict[int, Tensor]:
    """What a release keeps of its training (see `recipes.run`), by the number of images seen,
    in that order; empty for a model that keeps nothing.

    Raises:
        ReleaseError: as `load`.
    """
    path = find(name) / SNAPSHOTS
    if not path.is_file():
        return {}
    try:
        kept = {int(seen): kept for seen, kept in safetensors.torch.load_file(path).items()}
    except Exception as error:  # any damage, as in `load`
        raise ReleaseError(_mend(f"{path} is damaged ({error}).", name)) from error
    return dict(sorted(kept.items()))


def to_start_from(text: str, recipe: Recipe) -> tuple[Model, Origin]:
    """The model of a release whose weights a training of `recipe` can start from.

    Args:
        text: the name of a release, of any recipe whose model is the same, or its folder.

    Raises:
        ReleaseError: when there is no such release, its model is another one, or it has learned
            from validation images that the training holds out.
    """
    if text in recipes.names():
        name, path = text, find(text)
    else:
        path = Path(text)
        if not (path / CONFIG).is_file():
            raise ReleaseError(
                f"There is nothing to start from: {text!r} is no recipe, and there is no "
                f"{path / CONFIG}. Give the name of a release or its folder."
            )
        try:
            name = str(json.loads((path / CONFIG).read_text(encoding="utf-8"))["recipe"])
            recipes.get(name)
        except (ValueError, KeyError, TypeError) as error:
            raise ReleaseError(f"{path / CONFIG} is damaged ({error}).") from error
    config, there = info(name, path), recipes.get(name).model
    if there is not recipe.model:
        raise ReleaseError(
            f"{text} is of the class {there.__name__}, and {recipe.name} is to be of the class "
            f"{recipe.model.__name__}: a training starts from a release of the same model."
        )
    was, asked = (_arguments(there, kwargs) for kwargs in (config["model"], recipe.model_kwargs))
    for key in sorted(set(was) | set(asked)):
        if was.get(key) != asked.get(key):
            raise ReleaseError(
                f"{text} has {key} = {was.get(key)!r}, and {recipe.name} is to have "
                f"{asked.get(key)!r}: a training starts from a release of the same model."
            )
    if recipe.settings.hold_out and not config["hyperparameters"]["hold_out"]:
        raise ReleaseError(
            f"{text} has learned from the validation images, which --hold-out sets apart: start "
            "from a release that was trained with --hold-out, too."
        )
    origin = Origin(name, config["sha256"], config["images_seen"], config["training_seconds"])
    return load(name, path=path), origin


def _arguments(model: type[Model], given: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of a model by name, those that are not given among them; lists as tuples."""
    parameters = inspect.signature(model).parameters.values()
    values = {p.name: p.default for p in parameters if p.default is not p.empty} | dict(given)
    return {k: tuple(v) if isinstance(v, list) else v for k, v in values.items()}


def find(name: str) -> Path:
    """The folder of a release: local first, then brought from the Hub."""
    recipes.get(name)
    local = folder() / name
    if (local / CONFIG).exists() or (local / WEIGHTS).exists():
        return local
    if prefix := os.environ.get("GENZOO_HUB"):
        from huggingface_hub import snapshot_download

        try:
            allowed = [WEIGHTS, CONFIG, CARD, SNAPSHOTS, "*.npz", "*" + GRAPH]
            return Path(snapshot_download(prefix + name, allow_patterns=allowed))
        except Exception as error:  # offline, no such repository, no access: one answer to all
            problem = f"{local} does not exist, and {prefix + name} could not be had from the Hub"
            raise ReleaseError(_mend(f"{problem} ({error}).", name)) from error
    raise ReleaseError(_mend(f"{local} does not exist.", name))


def save(
    recipe: Recipe,
    model: Model,
    provenance: Provenance,
    figures: Sequence[Metric],
    path: Path | None = None,
    snapshots: Mapping[int, Tensor] | None = None,
) -> Path:
    """Write a release, whole or not at all; returns its folder. An older one is replaced with the
    graphs that read its weights, and what else lies in its folder (the demo's assets) stays."""
    path = path or folder() / recipe.name
    dtype = getattr(torch, recipe.storage)
    state = {k: v.detach().to("cpu", dtype).contiguous() for k, v in model.state_dict().items()}
    weights = safetensors.torch.save(state)
    stored = copy.deepcopy(model).cpu()  # the probe is of what will be loaded
    stored.load_state_dict({k: v.float() for k, v in state.items()})
    config = {
        "recipe": recipe.name,
        "class": recipe.model.__name__,
        "model": dict(recipe.model_kwargs),
        "sha256": hashlib.sha256(weights).hexdigest(),
        "hyperparameters": {
            **recipe.hyperparameters(),
            **({"initialized_from": asdict(origin)} if (origin := provenance.origin) else {}),
        },
        "summary": recipe.summary,
        "paper": recipe.paper,
        "paper_url": recipe.paper_url,
        "n_parameters": n_parameters(model),
        "storage": recipe.storage,
        "images_seen": provenance.images_seen,
        **({"snapshots_of": SNAPSHOTS_OF} if snapshots else {}),
        "training_seconds": round(provenance.seconds, 1),
        "machine": provenance.machine,
        "torch": torch.__version__,
        "commit": _commit(),
        "figures": [figure.to_dict() for figure in figures],
        "probe": stored.probe(),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    staging = tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.")
    with naming(path), staging:
        staged, old = Path(staging.name) / path.name, Path(staging.name) / "old"
        staged.mkdir()
        for other in path.iterdir() if path.exists() else ():
            if other.suffix != GRAPH and other.name not in (WEIGHTS, SNAPSHOTS, CONFIG, CARD):
                (shutil.copytree if other.is_dir() else shutil.copy2)(other, staged / other.name)
        (staged / WEIGHTS).write_bytes(weights)
        if snapshots:
            kept = {str(seen): kept.contiguous() for seen, kept in snapshots.items()}
            (staged / SNAPSHOTS).write_bytes(safetensors.torch.save(kept))
        _write_text(staged / CONFIG, to_json(config))
        _write_text(staged / CARD, card(config))
        try:
            if path.exists():
                path.rename(old)
            staged.rename(path)
        except BaseException:  # Ctrl-C between the two, too
            if old.exists() and not path.exists():
                old.rename(path)
            raise
    return path


def set_figures(
    name: str, figures: Sequence[Metric], *, keep: bool = False, path: Path | None = None
) -> None:
    """Replace what a local release measures, in its config and on its card; with `keep`, what has
    other names stays. Figures of other seeds stay, too, where the release's own comes out as
    before: they were measured the same way. Those of the names that do not, go.

    Args:
        name: of the recipe.
        figures: the new ones.
        keep: whether to keep the old ones of other names.
        path: the release's folder, where it is not among the others.
    """
    path = path or find(name)
    config = _read_config(path / CONFIG, name)
    new = [figure.to_dict() for figure in figures]
    names = {figure["name"] for figure in new}
    before = config["figures"]
    old = [figure for figure in before if figure["name"] not in names]
    config["figures"] = [*old, *new] if keep else new
    seeds = config.pop("seeds", None)
    if keep and seeds:
        was = {figure["name"]: figure for figure in before}
        other = {f["name"] for f in new if not _as_before(f, was.get(f["name"]))}
        own = str(config["hyperparameters"].get("seed", 0))
        kept = {
            seed: [figure for figure in each if figure["name"] not in other]
            for seed, each in seeds.items()
            if seed != own
        }
        told = {seed: each for seed, each in kept.items() if _tells(each)}
        if told:
            config["seeds"] = {own: config["figures"], **told}
    _write(path, config)


def _tells(figures: Sequence[Mapping[str, Any]]) -> bool:
    """Whether any of the figures says something of the training that it is of."""
    return any(not SEEDLESS.search(figure["name"]) for figure in figures)


def _as_before(new: Mapping[str, Any], old: Mapping[str, Any] | None) -> bool:
    """Whether a figure is of the same setting and, but for rounding, of the same value."""
    if old is None or new["setting"] != old["setting"]:
        return False
    return math.isclose(new["value"], old["value"], rel_tol=1e-4)


def write_card(name: str) -> None:
    """Write the card of a local release anew, after a target, a recipe's card or a release that it
    is compared with has changed."""
    path = find(name)
    text = card(_read_config(path / CONFIG, name))
    write_atomically(path / CARD, partial(_write_text, text=text))


def _write(path: Path, config: dict[str, Any]) -> None:
    """The config and the card of the release in a folder."""
    texts = {path / CONFIG: to_json(config), path / CARD: card(config)}
    write_together({file: partial(_write_text, text=text) for file, text in texts.items()})


def _write_text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def add_seeds(name: str, folders: Sequence[Path]) -> dict[str, list[dict[str, Any]]]:
    """Put beside a release's figures those of runs of the same recipe with other seeds.

    Args:
        folders: releases of those runs, as `train NAME --set seed=1` leaves them.

    Returns:
        the figures by seed, the release's own among them, as its config now has them in "seeds".

    Raises:
        ReleaseError: when a folder holds no release of the recipe, or one that differs from it in
            more than the seed. The release is then left as it was.
    """
    path = find(name) / CONFIG
    config = _read_config(path, name)
    own = config["hyperparameters"]
    found = {str(own["seed"]): config["figures"]}
    for folder in folders:
        other = _read_config(folder / CONFIG, name)
        settings = other["hyperparameters"]
        for key in sorted(set(own) | set(settings)):
            if key != "seed" and own.get(key) != settings.get(key):
                raise ReleaseError(
                    f"{folder} was trained with {key} = {settings.get(key)!r}, and {name} with "
                    f"{own.get(key)!r}: only the seed may differ."
                )
        _add_seed(found, folder, other)
    config["seeds"] = found
    _write(path.parent, config)
    return found


def _add_seed(found: dict[str, list[dict[str, Any]]], folder: Path, config: Config) -> None:
    seed = str(config["hyperparameters"]["seed"])
    if seed in found:
        raise ReleaseError(f"{folder} has the seed {seed} once more.")
    found[seed] = config["figures"]


def add_ablation(name: str, folders: Sequence[Path]) -> dict[str, Config]:
    """Put beside a release's figures those of the variants of its recipe's ablation.

    Args:
        folders: releases of their runs, as the variants' commands and `--release` leave them; of
            each variant as many seeds as there are. A variant without a folder keeps the figures
            that it has.

    Returns:
        by the key of each variant, in the order of the ablation, its images_seen and the figures
        of its "seeds", as the release's config now has them in "ablation".

    Raises:
        ReleaseError: when a folder holds no release of a variant. The release is then left as it
            was.
    """
    path = find(name) / CONFIG
    config = _read_config(path, name)
    known = [(v, _settings(v.of(name).hyperparameters())) for v in recipes.get(name).ablation]
    found: dict[str, Config] = {v.key: {"images_seen": 0, "seeds": {}} for v, _ in known}
    for folder in folders:
        other = _read_config(folder / CONFIG, None)
        settings = _settings(other["hyperparameters"])
        keys = [
            v.key for v, own in known if (v.recipe or name) == other["recipe"] and own == settings
        ]
        if not keys:
            raise ReleaseError(
                f"{folder} is of no variant of {name}. Its variants are trained by: "
                + "; ".join(v.command(name) for v, _ in known)
            )
        found[keys[0]]["images_seen"] = other["images_seen"]
        _add_seed(found[keys[0]]["seeds"], folder, other)
    kept = config.get("ablation", {})
    of_each = {key: each if each["seeds"] else kept.get(key) for key, each in found.items()}
    config["ablation"] = {key: each for key, each in of_each.items() if each}
    _write(path.parent, config)
    return config["ablation"]


def _settings(hyperparameters: Mapping[str, Any]) -> dict[str, Any]:
    """Those that a variant has, in the form that they have in a config."""
    kept = {key: value for key, value in hyperparameters.items() if key != "seed"}
    return dict(json.loads(to_json(kept)))


def ablation(config: Config) -> dict[str, Config]:
    """Of a release, by the key of each variant that was measured, its figures in the form of a
    config: images_seen, hyperparameters with the seed, figures and seeds."""
    found = {}
    for key, each in config.get("ablation", {}).items():
        first = min(each["seeds"], key=int)
        found[key] = {
            "images_seen": each["images_seen"],
            "hyperparameters": {"seed": first},
            "figures": each["seeds"][first],
            "seeds": each["seeds"] if len(each["seeds"]) > 1 else {},
        }
    return found


def verdicts(config: Mapping[str, Any], targets: Sequence[Target] | None = None) -> list[Verdict]:
    """Whether a release meets targets, those of its recipe where none are given. What is relative
    to another release is compared with the one in `folder()`."""
    if targets is None:
        targets = recipes.get(config["recipe"]).targets

    def release(name: str) -> dict[str, Any] | None:
        try:
            return info(name) if (folder() / name / CONFIG).is_file() else None
        except ReleaseError:
            return None

    return [judged(target, dict(config), release) for target in targets]


def push(name: str) -> str:
    """Upload a local release to the Hub, to GENZOO_HUB and its name; returns its address."""
    prefix = os.environ.get("GENZOO_HUB")
    if not prefix:
        raise ReleaseError(
            "Set GENZOO_HUB to the repository prefix to push to, such as someone/genzoo-."
        )
    load(name)  # what cannot be loaded is not pushed
    from huggingface_hub import HfApi

    try:
        api = HfApi()
        api.create_repo(prefix + name, exist_ok=True)
        api.upload_folder(repo_id=prefix + name, folder_path=folder() / name)
    except Exception as error:  # no network, no token, no right: all of them end here
        raise ReleaseError(f"{prefix + name} could not be pushed ({error}).") from error
    return f"https://huggingface.co/{prefix + name}"


def card(config: dict[str, Any]) -> str:
    """The model card, with the Hub's metadata, from a release's config."""
    name = config["recipe"]
    data = config["hyperparameters"]["data"].partition("-")[0]  # mnist-4x4 is of mnist
    minutes = config["training_seconds"] / 60
    hold_out = config["hyperparameters"]["hold_out"]
    without = f"\n{WITHOUT.capitalize()}." if hold_out else ""
    again = f"{name} --hold-out" if hold_out else name
    started = ""
    if origin := config["hyperparameters"].get("initialized_from"):
        again += f" --init {origin['release']}"
        weights = f"`{origin['release']}` ({origin['sha256'][:12]})"
        seen, before = origin["images_seen"], origin["training_seconds"] / 60
        started = (
            f"\nStarted from the weights of {weights}, whose {seen:,} images and {before:.0f} "
            "minutes are counted."
        )
    return f"""---
library_name: genzoo
license: mit
datasets:
- {data}
tags:
- generative
- {config["class"].lower()}
---

# {name}

{config["summary"]}.
{_about(recipes.get(name).card)}
Paper: [{config["paper"]}]({config["paper_url"]}).
{config["n_parameters"]:,} parameters, trained on {config["images_seen"]:,} images in
{minutes:.0f} minutes ({config["machine"]}).{started}{without}

```python
import genzoo

model = genzoo.load("{name}")
```

{_figures(config)}
Made again by `python -m genzoo train {again}`; measured by `python -m genzoo evaluate {name}`.
"""


def _figures(config: dict[str, Any]) -> str:
    """The table of figures, with what they are over seeds and whether they meet their targets,
    where there is either; and below it the targets for what was not measured."""
    metrics, judgments = by_name(config), verdicts(config)
    heads = ["figure", "value", "95 % interval", "unit", "setting"]
    heads += ["over seeds"] * bool(metrics.seeds) + ["target"] * bool(judgments)
    rows, seen = [], set()
    for f in config["figures"]:
        ends = f"{f['low']:.3f} to {f['high']:.3f}"
        row = [f["name"], f"{f['value']:.3f}", ends, f["unit"], f["setting"]]
        if metrics.seeds:
            row.append(value(metrics, f["name"], 3))
        if judgments:
            own = {i: target for i, v in enumerate(judgments) if (target := v.target.of(f))}
            seen |= set(own)
            row.append("; ".join(map(str, verdicts(config, list(own.values())))))
        rows.append(row)
    told = []
    if others := [str(v) for i, v in enumerate(judgments) if i not in seen]:
        told.append(f"Other targets: {'; '.join(others)}.")
    if metrics.seeds:
        told.append(f"Seeds: {seeds(config, list(metrics))}; values and intervals are of it.")
    return markdown(heads, rows) + "\n" + "".join(f"\n{line}\n" for line in told)


def markdown(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table, in Markdown."""
    lines = [f"| {' | '.join(cells)} |" for cells in (heads, *rows)]
    return "\n".join([lines[0], "|---" * len(heads) + "|", *lines[1:]])


def _about(card: ModelCard | None) -> str:
    """What the model's own card says, as a part of a page; nothing where there is none."""
    if card is None:
        return ""
    return f"""
## {card.title.en} ({card.year})

{card.idea.en}

{card.formula.full}

- Good at: {card.good.en}
- Bad at: {card.bad.en}

## This release
"""


def _mend(problem: str, name: str) -> str:
    return f"{problem} Make a new one with: python -m genzoo train {name}"


def _read_config(path: Path, of: str | None) -> dict[str, Any]:
    """The config of a release of the recipe `of`, or of any."""
    name = of or "NAME"
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
        for key, kind in REQUIRED.items():
            _check_type(key, config[key], kind)
        if of and config["recipe"] != of:
            raise ValueError(f"it is of {config['recipe']!r}")
        _check_type("hyperparameters.data", config["hyperparameters"]["data"], str)
        for figures in _trainings(config):
            _check_type("seeds", figures, list)
            for figure in figures:
                _check_type("figures", figure, dict)
                for key, kind in OF_FIGURE.items():
                    _check_type(f"figures.{key}", figure[key], kind)
        config["hyperparameters"] = {**NEWER, **config["hyperparameters"]}
        return config
    except FileNotFoundError as error:
        raise ReleaseError(_mend(f"{path} is missing.", name)) from error
    except KeyError as error:
        raise ReleaseError(_mend(f"{path} is damaged: it lacks {error}.", name)) from error
    except OSError as error:
        problem = f"{path} cannot be read ({error.strerror})."
        raise ReleaseError(_mend(problem, name)) from error
    except (ValueError, TypeError, RecursionError) as error:
        raise ReleaseError(_mend(f"{path} is damaged ({error}).", name)) from error


def _trainings(config: Config) -> Iterator[Any]:
    """The figures of each training that a config tells of, its own first."""
    yield config["figures"]
    yield from _values("seeds", config.get("seeds", {}))
    for variant in _values("ablation", config.get("ablation", {})):
        _check_type("ablation", variant, dict)
        _check_type("ablation.images_seen", variant["images_seen"], int)
        yield from _values("ablation.seeds", variant["seeds"])


def _check_type(key: str, value: Any, kind: type | tuple[type, ...]) -> None:
    if not isinstance(value, kind) or isinstance(value, bool):
        kinds = kind if isinstance(kind, tuple) else (kind,)
        raise ValueError(f"{key} is not of type {' or '.join(each.__name__ for each in kinds)}")


def _values(key: str, value: Any) -> list[Any]:
    _check_type(key, value, dict)
    return list(value.values())


def to_json(values: Mapping[str, Any]) -> str:
    """Standard JSON, which has no infinity (a clip that never clips): that is written "inf"."""

    def standard(value: Any) -> Any:
        if isinstance(value, Mapping):
            return {k: standard(v) for k, v in value.items()}
        if isinstance(value, (list, tuple)):
            return [standard(v) for v in value]
        return str(value) if isinstance(value, float) and not math.isfinite(value) else value

    return json.dumps(standard(values), indent=2, allow_nan=False) + "\n"


def _commit() -> str:
    """The commit of the code that made the release, with a + where the tree was changed."""
    here = Path(__file__).resolve().parent

    def git(*words: str) -> str:
        return subprocess.run(
            ["git", *words], cwd=here, capture_output=True, text=True, timeout=10, check=True
        ).stdout.strip()

    try:
        return git("rev-parse", "HEAD") + ("+" if git("status", "--porcelain", ".") else "")
    except (OSError, subprocess.SubprocessError):
        return "unknown"
