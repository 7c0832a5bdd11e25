"""What is minimized, by whom, in what order."""

from genzoo.objectives.adversarial import AdversarialGame
from genzoo.objectives.base import Objective, Progress, Update
from genzoo.objectives.counting import Counting
from genzoo.objectives.likelihood import MaximumLikelihood

__all__ = ["AdversarialGame", "Counting", "MaximumLikelihood", "Objective", "Progress", "Update"]
