import copy

import numpy as np
import torch


def on_a_copy(model, train, val):
    whole = copy.deepcopy(model).eval()
    with torch.inference_mode():
        first, second = (
            (whole(images).argmax(1) == labels).float().mean() for images, labels in (train, val)
        )
    return first - second


def in_a_try(model, train, val):
    was = model.training
    try:
        model.train(False)
        scores = []
        for images, labels in [train, val]:
            predicted = model(images).detach().numpy().argmax(axis=-1)
            scores.append(np.mean(predicted == labels.numpy()))
    finally:
        model.train(was)
    return float(np.subtract(*scores))


OTHERS = {"11.3": [on_a_copy, in_a_try]}
