"""wrapped.json: torch's Adam within what goes around an optimizer, on the gradients and rates of optimizers.json.

ema, swa: the averages of torch's `AveragedModel`, which copies the parameters at its first update. accumulate: torch's
own way, the gradients of several backward passes in one `grad`. groups: two parameter groups.
"""

import torch
from torch.optim.swa_utils import AveragedModel

from common import number, write
from optimizers import BETAS, RATES, gradients, joined, start

RECORDED = [1, 2, 3, 5, 10, 20, 30, 40, 50, 60]
RATE = RATES["exponential"]["rate"]


def leaves_and_adam():
    leaves = [torch.nn.Parameter(x) for x in start()]
    return leaves, torch.optim.Adam([{"params": [x]} for x in leaves], lr=1, **BETAS)


def steps(leaves, optimizer, factors=(1, 1)):
    """One step after another; gives t = 0, 1, ... after each."""
    for t, grads in enumerate(zip(*gradients())):
        for group, factor, x, g in zip(optimizer.param_groups, factors, leaves, grads):
            group["lr"] = RATE(t) * factor
            x.grad = g.clone()
        optimizer.step()
        yield t


def averages(due, average=None):
    leaves, optimizer = leaves_and_adam()
    model = torch.nn.ParameterList(leaves)
    averaged = AveragedModel(model, avg_fn=average)
    for t in steps(leaves, optimizer):
        if due(t):
            averaged.update_parameters(model)
        yield joined(averaged.parameters() if averaged.n_averaged else leaves)


def ema(decay):
    return averages(lambda t: True, lambda old, new, _: torch.lerp(new, old, decay))


def swa(first, every):
    return averages(lambda t: t >= first and (t - first) % every == 0)


def accumulate(batches):
    leaves, optimizer = leaves_and_adam()
    for t, grads in enumerate(zip(*gradients())):
        for x, g in zip(leaves, grads):
            (x * g).sum().div(batches).backward()
        if (t + 1) % batches == 0:
            for group in optimizer.param_groups:
                group["lr"] = RATE(t // batches)
            optimizer.step()
            optimizer.zero_grad()
        yield joined(leaves)


def groups(factor):
    leaves, optimizer = leaves_and_adam()
    for _ in steps(leaves, optimizer, (1, factor)):
        yield joined(leaves)


CASES = [
    (ema, {"decay": 0.9}), (swa, {"first": 10, "every": 3}), (swa, {"first": 0, "every": 1}),
    (accumulate, {"batches": 2}), (groups, {"factor": 0.1}),
]


def generate():
    trajectory = lambda f, config: [x for t, x in enumerate(f(**config), 1) if t in RECORDED]
    record = lambda f, config: {
        "name": f.__name__, "config": config, "params": [[number(v) for v in x] for x in trajectory(f, config)],
    }
    write("wrapped", {"source": f"torch {torch.__version__}, float64", "recorded": RECORDED}, [record(*c) for c in CASES])
