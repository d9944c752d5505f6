"""The accuracy of scikit-learn's logistic regression on the columns of the examples, with the same transforms: accuracy.py DATA

Learns from DATA/NAME.csv.gz, predicts the rows of DATA/NAME_new.csv.gz and prints JSON: {"NAME": accuracy, ...}. The tests hold the examples
against accuracy.json, which is what it prints. Needs scikit-learn and pandas (scripts/sklearn-python).
"""

import json
import sys

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.impute import MissingIndicator, SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler, OneHotEncoder, StandardScaler

LOG = FunctionTransformer(np.log1p)
CATEGORIES = OneHotEncoder(handle_unknown="ignore")

SETS = {
    "titanic": ({}, "Survived", [
        (make_pipeline(SimpleImputer(), StandardScaler()), ["Age"]),
        (make_pipeline(LOG, StandardScaler()), ["Fare"]),
        (StandardScaler(), ["SibSp", "Parch"]),
        (CATEGORIES, ["Pclass", "Sex", "Embarked"]),
        (MissingIndicator(features="all"), ["Cabin"]),
    ]),
    "adult": ({"na_values": " ?"}, "loan", [
        (StandardScaler(), ["age", "education-num", "hours-per-week"]),
        (make_pipeline(LOG, StandardScaler()), ["capital-gain", "capital-loss"]),
        (CATEGORIES, ["workclass", "education", "marital-status", "occupation", "relationship", "ethnicity", "gender"]),
    ]),
    "churn": ({"na_values": " "}, "churn", [
        (StandardScaler(), ["tenure", "monthlycharges"]),
        (make_pipeline(LOG, StandardScaler()), ["tenure"]),
        (make_pipeline(SimpleImputer(), LOG, StandardScaler()), ["totalcharges"]),
        ("passthrough", ["seniorcitizen"]),
        (CATEGORIES, ["gender", "partner", "dependents", "phoneservice", "multiplelines", "internetservice", "onlinesecurity", "onlinebackup",
                      "deviceprotection", "techsupport", "streamingtv", "streamingmovies", "contract", "paperlessbilling", "paymentmethod"]),
    ]),
    "wine": ({}, "class", [(StandardScaler(), slice(0, 13))]),
    "digits": ({"header": None}, 64, [(MinMaxScaler(), slice(0, 64))]),
    "shuttle": ({}, "anomaly", [(StandardScaler(), slice(0, 9))]),
}


def main(folder):
    out = {}
    for name, (options, label, transforms) in SETS.items():
        train, new = (pd.read_csv(f"{folder}/{name}{part}.csv.gz", **options) for part in ("", "_new"))
        columns = ColumnTransformer([(str(i), t, c) for i, (t, c) in enumerate(transforms)])
        model = make_pipeline(columns, LogisticRegression(max_iter=2000)).fit(train, train[label])
        out[name] = round(float(np.mean(model.predict(new) == new[label])), 6)
    print(json.dumps(out, indent=2))


main(*sys.argv[1:])
