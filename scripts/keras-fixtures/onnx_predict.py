"""onnx_predict.py FOLDER: predictions of ONNX models by onnxruntime. models.json in FOLDER lists models: {"file": its ONNX file, "inputs": [{"name", "shape",
"file": float32, little-endian}], "outputs": [{"name", "file" to write}]}. Every model is checked by onnx, and predicted for all its rows at once and, into
FILE.first, for the first row alone. Prints "predicted FILE" for each."""

import json
import os
import sys

import numpy as np
import onnx
import onnxruntime


def main(folder):
    with open(f"{folder}/models.json") as f:
        models = json.load(f)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    for m in models:
        path = f"{folder}/{m['file']}"
        try:
            onnx.checker.check_model(path, full_check=True)
            session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
            assert [i.name for i in session.get_inputs()] == [i["name"] for i in m["inputs"]], [i.name for i in session.get_inputs()]
            assert [o.name for o in session.get_outputs()] == [o["name"] for o in m["outputs"]], [o.name for o in session.get_outputs()]
            data = {i["name"]: np.fromfile(f"{folder}/{i['file']}", "<f4").reshape(i["shape"]) for i in m["inputs"]}
            first = {name: x[:1] for name, x in data.items()}
            for rows, suffix in ((data, ""), (first, ".first")):
                for y, o in zip(session.run(None, rows), m["outputs"], strict=True):
                    y.astype("<f4").tofile(f"{folder}/{o['file']}{suffix}")
            print("predicted", m["file"], flush=True)
        except Exception as e:  # the next model may still be right
            print("failed", m["file"], " ".join(str(e).split())[:600], flush=True)
        if not m.get("keep"):
            os.remove(path)


if __name__ == "__main__":
    main(sys.argv[1])
