"""Where bfloat16 is arithmetic of the processor, and where it is only imitated."""

from __future__ import annotations

import torch

NATIVE = ("avx512_bf16", "amx_bf16", "bf16")
"""What processors that compute in bfloat16 are able to: x86 by two extensions, ARM by one."""


def has_bfloat16(device: torch.device) -> bool:
    """Whether `device` computes in bfloat16 itself. A CPU that does not still takes such tensors,
    but is many times slower with them than in single precision."""
    if device.type != "cpu":
        return True
    able = torch.cpu.get_capabilities()
    return any(able.get(name, False) for name in NATIVE)
