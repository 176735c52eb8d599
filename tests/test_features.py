import numpy as np
import pytest
import torch
from distinct import ARCHITECTURES
from scipy import ndimage
from scipy.spatial.distance import cdist
from sklearn.manifold import TSNE
from threadpoolctl import threadpool_limits
from torch import nn

from cnnlib import CATALOGUE, Arch, Conv, Data, build, features
from cnnlib.analysis.features import (
    activations,
    embed,
    neighbours,
    neighbours_kept,
    occlusion,
    sharpness,
    tsne,
)
from cnnlib.augment import shift
from cnnlib.models import LeNet
from cnnlib.training import normalise, predict_logits


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_activations_are_what_the_layers_put_out(name, small):
    model, data = build(name, seed=0).train(), CATALOGUE[name].data
    images, arch = small.val.images[:3], CATALOGUE[name].arch
    first = next(number for number in range(1, 7) if arch.pools(number))
    layers = ["features.block1.conv", f"features.block{first}.pool", "head.fc1"]
    found = activations(model, images, layers, data)
    assert list(found) == layers and model.training
    model.eval()
    x = normalise(images, data)
    conv, pooled, _ = found.values()
    assert torch.equal(conv, model.features.block1.conv(x))
    # dropout, where there is one, does nothing in eval mode
    assert torch.equal(pooled, model.features[:first](x))
    assert found["head.fc1"].shape == (3, *(arch.hidden or [10])[:1])


def test_hooks_are_removed_even_after_an_error(small):
    model, data = build("baseline", seed=0), CATALOGUE["baseline"].data
    model.head = nn.Linear(3, 10)  # it does not fit
    with pytest.raises(ValueError, match="LeNet stops on images"):
        activations(model, small.val.images[:2], ["features.block1.conv"], data)
    assert not any(module._forward_hooks for module in model.modules())


def test_an_unknown_layer_is_named():
    with pytest.raises(LookupError, match=r"no layer 'head.fc9'; did you mean 'head.fc"):
        activations(build("baseline"), torch.zeros(1, 1, 28, 28), ["head.fc9"], Data())


