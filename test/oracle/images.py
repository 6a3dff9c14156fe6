"""images.json: pictures turned, enlarged and recolored, in float64.

rotate: affine_grid and grid_sample (bilinear, zeros outside), and rot90 for quarter turns. enlarge: interpolate (bilinear,
half-pixel centers) of a box. brightness, contrast, saturation: the blends of torchvision's functional_tensor with the
grays of ITU-R BT.601. hue: Python's colorsys.
"""

import colorsys
import math

import torch
import torch.nn.functional as F

from common import rng, tensor, write

GRAY = torch.tensor([0.299, 0.587, 0.114], dtype=torch.float64)


def picture(name, shape):
    """Multiples of 1/256 in [0, 1]."""
    return torch.tensor(rng(name).randint(0, 257, shape) / 256, dtype=torch.float64)


def rotate(x, degrees):
    height, width, _ = x.shape
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    theta = torch.tensor([[[c, -s * height / width, 0], [s * width / height, c, 0]]], dtype=torch.float64)
    image = x.permute(2, 0, 1)[None]
    places = F.affine_grid(theta, image.shape, align_corners=False)
    return F.grid_sample(image, places, mode="bilinear", padding_mode="zeros", align_corners=False)[0].permute(1, 2, 0)


def enlarge(x, top, left, height, width):
    box = x[top : top + height, left : left + width].permute(2, 0, 1)[None]
    return F.interpolate(box, size=x.shape[:2], mode="bilinear", align_corners=False)[0].permute(1, 2, 0)


def gray(x):
    return (x * GRAY).sum(-1, keepdim=True) if x.shape[2] == 3 else x


def blend(x, other, f):
    return (f * x + (1 - f) * other).clamp(0, 1)


def hue(x, by):
    def turn(pixel):
        h, s, v = colorsys.rgb_to_hsv(*pixel)
        return colorsys.hsv_to_rgb((h + by) % 1, s, v)

    return torch.tensor([[turn(p) for p in row] for row in x.tolist()], dtype=torch.float64)


def generate():
    cases = []

    def case(kind, args, shape, f):
        name = f"{kind} {' '.join(map(str, args))} of {shape}"
        x = picture(name, shape)
        cases.append({"name": name, "kind": kind, "args": args, "input": tensor(x), "output": tensor(f(x, *args))})

    for degrees in (0, 1.5, 30, 90, 137, 180, -30, -179):
        case("rotate", [degrees], [5, 5, 3], rotate)
        case("rotate", [degrees], [4, 7, 1], rotate)
    for quarters in (1, 2, -1):
        case("rotate", [90 * quarters], [4, 4, 3], lambda x, _: torch.rot90(x, quarters, (0, 1)))
    for box in ([0, 0, 6, 5], [1, 2, 3, 2], [5, 4, 1, 1], [0, 1, 6, 1]):
        case("enlarge", box, [6, 5, 2], enlarge)
    for f in (0, 0.3, 1, 1.9):
        case("brightness", [f], [3, 4, 3], lambda x, f: blend(x, torch.zeros_like(x), f))
        for channels in (1, 3):
            case("contrast", [f], [3, 4, channels], lambda x, f: blend(x, gray(x).mean(), f))
        case("saturation", [f], [3, 4, 3], lambda x, f: blend(x, gray(x), f))
    for by in (-0.5, -0.21, 0, 0.1, 0.34, 0.5):
        case("hue", [by], [4, 4, 3], hue)
    write("images", {"source": f"torch {torch.__version__}, float64"}, cases)
