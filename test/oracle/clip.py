"""clip.json: clipping by value, by norm and by global norm, in float64 (not torch's clip_grad_norm_, which adds 1e-6).

value: max(min(g, c), -c). norm: g c / max(||g||, c) for each tensor. globalNorm: g c / max(sqrt(sum ||g_i||^2), c).
"""

import torch

from common import grid, rng, tensor, write


def norm(*tensors):
    return torch.sqrt(sum((g * g).sum() for g in tensors))


def clip(kind, limit, gradients):
    c = torch.tensor(limit, dtype=torch.float64)
    if kind == "value":
        return [g.clamp(-limit, limit) for g in gradients]
    if kind == "norm":
        return [g * c / torch.maximum(norm(g), c) for g in gradients]
    return [g * c / torch.maximum(norm(*gradients), c) for g in gradients]


def generate():
    random = rng("clip")
    shapes = ([3, 4], [4], [17], [2, 3, 5], [1])
    zero = lambda xs: [torch.zeros_like(x) for x in xs]
    ordinary = [grid(random, shape) for shape in shapes]
    sets = {
        "ordinary": ordinary,
        "small": [g / 1024 for g in ordinary],
        "large": [g * 1024 for g in ordinary],
        "uneven": [g * scale for g, scale in zip(ordinary, (64, 1, 0.25, 1 / 1024, 0))],
        "zero": zero(ordinary),
        "single": [grid(random, [7])],
        "onTheLimit": [torch.tensor([3.0, 4.0], dtype=torch.float64)],
    }
    cases = [
        {
            "name": f"{kind} {limit} {name}", "kind": kind, "limit": limit, "gradients": [tensor(g) for g in gradients],
            "globalNorm": tensor(norm(*gradients)), "clipped": [tensor(g) for g in clip(kind, limit, gradients)],
        }
        for name, gradients in sets.items() for kind in ("value", "norm", "globalNorm") for limit in (0.5, 1.0, 5.0)
    ]
    write("clip", {"source": "formulas, float64"}, cases)
