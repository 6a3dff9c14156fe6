"""Regenerates the fixtures beside it: `/usr/bin/python3 test/oracle/generate.py` (Debian's python3-torch 1.13).

Deterministic: two runs on one machine write the same bytes. README.md describes the format.
"""

import sys

sys.dont_write_bytecode = True

import torch

import clip
import conv
import convLayers
import convNets
import images
import layers
import nets
import ops
import optimizers
import plateau
import schedules
import scores
import training
import trajectories
import weights
import wrapped

torch.set_num_threads(1)
families = (ops, conv, convLayers, images, nets, convNets, layers, training, trajectories)
for family in (*families, optimizers, wrapped, clip, schedules, plateau, scores, weights):
    family.generate()
