#!/usr/bin/env bash
# Makes models/detector.tflite from the data folder, as it was made: renders, walks, five runs, export.
#
#   ./sentinel setup && training/reproduce.sh DATA WORK
#
# Some six hours on one core. Whoever stops it calls it again: finished sets are kept, a run goes on where it was. PYTHON is
# that of training/requirements.txt (default: python3 on the path). DIVIDE=100 makes everything a hundred times smaller: a trial.
set -euo pipefail
data=$(realpath "$1")
mkdir -p "$2"
work=$(realpath "$2")
cd "$(dirname "$0")/.."
python=${PYTHON:-python3}
divide=${DIVIDE:-1}
export MUJOCO_GL=${MUJOCO_GL:-egl}

few() { echo $((($1 + divide - 1) / divide)); }

render() { # name, pictures, further options
    [ -e "$work/$1/annotations.json" ] || ./sentinel render --out "$work/$1" --count "$(few "$2")" "${@:3}"
}

walk() { # name, further options
    [ -e "$work/$1/done" ] && return
    local built
    built=$(ls -d .sentinel/py*/ | tail -n1)
    (set +u && source "${built}install/setup.bash" && "${built}venv/bin/python" training/walks.py --out "$work/$1" "${@:2}")
    touch "$work/$1/done"
}

run() { # name, steps, rate, seed, name of the run to start from or -, sets
    local start=() sets=()
    mkdir -p "$work/$1" "$work/cutouts"
    ln -sfn "$work/cutouts" "$work/$1/cutouts" # they take minutes, and are the same for every run
    [ "$5" = - ] || start=(--start "$work/$5/detector.pt")
    for set in "${@:6}"; do sets+=("$work/$set/annotations.json"); done
    "$python" training/train.py --data "$data" --work "$work/$1" --steps "$(few "$2")" --rate "$3" --seed "$4" \
        --bfloat16 "${start[@]}" --renders "${sets[@]}"
}

render any 450 --seed 1 --variants 0-11
render high 300 --seed 5 --variants 40-79 --mount high
render eaves 280 --seed 6 --variants 12-39 --mount eaves
for seed in 200 300 340 420 460; do
    walk "walk$seed" --seed "$seed" --per-night "$(few $((seed == 200 ? 24 : 40)))"
done
walk chance --seed 0 --gardens "$(few 340)" --per-night 8
walk others --seed 340 --gardens "$(few 160)" --per-night 8 --who fox opossum rabbit nobody raccoon

first=(any high walk200)
second=(any high eaves walk200 walk300 walk340)
third=("${second[@]}" walk420 walk460)
run g 4800 1.5e-3 0 - "${first[@]}"
run h 9500 1.2e-3 1 g "${second[@]}"
run i 2100 1.0e-3 1 h "${third[@]}"
run j 3200 1.2e-3 1 i "${third[@]}" chance
run k 2600 1.0e-3 1 j "${third[@]}" chance others
"$python" training/export.py --weights "$work/k/detector.pt" --data "$data" --out "$work/models"
