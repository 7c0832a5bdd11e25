"""What is written: every argument has a description, and the words are those of the field."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import re
from pathlib import Path

import pytest

PACKAGES = ("genzoo.data", "genzoo.models", "genzoo.nn", "genzoo.objectives", "genzoo.train")


def modules(packages: tuple[str, ...]) -> list[str]:
    names = []
    for package in packages:
        names.append(package)
        path = importlib.import_module(package).__path__
        names += [m.name for m in pkgutil.walk_packages(path, f"{package}.")]
    return [name for name in names if not name.endswith("__main__")]


def public_classes() -> dict[str, type]:
    """The classes that are built with arguments of their own, by module and name."""
    found = {}
    for module in (*modules(PACKAGES), "genzoo.recipes.base"):
        for name, cls in vars(importlib.import_module(module)).items():
            own = inspect.isclass(cls) and cls.__module__ == module and "__init__" in vars(cls)
            if own and not name.startswith("_") and not issubclass(cls, BaseException):
                found[f"{module}.{name}"] = cls
    return found


@pytest.mark.parametrize("name", public_classes())
def test_every_argument_of_a_constructor_is_described(name):
    cls = public_classes()[name]
    _, _, described = (inspect.getdoc(cls) or "").partition("Args:\n")
    heads = re.findall(r"^ {4}([\w, *]+):", described, re.MULTILINE)
    known = {part.strip(" *") for head in heads for part in head.split(",")}
    asked = set(inspect.signature(cls.__init__).parameters) - {"self"}
    assert asked <= known, f"{name} does not describe {', '.join(sorted(asked - known))}"


ROOT = Path(__file__).resolve().parent.parent

FIELDS_WORD = {
    r"\bdraws? (of|from|alone)\b|\b(\d+|n|N) draws\b|\bdrawn (from|once|anew)\b": "sample",
    r"\bfree numbers\b": "free parameters",
    r"\bmean and (a|its|their) deviations?\b": "standard deviation",
    r"\bprice of (a nat|the code|the KL)\b|\bnat of KL costs\b": "weight of the KL term",
    r"\bfull joint\b(?! distribution)": "full joint distribution",
    r"\bsymbols?\b": "token",
    r"\bholds? (a|the) (picture|image) for\b": "assign a picture ... nats",
    r"\blikelier\b": "more likely",
    r"\breckon(s|ed|ing)?\b": "compute",
    r"\bpractic?sed\b|\bpracticed\b": "trained on",
    r"\b(pictures|images) that are made\b|\bmade (ones|images|pictures)\b": "generated, fake",
    r"\bthere and back\b": "cycle-consistency error",
    r"\boff by\b": "error",
    r"\bnamed rightly\b": "identified",
    r"\bfloors?\b": "reference",
    r"\bby itself\b": "under its own model, or separately",
    r"\brectifiers?\b": "ReLU",
}
"""What is not said, as a pattern, and the word of the field."""

LITERALS = re.compile(r"`[^`]*`|\([^()\s]*\.(md|png|json|com|org)[^()\s]*\)")
"""Names of the code and addresses are not words."""


def docstrings(path: Path) -> str:
    """All strings that stand alone: docstrings of modules, classes, functions and constants."""
    nodes = ast.walk(ast.parse(path.read_text()))
    values = (n.value for n in nodes if isinstance(n, ast.Expr))
    texts = (v.value for v in values if isinstance(v, ast.Constant))
    return "\n".join(text for text in texts if isinstance(text, str))


def strings(path: Path) -> str:
    """All strings of a module, which print to its users."""
    constants = (n for n in ast.walk(ast.parse(path.read_text())) if isinstance(n, ast.Constant))
    return "\n".join(c.value for c in constants if isinstance(c.value, str))


SOURCES = sorted((ROOT / "genzoo").rglob("*.py"))
PRINTED = {ROOT / "genzoo/cli.py", ROOT / "genzoo/report.py"}


@pytest.mark.parametrize("path", [*SOURCES, ROOT / "README.md"], ids=lambda path: path.name)
def test_the_words_are_those_of_the_field(path):
    if path.suffix == ".md":
        text = path.read_text()
    else:
        text = strings(path) if path in PRINTED else docstrings(path)
    text = LITERALS.sub("", text)
    for pattern, word in FIELDS_WORD.items():
        found = list(re.finditer(pattern, text))
        said = [text[max(0, m.start() - 30) : m.end() + 30].replace("\n", " ") for m in found]
        assert not said, f"{path.relative_to(ROOT)} says {said}; the field says {word!r}"


def test_a_word_that_is_not_the_fields_is_found():
    for said in ("n draws of p(z)", "a mean and a deviation", "the full joint table", "reckoned"):
        assert any(re.search(pattern, said) for pattern in FIELDS_WORD), said
    for right in ("the full joint distribution", "drawn with the pen", "a sample of p(z)"):
        assert not any(re.search(pattern, right) for pattern in FIELDS_WORD), right
