"""Optimizers that torch 1.13 lacks, composed of what it has. Each function yields p and q, flat and joined, after every
step; what is not torch's in them is said in its first lines.
"""

import torch

from common import grid, rng

STEPS = 60


def gradients():
    """60 gradients for p and q."""
    random = rng("gradients")
    ps, qs = grid(random, [STEPS, 7]), grid(random, [STEPS, 3, 4])
    ps[:, 4], ps[:, 6] = 2.0**-27, 0
    steps = torch.arange(STEPS)
    ps[steps % 10 != 0, 5] = 0
    return ps, qs


def start():
    random = rng("parameters")
    p, q = grid(random, [7]), grid(random, [3, 4])
    p[4] = 0
    return p, q


def joined(leaves):
    return torch.cat([leaf.detach().flatten() for leaf in leaves]).numpy()


def of(values):
    return [torch.nn.Parameter(x.clone()) for x in values]


def step(optimizer, leaves, grads, **settings):
    """One step of a torch optimizer of one group; settings as in the group."""
    for leaf, g in zip(leaves, grads):
        leaf.grad = g.clone()
    optimizer.param_groups[0].update(settings)
    optimizer.step()


def nadam(config, rate):
    """torch's NAdam with its mean divided by 1 - P_(t+1), as Dozat has it and torch since 2.0. 1.13 has u_t P_(t+1) there.

    A step is the gradient's part and the mean's. The first is what a twin moves whose mean this gradient brings to 0; the
    second, which is the rest, is multiplied by (1 - u_t P_(t+1)) / (1 - P_(t+1)).
    """
    beta, psi, product = config["betas"][0], config["momentum_decay"], 1
    weight = lambda t: beta * (1 - 0.5 * 0.96 ** (t * psi))
    leaves, twins = of(start()), of(start())
    optimizer = torch.optim.NAdam(leaves, **config)
    for t, grads in enumerate(zip(*gradients())):
        before, state = [x.detach().clone() for x in leaves], [optimizer.state[x] for x in leaves]
        twin = torch.optim.NAdam(twins, **config)
        for x, g, old in zip(twins, grads, state):
            x.data.zero_()
            first = {"step": torch.tensor(0.0), "mu_product": torch.tensor(1.0).double(), "exp_avg_sq": torch.zeros_like(x)}
            twin.state[x] = {k: old.get(k, v).clone() for k, v in first.items()}
            twin.state[x]["exp_avg"] = -(1 - beta) / beta * g
        step(twin, twins, grads, lr=rate(t))
        step(optimizer, leaves, grads, lr=rate(t))
        now, after = weight(t + 1), weight(t + 2)
        product *= now
        for x, old, of_gradient in zip(leaves, before, twins):
            of_mean = x.data - old - of_gradient.data
            x.data = old + of_gradient.data + of_mean * (1 - product * now * after) / (1 - product * after)
        yield joined(leaves)


def adam_slides(config, rate):
    """torch's Adam with an epsilon of its own for every element and step: that for which sqrt(v) + it is sqrt(v + eps)."""
    eps, betas = config["eps"], config["betas"]
    leaves, twins = ([torch.nn.Parameter(x.clone()) for x in torch.cat([x.flatten() for x in start()])] for _ in range(2))
    optimizer = torch.optim.Adam([{"params": [x]} for x in leaves], betas=betas)
    twin = torch.optim.Adam(twins, betas=betas)
    for t, grads in enumerate(zip(*gradients())):
        grads = torch.cat([g.flatten() for g in grads])
        step(twin, twins, grads)
        for group, x, seen, g in zip(optimizer.param_groups, leaves, twins, grads):
            v = twin.state[seen]["exp_avg_sq"].item() / (1 - betas[1] ** (t + 1))
            group.update(lr=rate(t), eps=eps / (v**0.5 + (v + eps) ** 0.5))
            x.grad = g.clone()
        optimizer.step()
        yield joined(leaves)


def lamb(config, rate):
    """torch's Adam at rate 1 says where to, `normalize` makes it a direction, SGD goes. The decay is added by hand."""
    decay = config["weight_decay"]
    pushed, leaves = of(start()), of(start())
    adam = torch.optim.Adam(pushed, lr=1, betas=config["betas"], eps=config["eps"])
    sgd = torch.optim.SGD(leaves, lr=1)
    for t, grads in enumerate(zip(*gradients())):
        for x in pushed:
            x.data.zero_()
        step(adam, pushed, grads)
        updates = [decay * x.detach() - u.detach() for x, u in zip(leaves, pushed)]
        directions = [torch.nn.functional.normalize(u.flatten(), dim=0, eps=0).view_as(u) for u in updates]
        step(sgd, leaves, [x.detach().norm() * d for x, d in zip(leaves, directions)], lr=rate(t))
        yield joined(leaves)
