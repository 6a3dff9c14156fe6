"""plateau.json: the factors of torch's ReduceLROnPlateau, told 60 values, in float64.

Keras and Optax are told the same values. All are positive: torch's relative threshold takes a worse value for a better
one where they are negative.
"""

import itertools

import numpy as np
import torch
from torch.optim.lr_scheduler import ReduceLROnPlateau

from common import number, rng, write

VALUES = 60
WAYS = ("min", "max")
CASES = [
    {"patience": patience, "cooldown": cooldown, "threshold": threshold, "factor": factor, "smallest": smallest}
    for (patience, cooldown), (threshold, factor, smallest) in itertools.product(
        [(0, 0), (1, 0), (2, 0), (0, 2), (1, 1), (2, 3), (5, 1)], [(0.05, 0.5, 0), (0.2, 0.8, 0.3)]
    )
]


def values(name, way):
    """A fall (or rise) that slows down, with noise, and one NaN."""
    random = rng(f"plateau {name}")
    falling = np.rint(256 * (2 * np.exp(-np.arange(VALUES) / 12) + 1 + 0.1 * random.standard_normal(VALUES))) / 256
    falling[17] = np.nan
    return falling if way == "min" else 4 - falling


def run(way, c, told):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1)
    own = {"factor": c["factor"], "threshold": c["threshold"], "min_lr": c["smallest"], "eps": 0, "threshold_mode": "rel"}
    scheduler = ReduceLROnPlateau(optimizer, mode=way, patience=c["patience"], cooldown=c["cooldown"], **own)
    for x in told:
        scheduler.step(x)
        yield number(optimizer.param_groups[0]["lr"])


def generate():
    cases = []
    for way, (i, c) in itertools.product(WAYS, enumerate(CASES)):
        told = values(i, way)
        record = {"mode": way, "config": c, "values": [None if np.isnan(x) else number(x) for x in told]}
        cases.append(record | {"factors": list(run(way, c, told))})
    write("plateau", {"source": f"torch {torch.__version__}, float64"}, cases)
