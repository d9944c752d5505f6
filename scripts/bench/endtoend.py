"""From rows in PostgreSQL to predictions in PostgreSQL, as a Python script does it: reads a table by ADBC, trains on 0.8 of its rows, drawn at
random, predicts the others and writes their classes by ADBC's bulk ingestion, which is a binary COPY.

    python endtoend.py keras|torch --threads N --net NAME --url URL --table T --features C --label C --scale S --passes P --batch B --output T

It has no warm-up: a person who runs such a script waits for its imports, too. Keras trains without jit_compile, whose compiler takes longer than it saves
here, and with 32 steps in a call; PyTorch with the fused Adam, its rows shuffled once per pass.
"""

import argparse

import adbc_driver_postgresql.dbapi as dbapi
import numpy as np
import pyarrow as pa

import peers


def read(args):
    with dbapi.connect(args.url) as connection, connection.cursor() as cursor:
        cursor.execute(f"SELECT id, {args.features}, {args.label} FROM {args.table}")
        rows = cursor.fetch_arrow_table().combine_chunks()
    ids, features, label = (rows.column(i).chunk(0) for i in range(3))
    x = features.flatten().to_numpy().reshape(len(ids), -1).astype(np.float32, copy=False)
    if args.scale != 1:
        x = x / np.float32(args.scale)
    return ids.to_numpy(), x, label.to_numpy(zero_copy_only=False)


def keras(args, x, y, unseen):
    peer = peers.Keras(args.threads)
    model = peer.build(args.net, False)
    model.compile(loss="sparse_categorical_crossentropy", optimizer="adam", steps_per_execution=32)
    model.fit(x, y, batch_size=args.batch, epochs=args.passes, verbose=0)
    return model.predict(unseen, batch_size=8192, verbose=0)


def torch(args, x, y, unseen):
    peer = peers.Torch(args.threads)
    torch = peer.torch
    model = peer.build(args.net)
    optimizer = torch.optim.Adam(model.parameters(), fused=True)
    x, y = torch.from_numpy(x), torch.from_numpy(y)
    model.train()
    for _ in range(args.passes):
        order = torch.randperm(len(x))
        for rows, labels in zip(x[order].split(args.batch), y[order].split(args.batch)):
            optimizer.zero_grad(set_to_none=True)
            torch.nn.functional.cross_entropy(model(rows), labels).backward()
            optimizer.step()
    model.eval()
    with torch.inference_mode():
        return torch.cat([torch.softmax(model(rows), 1) for rows in torch.from_numpy(unseen).split(8192)]).numpy()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("peer", choices=["keras", "torch"])
    for name, kind in {"threads": int, "net": str, "url": str, "table": str, "features": str, "label": str, "scale": float, "passes": int, "batch": int, "output": str}.items():
        parser.add_argument("--" + name, type=kind, required=True)
    args = parser.parse_args()
    ids, x, label = read(args)
    classes, y = np.unique(label, return_inverse=True)
    order = np.random.default_rng(0).permutation(len(ids))
    train, test = np.split(order, [int(0.8 * len(order))])
    prob = {"keras": keras, "torch": torch}[args.peer](args, x[train], y[train], x[test])
    best = prob.argmax(1)
    predicted = pa.table({"id": ids[test], "class_name": pa.array([args.label] * len(test)), "class_value": classes[best].astype(str), "prob": prob[np.arange(len(test)), best].astype(np.float64)})
    with dbapi.connect(args.url) as connection, connection.cursor() as cursor:
        cursor.adbc_ingest(args.output, predicted, mode="replace")
        connection.commit()


if __name__ == "__main__":
    main()
