"""Where each number in the chapters' prose comes from.

A whole number from 20, a decimal or a percentage may stand in Markdown only if it is listed
here, for its chapter or for all ("*"). The source is a Python expression that must give the
number; or a text that begins with "given:", for what a question, a worked example or the
literature sets, and what cannot be computed.
"""

EXAMPLE = "given: a worked example or a question"

NUMBERS = {
    "*": {
        "70,000": "60_000 + len(data.test)",
        "60,000": "len(data.train) + len(data.val)",
        "48,000": "len(data.train)",
        "12,000": "len(data.val)",
        "10,000": "len(data.test)",
        "4,800": "(data.train.labels == 0).sum()",
        "1,200": "(data.val.labels == 0).sum()",
        "28": "data.train.images.shape[-1]",
        "784": "data.train.images[0].numel()",
        "255": "torch.iinfo(data.train.images.dtype).max",
        "61,706": "parameters(build('baseline'))",
        "64": "CATALOGUE['baseline'].recipe.batch_size",
        "83.5 %": "given: the publisher's README of Fashion-MNIST",
    },
    "01": {
        "0.5": "CATALOGUE['lenet5'].data.mean",
        "0.6": "(204 / 255 - 0.5) / 0.5",
        "0.8": "204 / 255",
        "204": EXAMPLE,
        "51": EXAMPLE,
        "24": EXAMPLE,
        "0.89": EXAMPLE,
        "90 %": EXAMPLE,
        "10 %": EXAMPLE,
        "1,000": "given: images in the publisher's crowd test",
        "600": "1_200 // 2",
        "43": "given: doubles found in the first release, Fashion-MNIST's repository, August 2017",
    },
    "02": {
        "27": "28 - 2 + 1",
        "32": "28 + 2 * 2",
        "120": "CATALOGUE['baseline'].arch.hidden[0]",
        "400": "build('baseline').head.fc1.in_features",
        "0.5": "CATALOGUE['lenet5'].data.mean",
        "300 %": "given: report 1",
        "60 %": "given: report 1",
    },
    "03": {
        "25": "build('baseline').features.block1.conv.weight[0].numel()",
        "26": "build('baseline').features.block1.conv.weight[0].numel() + 1",
        "32": "28 + 2 * 2",
    },
    "04": {
        "0.1": EXAMPLE,
        "0.001": "CATALOGUE['baseline'].recipe.lr",
        "12,800": "200 * 64",
        "2.3": "round(math.log(10), 1)",
    },
    "05": {"85 %": EXAMPLE, "128": EXAMPLE},
    "06": {
        "32": "CATALOGUE['filters'].arch.convs[0].filters",
        "1,600": "build('filters').head.fc1.in_features",
        "0.8953": "REPORTED['filters'].val_acc",
        "0.8936": "REPORTED['baseline'].val_acc",
        "0.8830": "REPORTED['filters'].test_acc",
        "300": "given: report 1",
        "300 %": "given: report 1",
    },
    "07": {
        "32": "CATALOGUE['convolution'].arch.convs[2].filters",
        "400": "build('baseline').head.fc1.in_features",
        "25": "5 * 5",
        "26": "28 - 2",
        "128": "build('convolution-wide').head.fc1.in_features",
    },
    "08": {
        "0.1": "CATALOGUE['lr-0.1'].recipe.lr",
        "0.01": "CATALOGUE['lr-0.01'].recipe.lr",
        "0.001": "CATALOGUE['baseline'].recipe.lr",
    },
    "09": {
        "0.8365": "REPORTED['dropout'].train_acc",
        "0.8543": "REPORTED['dropout'].val_acc",
        "0.8974": "REPORTED['baseline'].train_acc",
        "20 %": "CATALOGUE['dropout'].arch.dropout_pool",
        "10 %": "CATALOGUE['dropout'].arch.dropout_last",
        "2,000": EXAMPLE,
    },
    "10": {
        "0.8936": "REPORTED['baseline'].val_acc",
        "0.8235": "REPORTED['lenet5'].val_acc",
    },
    "11": {
        "120": "CATALOGUE['lenet5'].arch.hidden[0]",
        "60": "120 / 2",
        "0.8235": "REPORTED['lenet5'].val_acc",
        "0.8856": "REPORTED['lenet5-var1'].val_acc",
    },
    "12": {
        "0.8856": "REPORTED['lenet5-var1'].val_acc",
        "0.8192": "REPORTED['lenet5-var2'].val_acc",
        "0.1": "torch.nn.BatchNorm2d(1).momentum",
        "32": EXAMPLE,
    },
    "13": {
        "0.01": "torch.nn.LeakyReLU().negative_slope",
        "120": "CATALOGUE['lenet5'].arch.hidden[0]",
        "84": "CATALOGUE['lenet5'].arch.hidden[1]",
        "226": "6 + 16 + 120 + 84",
        "1,000": EXAMPLE,
        "100": EXAMPLE,
        "0.8856": "REPORTED['lenet5-var1'].val_acc",
        "0.8192": "REPORTED['lenet5-var2'].val_acc",
        "0.8837": "REPORTED['lenet5-var3'].val_acc",
    },
    "17": {
        "95 %": "1 - 0.05",
        "0.9": EXAMPLE,
        "0.1": EXAMPLE,
        "0.89": EXAMPLE,
        "100": EXAMPLE,
        "0.001": EXAMPLE,
        "0.03": "standard_error(0.9, 100)",
        "0.3": "round(100 * standard_error(0.89, 12_000), 1)",
        "0.8987": "REPORTED['maxpool'].val_acc",
        "0.8936": "REPORTED['baseline'].val_acc",
    },
}
