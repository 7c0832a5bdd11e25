"""python -m genzoo list | info | train | evaluate | rank | sample | report | push"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from tqdm import tqdm

from genzoo import recipes, releases, report
from genzoo.data import DataError
from genzoo.data.batches import seeded
from genzoo.metrics import K, Metric
from genzoo.objectives.base import TrainingError
from genzoo.recipes import Recipe, RecipeError
from genzoo.releases import Provenance, ReleaseError
from genzoo.roles import Evaluator, Generative, Implicit, LatentVariable, Model
from genzoo.train import RunStateError
from genzoo.train.sheet import save_png, sheet
from genzoo.train.trainer import start_processes

EXPECTED = (
    DataError,
    OSError,  # no such folder, no right to write there, a full disk
    RecipeError,
    ReleaseError,
    RunStateError,
    TrainingError,
    ValueError,
)
"""What a user can cause: told in a sentence, without a traceback."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the status: 0, 1 for what the user can mend, 130 for Ctrl-C."""
    arguments = _parser().parse_args(argv)
    try:
        arguments.command(arguments)
    except EXPECTED as error:
        print(f"genzoo: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("genzoo: interrupted", file=sys.stderr)
        return 130
    finally:
        if dist.is_initialized():
            dist.destroy_process_group()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m genzoo", description="Train, measure and sample generative models."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(
        name: str, function: Callable[[argparse.Namespace], None], help: str
    ) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=help, description=help)
        sub.set_defaults(command=function)
        return sub

    sub = command("list", _list, "The recipes, and which have a release.")
    sub.add_argument("--json", action="store_true", help="as JSON")

    sub = command("info", _info, "All about a recipe and its release.")
    sub.add_argument("name")
    sub.add_argument("--json", action="store_true", help="as JSON")

    sub = command("train", _train, "Train a recipe, measure it, and write its release.")
    sub.add_argument("name")
    sub.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="another value of a setting that `info` shows; writes no release unless --release",
    )
    sub.add_argument(
        "--hold-out",
        action="store_true",
        help="train without the validation images and measure on these, not on the test split, so "
        "that choices can be made by them; writes no release unless --release",
    )
    sub.add_argument("--device", default=_best_device(), help="cpu, cuda, ... (%(default)s)")
    sub.add_argument("--run-dir", type=Path, help="folder of the run (runs/NAME)")
    sub.add_argument(
        "--resume",
        action="store_true",
        help="go on from the run's last state; with --set images=N for more images than it was "
        "planned for, where nothing in it depends on its length",
    )
    sub.add_argument(
        "--init",
        metavar="RELEASE",
        help="start from the weights of a release of the same model, by its name or its folder; "
        "writes no release unless --release",
    )
    sub.add_argument("--release", type=Path, metavar="DIR", help="write the release to DIR")
    _add_k(sub)

    sub = command("evaluate", _evaluate, "Measure a release, by default on the test split.")
    sub.add_argument("name")
    sub.add_argument("--device", default=_best_device())
    sub.add_argument("--release", type=Path, metavar="DIR", help="of the release in DIR")
    sub.add_argument(
        "--split",
        choices=recipes.SPLITS,
        default="test",
        help="of the images: validation for what is chosen by the figures (%(default)s)",
    )
    sub.add_argument(
        "--images", type=_positive, help="only so many images, at random but always the same"
    )
    _add_k(sub)
    sub.add_argument(
        "--part",
        action="append",
        choices=recipes.METRIC_PARTS,
        help="only these figures: by the model's role, a bound on log p(x) by many samples of z, "
        "of its pictures, how long these take",
    )
    sub.add_argument("--json", action="store_true", help="as JSON")
    sub.add_argument("--write", action="store_true", help="into the release's config and card")

    sub = command("rank", _rank, "Rank models by the FID of two evaluators of the same data.")
    sub.add_argument("first", metavar="JUDGE")
    sub.add_argument("second", metavar="SECOND")
    sub.add_argument(
        "names",
        nargs="*",
        metavar="NAME",
        help="of the models; all that make pictures from z in one pass, when none is named",
    )
    sub.add_argument("--images", type=_positive, default=10_000, help="of each (%(default)s)")
    sub.add_argument("--write", action="store_true", help="the agreement into SECOND's release")

    sub = command("seeds", _seeds, "Put beside a release's figures those of other seeds.")
    sub.add_argument("name")
    sub.add_argument("folders", nargs="+", type=Path, metavar="RELEASE", help="of another seed")

    sub = command("sample", _sample, "Draw a sheet of samples from a release.")
    sub.add_argument("name")
    sub.add_argument("-n", type=_positive, default=64, help="how many (%(default)s)")
    sub.add_argument("--seed", type=int, default=0)
    sub.add_argument("--out", type=Path, help="a PNG file (NAME.png)")

    sub = command("report", _report, "The results of all releases, as Markdown or JSON.")
    sub.add_argument("--write", type=Path, metavar="PAGE", help="put it between PAGE's marks")
    sub.add_argument("--json", type=Path, metavar="FILE", help="write the numbers to FILE")
    sub.add_argument("--cards", action="store_true", help="write all releases' cards anew")

    sub = command("push", _push, "Upload a release to the Hub, under GENZOO_HUB.")
    sub.add_argument("name")
    return parser


