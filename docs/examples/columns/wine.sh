#!/bin/sh
# Which of three cultivars a wine is made of: all columns alike. The rows have no id.
set -eu

beamfit import wine.csv wine
beamfit preprocess wine wine_packed --dependent class --independent '
    standardise(*)'
beamfit load-model wine_networks wine.json
beamfit fit wine_packed wine_model --arch wine_networks --id 1 --iterations 5 --fit "batch_size=8, epochs=10" \
  --compile "loss='categorical_crossentropy', optimizer='adam', metrics=['accuracy']"
beamfit predict wine_model wine wine_predictions --type response
