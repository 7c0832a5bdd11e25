"""A batch whose rows several processes share, put together again.

Most losses are means over images, which add up. A few depend on the whole batch: these gather it,
so that training with several processes follows the curve of one.
"""

from __future__ import annotations

import torch
import torch.distributed as dist
from torch import Tensor


def gathered(x: Tensor) -> Tensor:
    """The rows of all processes in the order of their ranks: x (B, ...) to (world * B, ...), or x
    itself where there is one process.

    It can be differentiated, and every process must then do so: a loss that all of them compute
    from the whole batch has, averaged over processes, the gradient that one process would have.
    """
    if not dist.is_initialized():
        return x
    from torch.distributed.nn.functional import all_gather  # it needs a build with processes

    return torch.cat(all_gather(x))


def own_rows(whole: Tensor) -> Tensor:
    """This process's rows of what `gathered` gave, (world * B, ...) to (B, ...)."""
    if not dist.is_initialized():
        return whole
    return whole.chunk(dist.get_world_size())[dist.get_rank()]
