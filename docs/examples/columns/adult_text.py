"""Write adult_text.json: a network in Keras that takes the categories of a table as text, by layers of its own.

Usage: adult_text.py adult.csv
"""

import csv
import sys

import keras
from keras import layers

CATEGORIES = ["workclass", "education", "marital-status", "occupation", "relationship", "ethnicity", "gender"]

with open(sys.argv[1], newline="") as f:
    rows = list(csv.DictReader(f))

numbers = keras.Input((5,), name="numbers")
inputs, encoded = [numbers], [numbers]
for name in CATEGORIES:
    category = keras.Input((1,), dtype="string", name=name.replace("-", "_"))
    if name == "occupation":
        layer = layers.Hashing(24, output_mode="one_hot")
    else:
        layer = layers.StringLookup(vocabulary=sorted({row[name] for row in rows}), output_mode="one_hot")
    inputs.append(category)
    encoded.append(layer(category))
hidden = layers.Dense(32, activation="relu")(layers.Concatenate()(encoded))
model = keras.Model(inputs, layers.Dense(2, activation="softmax", name="classes")(hidden), name="adult_text")

with open("adult_text.json", "w") as f:
    f.write(model.to_json() + "\n")
