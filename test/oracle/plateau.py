"""plateau.json: the factors of torch's ReduceLROnPlateau, told 60 values, in float64.

Keras' callback of that name is the same under other settings: an absolute threshold; a rate that falls at the
`patience`-th check without progress where torch's falls at the one after it (0 is taken for 1); and a cooldown whose
last check counts where torch's does not. `eps` is 0, since Keras has none. All values are positive: torch's relative
threshold takes a worse value for a better one where they are negative.
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


def settings(form, c):
    shared = {"factor": c["factor"], "threshold": c["threshold"], "min_lr": c["smallest"], "eps": 0}
    if form == "torch":
        return shared | {"patience": c["patience"], "cooldown": c["cooldown"], "threshold_mode": "rel"}
    earlier = lambda n: max(n, 1) - 1
    return shared | {"patience": earlier(c["patience"]), "cooldown": earlier(c["cooldown"]), "threshold_mode": "abs"}


def run(form, way, c, told):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1)
    scheduler = ReduceLROnPlateau(optimizer, mode=way, **settings(form, c))
    for x in told:
        scheduler.step(x)
        yield number(optimizer.param_groups[0]["lr"])


def generate():
    cases = []
    for form, way, (i, c) in itertools.product(("torch", "keras"), WAYS, enumerate(CASES)):
        told = values(i, way)
        record = {"form": form, "mode": way, "config": c, "values": [None if np.isnan(x) else number(x) for x in told]}
        cases.append(record | {"factors": list(run(form, way, c, told))})
    write("plateau", {"source": f"torch {torch.__version__}, float64"}, cases)
