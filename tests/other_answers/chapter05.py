import itertools

import torch
import torch.nn.functional as F


def four_slices(maps):
    rows, columns = (side // 2 * 2 for side in maps.shape[2:])
    corners = [maps[:, :, i:rows:2, j:columns:2] for i in (0, 1) for j in (0, 1)]
    return torch.stack(corners).max(dim=0).values


def unfolded(maps):
    windows = maps.unfold(2, 2, 2).unfold(3, 2, 2)
    return windows.flatten(start_dim=4).max(dim=-1)[0]


def window_by_window(maps, upstream):
    gradient = torch.zeros(maps.shape)
    for n, c, i, j in itertools.product(*map(range, upstream.shape)):
        window = maps[n, c, 2 * i : 2 * i + 2, 2 * j : 2 * j + 2]
        row, column = divmod(int(window.flatten().argmax()), 2)
        gradient[n, c, 2 * i + row, 2 * j + column] = upstream[n, c, i, j]
    return gradient


def by_indices(maps, upstream):
    """Unpooling: torch's own pooling says where the largest values stood."""
    places = F.max_pool2d(maps, 2, return_indices=True)[1]
    flat = torch.zeros_like(maps).flatten(start_dim=2)
    flat.scatter_(2, places.flatten(start_dim=2), upstream.flatten(start_dim=2))
    return flat.reshape(maps.shape)


OTHERS = {"5.4": [four_slices, unfolded], "5.5": [window_by_window, by_indices]}
