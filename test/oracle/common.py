"""Shared by torch's fixture generators: seeded inputs, tensors as JSON; and what all generators share."""

import zlib

import numpy as np
import torch

from output import HERE, number, write

__all__ = ["HERE", "grid", "number", "rng", "tensor", "write"]
DTYPES = {torch.int64: "i32", torch.bool: "bool"}


def rng(name):
    """A generator of its own for every case, so that a new case leaves the others as they are."""
    return np.random.RandomState(zlib.crc32(name.encode()))


def grid(random, shape, scale=1.0):
    """Normal float64 values rounded to 1/256 and cut at +-8: exact in float32 and in nine decimal digits, never 0."""
    k = np.clip(np.rint(random.standard_normal(shape) * scale * 256), -2048, 2048)
    return torch.tensor(np.where(k == 0, 1, k) / 256, dtype=torch.float64)


def tensor(x, flush=0.0):
    """A tensor as {shape, data[, dtype]}; magnitudes below `flush` (the rounding noise of a true zero) become 0."""
    x = torch.as_tensor(x).detach()
    flat = x.reshape(-1)
    if x.dtype in DTYPES:
        return {"shape": list(x.shape), "data": [int(v) for v in flat], "dtype": DTYPES[x.dtype]}
    return {"shape": list(x.shape), "data": [number(v) if abs(v) >= flush else 0 for v in flat.tolist()]}
