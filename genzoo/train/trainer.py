"""One trainer for every model: batch, step, average, log, evaluate, save."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn
from tqdm import tqdm

from genzoo.data.batches import Batch, Batches
from genzoo.data.images import ImageSet
from genzoo.data.preprocessing import PREPROCESSINGS, preprocess_once
from genzoo.objectives.base import SCHEDULES, Objective, Progress, Update
from genzoo.train import run_state
from genzoo.train.allocator import keep_freed_memory
from genzoo.train.ema import EMA
from genzoo.train.log import Log
from genzoo.train.precision import has_bfloat16
from genzoo.train.sheet import save_png, sheet

STATE = "state.pt"
"""The run state's file in the run's folder."""


@dataclass(frozen=True)
class Settings:
    """How to train, apart from what. Lengths and intervals are counted in images.

    Args:
        images: images seen in the whole training, at least `batch_size`.
        batch_size: images of a step, over all processes, at least 1.
        seed: of the initial weights, the order of the images and all noise, 0 to 2^63 - 1.
        preprocessing: of gray images, one of `genzoo.data.preprocessing.PREPROCESSINGS`.
        ema: decay of the average of the weights after a step, 0 to 1 (exclusive); 0 averages
            nothing.
        schedule: of the learning rates, "constant" or "cosine", down to 0.
        warmup: fraction of the training over which the learning rates grow linearly, 0 to 1.
        clip: largest norm of a gradient, above 0; infinity clips nothing.
        precision: "float32", or "bfloat16" for autocast in the forward pass, where the device
            computes in it: see `genzoo.train.precision`.
        hold_out: whether it trains without the validation images, see
            `genzoo.data.load_images`; with them, the curve is of images that were learned from.
        evaluate_every: images from one evaluation on validation images to the next, at least 1.
        save_every: images from one saved run state to the next, at least 1.
        log_every: images from one row of the log to the next, at least 1.
    """

    images: int
    batch_size: int
    seed: int = 0
    preprocessing: str = "none"
    ema: float = 0.999
    schedule: str = "cosine"
    warmup: float = 0.01
    clip: float = math.inf
    precision: str = "float32"
    hold_out: bool = False
    evaluate_every: int = 600_000
    save_every: int = 60_000
    log_every: int = 6_400

    def __post_init__(self) -> None:
        for name in ("batch_size", "evaluate_every", "save_every", "log_every"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, not {getattr(self, name)}.")
        if not 0 <= self.seed < 2**63:
            raise ValueError(f"The seed must be 0 to 2^63 - 1, not {self.seed}.")
        if not 0 <= self.ema < 1:
            raise ValueError(f"The decay of the average must be in [0, 1), not {self.ema}.")
        if not 0 <= self.warmup <= 1:
            raise ValueError(f"The warm-up is a share of the training, not {self.warmup}.")
        if not self.clip > 0:
            raise ValueError(f"The gradient's largest norm must be above 0, not {self.clip}.")
        if self.schedule not in SCHEDULES:
            raise ValueError(
                f"Unknown schedule {self.schedule!r}; there are: {', '.join(SCHEDULES)}."
            )
        if self.preprocessing not in PREPROCESSINGS:
            raise ValueError(
                f"Unknown preprocessing {self.preprocessing!r}; there are: "
                f"{', '.join(PREPROCESSINGS)}."
            )
        if self.precision not in ("float32", "bfloat16"):
            raise ValueError(
                f"Unknown precision {self.precision!r}; there are: float32, bfloat16."
            )
        if self.images < self.batch_size:
            raise ValueError(
                f"Training on {self.images} images is less than one batch of {self.batch_size}."
            )


def train(
    objective: Objective,
    settings: Settings,
    train_set: ImageSet,
    validation_set: ImageSet,
    folder: Path,
    hyperparameters: Mapping[str, Any],
    *,
    device: str = "cpu",
    resume: bool = False,
    pictures: Callable[[nn.Module], Tensor | None] | None = None,
    snapshot: Callable[[nn.Module], Tensor] | None = None,
    snapshot_evenly: bool = False,
    origin: Mapping[str, Any] | None = None,
    progress_bar: bool = True,
) -> dict[str, Any]:
    """Train `objective` and leave the averaged weights in `objective.model`.

    Under torchrun each process takes its share of every batch and gradients are averaged, so that
    the number of processes changes the speed and not the curve. Objectives in which the images of
    a batch meet gather what they need of it; see `genzoo.nn.processes`.

    Args:
        train_set: what it learns from.
        validation_set: what the curve is of; the log calls it by its `title`.
        folder: of this run: run state, log.csv, TensorBoard events, sample sheets.
        hyperparameters: whatever must be equal when the run is resumed; only "images" may be more
            than they were, where nothing in the run depends on its length.
        pictures: what the sheets show of the model, (N, C, H, W), or None for no sheet.
        snapshot: what is to be kept of the model at some steps of its training; see
            `snapshot_steps`.
        snapshot_evenly: whether these are in equal distances instead of equal ratios.
        origin: what is told of the weights that it starts from, where they are not random; plain
            values, which the run state keeps.

    Returns:
        images_seen; seconds of training, over all parts of the run; evaluation, the last;
        snapshots, by the number of images seen, the last of them of the model that is left; the
        origin; and warmup, which is another fraction where the run was extended.

    Raises:
        RunStateError: when there is nothing to resume, it was another run, it is damaged, or it
            cannot be extended.
        OSError: when the disk is full; the last run state is then as it was.
        TrainingError: when a loss is no longer finite.
    """
    where = torch.device(device)
    rank, world = (dist.get_rank(), dist.get_world_size()) if dist.is_initialized() else (0, 1)
    first = rank == 0
    if where.type == "cpu":
        keep_freed_memory()
    torch.manual_seed(settings.seed)
    objective.to(where, memory_format=torch.channels_last)  # type: ignore[call-overload]
    update = Update(
        objective.optimizers(),
        schedule=settings.schedule,
        warmup=settings.warmup,
        clip=settings.clip,
    )
    ema = EMA(objective.model, settings.ema)
    batches = Batches(
        train_set, settings.batch_size, settings.seed, settings.preprocessing, rank, world
    )
    n_steps = math.ceil(settings.images / settings.batch_size)

    step, seconds = 0, 0.0
    snapshots: dict[int, Tensor] = {}
    steps_to_keep = (
        snapshot_steps(n_steps, evenly=snapshot_evenly) if snapshot is not None else set()
    )
    if resume:
        state = run_state.load(folder / STATE, hyperparameters)
        step, seconds = state["step"], state["seconds"]
        planned = state["hyperparameters"].get("images", settings.images)
        if settings.images > planned:
            _check_extension(objective, settings, folder, planned)
        n_planned = math.ceil(planned / settings.batch_size)
        for name, value, last in (
            ("step", step, n_planned),
            ("seconds", seconds, math.inf),
            ("warmup", state.get("warmup", 0), 1),
        ):
            if not 0 <= value <= last:
                raise run_state.damaged(folder / STATE, f"{name} is {value}, not 0 to {last}")
        try:
            origin = state.get("origin")
            update.warmup = state.get("warmup", settings.warmup)
            if settings.images > planned:  # the warm-up stays as many images as it was
                update.warmup *= planned / settings.images
            snapshots = dict(state["snapshots"])
            objective.load_state_dict(state["objective"])
            for who, optimizer in update.optimizers.items():
                optimizer.load_state_dict(state["optimizers"][who])
                _check_shapes(who, optimizer)
            ema.load_state_dict(state["ema"])
            torch.set_rng_state(state["rng"])
            if where.type == "cuda":
                torch.cuda.set_rng_state(state["cuda_rng"])
        except Exception as error:  # written by other code, or on another device: it may be any
            raise run_state.RunStateError(
                f"The run state {folder / STATE} does not fit this model and device ({error}). "
                "Delete it and train from the start."
            ) from error
    elif (folder / STATE).exists():
        raise run_state.RunStateError(
            f"{folder} already holds a run. Go on with --resume, give another --run-dir, "
            "or delete the folder."
        )
    log = Log(folder, step) if first else None

    def due(every: int, step: int) -> bool:
        """Whether this step's batch crosses a multiple of `every` images, or is the last."""
        images = step * settings.batch_size
        return images // every != (images - settings.batch_size) // every or step == n_steps

    def save() -> None:
        run_state.save(
            folder / STATE,
            {
                "hyperparameters": dict(hyperparameters),
                "step": step,
                "seconds": seconds,
                "warmup": update.warmup,
                "origin": None if origin is None else dict(origin),
                "objective": objective.state_dict(),
                "optimizers": {k: o.state_dict() for k, o in update.optimizers.items()},
                "ema": ema.state_dict(),
                "snapshots": snapshots,
                "rng": torch.get_rng_state(),
                **({"cuda_rng": torch.cuda.get_rng_state()} if where.type == "cuda" else {}),
            },
        )

    report: dict[str, float] = {}

    @contextmanager
    def as_released() -> Iterator[None]:
        """The averaged weights, and what normalizes over batches does not learn by being asked."""
        objective.eval()
        with ema.swapped_into(objective.model):
            yield
        objective.train()

    def evaluate() -> dict[str, float]:
        with as_released():
            return evaluation(objective, validation_set, settings.preprocessing, where)

    def show() -> None:
        with as_released():
            shown = None if pictures is None else pictures(objective.model)
        image = None if shown is None else sheet(shown)
        assert log is not None
        log.write(step, step * settings.batch_size, validation_set.title, report)
        if image is not None:
            save_png(folder / "samples" / f"{step * settings.batch_size:09d}.png", image)
            log.picture(step, "samples", image)

    def keep() -> None:
        assert snapshot is not None
        with as_released():
            snapshots[step * settings.batch_size] = snapshot(objective.model).cpu()

    bar = tqdm(
        total=n_steps * settings.batch_size,
        initial=step * settings.batch_size,
        unit="image",
        unit_scale=True,
        disable=not (first and progress_bar),
        mininterval=1,
    )
    low = settings.precision == "bfloat16" and has_bfloat16(where)
    tail: list[dict[str, Tensor]] = []
    objective.train()
    started = time.perf_counter()
    with bar, nullcontext() if log is None else closing(log):  # before an error is told
        if step == 0 and step in steps_to_keep and first:
            keep()
        while step < n_steps:
            at = Progress(
                step, step * settings.batch_size, settings.images, settings.seed, rank, world
            )
            update.at = at
            with torch.autocast(where.type, dtype=torch.bfloat16, enabled=low):
                values = objective.step(batches[step].to(where), update, at)
            ema.update(objective.model)
            step += 1
            tail.append(values)
            bar.update(settings.batch_size)
            # Before every save too, so that what a resumed run logs starts where an unbroken
            # one's does.
            if due(settings.log_every, step) or due(settings.save_every, step):
                means = _mean_over_processes(tail)
                tail = []
                if log is not None:
                    log.write(step, step * settings.batch_size, "train", means)
                    title = validation_set.title
                    shown = means | {f"{title} {k}": v for k, v in report.items()}
                    bar.set_postfix({k: f"{v:.4g}" for k, v in shown.items()})
            if due(settings.evaluate_every, step) and first:
                report = evaluate()
                show()
            if step in steps_to_keep and first:
                keep()
            if due(settings.save_every, step) and first:
                seconds += time.perf_counter() - started
                started = time.perf_counter()
                save()
    if first and not report:  # the run was already at its end when it was resumed
        report = evaluate()
    with torch.no_grad():
        for name, p in objective.model.named_parameters():
            p.copy_(ema.average[name])
    return {
        "images_seen": step * settings.batch_size,
        "seconds": seconds,
        "evaluation": report,
        "snapshots": snapshots,
        "origin": origin,
        "warmup": update.warmup,
    }


