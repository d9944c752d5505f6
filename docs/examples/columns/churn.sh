#!/bin/sh
# Which customer leaves a telephone company: all columns but some; a blank is a missing value.
set -eu

beamfit import churn.csv churn --null ' '
beamfit preprocess churn churn_packed --dependent churn --independent '
    standardise(tenure, log1p(tenure), monthlycharges, log1p(mean(totalcharges))),
    * EXCEPT (customerid, tenure, monthlycharges, totalcharges)'
beamfit load-model churn_networks churn.json
beamfit fit churn_packed churn_model --arch churn_networks --id 1 --iterations 10 --fit "batch_size=64, epochs=2" \
  --compile "loss='categorical_crossentropy', optimizer='adam', metrics=['accuracy']"
beamfit predict churn_model churn churn_predictions --id-column customerid --type response
