"""Which row goes to which column, each to one: softly by Sinkhorn's iteration, or the best."""

from __future__ import annotations

import math

import torch
from torch import Tensor


def sinkhorn(scores: Tensor, n_iterations: int = 20) -> Tensor:
    """The logarithm of a matrix whose rows sum to one, and whose columns nearly do, by scores
    (..., N, N): log P = scores + u_i + v_j.

    Rows and columns are normalized in turn, rows last (Sinkhorn, 1964; for permutations Mena et
    al., "Learning Latent Permutations with Gumbel-Sinkhorn Networks", ICLR 2018,
    arXiv:1802.08665). Over a whole permutation u and v sum to the same whichever it is, so the
    best assignment by log P is that by the scores.

    Args:
        n_iterations: how often both are normalized, at least 1.
    """
    if n_iterations < 1:
        raise ValueError(f"Sinkhorn's iteration must run at least once, not {n_iterations} times.")
    for _ in range(n_iterations):
        scores = scores - scores.logsumexp(-2, keepdim=True)
        scores = scores - scores.logsumexp(-1, keepdim=True)
    return scores


def optimal_assignment(scores: Tensor) -> Tensor:
    """The column of each row, (B, N), no two the same, with the largest sum of scores (B, N, N).

    Raises:
        ValueError: when scores are of another shape or not finite.
    """
    if scores.ndim != 3 or scores.shape[1] != scores.shape[2]:
        raise ValueError(f"Scores must have shape (B, N, N), not {tuple(scores.shape)}.")
    if not bool(scores.isfinite().all()):
        raise ValueError("Scores must be finite.")
    columns = [_hungarian(cost) for cost in (-scores).tolist()]
    return torch.tensor(columns, dtype=torch.long, device=scores.device).view(scores.shape[:2])


def _hungarian(cost: list[list[float]]) -> list[int]:
    """The cheapest column of each row (Kuhn, 1955), by a shortest augmenting path for one row
    after the other (Jonker and Volgenant, 1987): N^3 steps at most, a millisecond for N = 16."""
    N = len(cost)
    u, v = [0.0] * N, [0.0] * (N + 1)  # potentials: cost - u - v is never below zero
    row_of = [-1] * (N + 1)  # of each column; column N stands for the row that is being added
    for row in range(N):
        row_of[N], j = row, N
        slack, before, done = [math.inf] * N, [N] * N, [False] * (N + 1)
        while row_of[j] >= 0:
            done[j], i = True, row_of[j]
            delta, nearest = math.inf, N
            for k in range(N):
                if done[k]:
                    continue
                reduced = cost[i][k] - u[i] - v[k]
                if reduced < slack[k]:
                    slack[k], before[k] = reduced, j
                if slack[k] < delta:
                    delta, nearest = slack[k], k
            for k in range(N + 1):
                if done[k]:
                    u[row_of[k]] += delta
                    v[k] -= delta
                elif k < N:
                    slack[k] -= delta
            j = nearest
        while j != N:  # along the path, each column takes the row of the one before it
            row_of[j] = row_of[before[j]]
            j = before[j]
    columns = [0] * N
    for k in range(N):
        columns[row_of[k]] = k
    return columns
