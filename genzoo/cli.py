"""python -m genzoo list | info | train | evaluate | rank | sample | export | report | push"""

from __future__ import annotations

import argparse
import errno
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

from genzoo import export, recipes, releases, report
from genzoo.data import DataError
from genzoo.data.batches import seeded
from genzoo.export import ExportError
from genzoo.metrics import K, Metric
from genzoo.objectives.base import TrainingError
from genzoo.recipes import Recipe, RecipeError
from genzoo.releases import Provenance, ReleaseError
from genzoo.roles import Evaluator, Generative, Implicit, LatentVariable, Model
from genzoo.train import RunStateError, has_bfloat16
from genzoo.train.sheet import save_png, sheet
from genzoo.train.trainer import STATE, start_processes

EXPECTED = (
    DataError,
    ExportError,
    OSError,  # no such folder, no right to write there, a full disk
    RecipeError,
    ReleaseError,
    RunStateError,
    TrainingError,
    ValueError,
)
"""What a user can cause: told in a sentence, without a traceback."""

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""Numbers of the errors of a disk that is full, or of which this user may have no more."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the status: 0, 1 for what the user can mend, 130 for Ctrl-C."""
    arguments = argparse.Namespace()
    try:
        _parser().parse_args(argv, arguments)
        arguments.command(arguments)
        sys.stdout.flush()  # or a full disk is found out when nobody can tell it any more
    except BrokenPipeError:  # whoever reads the output, such as `head`, has enough
        return 1
    except EXPECTED as error:
        full = isinstance(error, OSError) and error.errno in FULL
        more = _how_to_go_on(arguments) if full else ""
        print(f"genzoo: {_sentence(error)}{more}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"genzoo: interrupted.{_how_to_go_on(arguments)}", file=sys.stderr)
        return 130
    finally:
        if dist.is_initialized():
            dist.destroy_process_group()
    return 0


def _sentence(error: Exception) -> str:
    """What an error says, without the number that the system has for it."""
    if isinstance(error, OSError) and error.strerror:
        what = f"{error.filename}: " if error.filename else ""
        full = " What was there before is as it was." * (error.errno in FULL)
        return f"{what}{error.strerror}.{full}"
    return str(error)


def _how_to_go_on(arguments: argparse.Namespace) -> str:
    """What goes on with a training that was broken off, where it has left something."""
    training = getattr(arguments, "command", None) is _train
    if not (training and (_run_dir(arguments) / STATE).is_file()):
        return ""
    init = " in place of --init" * bool(arguments.init)
    return f" Go on with the same command and --resume{init}."


def _run_dir(arguments: argparse.Namespace) -> Path:
    return arguments.run_dir or Path("runs") / arguments.name


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

    sub = command("ablation", _ablation, "Put beside a release's figures those of its variants.")
    sub.add_argument("name")
    sub.add_argument("folders", nargs="+", type=Path, metavar="RELEASE", help="of a variant")

    sub = command("sample", _sample, "Draw a sheet of samples from a release.")
    sub.add_argument("name")
    sub.add_argument("-n", type=_positive, default=64, help="how many (%(default)s)")
    sub.add_argument("--seed", type=int, default=0)
    sub.add_argument("--out", type=Path, help="a PNG file (NAME.png)")

    sub = command("export", _export, "Write what a release's model offers as graphs.")
    sub.add_argument("names", nargs="+", metavar="NAME")
    sub.add_argument("--format", choices=export.FORMATS, default="onnx", help="(%(default)s)")
    sub.add_argument(
        "--to", type=Path, metavar="DIR", help="where to (the release's folder); of one release"
    )

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
    for variant in recipe.ablation:
        print(f"ablation: {variant.what}: {variant.command(recipe.name)}")
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
    run_dir = _run_dir(arguments)
    if arguments.init and arguments.resume:
        raise ValueError(
            "A run that is resumed goes on from its own state and knows what it was started from: "
            "leave out --init."
        )
    init = releases.to_start_from(arguments.init, recipe) if arguments.init else None
    device = start_processes(_checked_device(arguments.device))
    needed = {argument: releases.load(name) for argument, name in recipe.needs.items()}
    imitated = recipe.settings.precision == "bfloat16" and not has_bfloat16(torch.device(device))
    if imitated:
        told = "This processor has no arithmetic in bfloat16: it trains in single precision."
        print(told, file=sys.stderr)
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
    machine = _machine(device) + ", in single precision" * imitated
    provenance = Provenance(trained.images_seen, trained.seconds, machine, trained.origin)
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
            preprocessing={name: recipes.get(name).settings.preprocessing for name in names},
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


def _ablation(arguments: argparse.Namespace) -> None:
    for key, variant in releases.add_ablation(arguments.name, arguments.folders).items():
        for seed, figures in variant["seeds"].items():
            for figure in figures:
                print(f"{key}, seed {seed}: {Metric(**figure)}")


def _sample(arguments: argparse.Namespace) -> None:
    model = releases.load(arguments.name, role=Generative)
    out = arguments.out or Path(f"{arguments.name}.png")
    save_png(out, sheet(model.pictures(arguments.n, generator=seeded(arguments.seed))))
    print(out)


def _export(arguments: argparse.Namespace) -> None:
    if arguments.to is not None and len(arguments.names) > 1:
        raise ValueError("Graphs of two releases have the same names: --to takes one release.")
    for name in arguments.names:
        for path in export.write(name, arguments.to):
            print(f"{path} ({path.stat().st_size:,} bytes)")
        if arguments.to is not None:
            weights = releases.find(name) / releases.WEIGHTS
            print(f"They read their weights from a copy of {weights} beside them.")


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
