#!/bin/sh
# Readings of nine sensors in a space shuttle: which are an anomaly.
set -eu

beamfit import shuttle.csv shuttle
beamfit preprocess shuttle shuttle_packed --dependent anomaly --independent '
    standardise(*)'
beamfit load-model shuttle_networks shuttle.json
beamfit fit shuttle_packed shuttle_model --arch shuttle_networks --id 1 --iterations 5 --fit "batch_size=32, epochs=4" \
  --compile "loss='categorical_crossentropy', optimizer='adam', metrics=['accuracy']"
beamfit predict shuttle_model shuttle shuttle_predictions --type response
