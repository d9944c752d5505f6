#!/bin/sh
# Who survives the Titanic: capitals in names, missing ages, cabins and harbours.
set -eu

beamfit import titanic.csv titanic
beamfit preprocess titanic titanic_packed --dependent '"Survived"' --independent '
    standardise(mean("Age"), log1p("Fare"), "SibSp", "Parch"), onehot("Pclass"), "Sex", category("Embarked"), indicator("Cabin")'
beamfit load-model titanic_networks titanic.json
beamfit fit titanic_packed titanic_model --arch titanic_networks --id 1 --iterations 5 --fit "batch_size=16, epochs=10" \
  --compile "loss='categorical_crossentropy', optimizer='adam', metrics=['accuracy']"
beamfit predict titanic_model titanic titanic_predictions --id-column '"PassengerId"' --type response
