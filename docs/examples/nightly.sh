#!/bin/sh
# Packs the day's rows, trains a model on them and predicts with it. Every step replaces what the last run left, so that the whole
# can run again at any time, also after it was stopped in the middle. BEAMFIT_DB says where the tables are.
set -eu
export LC_ALL=C

beamfit split iris_data iris --train 0.8 --separate --replace
beamfit preprocess iris_train iris_train_packed --dependent class_text --independent attributes --shards 3 --replace
beamfit preprocess iris_test iris_test_packed --dependent class_text --independent attributes --like iris_train_packed --replace
beamfit fit iris_train_packed iris_model --arch model_arch_library --id 1 --iterations 10 --checkpoint-every 5 --replace \
  --compile "loss='categorical_crossentropy', optimizer='adam', metrics=['categorical_accuracy']" \
  --fit "batch_size=5, epochs=3"
beamfit evaluate iris_model iris_test_packed iris_validate --replace
beamfit predict iris_model iris_test iris_predict --id-column id --independent attributes --replace