class Student(nn.Module):
    """A model as a student may write it: an activation that overwrites, and one used twice."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 3)
        self.act = nn.ReLU(inplace=True)
        self.hidden = nn.Linear(4 * 26 * 26, 8)
        self.out = nn.Linear(8, 10)
        self.unused = nn.Linear(2, 2)

    def forward(self, x):
        x = self.act(self.conv(x)).flatten(1)
        return self.out(self.act(self.hidden(x)))


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_every_layer_of_every_model_can_be_asked_for(name, small):
    model = build(name, seed=0)
    layers = [path for path, layer in model.named_modules() if path and not list(layer.children())]
    found = activations(model, small.val.images[:2], layers, CATALOGUE[name].data)
    assert list(found) == layers and all(len(output) == 2 for output in found.values())


def test_a_students_own_model_whose_activation_overwrites_its_input(small):
    model = Student()
    images = torch.cat([small.val.images, small.train.images[:1]])  # more than one batch
    found = activations(model, images, ["conv", "hidden"], Data())
    assert torch.allclose(found["conv"], model.conv(normalise(images, Data())), atol=1e-6)
    assert found["conv"].min() < 0 and found["hidden"].shape == (2001, 8)


@pytest.mark.parametrize("layer, outputs", [("act", 6), ("unused", 0)])
def test_a_layer_that_does_not_run_once_is_refused(layer, outputs, small):
    model = Student()
    with pytest.raises(LookupError, match=rf"'{layer}' gives {outputs} outputs for 3 images"):
        activations(model, small.val.images[:3], [layer], Data())
    assert not any(module._forward_hooks for module in model.modules())


def test_sharpness_by_hand():
    row = torch.tensor([0.0, 6, 2, 0])[None, None, None]
    assert sharpness(row).tolist() == [2]
    assert sharpness(7 * row).tolist() == sharpness(row.mT).tolist() == [2]
    flat, empty = torch.ones(3, 1, 4, 4), torch.zeros(3, 1, 4, 4)
    assert sharpness(torch.cat([flat, empty], dim=1))[0] == 0
    assert sharpness(empty).isnan().all()


def test_sharpness_is_numpys_over_all_images_of_each_map():
    maps = torch.rand(5, 3, 6, 7, generator=torch.Generator().manual_seed(0))
    for found, some in zip(sharpness(maps), maps.transpose(0, 1).numpy(), strict=True):
        steps = [abs(np.diff(some, axis=axis)).ravel() for axis in (1, 2)]
        assert found.item() == pytest.approx(np.concatenate(steps).mean() / some.mean(), rel=1e-5)


@pytest.mark.parametrize("right, down", [(0, 0), (3, 0), (-2, 0), (0, 4), (1, -1)])
def test_shift_is_scipys(right, down, small):
    images = small.val.images[:3]
    expected = ndimage.shift(images.numpy(), (0, 0, down, right), order=0, cval=0)
    found = shift(images, right, down)
    assert found.dtype == torch.uint8 and np.array_equal(found.numpy(), expected)


@pytest.mark.parametrize("size, stride, grey", [(7, 1, 0), (3, 5, 128), (1, 27, 255)])
def test_occlusion_is_each_covered_image_by_itself(size, stride, grey, small):
    model, image = build("maxpool", seed=0), small.val.images[0]
    found = occlusion(model, image, Data(), size=size, stride=stride, grey=grey)
    places = range(0, 28, stride)
    assert found.shape == (len(places), len(places), 10)
    for i, j in [(0, 0), (1, 0), (-1, 1), (-1, -1)]:
        covered, row, column = image.clone(), places[i], places[j]
        reach = size // 2
        covered[
            :, max(0, row - reach) : row + reach + 1, max(0, column - reach) : column + reach + 1
        ] = grey
        assert torch.allclose(
            found[i, j], predict_logits(model, covered[None], Data())[0], atol=1e-5
        )


def test_covering_black_with_black_changes_nothing(small):
    model, image = build("baseline", seed=0), torch.zeros(1, 28, 28, dtype=torch.uint8)
    found = occlusion(model, image, Data(), stride=9)
    assert torch.allclose(found, found[0, 0].expand_as(found), atol=1e-6)


@pytest.mark.parametrize("wrong", [dict(size=4), dict(size=-1), dict(stride=0)])
def test_occlusion_refuses_what_has_no_middle(wrong, small):
    with pytest.raises(ValueError, match="expected an odd size"):
        occlusion(build("baseline"), small.val.images[0], Data(), **wrong)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_embed_gives_what_the_last_layer_gets_in_eval_mode(name, small):
    model, data, got = build(name, seed=0).train(), CATALOGUE[name].data, []
    last = [layer for layer in model.head if isinstance(layer, nn.Linear)][-1]
    last.register_forward_pre_hook(lambda layer, inputs: got.append(inputs[0]))
    found = embed(model, small.val.images[:3], data)
    assert torch.equal(found, got[-1]) and found.shape == (3, last.in_features)
    assert model.training and torch.equal(found, embed(model, small.val.images[:3], data))


@pytest.fixture
def vectors(tmp_path, monkeypatch):
    """Sixty vectors in five dimensions, and an empty cache."""
    monkeypatch.setenv("CNNLIB_CACHE", str(tmp_path / "cache"))
    return np.random.default_rng(0).normal(size=(60, 5)).astype(np.float32)


@pytest.fixture
def computed(monkeypatch):
    """The settings of each map that is really computed."""
    calls = []

    def counted(**settings):
        calls.append(settings)
        return TSNE(**settings)

    monkeypatch.setattr(features, "TSNE", counted)
    return calls


def test_tsne_is_scikit_learns(vectors):
    expected = TSNE(perplexity=9, random_state=3, init="random").fit_transform(vectors)
    found = tsne(vectors, perplexity=9, seed=3, init="random")
    assert found.dtype == np.float32 and found.shape == (60, 2)
    assert neighbours_kept(found, expected) > 0.99
    with pytest.raises(ValueError, match="perplexity"):
        tsne(vectors, perplexity=60)


def test_a_map_is_computed_once_for_each_content_and_settings(vectors, computed):
    first = tsne(vectors, perplexity=9)
    again = tsne(torch.from_numpy(vectors), perplexity=9)
    assert np.array_equal(first, again) and len(computed) == 1
    again += 1  # the map can be written to, and the kept one stays as it was
    assert np.array_equal(first, tsne(vectors, perplexity=9)) and len(computed) == 1
    others = [dict(perplexity=8), dict(perplexity=9, seed=1), dict(perplexity=9, init="random")]
    for other in others:
        tsne(vectors, **other)
    tsne(vectors + 1, perplexity=9)
    tsne(vectors[:, ::-1], perplexity=9)
    assert len(computed) == 6 and len(list(features.cache_folder().iterdir())) == 6


@pytest.mark.parametrize("progress", ["on", "off"])
def test_a_map_shows_its_steps_and_prints_nothing(vectors, monkeypatch, capsys, progress):
    monkeypatch.setenv("CNNLIB_PROGRESS", progress)
    seen, bar = [], features.bar

    def watched(*words):
        shown = bar(*words)
        update = shown.update
        monkeypatch.setattr(shown, "update", lambda n: (seen.append(n), update(n)))
        return shown

    monkeypatch.setattr(features, "bar", watched)
    found = tsne(vectors, perplexity=9)
    with threadpool_limits(1):
        alone = TSNE(perplexity=9, random_state=0, init="pca").fit_transform(vectors)
    assert np.array_equal(found, alone)  # watching it changes nothing
    out, err = capsys.readouterr()
    assert not out and bool(err) == (progress == "on")
    if progress == "on":
        assert "t-SNE" in err and all(n == 50 for n in seen) and 250 <= sum(seen) <= 1000


DAMAGES = {
    "empty": lambda content: b"",
    "cut": lambda content: content[:-8],
    "one bit": lambda content: content[:-1] + bytes([content[-1] ^ 1]),
    "doubled": lambda content: content * 2,
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_map_is_computed_anew(vectors, computed, damage):
    first = tsne(vectors, perplexity=9)
    (file,) = features.cache_folder().iterdir()
    whole = file.read_bytes()
    file.write_bytes(damage(whole))
    assert np.array_equal(first, tsne(vectors, perplexity=9)) and len(computed) == 2
    assert file.read_bytes() == whole


def test_a_cache_that_cannot_be_written_is_done_without(vectors, computed, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("CNNLIB_CACHE", str(tmp_path / "file"))
    assert np.array_equal(tsne(vectors, perplexity=9), tsne(vectors, perplexity=9))
    assert len(computed) == 2


def test_neighbours_are_the_nearest_others(vectors):
    distances = cdist(vectors, vectors)
    np.fill_diagonal(distances, np.inf)
    assert np.array_equal(neighbours(vectors, 4), distances.argsort(axis=1)[:, :4])
    doubled = np.concatenate([vectors, vectors])  # a twin is a neighbour, oneself is none
    assert np.array_equal(neighbours(doubled, 1)[:60, 0], np.arange(60, 120))


def test_neighbours_kept(vectors):
    assert neighbours_kept(vectors, 3 * vectors + 1, 4) == 1
    line, moved = np.array([[0.0], [1], [3], [7]]), np.array([[0.0], [1], [10], [7]])
    assert neighbours_kept(line, moved, 1) == 3 / 4  # nearest to the third: the second, the fourth
    noise = np.random.default_rng(1).normal(size=(400, 2))
    other = np.random.default_rng(2).normal(size=(400, 2))
    assert neighbours_kept(noise, other) == pytest.approx(10 / 399, abs=0.02)


def test_embed_without_hidden_layers_gives_the_last_maps(small):
    arch = Arch(convs=(Conv(4, 3), Conv(8, 3)), pool_after=(1,), hidden=())
    model = LeNet(arch).eval()
    images = small.val.images[:3]
    found = embed(model, images, Data())
    assert found.shape == (3, 8 * 11 * 11)
    expected = predict_logits(model, images, Data())
    assert torch.allclose(model.head.fc1(found), expected, atol=1e-6)
