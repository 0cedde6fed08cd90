#!/usr/bin/env bash
# Compresses a file by LZMA2 with the settings of a trial; the value is the size, in bytes.
# usage: xz.sh FILE LC LP PB NICE MF
set -euo pipefail

# xz refuses lc + lp > 4: then this script ends with its exit code, and the trial fails.
size=$(xz --format=raw --lzma2="lc=$2,lp=$3,pb=$4,nice=$5,mf=$6" --stdout "$1" | wc -c)
echo "hpod: value $size"
