"""Where each number in the chapters' prose comes from.

A whole number from 20, a decimal or a percentage may stand in Markdown only if it is listed
here, for its chapter or for all ("*"). The source is a function of the data (``cnnlib.load()``)
that must give the number; or a text that begins with "given:", for what a question, a worked
example or the literature sets, and what cannot be computed.
"""

import itertools
import math
import statistics

import torch
from scipy.stats import norm, t

import cnnlib
from cnnlib import CATALOGUE, REPORTED, build, count_parameters
from cnnlib.analysis.evidence import accuracy_interval, standard_error
from cnnlib.claims import checks
from cnnlib.claims.protocol import RULE
from cnnlib.claims.rates import NEAR

EXAMPLE = "given: a worked example or a question"


def _grey_levels(data):
    """All pixels of the publisher's training file, from 0 to 1."""
    return torch.cat([data.train.images, data.val.images]).double() / 255


def _half(values: list[float], quantile: float) -> float:
    """Half the width of Student's interval of a mean."""
    return t.ppf(quantile, len(values) - 1) * statistics.stdev(values) / math.sqrt(len(values))


def _late_change(name: str) -> float:
    """By how much the validation accuracy of seed 0 changes from epoch to epoch, from 6 on."""
    accs = [epoch["val_acc"] for epoch in cnnlib.run(name).history[5:]]
    return round(statistics.mean(abs(b - a) for a, b in itertools.pairwise(accs)), 4)


