"""What a model computes on the way: the outputs of its layers, by name."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from .experiment import Data, nearest
from .training import predict


def activations(
    model: nn.Module, images: Tensor, layers: Sequence[str], data: Data
) -> dict[str, Tensor]:
    """Outputs of the named layers for uint8 images (N, 1, 28, 28), in eval mode.

    ``layers`` are dotted names such as ``features.block1.pool``. Each output keeps the layer's
    own shape, (N, channels, side, side) or (N, units), on the CPU. Works for any model; the
    hooks are removed whatever happens. Raises LookupError for a layer that is not there.
    """
    known = dict(model.named_modules())
    for name in layers:
        if name not in known or not name:
            raise LookupError(f"the model has no layer {name!r}; {nearest(name, list(known)[1:])}")
    found: dict[str, list[Tensor]] = {name: [] for name in layers}
    hooks = []
    try:
        for name in layers:
            keep = found[name]
            hooks.append(
                known[name].register_forward_hook(
                    lambda module, inputs, output, keep=keep: keep.append(output.cpu())
                )
            )
        predict(model, images, data)
    finally:
        for hook in hooks:
            hook.remove()
    return {name: torch.cat(parts) for name, parts in found.items()}
