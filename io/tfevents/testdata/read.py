"""Prints as JSON what TensorBoard's own reader finds in a folder of event files."""

import json
import sys

from tensorboard.backend.event_processing import plugin_event_accumulator as event_accumulator
from tensorboard.util import tensor_util

events = event_accumulator.EventAccumulator(sys.argv[1], size_guidance={event_accumulator.TENSORS: 0})
events.Reload()
found = {}
for tag in events.Tags()["tensors"]:
    found[tag] = {
        "plugin": events.SummaryMetadata(tag).plugin_data.plugin_name,
        "class": events.SummaryMetadata(tag).data_class,
        "events": [
            {"step": e.step, "wall": e.wall_time, "values": v.decode() if isinstance(v, bytes) else v}
            for e in events.Tensors(tag)
            for v in [tensor_util.make_ndarray(e.tensor_proto).tolist()]
        ],
    }
print(json.dumps(found))
