"""Trains an MNIST network of scripts/mnist with Keras or PyTorch until it has an accuracy and prints accuracy and time after every pass as JSON.

    peers.py keras|torch mlp|cnn ROWS SEED PASSES ACCURACY FOLDER
"""

import json
import os
import sys
import time

import numpy as np

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
BATCH = 128


def read(folder, part):
    with open(f"{folder}/{part}-images-idx3-ubyte", "rb") as f:
        images = np.frombuffer(f.read(), np.uint8, offset=16).reshape(-1, 784).astype(np.float32) / 255
    with open(f"{folder}/{part}-labels-idx1-ubyte", "rb") as f:
        return images, np.frombuffer(f.read(), np.uint8, offset=8).astype(np.int64)


def with_keras(net, seed, passes, train, test):
    import keras
    from keras import layers

    keras.utils.set_random_seed(seed)
    if net == "mlp":
        body = [layers.Dense(512, activation="relu"), layers.Dense(512, activation="relu")]
    else:
        body = [
            layers.Reshape((28, 28, 1)), layers.Conv2D(32, 3, activation="relu"), layers.Conv2D(64, 3, activation="relu"),
            layers.MaxPooling2D(2), layers.Dropout(0.25), layers.Flatten(), layers.Dense(128, activation="relu"), layers.Dropout(0.5),
        ]
    model = keras.Sequential([keras.Input((784,)), *body, layers.Dense(10, activation="softmax")])
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    began = time.time()
    for _ in range(passes):
        model.fit(*train, batch_size=BATCH, epochs=1, verbose=0)
        accuracy = model.evaluate(*test, batch_size=1000, verbose=0)[1]
        yield accuracy, time.time() - began


def with_torch(net, seed, passes, train, test):
    import torch
    from torch import nn

    torch.manual_seed(seed)
    if net == "mlp":
        model = nn.Sequential(nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 512), nn.ReLU(), nn.Linear(512, 10))
    else:
        model = nn.Sequential(
            nn.Unflatten(1, (1, 28, 28)), nn.Conv2d(1, 32, 3), nn.ReLU(), nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2),
            nn.Dropout(0.25), nn.Flatten(), nn.Linear(9216, 128), nn.ReLU(), nn.Dropout(0.5), nn.Linear(128, 10),
        )
    optimizer, loss = torch.optim.Adam(model.parameters()), nn.CrossEntropyLoss()
    (x, y), (u, v) = ([torch.from_numpy(a) for a in part] for part in (train, test))
    began = time.time()
    for _ in range(passes):
        model.train()
        for rows in torch.randperm(len(x)).split(BATCH):
            optimizer.zero_grad()
            loss(model(x[rows]), y[rows]).backward()
            optimizer.step()
        model.eval()
        with torch.no_grad():
            right = sum(int((model(a).argmax(1) == b).sum()) for a, b in zip(u.split(1000), v.split(1000)))
        yield right / len(u), time.time() - began


def main():
    peer, net, rows, seed, passes, goal, folder = sys.argv[1:]
    train, test = read(folder, "train"), read(folder, "t10k")
    train = tuple(a[: int(rows)] for a in train)
    run = {"keras": with_keras, "torch": with_torch}[peer]
    measured = []
    for accuracy, seconds in run(net, int(seed), int(passes), train, test):
        measured.append((accuracy, seconds))
        if accuracy >= float(goal):
            break
    print(json.dumps({"Accuracy": [a for a, _ in measured], "Seconds": [s for _, s in measured]}))


main()
