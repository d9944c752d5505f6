"""Packs the day's rows, trains a model on them and predicts with it, every night.

The workers have beamfit on their PATH and BEAMFIT_DB and PGPASSWORD in their environment.
"""

import subprocess
from datetime import datetime, timedelta

from airflow.decorators import dag, task
from airflow.exceptions import AirflowException, AirflowFailException

SCHEDULE = "30 2 * * *"

STEPS = {
    "preprocess": [
        "beamfit", "preprocess", "iris_data", "iris_packed", "--dependent", "class_text", "--independent", "attributes", "--replace",
    ],
    "fit": [
        "beamfit", "fit", "iris_packed", "iris_model", "--arch", "model_arch_library", "--id", "1", "--iterations", "10",
        "--checkpoint-every", "5", "--replace",
        "--compile", "loss='categorical_crossentropy', optimizer='adam', metrics=['categorical_accuracy']",
        "--fit", "batch_size=5, epochs=3",
    ],
    "predict": [
        "beamfit", "predict", "iris_model", "iris_new", "iris_new_predict", "--id-column", "id", "--independent", "attributes", "--replace",
    ],
}


def run(command):
    """Runs beamfit. Exit code 75, the store cannot be reached now, is worth a retry; whatever else fails is for a person."""
    code = subprocess.run(command, check=False).returncode
    if code == 75:
        raise AirflowException("the store cannot be reached now")
    if code != 0:
        raise AirflowFailException(f"beamfit exited with {code}")


@dag(schedule=SCHEDULE, start_date=datetime(2026, 1, 1), catchup=False, max_active_runs=1)
def beamfit_nightly():
    before = None
    for name, command in STEPS.items():
        step = task(run, task_id=name, retries=12, retry_delay=timedelta(minutes=5))(command)
        if before is not None:
            before >> step
        before = step


beamfit_nightly()
