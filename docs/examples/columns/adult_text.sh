#!/bin/sh
# adult.sh with a network that takes categories as text: Keras' StringLookup and Hashing (adult_text.py). A question mark is a text like others.
set -eu

beamfit import adult.csv adult
beamfit load-model adult_networks adult_text.json
beamfit preprocess adult adult_text_packed --dependent loan --arch adult_networks --id 1 --independent '
    [standardise(age, "education-num", "hours-per-week", log1p("capital-gain", "capital-loss"))],
    workclass, education, "marital-status", occupation, relationship, ethnicity, gender'
beamfit fit adult_text_packed adult_text_model --arch adult_networks --id 1 --iterations 5 --fit "batch_size=64" \
  --compile "loss='categorical_crossentropy', optimizer='adam', metrics=['accuracy']"
beamfit predict adult_text_model adult adult_text_predictions --id-column column1 --type response