NUMBERS = {
    "*": {
        "95 %": lambda data: RULE["confidence"],
        "70,000": lambda data: 60_000 + len(data.test),
        "60,000": lambda data: len(data.train) + len(data.val),
        "48,000": lambda data: len(data.train),
        "12,000": lambda data: len(data.val),
        "10,000": lambda data: len(data.test),
        "4,800": lambda data: (data.train.labels == 0).sum(),
        "1,200": lambda data: (data.val.labels == 0).sum(),
        "28": lambda data: data.train.images.shape[-1],
        "784": lambda data: data.train.images[0].numel(),
        "255": lambda data: torch.iinfo(data.train.images.dtype).max,
        "61,706": lambda data: count_parameters(build("baseline")),
        "64": lambda data: CATALOGUE["baseline"].recipe.batch_size,
        "0.001": lambda data: CATALOGUE["lenet5"].recipe.lr,
        "83.5 %": "given: the publisher's README of Fashion-MNIST",
    },
    "00": {
        "20": "given: minutes",
        "27": lambda data: data.train.images.shape[-1] - 1,
        "1,000": "given: images in the publisher's crowd test",
    },
    "01": {
        "0.5": lambda data: CATALOGUE["lenet5"].data.mean,
        "0.6": lambda data: (204 / 255 - 0.5) / 0.5,
        "0.8": lambda data: 204 / 255,
        "204": EXAMPLE,
        "51": EXAMPLE,
        "24": EXAMPLE,
        "0.89": EXAMPLE,
        "90 %": EXAMPLE,
        "10 %": EXAMPLE,
        "1,000": "given: images in the publisher's crowd test",
        "600": lambda data: 1_200 // 2,
        "43": "given: doubles found in the first release, Fashion-MNIST's repository, issue 44",
        "45": "given: the pull request there that replaced them, August 2017",
        "0.286": lambda data: round(_grey_levels(data).mean().item(), 3),
        "0.353": lambda data: round(_grey_levels(data).std().item(), 3),
        "0.81": lambda data: round((0.286 - 0) / 0.353, 2),
        "2.83": lambda data: round(1 / 0.353, 2),
    },
    "02": {
        "27": lambda data: 28 - 2 + 1,
        "32": lambda data: 28 + 2 * 2,
        "25": lambda data: 5 * 5,
        "1.5": lambda data: (1 + 2 + 0 + 3) / 4,
        "6,000": EXAMPLE,
        "10,800": lambda data: (data.val.labels != 8).sum(),
        "120": lambda data: CATALOGUE["baseline"].arch.hidden[0],
        "400": lambda data: build("baseline").head.fc1.in_features,
        "0.5": lambda data: CATALOGUE["lenet5"].data.mean,
        "300 %": "given: report 1",
        "60 %": "given: report 1",
    },
    "03": {
        "25": lambda data: build("baseline").features.block1.conv.weight[0].numel(),
        "26": lambda data: build("baseline").features.block1.conv.weight[0].numel() + 1,
        "32": lambda data: 28 + 2 * 2,
        "120": lambda data: CATALOGUE["baseline"].arch.hidden[0],
        "400": lambda data: build("baseline").head.fc1.in_features,
        "256": EXAMPLE,
        "0.01": EXAMPLE,
        "0.8936": lambda data: REPORTED["baseline"].val_acc,
        "82.35 %": lambda data: REPORTED["lenet5"].val_acc,
        "1.1": "given: a section of report 1",
        "2.1": "given: a section of report 1",
        "9,760": "given: LeCun and others (1989), independent parameters of their network",
        "1,000": "given: images in the publisher's crowd test",
    },
    "04": {
        "0.1": EXAMPLE,
        "0.5": EXAMPLE,
        "2.3": lambda data: round(math.log(10), 1),
        "128": lambda data: CATALOGUE["batch-128"].recipe.batch_size,
        "1,000": EXAMPLE,
        "6,000": EXAMPLE,
        "75 %": EXAMPLE,
    },
    "05": {
        "0.0051": lambda data: round(REPORTED["maxpool"].val_acc - REPORTED["baseline"].val_acc, 4),
        "128": EXAMPLE,
    },
    "06": {
        "32": lambda data: CATALOGUE["filters"].arch.convs[0].filters,
        "1,600": lambda data: build("filters").head.fc1.in_features,
        "0.8953": lambda data: REPORTED["filters"].val_acc,
        "0.8936": lambda data: REPORTED["baseline"].val_acc,
        "0.8830": lambda data: REPORTED["filters"].test_acc,
        "0.0037": lambda data: round(
            cnnlib.difference("filters", "baseline", seeds=cnnlib.CONFIRMING).high, 4
        ),
        "6,000": EXAMPLE,
        "300": "given: report 1",
        "300 %": "given: report 1",
    },
    "07": {
        "32": lambda data: CATALOGUE["convolution"].arch.convs[2].filters,
        "400": lambda data: build("baseline").head.fc1.in_features,
        "25": lambda data: 5 * 5,
        "26": lambda data: 28 - 2,
        "128": lambda data: build("convolution-wide").head.fc1.in_features,
    },
    "08": {
        "0.1": lambda data: CATALOGUE["lr-0.1"].recipe.lr,
        "0.01": lambda data: CATALOGUE["lr-0.01"].recipe.lr,
        "0.001": lambda data: CATALOGUE["baseline"].recipe.lr,
        "1.4": lambda data: 1 - 0.1 * 2 * (1 - 3),
        "1.9": lambda data: 0.9 + 1,
        "2.71": lambda data: 0.9 * 1.9 + 1,
        "700": EXAMPLE,
        "0.00001": EXAMPLE,
        "200": EXAMPLE,
        "20": EXAMPLE,
        "50": EXAMPLE,
        "500": EXAMPLE,
        "0.0063": lambda data: _late_change("lr-0.1"),
        "0.0043": lambda data: _late_change("baseline"),
        "0.05": lambda data: 0.5 / 10,
    },
    "09": {
        "0.8365": lambda data: REPORTED["dropout"].train_acc,
        "0.8543": lambda data: REPORTED["dropout"].val_acc,
        "0.8974": lambda data: REPORTED["baseline"].train_acc,
        "20 %": lambda data: CATALOGUE["dropout"].arch.dropout_pool,
        "10 %": lambda data: CATALOGUE["dropout"].arch.dropout_last,
        "2,000": EXAMPLE,
    },
    "10": {
        "0.8936": lambda data: REPORTED["baseline"].val_acc,
        "0.8235": lambda data: REPORTED["lenet5"].val_acc,
        "0.8192": lambda data: REPORTED["lenet5-var2"].val_acc,
        "0.01": lambda data: NEAR,
        "1.57": "given: report 2's authors' logged losses",
        "1.46": lambda data: round(math.log(1 + 9 / math.e), 2),
        "1,000": EXAMPLE,
    },
    "11": {
        "120": lambda data: CATALOGUE["lenet5"].arch.hidden[0],
        "60": lambda data: 120 / 2,
        "0.8235": lambda data: REPORTED["lenet5"].val_acc,
        "0.8856": lambda data: REPORTED["lenet5-var1"].val_acc,
        "0.8365": lambda data: REPORTED["dropout"].train_acc,
        "0.8543": lambda data: REPORTED["dropout"].val_acc,
    },
    "12": {
        "0.8856": lambda data: REPORTED["lenet5-var1"].val_acc,
        "0.8192": lambda data: REPORTED["lenet5-var2"].val_acc,
        "0.1": lambda data: torch.nn.BatchNorm2d(1).momentum,
        "32": EXAMPLE,
        "25": lambda data: 5 * len(cnnlib.SEEDS),
        "0.04": "given: what counts as a jump, as in the protocol",
    },
    "13": {
        "0.01": lambda data: torch.nn.LeakyReLU().negative_slope,
        "120": lambda data: CATALOGUE["lenet5"].arch.hidden[0],
        "84": lambda data: CATALOGUE["lenet5"].arch.hidden[1],
        "226": lambda data: 6 + 16 + 120 + 84,
        "1,000": EXAMPLE,
        "0.1": EXAMPLE,
        "100": EXAMPLE,
        "0.8856": lambda data: REPORTED["lenet5-var1"].val_acc,
        "0.8192": lambda data: REPORTED["lenet5-var2"].val_acc,
        "0.8837": lambda data: REPORTED["lenet5-var3"].val_acc,
    },
    "14": {"95 %": lambda data: accuracy_interval.__defaults__[0]},
    "15": {
        "0.87": EXAMPLE,
        "0.88": EXAMPLE,
        "0.89": EXAMPLE,
    },
    "16": {
        "0.9": lambda data: 1 - CATALOGUE["lenet5-var4-augmented"].data.brightness,
        "1.1": lambda data: 1 + CATALOGUE["lenet5-var4-augmented"].data.brightness,
        "200": EXAMPLE,
        "220": lambda data: 200 * 1.1,
        "250": EXAMPLE,
        "275": lambda data: 250 * 1.1,
        "120": EXAMPLE,
        "80": EXAMPLE,
    },
    "17": {
        "5 %": lambda data: RULE["alpha"],
        "0.0000": EXAMPLE,
        "0.9": EXAMPLE,
        "0.1": EXAMPLE,
        "0.89": EXAMPLE,
        "100": EXAMPLE,
        "0.001": EXAMPLE,
        "0.03": lambda data: standard_error(0.9, 100),
        "0.3": lambda data: round(100 * standard_error(0.89, 12_000), 1),
        "0.8987": lambda data: REPORTED["maxpool"].val_acc,
        "0.8936": lambda data: REPORTED["baseline"].val_acc,
    },
    "18": {
        "173": lambda data: int(
            checks.open_table("confirmed", ["report-2-as-reported"]).iloc[0]["it would take"]
        ),
        "5 %": lambda data: RULE["alpha"],
        "90 %": lambda data: 1 - 2 * RULE["alpha"],
        "0.15": lambda data: round(_half([0.1, -0.1, 0.2, 0.0, -0.2], 0.95), 2),
        "80 %": "given: the chance that [rule.power] asks for",
        "32": lambda data: 2**5,
        "2.5 %": lambda data: round((1 - accuracy_interval.__defaults__[0]) / 2, 3),
        "0.4": EXAMPLE,
        "0.9": EXAMPLE,
        "40": EXAMPLE,
        "0.5": lambda data: statistics.variance([1, 2, 3, 2, 2]),
        "0.71": lambda data: round(math.sqrt(0.5), 2),
        "0.32": lambda data: round(math.sqrt(0.5 / 5), 2),
        "2.78": lambda data: round(t.ppf(0.975, 4), 2),
        "0.88": lambda data: round(t.ppf(0.975, 4) * math.sqrt(0.5 / 5), 2),
    },
    "19": {
        "2,000": EXAMPLE,
        "3,000": EXAMPLE,
        "100": EXAMPLE,
        "400": lambda data: build("baseline").head.fc1.in_features,
    },
    "20": {
        "0.05": lambda data: RULE["alpha"],
        "20": EXAMPLE,
        "40": EXAMPLE,
        "60": EXAMPLE,
        "80": EXAMPLE,
        "45": lambda data: 10 * 9 / 2,
        "90": lambda data: 10 * 9,
    },
    "21": {
        "0.001": EXAMPLE,
        "1000": EXAMPLE,
        "84": lambda data: CATALOGUE["baseline"].arch.hidden[1],
        "150": EXAMPLE,
        "100": EXAMPLE,
        "200": EXAMPLE,
        "50": EXAMPLE,
    },
    "22": {
        "1,000": EXAMPLE,
        "0.1": lambda data: 0.2 * (3 - 1) / 4,
        "0.2": EXAMPLE,
        "0.8830": lambda data: cnnlib.REPORTED["filters"].test_acc,
        "0.8953": lambda data: cnnlib.REPORTED["filters"].val_acc,
        "0.9": EXAMPLE,
    },
    "23": {
        "32": lambda data: cnnlib.Assignment and cnnlib.assignment.SMALLEST_BATCH,
        "256": lambda data: cnnlib.Assignment and cnnlib.assignment.LARGEST_BATCH,
        "20": "given: points of a choice task, the assignment",
        "30": "given: points of all choice tasks, the assignment",
        "90 %": EXAMPLE,
        "1.163": lambda data: round(norm.expect(lambda x: 5 * x * norm.cdf(x) ** 4), 3),
    },
    "24": {
        "0.8951": lambda data: REPORTED["maxpool"].test_acc,
        "400": lambda data: build("baseline").head.fc1.in_features,
        "120": lambda data: CATALOGUE["baseline"].arch.hidden[0],
        "32": EXAMPLE,
        "0.05": "given: the usual level of a test",
        "0.945": "given: the aim, set before the runs",
        "0.940": "given: the least that was aimed for",
    },
    "25": {
        "1.4": EXAMPLE,
        "0.4": EXAMPLE,
        "84": lambda data: CATALOGUE["baseline"].arch.hidden[1],
    },
}
