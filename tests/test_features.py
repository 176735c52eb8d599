import pytest
import torch

from cnnlib import CATALOGUE, Data, build
from cnnlib.features import activations
from cnnlib.training import normalise

LAYERS = ["features.block1.conv", "features.block1.pool", "features.block2.pool", "head.fc1"]


@pytest.mark.parametrize("name", CATALOGUE)
def test_activations_are_what_the_layers_put_out(name, small):
    model, data = build(name, seed=0).train(), CATALOGUE[name].data
    images = small.val.images[:3]
    found = activations(model, images, LAYERS, data)
    assert list(found) == LAYERS and model.training
    model.eval()
    x = normalise(images, data)
    assert torch.equal(found[LAYERS[0]], model.features.block1.conv(x))
    first = model.features.block1(x)  # dropout, where there is one, does nothing in eval mode
    assert torch.equal(found["features.block1.pool"], first)
    assert found["head.fc1"].shape == (3, 120)


def test_hooks_are_removed_even_after_an_error(small):
    model = build("baseline", seed=0)
    with pytest.raises(RuntimeError):
        activations(model, small.val.images[:2, :, :9, :9], LAYERS, CATALOGUE["baseline"].data)
    assert not any(module._forward_hooks for module in model.modules())


def test_an_unknown_layer_is_named():
    with pytest.raises(LookupError, match=r"no layer 'head.fc9'; did you mean 'head.fc"):
        activations(build("baseline"), torch.zeros(1, 1, 28, 28), ["head.fc9"], Data())
