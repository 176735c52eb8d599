import numpy as np
import torch


def with_bernoulli(x, p, training):
    if training and p > 0:
        scale = 1 / (1 - p)
        return x * torch.bernoulli(torch.full_like(x, 1 - p)) * scale
    return x.clone()


def with_where(x, p, training):
    if not training:
        return x
    dropped = torch.rand(x.shape) < p
    return torch.where(dropped, torch.zeros(()), x / (1 - p))


def by_numpy(x, p, training):
    if not training:
        return x.numpy()
    kept = np.random.default_rng().random(x.shape) >= p
    return x.numpy() * kept / (1 - p)


def filled(upstream, kept, p):
    return (upstream / (1 - p)).masked_fill(kept.logical_not(), 0)


def by_autograd(upstream, kept, p):
    x = torch.zeros_like(upstream, requires_grad=True)
    (x * kept.float() / (1 - p)).backward(upstream)
    return x.grad


def counted(model, images, labels):
    was_training = model.training
    model.eval()
    right = 0
    for image, label in zip(images, labels, strict=True):
        right += int(model(image[None]).argmax() == label)
    model.train(was_training)
    return right / len(labels)


def with_train_false(model, images, labels):
    model.train(mode=False)
    scores = model(images).detach().numpy()
    return np.mean(scores.argmax(axis=1) == labels.numpy())


OTHERS = {
    "9.4": [with_bernoulli, with_where, by_numpy],
    "9.5": [filled, by_autograd],
    "9.6": [counted, with_train_false],
}
