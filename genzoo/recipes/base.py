"""What a recipe is, and the registry of them."""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from genzoo.cards import ModelCard
from genzoo.metrics import Target
from genzoo.objectives.base import Objective
from genzoo.roles import KNOWLEDGE, Model
from genzoo.train import Settings


class RecipeError(ValueError):
    """An unknown recipe, or an override that does not fit; the sentence says what would."""


@dataclass(frozen=True)
class Variant:
    """A training that an ablation holds against a recipe's own.

    Args:
        key: under which a release keeps its figures.
        what: what it is, in a few words.
        recipe: name of the one that it follows; "" for the recipe whose ablation it is of.
        changes: values of override keys, other than those of that recipe.
    """

    key: str
    what: str
    recipe: str = ""
    changes: Mapping[str, Any] = field(default_factory=dict)

    def of(self, own: str) -> Recipe:
        """What it is trained by, in the ablation of the recipe called `own`."""
        return override(get(self.recipe or own), self.changes)

    def command(self, own: str) -> str:
        """What trains it, in the ablation of the recipe called `own`."""
        changes = "".join(f" --set {key}={value}" for key, value in self.changes.items())
        return f"python -m genzoo train {self.recipe or own}{changes}"


@dataclass(frozen=True)
class Recipe:
    """All that decides a training run, and what to expect of it.

    Registering a recipe is testing it.

    Args:
        summary: what the model is for, in one line.
        paper, paper_url: authors, title and year, and where the paper can be read; those of the
            card where a recipe has none of its own.
        model: class of the model.
        objective: class of the objective.
        data: name of the data set, one of `genzoo.data.DATA_SETS`.
        settings: how to train.
        smoke: values of override keys ("images", "model.width", ...) with which the same classes
            run in about a second.
        targets: what its release is to reach; the report says of each whether it does.
        ablation: trainings that show what its differences from the paper bought, the paper's own
            form first; it is itself the last.
        model_kwargs: arguments of the model.
        objective_kwargs: arguments of the objective, apart from the model.
        needs: arguments of the objective that are models already trained, and the recipe of whose
            release each is.
        storage: type of the weights in a release, "float32" or "float16".
        name: of the recipe, set by `get`.
        card: the card of the model; None for what is not shown separately, such as a judge.
    """

    summary: str
    model: type[Model]
    objective: type[Objective]
    data: str
    settings: Settings
    smoke: Mapping[str, Any]
    targets: tuple[Target, ...] = ()
    ablation: tuple[Variant, ...] = ()
    card: ModelCard | None = None
    paper: str = ""
    paper_url: str = ""
    model_kwargs: Mapping[str, Any] = field(default_factory=dict)
    objective_kwargs: Mapping[str, Any] = field(default_factory=dict)
    needs: Mapping[str, str] = field(default_factory=dict)
    storage: str = "float32"
    name: str = ""

    def __post_init__(self) -> None:
        if self.card is not None and not self.paper:
            object.__setattr__(self, "paper", self.card.paper)
            object.__setattr__(self, "paper_url", self.card.paper_url)

    def build_model(self) -> Model:
        return self.model(**self.model_kwargs)

    def build_objective(self, **trained: Model) -> Objective:
        """With `trained` models for what it `needs`; without them it makes do."""
        return self.objective(self.build_model(), **self.objective_kwargs, **trained)

    def hyperparameters(self) -> dict[str, Any]:
        """Everything that changes the weights, flat: the keys that an override may name."""
        values: dict[str, Any] = {"data": self.data}
        values |= dataclasses.asdict(self.settings)
        values |= {f"model.{k}": v for k, v in self.model_kwargs.items()}
        values |= {f"objective.{k}": v for k, v in self.objective_kwargs.items()}
        return values


_REGISTRY: dict[str, Callable[[], Recipe]] = {}


def recipe(make: Callable[[], Recipe]) -> Callable[[], Recipe]:
    """Register a recipe under its function's name, nade_mnist as "nade-mnist"."""
    _REGISTRY[make.__name__.replace("_", "-")] = make
    return make


def names() -> list[str]:
    return list(_REGISTRY)


def get(name: str) -> Recipe:
    """The recipe called `name`.

    Raises:
        RecipeError: when there is none, with the nearest names.
    """
    if name not in _REGISTRY:
        near = difflib.get_close_matches(name, _REGISTRY, n=1)
        hint = f"did you mean {near[0]}?" if near else f"there are: {', '.join(_REGISTRY)}."
        raise RecipeError(f"There is no recipe {name!r}; {hint}")
    return dataclasses.replace(_REGISTRY[name](), name=name)


def cards() -> list[ModelCard]:
    """The cards that recipes name, once each: in the order of `genzoo.roles.KNOWLEDGE`, then by
    year, then as they were registered.

    Raises:
        RecipeError: when two cards have the same key.
    """
    found: dict[str, ModelCard] = {}
    for card in (get(name).card for name in names()):
        if card is not None and found.setdefault(card.key, card) != card:
            raise RecipeError(f"There are two cards with the key {card.key!r}.")
    kinds = (*KNOWLEDGE, None)

    def place(card: ModelCard) -> tuple[int, int]:
        return kinds.index(get(card.release).model.knowledge), card.year

    return sorted(found.values(), key=place)


def override(recipe: Recipe, changes: Mapping[str, Any]) -> Recipe:
    """The recipe with other values; strings are read as the type of the value they replace.

    Raises:
        RecipeError: on a key that the recipe does not have, or a value of another type.
    """
    known = recipe.hyperparameters()
    changed: dict[str, dict[str, Any]] = {"": {}, "model": {}, "objective": {}}
    for key, value in changes.items():
        if key not in known:
            near = difflib.get_close_matches(key, known, n=3) or sorted(known)
            raise RecipeError(
                f"{recipe.name} has no setting {key!r}; did you mean {', '.join(near)}?"
            )
        group, _, short = key.rpartition(".")
        changed[group][short] = _converted(key, value, known[key])
    data = changed[""].pop("data", recipe.data)
    try:
        settings = dataclasses.replace(recipe.settings, **changed[""])
    except ValueError as error:
        raise RecipeError(str(error)) from error
    return dataclasses.replace(
        recipe,
        data=data,
        settings=settings,
        model_kwargs={**recipe.model_kwargs, **changed["model"]},
        objective_kwargs={**recipe.objective_kwargs, **changed["objective"]},
    )


def _converted(key: str, value: Any, old: Any) -> Any:
    """`value` as the type of `old`, without loss."""
    kind = type(old)
    try:
        if isinstance(value, str) and kind is not str:
            if kind is bool:
                return {"true": True, "false": False}[value.lower()]
            if kind is tuple:
                return tuple(int(part) for part in value.strip("()").split(",") if part.strip())
            return kind(value)
        if kind is float and type(value) is int:
            return float(value)
        if type(value) is not kind:
            raise TypeError
        return value
    except (ValueError, TypeError, KeyError) as error:
        raise RecipeError(
            f"{key} must be of type {kind.__name__}, like {old!r}; {value!r} is not."
        ) from error
