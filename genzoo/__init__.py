"""genzoo: the generative models of a first course, implemented, trained and released.

>>> import genzoo
>>> nade = genzoo.load("nade-mnist", role=genzoo.roles.Generative)
>>> digits = nade.sample(16)  # (16, 1, 28, 28), float32 in [0, 1]
"""

from genzoo import roles
from genzoo.releases import ReleaseError, info, load

__version__ = "0.1.0"
__all__ = ["ReleaseError", "__version__", "info", "load", "roles"]
