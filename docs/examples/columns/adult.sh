#!/bin/sh
# Who earns more than 50,000 dollars: many categories; a question mark is a missing value.
set -eu

beamfit import adult.csv adult --null ' ?'
beamfit preprocess adult adult_packed --dependent loan --independent '
    standardise(age, "education-num", "hours-per-week", log1p("capital-gain", "capital-loss")),
    category(workclass, occupation), education, "marital-status", relationship, ethnicity, gender'
beamfit load-model adult_networks adult.json
beamfit fit adult_packed adult_model --arch adult_networks --id 1 --iterations 5 --fit "batch_size=64" \
  --compile "loss='categorical_crossentropy', optimizer='adam', metrics=['accuracy']"
beamfit predict adult_model adult adult_predictions --id-column column1 --type response