def _check_shapes(who: str, optimizer: torch.optim.Optimizer) -> None:
    """What an optimizer remembers of a parameter is one number or has its shape, which torch does
    not ask before the first step.

    Raises:
        ValueError: in a sentence.
    """
    for p, remembered in optimizer.state.items():
        for name, value in remembered.items():
            if isinstance(value, Tensor) and value.dim() and value.shape != p.shape:
                raise ValueError(
                    f"the optimizer of {who!r} has a {name} of shape {tuple(value.shape)} for a "
                    f"parameter of shape {tuple(p.shape)}"
                )


def _check_extension(objective: Objective, settings: Settings, folder: Path, planned: int) -> None:
    """Refuse to extend a run in which something depends on its length.

    Raises:
        RunStateError: in a sentence.
    """
    if settings.schedule != "constant":
        what = f"its learning rates follow its length (schedule = {settings.schedule!r})"
    elif objective.scheduled:
        what = f"its losses follow its length ({type(objective).__name__})"
    else:
        return
    raise run_state.RunStateError(
        f"The run in {folder} was planned for {planned:,} images, and {what}: one of "
        f"{settings.images:,} images would have differed from the start. Start a new run from its "
        "release instead, with --init."
    )


def snapshot_steps(n_steps: int, n: int = 16, evenly: bool = False) -> set[int]:
    """Up to n steps at which to look at a training that goes ever slower: 0, 10, and from there to
    the last in equal ratios; or `evenly`, from 0 to the last in equal distances."""
    if evenly:
        return {round(n_steps * k / (n - 1)) for k in range(n)}
    first = min(10, n_steps)
    between = {round(first * (n_steps / first) ** (k / (n - 2))) for k in range(n - 1)}
    return {0, *between}


