import contextlib
import itertools

import torch


def sharpness_by_loop(row):
    pairs = list(itertools.pairwise(row.tolist()))
    return sum(abs(a - b) for a, b in pairs) / len(pairs) / (sum(row.tolist()) / len(row))


def sharpness_of_scaled(row):
    return (row / row.mean()).diff().abs().mean()


def caught_by_a_class(model, layer, images):
    class StopError(Exception):
        pass

    found = {}

    def catch(module, inputs, output):
        found["output"] = output.clone()
        raise StopError

    handle = dict(model.named_modules())[layer].register_forward_hook(catch)
    with torch.no_grad():
        with contextlib.suppress(StopError):
            model(images)
        handle.remove()
    return found["output"]


def caught_without_gradients(model, layer, images):
    outputs = {}
    part = model
    for name in layer.split("."):
        part = part[int(name)]
    with torch.no_grad():
        handle = part.register_forward_hook(lambda m, i, o: outputs.update(it=o.clone()))
        model(images)
    handle.remove()
    return outputs["it"].numpy()


@torch.no_grad()
def covered_in_one_batch(model, image, label, size=3, grey=0.5):
    _, height, width = image.shape
    rows, columns = height - size + 1, width - size + 1
    batch = image.repeat(rows * columns, 1, 1, 1)
    for n in range(len(batch)):
        r, c = divmod(n, columns)
        batch[n, 0, r : r + size, c : c + size] = grey
    after = torch.softmax(model(batch), dim=-1)[:, label]
    return torch.softmax(model(image.unsqueeze(0)), dim=-1)[0, label] - after.view(rows, columns)


def covered_by_where(model, image, label, size=3, grey=0.5):
    down, across = (torch.arange(side) for side in image.shape[1:])
    whole = model(image[None]).softmax(1)[0][label].item()
    drops = []
    for r in range(image.shape[1] - size + 1):
        drops.append([])
        for c in range(image.shape[2] - size + 1):
            rows, columns = (down >= r) & (down < r + size), (across >= c) & (across < c + size)
            covered = torch.where(rows[:, None] & columns, torch.tensor(grey), image)
            drops[-1].append(whole - model(covered[None]).softmax(1)[0][label].item())
    return drops


OTHERS = {
    "19.1": [sharpness_by_loop, sharpness_of_scaled],
    "19.4": [caught_by_a_class, caught_without_gradients],
    "19.5": [covered_in_one_batch, covered_by_where],
}
