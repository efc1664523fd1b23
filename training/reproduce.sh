#!/usr/bin/env bash
# Makes models/detector.tflite and classifier.tflite from the data folder, as they were made: renders, walks, nine runs of the
# detector, three of the second look, exports.
#
#   ./sentinel setup && training/reproduce.sh DATA WORK
#
# Some eight hours on one core. Whoever stops it calls it again: finished sets are kept, a run goes on where it was. PYTHON is
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
    [ -e "$work/$1/done" ] && return  # the annotations are also there after an interruption
    ./sentinel render --out "$work/$1" --count "$(few "$2")" "${@:3}"
    touch "$work/$1/done"
}

walk() { # name, further options
    [ -e "$work/$1/done" ] && return
    local built
    built=$(ls -d .sentinel/py*/ | tail -n1)
    (set +u && source "${built}install/setup.bash" && "${built}venv/bin/python" training/walks.py --out "$work/$1" "${@:2}")
    touch "$work/$1/done"
}

prepare() { # name; cut-outs take minutes, and are the same for every run
    mkdir -p "$work/$1" "$work/cutouts"
    ln -sfn "$work/cutouts" "$work/$1/cutouts"
}

run() { # name, steps, rate, seed, names of the runs to start from or -, sets; cut: share of cut animals
    local start=() sets=()
    prepare "$1"
    if [ "$5" != - ]; then
        start=(--start)
        for earlier in $5; do start+=("$work/$earlier/detector.pt"); done
    fi
    for set in "${@:6}"; do sets+=("$work/$set/annotations.json"); done
    "$python" training/train.py --data "$data" --work "$work/$1" --steps "$(few "$2")" --rate "$3" --seed "$4" \
        --cut "${cut:-0}" --bfloat16 "${start[@]}" --renders "${sets[@]}"
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
last=()
for seed in 1 2; do run "k$seed" 2600 1.0e-3 "$seed" j "${third[@]}" chance others; done
for seed in 1 2 3; do
    cut=0.15 run "l$seed" 2400 1.0e-3 "$seed" 'k1 k2' "${third[@]}" chance others
    last+=("$work/l$seed/detector.pt")
done
"$python" training/export.py --weights "${last[@]}" --data "$data" --out "$work/models"

# The second look, with more gardens in which dogs, cats and opossums come.
walk pets1 --seed 340 --gardens "$(few 160)" --per-night 8 --who fox opossum dog nobody raccoon cat
walk pets2 --seed 500 --gardens "$(few 300)" --per-night 8 --who raccoon cat dog opossum person fox
sets=() weights=()
for set in any high eaves high eaves "${third[@]:3}" chance pets1 pets2; do sets+=("$work/$set/annotations.json"); done
for seed in 1 2 3; do
    prepare "q$seed"
    "$python" training/classifier.py --data "$data" --work "$work/q$seed" --steps "$(few 2000)" --seed "$seed" \
        --start "$work/models/detector.tflite" --renders "${sets[@]}"
    weights+=("$work/q$seed/classifier.pt")
done
"$python" training/export.py --classifier --weights "${weights[@]}" --data "$data" --out "$work/models"
