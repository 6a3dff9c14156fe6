"""What optimizers.json gives to every optimizer, for the generators outside of torch: parameters, gradients, rates."""

import json

import numpy as np

from output import HERE, number

RECORDED = [1, 2, 3, 5, 10, 20, 30, 40, 50, 60]

_oracle = json.loads((HERE / "optimizers.json").read_text())
_array = lambda leaf: np.asarray(leaf["data"], np.float64).reshape(leaf["shape"])

RATES = _oracle["rates"]["exponential"]
START = [_array(_oracle["start"][name]) for name in "pq"]
GRADIENTS = list(zip(*(_array(_oracle["gradients"][name]) for name in "pq")))


def recorded(trajectory):
    """Of the leaves after every step those after RECORDED, flat and joined."""
    joined = lambda leaves: [number(x) for leaf in leaves for x in np.asarray(leaf).flatten()]
    return [joined(leaves) for t, leaves in enumerate(trajectory, 1) if t in RECORDED]


def told():
    """The cases of plateau.json: (config, mode, values)."""
    cases = json.loads((HERE / "plateau.json").read_text())["cases"]
    return [(c["config"], c["mode"], [np.nan if x is None else x for x in c["values"]]) for c in cases]
