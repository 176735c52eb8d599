"""How the files beside this were made: report 1's baseline, in plain Keras 3 with TensorFlow.

``python tests/networks/made_with_keras.py FOLDER [EPOCHS]``, in an environment with Keras,
TensorFlow, tf2onnx and scikit-learn; nothing of this workbook is used but its data, from
``CNNLIB_DATA``. Made with Keras 3.15.1, TensorFlow 2.21.0 and tf2onnx 1.17.0, for 3 epochs, in 42
seconds. ``model.evaluate`` then gave the accuracies 0.8577291 (training) and 0.8515 (validation).
"""

import csv
import os
import sys
from pathlib import Path

import numpy as np

os.environ.setdefault("KERAS_BACKEND", "tensorflow")


def images(count=60_000):
    """Pixels (N, 28, 28, 1) from 0 to 1, labels (N,), positions for training and validation."""
    from sklearn.model_selection import train_test_split

    raw = Path(os.environ["CNNLIB_DATA"]) / "FashionMNIST" / "raw"
    pixels = np.fromfile(raw / "train-images-idx3-ubyte", np.uint8, offset=16)
    labels = np.fromfile(raw / "train-labels-idx1-ubyte", np.uint8, offset=8)
    parts = train_test_split(np.arange(60_000), test_size=0.2, stratify=labels, random_state=0)
    train, val = (np.sort(part) for part in parts)
    return pixels.reshape(-1, 28, 28, 1) / np.float32(255), labels, train[:count], val


def trained(epochs, count=60_000):
    """The model, its history as Keras gives it, and its training and validation accuracy."""
    import keras
    from keras import layers, regularizers

    x, y, train, val = images(count)
    keras.utils.set_random_seed(0)
    penalty = regularizers.L2(0.01)
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(6, 5, padding="same", activation="relu", kernel_regularizer=penalty),
            layers.AveragePooling2D(2),
            layers.Conv2D(16, 5, activation="relu", kernel_regularizer=penalty),
            layers.AveragePooling2D(2),
            layers.Flatten(),
            layers.Dense(120, activation="relu"),
            layers.Dense(84, activation="relu"),
            layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    on_val = (x[val], y[val])
    history = model.fit(
        x[train], y[train], batch_size=64, epochs=epochs, validation_data=on_val, verbose=2
    )
    accs = [model.evaluate(x[part], y[part], verbose=0)[1] for part in (train, val)]
    return model, history.history, accs


def main(folder, epochs):
    model, history, accs = trained(epochs)
    print("training and validation accuracy:", *accs)
    with (folder / "keras-baseline.csv").open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["epoch", *history])
        writer.writerows([i, *row] for i, row in enumerate(zip(*history.values(), strict=True), 1))
    model.export(str(folder / "keras-baseline.onnx"), format="onnx")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 3)
