#!/bin/sh
# Handwritten digits of 8 x 8 pixels: a file without header.
set -eu

beamfit import digits.csv digits --header=false
beamfit preprocess digits digits_packed --dependent column65 --independent '
    minmax(*)'
beamfit load-model digits_networks digits.json
beamfit fit digits_packed digits_model --arch digits_networks --id 1 --iterations 5 --fit "batch_size=16, epochs=8" \
  --compile "loss='categorical_crossentropy', optimizer='adam', metrics=['accuracy']"
beamfit predict digits_model digits digits_predictions --type response
