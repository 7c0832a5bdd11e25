"""Avatars: faces of which everything is known, drawn here, 64x64 in color.

A face is one value of each attribute in SCHEMA, and nothing else: the same face with one attribute
changed can be drawn as well, so an edit has a true answer. Every value can be seen in the picture
(a hat leaves the hair below its brim, glasses are clear), and all are drawn independently and
alike often, but for the combinations held out of training (`held_out`).

The parts are those of python-avatars (MIT; after Avataaars by Pablo Stanley, free for any use),
put together here and rasterized by resvg.
"""

from __future__ import annotations

import hashlib
import importlib
import itertools
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from tqdm import tqdm

from genzoo.data.errors import DataError

SIDE = 64
"""Pixels of a picture, each way."""

SCHEMA: dict[str, tuple[str, ...]] = {
    "hair": ("short", "curly", "bob", "long"),
    "hair_color": ("black", "brown", "blonde", "red", "gray"),
    "skin": ("pale", "tan", "brown", "dark"),
    "glasses": ("none", "glasses"),
    "beard": ("none", "mustache", "beard"),
    "mouth": ("serious", "smiling", "open"),
    "eyes": ("open", "closed", "winking", "wide"),
    "hat": ("none", "hat"),
    "clothes": ("shirt", "hoodie", "blazer", "overall"),
    "clothes_color": ("red", "blue", "green", "white", "black"),
    "background": ("sky", "mint", "sand", "rose"),
}
"""The values of each attribute, in the order in which a face has them. The hat is of the color of
the clothes, the beard of that of the hair."""

HELD_OUT = ("hair", "hair_color", "skin")
"""One in ten combinations of these is in no training picture."""

N_FACES = {"train": 20_000, "validation": 1_000, "test": 2_000, "novel": 1_000}
"""Pictures of a split. All but "novel" are of combinations seen in training, "novel" of the
others."""

VERSION = 1
"""Version of the pictures: a cached file of another version is not read."""

Face = tuple[int, ...]
"""For each attribute of SCHEMA the index of its value."""

CLASSES = tuple(SCHEMA)


def face(seed: int, **values: str) -> Face:
    """The face of a seed, whatever the machine, with some attributes set by name.

    Raises:
        ValueError: in a sentence, on an unknown attribute or value.
    """
    digest = hashlib.blake2b(str(seed).encode(), digest_size=4 * len(SCHEMA)).digest()
    numbers = [int.from_bytes(digest[i : i + 4], "big") for i in range(0, len(digest), 4)]
    drawn = tuple(n % len(of) for n, of in zip(numbers, SCHEMA.values(), strict=True))
    return changed(drawn, **values)


def changed(face: Face, **values: str) -> Face:
    """The same face with some attributes set by name: changed(face, hat="none", beard="beard").

    Raises:
        ValueError: in a sentence, on an unknown attribute or value.
    """
    numbers = list(face)
    for name, value in values.items():
        if name not in SCHEMA:
            raise ValueError(f"Unknown attribute {name!r}; there are: {', '.join(SCHEMA)}.")
        if value not in SCHEMA[name]:
            known = ", ".join(SCHEMA[name])
            raise ValueError(f"Unknown {name} {value!r}; there are: {known}.")
        numbers[list(SCHEMA).index(name)] = SCHEMA[name].index(value)
    return tuple(numbers)


def named(face: Sequence[int]) -> dict[str, str]:
    """The value of each attribute by name.

    Raises:
        ValueError: in a sentence, when that is no face.
    """
    if len(face) != len(SCHEMA):
        raise ValueError(f"A face has {len(SCHEMA)} attributes, not {len(face)}.")
    for (name, values), i in zip(SCHEMA.items(), face, strict=True):
        if not 0 <= i < len(values):
            raise ValueError(f"The {name} must be 0 to {len(values) - 1}, not {i}.")
    return {name: values[i] for (name, values), i in zip(SCHEMA.items(), face, strict=True)}


def held_out(face: Face) -> bool:
    """Whether the face is of a combination that is kept out of training: 8 of the 80, in which no
    two values are together twice."""
    hair, color, skin = (face[list(SCHEMA).index(name)] for name in HELD_OUT)
    return (hair + skin) % 2 == 0 and color == (hair + 2 * skin) % 5


def faces(split: str) -> list[Face]:
    """The faces of a split, a function of its name alone; none of another is in training.

    Raises:
        ValueError: on an unknown split.
    """
    if split not in N_FACES:
        raise ValueError(f"Unknown split {split!r}; there are: {', '.join(N_FACES)}.")
    first = list(N_FACES).index(split) * 1_000_000
    drawn = (face(seed) for seed in itertools.count(first))
    trained = set() if split == "train" else set(faces("train"))
    fitting = (f for f in drawn if held_out(f) == (split == "novel") and f not in trained)
    return list(itertools.islice(fitting, N_FACES[split]))


