"""layers.json: layers and losses that nets.json is without, by torch.nn.functional, in float64.

Each case is a function of its tensors in order; with s = sum(output * weights), gradients[i] = ds / d inputs[i].
"""

import torch
import torch.nn.functional as F

from common import grid, rng, tensor, write


def channels_first(x, gamma, beta):
    return F.batch_norm(x, None, None, gamma, beta, training=True)


def grouped(groups):
    """Channels last, as the library has them; torch wants them second."""
    return lambda x, gamma, beta: F.group_norm(x.movedim(-1, 1), groups, gamma, beta).movedim(1, -1)


def generate():
    spread = [64]
    cases = [
        ("hardSigmoid", F.hardsigmoid, [spread]),
        ("softsign", F.softsign, [spread]),
        ("relu6", F.relu6, [spread]),
        ("celu", F.celu, [spread]),
        ("celu 2", lambda x: F.celu(x, 2.0), [spread]),
        ("mish", F.mish, [spread]),
        ("swish", F.silu, [spread]),
        ("prelu", F.prelu, [[1]]),
        ("layerNorm", lambda x, g, b: F.layer_norm(x, [5], g, b), [[3, 4, 5], [5], [5]]),
        ("layerNorm 2", lambda x, g, b: F.layer_norm(x, [4, 5], g, b), [[3, 4, 5], [4, 5], [4, 5]]),
        ("groupNorm", grouped(2), [[3, 2, 3, 4], [4], [4]]),
        ("batchNorm axis 0", channels_first, [[3, 2, 4], [2], [2]]),
    ]
    written = []
    for name, f, shapes in cases:
        random = rng(name)
        if name == "prelu":
            inputs = [grid(random, [6, 3], 2), grid(random, [3])]
        else:
            inputs = [grid(random, shape, 4 if shape is spread else 1) for shape in shapes]
        inputs = [x.requires_grad_() for x in inputs]
        output = f(*inputs)
        weights = grid(random, list(output.shape))
        gradients = torch.autograd.grad((output * weights).sum(), inputs)
        written.append({
            "name": name, "inputs": [tensor(x) for x in inputs], "weights": tensor(weights),
            "output": tensor(output), "gradients": [tensor(g, 1e-12) for g in gradients],
        })
    random = rng("smoothing")
    x = grid(random, [4, 5], 2).requires_grad_()
    classes = torch.tensor(random.randint(0, 5, 4))
    rows = torch.softmax(grid(random, [4, 5]), 1).to(torch.float32).to(torch.float64)
    for name, label in (("smoothing class", classes), ("smoothing rows", rows)):
        output = F.cross_entropy(x, label, reduction="none", label_smoothing=0.1)
        weights = grid(random, [4])
        (gradient,) = torch.autograd.grad((output * weights).sum(), [x])
        written.append({
            "name": name, "inputs": [tensor(x), tensor(label)], "weights": tensor(weights),
            "output": tensor(output), "gradients": [tensor(gradient, 1e-12)],
        })
    write("layers", {"source": f"torch {torch.__version__}, float64"}, written)
