"""training.json: 60 steps of a batch-normalized net on three mini-batches in turn, for each common optimizer.

Rates: 0.1 * 0.1^(t / 60) for t = 0, 1, ...; Adam a tenth of that. Step t reads batch t mod 3.
"""

import torch

from common import grid, number, rng, tensor, write
from nets import dense, forward, initialize, kind, loss_of, norm, place, table

STEPS = 60
NODES = table(
    kind("input", shape=[6]), dense(9, False), norm("torch"), kind("elu"),
    dense(7, False), norm("tf1"), kind("tanh"), dense(4),
)
OPTIMIZERS = {
    "sgd": (torch.optim.SGD, {}),
    "momentum": (torch.optim.SGD, {"momentum": 0.9}),
    "nesterov": (torch.optim.SGD, {"momentum": 0.9, "nesterov": True}),
    "adam": (torch.optim.Adam, {"betas": [0.9, 0.999], "eps": 1e-8}),
}


def batches():
    random = rng("training")
    return [(grid(random, [n, 6]), torch.tensor(random.randint(0, 4, n))) for n in (10, 10, 7)]


def clip(leaves, limit):
    """Global norm, the plain form."""
    scale = limit / max(torch.sqrt(sum((x.grad**2).sum() for x in leaves)).item(), limit)
    for x in leaves:
        x.grad *= scale


def train(name, limit):
    params, state = initialize(NODES, rng("training parameters"))
    start = place(NODES, params=params, state=state)
    leaves = [leaf for group in params.values() for leaf in group.values()]
    constructor, config = OPTIMIZERS[name]
    optimizer = constructor(leaves, lr=1, **config)
    initial, losses = (0.01 if name == "adam" else 0.1), []
    for t in range(STEPS):
        inputs, labels = batches()[t % 3]
        optimizer.param_groups[0]["lr"] = initial * 0.1 ** (t / STEPS)
        optimizer.zero_grad()
        output, state = forward(NODES, params, state, [inputs], True)
        loss = loss_of("softmaxCrossEntropy", output, labels)
        loss.backward()
        if limit:
            clip(leaves, limit)
        optimizer.step()
        losses.append(number(loss.item()))
    rate = {"kind": "exponential", "initial": initial, "steps": STEPS, "decay": 0.1}
    run = {"name": name, "config": config, "rate": rate, "clipByGlobalNorm": limit, "losses": losses}
    return start, run | {"final": place(NODES, params=params, state=state)}


def generate():
    trained = [train(name, limit) for limit in (None, 0.25) for name in OPTIMIZERS]
    head = {
        "source": f"torch {torch.__version__}, float64", "loss": "softmaxCrossEntropy", "nodes": trained[0][0],
        "batches": [{"inputs": tensor(x), "labels": tensor(y)} for x, y in batches()],
    }
    write("training", head, [run for _, run in trained])