def sample_labels(u: Tensor) -> Tensor:
    """Labels (B, attributes) of faces distributed as those of the training split, by uniform noise
    u (B, attributes) in [0, 1): all values equally likely, but for the combinations held out."""
    labels = (u * torch.tensor([len(values) for values in SCHEMA.values()])).long()
    seen = torch.tensor(_seen())
    columns = [CLASSES.index(name) for name in HELD_OUT]
    labels[:, columns] = seen[(u[:, columns[0]] * len(seen)).long()]
    return labels


@cache
def _seen() -> list[tuple[int, ...]]:
    """The combinations of HELD_OUT that are in training pictures."""
    some = itertools.product(*(range(len(SCHEMA[name])) for name in HELD_OUT))
    rest = dict.fromkeys(SCHEMA, 0)
    whole = {values: rest | dict(zip(HELD_OUT, values, strict=True)) for values in some}
    return [values for values, face in whole.items() if not held_out(tuple(face.values()))]


# Drawing

_TOP = {"short": "PIXIE", "curly": "CURLY", "bob": "BOB", "long": "STRAIGHT_1"}
_HAIR = {
    "black": "#2c1b18",
    "brown": "#7a4a2b",
    "blonde": "#e3c05c",
    "red": "#c93305",
    "gray": "#b3bcc4",
}
_SKIN = {"pale": "#ffdbb4", "tan": "#e0a46c", "brown": "#ae5d29", "dark": "#6e4230"}
_BEARD = {"none": "NONE", "mustache": "MOUSTACHE_MAGNUM", "beard": "BEARD_MEDIUM"}
_MOUTH = {"serious": "SERIOUS", "smiling": "SMILE", "open": "SCREAM_OPEN"}
_EYES = {"open": "DEFAULT", "closed": "CLOSED", "winking": "WINK", "wide": "SURPRISED"}
_GLASSES = {"none": "NONE", "glasses": "PRESCRIPTION_2"}
_CLOTHES = {
    "shirt": "SHIRT_CREW_NECK",
    "hoodie": "HOODIE",
    "blazer": "BLAZER_SHIRT",
    "overall": "OVERALL",
}
_CLOTH = {
    "red": "#e0344c",
    "blue": "#3568d4",
    "green": "#3fa66b",
    "white": "#f2f2f2",
    "black": "#26262b",
}
_BACKGROUND = {"sky": "#a9d8f5", "mint": "#bdeccb", "sand": "#f5e2b8", "rose": "#f7c6d4"}

_VIEW = "8 -4 248 248"
"""What of the drawing, 264 x 280, is in the picture."""

_BELOW_HAT = "M0,280 V150 Q30,92 70,84 H194 Q234,92 264,150 V280 Z"
"""What a hat leaves of the hair."""

_HAT = "translate(0 -10)"
"""Worn high, so that of the shortest hair something is to be seen."""

FAINT, PLAIN = 12, 60
"""Steps of color, of 255, up to which a sketch has no line and from which it is black."""

_SVG = "http://www.w3.org/2000/svg"


def svg(face: Face) -> str:
    """The drawing of a face, without its background.

    Raises:
        ValueError: when that is no face.
    """
    values = named(face)
    if values["hat"] == "none":
        root = _avatar(values, _TOP[values["hair"]], worn=True)
    else:
        root = _avatar(values, "WINTER_HAT_3", worn=True)
        top = _top(root)
        under = _top(_avatar(values, _TOP[values["hair"]], worn=False))
        # What follows lies above: the hair below the brim, then the hat and what the face wears.
        clip = ElementTree.Element(f"{{{_SVG}}}clipPath", {"id": "brim"})
        ElementTree.SubElement(clip, f"{{{_SVG}}}path", {"d": _BELOW_HAT})
        hair = ElementTree.Element(f"{{{_SVG}}}g", {"clip-path": "url(#brim)"})
        hair.extend(list(under))
        hat = next(e for e in top if "Winter-Hat" in e.get("id", ""))
        hat.set("transform", _HAT)
        top.insert(0, hair)
        top.insert(0, clip)
    for eyes in (e for e in root.iter() if "_Eyes/" in e.get("id", "")):
        eyes.set("fill-opacity", "0.9")  # at 64 pixels little is left of an eye
    for key, value in {"viewBox": _VIEW, "width": "1", "height": "1"}.items():
        root.set(key, value)
    return ElementTree.tostring(root, encoding="unicode")


def _avatar(values: Mapping[str, str], top: str, worn: bool) -> ElementTree.Element:
    """With or without what the face wears: glasses and beard."""
    parts = _drawer("python_avatars")
    hat = top not in parts.HairType.__members__
    cloth, hair = _CLOTH[values["clothes_color"]], _HAIR[values["hair_color"]]
    drawing = parts.Avatar(
        style=parts.AvatarStyle.TRANSPARENT,
        top=(parts.HatType if hat else parts.HairType)[top],
        hat_color=cloth,
        hair_color=hair,
        facial_hair=parts.FacialHairType[_BEARD[values["beard"]] if worn else "NONE"],
        facial_hair_color=hair,
        accessory=parts.AccessoryType[_GLASSES[values["glasses"]] if worn else "NONE"],
        skin_color=_SKIN[values["skin"]],
        eyes=parts.EyeType[_EYES[values["eyes"]]],
        mouth=parts.MouthType[_MOUTH[values["mouth"]]],
        clothing=parts.ClothingType[_CLOTHES[values["clothes"]]],
        clothing_color=cloth,
    )
    return ElementTree.fromstring(drawing.render())