def _add_k(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("--k", type=_positive, default=K, help="importance samples (%(default)s)")


def _positive(text: str) -> int:
    try:
        value = int(text)
    except ValueError:
        value = 0
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 1")
    return value


def _best_device() -> str:
    return "cuda" if torch.cuda.is_available() else "cpu"


def _checked_device(name: str) -> str:
    try:
        torch.zeros(1, device=name).item()
    except (RuntimeError, AssertionError) as error:
        raise ValueError(
            f"There is no device {name!r} here: {str(error).splitlines()[0]}"
        ) from None
    return name


def _list(arguments: argparse.Namespace) -> None:
    released = set(releases.names())
    rows = [(name, name in released, recipes.get(name).summary) for name in recipes.names()]
    if arguments.json:
        keys = ("name", "released", "summary")
        print(json.dumps([dict(zip(keys, row, strict=True)) for row in rows], indent=2))
        return
    width = max(len(name) for name, _, _ in rows)
    for name, is_released, summary in rows:
        print(f"{name:<{width}}  {'released' if is_released else '':<8}  {summary}")


def _info(arguments: argparse.Namespace) -> None:
    recipe = recipes.get(arguments.name)
    released = recipe.name in releases.names()
    config = releases.info(recipe.name) if released else None
    unmeasured = {"recipe": recipe.name, "figures": [], "hyperparameters": {}}
    verdicts = releases.verdicts(config or unmeasured)
    if arguments.json:
        settings, targets = recipe.hyperparameters(), [verdict.to_dict() for verdict in verdicts]
        told = {"name": recipe.name, "settings": settings, "targets": targets, "release": config}
        print(releases.to_json(told), end="")
        return
    print(f"{recipe.name}: {recipe.summary}\n{recipe.paper}\n{recipe.paper_url}\n")
    for key, value in recipe.hyperparameters().items():
        print(f"  {key} = {value}")
    print()
    for verdict in verdicts:
        print(f"target: {verdict}")
    if config is None:
        print(f"No release here. Make one with: python -m genzoo train {recipe.name}")
        return
    print(f"released: {config['n_parameters']:,} parameters, {config['images_seen']:,} images")
    if config["hyperparameters"]["hold_out"]:
        print(releases.WITHOUT)
    for figure in config["figures"]:
        print(f"  {Metric(**figure)}")


def _train(arguments: argparse.Namespace) -> None:
    recipe, changes = _changed(arguments)
    run_dir = arguments.run_dir or Path("runs") / recipe.name
    if arguments.init and arguments.resume:
        raise ValueError(
            "A run that is resumed goes on from its own state and knows what it was started from: "
            "leave out --init."
        )
    init = releases.to_start_from(arguments.init, recipe) if arguments.init else None
    device = start_processes(_checked_device(arguments.device))
    needed = {argument: releases.load(name) for argument, name in recipe.needs.items()}
    trained = recipes.run(
        recipe, run_dir, device=device, resume=arguments.resume, trained=needed, init=init
    )
    recipe = trained.recipe
    if dist.is_initialized() and dist.get_rank() != 0:
        return
    # What was trained under other settings is not the recipe, and does not take its place unasked.
    if (changes or trained.origin) and arguments.release is None:
        path = run_dir / "release"
    else:
        path = arguments.release or releases.folder() / recipe.name
    provenance = Provenance(trained.images_seen, trained.seconds, _machine(device), trained.origin)
    # First of all, so that whatever happens to the measuring, the training is not lost.
    releases.save(recipe, trained.model, provenance, [], path, trained.snapshots)
    print(f"release: {path}")
    # A training for a choice is measured by what choices are made by; releases hold test figures.
    split = "validation" if recipe.settings.hold_out else "test"
    metrics = _measured(recipe, trained.model, device, k=arguments.k, split=split)
    if split == "test":
        releases.set_figures(recipe.name, metrics, path=path)
    for metric in metrics:
        print(metric)


def _changed(arguments: argparse.Namespace) -> tuple[Recipe, dict[str, Any]]:
    """The recipe that `train` is asked for, and its settings that are other ones."""
    changes: dict[str, Any] = dict(_key_and_value(text) for text in arguments.set)
    if arguments.hold_out:
        changes["hold_out"] = True
    return recipes.override(recipes.get(arguments.name), changes), changes


def _key_and_value(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals:
        raise RecipeError(f"--set takes KEY=VALUE, not {text!r}.")
    return key.strip(), value.strip()


def _machine(device: str) -> str:
    if device.startswith("cuda"):
        return torch.cuda.get_device_name(device)
    return f"{torch.get_num_threads()} CPU threads, {platform.machine()}, {os.uname().sysname}"


def _measured(
    recipe: Recipe,
    model: Model,
    device: str,
    n_images: int | None = None,
    k: int = K,
    parts: Collection[str] = recipes.METRIC_PARTS,
    split: str = "test",
) -> list[Metric]:
    name = f"judge-{recipes.judged_as(recipe.data)}"
    judge = releases.load(name, role=Evaluator) if name in releases.names() else None
    with tqdm(total=1000, desc="measuring", bar_format="{l_bar}{bar}| {remaining}") as bar:

        def progress(fraction: float) -> None:
            bar.n = round(1000 * fraction)
            bar.refresh()

        return recipes.evaluate(
            recipe,
            model,
            split=split,
            device=device,
            n_images=n_images,
            k=k,
            judge=judge,
            parts=parts,
            progress=progress,
        )


def _evaluate(arguments: argparse.Namespace) -> None:
    if arguments.write and arguments.split != "test":
        raise ValueError(
            "A release holds figures of the test split alone: leave out --write to measure on "
            f"the {arguments.split} split."
        )
    device, path = _checked_device(arguments.device), arguments.release
    model = releases.load(arguments.name, path=path)
    trained = releases.info(arguments.name, path)["hyperparameters"]
    # As it was trained: a release made with --set may be of other data than its recipe.
    settings = ("data", "preprocessing", "hold_out")
    as_trained = {key: trained[key] for key in settings if key in trained}
    recipe = recipes.override(recipes.get(arguments.name), as_trained)
    parts = arguments.part or recipes.METRIC_PARTS
    n_images, split = arguments.images, arguments.split
    figures = _measured(recipe, model, device, n_images, arguments.k, parts, split)
    if arguments.write:
        releases.set_figures(arguments.name, figures, keep=bool(arguments.part), path=path)
    if arguments.json:
        print(json.dumps([figure.to_dict() for figure in figures], indent=2))
        return
    for figure in figures:
        print(figure)


def _rank(arguments: argparse.Namespace) -> None:
    first, second = arguments.first, arguments.second
    data = recipes.get(first).data
    names = arguments.names or [
        name
        for name in releases.names()
        if (recipe := recipes.get(name)).data == data
        and issubclass(recipe.model, (Implicit, LatentVariable))
    ]

    def model(name: str) -> Callable[[], Generative]:
        return lambda: releases.load(name, role=Generative)

    with tqdm(total=len(names)) as bar:

        def told(name: str) -> None:
            bar.update()

        found = recipes.rank(
            {name: model(name) for name in names},
            releases.load(first, role=Evaluator),
            releases.load(second, role=Evaluator),
            data,
            n_images=arguments.images,
            told=told,
        )
    by_second = sorted(found.distances, key=lambda name: found.distances[name][1])
    for place, (name, (a, b)) in enumerate(found.distances.items(), 1):
        own = by_second.index(name) + 1
        print(f"{name:<26} {first}: {a:8.2f} ({place})   {second}: {b:8.2f} ({own})")
    print(found.agreement)
    if arguments.write:
        releases.set_figures(second, [found.agreement], keep=True)


def _seeds(arguments: argparse.Namespace) -> None:
    seeds = releases.add_seeds(arguments.name, arguments.folders)
    for seed, figures in seeds.items():
        for figure in figures:
            print(f"seed {seed}: {Metric(**figure)}")


def _sample(arguments: argparse.Namespace) -> None:
    model = releases.load(arguments.name, role=Generative)
    out = arguments.out or Path(f"{arguments.name}.png")
    save_png(out, sheet(model.pictures(arguments.n, generator=seeded(arguments.seed))))
    print(out)


def _report(arguments: argparse.Namespace) -> None:
    if arguments.write is not None:
        report.write(arguments.write)
    if arguments.json is not None:
        report.write_json(arguments.json)
    if arguments.cards:
        for name in releases.names():
            releases.write_card(name)
    if arguments.write is None and arguments.json is None and not arguments.cards:
        print(report.tables())


def _push(arguments: argparse.Namespace) -> None:
    print(releases.push(arguments.name))
