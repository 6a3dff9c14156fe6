"""weights.json: class weights, torch's CrossEntropyLoss(weight), reduction "mean".

A dense layer (x w + b): the loss of every batch, the loss of all batches together, the gradients of the
loss of the first, and the parameters after ten steps of plain descent, batch t mod 3 in step t.
"""

import torch

from common import grid, number, rng, tensor, write

STEPS, RATE = 10, 0.25
SIZES = (7, 4, 5)


def loss_of(logits, labels, weights, rows):
    if rows is None:
        return torch.nn.CrossEntropyLoss(weight=weights)(logits, labels)
    each = torch.nn.functional.cross_entropy(logits, labels, reduction="none")
    r = weights[labels] * rows
    return (r * each).sum() / r.sum()


def case(weighed):
    random = rng(f"weights torch {weighed}")
    x = [grid(random, [n, 5]) for n in SIZES]
    labels = [torch.tensor(random.randint(0, 3, n)) for n in SIZES]
    weights = torch.tensor([0.5, 1.0, 3.25], dtype=torch.float64)
    rows = [grid(random, [n]).abs() if weighed else None for n in SIZES]
    w, b = grid(random, [5, 3], 0.5).requires_grad_(), grid(random, [3], 0.5).requires_grad_()
    start = {"w": tensor(w), "b": tensor(b)}
    of = lambda i: loss_of(x[i] @ w + b, labels[i], weights, rows[i])
    losses = [number(of(i).item()) for i in range(3)]
    everything = torch.cat(x) @ w + b
    total = loss_of(everything, torch.cat(labels), weights, torch.cat(rows) if weighed else None)
    gradients = dict(zip("wb", map(tensor, torch.autograd.grad(of(0), [w, b]))))
    for t in range(STEPS):
        g = torch.autograd.grad(of(t % 3), [w, b])
        with torch.no_grad():
            w -= RATE * g[0]
            b -= RATE * g[1]
    return {
        "name": f"classes{' and rows' if weighed else ''}", "classWeights": weights.tolist(),
        "start": start, "losses": losses, "total": number(total.item()), "gradients": gradients,
        "batches": [
            {"x": tensor(a), "labels": tensor(z)} | ({"weights": tensor(r)} if weighed else {})
            for a, z, r in zip(x, labels, rows)
        ],
        "final": {"w": tensor(w), "b": tensor(b)},
    }


def generate():
    head = {"source": f"torch {torch.__version__}, float64", "rate": RATE, "steps": STEPS}
    write("weights", head, [case(weighed) for weighed in (False, True)])
