"""trajectories.json: 60 steps of the net of training.json with every other optimizer of torch, its schedulers, weight
decay and clipping, in float64.

Step t reads batch t mod 3 and the rate that the scheduler says. `clip` is torch's own: a value, or a norm (with 1e-6
added to it). ReduceLROnPlateau is asked with the loss of a step before the optimizer steps.
"""

import torch
from torch.nn.utils import clip_grad_norm_, clip_grad_value_
from torch.optim import lr_scheduler as by

from common import number, rng, tensor, write
from nets import forward, initialize, loss_of, place
from training import NODES, batches

STEPS = 60
CASES = [
    ("sgd", torch.optim.SGD, 0.1, {"momentum": 0.9, "nesterov": True, "weight_decay": 0.01}, "oneCycle",
     lambda o: by.OneCycleLR(o, 0.1, STEPS, cycle_momentum=False), {"norm": 0.5}),
    ("adamW", torch.optim.AdamW, 0.01, {"weight_decay": 0.1}, "cosineRestarts",
     lambda o: by.CosineAnnealingWarmRestarts(o, 10, 2, 1e-4), {"value": 0.05}),
    ("amsgrad", torch.optim.Adam, 0.02, {"amsgrad": True, "weight_decay": 0.01}, "plateau",
     lambda o: by.ReduceLROnPlateau(o, factor=0.5, patience=2), {}),
    ("rmsprop", torch.optim.RMSprop, 0.005, {"alpha": 0.9, "momentum": 0.5}, "staircase",
     lambda o: by.StepLR(o, 10, 0.5), {}),
    ("rmsprop", torch.optim.RMSprop, 0.002, {"alpha": 0.95, "centered": True, "eps": 1e-3}, "piecewise",
     lambda o: by.MultiStepLR(o, [15, 30], 0.1), {}),
    ("adagrad", torch.optim.Adagrad, 0.1, {"initial_accumulator_value": 0.1}, "polynomial",
     lambda o: by.PolynomialLR(o, STEPS, 2), {"norm": 1}),
    ("adadelta", torch.optim.Adadelta, 1, {}, "linear", lambda o: by.LinearLR(o, 0.25, 1, 20), {}),
    ("adamax", torch.optim.Adamax, 0.02, {"weight_decay": 0.01}, "cosine",
     lambda o: by.CosineAnnealingLR(o, STEPS, 1e-3), {}),
    ("nadam", torch.optim.NAdam, 0.02, {}, "exponential", lambda o: by.ExponentialLR(o, 0.95), {}),
    ("radam", torch.optim.RAdam, 0.02, {"betas": [0.9, 0.99]}, "sequence",
     lambda o: by.SequentialLR(o, [by.LinearLR(o, 0.1, 1, 10), by.ExponentialLR(o, 0.9)], [10]), {}),
]


def train(name, constructor, rate, config, schedule, scheduler_of, clip):
    params, state = initialize(NODES, rng("training parameters"))
    leaves = [leaf for group in params.values() for leaf in group.values()]
    optimizer = constructor(leaves, lr=rate, **config)
    scheduler = scheduler_of(optimizer)
    losses, rates = [], []
    for t in range(STEPS):
        inputs, labels = batches()[t % 3]
        optimizer.zero_grad()
        output, state = forward(NODES, params, state, [inputs], True)
        loss = loss_of("softmaxCrossEntropy", output, labels)
        loss.backward()
        if "value" in clip:
            clip_grad_value_(leaves, clip["value"])
        if "norm" in clip:
            clip_grad_norm_(leaves, clip["norm"])
        if schedule == "plateau":
            scheduler.step(loss.item())
        rates.append(number(optimizer.param_groups[0]["lr"]))
        optimizer.step()
        if schedule != "plateau":
            scheduler.step()
        losses.append(number(loss.item()))
    return {
        "optimizer": name, "rate": rate, "config": config, "schedule": schedule, "clip": clip,
        "rates": rates, "losses": losses, "final": place(NODES, params=params, state=state),
    }


def generate():
    params, state = initialize(NODES, rng("training parameters"))
    head = {
        "source": f"torch {torch.__version__}, float64", "loss": "softmaxCrossEntropy",
        "nodes": place(NODES, params=params, state=state),
        "batches": [{"inputs": tensor(x), "labels": tensor(y)} for x, y in batches()],
    }
    write("trajectories", head, [train(*case) for case in CASES])