def _mean_over_processes(tail: list[dict[str, Tensor]]) -> dict[str, float]:
    """The mean of what was logged since the last time, over steps and processes."""
    names = list(tail[0])
    means = torch.stack(
        [torch.stack([row[name].float() for row in tail]).mean() for name in names]
    )
    if dist.is_initialized():
        dist.all_reduce(means)
        means /= dist.get_world_size()
    return dict(zip(names, means.tolist(), strict=True))


@torch.inference_mode()
def evaluation(
    objective: Objective,
    data: ImageSet,
    preprocessing: str,
    device: torch.device,
    batch: int = 250,
) -> dict[str, float]:
    """The means of `objective.evaluate` over a whole set, in float32."""
    was_training = objective.training
    objective.eval()
    x = preprocess_once(data.scaled(), preprocessing)
    sums: dict[str, float] = {}
    for s in range(0, len(data), batch):
        values = objective.evaluate(Batch(x[s : s + batch], data.labels[s : s + batch]).to(device))
        for name, value in values.items():
            sums[name] = sums.get(name, 0.0) + value.cpu().double().sum().item()
    objective.train(was_training)
    return {name: total / len(data) for name, total in sums.items()}


def start_processes(device: str) -> str:
    """Join the other processes when started by torchrun; returns this process's device."""
    if "RANK" in os.environ and "WORLD_SIZE" in os.environ and not dist.is_initialized():
        dist.init_process_group("nccl" if device.startswith("cuda") else "gloo")
        if device == "cuda":
            device = f"cuda:{os.environ.get('LOCAL_RANK', '0')}"
            torch.cuda.set_device(device)
    return device