def _top(root: ElementTree.Element) -> ElementTree.Element:
    return next(e for e in root.iter() if e.get("id", "").endswith("_Top"))


def render(face: Face, side: int = SIDE) -> np.ndarray:
    """The picture of a face, (side, side, 3) uint8.

    Raises:
        ValueError: when that is no face.
        DataError: when the packages that draw are not installed.
    """
    png = _drawer("resvg_py").svg_to_bytes(
        svg_string=svg(face),
        width=side,
        height=side,
        background=_BACKGROUND[named(face)["background"]],
        skip_system_fonts=True,
    )
    return np.asarray(Image.open(BytesIO(bytes(png))).convert("RGB"))


def _drawer(package: str) -> Any:
    """One of the packages that draw; a cached set needs none."""
    try:
        return importlib.import_module(package)
    except ImportError as error:
        raise DataError(
            "Faces are drawn by python-avatars and resvg-py, which are not installed: "
            "pip install python-avatars resvg-py"
        ) from error


def truth(labels: Tensor) -> Tensor:
    """The pictures of labels (B, attributes), (B, 3, 64, 64) float32 in [0, 1].

    Raises:
        ValueError: when one is no face.
    """
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        pictures = list(pool.map(_colored, labels.tolist()))
    return torch.from_numpy(np.stack(pictures)).float() / 255


def sketch(face: Face, side: int = SIDE) -> np.ndarray:
    """The same face as a line drawing, (side, side) uint8, black on white: a line wherever the
    picture, four times as large, changes its color.

    Raises:
        ValueError: when that is no face.
    """
    picture = render(face, 4 * side).astype(np.int16)
    ink = np.zeros(picture.shape[:2])
    for axis in (0, 1):
        step = np.abs(np.diff(picture, axis=axis)).max(2)
        before = np.pad(step, [(int(a == axis), 0) for a in (0, 1)])
        after = np.pad(step, [(0, int(a == axis)) for a in (0, 1)])
        ink = np.maximum(ink, np.maximum(before, after))
    ink = np.clip((ink - FAINT) / (PLAIN - FAINT), 0, 1)
    coverage = ink.reshape(side, 4, side, 4).mean((1, 3))
    return np.rint(255 * (1 - np.minimum(1, 2 * coverage))).astype(np.uint8)


# The data sets


def read(root: Path, split: str) -> tuple[Tensor, Tensor, tuple[str, ...]]:
    """(images (N, 3, 64, 64) uint8, labels (N, attributes), the attributes' names); rendered once
    and kept in root/avatars."""
    wanted = faces(split)
    return _kept(root, f"color-{split}", wanted, _colored), torch.tensor(wanted), CLASSES


def read_sketches(root: Path, split: str) -> tuple[Tensor, Tensor, tuple[str, ...]]:
    """The same faces as line drawings, (N, 1, 64, 64)."""
    wanted = faces(split)
    return _kept(root, f"sketch-{split}", wanted, _sketched), torch.tensor(wanted), CLASSES


def read_unpaired(root: Path, split: str) -> tuple[Tensor, Tensor, tuple[str, ...]]:
    """Faces in color and line drawings, one above the other, (N, 4, 64, 64), with the labels of
    those in color. In training they are of different faces, half of all each, so that none is
    there in both; in the other splits of the same one."""
    images, labels, classes = read(root, split)
    if split != "train":
        return torch.cat([images, read_sketches(root, split)[0]], dim=1), labels, classes
    half = len(images) // 2
    drawn = _kept(root, "sketch-unpaired", faces(split)[half : 2 * half], _sketched)
    return torch.cat([images[:half], drawn], dim=1), labels[:half], classes


def _colored(face: Face) -> np.ndarray:
    return render(face).transpose(2, 0, 1)


def _sketched(face: Face) -> np.ndarray:
    return sketch(face)[None]


def _kept(root: Path, name: str, wanted: list[Face], draw: Callable[[Face], np.ndarray]) -> Tensor:
    path = root / "avatars" / f"{name}-{VERSION}.npy"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        with ThreadPoolExecutor(os.cpu_count()) as pool:  # resvg draws outside of Python's lock
            drawn = tqdm(pool.map(draw, wanted), total=len(wanted), desc=path.stem, unit="face")
            images = np.stack(list(drawn))
        # Under a name of its own until it is whole: another process may draw the same.
        part = path.with_suffix(f".{os.getpid()}.part")
        try:
            with part.open("wb") as file:
                np.save(file, images)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
    images = np.load(path)
    if len(images) != len(wanted):
        raise ValueError(f"{path} holds {len(images)} pictures, not {len(wanted)}; delete it.")
    return torch.from_numpy(images)
